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
	if v := g.check(r); v.reason != "" {
		return g.refusal(r, v)
	}
	return nil
}

// verdict is why a request is refused; the zero verdict lets it pass. The [Refusal], which says what the server saw, is
// made of it for whoever looks: of a flood, nobody does.
type verdict struct {
	reason Reason
	source string // what carried the token that is not right
}

func (g *Guard) check(r *http.Request) verdict {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return verdict{} // by RFC 9110 they change nothing; no header or field makes another method of these
	}
	switch {
	case g.exempted(r):
		return verdict{}
	case g.django:
		return g.checkDjango(r)
	}
	return g.checkBrowser(r)
}

// checkBrowser believes, in this order, what the browser says of the request, where it says that the request comes
// from, and a token.
func (g *Guard) checkBrowser(r *http.Request) verdict {
	site := r.Header["Sec-Fetch-Site"]
	if len(site) > 1 {
		return verdict{reason: BadFetchSite}
	}
	if len(site) == 1 && (site[0] == "same-origin" || site[0] == "none") {
		return verdict{} // no script can set this header, and "none" is the user's own doing
	}
	from := r.Header["Origin"] // where the browser has said that it is not ours, trust alone can help
	if len(from) == 1 && (len(site) == 0 || !g.trusted.empty()) {
		o, ok := parseOrigin(from[0])
		if ok && (len(site) == 0 && o == own(r) || g.trusted.has(o)) {
			return verdict{}
		}
	}
	switch {
	case len(site) == 1:
		return verdict{reason: CrossSite}
	case len(from) > 0:
		return verdict{reason: BadOrigin}
	}
	// Neither header: a browser from before 2020, or no browser. The Referer is looked at where it was sent, so that
	// a page served over http by somebody on the network cannot use a token that it planted.
	if v := g.checkReferer(r); v.reason != "" {
		return v
	}
	return g.checkToken(r)
}

// own is the origin of the site itself; the zero origin, which equals no other, if the request has no host.
func own(r *http.Request) origin {
	o, _ := newOrigin(scheme(r), httpx.Host(r))
	return o
}

func (g *Guard) checkReferer(r *http.Request) verdict {
	sent := r.Header["Referer"]
	if len(sent) == 0 || !httpx.Secure(r) {
		return verdict{}
	}
	o, ok := parseOrigin(refererOrigin(sent[0]))
	switch {
	case !ok || len(sent) > 1:
		return verdict{reason: MalformedReferer}
	case o == own(r) || g.trusted.has(o):
		return verdict{}
	case o.scheme != "https":
		return verdict{reason: InsecureReferer}
	}
	return verdict{reason: BadReferer}
}

// checkToken compares the token in the request with the secret in the cookie or the session.
func (g *Guard) checkToken(r *http.Request) verdict {
	secret, fault := g.secret(r)
	if fault != "" {
		return verdict{reason: fault}
	}
	token, source := g.sentToken(r)
	if source == "" {
		return verdict{reason: TokenMissing}
	}
	switch formatOf(token) {
	case wrongLength:
		return verdict{TokenIncorrectLength, source}
	case wrongCharacters:
		return verdict{TokenInvalidCharacters, source}
	}
	if !equal(token, secret) {
		return verdict{TokenIncorrect, source}
	}
	return verdict{}
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
