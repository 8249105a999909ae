package csrf

import (
	"net/http"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// checkDjango decides as Django's CsrfViewMiddleware does: an Origin must be good; without one a secure request needs
// a good Referer; and whatever they say, the token must be there.
func (g *Guard) checkDjango(r *http.Request) verdict {
	if from := r.Header["Origin"]; len(from) > 0 {
		if len(from) > 1 || !g.djangoOrigin(r, from[0]) {
			return verdict{reason: BadOrigin}
		}
	} else if httpx.Secure(r) {
		if reason := g.djangoReferer(r); reason != "" {
			return verdict{reason: reason}
		}
	}
	return g.checkToken(r)
}

// djangoOrigin compares text with text. Stricter than Django, an Origin that no browser could have sent, with a user
// name or a path, matches no wildcard.
func (g *Guard) djangoOrigin(r *http.Request, from string) bool {
	scheme, authority, ok := strings.Cut(from, "://")
	if _, valid := parseOrigin(from); !ok || !valid {
		return false
	}
	if host := httpx.Host(r); authority == host && (scheme == "https") == httpx.Secure(r) {
		return scheme == "https" || scheme == "http"
	}
	if _, ok := g.trusted.texts[from]; ok {
		return true
	}
	for rest, more := authority, len(g.trusted.textsBelow) > 0; more; _, rest, more = strings.Cut(rest, ".") {
		if _, ok := g.trusted.textsBelow[strings.ToLower(scheme)+"://"+rest]; ok {
			return true
		}
	}
	return false
}

// djangoReferer returns why the Referer of a secure request is not good, or "".
func (g *Guard) djangoReferer(r *http.Request) Reason {
	sent := r.Header["Referer"]
	if len(sent) == 0 {
		return NoReferer
	}
	from := refererOrigin(sent[0])
	scheme, authority, ok := strings.Cut(from, "://")
	switch {
	case !ok || len(sent) > 1:
		return MalformedReferer
	case !strings.EqualFold(scheme, "https"):
		return InsecureReferer
	case strings.Contains(authority, "@"):
		return BadReferer // no browser sends it; Django would let it match a wildcard
	case g.djangoNetloc(authority), sameDomain(authority, g.djangoHost(r)):
		return ""
	}
	return BadReferer
}

// djangoNetloc reports whether a trusted origin of any scheme has this host and port.
func (g *Guard) djangoNetloc(authority string) bool {
	if _, ok := g.trusted.netlocs[authority]; ok {
		return true
	}
	for rest, more := authority, len(g.trusted.netlocsBelow) > 0; more; _, rest, more = strings.Cut(rest, ".") {
		if _, ok := g.trusted.netlocsBelow[rest]; ok {
			return true
		}
	}
	return false
}

// djangoHost is what the Referer has to match: the cookie's domain with the request's port, or else the host.
func (g *Guard) djangoHost(r *http.Request) string {
	host := httpx.Host(r)
	if g.refererDomain == "" {
		return host
	}
	if _, port, ok := cutPort(host); ok && port != "" && port != "443" && port != "80" {
		return g.refererDomain + ":" + port
	}
	return g.refererDomain
}

// sameDomain reports whether host is pattern or, if pattern begins with a dot, at or below it.
func sameDomain(host, pattern string) bool {
	pattern = strings.ToLower(pattern)
	if domain, ok := strings.CutPrefix(pattern, "."); ok {
		return host == domain || strings.HasSuffix(host, pattern)
	}
	return host == pattern && host != ""
}
