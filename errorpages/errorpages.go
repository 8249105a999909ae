// Package errorpages answers errors: with a page for people, JSON for programs, text for the rest.
//
// It protects from what an error gives away and from what it leaves undone. A panic is recovered, logged with what is
// secret masked, and answered with 500; so are the refusals of the other parts and the application's own http.Error,
// http.NotFound and mux misses, if the client asked for HTML.
//
//	pages, err := errorpages.New(errorpages.Config{Templates: templates})
//	…
//	handler = pages.Handler(mux)
//
// Templates may hold pages of your own, under Django's names: 404.html, 500.html, 403_csrf.html. All of them are
// parsed and tried by [New]. They get a [Page]. Without them the pages are small, self-contained and plain.
//
// An application that wants its own plain text to reach a browser sends it with any other Content-Type than the exact
// "text/plain; charset=utf-8" of http.Error ("text/plain" will do), or with a Content-Length.
//
// Error answers are never cached. What would describe the lost answer's body (its length, encoding, validators,
// file name) is dropped; the other headers stay, and so do cookies: a refusal that dropped the deletion of a cookie
// would leave somebody logged in.
//
// A panic after the header has gone out cannot be answered: it is logged and the connection is cut, so that the
// client does not take half an answer for a whole one. http.ErrAbortHandler passes through. A panic in a goroutine
// that the application started ends the program; no handler can catch it.
//
// With Debug the page shows what a developer needs: causes, stack, source, request and settings, with what is secret
// by its type, its name or its value replaced. It is not for production all the same.
package errorpages

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/secret"
)

// Config says what error answers look like. The zero Config is right for production.
type Config struct {
	// Debug shows everybody what went wrong, as Django's DEBUG does. security.W018 reports it.
	Debug bool `env:"DEBUG" doc:"Show a development page with details in place of error pages. Never in production."`

	// Templates holds 404.html and the like: html/template files named for a status from 400 to 599, and
	// 403_csrf.html. Other .html files are templates that these may include. Nil for the built-in pages.
	Templates fs.FS

	// CSRF reports whether cause is the refusal of a forged form, for which 403_csrf.html stands. Nil for never.
	CSRF func(cause error) bool

	// Nonce returns the request's CSP nonce. Without one the built-in pages have no style and the development page
	// is hard on the eye, because an inline style would need the policy to allow it.
	Nonce func(context.Context) string

	// Mask returns the secret values to hide, wherever they stand. Nil hides only what is secret by type or name.
	Mask func() secret.Mask

	// Settings returns what the development page lists. Nil for none.
	Settings func() []Setting

	// Logger gets the panics; nil for slog.Default().
	Logger *slog.Logger
}

// Setting is one row of the development page's settings. Values are shown redacted all the same if their name or a
// known value says that they are secret.
type Setting struct {
	Name   string // SECURE_HSTS_SECONDS
	Value  string // printed, already redacted where its type is secret
	Origin string // where it came from: environment, .env:3, default
}

// Pages answers errors. Make it with [New].
type Pages struct {
	cfg       Config
	templates templates
	shown     atomic.Pointer[shown] // the settings on the development page
}

var _ httpx.Pages = (*Pages)(nil)

// New returns Pages for cfg. The error names every template that does not parse or that fails when tried.
func New(cfg Config) (*Pages, error) {
	t, err := parse(cfg.Templates)
	if err != nil {
		return nil, err
	}
	return &Pages{cfg: cfg, templates: t}, nil
}

// Handler answers next's panics, and makes the pages known to whatever refuses further in.
func (p *Pages) Handler(next http.Handler) http.Handler { return &handler{p, next} }

// handler is a type, not a closure, because compilers inline closures under the name of whoever called Handler, and
// stacks should tell the application from its parts.
type handler struct {
	pages *Pages
	next  http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, w, r := httpx.Begin(w, r)
	s.Pages = h.pages
	defer h.pages.recovered(s, w, r)
	h.next.ServeHTTP(w, r)
}

func (p *Pages) logger() *slog.Logger { return httpx.Logger(p.cfg.Logger) }

// mask hides the secrets that are known by value, then those that stand in a URL.
func (p *Pages) mask(s string) string {
	if p.cfg.Mask != nil {
		s = p.cfg.Mask().String(s)
	}
	return httpx.RedactUserinfo(s)
}
