package proxy_test

import (
	"crypto/tls"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/proxy"
)

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

// Bad input 10: a proxy that is made to strip a header leaves none, and none means no trust.
func TestStrippedHeaders(t *testing.T) {
	got := serve(newGuard(t, proxy.Config{Trusted: nets("10.0.0.0/24")}), "10.0.0.5:1", "Connection: X-Forwarded-For, X-Forwarded-Proto")
	if got.client != "10.0.0.5" || got.scheme != "http" {
		t.Errorf("client %s by %s, want the peer by http", got.client, got.scheme)
	}
}
