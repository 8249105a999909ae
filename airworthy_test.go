package airworthy_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/hosts"
	"github.com/airworthy-go/airworthy/https"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

// good returns settings with which a site is safe, and nothing to say about.
func good() airworthy.Settings {
	s := airworthy.Production()
	s.Keyring.Key = keyring.Generate()
	s.Hosts = hosts.Config{Allowed: []string{"example.com"}, HealthPath: "/healthz"}
	s.HTTPS = https.Config{HSTS: 31536000, IncludeSubdomains: true}
	s.Silenced = map[string]string{"security.W021": "the domain is not to be preloaded"}
	s.Logs = logs.Config{Output: io.Discard, AccessLog: logs.AccessOff}
	return s
}

// site is an application with a page of each kind.
func site() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "home") })
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("a bug") })
	mux.HandleFunc("GET /nonce", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, csp.Nonce(r.Context())) })
	mux.HandleFunc("GET /form", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, csrf.Token(r.Context())) })
	mux.HandleFunc("GET /read", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, session.From(r.Context()).String("name"))
	})
	mux.HandleFunc("POST /write", func(w http.ResponseWriter, r *http.Request) {
		if err := session.From(r.Context()).Set("name", "Ada"); err != nil {
			http.Error(w, "no session", http.StatusInternalServerError)
		}
	})
	return mux
}

func mustNew(t testing.TB, s airworthy.Settings) *airworthy.App {
	t.Helper()
	app, err := airworthy.New(s, site())
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// request returns a request as net/http's server would hand it over.
func request(method, scheme, host, path string, header ...string) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	r.Host = host
	if scheme == "https" {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func serve(app http.Handler, r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	app.ServeHTTP(rec, r)
	return rec.Result()
}

func TestNewSaysEverythingAtOnce(t *testing.T) {
	s := airworthy.Production()
	s.HTTPS.Preload = true // without a year and subdomains
	s.CSRF.TrustedOrigins = []string{"example.com"}
	_, err := airworthy.New(s, site())
	if err == nil {
		t.Fatal("settings without key and hosts were accepted")
	}
	for _, want := range []string{"SECRET_KEY", "ALLOWED_HOSTS", "SECURE_HSTS_PRELOAD", "CSRF_TRUSTED_ORIGINS"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s:\n%v", want, err)
		}
	}
	if n := len(airworthy.Faults(err)); n < 4 {
		t.Errorf("Faults returned %d lines, want one for each fault", n)
	}
	if _, err := airworthy.New(good(), nil); err == nil {
		t.Error("a nil application was accepted")
	}
}

// TestEveryAnswerHasTheHeaders asks for answers of every kind, refusals and errors included.
func TestEveryAnswerHasTheHeaders(t *testing.T) {
	app := mustNew(t, good())
	for _, c := range []struct {
		name   string
		r      *http.Request
		status int
	}{
		{"page", request("GET", "https", "example.com", "/"), 200},
		{"not found", request("GET", "https", "example.com", "/nowhere"), 404},
		{"wrong method", request("PUT", "https", "example.com", "/panic", "Sec-Fetch-Site", "same-origin"), 405},
		{"panic", request("GET", "https", "example.com", "/panic"), 500},
		{"forged host", request("GET", "https", "evil.example", "/"), 400},
		{"redirect", request("GET", "http", "example.com", "/"), 301},
		{"cross-site post", request("POST", "https", "example.com", "/write", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403},
		{"health", request("GET", "http", "10.0.0.7", "/healthz"), 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := serve(app, c.r)
			if res.StatusCode != c.status {
				t.Errorf("status %d, want %d", res.StatusCode, c.status)
			}
			for header, want := range map[string]string{
				"X-Content-Type-Options":     "nosniff",
				"X-Frame-Options":            "DENY",
				"Referrer-Policy":            "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin",
			} {
				if got := res.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			if got := res.Header.Get("Content-Security-Policy"); !strings.Contains(got, "object-src 'none'") {
				t.Errorf("Content-Security-Policy: %q, want a policy", got)
			}
			hsts := res.Header.Get("Strict-Transport-Security")
			if wanted := c.r.TLS != nil && c.r.Host == "example.com"; (hsts != "") != wanted {
				t.Errorf("Strict-Transport-Security: %q, wanted: %v", hsts, wanted)
			}
			body, _ := io.ReadAll(res.Body)
			for _, leak := range []string{"a bug", "goroutine", "evil.example", ".go:"} {
				if strings.Contains(string(body), leak) {
					t.Errorf("the answer tells %q", leak)
				}
			}
		})
	}
}

func TestSessionLivesThroughTheChain(t *testing.T) {
	app := mustNew(t, good())
	res := serve(app, request("POST", "https", "example.com", "/write", "Sec-Fetch-Site", "same-origin"))
	if res.StatusCode != 200 || len(res.Cookies()) != 1 {
		t.Fatalf("status %d with %d cookies, want 200 with one", res.StatusCode, len(res.Cookies()))
	}
	c := res.Cookies()[0]
	if c.Name != "__Host-sessionid" || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %s: Secure %v, HttpOnly %v, Path %q, Domain %q", c.Name, c.Secure, c.HttpOnly, c.Path, c.Domain)
	}
	res = serve(app, request("GET", "https", "example.com", "/read", "Cookie", c.Name+"="+c.Value))
	if body, _ := io.ReadAll(res.Body); string(body) != "Ada" {
		t.Errorf("the session holds %q, want %q", body, "Ada")
	}
}

func TestCSRFSecretInTheSession(t *testing.T) {
	s := good()
	s.CSRF.UseSessions = true
	app := mustNew(t, s)
	res := serve(app, request("GET", "https", "example.com", "/form"))
	token, _ := io.ReadAll(res.Body)
	if len(res.Cookies()) != 1 || !strings.Contains(res.Cookies()[0].Name, "sessionid") {
		t.Fatalf("cookies %v, want the session's alone", res.Cookies())
	}
	cookie := res.Cookies()[0].Name + "=" + res.Cookies()[0].Value
	post := func(token string) int {
		return serve(app, request("POST", "https", "example.com", "/write", "Cookie", cookie, "X-CSRFToken", token,
			"Referer", "https://example.com/form")).StatusCode
	}
	if got := post(string(token)); got != 200 {
		t.Errorf("post with the token: %d, want 200", got)
	}
	if got := post(strings.Repeat("a", 64)); got != 403 {
		t.Errorf("post with another token: %d, want 403", got)
	}
}

func TestCheckOfAGoodSite(t *testing.T) {
	report := mustNew(t, good()).Check(t.Context())
	if report.Failed() {
		var b strings.Builder
		_ = report.WriteText(&b, check.TextOptions{})
		t.Errorf("a good site does not pass:\n%s", b.String())
	}
	if report.Ran < 30 {
		t.Errorf("only %d checks ran", report.Ran)
	}
}

// The store that New chooses is judged like one that was chosen.
func TestTheDefaultStoreIsJudged(t *testing.T) {
	for _, f := range mustNew(t, good()).Check(t.Context()).Findings {
		if f.ID == "session.I001" {
			return
		}
	}
	t.Error("session.I001 was not found: sessions in cookies cannot be revoked")
}

func TestCheckOfADevelopmentSite(t *testing.T) {
	s := airworthy.Development()
	s.Logs.Output = io.Discard
	report := mustNew(t, s).Check(t.Context())
	found := map[string]bool{}
	for _, f := range report.Findings {
		found[f.ID] = true
	}
	for _, id := range []string{"security.W008", "security.W012", "security.W018"} {
		if !found[id] {
			t.Errorf("%s was not found", id)
		}
	}
}

func TestChecksAreValid(t *testing.T) {
	if err := check.Validate(mustNew(t, good()).Checks()); err != nil {
		t.Error(err)
	}
	if err := check.Validate([]check.Check{airworthy.BuildCheck(io.EOF)}); err != nil {
		t.Error(err)
	}
}

func TestEveryFaultOfACookieNamesItsVariable(t *testing.T) {
	s := good()
	s.Session.CookieDomain, s.Session.CookieName, s.CSRF.CookieName = "com", "__Host-x", "a b"
	s.Keyring.Key = secret.New("weak") // of which the sessions' store is made
	_, err := airworthy.New(s, site())
	got := strings.Join(airworthy.Faults(err), "\n")
	for _, want := range []string{"SESSION_COOKIE_DOMAIN: ", "SESSION_COOKIE_NAME: ", "CSRF_COOKIE_NAME: ", "SECRET_KEY: "} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant a line with %s", got, want)
		}
	}
}

func TestFaultsAreSaidOnce(t *testing.T) {
	s := good()
	s.Hosts.HealthPath, s.Serve.Grace = "healthz", -time.Second
	_, err := airworthy.New(s, site())
	got := airworthy.Faults(err)
	if len(got) != 2 || !strings.HasPrefix(got[0], "hosts: HEALTH_PATH: ") || !strings.HasPrefix(got[1], "airworthy: SERVE_GRACE: -1s is negative") {
		t.Errorf("got %q, want one fault of the health path and one of the grace period", got)
	}
}

func TestBuildCheckSaysWhichVariableAndWhere(t *testing.T) {
	s := airworthy.Development()
	_, err := settings.Load(t.Context(), s, settings.Map("test", map[string]string{"ALLOWED_HOSTS": "https://example.com"}))
	if err == nil {
		t.Fatal("a host with a scheme was accepted")
	}
	report := check.Run(t.Context(), []check.Check{airworthy.BuildCheck(err)}, check.Options{})
	if len(report.Findings) != 1 {
		t.Fatalf("got %d findings, want 1", len(report.Findings))
	}
	f := report.Findings[0]
	evidence := `"https://example.com": has a scheme: write the host alone, such as example.com`
	if f.Setting != "ALLOWED_HOSTS" || f.Source != "test" || f.Evidence != evidence {
		t.Errorf("got %q from %q: %q, want ALLOWED_HOSTS from test: %q", f.Setting, f.Source, f.Evidence, evidence)
	}
}

// discard is a writer that costs nothing, so that the counts below are the chain's own.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// WriteString is there because net/http's writers have it.
func (d *discard) WriteString(s string) (int, error) { return len(s), nil }

func TestAllocations(t *testing.T) {
	app, err := airworthy.New(good(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/read" {
			_ = session.From(r.Context()).String("name")
		}
		if r.URL.Path == "/write" {
			_ = session.From(r.Context()).Set("name", "Ada")
		}
		if r.URL.Path == "/nonce" {
			_ = csp.Nonce(r.Context())
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	c := serve(app, request("POST", "https", "example.com", "/write", "Sec-Fetch-Site", "same-origin")).Cookies()[0]
	for _, tt := range []struct {
		name string
		r    *http.Request
		max  float64
	}{
		{"without a session", request("GET", "https", "example.com", "/"), 1},
		{"with a session that is read", request("GET", "https", "example.com", "/read", "Cookie", c.Name+"="+c.Value), 3},
		{"with a nonce", request("GET", "https", "example.com", "/nonce"), 3 + raceDetector},
		{"one forged POST of a flood", request("POST", "https", "example.com", "/", "Sec-Fetch-Site", "cross-site"), 2},
	} {
		w := &discard{http.Header{}}
		serve := func() {
			clear(w.h)
			app.ServeHTTP(w, tt.r)
		}
		for range 20 { // the first refusals are logged
			serve()
		}
		got := testing.AllocsPerRun(200, serve)
		for range 4 { // servers of other tests may be closing meanwhile
			got = min(got, testing.AllocsPerRun(200, serve))
		}
		if got > tt.max {
			t.Errorf("%s: %v allocations, want at most %v", tt.name, got, tt.max)
		}
	}
}

// TestLoginRotatesTheCSRFToken is bad input 18 through the chain: a secret that somebody knew before the login, or
// planted, is worth nothing after it, wherever it is kept.
func TestLoginRotatesTheCSRFToken(t *testing.T) {
	for _, inSession := range []bool{false, true} {
		s := good()
		s.CSRF.UseSessions = inSession
		mux := http.NewServeMux()
		mux.HandleFunc("GET /form", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, csrf.Token(r.Context())) })
		mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
			if err := session.From(r.Context()).SetUser("ada"); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
		app, err := airworthy.New(s, mux)
		if err != nil {
			t.Fatal(err)
		}
		jar := map[string]string{}
		send := func(method, path string, header ...string) (int, string) {
			var cookies []string
			for name, value := range jar {
				cookies = append(cookies, name+"="+value)
			}
			res := serve(app, request(method, "https", "example.com", path,
				append(header, "Cookie", strings.Join(cookies, "; "), "Referer", "https://example.com/")...))
			for _, c := range res.Cookies() {
				jar[c.Name] = c.Value
			}
			body, _ := io.ReadAll(res.Body)
			return res.StatusCode, string(body)
		}
		_, before := send("GET", "/form")
		if status, _ := send("POST", "/login", "X-CSRFToken", before); status != 200 {
			t.Fatalf("in the session %v: login: %d, want 200", inSession, status)
		}
		if status, _ := send("POST", "/login", "X-CSRFToken", before); status != 403 {
			t.Errorf("in the session %v: the token from before the login: %d, want 403", inSession, status)
		}
		_, after := send("GET", "/form")
		if status, _ := send("POST", "/login", "X-CSRFToken", after); status != 200 {
			t.Errorf("in the session %v: the token from after the login: %d, want 200", inSession, status)
		}
	}
}

func TestANewlineBehindASecretIsNoFinding(t *testing.T) {
	s := good()
	s.Loaded.Warnings = []settings.Warning{{Variable: "SECRET_KEY", Origin: "/run/secrets/key", Text: "ends with a newline", Note: true}}
	var log strings.Builder
	s.Logs.Output = &log
	report := mustNew(t, s).Check(t.Context())
	if slices.ContainsFunc(report.Findings, func(f check.Finding) bool { return f.ID == "settings.W001" }) || log.Len() > 0 {
		t.Errorf("findings %+v, log %q: want nothing about it", report.Findings, log.String())
	}
	s.Loaded.Warnings[0].Note = false
	if !mustNew(t, s).Check(t.Context()).Failed() || !strings.Contains(log.String(), "ends with a newline") {
		t.Errorf("a warning passes the gate, or the log lacks it: %q", log.String())
	}
}
