package proxy_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/proxy"
)

func nets(list string) (out []netip.Prefix) {
	for _, text := range strings.Fields(list) {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func newGuard(t testing.TB, cfg proxy.Config) *proxy.Guard {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	g, err := proxy.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// settled is what the application sees.
type settled struct {
	client, scheme, host string
	trusted              bool
	header               http.Header
	request              *http.Request
}

// serve sends one request for http://app.internal:8000/ from peer through g. Headers are "Name: value" lines.
func serve(g *proxy.Guard, peer string, lines ...string) settled {
	r := httptest.NewRequest("GET", "http://app.internal:8000/", nil)
	r.RemoteAddr = peer
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		r.Header[name] = append(r.Header[name], strings.TrimPrefix(value, " "))
	}
	return through(g, r)
}

func through(g *proxy.Guard, r *http.Request) (got settled) {
	g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = settled{proxy.Client(r).String(), proxy.Scheme(r), proxy.Host(r), httpx.From(r.Context()).Trusted, r.Header, r}
	})).ServeHTTP(httptest.NewRecorder(), r)
	return got
}

func TestWhoIsTrusted(t *testing.T) {
	for _, row := range []struct {
		name, peer string
		cfg        proxy.Config
		want       bool
	}{
		{"the zero Config trusts nobody", "127.0.0.1:1", proxy.Config{}, false},
		{"a listed peer", "10.0.0.5:1", proxy.Config{Trusted: nets("10.0.0.5/32")}, true},
		{"the neighbour of a listed peer", "10.0.0.6:1", proxy.Config{Trusted: nets("10.0.0.5/32")}, false},
		{"a listed peer in mapped form", "[::ffff:10.0.0.5]:1", proxy.Config{Trusted: nets("10.0.0.5/32")}, true},
		{"a list in mapped form", "10.0.0.5:1", proxy.Config{Trusted: nets("::ffff:10.0.0.0/120")}, true},
		{"a peer with a zone", "[fe80::1%eth0]:1", proxy.Config{Trusted: nets("fe80::/64")}, true},
		{"all of IPv4 is not IPv6", "[2001:db8::1]:1", proxy.Config{Trusted: nets("0.0.0.0/0")}, false},
		{"hops alone trust a private peer", "10.9.9.9:1", proxy.Config{Hops: 1}, true},
		{"hops alone trust the shared range of clouds", "100.64.0.1:1", proxy.Config{Hops: 1}, true},
		{"hops alone do not trust a peer on the internet", "203.0.113.1:1", proxy.Config{Hops: 1}, false},
		{"hops do not widen a list", "10.9.9.9:1", proxy.Config{Hops: 1, Trusted: nets("10.0.0.5/32")}, false},
		{"an unknown peer is in no list", "@", proxy.Config{Trusted: nets("0.0.0.0/0 ::/0"), Hops: 1}, false},
		{"an unknown peer is no Unix socket", "@", proxy.Config{UnixSocket: true}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := serve(newGuard(t, row.cfg), row.peer, "X-Forwarded-For: 198.51.100.1", "X-Forwarded-Proto: https")
			if got.trusted != row.want || (got.scheme == "https") != row.want || (got.client == "198.51.100.1") != row.want {
				t.Errorf("trusted = %t, %s, %s; want %t", got.trusted, got.scheme, got.client, row.want)
			}
			if kept := got.header.Get("X-Forwarded-For") != ""; kept != row.want {
				t.Errorf("the header was kept = %t, want %t", kept, row.want)
			}
		})
	}
}

func TestUnixSocket(t *testing.T) {
	for _, trust := range []bool{true, false} {
		t.Run(fmt.Sprintf("UnixSocket=%t", trust), func(t *testing.T) {
			g := newGuard(t, proxy.Config{UnixSocket: trust})
			path := filepath.Join(t.TempDir(), "s")
			ln, err := net.Listen("unix", path)
			if err != nil {
				t.Skip("no Unix sockets here")
			}
			srv := &http.Server{Handler: g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, "%s %s", proxy.Client(r), proxy.Scheme(r))
			}))}
			go srv.Serve(ln)
			defer srv.Close()
			client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", path)
			}}}
			req, _ := http.NewRequest("GET", "http://example.com/", nil)
			req.Header.Set("X-Forwarded-For", "1.1.1.1, 198.51.100.1")
			req.Header.Set("X-Forwarded-Proto", "https")
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			want := map[bool]string{true: "198.51.100.1 https", false: "invalid IP http"}[trust]
			if string(body) != want {
				t.Errorf("got %q, want %q", body, want)
			}
		})
	}
}

// One request costs the chain's one context, and nothing more whoever sends it; headers that are removed cost a copy.
func TestAllocations(t *testing.T) {
	g := newGuard(t, proxy.Config{Trusted: nets("10.0.0.0/24"), UseHost: true})
	site := g.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for name, peer := range map[string]string{"trusted": "10.0.0.5:1", "stranger": "203.0.113.1:1"} {
		r := httptest.NewRequest("GET", "http://app.internal/", nil)
		r.RemoteAddr = peer
		r.Header.Set("Accept", "text/html")
		if name == "trusted" {
			r.Header.Set("X-Forwarded-For", "1.1.1.1, 198.51.100.1, 10.0.0.6")
			r.Header.Set("X-Forwarded-Proto", "https")
			r.Header.Set("X-Forwarded-Host", "example.com")
		}
		w := httptest.NewRecorder()
		context := testing.AllocsPerRun(100, func() { httpx.Begin(w, r) })
		if got := testing.AllocsPerRun(100, func() { site.ServeHTTP(w, r) }); got > context {
			t.Errorf("%s: %v allocations, want no more than the %v of the context", name, got, context)
		}
	}
}

func BenchmarkHandler(b *testing.B) {
	g := newGuard(b, proxy.Config{Trusted: nets("10.0.0.0/24"), UseHost: true})
	f := newGuard(b, proxy.Config{Trusted: nets("10.0.0.0/24"), UseHost: true, Header: proxy.Forwarded})
	browser := []string{"Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Connection", "Cookie", "Sec-Fetch-Dest",
		"Sec-Fetch-Mode", "Sec-Fetch-Site", "Upgrade-Insecure-Requests", "User-Agent", "Referer"}
	for _, row := range []struct {
		name, peer string
		guard      *proxy.Guard
		headers    map[string]string
	}{
		{"stranger", "203.0.113.1:1", g, nil},
		{"stranger-forging", "203.0.113.1:1", g, map[string]string{"X-Forwarded-For": "1.1.1.1"}},
		{"trusted", "10.0.0.5:1", g, map[string]string{"X-Forwarded-For": "198.51.100.1, 10.0.0.6", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.com"}},
		{"trusted-rfc7239", "10.0.0.5:1", f, map[string]string{"Forwarded": `for=198.51.100.1;proto=https;host=example.com, for="[2001:db8::1]:80"`}},
	} {
		b.Run(row.name, func(b *testing.B) {
			site := row.guard.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			r := httptest.NewRequest("GET", "http://app.internal/", nil)
			r.RemoteAddr = row.peer
			for _, name := range browser {
				r.Header.Set(name, "x")
			}
			for name, value := range row.headers {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				site.ServeHTTP(w, r)
			}
		})
	}
}
