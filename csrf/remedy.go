package csrf

import (
	"net/netip"
	"strconv"
)

// Remedy says what to set so that the request passes, if that is what the operator wants, or "".
func (e *Refusal) Remedy() string {
	switch e.Reason {
	case BadOrigin, CrossSite:
		return e.originRemedy()
	case BadReferer, InsecureReferer:
		return e.foreign(e.Saw.Referer)
	case NoReferer, MalformedReferer:
		return "let browsers send it: Referrer-Policy: same-origin, not no-referrer, here and at the proxy"
	case NoCookie:
		return e.cookieRemedy()
	case CookieIncorrectLength, CookieInvalidCharacters:
		return "another program sets a cookie of this name: give ours a name of its own with CSRF_COOKIE_NAME"
	case TokenMissing:
		return "put csrf.Field into the form, within its first " + strconv.FormatInt(e.guard.maxBody>>10, 10) +
			" KiB, or send the header " + e.guard.header + e.programRemedy()
	case TokenIncorrect, TokenIncorrectLength, TokenInvalidCharacters:
		return "the page is from before the last login, or from another session: reload it"
	}
	return ""
}

func (e *Refusal) originRemedy() string {
	saw := e.Saw
	o, ok := parseOrigin(saw.Origin)
	switch {
	case e.Reason == CrossSite && saw.Origin == "":
		return "there is no Origin that could be trusted: if a proxy removes the header, let it through"
	case e.Reason == CrossSite && saw.Origin == "null":
		return "" // a page that hides where it comes from: no setting lets it in
	case saw.Origin == "null":
		return "browsers send Origin: null from pages with Referrer-Policy: no-referrer, from sandboxed frames and " +
			"after redirects between sites: send Referrer-Policy: same-origin, here and at the proxy"
	case !ok:
		return "no browser sends such an Origin"
	}
	if own, ok := newOrigin("https", saw.Host); ok && own == o && saw.Scheme == "http" {
		return e.tlsRemedy()
	}
	return e.foreign(saw.Origin)
}

// tlsRemedy is for a site that browsers reach by https and that does not know it.
func (e *Refusal) tlsRemedy() string {
	saw := e.Saw
	switch {
	case saw.Trusted:
		return "the trusted proxy " + peerText(saw) + " does not say https: make it send X-Forwarded-Proto: https"
	case !saw.Peer.IsValid():
		return "the site is reached by https and does not know it: if a proxy that ends TLS connects by a Unix socket, " +
			"set TRUSTED_PROXY_UNIX_SOCKET=true and make it send X-Forwarded-Proto"
	case !saw.ClaimsHTTPS:
		return "if " + saw.Peer.String() + " is a proxy that ends TLS: make it send X-Forwarded-Proto, and set " +
			"TRUSTED_PROXIES=" + prefix(saw.Peer)
	}
	return "if " + saw.Peer.String() + " is a proxy that ends TLS: set TRUSTED_PROXIES=" + prefix(saw.Peer)
}

// foreign is for a request from another site.
func (e *Refusal) foreign(from string) string {
	o, ok := parseOrigin(from)
	if !ok {
		return ""
	}
	if o.scheme == "http" && e.Saw.Scheme == "https" {
		return "the page was served over http: redirect " + o.String() + " to https"
	}
	text := "if " + o.String() + " is yours and may post here: set " + originsSetting + "=" + o.String()
	if e.Reason == CrossSite { // the browser knows that it is not this site
		return text
	}
	text += "; if it is this site: make the proxy pass Host on"
	if peer := e.Saw.Peer; peer.IsValid() && !e.Saw.Trusted {
		text += ", or set USE_X_FORWARDED_HOST=True and TRUSTED_PROXIES=" + prefix(peer)
	}
	return text
}

func (e *Refusal) cookieRemedy() string {
	if e.guard.sessions {
		return "the visitor has no session yet: a page with csrf.Field starts one" + e.programRemedy()
	}
	name := e.guard.cookie.Name(e.guard.secureCookie(e.Saw.Scheme == "https"))
	return "a page with csrf.Field sets the cookie " + name + ", once and not from two domains" + e.programRemedy()
}

// programRemedy is for clients that are no browsers.
func (e *Refusal) programRemedy() string {
	if e.guard.django || e.Saw.Origin != "" {
		return ""
	}
	o, ok := newOrigin(e.Saw.Scheme, e.Saw.Host)
	if !ok {
		return ""
	}
	return "; a program that is no browser sends the header Origin: " + o.String()
}

// prefix is the network of one address.
func prefix(a netip.Addr) string {
	return netip.PrefixFrom(a, a.BitLen()).String()
}
