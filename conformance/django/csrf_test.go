package django_test

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/conformance/django/oracle"
	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/hosts"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/signing"
)

// siteKey is the SECRET_KEY of both sites.
const siteKey = "conformance-0123456789-abcdefghijklmnopqrstuvwxyz-XYZ"

func newRing(key string, fallbacks ...string) *keyring.Ring {
	cfg := keyring.Config{Key: secret.New(key)}
	for _, f := range fallbacks {
		cfg.Fallbacks = append(cfg.Fallbacks, secret.New(f))
	}
	ring, err := keyring.New(cfg)
	if err != nil {
		panic(err)
	}
	return ring
}

// csrfSettings are a site's, by Django's names.
type csrfSettings struct {
	Trusted       []string `json:"CSRF_TRUSTED_ORIGINS"`
	CookieDomain  *string  `json:"CSRF_COOKIE_DOMAIN"`
	SessionDomain *string  `json:"SESSION_COOKIE_DOMAIN"`
	UseSessions   bool     `json:"CSRF_USE_SESSIONS"`
	HeaderName    string   `json:"CSRF_HEADER_NAME"`
	Allowed       []string `json:"ALLOWED_HOSTS"`
	Key           string   `json:"SECRET_KEY"`
}

// csrfCase is one request to one site.
type csrfCase struct {
	csrfSettings
	secure             bool
	method, host, path string
	listen             string // SERVER_PORT; that of host if empty
	headers            [][2]string
	body               string
	inSession          string // the secret in the session that a cookie holds
}

func (c csrfCase) String() string {
	settings, _ := json.Marshal(c.csrfSettings)
	return fmt.Sprintf("%s %s, secure %t, listening on %q, headers %+q, body of %d bytes %+.200q\nsettings %s",
		c.method, c.host, c.secure, c.listen, c.headers, len(c.body), c.body, settings)
}

// header returns the values of a header, by its canonical name.
func (c csrfCase) header(name string) (values []string) {
	for _, h := range c.headers {
		if http.CanonicalHeaderKey(h[0]) == name {
			values = append(values, h[1])
		}
	}
	return values
}

// answer is what a site answers.
type answer struct {
	Status  int
	Body    string
	Cookies []string
}

const notStarted = -1

// verdict is the reason of a refusal, "pass", or a status; and whether a secret was set.
func (a answer) verdict(t *testing.T) string {
	t.Helper()
	v := fmt.Sprint(a.Status)
	switch a.Status {
	case notStarted:
		return refusesToStart
	case http.StatusOK:
		v = "pass"
	case http.StatusForbidden:
		v = reasonOf(t, a.Body)
	}
	if a.cookie("csrftoken") != "" {
		v += ", sets the cookie"
	}
	return v
}

// cookie returns the name and value that were set.
func (a answer) cookie(name string) string {
	for _, line := range a.Cookies {
		if strings.HasPrefix(line, name+"=") {
			pair, _, _ := strings.Cut(line, ";")
			return pair
		}
	}
	return ""
}

// csrfReasons are the texts of Django's reasons. Ours stand for themselves.
var csrfReasons = []struct {
	text *regexp.Regexp
	want csrf.Reason
}{
	{regexp.MustCompile(`^Origin checking failed - (?s:.*) does not match any trusted origins\.$`), csrf.BadOrigin},
	{regexp.MustCompile(`^Referer checking failed - no Referer\.$`), csrf.NoReferer},
	{regexp.MustCompile(`^Referer checking failed - Referer is malformed\.$`), csrf.MalformedReferer},
	{regexp.MustCompile(`^Referer checking failed - Referer is insecure while host is secure\.$`), csrf.InsecureReferer},
	{regexp.MustCompile(`^Referer checking failed - (?s:.*) does not match any trusted origins\.$`), csrf.BadReferer},
	{regexp.MustCompile(`^CSRF cookie not set\.$`), csrf.NoCookie},
	{regexp.MustCompile(`^CSRF cookie has incorrect length\.$`), csrf.CookieIncorrectLength},
	{regexp.MustCompile(`^CSRF cookie has invalid characters\.$`), csrf.CookieInvalidCharacters},
	{regexp.MustCompile(`^CSRF token missing\.$`), csrf.TokenMissing},
	{regexp.MustCompile(`^CSRF token from .* has incorrect length\.$`), csrf.TokenIncorrectLength},
	{regexp.MustCompile(`^CSRF token from .* has invalid characters\.$`), csrf.TokenInvalidCharacters},
	{regexp.MustCompile(`^CSRF token from .* incorrect\.$`), csrf.TokenIncorrect},
}

func reasonOf(t *testing.T, text string) string {
	t.Helper()
	for _, r := range csrfReasons {
		if r.text.MatchString(text) {
			return string(r.want)
		}
	}
	if regexp.MustCompile(`^[A-Z_]+$`).MatchString(text) {
		return text
	}
	t.Errorf("%q is no reason", text)
	return text
}

// ask asks Django.
func (c csrfCase) ask(t *testing.T, o *oracle.Oracle) (a answer) {
	t.Helper()
	scheme, port := "http", "80"
	if c.secure {
		scheme, port = "https", "443"
	}
	if _, p, ok := strings.Cut(c.host, ":"); ok && !strings.HasSuffix(c.host, "]") {
		port = p[strings.LastIndexByte(p, ':')+1:]
	}
	if c.listen != "" {
		port = c.listen
	}
	environ := map[string]string{"REQUEST_METHOD": c.method, "PATH_INFO": c.path, "HTTP_HOST": c.host, "SERVER_PORT": port,
		"wsgi.url_scheme": scheme}
	for _, h := range c.headers { // as servers do it: lines of one name become one
		key := "HTTP_" + strings.ReplaceAll(strings.ToUpper(h[0]), "-", "_")
		if key == "HTTP_CONTENT_TYPE" {
			key = "CONTENT_TYPE"
		}
		if have, ok := environ[key]; ok {
			environ[key] = have + "," + wire(h[1])
		} else {
			environ[key] = wire(h[1])
		}
	}
	args := map[string]any{"settings": c.csrfSettings, "environ": environ, "body": base64.StdEncoding.EncodeToString([]byte(c.body))}
	if err := o.Call("request", args, &a); err != nil {
		t.Fatalf("%v\n%s", err, c)
	}
	return a
}

// sessionSecrets keeps the secret where Django keeps it.
type sessionSecrets struct{}

func (sessionSecrets) CSRFSecret(r *http.Request) string {
	return session.From(r.Context()).String("_csrftoken")
}

func (sessionSecrets) SetCSRFSecret(_ http.ResponseWriter, r *http.Request, s string) error {
	return session.From(r.Context()).Set("_csrftoken", s)
}

// site returns hosts, session and csrf around a page that shows a token at /token.
func (s csrfSettings) site(t *testing.T) (http.Handler, error) {
	t.Helper()
	h, err := hosts.New(hosts.Config{Allowed: s.Allowed, Logger: silent})
	if err != nil {
		t.Fatal(err)
	}
	plain := cookies.Config{InsecurePlainNames: true}
	m, err := session.New(session.Config{
		Store: session.NewDjangoCookie(newRing(s.Key)), Cookies: plain, InsecureCookie: true, Logger: silent,
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := csrf.Config{
		Django: true, TrustedOrigins: s.Trusted, UseSessions: s.UseSessions, Secrets: sessionSecrets{}, HeaderName: s.HeaderName,
		Cookies: plain, Logger: silent, CookieScriptReadable: true,
		Failure: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, csrf.Refused(r.Context()).Reason)
		}),
	}
	if s.CookieDomain != nil {
		cfg.CookieDomain = *s.CookieDomain
	}
	if s.SessionDomain != nil {
		cfg.SessionDomain = *s.SessionDomain
	}
	g, err := csrf.New(cfg)
	if err != nil {
		return nil, err
	}
	return h.Handler(m.Handler(g.Handler(http.HandlerFunc(page)))), nil
}

func page(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		fmt.Fprint(w, csrf.Token(r.Context()))
	}
}

// serve asks us.
func (c csrfCase) serve(t *testing.T) answer {
	t.Helper()
	h, err := c.site(t)
	if err != nil {
		return answer{Status: notStarted}
	}
	r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
	r.Host = c.host
	if c.secure {
		r.TLS = &tls.ConnectionState{}
	} else {
		r.TLS = nil
	}
	for _, h := range c.headers {
		r.Header.Add(h[0], h[1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{w.Code, w.Body.String(), w.Header()["Set-Cookie"]}
}

func TestCSRFAgrees(t *testing.T) {
	o := oracle.ForTest(t)
	r := oracle.Rand(t)
	verdicts := func(c csrfCase) (ours, django string) { return c.serve(t).verdict(t), c.ask(t, o).verdict(t) }
	l := newLedger(t, csrfDifferences(), verdicts, csrfCase.String)
	for range 3500 {
		l.compare(randomCSRF(r))
		if r.IntN(10) == 0 {
			l.compare(oracle.Pick(r, csrfDifferences()).example.vary(r))
		}
	}
	l.finish(2000, 10, "pass", "pass, sets the cookie", "400")
	for _, r := range csrfReasons {
		if l.counts[string(r.want)]+l.counts[string(r.want)+", sets the cookie"] < 5 {
			t.Errorf("both refused for %s only %d times", r.want, l.counts[string(r.want)])
		}
	}
}

// sessionWith is a session that holds a secret, as Django's signed_cookies backend keeps it.
func sessionWith(secret string) string {
	text, err := json.Marshal(secret)
	if err != nil {
		panic(err)
	}
	rec := session.Record{Data: string(session.AppendPair(nil, "_csrftoken", string(text)))}
	cookie, err := session.NewDjangoData(newRing(siteKey), signing.SaltSignedSessions).Encode(&rec)
	if err != nil {
		panic(err)
	}
	return cookie
}
