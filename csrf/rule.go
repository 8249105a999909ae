package csrf

import (
	"net/http"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Check returns nil for a request that may pass and a [*Refusal] for one that may not. It changes nothing but r.Body,
// and that only where a form has to be looked into for its token: what it has read, it puts back.
//
// Scheme and host are those that the proxy policy settled; alone, Check sees the connection's.
func (g *Guard) Check(r *http.Request) error {
	if ref := g.check(r); ref != nil {
		return ref
	}
	return nil
}

func (g *Guard) check(r *http.Request) *Refusal {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return nil // by RFC 9110 they change nothing; no header or field makes another method of these
	}
	switch {
	case g.exempted(r):
		return nil
	case g.django:
		return g.checkDjango(r)
	}
	return g.checkBrowser(r)
}

// checkBrowser believes, in this order, what the browser says of the request, where it says that the request comes
// from, and a token.
func (g *Guard) checkBrowser(r *http.Request) *Refusal {
	site := r.Header["Sec-Fetch-Site"]
	if len(site) > 1 {
		return g.refuse(r, BadFetchSite, "")
	}
	if len(site) == 1 && (site[0] == "same-origin" || site[0] == "none") {
		return nil // no script can set this header, and "none" is the user's own doing
	}
	from := r.Header["Origin"] // where the browser has said that it is not ours, trust alone can help
	if len(from) == 1 && (len(site) == 0 || !g.trusted.empty()) {
		o, ok := parseOrigin(from[0])
		if ok && (len(site) == 0 && o == own(r) || g.trusted.has(o)) {
			return nil
		}
	}
	switch {
	case len(site) == 1:
		return g.refuse(r, CrossSite, "")
	case len(from) > 0:
		return g.refuse(r, BadOrigin, "")
	}
	// Neither header: a browser from before 2020, or no browser. The Referer is looked at where it was sent, so that
	// a page served over http by somebody on the network cannot use a token that it planted.
	if ref := g.checkReferer(r); ref != nil {
		return ref
	}
	return g.checkToken(r)
}

// own is the origin of the site itself; the zero origin, which equals no other, if the request has no host.
func own(r *http.Request) origin {
	o, _ := newOrigin(scheme(r), httpx.Host(r))
	return o
}

func (g *Guard) checkReferer(r *http.Request) *Refusal {
	sent := r.Header["Referer"]
	if len(sent) == 0 || !httpx.Secure(r) {
		return nil
	}
	o, ok := parseOrigin(refererOrigin(sent[0]))
	switch {
	case !ok || len(sent) > 1:
		return g.refuse(r, MalformedReferer, "")
	case o == own(r) || g.trusted.has(o):
		return nil
	case o.scheme != "https":
		return g.refuse(r, InsecureReferer, "")
	}
	return g.refuse(r, BadReferer, "")
}

// checkToken compares the token in the request with the secret in the cookie or the session.
func (g *Guard) checkToken(r *http.Request) *Refusal {
	secret, fault := g.secret(r)
	if fault != "" {
		return g.refuse(r, fault, "")
	}
	token, source := g.sentToken(r)
	if source == "" {
		return g.refuse(r, TokenMissing, "")
	}
	switch formatOf(token) {
	case wrongLength:
		return g.refuse(r, TokenIncorrectLength, source)
	case wrongCharacters:
		return g.refuse(r, TokenInvalidCharacters, source)
	}
	if !equal(token, secret) {
		return g.refuse(r, TokenIncorrect, source)
	}
	return nil
}

// sentToken returns the token and what carried it. Django asks the form first and we the header, which spares reading
// the body; Django's order is kept for its verdicts.
func (g *Guard) sentToken(r *http.Request) (token, source string) {
	sent := r.Header[g.header]
	if r.Method == http.MethodPost && (g.django || len(sent) == 0) {
		if token = formToken(r, g.maxBody); token != "" {
			return token, "POST"
		}
	}
	switch len(sent) {
	case 0:
		return "", ""
	case 1:
		return sent[0], g.header
	}
	return strings.Join(sent, ","), g.header // never well formed
}
