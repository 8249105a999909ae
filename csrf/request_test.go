package csrf_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

// serve answers one request with page behind the guard.
func serve(t *testing.T, cfg csrf.Config, r *http.Request, page http.HandlerFunc) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	newGuard(t, cfg).Handler(page).ServeHTTP(w, r)
	return w
}

var wellFormed = regexp.MustCompile(`^[a-zA-Z0-9]{64}$`)

func TestToken(t *testing.T) {
	var first, second string
	w := serve(t, csrf.Config{}, newRequest("GET", site), func(_ http.ResponseWriter, r *http.Request) {
		first, second = csrf.Token(r.Context()), csrf.Token(r.Context())
	})
	if !wellFormed.MatchString(first) || !wellFormed.MatchString(second) || first == second {
		t.Errorf("got %q and %q, want two different tokens of 64 letters and digits", first, second)
	}
	set := w.Header()["Set-Cookie"]
	want := regexp.MustCompile(`^__Host-csrftoken=([a-zA-Z0-9]{32}); Max-Age=31449600; HttpOnly; Path=/; SameSite=Lax; Secure$`)
	if len(set) != 1 || !want.MatchString(set[0]) {
		t.Fatalf("got cookies %q, want one like %s", set, want)
	}
	if got := w.Header()["Vary"]; !slices.Equal(got, []string{"Cookie"}) {
		t.Errorf("got Vary %q, want Cookie", got)
	}
	kept := "Cookie: __Host-csrftoken=" + want.FindStringSubmatch(set[0])[1]
	for _, token := range []string{first, second} {
		if err := newGuard(t, csrf.Config{}).Check(newRequest("POST", site, kept, "X-CSRFToken: "+token)); err != nil {
			t.Errorf("the token is refused with its cookie: %v", err)
		}
	}
}

func TestNothingIsSetUntilAskedFor(t *testing.T) {
	w := serve(t, csrf.Config{}, newRequest("GET", site), func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "page")
	})
	for _, name := range []string{"Set-Cookie", "Vary", "Cache-Control"} {
		if got := w.Header()[name]; got != nil {
			t.Errorf("%s: got %q, want none", name, got)
		}
	}
}

func TestKnownSecretStaysAndItsCookieIsSentAgain(t *testing.T) {
	for _, row := range []struct{ name, value string }{
		{"a secret", secret},
		{"a masked one, as Django before 4.1 stored it, is stored unmasked", masked},
	} {
		w := serve(t, csrf.Config{}, newRequest("GET", site, "Cookie: __Host-csrftoken="+row.value),
			func(_ http.ResponseWriter, r *http.Request) { csrf.Token(r.Context()) })
		if got := w.Header().Get("Set-Cookie"); !strings.HasPrefix(got, "__Host-csrftoken="+secret+"; Max-Age=31449600;") {
			t.Errorf("%s: got %q, want the same secret with its age anew", row.name, got)
		}
	}
}

func TestCookieAttributes(t *testing.T) {
	for _, row := range []struct {
		name, site string
		cfg        csrf.Config
		want       string // with V for the value
	}{
		{"development over http", "http://localhost:8000", csrf.Config{},
			"csrftoken=V; Max-Age=31449600; HttpOnly; Path=/; SameSite=Lax"},
		{"as Django beside it", site,
			csrf.Config{Django: true, CookieScriptReadable: true, Cookies: cookies.Config{InsecurePlainNames: true}},
			"csrftoken=V; Max-Age=31449600; Path=/; SameSite=Lax; Secure"},
		{"everything set", site, csrf.Config{CookieName: "xsrf", CookieAge: time.Hour, CookieDomain: "victim.com",
			CookiePath: "/app", CookieSameSite: http.SameSiteStrictMode},
			"__Secure-xsrf=V; Max-Age=3600; Domain=victim.com; HttpOnly; Path=/app; SameSite=Strict; Secure"},
		{"until the browser closes", site, csrf.Config{CookieAge: -1},
			"__Host-csrftoken=V; HttpOnly; Path=/; SameSite=Lax; Secure"},
		{"insecure on https", site, csrf.Config{InsecureCookie: true},
			"csrftoken=V; Max-Age=31449600; HttpOnly; Path=/; SameSite=Lax"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := serve(t, row.cfg, newRequest("GET", row.site), func(_ http.ResponseWriter, r *http.Request) {
				if err := csrf.EnsureCookie(r.Context()); err != nil {
					t.Error(err)
				}
			})
			got := regexp.MustCompile(`=[a-zA-Z0-9]{32};`).ReplaceAllString(w.Header().Get("Set-Cookie"), "=V;")
			if got != row.want {
				t.Errorf("\n got %q\nwant %q", got, row.want)
			}
		})
	}
}

// Bad input 26: a page with a token, or a cookie, in a shared cache.
func TestPagesWithTokensAreNotShared(t *testing.T) {
	for _, row := range []struct{ name, have, want string }{
		{"unset", "", "private"},
		{"public", "Public, max-age=60", "max-age=60, private"},
		{"no-store", "no-store", "no-store"},
	} {
		w := serve(t, csrf.Config{}, newRequest("GET", site), func(w http.ResponseWriter, r *http.Request) {
			csrf.Token(r.Context())
			if row.have != "" {
				w.Header().Set("Cache-Control", row.have)
			}
			w.Header().Set("Vary", "Accept")
			_, _ = io.WriteString(w, "page")
		})
		if got := w.Header()["Cache-Control"]; !slices.Equal(got, []string{row.want}) {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
		if got := w.Header()["Vary"]; !slices.Equal(got, []string{"Accept", "Cookie"}) {
			t.Errorf("%s: got Vary %q, want Accept and Cookie", row.name, got)
		}
	}
}

// Bad input 18: a token that somebody knew before the login is worth nothing after it.
func TestRotate(t *testing.T) {
	var after string
	w := serve(t, csrf.Config{}, newRequest("POST", site, cookie, "X-CSRFToken: "+masked),
		func(_ http.ResponseWriter, r *http.Request) {
			csrf.Token(r.Context())
			if err := csrf.Rotate(r.Context()); err != nil {
				t.Error(err)
			}
			after = csrf.Token(r.Context())
		})
	set := w.Header()["Set-Cookie"]
	if len(set) != 1 || !strings.HasPrefix(set[0], "__Host-csrftoken=") || strings.Contains(set[0], secret) {
		t.Fatalf("got cookies %q, want one with another secret", set)
	}
	kept := "Cookie: " + strings.SplitN(set[0], ";", 2)[0]
	g := newGuard(t, csrf.Config{})
	if got := reason(t, g.Check(newRequest("POST", site, kept, "X-CSRFToken: "+masked))); got != "CSRF_TOKEN_INCORRECT" {
		t.Errorf("the token from before: got %q, want CSRF_TOKEN_INCORRECT", got)
	}
	if err := g.Check(newRequest("POST", site, kept, "X-CSRFToken: "+after)); err != nil {
		t.Errorf("the token from after: %v", err)
	}
}

// Bad input 18: the session holds the secret, so no cookie can fix it, and another session's token is refused.
func TestSessions(t *testing.T) {
	mine := &stored{}
	cfg := csrf.Config{UseSessions: true, Secrets: mine, Cookies: cookies.Config{InsecurePlainNames: true}}
	var token string
	w := serve(t, cfg, newRequest("GET", site), func(_ http.ResponseWriter, r *http.Request) { token = csrf.Token(r.Context()) })
	if got := w.Header()["Set-Cookie"]; got != nil {
		t.Errorf("got cookies %q, want none", got)
	}
	if len(mine.secret) != 32 {
		t.Fatalf("the session holds %d characters, want 32", len(mine.secret))
	}
	if got := w.Header().Get("Cache-Control"); got != "private" {
		t.Errorf("got Cache-Control %q, want private", got)
	}
	g := newGuard(t, cfg)
	if err := g.Check(newRequest("POST", site, "X-CSRFToken: "+token)); err != nil {
		t.Errorf("the session's token: %v", err)
	}
	fixed := newRequest("POST", site, "Cookie: csrftoken="+secret, "X-CSRFToken: "+masked)
	if got := reason(t, g.Check(fixed)); got != "CSRF_TOKEN_INCORRECT" {
		t.Errorf("a cookie and its token: got %q, want CSRF_TOKEN_INCORRECT", got)
	}
	mine.secret = ""
	if got := reason(t, g.Check(newRequest("POST", site, "X-CSRFToken: "+token))); got != "NO_CSRF_COOKIE" {
		t.Errorf("after the session's end: got %q, want NO_CSRF_COOKIE", got)
	}
}

// A visitor who logs out and gets a form in the same answer needs a token that fits what the session holds by then.
func TestSessionThatEndsMeanwhile(t *testing.T) {
	mine := &stored{secret: secret}
	cfg := csrf.Config{UseSessions: true, Secrets: mine}
	var token string
	serve(t, cfg, newRequest("GET", site), func(_ http.ResponseWriter, r *http.Request) {
		csrf.Token(r.Context())
		mine.secret = ""
		token = csrf.Token(r.Context())
	})
	if mine.secret == secret {
		t.Error("the old secret is back")
	}
	if err := newGuard(t, cfg).Check(newRequest("POST", site, "X-CSRFToken: "+token)); err != nil {
		t.Error(err)
	}
}

// broken is a session that cannot be written.
type broken struct{ stored }

var errBroken = errors.New("store down")

func (broken) SetCSRFSecret(http.ResponseWriter, *http.Request, string) error { return errBroken }

func TestSessionThatFails(t *testing.T) {
	cfg := csrf.Config{UseSessions: true, Secrets: &broken{}}
	serve(t, cfg, newRequest("GET", site), func(_ http.ResponseWriter, r *http.Request) {
		if got := csrf.Token(r.Context()); got != "" {
			t.Errorf("got token %q, want none", got)
		}
		if err := csrf.Rotate(r.Context()); !errors.Is(err, errBroken) {
			t.Errorf("Rotate: got %v, want %v", err, errBroken)
		}
	})
}

func TestAfterTheHeader(t *testing.T) {
	serve(t, csrf.Config{}, newRequest("GET", site), func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "page")
		if token, field := csrf.Token(r.Context()), csrf.Field(r.Context()); token != "" || field != "" {
			t.Errorf("got %q and %q, want none: its cookie can no longer be set", token, field)
		}
		if csrf.Rotate(r.Context()) == nil || csrf.EnsureCookie(r.Context()) == nil {
			t.Error("Rotate or EnsureCookie reports success, want an error")
		}
	})
	serve(t, csrf.Config{}, newRequest("GET", site, cookie), func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "page")
		if csrf.Token(r.Context()) == "" {
			t.Error("no token, want one: the visitor has the cookie")
		}
	})
}

func TestWithoutAGuard(t *testing.T) {
	page := func(_ http.ResponseWriter, r *http.Request) {
		if token, field := csrf.Token(r.Context()), csrf.Field(r.Context()); token != "" || field != "" {
			t.Errorf("got %q and %q, want none", token, field)
		}
		if err := errors.Join(csrf.Rotate(r.Context()), csrf.EnsureCookie(r.Context())); err != nil {
			t.Error(err)
		}
		if csrf.Refused(r.Context()) != nil {
			t.Error("a refusal, want none")
		}
	}
	page(nil, newRequest("GET", site))
	w := serve(t, csrf.Config{InsecureOff: true}, newRequest("POST", site, "Sec-Fetch-Site: cross-site"), page)
	if w.Code != http.StatusOK {
		t.Errorf("InsecureOff: got status %d, want 200", w.Code)
	}
}

func TestField(t *testing.T) {
	want := regexp.MustCompile(`^<input type="hidden" name="csrfmiddlewaretoken" value="[a-zA-Z0-9]{64}">$`)
	serve(t, csrf.Config{}, newRequest("GET", site), func(_ http.ResponseWriter, r *http.Request) {
		if got := string(csrf.Field(r.Context())); !want.MatchString(got) {
			t.Errorf("got %q, want %s", got, want)
		}
	})
}

func TestFailure(t *testing.T) {
	failure := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, string(csrf.Refused(r.Context()).Reason))
	})
	w := serve(t, csrf.Config{Failure: failure}, newRequest("POST", site, "Origin: https://evil.com"), nil)
	if w.Code != http.StatusTeapot || w.Body.String() != "BAD_ORIGIN" {
		t.Errorf("got %d %q, want 418 and the reason", w.Code, w.Body)
	}
}

// pages stands for the errorpages part.
type pages struct{ cause error }

func (p *pages) ServeError(w http.ResponseWriter, _ *http.Request, status int, cause error) {
	p.cause = cause
	w.WriteHeader(status)
}
func (*pages) WantsCause(*http.Request) bool { return true }

func (*pages) Replaces(*http.Request, int, http.Header) bool { return false }

func TestErrorPagesGetTheRefusal(t *testing.T) {
	p := &pages{}
	s, w, r := httpx.Begin(httptest.NewRecorder(), newRequest("POST", site, "Origin: https://evil.com"))
	s.Pages = p
	newGuard(t, csrf.Config{}).Handler(http.NotFoundHandler()).ServeHTTP(w, r)
	if got := reason(t, p.cause); got != "BAD_ORIGIN" {
		t.Errorf("got %q, want BAD_ORIGIN", got)
	}
	ref, _ := errors.AsType[*csrf.Refusal](p.cause)
	if got := ref.Saw.Origin; got != "https://evil.com" {
		t.Errorf("it saw Origin %q, want https://evil.com", got)
	}
	if got, want := p.cause.Error(), ref.Error(); got != want {
		t.Errorf("got text %q, want %q", got, want)
	}
	if errors.As(p.cause, new(*http.MaxBytesError)) {
		t.Error("the refusal is taken for another error")
	}
}

// Bad input 16: exempt is what is written, and nothing that a router would take for it.
func TestExemptIsExact(t *testing.T) {
	g := newGuard(t, csrf.Config{InsecureExempt: []string{"POST /hooks/billing"}})
	for _, row := range []struct {
		method, target string
		want           csrf.Reason
	}{
		{"POST", "/hooks/billing", pass},
		{"POST", "/hooks/billing?x=1", pass},
		{"PUT", "/hooks/billing", "CROSS_SITE"},
		{"POST", "/hooks/billing/", "CROSS_SITE"},
		{"POST", "/hooks/billing/x", "CROSS_SITE"},
		{"POST", "/hooks//billing", "CROSS_SITE"},
		{"POST", "/hooks/x/../billing", "CROSS_SITE"},
		{"POST", "/hooks/./billing", "CROSS_SITE"},
		{"POST", "/hooks%2Fbilling", "CROSS_SITE"},
		{"POST", "/Hooks/billing", "CROSS_SITE"},
		{"POST", "/hooks/billing;x", "CROSS_SITE"},
		{"POST", "/", "CROSS_SITE"},
		{"POST", "http://victim.com/hooks/billing", pass},
	} {
		r := httptest.NewRequest(row.method, row.target, nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := reason(t, g.Check(r)); got != row.want {
			t.Errorf("%s %s: got %q, want %q", row.method, row.target, got, row.want)
		}
	}
}

func TestDjangoReplacesAMalformedCookie(t *testing.T) {
	for _, row := range []struct{ name, value string }{
		{"of a wrong length", "abc"}, {"with wrong characters", strings.Repeat("-", 32)},
	} {
		cfg := csrf.Config{Django: true}
		for _, method := range []string{"GET", "POST"} {
			var token string
			r := newRequest(method, site, "Cookie: __Host-csrftoken="+row.value)
			w := httptest.NewRecorder()
			g := newGuard(t, cfg)
			page := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { token = csrf.Token(r.Context()) })
			g.Handler(g.Handler(page)).ServeHTTP(w, r) // twice, as where a part of the site is wrapped once more
			set := w.Header()["Set-Cookie"]
			if len(set) != 1 || strings.Contains(set[0], row.value+";") {
				t.Fatalf("%s, %s: got cookies %q, want one new", row.name, method, set)
			}
			if method == "POST" {
				continue
			}
			kept := "Cookie: " + strings.SplitN(set[0], ";", 2)[0]
			again := newRequest("POST", site, "Origin: "+site, kept, "X-CSRFToken: "+token)
			if err := g.Check(again); err != nil {
				t.Errorf("%s: the page's token does not fit the new cookie: %v", row.name, err)
			}
		}
	}
}
