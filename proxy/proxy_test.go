package proxy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/check/checktest"
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

// Bad input 8. The peer is 10.0.0.5, a trusted proxy.
func TestClient(t *testing.T) {
	listed := proxy.Config{Trusted: nets("10.0.0.0/24 2001:db8:aaaa::/48")}
	bounded := proxy.Config{Trusted: nets("10.0.0.0/24"), Hops: 2}
	hops := func(n int) proxy.Config { return proxy.Config{Hops: n} }
	many := strings.Repeat("1.1.1.1, ", 63)
	for _, row := range []struct {
		name  string
		cfg   proxy.Config
		lines []string
		want  string
	}{
		{"no header", listed, nil, "10.0.0.5"},
		{"one address", listed, []string{"198.51.100.1"}, "198.51.100.1"},
		{"8: what stands left of the client is invented", listed, []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		{"8: a private left part is invented too", listed, []string{"127.0.0.1, 192.168.0.1, 198.51.100.1"}, "198.51.100.1"},
		{"8: our own proxies are passed", listed, []string{"198.51.100.1, 10.0.0.6, 10.0.0.7"}, "198.51.100.1"},
		{"8: a trusted address left of the client is invented", listed, []string{"9.9.9.9, 10.0.0.6, 198.51.100.1, 10.0.0.7"}, "198.51.100.1"},
		{"8: repeated lines are one list", listed, []string{"198.51.100.1", "10.0.0.6"}, "198.51.100.1"},
		{"8: the last line counts first", listed, []string{"1.1.1.1", "198.51.100.1, 10.0.0.6"}, "198.51.100.1"},
		{"8: IPv6", listed, []string{"2001:db8::1"}, "2001:db8::1"},
		{"8: IPv6 in brackets", listed, []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"8: IPv6 with port", listed, []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"8: IPv6 with zone", listed, []string{"fe80::1%eth0"}, "fe80::1"},
		{"8: IPv6 with zone, brackets and port", listed, []string{"[fe80::1%25eth0]:80"}, "fe80::1"},
		{"8: IPv4 with port", listed, []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"8: a mapped address is the IPv4 address", listed, []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"8: a mapped address of a proxy is passed", listed, []string{"198.51.100.1, [::ffff:10.0.0.6]:80"}, "198.51.100.1"},
		{"8: a trusted IPv6 proxy is passed", listed, []string{"198.51.100.1, 2001:db8:aaaa::1"}, "198.51.100.1"},
		{"8: 64 entries are read", listed, []string{many + "198.51.100.1"}, "198.51.100.1"},
		{"8: 65 entries are not", listed, []string{many + "2.2.2.2, 198.51.100.1"}, "10.0.0.5"},
		{"8: 500 entries on 500 lines are not", listed, strings.Split(strings.Repeat("198.51.100.1 ", 499)+"198.51.100.1", " "), "10.0.0.5"},
		{"8: more than 4096 bytes are not", listed, []string{strings.Repeat("x", 4096) + ",198.51.100.1"}, "10.0.0.5"},
		{"all of ours: the outermost", listed, []string{"10.0.0.8, 10.0.0.7"}, "10.0.0.8"},
		{"junk ends the list at the proxy that passed it on", listed, []string{"198.51.100.1, junk, 10.0.0.7"}, "10.0.0.7"},
		{"junk alone leaves the peer", listed, []string{"junk"}, "10.0.0.5"},
		{"an empty entry is junk", listed, []string{"198.51.100.1, , 10.0.0.7"}, "10.0.0.7"},
		{"an empty line is junk", listed, []string{"198.51.100.1", ""}, "10.0.0.5"},
		{"junk left of the client is not looked at", listed, []string{"junk, 198.51.100.1"}, "198.51.100.1"},
		{"the word unknown is no address", listed, []string{"unknown"}, "10.0.0.5"},
		{"a Unix socket is no address", listed, []string{"unix:"}, "10.0.0.5"},
		{"octal is no address", listed, []string{"0177.0.0.1"}, "10.0.0.5"},
		{"a short address is none", listed, []string{"127.1"}, "10.0.0.5"},
		{"IPv4 in brackets is no address", listed, []string{"[198.51.100.1]"}, "10.0.0.5"},
		{"IPv4 with zone is no address", listed, []string{"198.51.100.1%eth0"}, "10.0.0.5"},
		{"a bad port", listed, []string{"198.51.100.1:99999"}, "10.0.0.5"},
		{"a bad port behind brackets", listed, []string{"[2001:db8::1]x"}, "10.0.0.5"},
		{"tabs and spaces around", listed, []string{"\t 198.51.100.1 \t"}, "198.51.100.1"},

		{"a bound ends the list before its trusted part does", bounded, []string{"198.51.100.1, 10.0.0.8, 10.0.0.7"}, "10.0.0.8"},
		{"a bound that is not reached", bounded, []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		{"one hop", hops(1), []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		{"one hop takes a private client", hops(1), []string{"1.1.1.1, 192.168.0.7"}, "192.168.0.7"},
		{"two hops", hops(2), []string{"1.1.1.1, 198.51.100.1, 203.0.113.1"}, "198.51.100.1"},
		{"two hops but one entry: who connected to the first", hops(2), []string{"203.0.113.1"}, "203.0.113.1"},
		{"hops without a header", hops(2), nil, "10.0.0.5"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var lines []string
			for _, line := range row.lines {
				lines = append(lines, "X-Forwarded-For: "+line)
			}
			got := serve(newGuard(t, row.cfg), "10.0.0.5:4000", lines...)
			if got.client != row.want {
				t.Errorf("client %s, want %s", got.client, row.want)
			}
			if got.request.RemoteAddr != "10.0.0.5:4000" || got.request.Host != "app.internal:8000" {
				t.Errorf("RemoteAddr %s and Host %s were changed", got.request.RemoteAddr, got.request.Host)
			}
		})
	}
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

// Bad input 11. The rules are those of Django's secure-request test, with lists read from the right.
func TestScheme(t *testing.T) {
	trusted := proxy.Config{Trusted: nets("10.0.0.0/24")}
	own := proxy.Config{Trusted: nets("10.0.0.0/24"), SSLHeader: proxy.SSLHeader{Name: "x-scheme", Value: "on"}}
	for _, row := range []struct {
		name  string
		cfg   proxy.Config
		peer  string
		tls   bool
		lines []string
		want  string
	}{
		{"https", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Proto: https"}, "https"},
		{"space around", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Proto:  \thttps "}, "https"},
		{"http", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Proto: http"}, "http"},
		{"11: capitals are not the value", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Proto:  HTTPS"}, "http"},
		{"another word is not the value", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Proto: on"}, "http"},
		{"empty is not the value", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Proto: "}, "http"},
		{"a longer word is not the value", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Proto: httpsx"}, "http"},
		{"10: absence is never trust", trusted, "10.0.0.5:1", false, nil, "http"},
		{"absence leaves the connection's own", trusted, "10.0.0.5:1", true, nil, "https"},
		{"11: with one proxy the left of a list is the client's (Django: https)", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Proto: https,http"}, "http"},
		{"11: with one proxy the right of a list is the proxy's (Django: http)", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Proto: http,https"}, "https"},
		{"11: with two proxies the outer one's counts", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-For: 198.51.100.1, 10.0.0.6", "X-Forwarded-Proto: https,http"}, "https"},
		{"11: with two proxies the client's own does not count", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-For: 198.51.100.1, 10.0.0.6", "X-Forwarded-Proto: https,http,http"}, "http"},
		{"11: repeated lines are one list", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Proto: https", "X-Forwarded-Proto: http"}, "http"},
		{"11: http of a trusted peer that uses TLS (CVE-2019-12781)", trusted, "10.0.0.5:1", true, []string{"X-Forwarded-Proto: http"}, "http"},
		{"11: empty of a trusted peer that uses TLS", trusted, "10.0.0.5:1", true, []string{"X-Forwarded-Proto: "}, "http"},
		{"11: TLS of a peer that is not trusted wins over its header", trusted, "203.0.113.1:1", true, []string{"X-Forwarded-Proto: http"}, "https"},
		{"https of a peer that is not trusted", trusted, "203.0.113.1:1", false, []string{"X-Forwarded-Proto: https"}, "http"},
		{"a header of its own", own, "10.0.0.5:1", false, []string{"X-Scheme: on"}, "https"},
		{"with a header of its own the usual one does not count", own, "10.0.0.5:1", false, []string{"X-Forwarded-Proto: https"}, "http"},
		{"12: X-Forwarded-Uri and X-Forwarded-Ssl decide nothing", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Uri: https://evil.com/", "X-Forwarded-Ssl: on"}, "http"},
		{"a list too long", trusted, "10.0.0.5:1", false, []string{"X-Forwarded-Proto: " + strings.Repeat("https,", 64) + "https"}, "http"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "http://app.internal:8000/", nil)
			r.RemoteAddr = row.peer
			if row.tls {
				r.TLS = &tls.ConnectionState{}
			}
			for _, line := range row.lines {
				name, value, _ := strings.Cut(line, ": ")
				r.Header.Add(name, value)
			}
			if got := through(newGuard(t, row.cfg), r).scheme; got != row.want {
				t.Errorf("scheme %s, want %s", got, row.want)
			}
		})
	}
}

// Bad inputs 5 and 12.
func TestHost(t *testing.T) {
	host := proxy.Config{Trusted: nets("10.0.0.0/24"), UseHost: true}
	port := proxy.Config{Trusted: nets("10.0.0.0/24"), UsePort: true}
	both := proxy.Config{Trusted: nets("10.0.0.0/24"), UseHost: true, UsePort: true}
	const trusted, stranger = "10.0.0.5:1", "203.0.113.1:1"
	for _, row := range []struct {
		name  string
		cfg   proxy.Config
		peer  string
		lines []string
		want  string
		whole bool // the peer is believed in the rest
	}{
		{"not asked for", proxy.Config{Trusted: nets("10.0.0.0/24")}, trusted, []string{"X-Forwarded-Host: example.com"}, "app.internal:8000", true},
		{"asked for", host, trusted, []string{"X-Forwarded-Host: example.com"}, "example.com", true},
		{"case and port are kept", host, trusted, []string{"X-Forwarded-Host: EXAMPLE.com:8443"}, "EXAMPLE.com:8443", true},
		{"IPv6", host, trusted, []string{"X-Forwarded-Host: [::1]:80"}, "[::1]:80", true},
		{"not sent", host, trusted, nil, "app.internal:8000", true},
		{"5: of a peer that is not trusted", host, stranger, []string{"X-Forwarded-Host: evil.com"}, "app.internal:8000", false},
		{"5: several values", host, trusted, []string{"X-Forwarded-Host: evil.com, example.com"}, "app.internal:8000", false},
		{"5: several lines", host, trusted, []string{"X-Forwarded-Host: evil.com", "X-Forwarded-Host: example.com"}, "app.internal:8000", false},
		{"empty", host, trusted, []string{"X-Forwarded-Host: "}, "app.internal:8000", false},
		{"user information", host, trusted, []string{"X-Forwarded-Host: a@evil.com"}, "app.internal:8000", false},
		{"path", host, trusted, []string{"X-Forwarded-Host: evil.com/x"}, "app.internal:8000", false},
		{"12: X-Forwarded-Server and X-Forwarded-Prefix decide nothing", host, trusted, []string{"X-Forwarded-Server: evil.com", "X-Forwarded-Prefix: //evil.com"}, "app.internal:8000", true},
		{"9: an underscore twin decides nothing", host, trusted, []string{"X_forwarded_host: evil.com", "X-Forwarded_host: evil.com"}, "app.internal:8000", true},
		{"port replaces the port", port, trusted, []string{"X-Forwarded-Port: 8443"}, "app.internal:8443", true},
		{"the port of https is left out", port, trusted, []string{"X-Forwarded-Proto: https", "X-Forwarded-Port: 443"}, "app.internal", true},
		{"the port of http is left out", port, trusted, []string{"X-Forwarded-Port: 80"}, "app.internal", true},
		{"443 without https stays", port, trusted, []string{"X-Forwarded-Port: 443"}, "app.internal:443", true},
		{"the same port", port, trusted, []string{"X-Forwarded-Port: 8000"}, "app.internal:8000", true},
		{"host and port", both, trusted, []string{"X-Forwarded-Host: example.com", "X-Forwarded-Port: 8443"}, "example.com:8443", true},
		{"IPv6 host and port", both, trusted, []string{"X-Forwarded-Host: [::1]", "X-Forwarded-Port: 8443"}, "[::1]:8443", true},
		{"port of a peer that is not trusted", port, stranger, []string{"X-Forwarded-Port: 8443"}, "app.internal:8000", false},
		{"several ports", port, trusted, []string{"X-Forwarded-Port: 8443, 443"}, "app.internal:8000", false},
		{"a port out of range", port, trusted, []string{"X-Forwarded-Port: 65536"}, "app.internal:8000", false},
		{"a port that is a word", port, trusted, []string{"X-Forwarded-Port: @evil.com"}, "app.internal:8000", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := serve(newGuard(t, row.cfg), row.peer, append(row.lines, "X-Forwarded-For: 198.51.100.1")...)
			if got.host != row.want || got.trusted != row.whole || (got.client == "198.51.100.1") != row.whole {
				t.Errorf("host %s, trusted %t, client %s; want host %s, trusted %t", got.host, got.trusted, got.client, row.want, row.whole)
			}
		})
	}
}

// Bad inputs 9 and 13, and that nobody else's request is changed.
func TestWhatIsRemoved(t *testing.T) {
	cfg := proxy.Config{
		Trusted: nets("10.0.0.0/24"), Identity: []string{"X-Company-User", "x-badge-*"},
		SSLHeader: proxy.SSLHeader{Name: "X-Scheme", Value: "https"},
	}
	for _, row := range []struct {
		name, header         string
		fromStranger, fromUs bool // kept
	}{
		{"an ordinary header", "Accept", true, true},
		{"an ordinary header with underscores", "Api_key", true, true},
		{"a name that only starts alike", "X-Forwardedness", true, true},
		{"X-Forwarded-For", "X-Forwarded-For", false, true},
		{"12: X-Forwarded-Prefix", "X-Forwarded-Prefix", false, true},
		{"X-Forwarded-User", "X-Forwarded-User", false, true},
		{"Forwarded", "Forwarded", false, true},
		{"X-Real-Ip", "X-Real-Ip", false, true},
		{"the header that means HTTPS", "X-Scheme", false, true},
		{"9: twin of X-Forwarded-For", "X_forwarded_for", false, false},
		{"9: half a twin of X-Forwarded-Proto", "X-Forwarded_proto", false, false},
		{"9: twin of an identity", "Remote_user", false, false},
		{"9: twin of a header of one's own", "X_company_user", false, false},
		{"13: Remote-User", "Remote-User", false, true},
		{"13: X-Auth-Request-Email", "X-Auth-Request-Email", false, true},
		{"13: certificate", "X-Ssl-Client-Dn", false, true},
		{"13: one's own name", "X-Company-User", false, true},
		{"13: one's own names", "X-Badge-Number", false, true},
		{"13: names of this module", "X-Airworthy-Anything", false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			for peer, want := range map[string]bool{"203.0.113.1:1": row.fromStranger, "10.0.0.5:1": row.fromUs} {
				r := httptest.NewRequest("GET", "http://app.internal:8000/", nil)
				r.RemoteAddr = peer
				r.Header = http.Header{row.header: {"x"}, "Accept-Language": {"en"}}
				before := r.Header.Clone()
				got := through(newGuard(t, cfg), r)
				if _, kept := got.header[row.header]; kept != want {
					t.Errorf("from %s: kept = %t, want %t", peer, kept, want)
				}
				if _, kept := got.header["Accept-Language"]; !kept {
					t.Errorf("from %s: another header went too", peer)
				}
				if !maps.EqualFunc(r.Header, before, slices.Equal) {
					t.Errorf("from %s: the caller's header was changed to %v", peer, r.Header)
				}
				if s := httpx.From(got.request.Context()); s.Request != got.request {
					t.Errorf("from %s: State.Request is not the request that was passed on", peer)
				}
			}
		})
	}
}

func TestRequestOfAnotherPartIsNotChanged(t *testing.T) {
	r := httptest.NewRequest("GET", "http://app.internal/", nil)
	r.Header.Set("X-Forwarded-For", "1.1.1.1")
	_, _, r = httpx.Begin(httptest.NewRecorder(), r)
	got := through(newGuard(t, proxy.Config{}), r)
	if r.Header.Get("X-Forwarded-For") == "" || got.header.Get("X-Forwarded-For") != "" {
		t.Errorf("the request of the part before has %v, the one handed on %v", r.Header, got.header)
	}
}

// Bad input 10: a proxy that is made to strip a header leaves none, and none means no trust.
func TestStrippedHeaders(t *testing.T) {
	got := serve(newGuard(t, proxy.Config{Trusted: nets("10.0.0.0/24")}), "10.0.0.5:1", "Connection: X-Forwarded-For, X-Forwarded-Proto")
	if got.client != "10.0.0.5" || got.scheme != "http" {
		t.Errorf("client %s by %s, want the peer by http", got.client, got.scheme)
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
			if s := httpx.From(got.request.Context()); s.ClaimsHTTPS != row.want || s.Scheme != "http" {
				t.Errorf("ClaimsHTTPS = %t with scheme %s, want %t with http", s.ClaimsHTTPS, s.Scheme, row.want)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  proxy.Config
		want string
	}{
		{"no network", proxy.Config{Trusted: []netip.Prefix{{}}}, "proxy: TRUSTED_PROXIES: not a network"},
		{"an address inside a network", proxy.Config{Trusted: nets("10.0.0.5/8")}, "write 10.0.0.0/8 for the network or 10.0.0.5/32 for the address"},
		{"negative hops", proxy.Config{Hops: -1}, "proxy: TRUSTED_PROXY_HOPS: -1"},
		{"many hops", proxy.Config{Hops: 17}, "proxy: TRUSTED_PROXY_HOPS: 17"},
		{"unknown family", proxy.Config{Header: 7}, "proxy: TRUSTED_PROXY_HEADER: unknown family 7"},
		{"port of Forwarded", proxy.Config{Header: proxy.Forwarded, UsePort: true}, "proxy: USE_X_FORWARDED_PORT"},
		{"SSL header with Django's name", proxy.Config{SSLHeader: proxy.SSLHeader{Name: "HTTP_X_FORWARDED_PROTO", Value: "https"}}, "proxy: SECURE_PROXY_SSL_HEADER"},
		{"SSL header without value", proxy.Config{SSLHeader: proxy.SSLHeader{Name: "X-Forwarded-Proto"}}, "proxy: SECURE_PROXY_SSL_HEADER"},
		{"SSL header without name", proxy.Config{SSLHeader: proxy.SSLHeader{Value: "https"}}, "proxy: SECURE_PROXY_SSL_HEADER"},
		{"identity that is no name", proxy.Config{Identity: []string{"X Company"}}, "proxy: TRUSTED_PROXY_IDENTITY"},
		{"identity that is everything", proxy.Config{Identity: []string{"*"}}, "proxy: TRUSTED_PROXY_IDENTITY"},
		{"identity with underscore", proxy.Config{Identity: []string{"X_User"}}, "proxy: TRUSTED_PROXY_IDENTITY"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := proxy.New(row.cfg)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error is %v, want it to say %q", err, row.want)
			}
		})
	}
	_, err := proxy.New(proxy.Config{Trusted: nets("10.0.0.5/8"), Hops: -1})
	for _, want := range []string{"TRUSTED_PROXIES", "TRUSTED_PROXY_HOPS"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want it to hold %s too", err, want)
		}
	}
}

func TestTexts(t *testing.T) {
	for text, want := range map[string]proxy.SSLHeader{
		"":                             {},
		"X-Forwarded-Proto=https":      {"X-Forwarded-Proto", "https"},
		"x-forwarded-proto = https":    {"X-Forwarded-Proto", "https"},
		"HTTP_X_FORWARDED_PROTO,https": {"X-Forwarded-Proto", "https"},
		"HTTP_X_FORWARDED_PROTO=https": {"X-Forwarded-Proto", "https"},
		"HTTP_X_FORWARDED_SSL, on":     {"X-Forwarded-Ssl", "on"},
	} {
		var got proxy.SSLHeader
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", text, got, err, want)
		}
		var back proxy.SSLHeader
		written, _ := got.MarshalText()
		if err := back.UnmarshalText(written); err != nil || back != got {
			t.Errorf("%q is written as %q, which is %+v, %v", text, written, back, err)
		}
	}
	for _, text := range []string{"X-Forwarded-Proto", "=https", "X-Forwarded-Proto=", "X Y=https", "X-A=https,http", "X_FORWARDED_PROTO=https"} {
		var got proxy.SSLHeader
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken as %+v, want an error", text, got)
		}
	}
	for text, want := range map[string]proxy.Header{"x-forwarded": proxy.XForwarded, "X-Forwarded": proxy.XForwarded, "forwarded": proxy.Forwarded} {
		var got proxy.Header
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	var h proxy.Header
	if h.UnmarshalText([]byte("x-real-ip")) == nil {
		t.Error("x-real-ip is taken as a family of headers")
	}
}

func TestChecks(t *testing.T) {
	ok := proxy.Config{Trusted: nets("10.0.0.5/32")}
	with := func(f func(*proxy.Config)) proxy.Config {
		c := ok
		f(&c)
		return c
	}
	ssl := proxy.SSLHeader{Name: "X-Forwarded-Proto", Value: "https"}
	checktest.Run(t, proxy.Config.Checks, []checktest.Case[proxy.Config]{
		{ID: "proxy.W001", Raises: proxy.Config{Trusted: nets("0.0.0.0/0")}, Clean: proxy.Config{Trusted: nets("10.0.0.0/8 fc00::/7")}},
		{ID: "proxy.W001", Raises: proxy.Config{Trusted: nets("10.0.0.5/32 ::/0")}, Clean: proxy.Config{}},
		{ID: "proxy.W001", Raises: proxy.Config{Trusted: nets("0.0.0.0/1 128.0.0.0/1")}, Clean: ok},
		{ID: "proxy.W001", Raises: proxy.Config{Trusted: nets("::ffff:0.0.0.0/96")}, Clean: proxy.Config{Trusted: nets("::ffff:10.0.0.0/104")}},
		{ID: "proxy.W002", Raises: proxy.Config{UseHost: true}, Clean: with(func(c *proxy.Config) { c.UseHost = true })},
		{ID: "proxy.W002", Raises: proxy.Config{UseHost: true}, Clean: proxy.Config{UseHost: true, UnixSocket: true}},
		{ID: "proxy.W003", Raises: proxy.Config{UsePort: true}, Clean: with(func(c *proxy.Config) { c.UsePort = true })},
		{ID: "proxy.W004", Raises: proxy.Config{SSLHeader: ssl}, Clean: with(func(c *proxy.Config) { c.SSLHeader = ssl })},
		{ID: "proxy.W004", Raises: proxy.Config{SSLHeader: ssl}, Clean: proxy.Config{SSLHeader: ssl, Hops: 1}},
		{ID: "proxy.W005", Raises: proxy.Config{Hops: 1}, Clean: with(func(c *proxy.Config) { c.Hops = 1 })},
	})
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
