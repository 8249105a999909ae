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

// TestDjangoVerdicts wants Django's verdict, its reason and its cookie, save where TestStricterThanDjango has the row.
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
		if got != want && !strings.Contains(lines.Text(), "evil@a.wild.com") {
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

// TestStricterThanDjango lists what Django mode refuses, or reads otherwise, and Django 5.2.19 does not. No browser
// sends any of it.
func TestStricterThanDjango(t *testing.T) {
	const plain = "Cookie: csrftoken=" + secret
	const token = "X-CSRFToken: " + masked
	g := newGuard(t, csrf.Config{
		Django: true, Cookies: cookies.Config{InsecurePlainNames: true}, MaxBody: 1000,
		TrustedOrigins: []string{"https://*.wild.com", "https://Upper.com:443"},
	})
	for _, row := range []struct {
		name   string
		r      *http.Request
		want   csrf.Reason
		django string
	}{
		{"a user name in an Origin that a wildcard covers",
			newRequest("POST", site, plain, token, "Origin: https://evil@a.wild.com"), "BAD_ORIGIN", "passes"},
		{"a user name in a Referer that a wildcard covers",
			newRequest("POST", site, plain, token, "Referer: https://evil@a.wild.com/"), "BAD_REFERER", "passes"},
		{"a path in an Origin that a wildcard covers",
			newRequest("POST", site, plain, token, "Origin: https://a.wild.com/x"), "BAD_ORIGIN", "passes"},
		{"two cookies of the name", newRequest("POST", "http://victim.com", plain, plain, token), "NO_CSRF_COOKIE", "takes the last"},
		{"a cookie in quotes", newRequest("POST", "http://victim.com", `Cookie: csrftoken="`+secret+`"`, token),
			"NO_CSRF_COOKIE", "takes the quotes off"},
		{"a safe method in small letters", newRequest("get", "http://victim.com"), "NO_CSRF_COOKIE", "reads GET"},
		{"a token behind the first MaxBody bytes", post(urlencoded, strings.Repeat("x", 1000)+"&csrfmiddlewaretoken="+masked),
			"CSRF_TOKEN_MISSING", "reads on"},
		{"two Origins", newRequest("POST", site, plain, token, "Origin: "+site, "Origin: "+site), "BAD_ORIGIN", "sees what its server made of them"},

		// Not stricter, but what whoever wrote the entry meant: Django compares the entry's text and never matches.
		{"a trusted origin written in capitals and with its port",
			newRequest("POST", site, plain, token, "Origin: https://upper.com"), pass, "BAD_ORIGIN"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := reason(t, g.Check(row.r)); got != row.want {
				t.Errorf("got %q, want %q where Django %s", got, row.want, row.django)
			}
		})
	}
}

// With a cookie's domain, a Referer has to match the domain, and the port that Host has unless it is 80 or 443.
func TestDjangoCookieDomain(t *testing.T) {
	for _, row := range []struct {
		domain, host, referer string
		want                  csrf.Reason
	}{
		{"", "www.victim.com", "https://www.victim.com/", pass},
		{"", "www.victim.com", "https://victim.com/", "BAD_REFERER"},
		{"", "www.victim.com:443", "https://www.victim.com/", "BAD_REFERER"},
		{"victim.com", "www.victim.com", "https://victim.com/", pass},
		{"victim.com", "www.victim.com", "https://www.victim.com/", "BAD_REFERER"},
		{".victim.com", "www.victim.com", "https://victim.com/", pass},
		{".victim.com", "www.victim.com", "https://a.b.victim.com/", pass},
		{".victim.com", "www.victim.com", "https://evilvictim.com/", "BAD_REFERER"},
		{"", "www.victim.com", `https://www.victim.com\.evil.com/`, "BAD_REFERER"},
		{".Victim.com", "www.victim.com", "https://a.victim.com/", pass},
		{".victim.com", "www.victim.com:443", "https://a.victim.com/", pass},
		{".victim.com", "www.victim.com:80", "https://a.victim.com/", pass},
		{".victim.com", "www.victim.com:8443", "https://a.victim.com/", "BAD_REFERER"},
		{".victim.com", "www.victim.com:8443", "https://a.victim.com:8443/", pass},
	} {
		for name, cfg := range map[string]csrf.Config{
			"cookie":  {Django: true, CookieDomain: row.domain, SessionDomain: "x.com", Cookies: cookies.Config{InsecurePlainNames: true}},
			"session": {Django: true, SessionDomain: row.domain, CookieDomain: "x.com", UseSessions: true, Secrets: &stored{secret}},
		} {
			r := newRequest("POST", "https://"+row.host, "Cookie: csrftoken="+secret, "X-CSRFToken: "+masked, "Referer: "+row.referer)
			if got := reason(t, newGuard(t, cfg).Check(r)); got != row.want {
				t.Errorf("%s, domain %q, host %s, Referer %s: got %q, want %q", name, row.domain, row.host, row.referer, got, row.want)
			}
		}
	}
}
