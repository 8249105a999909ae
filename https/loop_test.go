package https_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/https"
	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/proxy"
)

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
		{"a trusted proxy that is misread", "203.0.113.5:1000", "HTTPS", func(s *httpx.State) { s.Trusted, s.ClaimsHTTPS = true, true }, "", 500, "SECURE_PROXY_SSL_HEADER"},
		{"a trusted proxy that passes on what a client says", "203.0.113.5:1000", "https", func(s *httpx.State) { s.Trusted = true }, "", 301, ""},
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

func (countHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h countHandler) Handle(context.Context, slog.Record) error { *h.n++; return nil }

func (h countHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h countHandler) WithGroup(string) slog.Handler { return h }

// The two parts together: the proxy part removes the header of a peer that it does not trust, and the loop is still seen.
func TestRedirectLoopBehindTheProxyPart(t *testing.T) {
	for _, row := range []struct {
		name   string
		cfg    proxy.Config
		peer   string
		status int
		log    string
	}{
		{"the proxy is not listed", proxy.Config{}, "10.0.0.5:1", 500, "set TRUSTED_PROXIES=10.0.0.5/32"},
		{"the proxy is listed", proxy.Config{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.5/32")}}, "10.0.0.5:1", 200, ""},
		{"the proxy is listed, but writes another header than is read", proxy.Config{
			Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.5/32")}, Header: proxy.Forwarded,
		}, "10.0.0.5:1", 500, "TRUSTED_PROXY_HEADER"},
		{"a client on the internet", proxy.Config{}, "203.0.113.1:1", 301, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			var log bytes.Buffer
			front, err := proxy.New(row.cfg)
			if err != nil {
				t.Fatal(err)
			}
			site := front.Handler(newGuard(t, https.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}).Handler(reached))
			r := httptest.NewRequest("GET", "http://example.com/", nil)
			r.RemoteAddr = row.peer
			r.Header.Set("X-Forwarded-Proto", "https")
			w := httptest.NewRecorder()
			site.ServeHTTP(w, r)
			if w.Code != row.status || !strings.Contains(log.String(), row.log) || row.log == "" && log.Len() > 0 {
				t.Errorf("status %d and log %q, want %d and %q", w.Code, log.String(), row.status, row.log)
			}
		})
	}
}

// Bad input 8: whoever makes a trusted proxy's headers unreadable gets no redirect that a cache in between could store.
func TestNoRedirectWhereTheSchemeIsUnknown(t *testing.T) {
	front, err := proxy.New(proxy.Config{Trusted: []netip.Prefix{netip.MustParsePrefix("203.0.113.5/32")}})
	if err != nil {
		t.Fatal(err)
	}
	site := front.Handler(newGuard(t, https.Config{}).Handler(reached))
	for _, row := range []struct {
		name, forwardedFor string
		tls                bool
		status             int
	}{
		{"65 entries", strings.Repeat("1.1.1.1,", 64) + "1.1.1.1", false, 400},
		{"65 entries over the proxy's own TLS", strings.Repeat("1.1.1.1,", 64) + "1.1.1.1", true, 200},
		{"64 entries", strings.Repeat("1.1.1.1,", 63) + "1.1.1.1", false, 301},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "http://example.com/", nil)
			r.RemoteAddr = "203.0.113.5:1"
			r.Header.Set("X-Forwarded-For", row.forwardedFor)
			if row.tls {
				r.TLS = &tls.ConnectionState{}
			}
			w := httptest.NewRecorder()
			site.ServeHTTP(w, r)
			if w.Code != row.status {
				t.Errorf("status %d, want %d", w.Code, row.status)
			}
			if w.Code == 400 && (w.Header().Get("Location") != "" || w.Header().Get("Cache-Control") != "no-store") {
				t.Errorf("headers %v, want no redirect and nothing stored", w.Header())
			}
		})
	}
}

// Demand 4 again: the proxy says nothing, or that it was itself reached in the clear, but a browser sends what it only
// sends over HTTPS.
func TestRedirectLoopThatOnlyTheBrowserShows(t *testing.T) {
	trusted := proxy.Config{Trusted: []netip.Prefix{netip.MustParsePrefix("203.0.113.5/32")}}
	for _, row := range []struct {
		name       string
		cfg        proxy.Config
		peer, host string
		lines      []string
		before     string // what says https in an earlier request, if there was one
		status     int
		log        string
	}{
		{"a trusted proxy that says nothing", trusted, "203.0.113.5:1", "example.com", []string{"Sec-Fetch-Site: none"}, "", 500, "send X-Forwarded-Proto: https"},
		{"a trusted proxy behind another", trusted, "203.0.113.5:1", "example.com", []string{"Sec-Fetch-Site: none", "X-Forwarded-Proto: http"}, "", 500, "pass that on"},
		{"an unlisted proxy that says nothing", proxy.Config{}, "10.0.0.5:1", "example.com:8443", []string{"Sec-Fetch-Site: same-origin"}, "", 500, "send X-Forwarded-Proto, and set TRUSTED_PROXIES=10.0.0.5/32"},
		{"a Unix socket and nothing said", proxy.Config{}, "@", "example.com", []string{"Sec-Fetch-Site: none"}, "", 500, "send X-Forwarded-Proto, and set TRUSTED_PROXY_UNIX_SOCKET=true"},
		{"a program that is no browser", trusted, "203.0.113.5:1", "example.com", []string{"Accept: */*"}, "", 301, ""},
		{"a proxy that has brought a request by HTTPS", trusted, "203.0.113.5:1", "example.com", []string{"Sec-Fetch-Site: none", "X-Forwarded-Proto: http"}, "X-Forwarded-Proto", 301, ""},
		{"a client on the internet may say what it likes", proxy.Config{}, "203.0.113.5:1", "example.com", []string{"Sec-Fetch-Site: none"}, "", 301, ""},
		{"browsers say it in the clear to localhost", proxy.Config{}, "127.0.0.1:1", "LOCALHOST:8000", []string{"Sec-Fetch-Site: none"}, "", 301, ""},
		{"and to names below it", proxy.Config{}, "127.0.0.1:1", "a.localhost", []string{"Sec-Fetch-Site: none"}, "", 301, ""},
		{"and to 127.0.0.0/8", proxy.Config{}, "127.0.0.1:1", "127.9.9.9", []string{"Sec-Fetch-Site: none"}, "", 301, ""},
		{"and to ::1", proxy.Config{}, "[::1]:1", "[::1]:8000", []string{"Sec-Fetch-Site: none"}, "", 301, ""},
		{"but not to other addresses", proxy.Config{}, "127.0.0.1:1", "[fd00::1]", []string{"Sec-Fetch-Site: none"}, "", 500, "TRUSTED_PROXIES=127.0.0.1/32"},
		{"nor to names that only begin so", proxy.Config{}, "127.0.0.1:1", "localhost.example.com", []string{"Sec-Fetch-Site: none"}, "", 500, "TRUSTED_PROXIES=127.0.0.1/32"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var log bytes.Buffer
			front, err := proxy.New(row.cfg)
			if err != nil {
				t.Fatal(err)
			}
			site := front.Handler(newGuard(t, https.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}).Handler(reached))
			request := func(lines ...string) int {
				r := httptest.NewRequest("GET", "http://"+row.host+"/", nil)
				r.RemoteAddr = row.peer
				for _, line := range lines {
					name, value, _ := strings.Cut(line, ": ")
					r.Header.Set(name, value)
				}
				w := httptest.NewRecorder()
				site.ServeHTTP(w, r)
				return w.Code
			}
			if row.before != "" {
				if got := request(row.before + ": https"); got != 200 {
					t.Fatalf("the earlier request: status %d, want 200", got)
				}
			}
			if got := request(row.lines...); got != row.status {
				t.Errorf("status %d, want %d", got, row.status)
			}
			if !strings.Contains(log.String(), row.log) || row.log == "" && log.Len() > 0 {
				t.Errorf("the log has %q, want %q", log.String(), row.log)
			}
		})
	}
}
