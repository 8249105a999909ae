package https_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/https"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

var reached = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "reached") })

func newGuard(t testing.TB, cfg https.Config) *https.Guard {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	g, err := https.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// raw sends bytes as they are over a plain connection.
func raw(t *testing.T, h http.Handler, request string) *http.Response {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp
}

// Bad input 6, over a socket because net/http has a say in what a path is.
func TestRedirectTargets(t *testing.T) {
	site := newGuard(t, https.Config{}).Handler(reached)
	for _, row := range []struct {
		name, request string
		status        int
		location      string
	}{
		{"path and query", "GET /a/b?c=d&e HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/a/b?c=d&e"},
		{"empty query", "GET /? HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/?"},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/"},
		{"POST keeps its method (Django: 301)", "POST /x HTTP/1.1\r\nHost: good.com\r\nContent-Length: 0\r\n\r\n", 308, "https://good.com/x"},
		{"another port is kept", "GET / HTTP/1.1\r\nHost: good.com:8000\r\n\r\n", 301, "https://good.com:8000/"},
		{"port 80 is not kept (Django keeps it)", "GET / HTTP/1.1\r\nHost: good.com:80\r\n\r\n", 301, "https://good.com/"},
		{"port 8080 is not port 80", "GET / HTTP/1.1\r\nHost: good.com:8080\r\n\r\n", 301, "https://good.com:8080/"},
		{"IPv6", "GET / HTTP/1.1\r\nHost: [2001:db8::80]\r\n\r\n", 301, "https://[2001:db8::80]/"},
		{"IPv6 with port 80", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 301, "https://[::1]/"},
		{"6: two slashes", "GET //evil.com/x HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%2Fevil.com/x"},
		{"6: three slashes", "GET ///evil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%2F/evil.com"},
		{"6: backslash", "GET /\\evil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%5Cevil.com"},
		{"6: escaped slashes", "GET /%2F%2Fevil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%2F%2Fevil.com"},
		{"6: escaped tab", "GET /%09//evil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%09//evil.com"},
		{"6: escaped line break", "GET /%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%0d%0aSet-Cookie:x"},
		{"6: tab", "GET \t//evil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 400, ""},
		{"6: javascript", "GET javascript:alert(1) HTTP/1.1\r\nHost: good.com\r\n\r\n", 400, ""},
		{"6: at sign in the path", "GET /@evil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/@evil.com"},
		{"6: very long", "GET /" + strings.Repeat("a", 20000) + " HTTP/1.1\r\nHost: good.com\r\n\r\n", 414, ""},
		{"6: backslash and quotes in the query", "GET /?a=\\\"<> HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/?a=%5C%22%3C%3E"},
		{"6: other bytes in the query", "GET /?a=\xff\xc3\xa9 HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/?a=%FF%C3%A9"},
		{"other letters in the path", "GET /\xc3\xa9 HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%C3%A9"},
		{"a target with a host", "GET http://good.com HTTP/1.1\r\nHost: other.com\r\n\r\n", 301, "https://good.com/"},
		{"no path", "OPTIONS * HTTP/1.1\r\nHost: good.com\r\nContent-Length: 0\r\n\r\n", 200, ""}, // net/http answers
		{"a tunnel", "CONNECT good.com:443 HTTP/1.1\r\nHost: good.com:443\r\n\r\n", 400, ""},
		{"no host", "GET / HTTP/1.0\r\n\r\n", 400, ""},
		{"user information", "GET / HTTP/1.1\r\nHost: good.com:@evil.com\r\n\r\n", 400, ""},
		{"user name", "GET / HTTP/1.1\r\nHost: x@evil.com\r\n\r\n", 400, ""},
		{"path in the host", "GET / HTTP/1.1\r\nHost: good.com/../x\r\n\r\n", 400, ""},
		{"port that is no port", "GET / HTTP/1.1\r\nHost: good.com:x\r\n\r\n", 400, ""},
		{"only dots", "GET / HTTP/1.1\r\nHost: ..\r\n\r\n", 400, ""},
		{"zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", 400, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			resp := raw(t, site, row.request)
			if got := resp.Header.Get("Location"); resp.StatusCode != row.status || got != row.location {
				t.Errorf("answer %d %q, want %d %q", resp.StatusCode, got, row.status, row.location)
			}
			if got := resp.Header.Get("Strict-Transport-Security"); got != "" {
				t.Errorf("an answer in the clear carries HSTS %q, want none (RFC 6797, 7.2)", got)
			}
		})
	}
}

func TestFixedHost(t *testing.T) {
	site := newGuard(t, https.Config{Host: "www.example.com:8443"}).Handler(reached)
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("GET", "http://example.com:8000/a?b", nil))
	if got, want := w.Header().Get("Location"), "https://www.example.com:8443/a?b"; got != want {
		t.Errorf("Location = %q, want %q", got, want)
	}
}

// Patterns are searched in the path without leading slashes, as Django does.
func TestExempt(t *testing.T) {
	site := newGuard(t, https.Config{Exempt: []string{"^healthz$", `\.well-known/acme-challenge/`}}).Handler(reached)
	for _, row := range []struct {
		name, path string
		want       int
	}{
		{"anchored", "/healthz", 200},
		{"anchored, more slashes", "///healthz", 200},
		{"anchored, longer path", "/healthz/x", 301},
		{"anchored, longer word", "/xhealthz", 301},
		{"anchored, line break at the end (Django: exempt)", "/healthz%0A", 301},
		{"unanchored", "/x/.well-known/acme-challenge/y", 200},
		{"neither", "/", 301},
		{"too long to be looked at", "/.well-known/acme-challenge/" + strings.Repeat("x", 9000), 301},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "http://example.com/", nil)
			u, err := url.ParseRequestURI(row.path)
			if err != nil {
				t.Fatal(err)
			}
			r.URL = u
			site.ServeHTTP(w, r)
			if w.Code != row.want {
				t.Errorf("status %d, want %d", w.Code, row.want)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  https.Config
		want string
	}{
		{"preload without subdomains", https.Config{HSTS: https.Year, Preload: true}, "https: SECURE_HSTS_PRELOAD: the preload list takes no host without"},
		{"preload with the default age", https.Config{IncludeSubdomains: true, Preload: true}, "https: SECURE_HSTS_PRELOAD: the preload list takes no max-age below 31536000"},
		{"preload with a second less than a year", https.Config{HSTS: 31535999, IncludeSubdomains: true, Preload: true}, "no max-age below 31536000"},
		{"preload without HSTS", https.Config{HSTS: https.Off, IncludeSubdomains: true, Preload: true}, "no max-age below 31536000"},
		{"negative age", https.Config{HSTS: -2}, "https: SECURE_HSTS_SECONDS: -2 is out of range"},
		{"an age in nanoseconds", https.Config{HSTS: 31536000e9}, "https: SECURE_HSTS_SECONDS"},
		{"host with scheme", https.Config{Host: "https://example.com"}, "https: SECURE_SSL_HOST: "},
		{"host with path", https.Config{Host: "example.com/x"}, "https: SECURE_SSL_HOST: "},
		{"host with user", https.Config{Host: "a@example.com"}, "https: SECURE_SSL_HOST: "},
		{"host with a star", https.Config{Host: "*.example.com"}, "https: SECURE_SSL_HOST: "},
		{"host with a bad port", https.Config{Host: "example.com:70000"}, "https: SECURE_SSL_HOST: "},
		{"no regular expression", https.Config{Exempt: []string{"("}}, "https: SECURE_REDIRECT_EXEMPT: \"(\""},
		{"lookaround", https.Config{Exempt: []string{"(?!admin)"}}, "there is no lookaround"},
		{"empty pattern", https.Config{Exempt: []string{""}}, "an empty pattern exempts every path"},
		{"leading slash", https.Config{Exempt: []string{"/healthz"}}, "remove the slash"},
		{"anchored leading slash", https.Config{Exempt: []string{"^/healthz$"}}, "remove the slash"},
		{"pattern with a host", https.Config{Exempt: []string{"http://example.com/x"}}, "names a host"},
		{"long pattern", https.Config{Exempt: []string{strings.Repeat("x", 1001)}}, "longer than 1000 bytes"},
		{"many patterns", https.Config{Exempt: strings.Split(strings.Repeat("x ", 101), " ")[:101]}, "at most 100"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := https.New(row.cfg)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error is %v, want it to say %q", err, row.want)
			}
		})
	}
	_, err := https.New(https.Config{Host: "a/b", Exempt: []string{"("}, Preload: true})
	for _, want := range []string{"SECURE_SSL_HOST", "SECURE_REDIRECT_EXEMPT", "INCLUDE_SUBDOMAINS", "31536000"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want it to hold %s too", err, want)
		}
	}
}

// Bad input 46: the header goes out over HTTPS, however the request is known to be that, and on errors too.
func TestHSTS(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  https.Config
		want string
	}{
		{"the default is one hour", https.Config{}, "max-age=3600"},
		{"a year", https.Config{HSTS: https.Year}, "max-age=31536000"},
		{"with subdomains", https.Config{HSTS: 60, IncludeSubdomains: true}, "max-age=60; includeSubDomains"},
		{"with preload", https.Config{HSTS: 63072000, IncludeSubdomains: true, Preload: true}, "max-age=63072000; includeSubDomains; preload"},
		{"off", https.Config{HSTS: https.Off}, ""},
		{"off with subdomains", https.Config{HSTS: https.Off, IncludeSubdomains: true}, ""},
		{"without redirects", https.Config{InsecureHTTP: true}, "max-age=3600"},
		{"the part is off", https.Config{InsecureOff: true}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			site := newGuard(t, row.cfg).Handler(http.NotFoundHandler())
			tlsRequest := httptest.NewRequest("GET", "http://example.com/", nil)
			tlsRequest.TLS = &tls.ConnectionState{}
			_, _, proxied := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "http://example.com/", nil))
			httpx.From(proxied.Context()).Scheme = "https"
			for name, r := range map[string]*http.Request{"46: over TLS": tlsRequest, "46: behind a trusted proxy": proxied} {
				w := httptest.NewRecorder()
				site.ServeHTTP(w, r)
				if got := w.Header().Get("Strict-Transport-Security"); w.Code != 404 || got != row.want {
					t.Errorf("%s: %d with HSTS %q, want 404 with %q", name, w.Code, got, row.want)
				}
			}
		})
	}
}

func TestHSTSIsNotSentInTheClear(t *testing.T) {
	site := newGuard(t, https.Config{InsecureHTTP: true}).Handler(reached)
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("GET", "http://example.com/", nil))
	if got := w.Header().Get("Strict-Transport-Security"); w.Code != 200 || got != "" {
		t.Errorf("%d with HSTS %q, want 200 without (RFC 6797, 7.2)", w.Code, got)
	}
}

func TestHSTSThatIsSetAlreadyStays(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Strict-Transport-Security", "max-age=5")
	newGuard(t, https.Config{}).Handler(reached).ServeHTTP(w, httptest.NewRequest("GET", "https://example.com/", nil))
	if got := w.Header()["Strict-Transport-Security"]; len(got) != 1 || got[0] != "max-age=5" {
		t.Errorf("HSTS = %q, want the one that was there", got)
	}
}

func TestOneAnswerCannotChangeTheNext(t *testing.T) {
	site := newGuard(t, https.Config{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Strict-Transport-Security", "max-age=0")
	}))
	for range 2 {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest("GET", "https://example.com/", nil))
		if got := w.Header()["Strict-Transport-Security"]; len(got) != 2 || got[0] != "max-age=3600" {
			t.Errorf("HSTS = %q, want the guard's and the application's", got)
		}
	}
}

func TestMaxAgeText(t *testing.T) {
	for text, want := range map[string]https.MaxAge{
		"0": https.Off, "00": https.Off, "1": 1, "3600": 3600, "31536000": https.Year, "63072000": 2 * https.Year,
	} {
		var got https.MaxAge
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
		if back, _ := got.MarshalText(); strings.TrimLeft(string(back), "0") != strings.TrimLeft(text, "0") {
			t.Errorf("%q is written as %q", text, back)
		}
	}
	for _, text := range []string{"", " ", "-1", "+1", "1h", "1.5", "1e6", "0x10", "1_000", " 60", "60\n", "99999999999999999999", "31536000000000000"} {
		got := https.MaxAge(7)
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken as %d, want an error", text, got)
		}
		if got != 7 {
			t.Errorf("%q changed the value to %d", text, got)
		}
	}
	if got := https.MaxAge(0).String(); got != "3600" {
		t.Errorf("the default is written as %q, want 3600", got)
	}
}

func TestSecureRequestsAllocateNothing(t *testing.T) {
	site := newGuard(t, https.Config{HSTS: https.Year}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest("GET", "https://example.com/", nil)
	w := httptest.NewRecorder()
	if got := testing.AllocsPerRun(100, func() { clear(w.Header()); site.ServeHTTP(w, r) }); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func TestChecks(t *testing.T) {
	best := https.Config{HSTS: https.Year, IncludeSubdomains: true, Preload: true}
	off := https.Config{InsecureOff: true, InsecureHTTP: true, HSTS: https.Off}
	checktest.Run(t, https.Config.Checks, []checktest.Case[https.Config]{
		{ID: "security.W004", Raises: https.Config{HSTS: https.Off}, Clean: https.Config{}},
		{ID: "security.W004", Raises: https.Config{HSTS: https.Off}, Clean: off},
		{ID: "security.W005", Raises: https.Config{}, Clean: best},
		{ID: "security.W005", Raises: https.Config{HSTS: 1}, Clean: https.Config{HSTS: https.Off}},
		{ID: "security.W008", Raises: https.Config{InsecureHTTP: true}, Clean: https.Config{}},
		{ID: "security.W008", Raises: https.Config{InsecureHTTP: true}, Clean: off},
		{ID: "security.W021", Raises: https.Config{HSTS: https.Year}, Clean: best},
		{ID: "security.W021", Raises: https.Config{}, Clean: https.Config{HSTS: https.Off}},
		{ID: "https.E001", Raises: https.Config{HSTS: 1, IncludeSubdomains: true, Preload: true}, Clean: best},
		{ID: "https.E001", Raises: https.Config{HSTS: https.Year, Preload: true}, Clean: https.Config{HSTS: 1, IncludeSubdomains: true}},
		{ID: "https.I001", Raises: https.Config{HSTS: https.Year - 1}, Clean: https.Config{HSTS: https.Year}},
		{ID: "https.I001", Raises: https.Config{}, Clean: https.Config{HSTS: https.Off}},
		{ID: "https.W001", Raises: https.Config{Exempt: []string{".*"}}, Clean: https.Config{Exempt: []string{"^healthz$"}}},
		{ID: "https.W001", Raises: https.Config{Exempt: []string{"^(x|)"}}, Clean: https.Config{Exempt: []string{"^$"}}},
		{ID: "https.W002", Raises: with(best, "example.com"), Clean: best},
		{ID: "https.W002", Raises: with(best, "example.com"), Clean: https.Config{Host: "example.com"}},
	})
}

func with(c https.Config, host string) https.Config {
	c.Host = host
	return c
}

// Demand 4: behind a proxy that is not trusted a redirect to HTTPS would come back for ever.
func TestRedirectLoop(t *testing.T) {
	for _, row := range []struct {
		name, peer, proto string
		state             func(*httpx.State)
		host              string
		status            int
		log               string
	}{
		{"an unlisted proxy", "10.0.0.5:1000", "https", nil, "", 500, "set TRUSTED_PROXIES=10.0.0.5/32"},
		{"an unlisted proxy on IPv6", "[fd00::5]:1000", "https", nil, "", 500, "set TRUSTED_PROXIES=fd00::5/128"},
		{"an unlisted proxy, header removed", "10.0.0.5:1000", "", func(s *httpx.State) { s.ClaimsHTTPS = true }, "", 500, "set TRUSTED_PROXIES=10.0.0.5/32"},
		{"an unlisted proxy on a Unix socket", "@", "https", nil, "", 500, "set TRUSTED_PROXY_UNIX_SOCKET=true"},
		{"a trusted proxy that is misread", "203.0.113.5:1000", "HTTPS", func(s *httpx.State) { s.Trusted = true }, "", 500, "SECURE_PROXY_SSL_HEADER"},
		{"an unlisted proxy that says http", "10.0.0.5:1000", "http", nil, "", 301, ""},
		{"the last entry is the peer's own", "10.0.0.5:1000", "https, http", nil, "", 301, ""},
		{"an unlisted proxy that says nothing", "10.0.0.5:1000", "", nil, "", 301, ""},
		{"a client on the internet may say what it likes", "203.0.113.5:1000", "https", nil, "", 301, ""},
		{"a redirect to another host may end there", "10.0.0.5:1000", "https", nil, "www.example.com", 301, ""},
		{"a redirect to the same host by another name does not", "10.0.0.5:1000", "https", nil, "EXAMPLE.com", 500, "TRUSTED_PROXIES"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var log bytes.Buffer
			site := newGuard(t, https.Config{Host: row.host, Logger: slog.New(slog.NewTextHandler(&log, nil))}).Handler(reached)
			for range 3 {
				w := httptest.NewRecorder()
				r := httptest.NewRequest("GET", "http://example.com/", nil)
				r.RemoteAddr = row.peer
				if row.proto != "" {
					r.Header.Set("X-Forwarded-Proto", row.proto)
				}
				if row.state != nil {
					var s *httpx.State
					s, _, r = httpx.Begin(w, r)
					row.state(s)
				}
				site.ServeHTTP(w, r)
				if w.Code != row.status {
					t.Errorf("status %d, want %d", w.Code, row.status)
				}
				if w.Code == 500 && (w.Header().Get("Location") != "" || w.Header().Get("Cache-Control") != "no-store") {
					t.Errorf("headers %v, want no redirect and nothing stored", w.Header())
				}
			}
			switch n := strings.Count(log.String(), "\n"); {
			case row.log == "" && n != 0:
				t.Errorf("the log has %q, want nothing", log.String())
			case row.log != "" && (n != 1 || !strings.Contains(log.String(), row.log) || !strings.Contains(log.String(), "event=airworthy.security.RedirectLoop")):
				t.Errorf("the log has %q, want one line with %q", log.String(), row.log)
			}
		})
	}
}

func TestLoopLogIsBounded(t *testing.T) {
	lines := 0
	site := newGuard(t, https.Config{Logger: slog.New(countHandler{&lines})}).Handler(reached)
	for i := range 256 {
		r := httptest.NewRequest("GET", "http://example.com/", nil)
		r.RemoteAddr = net.JoinHostPort(net.IPv4(10, 0, 0, byte(i)).String(), "1")
		r.Header.Set("X-Forwarded-Proto", "https")
		site.ServeHTTP(httptest.NewRecorder(), r)
	}
	if lines != 64 {
		t.Errorf("256 peers made %d lines, want 64", lines)
	}
}

// countHandler counts records.
type countHandler struct{ n *int }

func (countHandler) Enabled(context.Context, slog.Level) bool    { return true }
func (h countHandler) Handle(context.Context, slog.Record) error { *h.n++; return nil }
func (h countHandler) WithAttrs([]slog.Attr) slog.Handler        { return h }
func (h countHandler) WithGroup(string) slog.Handler             { return h }

// The law: wherever a redirect leads, it is https on the host that was asked for, with the path that was asked for.
func FuzzTarget(f *testing.F) {
	for _, target := range []string{
		"/", "/a?b=c", "//evil.com", "/\\evil.com", "/%2F%2Fevil.com", "/%09//x", "/?a=\r\nb", "/@x", "/a#b", "/%zz", "*", "http://x", "/?\x00",
	} {
		f.Add("good.com", target)
	}
	f.Add("good.com:8000", "/x")
	f.Add("[::1]:80", "/x")
	f.Add("good.com@evil.com", "/x")
	f.Add("good.com:1/@evil.com", "/x")
	g := newGuard(f, https.Config{})
	f.Fuzz(func(t *testing.T, host, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: "GET", URL: u, Host: host}
		got, status, err := g.Target(host, r)
		if err != nil {
			if got != "" || status != 400 && status != 414 {
				t.Errorf("refused with %d and target %q, want 400 or 414 and none", status, got)
			}
			return
		}
		back, err := url.Parse(got)
		if err != nil {
			t.Fatalf("target %q of %q does not parse: %v", got, target, err)
		}
		if want := strings.TrimSuffix(host, ":80"); back.Scheme != "https" || back.Host != want || back.User != nil || back.Opaque != "" {
			t.Errorf("target %q of %q on %q leads elsewhere", got, target, host)
		}
		if strings.IndexFunc(got, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '\\' || c == '"' }) >= 0 {
			t.Errorf("target %q has what no header should hold", got)
		}
		if u.Path != "" && back.Path != u.Path {
			t.Errorf("path of %q is %q, want %q", got, back.Path, u.Path)
		}
		if strings.HasPrefix(back.EscapedPath(), "//") {
			t.Errorf("path of %q could be taken for a host", got)
		}
	})
}

func BenchmarkHandler(b *testing.B) {
	site := newGuard(b, https.Config{HSTS: https.Year}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for name, url := range map[string]string{"https": "https://example.com/", "redirect": "http://example.com/a?b"} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", url, nil)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				clear(w.Header())
				site.ServeHTTP(w, r)
			}
		})
	}
}
