package probe

import (
	"regexp"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// credential matches the names of cookies that log somebody in, as frameworks and people call them.
var credential = regexp.MustCompile(`(?i)sess|(?:^|[._-])sid$|^sid\b|auth|token|jwt|remember|^PLAY_|aspxauth`)

// forgery matches the names of cookies that scripts or forms have to repeat.
var forgery = regexp.MustCompile(`(?i)csrf|xsrf|antiforgery`)

// loginCookie reports whether who has the cookie is, by its name, somebody else.
func (p *prober) loginCookie(c cookie) bool {
	return p.isSession(c) || credential.MatchString(c.name) && !forgery.MatchString(c.name)
}

// jarRules are about cookies of any name.
func (p *prober) jarRules() []check.Check {
	return []check.Check{{
		ID: "probe.E044", Level: check.Error,
		Title: "A cookie breaks the promise of its name, so that browsers drop it.",
		Hint:  "__Host- needs Secure, Path=/ and no Domain; __Secure- needs Secure.",
		Why:   "Nobody can log in, or whatever else the cookie is for does not work.",
		See:   "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3",
		Find:  p.cookies(broken),
	}, {
		ID: "probe.W045", Level: check.Warning,
		Title: "A cookie that protects the login is shared with every host below a domain.",
		Hint:  "Leave Domain out (SESSION_COOKIE_DOMAIN, CSRF_COOKIE_DOMAIN unset).",
		Why: "Each of these hosts, a forgotten one included, reads the session and can set one of its own for the visitors " +
			"of this site.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#domain-and-path-attributes",
		Setting: "SESSION_COOKIE_DOMAIN",
		Find: p.cookies(func(c cookie) bool {
			return c.attributes["domain"] != "" && (p.loginCookie(c) || forgery.MatchString(c.name))
		}),
	}, {
		ID: "probe.W046", Level: check.Warning,
		Title: "A cookie that logs somebody in lasts for more than a year.",
		Hint:  "Let sessions end after days or weeks (SESSION_COOKIE_AGE), and let people who want to stay longer log in again.",
		Why:   "A cookie that leaks, from a backup or a sold computer, still opens the account.",
		See:   "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#session-expiration",
		Find: p.cookies(func(c cookie) bool {
			lasts, known := c.lasts()
			return known && lasts > 366*24*time.Hour && p.loginCookie(c)
		}),
		Setting: "SESSION_COOKIE_AGE",
	}, {
		ID: "probe.W047", Level: check.Warning,
		Title: "A cookie that logs somebody in, by its name, is set without HttpOnly.",
		Hint:  "Set HttpOnly. If scripts need to know whether somebody is logged in, tell them with another cookie.",
		Why:   "A script that gets into one page carries the login away.",
		See:   "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#httponly-attribute",
		Find: p.cookies(func(c cookie) bool {
			return p.loginCookie(c) && !p.isSession(c) && !c.edge() && !c.has("httponly")
		}),
	}}
}

// broken reports whether browsers drop the cookie for its name. They compare names without case.
func broken(c cookie) bool {
	name, secure := strings.ToLower(c.name), c.has("secure")
	switch {
	case strings.HasPrefix(name, "__host-"):
		return !secure || c.attributes["path"] != "/" || c.attributes["domain"] != ""
	case strings.HasPrefix(name, "__secure-"):
		return !secure
	}
	return false
}
