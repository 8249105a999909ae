package session

import (
	"context"
	"net/http"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// Presence says which halves of Django's sessions a Django project has installed. Only [Config.Checks] asks for it. A
// Go application has both by having a Manager.
type Presence int

// The ways in which a Django project can have sessions. One that has neither half is InsecureOff.
const (
	Complete        Presence = iota // the application and the middleware
	ApplicationOnly                 // django.contrib.sessions alone
	MiddlewareOnly                  // SessionMiddleware alone
)

// Bounds beyond which an age is reported.
const (
	longAge  = 90 * 24 * time.Hour
	longIdle = 30 * 24 * time.Hour
)

// Checks returns what can be wrong with c. Of Django's rules those come that Presence asks for.
func (c Config) Checks() []check.Check {
	if c.InsecureOff {
		c = Config{} // of which nothing is wrong: the rules still look
	}
	full := c.complete()
	rules := append(full.djangoChecks(), full.ownChecks()...)
	for i := range rules {
		rules[i].Tags, rules[i].Deploy, rules[i].Needs = tags, true, check.Settings
	}
	return rules
}

func when(wrong bool) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) ([]check.Finding, error) { return check.When(wrong, check.Finding{}) }
}

var tags = []string{"security", "session"}

func (c Config) djangoChecks() []check.Check {
	plain := func(id string, p Presence) check.Check {
		return check.Check{
			ID: id, Level: check.Warning,
			Title: "The session cookie also goes over plain http, where anybody on the way can read and use it.",
			Hint:  "Set SESSION_COOKIE_SECURE to true and serve the site over https.",
			Why: "One request over http, such as for an image that somebody put on another page, is enough: " +
				"whoever listens has the session, and is the visitor as long as it lasts.",
			See:     "https://docs.djangoproject.com/en/stable/ref/settings/#session-cookie-secure",
			Setting: "SESSION_COOKIE_SECURE",
			Find:    when(c.Presence == p && c.InsecureCookie),
		}
	}
	readable := func(id string, p Presence) check.Check {
		return check.Check{
			ID: id, Level: check.Warning,
			Title: "Scripts can read the session cookie, so that one injected script takes the session away.",
			Hint:  "Set SESSION_COOKIE_HTTPONLY to true.",
			Why: "Without the flag an injected script sends the cookie to the attacker, who is then logged in on " +
				"another machine, long after the page was closed.",
			See:     "https://docs.djangoproject.com/en/stable/ref/settings/#session-cookie-httponly",
			Setting: "SESSION_COOKIE_HTTPONLY",
			Find:    when(c.Presence == p && c.InsecureScriptAccess),
		}
	}
	return []check.Check{
		plain("security.W010", ApplicationOnly),
		plain("security.W011", MiddlewareOnly),
		plain("security.W012", Complete),
		readable("security.W013", ApplicationOnly),
		readable("security.W014", MiddlewareOnly),
		readable("security.W015", Complete),
	}
}

func (c Config) ownChecks() []check.Check {
	_, memory := c.Store.(*Memory)
	_, cookie := c.Store.(interface{ inCookie() })
	return []check.Check{{
		ID: "session.W001", Level: check.Warning,
		Title: "Every other site's requests carry the session cookie.",
		Hint:  "Leave SESSION_COOKIE_SAMESITE at Lax unless the site has to work inside the frames of another.",
		Why: "A page elsewhere makes a visitor's browser send requests that are logged in: the ground of forged " +
			"forms, and of telling from the time an answer takes who the visitor is.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#session-cookie-samesite",
		Setting: "SESSION_COOKIE_SAMESITE",
		Find:    when(c.CookieSameSite == http.SameSiteNoneMode),
	}, {
		ID: "session.W002", Level: check.Warning,
		Title: "Sessions last longer than 90 days: a stolen one is good for as long.",
		Hint:  "Lower SESSION_COOKIE_AGE; two weeks is the default.",
		Why: "A cookie from a sold laptop, a backup or a shared machine still logs its finder in, months after " +
			"anybody thought of it.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#absolute-timeout",
		Setting: "SESSION_COOKIE_AGE",
		Find:    when(c.Age > longAge),
	}, {
		ID: "session.W003", Level: check.Warning,
		Title: "Sessions that nobody uses last longer than 30 days.",
		Hint:  "Lower SESSION_IDLE_AGE; a day is the default.",
		Why: "Whoever forgot to log out, in a library or on a borrowed phone, stays logged in there for everybody " +
			"who comes after.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#idle-timeout",
		Setting: "SESSION_IDLE_AGE",
		Find:    when(min(c.Idle, c.Age) > longIdle),
	}, {
		ID: "session.W004", Level: check.Warning,
		Title: "Sessions are kept in memory: a restart logs everybody out, and a second process knows none of them.",
		Hint:  "Use drivers/sqlstore, drivers/redisstore or session.NewCookie.",
		Why: "Each deployment throws all visitors out and loses what they had begun. With two processes behind a " +
			"balancer, visitors are logged in and out from one click to the next.",
		See:  "https://12factor.net/processes",
		Find: when(memory),
	}, {
		ID: "session.W005", Level: check.Warning,
		Title: "Every subdomain gets the session cookie and can set one in its place.",
		Hint:  "Leave SESSION_COOKIE_DOMAIN unset unless all subdomains are trusted like the site itself.",
		Why: "A blog, a test server or a forgotten name that somebody takes over is sent the session of each " +
			"visitor, the staff's included.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#domain-and-path-attributes",
		Setting: "SESSION_COOKIE_DOMAIN",
		Find:    when(c.CookieDomain != ""),
	}, {
		ID: "session.I001", Level: check.Info,
		Title: "Sessions are kept in their cookies: a copied cookie works until it expires, whatever logout or new password.",
		Hint:  "Use drivers/sqlstore or drivers/redisstore where sessions have to be ended at once.",
		Why: "There is nothing on the server to delete. Somebody who finds that their session was stolen cannot " +
			"end it, and nor can the staff.",
		See:  "https://docs.djangoproject.com/en/stable/topics/http/sessions/#using-cookie-based-sessions",
		Find: when(cookie),
	}}
}
