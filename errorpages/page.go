package errorpages

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"html"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Page is what a template gets.
type Page struct {
	Status    int    // 404
	Title     string // Not Found
	Message   string // one or two sentences for whoever reads the page
	RequestID string // by which the log knows the request; empty if there are no ids

	nonce func() string
}

// Nonce returns the CSP nonce for a style or script of the page, empty if there is none: {{.Nonce}}.
func (p Page) Nonce() string {
	if p.nonce == nil {
		return ""
	}
	return p.nonce()
}

// Home reports whether a link to the home page may help.
func (p Page) Home() bool { return p.Status == http.StatusNotFound || p.Status == http.StatusForbidden }

const csrfTemplate = "403_csrf.html"

// messages say what happened without saying why; nothing in them depends on the request.
var messages = map[string]string{
	"400":        "The server could not understand this request.",
	"401":        "Please log in to see this page.",
	"403":        "You are not allowed to see this page.",
	csrfTemplate: "This form could not be verified. Please go back, reload the page and send it again. Cookies must be allowed for this site.",
	"404":        "There is no page at this address.",
	"405":        "This address does not support what was asked of it.",
	"413":        "What was sent is too large.",
	"429":        "Too many requests. Please wait a little and try again.",
	"4":          "The request could not be answered.",
	"503":        "The site is not available at the moment. Please try again soon.",
	"5":          "Something went wrong on our side. Please try again; if it happens again, tell us.",
}

//go:embed default.html debug.html
var files embed.FS

var (
	builtin   = template.Must(template.ParseFS(files, "default.html"))
	debugPage = template.Must(template.ParseFS(files, "debug.html"))
)

// templates maps 404.html and its like to what to execute.
type templates map[string]*template.Template

var pageName = regexp.MustCompile(`^([45][0-9][0-9]|403_csrf)\.html$`)

// parse reads all templates of fsys and tries each page once, which finds the fields that Page does not have.
func parse(fsys fs.FS) (templates, error) {
	if fsys == nil {
		return nil, nil
	}
	names, err := fs.Glob(fsys, "*.html")
	if err != nil {
		return nil, fmt.Errorf("errorpages: Templates: %w", err)
	}
	var errs []error
	read := func(t *template.Template, name string) {
		text, err := fs.ReadFile(fsys, name)
		if err == nil {
			_, err = t.New(name).Parse(string(text))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("errorpages: Templates: %s: %w", name, err))
		}
	}
	shared := template.New("")
	for _, name := range names {
		if !pageName.MatchString(name) {
			read(shared, name)
		}
	}
	pages := templates{}
	for _, name := range names {
		if pageName.MatchString(name) {
			t := template.Must(shared.Clone()) // fails only once a template has been executed
			read(t, name)
			pages[name] = t.Lookup(name)
		}
	}
	if len(pages) == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("errorpages: Templates: no 404.html, 500.html or the like at its root: "+
			"use fs.Sub for a directory, or leave Templates nil"))
	}
	if len(errs) == 0 {
		errs = pages.try()
	}
	return pages, errors.Join(errs...)
}

func (t templates) try() (errs []error) {
	for name, page := range t {
		sample := newPage(http.StatusNotFound, name)
		sample.RequestID = "SAMPLE"
		if err := page.Execute(io.Discard, sample); err != nil {
			errs = append(errs, fmt.Errorf("errorpages: Templates: %s: %w", name, err))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errs
}

func newPage(status int, name string) Page {
	code := strings.TrimSuffix(name, ".html")
	return Page{
		Status:  status,
		Title:   cmp.Or(http.StatusText(status), "Error"),
		Message: cmp.Or(messages[name], messages[code], messages[code[:1]]),
	}
}

// html executes the page's template. If that fails the plainest page must do.
func (p *Pages) html(r *http.Request, name string, page Page, cause error) []byte {
	if p.cfg.Nonce != nil {
		page.nonce = func() string { return p.cfg.Nonce(r.Context()) }
	}
	var t *template.Template
	var data any = page
	switch custom := p.templates[name]; {
	case p.cfg.Debug:
		t, data = debugPage, p.report(r, page, cause)
	case custom != nil:
		t = custom
	case name == csrfTemplate && p.templates["403.html"] != nil:
		t = p.templates["403.html"]
	default:
		t = builtin
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil || b.Len() == 0 {
		p.logger().ErrorContext(r.Context(), "error page failed",
			"event", "airworthy.template", "template", name, "error", p.mask(fmt.Sprint(err)))
		return plainest(page)
	}
	return b.Bytes()
}

// plainest needs no template.
func plainest(page Page) []byte {
	title := html.EscapeString(fmt.Sprintf("%d %s", page.Status, page.Title))
	return fmt.Appendf(nil, "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>%s</title>\n<h1>%s</h1>\n<p>%s</p>\n",
		title, title, html.EscapeString(page.Message))
}

// Replaces reports whether the answer is one of net/http's plain error texts for which a browser gets a page.
//
// What http.Error sends can be told by its exact Content-Type, its nosniff and the Content-Length that it deletes.
// The nosniff alone would tell nothing, because the headers part sets it on every answer.
func (p *Pages) Replaces(r *http.Request, status int, h http.Header) bool {
	switch status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed:
	default:
		if status < 500 || status > 599 {
			return false
		}
	}
	return is(h, "Content-Type", "text/plain; charset=utf-8") && is(h, "X-Content-Type-Options", "nosniff") &&
		h["Content-Length"] == nil && accepted(r.Header) == asHTML
}

func is(h http.Header, key, value string) bool { return len(h[key]) == 1 && h[key][0] == value }
