package errorpages

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/secret"
)

// Bounds of the development page.
const (
	maxCauses  = 20
	maxRows    = 200 // headers, parameters, settings
	maxQuery   = 64 << 10
	maxExcerpt = 12      // frames that show their source
	maxSource  = 1 << 20 // bytes of a source file that are read
	around     = 4       // lines before and after
)

// report is what the development page's template gets. Every string in it has been through redaction.
type report struct {
	Page
	Causes   []string
	Panicked bool
	Frames   []frame
	Method   string
	URL      string
	Client   string
	Headers  []Setting
	Query    []Setting
	Cookies  []string
	Form     []string
	Settings template.HTML // of the template settings
}

type frame struct {
	Function, File string
	Line           int
	App            bool // of the application, not of Go or a library
	Source         []sourceLine
}

type sourceLine struct {
	Number int
	Text   string
	Here   bool
}

func (p *Pages) report(r *http.Request, page Page, cause error) report {
	rep := report{
		Page:    page,
		Causes:  p.causes(cause),
		Method:  p.mask(r.Method),
		URL:     httpx.Truncate(p.mask(r.URL.Path), maxValue),
		Client:  r.RemoteAddr,
		Headers: p.pairs(r.Header),
		Query:   p.query(r.URL.RawQuery),
		Cookies: p.cookies(r.Header),
		Form:    p.form(r),
	}
	if s := httpx.From(r.Context()); s != nil && s.Client().IsValid() {
		rep.Client = s.Client().String()
	}
	var failed *panicked
	if errors.As(cause, &failed) {
		rep.Panicked = true
		rep.Frames = p.frames(failed.frames)
	}
	rep.Settings = p.settings()
	return rep
}

// shown are the settings as the page showed them last. It is most of the page's work, and the same for each error until
// a setting or a known secret changes.
type shown struct {
	source []Setting
	mask   secret.Mask
	html   template.HTML
}

func (p *Pages) settings() template.HTML {
	if p.cfg.Settings == nil {
		return ""
	}
	now := shown{source: p.cfg.Settings()}
	if p.cfg.Mask != nil {
		now.mask = p.cfg.Mask()
	}
	if last := p.shown.Load(); last != nil && last.mask == now.mask && slices.Equal(last.source, now.source) {
		return last.html
	}
	if len(now.source) > 0 {
		var rows []Setting
		for _, s := range now.source {
			rows = append(rows, Setting{p.mask(s.Name), p.setting(s.Name, s.Value), p.mask(s.Origin)})
		}
		var b strings.Builder
		if err := debugPage.ExecuteTemplate(&b, "settings", rows); err != nil {
			return "" // the page is more than its settings
		}
		now.html = template.HTML(b.String())
	}
	p.shown.Store(&now)
	return now.html
}

// value redacts by name, then by value.
func (p *Pages) value(name, value string) string {
	if value != "" && httpx.Sensitive(name) {
		return secret.Redacted
	}
	return httpx.Truncate(p.mask(value), maxValue)
}

// setting is value for a setting, but that switches and ages are shown whatever they are called: SESSION_COOKIE_AGE is
// what a developer looks for, and no secret is a word for yes or no or a duration.
func (p *Pages) setting(name, value string) string {
	_, err := time.ParseDuration(value)
	if err == nil || value == "true" || value == "false" {
		return value
	}
	return p.value(name, value)
}

// causes returns the error with its type and then what it wraps, in the order of errors.As.
func (p *Pages) causes(cause error) []string {
	var all []string
	var walk func(error)
	walk = func(err error) {
		if err == nil || len(all) == maxCauses {
			return
		}
		line := fmt.Sprintf("%T: %v", err, err)
		if failed, ok := err.(*panicked); ok {
			line = fmt.Sprintf("panic: %T: %v", failed.value, failed.value)
			err = failed.Unwrap()
		}
		all = append(all, httpx.Truncate(p.mask(line), maxValue))
		switch err := err.(type) {
		case interface{ Unwrap() error }:
			walk(err.Unwrap())
		case interface{ Unwrap() []error }:
			for _, e := range err.Unwrap() {
				walk(e)
			}
		}
	}
	walk(cause)
	return all
}

// pairs returns headers or parameters, sorted by name.
func (p *Pages) pairs(values map[string][]string) []Setting {
	var rows []Setting
	for name, all := range values {
		for _, v := range all {
			if strings.EqualFold(name, "Referer") {
				v, _, _ = strings.Cut(v, "?")
			}
			rows = append(rows, Setting{Name: p.mask(name), Value: p.value(name, v)})
		}
	}
	slices.SortStableFunc(rows, func(a, b Setting) int { return strings.Compare(a.Name, b.Name) })
	return rows[:min(len(rows), maxRows)]
}

// query parses no more of a query than a page can hold, and whole parameters only: half a secret matches no mask.
func (p *Pages) query(raw string) []Setting {
	if len(raw) > maxQuery {
		raw = raw[:max(strings.LastIndexByte(raw[:maxQuery], '&'), 0)]
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		values["(malformed)"] = []string{"the rest could not be parsed"}
	}
	return p.pairs(values)
}

// cookies returns names only: what a cookie holds may log somebody in.
func (p *Pages) cookies(h http.Header) []string {
	var names []string
	for _, line := range h["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			name, _, ok := strings.Cut(part, "=")
			if ok && len(names) < maxRows {
				names = append(names, httpx.Truncate(p.mask(strings.TrimSpace(name)), maxValue))
			}
		}
	}
	return names
}

// form returns the names of the fields that the application has parsed. The page reads no body itself.
func (p *Pages) form(r *http.Request) []string {
	var names []string
	add := func(name string) { names = append(names, httpx.Truncate(p.mask(name), maxValue)) }
	for name := range r.PostForm {
		add(name)
	}
	if r.MultipartForm != nil {
		for name := range r.MultipartForm.Value {
			add(name)
		}
		for name := range r.MultipartForm.File {
			add(name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), maxRows)]
}

func (p *Pages) frames(stack []runtime.Frame) []frame {
	var all []frame
	excerpts := 0
	for _, f := range stack {
		fr := frame{Function: f.Function, File: f.File, Line: f.Line, App: application(f)}
		if fr.App && excerpts < maxExcerpt {
			excerpts++
			fr.Source = p.excerpt(f.File, f.Line)
		}
		all = append(all, fr)
	}
	return all
}

// application reports whether the frame is of the application: not of Go, of a module that it requires, or of the
// parts themselves.
func application(f runtime.Frame) bool {
	first, _, nested := strings.Cut(f.Function, "/")
	if !nested {
		first, _, _ = strings.Cut(f.Function, ".")
	}
	standard := first != "main" && !strings.Contains(first, ".") && strings.Contains(f.File, "/src/"+first)
	required := strings.Contains(f.File, "/pkg/mod/") || strings.Contains(f.File, "/vendor/")
	return !standard && !required && !part(f.File)
}

// part reports whether file is one of this module that runs around applications.
func part(file string) bool {
	_, self, _, _ := runtime.Caller(0)
	rest, ours := strings.CutPrefix(file, path.Dir(path.Dir(self))+"/")
	return ours && !strings.HasPrefix(rest, "examples/") && !strings.HasSuffix(rest, "_test.go")
}

// literal is a string literal of a source line.
var literal = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"?|`[^`]*`?")

// hideLiterals replaces the literals of a source line which, beside them or in one of them, names a secret.
func hideLiterals(line string) string {
	names := literal.ReplaceAllStringFunc(line, func(l string) string {
		if strings.Contains(l, " ") {
			return "" // prose
		}
		return l
	})
	if !httpx.Sensitive(names) {
		return line
	}
	return literal.ReplaceAllString(line, `"`+secret.Redacted+`"`)
}

// excerpt returns the lines around one of a source file, nothing where the source is not at hand.
func (p *Pages) excerpt(file string, line int) []sourceLine {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSource))
	if err != nil {
		return nil
	}
	var lines []sourceLine
	number := 0
	for l := range strings.SplitSeq(p.mask(string(text)), "\n") {
		number++
		if number < line-around || number > line+around {
			continue
		}
		l = strings.ReplaceAll(hideLiterals(l), "\t", "    ")
		lines = append(lines, sourceLine{number, httpx.Truncate(l, maxValue), number == line})
	}
	return lines
}
