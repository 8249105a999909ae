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
	return append(full.djangoChecks(), full.ownChecks()...)
}

var tags = []string{"security", "session"}

// rule returns a check for deployments, which have to be safe where development need not be.
func rule(id string, level check.Level, wrong bool, setting, title, hint string) check.Check {
	return check.Check{
		ID: id, Level: level, Tags: tags, Deploy: true, Needs: check.Settings, Title: title, Hint: hint,
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(wrong, check.Finding{Setting: setting})
		},
	}
}

func (c Config) djangoChecks() []check.Check {
	const (
		insecure = "The session cookie also goes over plain http, where anybody on the way can read and use it."
		script   = "Scripts can read the session cookie, so that one injected script takes the session away."
		secure   = "Set SESSION_COOKIE_SECURE to true and serve the site over https."
		httpOnly = "Set SESSION_COOKIE_HTTPONLY to true."
	)
	plain := func(id string, p Presence) check.Check {
		wrong := c.Presence == p && c.InsecureCookie
		return rule(id, check.Warning, wrong, "SESSION_COOKIE_SECURE", insecure, secure)
	}
	readable := func(id string, p Presence) check.Check {
		wrong := c.Presence == p && c.InsecureScriptAccess
		return rule(id, check.Warning, wrong, "SESSION_COOKIE_HTTPONLY", script, httpOnly)
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
	return []check.Check{
		rule("session.W001", check.Warning, c.CookieSameSite == http.SameSiteNoneMode, "SESSION_COOKIE_SAMESITE",
			"Every other site's requests carry the session cookie.",
			"Leave SESSION_COOKIE_SAMESITE at Lax unless the site has to work inside the frames of another."),
		rule("session.W002", check.Warning, c.Age > longAge, "SESSION_COOKIE_AGE",
			"Sessions last longer than 90 days: a stolen one is good for as long.",
			"Lower SESSION_COOKIE_AGE; two weeks is the default."),
		rule("session.W003", check.Warning, min(c.Idle, c.Age) > longIdle, "SESSION_IDLE_AGE",
			"Sessions that nobody uses last longer than 30 days.",
			"Lower SESSION_IDLE_AGE; a day is the default."),
		rule("session.W004", check.Warning, memory, "",
			"Sessions are kept in memory: a restart logs everybody out, and a second process knows none of them.",
			"Use drivers/sqlstore, drivers/redisstore or session.NewCookie."),
		rule("session.W005", check.Warning, c.CookieDomain != "", "SESSION_COOKIE_DOMAIN",
			"Every subdomain gets the session cookie and can set one in its place.",
			"Leave SESSION_COOKIE_DOMAIN unset unless all subdomains are trusted like the site itself."),
		rule("session.I001", check.Info, cookie, "",
			"Sessions are kept in their cookies: a copied cookie works until it expires, whatever logout or new password.",
			"Use drivers/sqlstore or drivers/redisstore where sessions have to be ended at once."),
	}
}
