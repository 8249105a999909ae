package errorpages

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// What answers say of themselves. The capacity of each is its length, so that a later append copies it.
var (
	nosniff = []string{"nosniff"}
	noStore = []string{"no-store"}

	contentTypes = [...][]string{
		asHTML: {"text/html; charset=utf-8"},
		asJSON: {"application/problem+json"},
		asText: {"text/plain; charset=utf-8"},
	}
)

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
	as := accepted(r.Header)
	id := idFor(s, as, status)
	var body []byte
	if as != asText || p.cfg.Debug {
		body = p.body(r, as, status, id, cause)
	}
	h := w.Header()
	h["Content-Type"], h["X-Content-Type-Options"], h["Cache-Control"] = contentTypes[as], nosniff, noStore
	w.WriteHeader(status)
	switch {
	case r.Method == http.MethodHead:
	case body != nil:
		_, _ = w.Write(body)
	default:
		writeText(w, status, id)
	}
}

// WantsCause reports whether an answer to r can depend on why: the short text for programs does not.
func (p *Pages) WantsCause(r *http.Request) bool { return p.cfg.Debug || accepted(r.Header) != asText }

// idFor returns the id that an answer shows. Floods of bad requests, of which not all are logged, have none made for them.
func idFor(s *httpx.State, as form, status int) string {
	switch {
	case s == nil:
		return ""
	case as == asText && status < 500:
		return s.KnownID()
	}
	return s.ID()
}

// body returns the answer in the form that the client prefers.
func (p *Pages) body(r *http.Request, as form, status int, id string, cause error) []byte {
	name := strconv.Itoa(status) + ".html"
	if status == http.StatusForbidden && cause != nil && p.cfg.CSRF != nil && p.cfg.CSRF(cause) {
		name = csrfTemplate
	}
	page := newPage(status, name)
	page.RequestID = id
	switch as {
	case asHTML:
		return p.html(r, name, page, cause)
	case asJSON:
		return p.problem(page, cause)
	}
	return p.text(page, cause)
}

// plainTexts are the answers from 400 to 599 in words, prepared because floods of bad requests get them.
var plainTexts = func() (texts [200]string) {
	for i := range texts {
		texts[i] = strconv.Itoa(400+i) + " " + cmp.Or(http.StatusText(400+i), "Error") + "\n"
	}
	return texts
}()

func plainText(status int) string { return plainTexts[status-400] }

// writeText writes the answer for programs and others that asked for nothing in particular.
func writeText(w io.Writer, status int, id string) {
	_, _ = io.WriteString(w, plainText(status))
	if id != "" {
		_, _ = io.WriteString(w, "Request: ")
		_, _ = io.WriteString(w, id)
		_, _ = io.WriteString(w, "\n")
	}
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

// text returns the development answer; without Debug serveText answers.
func (p *Pages) text(page Page, cause error) []byte {
	b := append([]byte(nil), plainText(page.Status)...)
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
	return httpx.Truncate(p.mask(cause.Error()), maxValue)
}
