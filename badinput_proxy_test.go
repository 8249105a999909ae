package airworthy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
)

func TestBadInputForwardedFor(t *testing.T) {
	const https = "X-Forwarded-Proto: https"
	saw := func(lines ...string) string { return get("/saw", append(lines, https)...) }
	v := start(t, strict(behindProxy), prey())
	v.run(t, []raw{
		{"8: one address", saw("X-Forwarded-For: 198.51.100.1"), "200 https example.com 198.51.100.1"},
		{"8: what stands left is the client's invention", saw("X-Forwarded-For: 1.2.3.4, 198.51.100.1"), "200 https example.com 198.51.100.1"},
		{"8: a private address on the left", saw("X-Forwarded-For: 10.0.0.1, 198.51.100.1"), "200 https example.com 198.51.100.1"},
		{"8: the proxy's own address on the left", saw("X-Forwarded-For: 127.0.0.1, 198.51.100.1"), "200 https example.com 198.51.100.1"},
		{"8: repeated lines are one list", saw("X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 198.51.100.2"), "200 https example.com 198.51.100.2"},
		{"8: lines in other case are one list", saw("x-forwarded-for: 198.51.100.1", "X-FORWARDED-FOR: 198.51.100.2"), "200 https example.com 198.51.100.2"},
		{"8: a zone", saw("X-Forwarded-For: fe80::1%eth0"), "200 https example.com fe80::1"},
		{"8: brackets and port", saw("X-Forwarded-For: [2001:db8::1]:443"), "200 https example.com 2001:db8::1"},
		{"8: a port", saw("X-Forwarded-For: 198.51.100.1:1234"), "200 https example.com 198.51.100.1"},
		{"8: a mapped address", saw("X-Forwarded-For: ::ffff:198.51.100.1"), "200 https example.com 198.51.100.1"},
		{"8: no address at all", saw("X-Forwarded-For: unknown"), "200 https example.com 127.0.0.1"},
		{"8: an address in another notation", saw("X-Forwarded-For: 0x7f.1"), "200 https example.com 127.0.0.1"},
		{"8: 500 entries make it unknown whether to redirect", saw("X-Forwarded-For: " + strings.Repeat("198.51.100.1,", 500)), "400"},
		{"8: 500 lines", saw(slices.Repeat([]string{"X-Forwarded-For: 198.51.100.1"}, 500)...), "400"},
	})
	overTLS(t, strict(), prey()).run(t, []raw{
		{"8: of a stranger", saw("X-Forwarded-For: 198.51.100.1"), "200 https example.com 127.0.0.1"},
		{"8: the kin of a stranger", saw("X-Real-IP: 198.51.100.1", "True-Client-IP: 198.51.100.1", "Forwarded: for=198.51.100.1",
			"CF-Connecting-IP: 198.51.100.1"), "200 https example.com 127.0.0.1"},
	})
}

// hostileHeaders are headers that no client may send, save by a proxy of ours.
var hostileHeaders = []string{
	"X_Forwarded_For: 198.51.100.1", "X-Forwarded_Proto: https", "X_FORWARDED-HOST: evil.example", "Remote_User: root", "X_Company_User: root",
}

var identities = []string{
	"Remote-User: root", "X-Remote-User: root", "X-Auth-Request-Email: root@example.com", "X-Authenticated-User: root", "X-SSL-Client-Verify: SUCCESS",
	"Client-Cert: :AA==:", "X-Goog-IAP-JWT-Assertion: x", "Tailscale-User-Login: root", "X-Company-User: root", "X-Airworthy-User: root",
}

func TestBadInputTwinsAndIdentity(t *testing.T) {
	company := func(s *airworthy.Settings) { s.Proxy.Identity = []string{"X-Company-*"} }
	stranger := overTLS(t, strict(company), prey())
	trusted := start(t, strict(company, behindProxy), prey())
	stranger.run(t, []raw{
		{"9: underscore twins of a stranger", get("/headers", hostileHeaders...), "200"},
		{"13: logins of a stranger", get("/headers", identities...), "200"},
		{"12: prefix and URI of a stranger", get("/headers", "X-Forwarded-Prefix: //evil.example", "X-Forwarded-Uri: /healthz"), "200"},
	})
	for name, lines := range map[string][]string{
		"9: twins do not reach the application": hostileHeaders, "13: logins do not reach the application": identities,
		"12: prefix and URI do not reach the application": {"X-Forwarded-Prefix: //evil.example", "X-Forwarded-Uri: /healthz"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := stranger.send(t, get("/headers", append(lines, "X-Mine: 1")...)).String(); got != "200 X-Mine" {
				t.Errorf("the application saw %q, want X-Mine alone", got)
			}
		})
	}
	const https = "X-Forwarded-Proto: https"
	trusted.run(t, []raw{
		{"9: twins are dropped whoever sends them", get("/headers", append(hostileHeaders, https)...), "200 X-Forwarded-Proto"},
		{"9: a twin is no scheme", get("/", "X_Forwarded_Proto: https"), "301"},
		{"9: a twin is no address", get("/saw", "X_Forwarded_For: 198.51.100.1", https), "200 https example.com 127.0.0.1"},
		{"13: a trusted proxy may say who it is", get("/headers", "Remote-User: ada", https), "200 Remote-User X-Forwarded-Proto"},
	})
}

func TestBadInputScheme(t *testing.T) {
	start(t, strict(behindProxy), prey()).run(t, []raw{
		{"10: headers that the client has stripped", get("/", "Connection: X-Forwarded-Proto, X-Real-IP, X-Forwarded-For"), "301"},
		{"10: without the address it is the proxy's, which is nobody's login", get("/saw", "X-Forwarded-Proto: https", "Connection: X-Forwarded-For"), "200 https example.com 127.0.0.1"},
		{"11: https", get("/", "X-Forwarded-Proto: https"), "200 home"},
		{"11: the client's https before the proxy's http", get("/", "X-Forwarded-Proto: https,http"), "301"},
		{"11: the same on two lines", get("/", "X-Forwarded-Proto: https", "X-Forwarded-Proto: http"), "301"},
		{"11: space before the value is HTTP's", get("/", "X-Forwarded-Proto:   https"), "200 home"},
		{"11: http", get("/", "X-Forwarded-Proto: http"), "301"},
		{"11: another scheme that begins alike", get("/", "X-Forwarded-Proto: httpsx"), "301"},
		{"11: nothing", get("/", "X-Forwarded-Proto:"), "301"},
		{"11: capitals are another value, and claim enough to stop a loop", get("/", "X-Forwarded-Proto:  HTTPS"), "500"},
		{"12: another header that means https elsewhere", get("/", "X-Forwarded-Ssl: on", "Front-End-Https: on", "X-Url-Scheme: https"), "301"},
		{"12: a URI", get("/", "X-Forwarded-Uri: https://example.com/healthz", "Host: evil.example"), "400"},
		{"12: a prefix does not change a redirect", get("/a", "X-Forwarded-Prefix: //evil.example"), "301 https://example.com/a"},
	})
	overTLS(t, strict(behindProxy), prey()).run(t, []raw{
		{"11: a trusted peer that says http over its own TLS", get("/", "X-Forwarded-Proto: http"), "301"},
	})
	overTLS(t, strict(), prey()).run(t, []raw{
		{"11: a stranger's http over TLS", get("/", "X-Forwarded-Proto: http"), "200 home"},
	})
	start(t, strict(), prey()).run(t, []raw{
		{"11: a local stranger's https is diagnosed", get("/", "X-Forwarded-Proto: https"), "500"},
		{"12: a stranger's prefix does not change a redirect", get("/a", "X-Forwarded-Prefix: //evil.example"), "301 https://example.com/a"},
	})
}
