package csrf_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

// refuse serves r, as it is seen after settle, and returns the one record that the refusal left.
func refuse(t *testing.T, cfg csrf.Config, r *http.Request, settle func(*httpx.State)) map[string]any {
	t.Helper()
	var buf bytes.Buffer
	cfg.Logger = slog.New(slog.NewJSONHandler(&buf, nil))
	h := newGuard(t, cfg).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the request passed, want a refusal")
	}))
	w := httptest.NewRecorder()
	s, sw, r := httpx.Begin(w, r)
	if settle != nil {
		settle(s)
	}
	h.ServeHTTP(sw, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("got status %d, want 403", w.Code)
	}
	if got := w.Body.String(); got != "Forbidden\n" {
		t.Errorf("got body %q, want the status's text alone", got)
	}
	if n := bytes.Count(buf.Bytes(), []byte("\n")); n != 1 {
		t.Fatalf("got %d records, want 1: %s", n, &buf)
	}
	var record map[string]any
	if err := json.Unmarshal(buf.Bytes(), &record); err != nil {
		t.Fatal(err)
	}
	return record
}

func TestRecord(t *testing.T) {
	r := newRequest("POST", "https://victim.com", "Origin: https://evil.com", "Sec-Fetch-Site: cross-site",
		"Referer: https://evil.com/page?password=hunter2", "X-Forwarded-Proto: https") // true, and no mere claim
	r.RemoteAddr = "192.0.2.9:1234"
	record := refuse(t, csrf.Config{}, r, nil)
	for key, want := range map[string]any{
		"level": "WARN", "event": "django.security.csrf", "reason": "CROSS_SITE", "method": "POST", "path": "/transfer",
		"scheme": "https", "host": "victim.com", "peer": "192.0.2.9", "trusted_proxy": false, "claims_https": false,
		"origin": "https://evil.com", "referer": "https://evil.com", "fetch_site": "cross-site",
		"remedy": "if https://evil.com is yours and may post here: set CSRF_TRUSTED_ORIGINS=https://evil.com",
	} {
		if record[key] != want {
			t.Errorf("%s: got %v, want %v", key, record[key], want)
		}
	}
}

// Demand: who reads the log learns what to set.
func TestRemedies(t *testing.T) {
	plain := csrf.Config{}
	django := csrf.Config{Django: true}
	proxied := func(trusted, claims bool) func(*httpx.State) {
		return func(s *httpx.State) {
			s.Request.RemoteAddr, s.Trusted, s.ClaimsHTTPS = "10.0.0.5:4711", trusted, claims
		}
	}
	for _, row := range []struct {
		name   string
		cfg    csrf.Config
		site   string
		header []string
		settle func(*httpx.State)
		want   string
	}{
		{"a proxy ends TLS, says so and is not trusted", django, "http://victim.com",
			[]string{"Origin: https://victim.com"}, proxied(false, true),
			"if 10.0.0.5 is a proxy that ends TLS: set TRUSTED_PROXIES=10.0.0.5/32"},
		{"the same, found in the header", plain, "http://victim.com",
			[]string{"Origin: https://victim.com", "X-Forwarded-Proto: https"}, proxied(false, false),
			"if 10.0.0.5 is a proxy that ends TLS: set TRUSTED_PROXIES=10.0.0.5/32"},
		{"the same over IPv6", plain, "http://victim.com", []string{"Origin: https://victim.com"},
			func(s *httpx.State) { s.Request.RemoteAddr, s.ClaimsHTTPS = "[fd00::5]:4711", true },
			"if fd00::5 is a proxy that ends TLS: set TRUSTED_PROXIES=fd00::5/128"},
		{"a proxy ends TLS and says nothing", plain, "http://victim.com", []string{"Origin: https://victim.com"},
			proxied(false, false),
			"if 10.0.0.5 is a proxy that ends TLS: make it send X-Forwarded-Proto, and set TRUSTED_PROXIES=10.0.0.5/32"},
		{"a trusted proxy says nothing", plain, "http://victim.com:443", []string{"Origin: https://victim.com"},
			proxied(true, false), "the trusted proxy 10.0.0.5 does not say https: make it send X-Forwarded-Proto: https"},
		{"a proxy on a Unix socket", plain, "http://victim.com", []string{"Origin: https://victim.com"},
			func(s *httpx.State) { s.Request.RemoteAddr = "@" },
			"the site is reached by https and does not know it: if a proxy that ends TLS connects by a Unix socket, " +
				"set TRUSTED_PROXY_UNIX_SOCKET=true and make it send X-Forwarded-Proto"},
		{"Origin is null because of the Referrer-Policy", django, "https://victim.com",
			[]string{"Origin: null", "Sec-Fetch-Site: same-origin"}, nil,
			"browsers send Origin: null from pages with Referrer-Policy: no-referrer, from sandboxed frames and after " +
				"redirects between sites: send Referrer-Policy: same-origin, here and at the proxy"},
		{"a proxy rewrites Host", plain, "https://app:8000", []string{"Origin: https://victim.com"}, proxied(false, false),
			"if https://victim.com is yours and may post here: set CSRF_TRUSTED_ORIGINS=https://victim.com; if it is " +
				"this site: make the proxy pass Host on, or set USE_X_FORWARDED_HOST=True and TRUSTED_PROXIES=10.0.0.5/32"},
		{"a page over http", plain, "https://victim.com", []string{"Origin: http://victim.com"}, nil,
			"the page was served over http: redirect http://victim.com to https"},
		{"a proxy removes Origin", plain, "https://victim.com", []string{"Sec-Fetch-Site: same-site"}, nil,
			"there is no Origin that could be trusted: if a proxy removes the header, let it through"},
		{"a foreign page that hides its origin has no remedy", plain, "https://victim.com",
			[]string{"Sec-Fetch-Site: cross-site", "Origin: null"}, nil, ""},
		{"an Origin by hand", plain, "https://victim.com", []string{"Origin: https://evil@victim.com"}, nil,
			"no browser sends such an Origin"},
		{"no Referer", django, "https://victim.com", nil, nil,
			"let browsers send it: Referrer-Policy: same-origin, not no-referrer, here and at the proxy"},
		{"a program without anything", plain, "https://victim.com", nil, nil,
			"a page with csrf.Field sets the cookie __Host-csrftoken, once and not from two domains; a program that is " +
				"no browser sends the header Origin: https://victim.com"},
		{"Django wants a program to have the cookie too", django, "http://victim.com", nil, nil,
			"a page with csrf.Field sets the cookie csrftoken, once and not from two domains"},
		{"no session", csrf.Config{Django: true, UseSessions: true, Secrets: &stored{}}, "http://victim.com", nil, nil,
			"the visitor has no session yet: a page with csrf.Field starts one"},
		{"no token", django, "http://victim.com", []string{"Cookie: csrftoken=" + secret}, nil,
			"put csrf.Field into the form, within its first 1024 KiB, or send the header X-Csrftoken"},
		{"another token", django, "http://victim.com", []string{"Cookie: csrftoken=" + secret, "X-CSRFToken: " + other}, nil,
			"the page is from before the last login, or from another session: reload it"},
		{"somebody else's cookie", django, "http://victim.com", []string{"Cookie: csrftoken=abc"}, nil,
			"another program sets a cookie of this name: give ours a name of its own with CSRF_COOKIE_NAME"},
		{"two Sec-Fetch-Site headers", plain, "https://victim.com",
			[]string{"Sec-Fetch-Site: none", "Sec-Fetch-Site: none"}, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, _ := refuse(t, row.cfg, newRequest("POST", row.site, row.header...), row.settle)["remedy"].(string)
			if got != row.want {
				t.Errorf("\n got %q\nwant %q", got, row.want)
			}
		})
	}
}

// What a client sends breaks no line, moves no cursor and fills no disk; and the visitor never sees it.
func TestHostileValuesAreNeutral(t *testing.T) {
	evil := "\x1b[2J\u202e" + strings.Repeat("A", 5000)
	r := newRequest("POST", "https://victim.com")
	r.Method, r.Host, r.URL.Path = "PO\x1bST", "victim.com\r\n"+evil, "/\n"+evil
	r.Header["Origin"] = []string{evil}
	r.Header["Sec-Fetch-Site"] = []string{evil}
	r.Header["Referer"] = []string{"https://" + evil}
	record := refuse(t, csrf.Config{}, r, nil)
	for key, value := range record {
		text, _ := value.(string)
		if len(text) > 700 {
			t.Errorf("%s has %d bytes, want it cut", key, len(text))
		}
		for _, c := range text {
			if c < ' ' || c > '~' {
				t.Errorf("%s: got %q, want printable ASCII", key, text)
				break
			}
		}
	}
}

// One site that sends forged forms without end fills no disk and hides no other site.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		h := newGuard(t, csrf.Config{Logger: slog.New(slog.NewTextHandler(&buf, nil))}).Handler(http.NotFoundHandler())
		post := func(times int, header ...string) (records string) {
			buf.Reset()
			for range times {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, newRequest("POST", "https://victim.com", header...))
				if w.Code != http.StatusForbidden {
					t.Fatalf("got status %d, want 403", w.Code)
				}
			}
			return buf.String()
		}
		noisy := []string{"Origin: https://evil.com", "Sec-Fetch-Site: cross-site"}
		if got := strings.Count(post(1000, noisy...), "\n"); got != 10 {
			t.Errorf("of 1000 refusals within a minute %d are logged, want 10", got)
		}
		got := post(1, "Origin: https://other.com", "Sec-Fetch-Site: cross-site")
		if !strings.Contains(got, "origin=https://other.com") || !strings.Contains(got, " unlogged=990") {
			t.Errorf("another site in that minute: got %q, want a record that counts 990", got)
		}
		if got := post(1, noisy[0]); !strings.Contains(got, "BAD_ORIGIN") || strings.Contains(got, "unlogged") {
			t.Errorf("another reason in that minute: got %q, want a record and nothing left out", got)
		}
		time.Sleep(time.Minute)
		if got := post(1, noisy...); !strings.Contains(got, "CROSS_SITE") {
			t.Errorf("a minute later: got %q, want a record", got)
		}
	})
}

func TestNoRecordBelowTheLevel(t *testing.T) {
	var buf bytes.Buffer
	g := newGuard(t, csrf.Config{Logger: slog.New(slog.NewJSONHandler(&buf, &slog.HandlerOptions{Level: slog.LevelError}))})
	g.Handler(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), newRequest("POST", "https://victim.com"))
	if buf.Len() != 0 {
		t.Errorf("got %s, want nothing", &buf)
	}
}

func TestErrorSaysWhatToDo(t *testing.T) {
	g := newGuard(t, csrf.Config{})
	for want, header := range map[string][]string{
		"csrf: the request's Origin is neither this site nor trusted: the page was served over http: redirect http://victim.com to https": {"Origin: http://victim.com"},
		"csrf: the CSRF token is incorrect (from X-Csrftoken): the page is from before the last login, or from another session: reload it": {
			cookie, "X-CSRFToken: " + other},
		"csrf: the request has more than one Sec-Fetch-Site header": {"Sec-Fetch-Site: none", "Sec-Fetch-Site: none"},
	} {
		if got := g.Check(newRequest("POST", site, header...)).Error(); got != want {
			t.Errorf("\n got %q\nwant %q", got, want)
		}
	}
}
