// Package https brings requests to HTTPS and keeps them there.
//
// A request that came in the clear is redirected; answers over HTTPS carry Strict-Transport-Security, so that the
// browser does not come in the clear again. The zero Config does both, the second for one hour.
//
//	guard, err := https.New(https.Config{HSTS: https.Year, IncludeSubdomains: true})
//	if err != nil {
//		log.Fatal(err)
//	}
//	http.ListenAndServe("127.0.0.1:8000", guard.Handler(mux))
//
// Behind a proxy that ends TLS every request comes in the clear, so the proxy part must come first and trust it.
// Where it does not, a redirect would lead straight back: the guard answers 500 instead and logs the setting to fix.
// It knows by what the proxy says, or by what only browsers on HTTPS say.
//
// The target of a redirect is the request's own host, which the hosts part should have judged; this package refuses
// only what is no host at all.
package https

import (
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Config says how requests are brought to HTTPS. The zero Config redirects everything and pins hosts for an hour.
type Config struct {
	// InsecureHTTP serves requests in the clear. The variable is its opposite, as in Django.
	InsecureHTTP bool `env:"SECURE_SSL_REDIRECT,invert" doc:"Redirect requests in the clear to HTTPS."`

	// Host is where redirects lead, with a port if need be: example.com:8443. Empty means the request's own host.
	Host string `env:"SECURE_SSL_HOST" doc:"Host that redirects to HTTPS lead to; empty for the request's own."`

	// Exempt lists regular expressions of paths that are served in the clear. They match anywhere in the path, which
	// has lost its leading slashes: ^healthz$ is /healthz alone.
	Exempt []string `env:"SECURE_REDIRECT_EXEMPT" doc:"Regular expressions of paths, without leading slash, that are served in the clear."`

	// HSTS is for how long browsers come by HTTPS only. Zero means one hour; Off sends nothing.
	HSTS MaxAge `env:"SECURE_HSTS_SECONDS" doc:"Seconds for which browsers come by HTTPS only; 0 turns it off."`

	// IncludeSubdomains extends HSTS to all hosts below. Be sure that each of them answers HTTPS.
	IncludeSubdomains bool `env:"SECURE_HSTS_INCLUDE_SUBDOMAINS" doc:"Extend HSTS to all subdomains."`

	// Preload asks browser makers to ship the host as HTTPS only. It is all but irrevocable, and needs
	// IncludeSubdomains and a year.
	Preload bool `env:"SECURE_HSTS_PRELOAD" doc:"Ask for the browsers' built-in HSTS list; all but irrevocable."`

	// InsecureOff makes Handler pass everything on.
	InsecureOff bool

	// Logger gets the security events; nil means slog.Default().
	Logger *slog.Logger
}

// Guard redirects and pins. Its methods may be called by any goroutine.
type Guard struct {
	off      bool
	redirect bool
	host     string
	exempt   []*regexp.Regexp
	hsts     []string // nil if HSTS is off
	loops    *loops
}

// New compiles cfg. The error holds every mistake, and what to do about each.
func New(cfg Config) (*Guard, error) {
	if cfg.InsecureOff {
		return &Guard{off: true}, nil
	}
	g := &Guard{redirect: !cfg.InsecureHTTP, host: cfg.Host, loops: newLoops(cfg.Logger)}
	exempt, err := compileExempt(cfg.Exempt)
	g.exempt = exempt
	if err := errors.Join(checkHost(cfg.Host), err, cfg.checkHSTS()); err != nil {
		return nil, err
	}
	if value := cfg.header(); value != "" {
		g.hsts = []string{value}
	}
	return g, nil
}

// Handler redirects what came in the clear and is not exempt: with 301 for GET and HEAD, otherwise with 308, which
// keeps the method. What came by HTTPS it hands on, with HSTS set unless it is set already.
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
	switch {
	case httpx.Secure(r):
		if !g.loops.secure.Load() {
			g.loops.secure.Store(true)
		}
		if header := w.Header(); g.hsts != nil && header[hstsKey] == nil {
			header[hstsKey] = g.hsts
		}
		h.next.ServeHTTP(w, r)
	case !g.redirect || g.exempted(r.URL.Path):
		h.next.ServeHTTP(w, r)
	default:
		g.toHTTPS(w, r)
	}
}

var errGarbled = errors.New("https: the proxy's forwarding headers cannot be understood," +
	" so that it is unknown whether the request came by HTTPS")

// toHTTPS answers with the redirect, unless that would lead back here.
//
// Where the proxy's headers cannot be understood, which any client behind it can bring about, the request may have come
// by HTTPS. A redirect could then be stored by a cache in between, and send everybody else in a circle.
func (g *Guard) toHTTPS(w http.ResponseWriter, r *http.Request) {
	if s := httpx.From(r.Context()); s != nil && s.Garbled {
		httpx.Refuse(w, r, http.StatusBadRequest, errGarbled)
		return
	}
	host := httpx.Host(r)
	target, status, err := g.Target(host, r)
	if err != nil {
		httpx.Refuse(w, r, status, err)
		return
	}
	if g.host == "" || strings.EqualFold(g.host, strings.TrimSuffix(host, ":80")) {
		if err := g.loops.check(r); err != nil {
			httpx.Refuse(w, r, http.StatusInternalServerError, err)
			return
		}
	}
	h := w.Header()
	h["Location"] = []string{target}
	h["Content-Length"] = zeroLength
	w.WriteHeader(status)
}

var zeroLength = []string{"0"}

// exempted reports whether the path is served in the clear.
func (g *Guard) exempted(path string) bool {
	if len(g.exempt) == 0 || len(path) > maxExemptPath {
		return false
	}
	path = strings.TrimLeft(path, "/")
	for _, re := range g.exempt {
		if re.MatchString(path) {
			return true
		}
	}
	return false
}
