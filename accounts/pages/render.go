package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Page is what a template gets.
type Page struct {
	Name     string // by which its template is called: "login"
	Title    string
	Intro    string
	Notice   string // what has just been done
	Username string // who is logged in; empty if nobody is
	Menu     []Link // of an account's pages; empty on those of nobody
	Links    []Link
	Form     *Form
	Items    []Item // sessions, second factors
	Buttons  []Button
	Actions  []Link // that look like buttons

	QR     template.HTML // of the page "enrol"; empty without Config.QR
	Secret string        // of the page "enrol": what the code says, to be typed
	Codes  []string      // of the page "recovery_codes"

	Site  string // Config.Site
	Home  string // Config.Home
	Style string // address of the stylesheet
	Nonce string // of the Content-Security-Policy; empty if there is none
	CSRF  template.HTML
}

// Link is a link of a Page.
type Link struct {
	Path, Label string
	Here        bool // it is the page that is shown
}

// Item is a row of a list.
type Item struct {
	Title   string
	Tag     string // what sets it apart
	Lines   []string
	Buttons []Button
	Links   []Link // that look like buttons
}

// Button is a form that is a button alone.
type Button struct {
	Action, Label string
	About         string // the label for screen readers, which do not see what the button is next to
	Danger        bool
	Hidden        []Hidden
	CSRF          template.HTML
}

//go:embed templates style.css
var files embed.FS

// names are the pages. Those without a template of their own are shown by page.html.
var names = []string{
	"account", "signup", "login", "factor", "logout", "logged_out", "password", "email", "reset", "reset_sent",
	"reset_invalid", "reset_password", "sessions", "second_factor", "add_factor", "enrol", "remove_factor", "recovery_codes", "new_codes", "step_up",
}

// shared are the templates that pages include.
var shared = []string{"layout.html", "form.html"}

// parse reads our templates with those of own in their place, and tries each page once, which finds the fields that
// Page does not have.
func parse(own fs.FS) (map[string]*template.Template, error) {
	var errs []error
	add := func(t *template.Template, fsys fs.FS, file, as string) {
		text, err := fs.ReadFile(fsys, file)
		if err == nil {
			_, err = t.New(as).Parse(string(text))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("pages: Templates: %s: %w", file, err))
		}
	}
	base := template.New("")
	for _, name := range shared {
		add(base, files, "templates/"+name, name)
	}
	mine := map[string]bool{}
	if own != nil {
		all, err := fs.Glob(own, "*.html")
		if err != nil || len(all) == 0 {
			return nil, errors.New("pages: Templates: no login.html or the like at its root: use fs.Sub for a directory, or leave Templates nil")
		}
		for _, file := range all {
			if mine[file] = true; !slices.Contains(names, file[:len(file)-len(".html")]) && file != "page.html" {
				add(base, own, file, file)
			}
		}
	}
	pages := map[string]*template.Template{}
	for _, name := range names {
		t, file := template.Must(base.Clone()), name+".html" // fails only once a template has been executed
		switch {
		case mine[file]:
			add(t, own, file, file)
		case exists("templates/" + file):
			add(t, files, "templates/"+file, file)
		case mine["page.html"]:
			add(t, own, "page.html", file)
		default:
			add(t, files, "templates/page.html", file)
		}
		pages[name] = t.Lookup(file)
	}
	if len(errs) == 0 {
		errs = try(pages)
	}
	return pages, errors.Join(errs...)
}

func exists(file string) bool {
	_, err := fs.Stat(files, file)
	return err == nil
}

// try shows each page with everything that a page can have, and with nothing.
func try(pages map[string]*template.Template) (errs []error) {
	button := Button{Action: "/x", Label: "x", Hidden: []Hidden{{"x", "x"}}}
	full := Page{
		Title: "x", Intro: "x", Notice: "x", Username: "x", Menu: []Link{{Path: "/"}}, Links: []Link{{Path: "/"}},
		Form:  &Form{Errors: []string{"x"}, Hidden: []Hidden{{"x", "x"}}, Fields: []Field{{Name: "x", Type: "text", Rules: []string{"x"}, Errors: []string{"x"}}}},
		Items: []Item{{Title: "x", Lines: []string{"x"}, Buttons: []Button{button}, Links: []Link{{Path: "/"}}}}, Buttons: []Button{button}, Actions: []Link{{Path: "/"}},
		QR: "x", Secret: "x", Codes: []string{"x"}, Nonce: "x", CSRF: "x",
	}
	for _, name := range names {
		for _, sample := range []Page{{}, full} {
			sample.Name = name
			if err := pages[name].Execute(io.Discard, sample); err != nil {
				errs = append(errs, fmt.Errorf("pages: Templates: %s.html: %w", name, err))
				break
			}
		}
	}
	return errs
}

// style is the stylesheet, and the name under which it is served, which changes with it.
type style struct {
	text []byte
	name string
}

func newStyle() style {
	text, err := fs.ReadFile(files, "style.css")
	if err != nil {
		panic(err) // it is embedded above
	}
	sum := sha256.Sum256(text)
	return style{text, "style." + hex.EncodeToString(sum[:8]) + ".css"}
}

// is reports whether a name is that of a stylesheet: ours, or that of an instance of another version, whose page is
// better shown with this one than with none.
func (s style) is(name string) bool {
	return strings.HasPrefix(name, "style.") && strings.HasSuffix(name, ".css") && len(name) == len(s.name)
}

// serve answers with the stylesheet, which browsers keep for good: another one has another name.
func (s style) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/css; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	if strings.HasSuffix(r.URL.Path, "/"+s.name) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", `"`+s.name+`"`)
	if r.Header.Get("If-None-Match") == `"`+s.name+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(s.text)
}

// show answers with a page.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, page Page) {
	ctx := r.Context()
	page.Site, page.Home, page.Style = p.cfg.Site, p.cfg.Home, p.cfg.Path+p.style.name
	page.Nonce, page.CSRF = p.cfg.Nonce(ctx), p.cfg.CSRF(ctx)
	page.Form.focus()
	for i := range page.Buttons {
		page.Buttons[i].CSRF = page.CSRF
	}
	for i := range page.Items {
		for j := range page.Items[i].Buttons {
			page.Items[i].Buttons[j].CSRF = page.CSRF
		}
	}
	var b bytes.Buffer // a template that fails half-way must not send half a page
	if err := p.templates[page.Name].Execute(&b, page); err != nil {
		p.fail(w, r, fmt.Errorf("pages: %s.html: %w", page.Name, err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}

// fail answers what is nobody's fault but ours.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil { // the visitor has gone: whoever does so a thousand times fills no log
		httpx.Refuse(w, r, http.StatusServiceUnavailable, err)
		return
	}
	httpx.Logger(p.cfg.Logger).ErrorContext(r.Context(), "account page failed", "path", r.URL.Path, "error", err)
	httpx.Refuse(w, r, http.StatusInternalServerError, err)
}
