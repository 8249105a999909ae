package session_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
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

// Without InsecureCookie the cookie never goes over plain http. In development there may be no https.
func ExampleConfig_insecureCookie() {
	for _, insecure := range []bool{false, true} {
		fmt.Println(setCookie(session.Config{InsecureCookie: insecure}))
	}
	// Output:
	// __Host-sessionid; HttpOnly; Path=/; SameSite=Lax; Secure
	// sessionid; HttpOnly; Path=/; SameSite=Lax
}

// A page whose own scripts have to send the session's id to another service, and only that, needs InsecureScriptAccess.
func ExampleConfig_insecureScriptAccess() {
	fmt.Println(setCookie(session.Config{InsecureScriptAccess: true}))
	// Output: __Host-sessionid; Path=/; SameSite=Lax; Secure
}

// An application that knows its visitors by other means, such as client certificates, switches sessions off.
func ExampleConfig_insecureOff() {
	m, err := session.New(session.Config{InsecureOff: true})
	if err != nil {
		panic(err)
	}
	m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(session.From(r.Context()) == nil)
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	// Output: true
}

// setCookie returns the cookie that a request over plain http gets, without its value.
func setCookie(cfg session.Config) string {
	store := session.NewMemory(session.MemoryOptions{})
	defer func() { _ = store.Close() }()
	cfg.Store, cfg.ExpireAtBrowserClose = store, true
	m, err := session.New(cfg)
	if err != nil {
		panic(err)
	}
	rec := httptest.NewRecorder()
	m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = session.From(r.Context()).Set("k", "v")
	})).ServeHTTP(rec, httptest.NewRequest("GET", "http://localhost/", nil))
	cookie := rec.Header().Get("Set-Cookie")
	name, rest, _ := strings.Cut(cookie, "=")
	_, attributes, _ := strings.Cut(rest, ";")
	return name + ";" + attributes
}
