// Package csrf protects from cross-site request forgery: another site that makes a visitor's browser send requests
// which carry the visitor's cookies.
//
//	guard, err := csrf.New(csrf.Config{})
//	…
//	http.ListenAndServe(addr, guard.Handler(mux))
//
// Requests that change something pass in one of three ways. A browser of the last years says itself where a request
// comes from (Sec-Fetch-Site). Others send the page's Origin, which has to be this site in scheme, host and port, or
// trusted. What has neither, an old browser or no browser at all, needs a token that only this site's pages know:
//
//	<form method="post">{{.Token}}…  where Token is csrf.Field(r.Context())
//
// A program that calls the site needs no token if it says where it wants to be counted: curl -H "Origin: https://…"
// with the site's own origin, which a browser lets no other site say.
//
// With [Config.Django] the decision is Django's: the token is demanded of everybody, and cookies, tokens and verdicts
// are those of a Django site beside it. The package's tests list where the verdicts differ: most often ours is stricter.
//
// GET, HEAD, OPTIONS and TRACE always pass: they must not change anything. That goes for WebSockets too, which begin
// with GET: check their Origin yourself. The package protects neither from scripts that run on the site itself nor
// from DNS rebinding, which the list of allowed hosts stops.
package csrf

import (
	"log/slog"
	"net/http"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Guard decides which requests pass. It is immutable and safe for concurrent use.
type Guard struct {
	off, django, sessions, plainCookie bool

	trusted       *trusted
	exempt        map[target]struct{}
	cookie        *cookies.Cookie
	secrets       Secrets
	header        string // canonical
	refererDomain string
	maxBody       int64
	failure       http.Handler
	logger        *slog.Logger
	sample        *httpx.Sampler // of the refusals, for the log
}

// target is a request that is exempt.
type target struct{ method, path string }

// Handler returns a handler that passes to next what [Guard.Check] accepts. The rest is answered with status 403 by
// [Config.Failure] or, without one, by a page that says nothing more, and logged with what the operator can do; of a
// flood, some.
func (g *Guard) Handler(next http.Handler) http.Handler {
	if g.off {
		return next
	}
	return &handler{g, next}
}

// handler is a type, not a closure: see internal/httpx.
type handler struct {
	guard *Guard
	next  http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := h.guard
	s, w, r := httpx.Begin(w, r)
	if q, ok := s.CSRF.(*request); !ok || q.guard != g { // a chain may hold the same Guard twice
		s.CSRF = g
	}
	if g.django {
		g.replaceMalformed(s, r)
	}
	if v := g.check(r); v.reason != "" {
		g.logRefusal(r, v)
		g.answer(s, w, r, v)
	} else {
		h.next.ServeHTTP(w, r)
	}
	if req, ok := s.CSRF.(*request); ok && req.hooked {
		s.Finish() // an empty answer carries the cookie too
	}
}

func (g *Guard) answer(s *httpx.State, w http.ResponseWriter, r *http.Request, v verdict) {
	switch {
	case g.failure != nil:
		live(s).refusal = g.refusal(r, v)
		g.failure.ServeHTTP(w, r)
	case s.Pages != nil && s.Pages.WantsCause(r):
		httpx.Refuse(w, r, http.StatusForbidden, &cause{g, r, v})
	default:
		httpx.Refuse(w, r, http.StatusForbidden, nil) // nothing that could show a cause
	}
}

// exempted reports whether r is one of the exempt requests to the letter: a path that was written otherwise, with
// percent signs or dots, is not, whatever the application's router makes of it.
func (g *Guard) exempted(r *http.Request) bool {
	if len(g.exempt) == 0 || r.URL.RawPath != "" {
		return false
	}
	_, ok := g.exempt[target{r.Method, r.URL.Path}]
	return ok
}
