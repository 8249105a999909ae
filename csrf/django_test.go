package csrf_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/csrf"
)

// verdict is one line of testdata/django.jsonl: a request and what Django 5.2.19 said of it. testdata/oracle.py
// writes them.
type verdict struct {
	Settings struct {
		Trusted  []string `json:"CSRF_TRUSTED_ORIGINS"`
		Domain   *string  `json:"CSRF_COOKIE_DOMAIN"`
		Sessions bool     `json:"CSRF_USE_SESSIONS"`
		Header   string   `json:"CSRF_HEADER_NAME"`
	}
	Session                    *string
	Secure                     bool
	Method, Host, Body, Reason string
	Headers                    [][2]string
	SetsCookie                 bool `json:"sets_cookie"`
}

// djangoReasons are the texts of Django 5.2's reasons.
var djangoReasons = []struct {
	text *regexp.Regexp
	want csrf.Reason
}{
	{regexp.MustCompile(`^$`), ""},
	{regexp.MustCompile(`^Origin checking failed - .* does not match any trusted origins\.$`), "BAD_ORIGIN"},
	{regexp.MustCompile(`^Referer checking failed - no Referer\.$`), "NO_REFERER"},
	{regexp.MustCompile(`^Referer checking failed - Referer is malformed\.$`), "MALFORMED_REFERER"},
	{regexp.MustCompile(`^Referer checking failed - Referer is insecure while host is secure\.$`), "INSECURE_REFERER"},
	{regexp.MustCompile(`^Referer checking failed - .* does not match any trusted origins\.$`), "BAD_REFERER"},
	{regexp.MustCompile(`^CSRF cookie not set\.$`), "NO_CSRF_COOKIE"},
	{regexp.MustCompile(`^CSRF cookie has incorrect length\.$`), "CSRF_COOKIE_INCORRECT_LENGTH"},
	{regexp.MustCompile(`^CSRF cookie has invalid characters\.$`), "CSRF_COOKIE_INVALID_CHARACTERS"},
	{regexp.MustCompile(`^CSRF token missing\.$`), "CSRF_TOKEN_MISSING"},
	{regexp.MustCompile(`^CSRF token from .* has incorrect length\.$`), "CSRF_TOKEN_INCORRECT_LENGTH"},
	{regexp.MustCompile(`^CSRF token from .* has invalid characters\.$`), "CSRF_TOKEN_INVALID_CHARACTERS"},
	{regexp.MustCompile(`^CSRF token from .* incorrect\.$`), "CSRF_TOKEN_INCORRECT"},
}

func reasonOf(t *testing.T, text string) csrf.Reason {
	t.Helper()
	for _, r := range djangoReasons {
		if r.text.MatchString(text) {
			return r.want
		}
	}
	t.Fatalf("%q is no reason of Django's", text)
	return ""
}

// stored is a session that holds one secret.
type stored struct{ secret string }

func (s *stored) CSRFSecret(*http.Request) string { return s.secret }
func (s *stored) SetCSRFSecret(_ http.ResponseWriter, _ *http.Request, secret string) error {
	s.secret = secret
	return nil
}

func (v verdict) config() csrf.Config {
	cfg := csrf.Config{
		Django: true, TrustedOrigins: v.Settings.Trusted, UseSessions: v.Settings.Sessions, HeaderName: v.Settings.Header,
		Cookies: cookies.Config{InsecurePlainNames: true}, Logger: quiet,
	}
	if v.Settings.Domain != nil && !v.Settings.Sessions { // in session mode SESSION_COOKIE_DOMAIN counts, unset here
		cfg.CookieDomain = *v.Settings.Domain
	}
	if v.Settings.Sessions {
		s := &stored{}
		if v.Session != nil {
			s.secret = *v.Session
		}
		cfg.Secrets = s
	}
	return cfg
}

func (v verdict) request() *http.Request {
	r := httptest.NewRequest(v.Method, "/", strings.NewReader(v.Body))
	r.Host = v.Host
	if v.Secure {
		r.TLS = &tls.ConnectionState{}
	}
	for _, h := range v.Headers {
		r.Header.Add(h[0], h[1])
	}
	return r
}

// dottedDomain reports whether the row sets CSRF_COOKIE_DOMAIN with a leading dot.
func TestDjangoVerdicts(t *testing.T) {
	f, err := os.Open("testdata/django.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, passed := 0, 0
	for lines := bufio.NewScanner(f); lines.Scan(); rows++ {
		var v verdict
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		cfg, r := v.config(), v.request()
		g := newGuard(t, cfg)
		got, want := reason(t, g.Check(r)), reasonOf(t, v.Reason)
		if got != want {
			t.Errorf("row %d: got %q, Django says %q\n%s", rows+1, got, want, lines.Text())
		}
		if want == "" {
			passed++
		}
		w := httptest.NewRecorder()
		g.Handler(http.NotFoundHandler()).ServeHTTP(w, v.request())
		if got := len(w.Header()["Set-Cookie"]) > 0; got != v.SetsCookie {
			t.Errorf("row %d: sets a cookie: got %t, Django says %t\n%s", rows+1, got, v.SetsCookie, lines.Text())
		}
	}
	if rows < 400 || passed < 100 {
		t.Errorf("%d rows, of which %d pass: want 400 and 100", rows, passed)
	}
}
