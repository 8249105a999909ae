// Package headers sets the constant security headers on every answer: X-Content-Type-Options, Referrer-Policy,
// X-Frame-Options, Cross-Origin-Opener-Policy, Cross-Origin-Resource-Policy and Permissions-Policy.
//
// They protect from content sniffing, from addresses that leak by Referer, from framing (clickjacking), from windows
// and pages of other sites that hold a reference to ours, and from embedded code that asks for the camera.
//
//	h, err := headers.New(headers.Config{}) // the zero Config sets all of them
//	if err != nil {
//		return err
//	}
//	handler := h.Handler(mux)
//
// The headers are set on the way in, so refusals, errors, redirects and recovered panics carry them whatever their
// content type. A handler changes or deletes one before it writes: w.Header().Del("X-Frame-Options").
//
// The package does not set HSTS (package https) nor the Content-Security-Policy (package csp), and no CORS headers.
// Where a page may be framed, X-Frame-Options and the policy's frame-ancestors must both say so; browsers that know
// the latter ignore the former.
package headers

import (
	"maps"
	"net/http"
	"slices"
)

// InsecureNone as the value of a header's field leaves that header out. Django writes None.
const InsecureNone = "none"

// Config says which headers are set. In the zero Config each has the strictest value with which an ordinary site
// works. [New] refuses values that browsers do not know: a header that they skip protects from nothing.
type Config struct {
	// ReferrerPolicy is one policy, or several separated by commas, of which a browser takes the last that it knows.
	ReferrerPolicy string `env:"SECURE_REFERRER_POLICY" doc:"Referrer-Policy; same-origin unless set, none to leave it out."`

	// FrameOptions is DENY or SAMEORIGIN.
	FrameOptions string `env:"X_FRAME_OPTIONS" doc:"X-Frame-Options: DENY unless set, SAMEORIGIN, or none to leave it out."`

	// CrossOriginOpenerPolicy is same-origin, same-origin-allow-popups or unsafe-none. A site whose login opens a
	// window of another site and waits for its answer needs same-origin-allow-popups.
	CrossOriginOpenerPolicy string `env:"SECURE_CROSS_ORIGIN_OPENER_POLICY" doc:"Cross-Origin-Opener-Policy; same-origin unless set, none to leave it out."`

	// CrossOriginResourcePolicy is same-origin, same-site or cross-origin. A site whose images or scripts are used
	// by others sets cross-origin on those answers rather than here.
	CrossOriginResourcePolicy string `env:"SECURE_CROSS_ORIGIN_RESOURCE_POLICY" doc:"Cross-Origin-Resource-Policy; same-origin unless set, none to leave it out."`

	// CrossOriginEmbedderPolicy is require-corp, credentialless or unsafe-none. Unset it is not sent: it stops every
	// resource of another site that has not opted in, and is needed only for SharedArrayBuffer and its like.
	CrossOriginEmbedderPolicy string `env:"SECURE_CROSS_ORIGIN_EMBEDDER_POLICY" doc:"Cross-Origin-Embedder-Policy; not sent unless set."`

	// PermissionsPolicy is laid over [DefaultPermissions]: a feature that is not named here stays denied.
	PermissionsPolicy Permissions `env:"PERMISSIONS_POLICY" doc:"Features to allow, as in geolocation=(self); the powerful ones are denied unless named."`

	// Extra holds constant headers of the application's own, name to value. Headers that belong to a field here, to
	// another part or to the connection are refused.
	Extra map[string]string

	// InsecureSniff leaves out X-Content-Type-Options, so that browsers guess: an uploaded text runs as a script.
	InsecureSniff bool `env:"SECURE_CONTENT_TYPE_NOSNIFF,invert" doc:"Set X-Content-Type-Options: nosniff."`

	// InsecureNoPermissionsPolicy leaves out Permissions-Policy.
	InsecureNoPermissionsPolicy bool

	// InsecureOff switches the part off: no header is set.
	InsecureOff bool
}

// Headers sets the headers of one Config. It is immutable and safe for concurrent use.
type Headers struct{ set []field }

// field is a header ready to be assigned: the canonical key, and a slice whose length is its capacity, so that an
// Add of the application copies it.
type field struct {
	key   string
	value []string
}

// New returns the part for cfg, or every mistake in cfg at once.
func New(cfg Config) (*Headers, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if cfg.InsecureOff {
		return &Headers{}, nil
	}
	var set []field
	for _, v := range cfg.values() {
		if v.text != "" {
			set = append(set, field{v.header, []string{v.text}})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Extra)) {
		set = append(set, field{http.CanonicalHeaderKey(name), []string{cfg.Extra[name]}})
	}
	return &Headers{set: slices.Clip(set)}, nil
}

// Handler sets the headers, then calls next.
func (g *Headers) Handler(next http.Handler) http.Handler {
	if len(g.set) == 0 {
		return next
	}
	return &handler{g.set, next}
}

// handler is a type, not a closure: see internal/httpx.
type handler struct {
	set  []field
	next http.Handler
}

func (s *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for i := range s.set {
		h[s.set[i].key] = s.set[i].value
	}
	s.next.ServeHTTP(w, r)
}

var clearSiteData = []string{`"cache", "cookies", "storage"`}

// ClearSiteData tells the browser to forget what it holds of this site: its cache, its storage and its cookies, those
// of the parent domain included. It is for the answer to a logout, over HTTPS; do not set cookies on the same answer,
// the browser may forget them too.
func ClearSiteData(w http.ResponseWriter) { w.Header()["Clear-Site-Data"] = clearSiteData }
