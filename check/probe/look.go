package probe

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// hops is how many redirects within the site lead to its first page, at most.
const hops = 5

// Look asks for the first page and returns the claims with Host, PlainHost and Outside set, the page to look at first, which
// is where the URL redirects to within the site, and the Profile unless that is known. A site that answers over http alone is judged over http;
// probe.E100 says so. The error says why nothing can be looked at.
func (l *Live) Look(ctx context.Context, claims Claims) (Claims, error) {
	claims.Outside = true
	claims.FailPath, claims.AdminPath = "", "" // the first is for the gate alone; the second is no stranger's business
	claims.Host = l.url.Host
	if l.plainPort != 0 {
		claims.PlainHost = authorityOf("http", l.host, l.plainPort)
	}
	if first := l.url.RequestURI(); !slices.Contains(claims.Paths, first) {
		claims.Paths = append([]string{first}, claims.Paths...)
	}
	claims.InsecureHTTP = l.url.Scheme == "http"
	first, err := l.first(ctx, claims)
	if err != nil && !claims.InsecureHTTP && l.plainPort != 0 && !l.spoke() {
		over := claims
		over.InsecureHTTP, over.Host = true, claims.PlainHost
		a, plainErr := l.first(ctx, over)
		if plainErr != nil {
			return claims, err
		}
		l.noHTTPS, claims, first, err = err, over, a, nil
	}
	if err != nil {
		return claims, err
	}
	claims.Paths, first, err = l.follow(ctx, claims, first)
	if err != nil {
		return claims, err
	}
	claims.Profile = cmp.Or(claims.Profile, profileOf(first, l.here(claims)))
	if claims.Profile == Static || claims.Profile == Redirect {
		claims.InsecureNoCSRF = true // there is nothing to post to
	}
	return claims, nil
}

// Describe says what was judged: the URL and the kind of site that it was taken for.
func (l *Live) Describe(claims Claims) string {
	return fmt.Sprintf("%s (profile %s)", l.URL(), cmp.Or(claims.Profile, HTML))
}

// here returns the test whether a redirect stays with what the claims are about: scheme, host and port.
func (l *Live) here(claims Claims) func(*url.URL) bool {
	scheme := newProber(l, claims).scheme()
	return func(to *url.URL) bool {
		return to.Scheme == scheme && l.Same(to) && authorityOf(scheme, to.Hostname(), portOf(to)) == claims.Host
	}
}

// spoke reports whether the site's server has spoken TLS with us, whatever came then.
func (l *Live) spoke() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.shaken[l.host]
	return ok
}

func (l *Live) first(ctx context.Context, claims Claims) (answer, error) {
	p := newProber(l, claims)
	return l.ask(ctx, p, p.page())
}

// ask asks for a page and keeps the answer for the checks.
func (l *Live) ask(ctx context.Context, p *prober, page ask) (answer, error) {
	a, err := p.get(ctx, page)
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.seen[page] = a
	}
	return a, err
}

// follow returns the pages to look at and the answer to the first of them: where the site leads from one page to another of
// its own, that one comes first.
func (l *Live) follow(ctx context.Context, claims Claims, a answer) ([]string, answer, error) {
	p, here := newProber(l, claims), l.here(claims)
	paths := claims.Paths
	for range hops {
		to, ok := location(a)
		if !ok || !here(to) {
			return paths, a, nil
		}
		next, err := l.ask(ctx, p, p.ask("GET", to.RequestURI(), ""))
		if err != nil {
			return paths, a, err
		}
		a = next
		paths = append([]string{to.RequestURI()}, slices.DeleteFunc(slices.Clone(claims.Paths), func(s string) bool { return s == to.RequestURI() })...)
	}
	if _, ok := location(a); ok {
		l.circle = fmt.Sprintf("%s, after %d redirects", a, hops)
		return claims.Paths, a, nil
	}
	return paths, a, nil
}

// Checks looks at the site with [Live.Look] and returns the rules for it, and the claims that they judge by. Where the site
// cannot be looked at there is one check, which says why when it runs.
func (l *Live) Checks(ctx context.Context, claims Claims) ([]check.Check, Claims) {
	seen, err := l.Look(ctx, claims)
	if err == nil {
		return Checks(l, seen), seen
	}
	unreachable := l.siteRules(newProber(l, seen))[:1]
	unreachable[0].Find = func(context.Context) ([]check.Finding, error) { return nil, err }
	for i := range unreachable {
		unreachable[i].Tags, unreachable[i].Deploy, unreachable[i].Needs = []string{"security", "probe"}, true, check.URL
	}
	return unreachable, seen
}

// asked returns the checks without those that nobody asks of this site: rules whose promise is not made, such as that of a
// health path that only the settings know, and the redirect where http is not asked. Left in, they would seem to have passed,
// and to confirm what is left to the edge.
func (l *Live) asked(checks []check.Check) []check.Check {
	idle := reflect.ValueOf(nothing).Pointer()
	return slices.DeleteFunc(checks, func(c check.Check) bool {
		return l != nil && (c.ID == "probe.E004" && l.plainPort == 0 || reflect.ValueOf(c.Find).Pointer() == idle)
	})
}

// rules are those for a live site alone.
func (l *Live) rules(p *prober) []check.Check {
	all := l.siteRules(p)
	if !p.InsecureHTTP {
		all = slices.Concat(all, l.certificateRules(), l.tlsRules(), l.preloadRules(p))
	}
	for i := range all {
		all[i].Needs = check.URL
	}
	return all
}

func (l *Live) siteRules(p *prober) []check.Check {
	return []check.Check{{
		ID: "probe.E101", Level: check.Error,
		Title: "The site cannot be looked at.",
		Hint:  "Look whether the name, the port and the network are right, and whether the site answers a browser.",
		Why:   "What nobody could look at has not passed.",
		See:   "https://www.rfc-editor.org/rfc/rfc9110#section-15",
		Find: func(ctx context.Context) ([]check.Finding, error) {
			_, err := p.get(ctx, p.page())
			return nil, err
		},
	}, {
		ID: "probe.E100", Level: check.Error,
		Title:   "The site does not answer over https.",
		Hint:    "Get a certificate, have the server or the proxy before it listen on port 443, and send http on to https.",
		Why:     "Everybody on the way reads and changes what goes over http: passwords, sessions, pages.",
		See:     "https://https.cio.gov/everything/",
		Setting: "SECURE_SSL_REDIRECT",
		Find: func(context.Context) ([]check.Finding, error) {
			switch {
			case l.noHTTPS != nil:
				return evidence(fmt.Sprintf("%v; it answers at http://%s", l.noHTTPS, p.PlainHost)), nil
			case p.InsecureHTTP:
				return evidence("it was asked for as " + l.URL()), nil
			}
			return nil, nil
		},
	}, {
		ID: "probe.E112", Level: check.Error,
		Title: "The site redirects without end.",
		Hint: "Look which of the proxy and the application redirects, and whether the application learns that the request was " +
			"over https (SECURE_PROXY_SSL_HEADER in Django, TRUSTED_PROXIES here).",
		Why:  "No browser shows the page.",
		See:  "https://www.rfc-editor.org/rfc/rfc9110#section-15.4",
		Find: func(context.Context) ([]check.Finding, error) { return evidence(l.circle), nil },
	}, {
		ID: "probe.W114", Level: check.Warning,
		Title: "A page redirects from https to http.",
		Hint:  "Write https:// in the address that the redirect leads to, or no scheme at all.",
		Why: "Visitors who came over https go on where everybody on the way can read along and lead them elsewhere. Often the " +
			"application does not know that the proxy before it speaks https.",
		See:  "https://cwe.mitre.org/data/definitions/319.html",
		Find: l.findDowngrade(p),
	}}
}

func (l *Live) findDowngrade(p *prober) func(context.Context) ([]check.Finding, error) {
	return func(ctx context.Context) ([]check.Finding, error) {
		var asks []ask
		for _, path := range p.Paths {
			asks = append(asks, p.ask("GET", path, ""))
		}
		answers, err := p.all(ctx, asks...)
		return wrong(answers, "", func(a answer) (string, bool) {
			to, ok := location(a)
			return "", ok && a.scheme == "https" && to.Scheme == "http"
		}), err
	}
}

func (l *Live) preloadRules(p *prober) []check.Check {
	return []check.Check{{
		ID: "probe.W113", Level: check.Warning,
		Title: "Strict-Transport-Security asks for the preload list, but the site does not keep the list's rules.",
		Hint: "Send max-age of a year or more, includeSubDomains and preload, and send http on to https on the same host before " +
			"anywhere else; or drop preload, which is all but irrevocable.",
		Why:     "The list refuses the site, or drops it, and first visits stay unprotected.",
		See:     "https://hstspreload.org/#submission-requirements",
		Setting: "SECURE_HSTS_PRELOAD",
		Find:    func(ctx context.Context) ([]check.Finding, error) { return l.findPreload(ctx, p) },
	}}
}

func (l *Live) findPreload(ctx context.Context, p *prober) ([]check.Finding, error) {
	a, err := p.get(ctx, p.page())
	if err != nil {
		return nil, err
	}
	words := map[string]bool{}
	for word := range strings.SplitSeq(a.header.Get("Strict-Transport-Security"), ";") {
		words[strings.ToLower(strings.TrimSpace(word))] = true
	}
	if !words["preload"] {
		return nil, nil
	}
	var broken []string
	if age, _ := maxAge(a); age < 365*24*time.Hour {
		broken = append(broken, "max-age is less than a year")
	}
	if !words["includesubdomains"] {
		broken = append(broken, "includeSubDomains is missing")
	}
	if l.plainPort != 0 {
		redirect, err := p.get(ctx, p.marked())
		switch {
		case err == nil:
			if to, ok := location(redirect); !ok || to.Scheme != "https" || withoutPort(to.Host) != withoutPort(p.Host) {
				broken = append(broken, redirect.String()+", which does not lead to https on the same host")
			}
		case !refused(err):
			return nil, err
		}
	}
	return evidence(strings.Join(broken, "; ")), nil
}
