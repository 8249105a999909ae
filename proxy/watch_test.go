package proxy_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/proxy"
)

// Demand 6: all users seem to share the address of a proxy that is not on the list.
func TestAlarm(t *testing.T) {
	for _, row := range []struct {
		name   string
		cfg    proxy.Config
		peers  []string // in turn
		forged int      // of each ten requests, how many carry X-Forwarded-For
		want   string   // in the log; empty for no alarm
	}{
		{"one private proxy", proxy.Config{}, []string{"10.0.0.5:1"}, 10, "set TRUSTED_PROXIES=10.0.0.5/32"},
		{"two private proxies", proxy.Config{}, []string{"10.0.0.6:1", "10.0.0.5:1"}, 10, "set TRUSTED_PROXIES=10.0.0.5/32,10.0.0.6/32"},
		{"one of two is missing", proxy.Config{Trusted: nets("10.0.0.5/32")}, []string{"10.0.0.5:1", "10.0.0.6:1"}, 10, "set TRUSTED_PROXIES=10.0.0.6/32"},
		{"nine in ten", proxy.Config{}, []string{"10.0.0.5:1"}, 9, "set TRUSTED_PROXIES=10.0.0.5/32"},
		{"eight in ten", proxy.Config{}, []string{"10.0.0.5:1"}, 8, ""},
		{"a client on the internet", proxy.Config{}, []string{"203.0.113.1:1"}, 10, ""},
		{"a trusted proxy", proxy.Config{Trusted: nets("10.0.0.5/32")}, []string{"10.0.0.5:1"}, 10, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			var log bytes.Buffer
			row.cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
			g := newGuard(t, row.cfg)
			for i := range 2000 {
				lines := []string{"X-Forwarded-For: 198.51.100.1"}
				if i/len(row.peers)%10 >= row.forged {
					lines = nil
				}
				serve(g, row.peers[i%len(row.peers)], lines...)
			}
			switch n := strings.Count(log.String(), "event=airworthy.security.UntrustedProxy"); {
			case row.want == "" && log.Len() != 0:
				t.Errorf("the log has %q, want nothing", log.String())
			case row.want != "" && (n != 1 || !strings.Contains(log.String(), row.want)):
				t.Errorf("the log has %q, want one alarm with %q", log.String(), row.want)
			}
		})
	}
}

func TestRefusalsAreLoggedOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		g := newGuard(t, proxy.Config{Trusted: nets("10.0.0.0/24"), UseHost: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for range 10 {
			serve(g, "10.0.0.5:1", "X-Forwarded-Host: a, b")
		}
		if n := strings.Count(log.String(), "event=airworthy.security.ForwardingRefused"); n != 1 || !strings.Contains(log.String(), "exactly one host") {
			t.Errorf("the log has %q, want one line that gives the reason", log.String())
		}
		time.Sleep(time.Hour)
		serve(g, "10.0.0.5:1", "X-Forwarded-Host: a, b")
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("after an hour the log has %d lines, want 2", n)
		}
	})
}

// What the https part needs to know for its diagnosis.
func TestClaimsHTTPS(t *testing.T) {
	for _, row := range []struct {
		name, line string
		want       bool
	}{
		{"an untrusted claim", "X-Forwarded-Proto: https", true},
		{"in capitals", "X-Forwarded-Proto: HTTPS", true},
		{"in the Forwarded header", "Forwarded: for=1.1.1.1;proto=https", true},
		{"the last entry is the peer's own", "X-Forwarded-Proto: https, http", false},
		{"no claim", "X-Forwarded-Proto: http", false},
		{"no header", "Accept: x", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := serve(newGuard(t, proxy.Config{}), "10.0.0.5:1", row.line)
			if s := httpx.From(got.request.Context()); s.ClaimsHTTPS != row.want || s.Scheme() != "http" {
				t.Errorf("ClaimsHTTPS = %t with scheme %s, want %t with http", s.ClaimsHTTPS, s.Scheme(), row.want)
			}
		})
	}
}

// A trusted proxy that passes a client's X-Forwarded-Proto on, but says http itself in the header that is read, claims
// nothing: otherwise any client could have its requests in the clear taken for a loop.
func TestClaimsHTTPSOfATrustedProxy(t *testing.T) {
	own := proxy.SSLHeader{Name: "X-Url-Scheme", Value: "https"}
	for _, row := range []struct {
		name  string
		cfg   proxy.Config
		lines []string
		want  bool
	}{
		{"Forwarded says http", proxy.Config{Header: proxy.Forwarded}, []string{"Forwarded: for=1.1.1.1;proto=http", "X-Forwarded-Proto: https"}, false},
		{"Forwarded says nothing of the scheme", proxy.Config{Header: proxy.Forwarded}, []string{"Forwarded: for=1.1.1.1", "X-Forwarded-Proto: https"}, true},
		{"Forwarded is not there", proxy.Config{Header: proxy.Forwarded}, []string{"X-Forwarded-Proto: https"}, true},
		{"a header of its own says http", proxy.Config{SSLHeader: own}, []string{"X-Url-Scheme: http", "X-Forwarded-Proto: https"}, false},
		{"a header of its own is not there", proxy.Config{SSLHeader: own}, []string{"X-Forwarded-Proto: https"}, true},
		{"the header is read for another value", proxy.Config{SSLHeader: proxy.SSLHeader{Name: "X-Forwarded-Proto", Value: "on"}}, []string{"X-Forwarded-Proto: https"}, true},
		{"X-Forwarded-Proto says http", proxy.Config{}, []string{"X-Forwarded-Proto: http", "Forwarded: proto=https"}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.cfg.Trusted = []netip.Prefix{netip.MustParsePrefix("10.0.0.5/32")}
			got := serve(newGuard(t, row.cfg), "10.0.0.5:1", row.lines...)
			if s := httpx.From(got.request.Context()); s.ClaimsHTTPS != row.want || s.Scheme() != "http" {
				t.Errorf("ClaimsHTTPS = %t with scheme %s, want %t with http", s.ClaimsHTTPS, s.Scheme(), row.want)
			}
		})
	}
}

// Whoever is let in for being in a private network must not be let in for the address of a proxy.
func TestDisbelieved(t *testing.T) {
	trusted := proxy.Config{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.5/32")}}
	for _, row := range []struct {
		name, peer, line string
		cfg              proxy.Config
		want             bool
	}{
		{"nobody is trusted, nothing forwarded", "10.0.0.5:1", "Accept: x", proxy.Config{}, false},
		{"nobody is trusted, forwarded", "10.0.0.5:1", "X-Forwarded-For: 1.1.1.1", proxy.Config{}, true},
		{"another proxy than the trusted one", "10.0.0.6:1", "X-Real-Ip: 1.1.1.1", trusted, true},
		{"the trusted proxy", "10.0.0.5:1", "X-Forwarded-For: 1.1.1.1", trusted, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := serve(newGuard(t, row.cfg), row.peer, row.line)
			if s := httpx.From(got.request.Context()); s.Disbelieved() != row.want {
				t.Errorf("Disbelieved = %t, want %t", s.Disbelieved(), row.want)
			}
		})
	}
}
