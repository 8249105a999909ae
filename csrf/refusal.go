package csrf

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Reason says why a request was refused.
type Reason string

// The reasons. All but the first two are Django's, named after its constants.
const (
	CrossSite    Reason = "CROSS_SITE"     // the browser says that another site sent it, and that site is not trusted
	BadFetchSite Reason = "BAD_FETCH_SITE" // more than one Sec-Fetch-Site, which no browser sends

	BadOrigin        Reason = "BAD_ORIGIN"
	NoReferer        Reason = "NO_REFERER"
	MalformedReferer Reason = "MALFORMED_REFERER"
	InsecureReferer  Reason = "INSECURE_REFERER"
	BadReferer       Reason = "BAD_REFERER"

	NoCookie                Reason = "NO_CSRF_COOKIE" // or nothing in the session
	CookieIncorrectLength   Reason = "CSRF_COOKIE_INCORRECT_LENGTH"
	CookieInvalidCharacters Reason = "CSRF_COOKIE_INVALID_CHARACTERS"
	TokenMissing            Reason = "CSRF_TOKEN_MISSING"
	TokenIncorrectLength    Reason = "CSRF_TOKEN_INCORRECT_LENGTH"
	TokenInvalidCharacters  Reason = "CSRF_TOKEN_INVALID_CHARACTERS"
	TokenIncorrect          Reason = "CSRF_TOKEN_INCORRECT"
)

var meanings = map[Reason]string{
	CrossSite:               "the browser says that another site sent the request, and that site is not trusted",
	BadFetchSite:            "the request has more than one Sec-Fetch-Site header",
	BadOrigin:               "the request's Origin is neither this site nor trusted",
	NoReferer:               "the request has neither Origin nor Referer",
	MalformedReferer:        "the request's Referer is not a URL",
	InsecureReferer:         "the request came from a page without https",
	BadReferer:              "the request's Referer is neither this site nor trusted",
	NoCookie:                "the client has no CSRF secret",
	CookieIncorrectLength:   "the CSRF cookie has an incorrect length",
	CookieInvalidCharacters: "the CSRF cookie has invalid characters",
	TokenMissing:            "the request has no CSRF token",
	TokenIncorrectLength:    "the CSRF token has an incorrect length",
	TokenInvalidCharacters:  "the CSRF token has invalid characters",
	TokenIncorrect:          "the CSRF token is incorrect",
}

// Refusal is the error of a request that is refused. It holds what the server saw, which is what the operator needs
// and the visitor must not be shown: with it comes what to set.
type Refusal struct {
	Reason Reason
	Source string // what carried the token that is not right: POST or the header's name
	Saw    Saw

	guard *Guard
}

// Saw is what the server saw of a refused request. All of it is as the client sent it, unless a trusted proxy did.
type Saw struct {
	Method, Path string
	Scheme, Host string     // by the connection, or by a trusted proxy
	Peer         netip.Addr // who connected
	Trusted      bool       // Peer is a trusted proxy
	Origin       string     // the first, if there are several
	Referer      string     // its origin alone: the rest may hold secrets
	FetchSite    string
	ClaimsHTTPS  bool // the peer forwards the request as https, and was not believed
}

// refusal is v as an error, with what the server saw.
func (g *Guard) refusal(r *http.Request, v verdict) *Refusal {
	ref := &Refusal{Reason: v.reason, Source: v.source, guard: g, Saw: Saw{
		Method: r.Method, Path: r.URL.Path, Scheme: scheme(r), Host: httpx.Host(r),
		Origin: first(r, "Origin"), Referer: refererOrigin(first(r, "Referer")), FetchSite: first(r, "Sec-Fetch-Site"),
	}}
	if s := httpx.From(r.Context()); s != nil {
		ref.Saw.Peer, ref.Saw.Trusted, ref.Saw.ClaimsHTTPS = s.Peer(), s.Trusted, s.ClaimsHTTPS
	}
	if ref.Saw.Scheme == "http" && strings.EqualFold(first(r, "X-Forwarded-Proto"), "https") {
		ref.Saw.ClaimsHTTPS = true // the proxy part is not there to notice it
	}
	return ref
}

// cause is the error of a refused request for the page that answers it: the Refusal is made if the page shows it or
// asks for it by errors.As.
type cause struct {
	guard *Guard
	r     *http.Request
	v     verdict
}

func (c *cause) Error() string { return c.guard.refusal(c.r, c.v).Error() }

func (c *cause) As(target any) bool {
	ref, ok := target.(**Refusal)
	if ok {
		*ref = c.guard.refusal(c.r, c.v)
	}
	return ok
}

// first returns the first value of the header called name, in canonical form.
func first(r *http.Request, name string) string {
	if values := r.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Error says what is wrong and what to do about it.
func (e *Refusal) Error() string {
	text := "csrf: " + e.meaning()
	if remedy := e.Remedy(); remedy != "" {
		text += ": " + remedy
	}
	return text
}

func (e *Refusal) meaning() string {
	if e.Source != "" {
		return fmt.Sprintf("%s (from %s)", meanings[e.Reason], e.Source)
	}
	return meanings[e.Reason]
}

func scheme(r *http.Request) string {
	if httpx.Secure(r) {
		return "https"
	}
	return "http"
}
