package probe

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// rewriting are headers by which one proxy or another tells frameworks where the site is. Each says something else, so
// that the answer tells which was believed.
var rewriting = []struct{ name, value, mark string }{
	{"X-Forwarded-Server", "server." + evil, "server." + evil},
	{"X-Host", "x-host." + evil, "x-host." + evil},
	{"X-Original-Host", "original-host." + evil, "original-host." + evil},
	{"X-HTTP-Host-Override", "override." + evil, "override." + evil},
	{"X-Forwarded-Port", "61239", ":61239"},
	{"X-Forwarded-Prefix", "/airworthy-probe-prefix", "/airworthy-probe-prefix"},
	{"X-Forwarded-For", claimedAddress, claimedAddress},
	{"X-Real-IP", claimedAddress, claimedAddress},
}

const (
	// claimedAddress is nobody's (RFC 5737).
	claimedAddress = "198.51.100.77"

	// insideHeaders claim that the request comes from the machine itself.
	insideHeaders = "X-Forwarded-For: 127.0.0.1\nX-Real-IP: 127.0.0.1\nX-Client-IP: 127.0.0.1\nTrue-Client-IP: 127.0.0.1\nForwarded: for=127.0.0.1"

	// another path, for the servers that believe that the one in the request line is not meant.
	originalURL = "X-Original-URL: " + lost + "\nX-Rewrite-URL: " + lost
)

func (p *prober) forgedRules() []check.Check {
	return []check.Check{{
		ID: "probe.E033", Level: check.Error,
		Title: "A header that a stranger sends decides which addresses the site writes.",
		Hint:  "Have the proxy drop or overwrite the header, and let the application read only those that it overwrites.",
		Why: "Links, redirects and mails of the site then lead where the attacker wants, and a cache hands them to others: " +
			"the headers are as good as a forged Host.",
		See:     "https://portswigger.net/web-security/host-header/exploiting",
		Setting: "TRUSTED_PROXIES",
		Find:    p.findRewriting,
	}, {
		ID: "probe.E034", Level: check.Error,
		Title:   "A cache may hand an answer that a stranger's header has shaped to everybody.",
		Hint:    "Do not believe the header; until then send Cache-Control: private, or Vary with the header's name, with every answer that depends on it.",
		Why:     "One request is enough: whoever asks next gets the page with the attacker's links and scripts (web cache poisoning).",
		See:     "https://portswigger.net/research/practical-web-cache-poisoning",
		Setting: "TRUSTED_PROXIES",
		Find:    p.findPoisoning,
	}, {
		ID: "probe.E035", Level: check.Error,
		Title: "X-Original-URL or X-Rewrite-URL decides which page is answered.",
		Hint:  "Have the proxy drop both headers, and do not read them in the application.",
		Why: "The proxy, its rules and its cache see one path, the application answers another: what the proxy refuses is " +
			"open, and what it caches is what the attacker chose.",
		See:  "https://portswigger.net/web-security/access-control",
		Find: p.findOriginalURL,
	}, {
		ID: "probe.E036", Level: check.Error,
		Title:   "A path that is refused opens to anybody who claims to come from the inside.",
		Hint:    "List your proxies in TRUSTED_PROXIES, by their own addresses only, and let them overwrite X-Forwarded-For and the like.",
		Why:     "Whoever can choose the address to come from passes every list of addresses, and never meets the limit of failed logins.",
		See:     "https://adam-p.ca/blog/2022/03/x-forwarded-for/",
		Setting: "TRUSTED_PROXIES",
		Find:    p.findInside,
	}}
}

// rewrites is what every header of rewriting says, as one request's header.
func rewrites() string {
	var lines []string
	for _, h := range rewriting {
		lines = append(lines, h.name+": "+h.value)
	}
	return strings.Join(lines, "\n")
}

// lies returns the answers to the page over the site's own scheme and over http, with headers of a stranger.
func (p *prober) lies(ctx context.Context, headers string) ([]answer, error) {
	answers, err := p.all(ctx, p.ask("GET", p.Paths[0], headers))
	if p.InsecureHTTP || err != nil {
		return answers, err
	}
	redirect, err := p.get(ctx, p.plain(headers))
	switch {
	case err == nil:
		answers = append(answers, redirect)
	case !refused(err):
		return nil, err
	}
	return answers, nil
}

// believedIn names the headers of rewriting whose words stand in an answer.
func believedIn(a answer) (names []string) {
	for _, h := range rewriting {
		if mentions(a, h.mark) && h.value != claimedAddress {
			names = append(names, h.name)
		}
	}
	return names
}

func (p *prober) findRewriting(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.lies(ctx, rewrites())
	return wrong(answers, "", func(a answer) (string, bool) {
		names := believedIn(a)
		return "which repeats " + strings.Join(names, ", "), len(names) > 0
	}), err
}

func (p *prober) findPoisoning(ctx context.Context) ([]check.Finding, error) {
	hosts, err := p.lies(ctx, forwardedHost)
	if err != nil {
		return nil, err
	}
	others, err := p.lies(ctx, rewrites())
	return wrong(append(hosts, others...), "", func(a answer) (string, bool) {
		names := believedIn(a)
		if a.headers == forwardedHost && mentions(a, evil) {
			names = []string{"X-Forwarded-Host", "Forwarded"}
		}
		names = slices.DeleteFunc(names, func(name string) bool { return varies(a, name) })
		return "which repeats " + strings.Join(names, " or ") + ", and is for caches to keep", len(names) > 0 && kept(a)
	}), err
}

// varies reports whether caches keep an answer apart by a header of the request.
func varies(a answer, name string) bool {
	for _, line := range a.header["Vary"] {
		for word := range strings.SplitSeq(line, ",") {
			if word = strings.TrimSpace(word); word == "*" || strings.EqualFold(word, name) {
				return true
			}
		}
	}
	return false
}

// kept reports whether the answer is said to be for shared caches, or comes out of one. What says nothing is not.
func kept(a answer) bool {
	says := directives(a)
	for _, refusal := range []string{"private", "no-store", "no-cache"} {
		if _, ok := says[refusal]; ok {
			return false
		}
	}
	if fromCache(a) != "" {
		return true
	}
	lasts := func(name string) (seconds int, ok bool) {
		value, ok := says[name]
		seconds, err := strconv.Atoi(strings.Trim(value, `"`))
		return seconds, ok && err == nil
	}
	if n, ok := lasts("s-maxage"); ok {
		return n > 0
	}
	if n, ok := lasts("max-age"); ok {
		return n > 0
	}
	_, public := says["public"]
	return public
}

// directives returns what Cache-Control says, names in lower case.
func directives(a answer) map[string]string {
	out := map[string]string{}
	for _, line := range a.header["Cache-Control"] {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
			out[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
	}
	return out
}

func (p *prober) findOriginalURL(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.all(ctx, p.page(), p.missing())
	if err != nil {
		return nil, err
	}
	page, missing := answers[0], answers[1]
	if page.status >= 400 || missing.status < 400 {
		return nil, nil // the two cannot be told apart
	}
	answers, err = p.all(ctx, p.ask("GET", p.Paths[0], originalURL))
	return wrong(answers, "", func(a answer) (string, bool) {
		return "as for that path", a.status == missing.status
	}), err
}

// maxRefused is how many refused paths are asked for once more.
const maxRefused = 2

func (p *prober) findInside(ctx context.Context) ([]check.Finding, error) {
	paths := slices.Clone(commonPaths)
	for _, t := range debugTools {
		paths = append(paths, t.path)
	}
	before := map[string]answer{}
	var asks []ask
	for _, path := range paths {
		a, err := p.get(ctx, p.ask("GET", path, ""))
		if err != nil {
			return nil, err
		}
		if (a.status == 401 || a.status == 403) && len(asks) < maxRefused {
			before[path] = a
			asks = append(asks, p.ask("GET", path, insideHeaders))
		}
	}
	if p.AdminPath != "" {
		a, err := p.get(ctx, p.ask("GET", strings.TrimSuffix(p.AdminPath, "/"), ""))
		if err != nil {
			return nil, err
		}
		before[a.path] = a
		asks = append(asks, p.ask("GET", a.path, insideHeaders))
	}
	answers, err := p.all(ctx, asks...)
	found := wrong(answers, "", func(a answer) (string, bool) {
		return "without the headers " + before[a.path].String(), a.status < 400 && before[a.path].status >= 400
	})
	if err != nil {
		return found, err
	}
	lies, err := p.lies(ctx, rewrites())
	repeats := wrong(lies, "", func(a answer) (string, bool) {
		return "which repeats the address", mentions(a, claimedAddress)
	})
	for i := range repeats {
		repeats[i].Level = check.Warning
		repeats[i].Title = "The site believes X-Forwarded-For or X-Real-IP from strangers."
	}
	return append(found, repeats...), err
}
