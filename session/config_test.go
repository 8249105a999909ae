package session_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/session"
)

func TestNewReportsEveryMistakeAtOnce(t *testing.T) {
	_, err := session.New(session.Config{
		Age: -time.Hour, Idle: -time.Hour, CookieName: "a b", CookieDomain: "github.io", CookiePath: "x",
		CookieSameSite: http.SameSiteNoneMode, InsecureCookie: true,
	})
	if err == nil {
		t.Fatal("New accepts everything")
	}
	for _, want := range []string{
		"no Store is set: use session.NewCookie", "SESSION_COOKIE_AGE", "SESSION_IDLE_AGE", "SESSION_COOKIE_NAME",
		"the name may hold", "public suffix", "does not begin with /", "SESSION_COOKIE_SAMESITE",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

func TestNewAcceptsOrRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  session.Config
		want string // of the error; empty for none
	}{
		{"the defaults", session.Config{}, ""},
		{"an age of a second", session.Config{Age: time.Second}, ""},
		{"an age of less", session.Config{Age: time.Millisecond}, "SESSION_COOKIE_AGE"},
		{"an age of more than a hundred years", session.Config{Age: 101 * 365 * day}, "SESSION_COOKIE_AGE"},
		{"an idle age of less than a second", session.Config{Idle: 1}, "SESSION_IDLE_AGE"},
		{"SameSite=None on https", session.Config{CookieSameSite: http.SameSiteNoneMode}, ""},
		{"SameSite=None over http", session.Config{CookieSameSite: http.SameSiteNoneMode, InsecureCookie: true}, "SESSION_COOKIE_SAMESITE"},
		{"a name with a prefix", session.Config{CookieName: "__Host-x"}, "SESSION_COOKIE_NAME"},
		{"a domain", session.Config{CookieDomain: "example.com"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.cfg.Store = newMemory(t)
			_, err := session.New(row.cfg)
			if got := err != nil; got != (row.want != "") || got && !strings.Contains(err.Error(), row.want) {
				t.Errorf("New = %v, want %q", err, row.want)
			}
		})
	}
}

func TestChecks(t *testing.T) {
	memory, cookie := newMemory(t), cookieStore(t)
	insecure, script := session.Config{InsecureCookie: true}, session.Config{InsecureScriptAccess: true}
	with := func(c session.Config, p session.Presence) session.Config { c.Presence = p; return c }
	checktest.Run(t, session.Config.Checks, []checktest.Case[session.Config]{
		{ID: "security.W010", Raises: with(insecure, session.ApplicationOnly), Clean: insecure},
		{ID: "security.W011", Raises: with(insecure, session.MiddlewareOnly), Clean: with(insecure, session.ApplicationOnly)},
		{ID: "security.W012", Raises: insecure, Clean: script},
		{ID: "security.W012", Raises: insecure, Clean: with(insecure, session.MiddlewareOnly)},
		{ID: "security.W012", Raises: insecure, Clean: session.Config{InsecureCookie: true, InsecureOff: true}},
		{ID: "security.W013", Raises: with(script, session.ApplicationOnly), Clean: script},
		{ID: "security.W014", Raises: with(script, session.MiddlewareOnly), Clean: with(script, session.ApplicationOnly)},
		{ID: "security.W015", Raises: script, Clean: insecure},
		{ID: "session.W001", Raises: session.Config{CookieSameSite: http.SameSiteNoneMode}, Clean: session.Config{CookieSameSite: http.SameSiteLaxMode}},
		{ID: "session.W002", Raises: session.Config{Age: 90*day + time.Second}, Clean: session.Config{Age: 90 * day}},
		{ID: "session.W002", Raises: session.Config{Age: 31 * 365 * day}, Clean: session.Config{}},
		{ID: "session.W003", Raises: session.Config{Age: 60 * day, Idle: 60 * day}, Clean: session.Config{Age: 60 * day, Idle: 30 * day}},
		{ID: "session.W003", Raises: session.Config{Age: 31 * day, Idle: 900 * day}, Clean: session.Config{Idle: 900 * day}},
		{ID: "session.W004", Raises: session.Config{Store: memory}, Clean: session.Config{Store: cookie}},
		{ID: "session.W005", Raises: session.Config{CookieDomain: "example.com"}, Clean: session.Config{}},
		{ID: "session.I001", Raises: session.Config{Store: cookie}, Clean: session.Config{Store: memory}},
		{ID: "session.I001", Raises: session.Config{Store: session.NewDjangoCookie(newRing(t, testKey))}, Clean: session.Config{}},
	})
}

func ExampleConfig_insecureCookie() {
	// Development on http://localhost, where no browser but Chrome and Firefox takes a Secure cookie.
	_ = session.Config{InsecureCookie: true}
	// Output:
}
