package admin

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// maxForm is how many bytes of a form are read.
const maxForm = 64 << 10

// stylePath is where the style is for sites that give out no nonce; no page's path has a slash.
const stylePath = "-/console.css"

// serve answers an insider.
func (g *Guard) serve(w http.ResponseWriter, r *http.Request, v Visitor) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Referrer-Policy", "same-origin")
	r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	word := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, g.path), "/")
	p := g.byPath[word]
	switch {
	case word == "" && read:
		http.Redirect(w, r, g.pages[0].URL, http.StatusSeeOther)
	case word == stylePath && read:
		h.Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write([]byte(style))
	case p == nil:
		g.answer(w, r, http.StatusNotFound, g.wrong(nil, "There is no page of the console at this address."))
	case read:
		g.show(w, r, p)
	case r.Method == http.MethodPost:
		g.act(w, r, p)
	default:
		h.Set("Allow", "GET, HEAD, POST")
		g.answer(w, r, http.StatusMethodNotAllowed, g.wrong(p, "This page cannot be asked for in this way."))
	}
}

// show answers with a page.
func (g *Guard) show(w http.ResponseWriter, r *http.Request, p *page) {
	s := g.screen(p)
	s.Message = g.notes.take(From(r.Context()).Name, p.Path, r.URL.Query().Get(noteKey))
	g.answer(w, r, g.fill(&s, r), s)
}

// fill adds the page's view to s and returns the status for it.
func (g *Guard) fill(s *screen, r *http.Request) int {
	view, err := s.Page.Show(r.Context(), r)
	if err == nil {
		s.View = view
		return http.StatusOK
	}
	g.events.broken(r, s.Page, err)
	s.Error, s.Wrong = "This page could not be made.", true
	return http.StatusInternalServerError
}

// act does what a form asks for, and sends whoever acted back to the page: a reload repeats nothing.
func (g *Guard) act(w http.ResponseWriter, r *http.Request, p *page) {
	if g.cfg.CSRF == nil {
		if err := g.cross.Check(r); err != nil {
			g.answer(w, r, http.StatusForbidden, g.wrong(p, "This form was sent by another site."))
			return
		}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		g.answer(w, r, http.StatusBadRequest, g.wrong(p, "This form could not be read."))
		return
	}
	name := r.PostForm.Get(actionKey)
	do := p.Act[name]
	if do == nil {
		g.answer(w, r, http.StatusBadRequest, g.wrong(p, "This page has no such action."))
		return
	}
	v := From(r.Context())
	message, err := do(r.Context(), r)
	g.events.acted(r, v, p, name, message, err)
	if err == nil {
		back := here(p, r)
		query := back.Query()
		query.Set(noteKey, g.notes.put(v.Name, p.Path, message))
		back.RawQuery = query.Encode()
		http.Redirect(w, r, back.String(), http.StatusSeeOther)
		return
	}
	s := g.screen(p)
	status := g.fill(&s, r)
	s.Error, s.Wrong = "This could not be done.", true
	var problem Problem
	if errors.As(err, &problem) {
		s.Error, s.Wrong = string(problem), false
		status = max(status, http.StatusUnprocessableEntity)
	} else {
		status = http.StatusInternalServerError
	}
	g.answer(w, r, status, s)
}

// here is the page's address with what r asked it for, without a note.
func here(p *page, r *http.Request) *url.URL {
	query := r.URL.Query()
	query.Del(noteKey)
	return &url.URL{Path: p.URL, RawQuery: query.Encode()}
}

// screen is what the template gets.
type screen struct {
	Page    *page // nil for none
	View    View
	Message string // of an action that was done
	Error   string
	Wrong   bool // something is wrong with the site, and the log says what

	Pages             []*page
	Root              string
	Name, Environment string
	Visitor           Visitor
	RequestID         string

	guard *Guard
	r     *http.Request
	nonce string
}

func (g *Guard) screen(p *page) screen {
	return screen{Page: p, Pages: g.pages, Root: g.path, Name: g.cfg.Name, Environment: g.cfg.Environment, guard: g}
}

// wrong is a screen with nothing but an error.
func (g *Guard) wrong(p *page, text string) screen {
	s := g.screen(p)
	s.Error = text
	return s
}

// answer sends a screen.
func (g *Guard) answer(w http.ResponseWriter, r *http.Request, status int, s screen) {
	s.r, s.Visitor = r, From(r.Context())
	if g.cfg.Nonce != nil {
		s.nonce = g.cfg.Nonce(r.Context())
	}
	if st := httpx.From(r.Context()); st != nil && s.Wrong {
		s.RequestID = st.ID()
	}
	var b bytes.Buffer
	if err := layout.Execute(&b, &s); err != nil {
		g.events.template(r, s.Page, err)
		httpx.Refuse(w, r, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}
