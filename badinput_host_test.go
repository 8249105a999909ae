package airworthy_test

import (
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/proxy"
)

// hosted returns a GET / that names host.
func hosted(host string) string { return get("/", "Host: "+host) }

func TestBadInputHost(t *testing.T) {
	overTLS(t, strict(), prey()).run(t, []raw{
		{"1: a good host, so that the others prove something", hosted("example.com"), "200 home"},
		{"1: two Host lines", "GET / HTTP/1.1\r\nHost: example.com\r\nHost: evil.example\r\n\r\n", "400"},
		{"1: the same Host twice", "GET / HTTP/1.1\r\nHost: example.com\r\nHost: example.com\r\n\r\n", "400"},
		{"1: no Host", "GET / HTTP/1.1\r\n\r\n", "400"},
		{"1: an empty Host", hosted(""), "400"},
		{"1: a user before the host", hosted("example.com:@evil.example"), "400"},
		{"1: a user that looks like the host", hosted("example.com@evil.example"), "400"},
		{"1: a path behind the host", hosted("example.com/../x"), "400"},
		{"1: a list of hosts", hosted("example.com, evil.example"), "400"},
		{"1: NUL in the host", hosted("example.com\x00.evil.example"), "400"},
		{"1: HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "400"},
		{"1: HTTP/1.0 without Host on the health path", "GET /healthz HTTP/1.0\r\n\r\n", "200 ok"},
		{"1: the health path by another spelling", get("/%68ealthz", "Host: evil.example"), "400"},
		{"1: the health path with more behind it", get("/healthz/..;/", "Host: evil.example"), "400"},
		{"1: POST to the health path", ask("POST", "/healthz", "", "Host: evil.example"), "400"},
		{"2: the target's host wins over a good Host", "GET http://evil.example/ HTTP/1.1\r\nHost: example.com\r\n\r\n", "400"},
		{"2: the target's host wins over a bad Host", "GET https://example.com/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", "200 home"},
		{"2: a user in the target", "GET https://example.com@evil.example/ HTTP/1.1\r\nHost: example.com\r\n\r\n", "400"},
		{"2: CONNECT to another host", "CONNECT evil.example:443 HTTP/1.1\r\nHost: example.com\r\n\r\n", "400"},
		{"3: a trailing dot", hosted("example.com."), "200 home"},
		{"3: two trailing dots", hosted("example.com.."), "400"},
		{"3: capitals", hosted("EXAMPLE.com"), "200 home"},
		{"3: the port of https", hosted("example.com:443"), "200 home"},
		{"3: a port out of range", hosted("example.com:99999"), "400"},
		{"3: a port that is none", hosted("example.com:44e1"), "400"},
		{"3: an IPv6 address", hosted("[::1]"), "400"},
		{"3: an IPv6 address with a zone", hosted("[::1%25example.com]"), "400"},
		{"3: a hexadecimal address", hosted("0x7f.1"), "400"},
		{"3: a short address", hosted("127.1"), "400"},
		{"3: a decimal address", hosted("2130706433"), "400"},
		{"3: a name in its own script", hosted("ex\u00e4mple.com"), "400"},
		{"3: a look-alike", hosted("ex\u0430mple.com"), "400"},
		{"3: junk that begins with xn--", hosted("xn--\xff.com"), "400"},
		{"3: xn-- and nothing", hosted("xn--"), "400"},
	})
	idn := overTLS(t, strict(func(s *airworthy.Settings) { s.Hosts.Allowed = []string{"b\u00fccher.example"} }), prey())
	idn.run(t, []raw{
		{"3: the form that browsers send of an allowed name", hosted("xn--bcher-kva.example"), "200 home"},
		{"3: the same in capitals", hosted("XN--BCHER-KVA.EXAMPLE"), "200 home"},
		{"3: the allowed name as no browser sends it", hosted("b\u00fccher.example"), "400"},
	})
	for _, allowed := range []string{"*", "127.0.0.0/8"} {
		local := overTLS(t, strict(func(s *airworthy.Settings) { s.Hosts.Allowed = []string{allowed} }), prey())
		local.run(t, []raw{
			{"3: an address in full, with " + allowed, hosted("127.0.0.1"), "200 home"},
			{"3: an address in short, with " + allowed, hosted("127.1"), "400"},
			{"3: a hexadecimal one, with " + allowed, hosted("0x7f.1"), "400"},
			{"3: a decimal one, with " + allowed, hosted("2130706433"), "400"},
			{"3: an octal one, with " + allowed, hosted("0177.0.0.1"), "400"},
		})
	}
	overTLS(t, strict(func(s *airworthy.Settings) { s.Hosts.Allowed = []string{".good.example"} }), prey()).run(t, []raw{
		{"4: below the name", hosted("www.good.example"), "200 home"},
		{"4: a longer label", hosted("evilgood.example"), "400"},
		{"4: the name as a prefix", hosted("good.example.evil.net"), "400"},
	})
}

func TestBadInputAllowedHosts(t *testing.T) {
	for _, row := range []struct{ name, entry, remedy string }{
		{"4: a network given for a name", "example.com/24", "write the host alone"},
		{"4: a URL given for a name", "http://example.com", "write the host alone, such as example.com"},
		{"4: a regular expression", `^example\.com$`, "write each host"},
		{"4: a star before the name", "*.example.com", `write ".example.com"`},
		{"4: a port", "example.com:8000", `write "example.com"`},
		{"4: an address inside a network", "10.0.0.5/8", "10.0.0.0/8"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := airworthy.New(strict(func(s *airworthy.Settings) { s.Hosts.Allowed = []string{row.entry} }), prey())
			if err == nil || !strings.Contains(err.Error(), "ALLOWED_HOSTS") || !strings.Contains(err.Error(), row.remedy) {
				t.Errorf("the error is %v, want it to name ALLOWED_HOSTS and to say %q", err, row.remedy)
			}
		})
	}
}

// behindProxy makes the test the trusted proxy. No header of a proxy is read by default but X-Forwarded-For and -Proto.
func behindProxy(s *airworthy.Settings) {
	s.Proxy.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
}

func TestBadInputForwardedHost(t *testing.T) {
	const forged = "X-Forwarded-Host: example.com"
	overTLS(t, strict(), prey()).run(t, []raw{
		{"5: a good X-Forwarded-Host of a stranger", get("/", "Host: evil.example", forged), "400"},
		{"5: a bad one", get("/saw", "X-Forwarded-Host: evil.example"), "200 https example.com 127.0.0.1"},
		{"5: Forwarded of a stranger", get("/", "Host: evil.example", "Forwarded: host=example.com"), "400"},
	})
	start(t, strict(behindProxy), prey()).run(t, []raw{
		{"5: of a trusted proxy, but not asked for", get("/", "Host: evil.example", forged, "X-Forwarded-Proto: https"), "400"},
	})
	useHost := func(s *airworthy.Settings) { s.Proxy.UseHost = true }
	const https = "X-Forwarded-Proto: https"
	start(t, strict(behindProxy, useHost), prey()).run(t, []raw{
		{"5: of a trusted proxy, asked for", get("/saw", "Host: internal", forged, https), "200 https example.com 127.0.0.1"},
		{"5: capitals are the same host", get("/saw", "Host: internal", "X-Forwarded-Host: EXAMPLE.COM", https), "200 https EXAMPLE.COM 127.0.0.1"},
		{"5: several values", get("/", "Host: internal", "X-Forwarded-Host: evil.example, example.com", https), "400"},
		{"5: several lines", get("/", "Host: internal", "X-Forwarded-Host: evil.example", forged, https), "400"},
		{"5: several lines, ours first", get("/", "Host: internal", forged, "X-Forwarded-Host: evil.example", https), "400"},
		{"5: a foreign host", get("/", "Host: example.com", "X-Forwarded-Host: evil.example", https), "400"},
		{"5: with several values it cannot be told whether to redirect", get("/", "X-Forwarded-Host: a, b", https), "400"},
	})
	rfc7239 := func(s *airworthy.Settings) { s.Proxy.Header = proxy.Forwarded }
	start(t, strict(behindProxy, useHost, rfc7239), prey()).run(t, []raw{
		{"5: Forwarded", get("/saw", "Host: internal", `Forwarded: for=198.51.100.1;host="example.com";proto=https`), "200 https example.com 198.51.100.1"},
		{"5: a quoted semicolon is no separator", get("/", "Host: internal", `Forwarded: for="x;host=example.com";proto=https`), "400"},
		{"5: quotes that do not end", get("/", "Host: internal", `Forwarded: for="x;host=example.com;proto=https`), "400"},
		{"5: a field twice", get("/", "Host: internal", `Forwarded: host=evil.example;host=example.com;proto=https`), "400"},
		{"5: the other family is not read", get("/", "Host: internal", forged, https), "400"},
	})
}

func TestBadInputRedirect(t *testing.T) {
	start(t, strict(), prey()).run(t, []raw{
		{"6: two slashes", get("//evil.example"), "301 https://example.com/%2Fevil.example"},
		{"6: two slashes and a path", get("//evil.example/%2e%2e"), "301 https://example.com/%2Fevil.example/%2e%2e"},
		{"6: a backslash", get(`/\evil.example`), "301 https://example.com/%5Cevil.example"},
		{"6: escaped slashes", get("/%2F%2Fevil.example"), "301 https://example.com/%2F%2Fevil.example"},
		{"6: a tab", get("/\t//evil.example"), "400"},
		{"6: an escaped tab", get("/%09//evil.example"), "301 https://example.com/%09//evil.example"},
		{"6: an escaped line break", get("/%0d%0aSet-Cookie:a=b"), "301 https://example.com/%0d%0aSet-Cookie:a=b"},
		{"6: a script", "GET javascript:alert(1) HTTP/1.1\r\nHost: example.com\r\n\r\n", "400"},
		{"6: a user", get("/@evil.example"), "301 https://example.com/@evil.example"},
		{"6: no path", "GET http://example.com HTTP/1.1\r\nHost: example.com\r\n\r\n", "301 https://example.com/"},
		{"6: no path but a query", "GET http://example.com?@evil.example HTTP/1.1\r\nHost: example.com\r\n\r\n", "301 https://example.com/?@evil.example"},
		{"6: a star", "OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n", "400"},
		{"6: very long", get("/" + strings.Repeat("x", 20_000)), "414"},
		{"6: a host that is not ours", get("//example.com", "Host: evil.example"), "400"},
		{"6: a redirect back to plain http", get("/", "Host: example.com:80"), "301 https://example.com/"},
	})
	// What net/http's own router answers stands within the chain too.
	overTLS(t, strict(), prey()).run(t, []raw{
		{"6: the router's redirect from two slashes", get("//evil.example"), "307 /evil.example"},
		{"6: the router's redirect from dots", get("/a/..//evil.example"), "307 /evil.example"},
		{"6: a backslash leads nowhere", get(`/\evil.example/`), "404"},
	})
}

// TestBadInputPoison has the application build a link from the request, as it should not.
func TestBadInputPoison(t *testing.T) {
	var called atomic.Int64
	app := prey()
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		called.Add(1)
		app.ServeHTTP(w, r)
	})
	v := overTLS(t, strict(), counted)
	v.run(t, []raw{
		{"7: a poisoned Host", get("/link", "Host: evil.example"), "400"},
		{"7: a poisoned target", "GET https://evil.example/link HTTP/1.1\r\nHost: example.com\r\n\r\n", "400"},
		{"7: a poisoned port", get("/link", "Host: example.com:@evil.example"), "400"},
	})
	if n := called.Load(); n != 0 {
		t.Errorf("the application was called %d times for hosts that are not its own", n)
	}
	v.run(t, []raw{
		{"7: poisoned headers of proxies", get("/link", "X-Forwarded-Host: evil.example", "X-Host: evil.example", "X-Original-Host: evil.example",
			"Forwarded: host=evil.example"), "200 https://example.com/reset/1234"},
	})
}
