package errorpages

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
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

	"github.com/airworthy-go/airworthy/internal/httpx"
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

// stale are the headers that describe the body which the error takes the place of.
var stale = []string{
	"Accept-Ranges", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length",
	"Content-Location", "Content-Range", "Etag", "Expires", "Last-Modified", "Trailer", "Transfer-Encoding",
}

// ServeError answers with the page for status; what is no error status becomes 500. The cause is shown only with
// Debug. It does nothing if the header has gone out.
func (p *Pages) ServeError(w http.ResponseWriter, r *http.Request, status int, cause error) {
	s := httpx.From(r.Context())
	if s != nil && s.Status() != 0 {
		return
	}
	if status < 400 || status > 599 {
		status = http.StatusInternalServerError
	}
	name := fmt.Sprintf("%d.html", status)
	if status == http.StatusForbidden && cause != nil && p.cfg.CSRF != nil && p.cfg.CSRF(cause) {
		name = csrfTemplate
	}
	page := newPage(status, name)
	if s != nil {
		page.RequestID = s.ID()
	}
	contentType, body := p.body(r, name, page, cause)
	h := w.Header()
	for _, key := range stale {
		delete(h, key)
	}
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// body returns the answer in the form that the client prefers.
func (p *Pages) body(r *http.Request, name string, page Page, cause error) (contentType string, body []byte) {
	switch accepted(r.Header) {
	case asHTML:
		return "text/html; charset=utf-8", p.html(r, name, page, cause)
	case asJSON:
		return "application/problem+json", p.problem(page, cause)
	default:
		return "text/plain; charset=utf-8", p.text(page, cause)
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
			"event", "errorpages.template", "template", name, "error", p.mask(fmt.Sprint(err)))
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

// problem returns the error as RFC 9457 has it.
func (p *Pages) problem(page Page, cause error) []byte {
	problem := struct {
		Status    int    `json:"status"`
		Title     string `json:"title"`
		Detail    string `json:"detail,omitempty"`
		RequestID string `json:"request_id,omitempty"`
	}{page.Status, page.Title, p.detail(cause), page.RequestID}
	body, err := json.Marshal(problem)
	if err != nil {
		return fmt.Appendf(nil, "{\"status\":%d}\n", page.Status)
	}
	return append(body, '\n')
}

func (p *Pages) text(page Page, cause error) []byte {
	b := fmt.Appendf(nil, "%d %s\n", page.Status, page.Title)
	if page.RequestID != "" {
		b = fmt.Appendf(b, "Request: %s\n", page.RequestID)
	}
	if detail := p.detail(cause); detail != "" {
		b = fmt.Appendf(b, "\n%s\n", detail)
	}
	return b
}

// detail returns the cause for the development answers to programs.
func (p *Pages) detail(cause error) string {
	if !p.cfg.Debug || cause == nil {
		return ""
	}
	return truncate(p.mask(cause.Error()), maxValue)
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
