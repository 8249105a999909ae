package probe

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

func (p *prober) cookieRules() []check.Check {
	checks := []check.Check{{
		ID: "probe.E018", Level: check.Error,
		Title: "A cookie is set without Secure.",
		Hint:  "Add Secure to it. For the session and the CSRF token SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE do so.",
		Why: "The browser sends the cookie over http as well, even where the site redirects. Whoever listens takes " +
			"over the session.",
		See:  "https://www.rfc-editor.org/rfc/rfc6265#section-8.3",
		Find: p.cookies(func(c cookie) bool { return !c.has("secure") }),
	}, {
		ID: "probe.E019", Level: check.Error,
		Title: "The session cookie is set without HttpOnly.",
		Hint:  "Set SESSION_COOKIE_HTTPONLY, so that an injected script cannot carry the session away.",
		Why: "One script that gets into one page can read the cookie and send it away. A thief then has the " +
			"session on another machine, for as long as it lasts.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#httponly-attribute",
		Setting: "SESSION_COOKIE_HTTPONLY",
		Find:    p.cookies(func(c cookie) bool { return p.isSession(c) && !c.has("httponly") }),
	}, {
		ID: "probe.W020", Level: check.Warning,
		Title: "A cookie is set without SameSite, or with SameSite=None.",
		Hint:  "Set SameSite=Lax or Strict, so that browsers do not send the cookie with other sites' requests.",
		Why: "The cookie goes along with requests that other sites make, which is what forged requests and many " +
			"leaks across sites live on. What browsers do without the attribute differs.",
		See: "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#samesite-attribute",
		Find: p.cookies(func(c cookie) bool {
			v := strings.ToLower(c.attributes["samesite"])
			return v != "lax" && v != "strict"
		}),
	}, {
		ID: "probe.W021", Level: check.Warning,
		Title: "The session cookie's name lacks the __Host- prefix.",
		Hint:  "Name it __Host-" + p.SessionCookie + ", so that no other host of the domain can set it.",
		Why: "Any subdomain, and anybody who answers for one over http, can put a session cookie of their own into " +
			"a visitor's browser: what the visitor then types is typed into the attacker's account.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#cookie-name-prefixes",
		Setting: "SESSION_COOKIE_NAME",
		Find:    p.cookies(func(c cookie) bool { return p.isSession(c) && !strings.HasPrefix(c.name, "__Host-") }),
	}, {
		ID: "probe.I022", Level: check.Info,
		Title: "A cookie's name lacks the __Host- prefix.",
		Hint:  "With the prefix no other host of the domain can set the cookie. It needs Secure, Path=/ and no Domain.",
		Why: "Whoever controls another host of the domain can overwrite the cookie. How much that matters depends " +
			"on what it says.",
		See: "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#cookie-name-prefixes",
		Find: p.cookies(func(c cookie) bool {
			return !p.isSession(c) && !strings.HasPrefix(c.name, "__Host-") && !strings.HasPrefix(c.name, "__Secure-")
		}),
	}, {
		ID: "probe.W023", Level: check.Warning,
		Title: "A shared cache may keep an answer that is meant for one visitor.",
		Hint:  "Send Cache-Control: private or no-store with every answer that sets a cookie or carries a nonce.",
		Why: "A proxy or CDN may store the answer and give it to the next visitor, with the first one's session " +
			"cookie or page.",
		See:  "https://www.rfc-editor.org/rfc/rfc9111#section-7.3",
		Find: p.findCacheable,
	}}
	if p.InsecureHTTP {
		checks[0].Find = nothing
	}
	if p.InsecureHTTP || p.InsecurePlainCookies {
		checks[3].Find, checks[4].Find = nothing, nothing
	}
	return checks
}

// cookie is a Set-Cookie line as a browser reads it (RFC 6265 5.2), without the value, which is nobody's business.
type cookie struct {
	name       string
	attributes map[string]string
}

func (c cookie) has(attribute string) bool { _, ok := c.attributes[attribute]; return ok }

// gone reports whether browsers drop the cookie at once: it is being deleted. Max-Age counts before Expires.
func (c cookie) gone() bool {
	lasts, known := c.lasts()
	return known && lasts <= 0
}

// lasts returns for how long browsers keep the cookie, unless that is until they are closed.
func (c cookie) lasts() (time.Duration, bool) {
	if n, err := strconv.ParseInt(c.attributes["max-age"], 10, 64); err == nil {
		return time.Duration(min(max(n, -1), 1<<32)) * time.Second, true
	}
	if at, err := http.ParseTime(strings.ReplaceAll(c.attributes["expires"], "-", " ")); err == nil {
		return time.Until(at), true
	}
	return 0, false
}

func (c cookie) edge() bool {
	return slices.ContainsFunc(edge, func(begin string) bool { return strings.HasPrefix(c.name, begin) })
}

func parseCookie(line string) cookie {
	pair, rest, _ := strings.Cut(line, ";")
	name, _, _ := strings.Cut(pair, "=")
	c := cookie{name: strings.TrimSpace(name), attributes: map[string]string{}}
	for part := range strings.SplitSeq(rest, ";") {
		key, value, _ := strings.Cut(part, "=")
		c.attributes[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
	}
	return c
}

func (p *prober) isSession(c cookie) bool {
	return strings.TrimPrefix(strings.TrimPrefix(c.name, "__Host-"), "__Secure-") == p.SessionCookie
}

// cookies makes the Find of a rule about every cookie that is set. What deletes a cookie is left alone.
func (p *prober) cookies(bad func(cookie) bool) func(context.Context) ([]check.Finding, error) {
	return func(ctx context.Context) ([]check.Finding, error) {
		answers, err := p.seen(ctx)
		if err != nil {
			return nil, err
		}
		redirect, err := p.get(ctx, p.plain(""))
		if err == nil {
			answers = append(answers, redirect)
		} else if !refused(err) {
			return nil, err
		}
		return wrong(answers, "", func(a answer) (string, bool) {
			names := badCookies(a, bad)
			return strings.Join(names, ", "), len(names) > 0
		}), nil
	}
}

func badCookies(a answer, bad func(cookie) bool) (names []string) {
	for _, line := range a.header["Set-Cookie"] {
		if c := parseCookie(line); !c.gone() && bad(c) {
			names = append(names, c.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// findCacheable judges answers by what they say to caches. One that says nothing but Vary: Cookie, as Django's do, is kept
// by none that follows the rules except for who comes without a cookie.
func (p *prober) findCacheable(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.seen(ctx)
	quiet := func(a answer) bool { return len(directives(a)) == 0 && varies(a, "Cookie") }
	open := wrong(answers, "", func(a answer) (string, bool) {
		return personal(a), personal(a) != "" && !private(a) && !quiet(a)
	})
	silent := wrong(answers, "", func(a answer) (string, bool) { return personal(a), personal(a) != "" && quiet(a) })
	for i := range silent {
		silent[i].Level = check.Info
	}
	return append(open, silent...), err
}

// private reports whether shared caches keep their hands off the answer.
func private(a answer) bool {
	for _, line := range a.header["Cache-Control"] {
		for directive := range strings.SplitSeq(line, ",") {
			switch strings.ToLower(strings.TrimSpace(directive)) {
			case "private", "no-store":
				return true
			}
		}
	}
	return false
}
