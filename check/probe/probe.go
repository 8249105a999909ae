// Package probe judges a site by what it answers: a handler in this process, or whatever else an [http.RoundTripper]
// reaches.
//
// Settings can promise anything. Probe sends about sixty requests, as a browser, a stranger and an attacker would,
// and compares the answers with what the settings claim:
//
//	checks := probe.Checks(probe.InProcess(app), probe.Claims{Host: "example.com"})
//	report := check.Run(ctx, checks, check.Options{Deploy: true})
//
// The requests are sent when the first check needs them and are shared by all checks of one list. They carry no
// cookie and no credentials. Three of them are POSTs without a body, as a foreign site's form would send them; what
// does not refuse them may act on them. No redirect is followed.
//
// [NewLive] reaches a live site within bounds, and nobody else; [Live.Checks] looks at it first, to find out what kind of
// site it is, and adds the rules for its certificate and its TLS.
//
// Probe sees what a stranger sees. It does not log in, follow links or render pages, and finding nothing proves
// nothing about pages that it was not told of.
package probe

import (
	"cmp"
	"net"
	"net/http"
	"slices"

	"github.com/airworthy-go/airworthy/check"
)

// Claims are what the site promises. The zero Claims with a Host promise everything that a safe site keeps; whatever
// weakens the promise starts with Insecure, and takes from the checks what the settings have already admitted.
type Claims struct {
	// Host is a name that the site answers to, with its port unless that is 443 (80 with InsecureHTTP). Required.
	Host string

	// PlainHost is where the site answers to http, only to redirect. Empty means Host without its port.
	PlainHost string

	// Paths are the pages to look at; none means "/".
	Paths []string

	// FailPath is answered with 500 on purpose, so that the error page for it can be looked at. Empty means none.
	FailPath string

	// PostPath is where POSTs go that must be refused. Empty means the first of Paths.
	PostPath string

	// HealthPath is answered whatever the Host header says. Empty means that there is none.
	HealthPath string

	// SessionCookie is the name of the session's cookie, without a __Host- prefix. Empty means "sessionid".
	SessionCookie string

	// AdminPath is where an admin is that strangers cannot tell from a path that does not exist. Empty means that there
	// is none.
	AdminPath string

	// Tokens promises that a POST without a CSRF token is refused even if it names no origin at all, as requests of
	// programs and of very old browsers do.
	Tokens bool

	// Outside says that we know the site from outside only. Some answers then show nothing: a POST to which the
	// answer is 404 or 405, another server's answer to a forged name, a policy for documents on what is none.
	Outside bool

	// Profile is the kind of site: rules that make no sense for it are left out. Empty means HTML; [Live.Look] finds out.
	Profile Profile

	InsecureHTTP         bool // the site is served over http
	InsecureNoHSTS       bool // no Strict-Transport-Security is sent
	InsecureNoCSP        bool // no Content-Security-Policy is enforced
	InsecureNoCSRF       bool // nothing is promised about requests of foreign sites; no POST is sent
	InsecurePlainCookies bool // cookie names carry no __Host- prefix
}

// Checks returns the rules for the site that rt reaches. One list shares its answers: make a new one to look again.
func Checks(rt http.RoundTripper, claims Claims) []check.Check {
	p := newProber(rt, claims)
	checks := slices.Concat(p.hostRules(), p.httpsRules(), p.headerRules(), p.policyRules(), p.csrfRules(),
		p.cookieRules(), p.pageRules(), p.adminRules(), p.contentRules(), p.fileRules(), p.exposureRules(),
		p.forgedRules(), p.corsRules(), p.debugRules(), p.cachingRules(), p.jarRules(), p.isolationRules(), p.toldRules())
	if live, ok := rt.(*Live); ok {
		checks = append(live.asked(checks), live.rules(p)...)
	}
	checks = claims.Profile.counting(checks)
	for i := range checks {
		checks[i].Tags = []string{"security", "probe"}
		checks[i].Deploy = true
		if claims.Outside {
			checks[i].Needs = check.URL
		}
		checks[i].Needs = cmp.Or(checks[i].Needs, check.Handler)
	}
	return checks
}

// withDefaults fills in what the claims leave open.
func (c Claims) withDefaults() Claims {
	c.PlainHost = cmp.Or(c.PlainHost, withoutPort(c.Host))
	if c.InsecureHTTP {
		c.PlainHost = c.Host
	}
	c.Paths = slices.Clone(c.Paths)
	if len(c.Paths) == 0 {
		c.Paths = []string{"/"}
	}
	c.PostPath = cmp.Or(c.PostPath, c.Paths[0])
	c.SessionCookie = cmp.Or(c.SessionCookie, "sessionid")
	return c
}

// withoutPort returns an authority without its port, IPv6 literals in brackets.
func withoutPort(authority string) string {
	host, _, err := net.SplitHostPort(authority)
	if err != nil {
		return authority
	}
	if net.ParseIP(host) != nil && slices.Contains([]byte(host), ':') {
		return "[" + host + "]"
	}
	return host
}
