package csrf_test

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/csrf"
)

const secret = "abcdefghijklmnopqrstuvwxyzABCDEF"

// masked is the secret under a mask, from Django 5.2.19.
const masked = "0123456789ABCDEFGHIJKLMNOPQRSTUV02468acegiKMOQSUWY02468acegikmoq"

// other is another secret under the same mask.
const other = "0123456789ABCDEFGHIJKLMNOPQRSTUV02468acegiKMOQSUWY02468acegikmor"

var quiet = slog.New(slog.DiscardHandler)

func newGuard(t testing.TB, cfg csrf.Config) *csrf.Guard {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = quiet
	}
	g, err := csrf.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// newRequest makes what net/http's server makes: no scheme and no host in the URL.
func newRequest(method, site string, header ...string) *http.Request {
	scheme, host, _ := strings.Cut(site, "://")
	r := httptest.NewRequest(method, "/transfer", nil)
	r.Host = host
	if scheme == "https" {
		r.TLS = &tls.ConnectionState{}
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

// reason returns the reason of a refusal, "" for none.
func reason(t testing.TB, err error) csrf.Reason {
	t.Helper()
	if err == nil {
		return ""
	}
	ref, ok := errors.AsType[*csrf.Refusal](err)
	if !ok {
		t.Fatalf("the error is a %T, want a *csrf.Refusal", err)
	}
	return ref.Reason
}

const (
	site   = "https://victim.com"
	cookie = "Cookie: __Host-csrftoken=" + secret
	pass   = csrf.Reason("")
)

// name253 is a name as long as DNS has them.
var name253 = strings.Repeat("a.", 125) + "com"

func TestCheck(t *testing.T) {
	g := newGuard(t, csrf.Config{TrustedOrigins: []string{
		"https://trusted.com", "https://*.wild.com", "https://ported.com:8443", "http://plain.com", "https://[2001:db8::1]",
	}})
	for _, row := range []struct {
		name   string
		method string
		site   string
		header []string
		want   csrf.Reason
	}{
		{"GET from another site", "GET", site, []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.com"}, pass},
		{"HEAD from another site", "HEAD", site, []string{"Sec-Fetch-Site: cross-site"}, pass},
		{"OPTIONS, as in a preflight", "OPTIONS", site, []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.com"}, pass},
		{"TRACE", "TRACE", site, nil, pass},
		{"a method that nobody knows is no safe one", "PROPFIND", site, []string{"Sec-Fetch-Site: cross-site"}, "CROSS_SITE"},
		{"a safe method in small letters is another method", "get", site, []string{"Sec-Fetch-Site: cross-site"}, "CROSS_SITE"},

		{"fetch metadata says this site", "POST", site, []string{"Sec-Fetch-Site: same-origin"}, pass},
		{"the user typed it", "POST", site, []string{"Sec-Fetch-Site: none"}, pass},
		{"another site", "POST", site, []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.com"}, "CROSS_SITE"},
		{"a sister of this site", "POST", site, []string{"Sec-Fetch-Site: same-site", "Origin: https://blog.victim.com"}, "CROSS_SITE"},
		{"a trusted other site", "POST", site, []string{"Sec-Fetch-Site: cross-site", "Origin: https://trusted.com"}, pass},
		{"another site that hides its origin", "POST", site, []string{"Sec-Fetch-Site: cross-site", "Origin: null"}, "CROSS_SITE"},
		{"another site without Origin", "POST", site, []string{"Sec-Fetch-Site: cross-site"}, "CROSS_SITE"},
		{"another site with the token: it got it from us, or from a mistake", "POST", site,
			[]string{"Sec-Fetch-Site: cross-site", cookie, "X-CSRFToken: " + masked}, "CROSS_SITE"},
		{"cross-site is believed over an Origin that looks like ours", "POST", site,
			[]string{"Sec-Fetch-Site: cross-site", "Origin: https://victim.com"}, "CROSS_SITE"},
		{"a value that no browser sends vouches for nothing", "POST", site, []string{"Sec-Fetch-Site: Same-Origin"}, "CROSS_SITE"},
		{"an empty value vouches for nothing", "POST", site, []string{"Sec-Fetch-Site: "}, "CROSS_SITE"},
		{"two values in one line vouch for nothing", "POST", site, []string{"Sec-Fetch-Site: same-origin, cross-site"}, "CROSS_SITE"},
		{"bad input 14: a doubled Sec-Fetch-Site", "POST", site,
			[]string{"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"}, "BAD_FETCH_SITE"},
		{"bad input 14: a doubled Sec-Fetch-Site, both good", "POST", site,
			[]string{"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: same-origin"}, "BAD_FETCH_SITE"},

		{"an old browser's Origin is this site", "POST", site, []string{"Origin: https://victim.com"}, pass},
		{"another site's", "POST", site, []string{"Origin: https://evil.com"}, "BAD_ORIGIN"},
		{"another site's, with the token", "POST", site,
			[]string{"Origin: https://evil.com", cookie, "X-CSRFToken: " + masked}, "BAD_ORIGIN"},
		{"a trusted one", "POST", site, []string{"Origin: https://trusted.com"}, pass},
		{"a trusted one with its port spelled out", "POST", site, []string{"Origin: https://trusted.com:443"}, pass},
		{"a trusted one on another port", "POST", site, []string{"Origin: https://trusted.com:444"}, "BAD_ORIGIN"},
		{"a trusted port", "POST", site, []string{"Origin: https://ported.com:8443"}, pass},
		{"a trusted host without the trusted port", "POST", site, []string{"Origin: https://ported.com"}, "BAD_ORIGIN"},
		{"bad input 17: a trusted host over http", "POST", site, []string{"Origin: http://trusted.com"}, "BAD_ORIGIN"},
		{"http where it is written", "POST", site, []string{"Origin: http://plain.com"}, pass},
		{"https where http is written", "POST", site, []string{"Origin: https://plain.com"}, "BAD_ORIGIN"},
		{"a trusted address", "POST", site, []string{"Origin: https://[2001:db8::1]"}, pass},
		{"one label below a wildcard", "POST", site, []string{"Origin: https://a.wild.com"}, pass},
		{"two labels below a wildcard", "POST", site, []string{"Origin: https://b.a.wild.com"}, "BAD_ORIGIN"},
		{"the wildcard's own domain", "POST", site, []string{"Origin: https://wild.com"}, "BAD_ORIGIN"},
		{"a name that ends like the wildcard's domain", "POST", site, []string{"Origin: https://evilwild.com"}, "BAD_ORIGIN"},
		{"below a wildcard over http", "POST", site, []string{"Origin: http://a.wild.com"}, "BAD_ORIGIN"},
		{"below a wildcard on another port", "POST", site, []string{"Origin: https://a.wild.com:8443"}, "BAD_ORIGIN"},
		{"an empty label below a wildcard", "POST", site, []string{"Origin: https://.wild.com"}, "BAD_ORIGIN"},

		{"bad input 14: a user name before the host", "POST", site, []string{"Origin: https://evil@victim.com"}, "BAD_ORIGIN"},
		{"bad input 14: a user name before a trusted host", "POST", site, []string{"Origin: https://evil@trusted.com"}, "BAD_ORIGIN"},
		{"bad input 14: http on an https site", "POST", site, []string{"Origin: http://victim.com"}, "BAD_ORIGIN"},
		{"https on an http site", "POST", "http://victim.com", []string{"Origin: https://victim.com"}, "BAD_ORIGIN"},
		{"http on an http site, as in development", "POST", "http://192.168.1.5:8000", []string{"Origin: http://192.168.1.5:8000"}, pass},
		{"bad input 14: null", "POST", site, []string{"Origin: null"}, "BAD_ORIGIN"},
		{"bad input 14: null without a host", "POST", "https://", []string{"Origin: null"}, "BAD_ORIGIN"},
		{"an empty origin without a host", "POST", "https://", []string{"Origin: "}, "BAD_ORIGIN"},
		{"an origin without a host", "POST", "https://", []string{"Origin: https://"}, "BAD_ORIGIN"},
		{"two Origins, both good", "POST", site, []string{"Origin: https://victim.com", "Origin: https://victim.com"}, "BAD_ORIGIN"},
		{"two origins in one", "POST", site, []string{"Origin: https://victim.com https://victim.com"}, "BAD_ORIGIN"},
		{"a path in Origin", "POST", site, []string{"Origin: https://victim.com/"}, "BAD_ORIGIN"},
		{"a trailing dot makes another origin", "POST", site, []string{"Origin: https://victim.com."}, "BAD_ORIGIN"},
		{"bad input 15: the default port in Host", "POST", "https://victim.com:443", []string{"Origin: https://victim.com"}, pass},
		{"bad input 15: the default port in Origin", "POST", site, []string{"Origin: https://victim.com:443"}, pass},
		{"bad input 15: the default port of http", "POST", "http://victim.com:80", []string{"Origin: http://victim.com"}, pass},
		{"a port with a leading zero", "POST", site, []string{"Origin: https://victim.com:0443"}, "BAD_ORIGIN"},
		{"port 0", "POST", "https://victim.com:0", []string{"Origin: https://victim.com:0"}, "BAD_ORIGIN"},
		{"the highest port", "POST", "https://victim.com:65535", []string{"Origin: https://victim.com:65535"}, pass},
		{"a port beyond", "POST", "https://victim.com:65536", []string{"Origin: https://victim.com:65536"}, "BAD_ORIGIN"},
		{"the longest name", "POST", "https://" + name253, []string{"Origin: https://" + name253 + ":443"}, pass},
		{"a name that is too long for any", "POST", "https://a" + name253 + ".com", []string{"Origin: https://a" + name253 + ".com:443"}, "BAD_ORIGIN"},
		{"the other scheme's default port", "POST", "https://victim.com:80", []string{"Origin: https://victim.com"}, "BAD_ORIGIN"},
		{"another port", "POST", "https://victim.com:8443", []string{"Origin: https://victim.com"}, "BAD_ORIGIN"},
		{"a Host in capitals", "POST", "https://VICTIM.com", []string{"Origin: https://victim.com"}, pass},
		{"an IPv6 address", "POST", "https://[::1]:8443", []string{"Origin: https://[::1]:8443"}, pass},

		{"neither header and no token: not a browser's request, or an old one's", "POST", site, nil, "NO_CSRF_COOKIE"},
		{"neither header, a cookie alone", "POST", site, []string{cookie}, "CSRF_TOKEN_MISSING"},
		{"neither header, a token", "POST", site, []string{cookie, "X-CSRFToken: " + masked}, pass},
		{"neither header, the bare secret that a script read", "POST", site, []string{cookie, "X-CSRFToken: " + secret}, pass},
		{"neither header, another visitor's token", "POST", site, []string{cookie, "X-CSRFToken: " + other}, "CSRF_TOKEN_INCORRECT"},
		{"a token that is too short", "POST", site, []string{cookie, "X-CSRFToken: abc"}, "CSRF_TOKEN_INCORRECT_LENGTH"},
		{"a token that is empty", "POST", site, []string{cookie, "X-CSRFToken: "}, "CSRF_TOKEN_INCORRECT_LENGTH"},
		{"a token with other characters", "POST", site,
			[]string{cookie, "X-CSRFToken: " + strings.Repeat("-", 64)}, "CSRF_TOKEN_INVALID_CHARACTERS"},
		{"two tokens", "POST", site,
			[]string{cookie, "X-CSRFToken: " + masked, "X-CSRFToken: " + masked}, "CSRF_TOKEN_INCORRECT_LENGTH"},
		{"bad input 9: the header's twin with an underscore", "POST", site, []string{cookie, "X_CSRFToken: " + masked}, "CSRF_TOKEN_MISSING"},
		{"a cookie that is cut", "POST", site,
			[]string{"Cookie: __Host-csrftoken=abc", "X-CSRFToken: " + masked}, "CSRF_COOKIE_INCORRECT_LENGTH"},
		{"a cookie with other characters", "POST", site,
			[]string{"Cookie: __Host-csrftoken=" + strings.Repeat("-", 32), "X-CSRFToken: " + masked}, "CSRF_COOKIE_INVALID_CHARACTERS"},
		{"bad input 18: a plain cookie, which a subdomain can set, is not ours on https", "POST", site,
			[]string{"Cookie: csrftoken=" + secret, "X-CSRFToken: " + masked}, "NO_CSRF_COOKIE"},
		{"bad input 19: two cookies of our name are none", "POST", site,
			[]string{cookie, cookie, "X-CSRFToken: " + masked}, "NO_CSRF_COOKIE"},
		{"the plain cookie on http", "POST", "http://localhost:8000",
			[]string{"Cookie: csrftoken=" + secret, "X-CSRFToken: " + masked}, pass},

		{"token and a Referer from this site", "POST", site,
			[]string{cookie, "X-CSRFToken: " + masked, "Referer: https://victim.com/form?x=1"}, pass},
		{"token and a Referer from a trusted site", "POST", site,
			[]string{cookie, "X-CSRFToken: " + masked, "Referer: https://trusted.com/form"}, pass},
		{"bad input 17: token and a Referer from another site", "POST", site,
			[]string{cookie, "X-CSRFToken: " + masked, "Referer: https://evil.com/victim.com"}, "BAD_REFERER"},
		{"bad input 17: token and a Referer from this site's http twin", "POST", site,
			[]string{cookie, "X-CSRFToken: " + masked, "Referer: http://victim.com/form"}, "INSECURE_REFERER"},
		{"token and a Referer with a user name", "POST", site,
			[]string{cookie, "X-CSRFToken: " + masked, "Referer: https://evil@victim.com/"}, "MALFORMED_REFERER"},
		{"token and a Referer that is no URL", "POST", site,
			[]string{cookie, "X-CSRFToken: " + masked, "Referer: about:blank"}, "MALFORMED_REFERER"},
		{"a backslash in a Referer ends no host", "POST", site,
			[]string{cookie, "X-CSRFToken: " + masked, `Referer: https://victim.com\.evil.com/`}, "MALFORMED_REFERER"},
		{"token and two Referers", "POST", site,
			[]string{cookie, "X-CSRFToken: " + masked, "Referer: https://victim.com/", "Referer: https://victim.com/"}, "MALFORMED_REFERER"},
		{"a Referer is not looked at on http", "POST", "http://victim.com",
			[]string{"Cookie: csrftoken=" + secret, "X-CSRFToken: " + masked, "Referer: https://evil.com/"}, pass},

		{"bad input 22: a method override header makes no POST a GET", "POST", site,
			[]string{"Sec-Fetch-Site: cross-site", "X-HTTP-Method-Override: GET", "X-Method-Override: GET"}, "CROSS_SITE"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := reason(t, g.Check(newRequest(row.method, row.site, row.header...))); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
