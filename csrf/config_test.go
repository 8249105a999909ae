package csrf_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/csrf"
)

func TestTrustedOriginsRefused(t *testing.T) {
	const start = "csrf: CSRF_TRUSTED_ORIGINS: entry 1: "
	for _, row := range []struct{ name, entry, want string }{
		{"no scheme", "example.com", `"example.com" has no scheme: write "https://example.com"`},
		{"no scheme, a wildcard", "*.example.com", `"*.example.com" has no scheme: write "https://*.example.com"`},
		{"empty", "", "it is empty: remove it"},
		{"null", "null", `"null" is what every sandboxed page sends: list the site's real origin`},
		{"everybody", "*", `"*" would trust every site: list the origins one by one`},
		{"everybody, with a scheme", "https://*", `"https://*" names no host: write one, such as https://example.com`},
		{"nobody", "https://", `"https://" names no host: write one, such as https://example.com`},
		{"a slash", "https://example.com/", `"https://example.com/" holds more than an origin: write "https://example.com"`},
		{"a path", "https://example.com/app", `"https://example.com/app" holds more than an origin: write "https://example.com"`},
		{"a query", "https://example.com?x", `"https://example.com?x" holds more than an origin: write "https://example.com"`},
		{"a star without a dot", "https://*example.com",
			`"https://*example.com": a wildcard stands for a whole label: write "https://*.example.com" for what is below it, or "https://example.com"`},
		{"a star inside", "https://a.*.com",
			`"https://a.*.com": a wildcard can only be the first label: list the origins one by one, or write https://*.example.com`},
		{"two stars", "https://*.*.com",
			`"https://*.*.com": a wildcard stands for a whole label: write "https://*.com" for what is below it, or "https://com"`},
		{"bad input 17: a wildcard over http", "http://*.example.com",
			`"http://*.example.com": a wildcard needs https, because anybody on the network can answer for any name over http: write "https://*.example.com"`},
		{"a wildcard over an address", "https://*.192.0.2.1", `"https://*.192.0.2.1": nothing stands below an address: list the origins one by one`},
		{"not in its xn-- form", "https://bücher.example",
			`"https://bücher.example": browsers send international names in their xn-- form: write that`},
		{"a port that is none", "https://example.com:99999",
			`"https://example.com:99999" is not an origin: write scheme, host and, if it is not the default, port, such as https://example.com:8443`},
		{"a space", "https://example.com https://example.org",
			`"https://example.com https://example.org" holds more than an origin: write "https://example.com https:"`},
		{"a scheme that is none", "ht!tp://example.com", `"ht!tp://example.com": "ht!tp" is not a scheme: write https`},
		{"a password is not repeated", "https://user:hunter2@example.com",
			"it holds a user name or a password: leave out everything up to the @"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := csrf.New(csrf.Config{TrustedOrigins: []string{row.entry}})
			if err == nil || err.Error() != start+row.want {
				t.Errorf("\n got %v\nwant %s", err, start+row.want)
			}
		})
	}
}

func TestTrustedOriginsNormalised(t *testing.T) {
	for _, row := range []struct{ entry, sent string }{
		{"https://Example.COM", "https://example.com"},
		{"HTTPS://example.com", "https://example.com"},
		{"https://example.com:443", "https://example.com"},
		{"http://example.com:80", "http://example.com"},
		{"https://*.Example.com:443", "https://a.example.com"},
		{"https://xn--bcher-kva.example", "https://xn--bcher-kva.example"},
		{"https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"},
		{"capacitor://localhost", "capacitor://localhost"},
		{"chrome-extension://abcdefghijklmnopabcdefghijklmnop", "chrome-extension://abcdefghijklmnopabcdefghijklmnop"},
	} {
		for _, header := range [][]string{{"Origin: " + row.sent}, {"Origin: " + row.sent, "Sec-Fetch-Site: cross-site"}} {
			g := newGuard(t, csrf.Config{TrustedOrigins: []string{row.entry}})
			if err := g.Check(newRequest("POST", site, header...)); err != nil {
				t.Errorf("%s trusts %q: %v", row.entry, header, err)
			}
		}
	}
}

func TestEveryMistakeAtOnce(t *testing.T) {
	_, err := csrf.New(csrf.Config{
		TrustedOrigins: []string{"example.com", "https://ok.example", "https://*"}, InsecureExempt: []string{"/x", "POST /x/{id}"},
		HeaderName: "X CSRF", UseSessions: true, CookieName: "a b", CookieDomain: "com", MaxBody: -1,
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"entry 1", "entry 3", `"/x"`, `"POST /x/{id}"`, "CSRF_HEADER_NAME", "CSRF_USE_SESSIONS", "CSRF_COOKIE_NAME", `"com"`, "MaxBody",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want it to name %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "entry 2") {
		t.Errorf("got %q, want nothing of the good entry", err)
	}
}

func TestExemptRefused(t *testing.T) {
	for _, entry := range []string{
		"", "/hooks", "POST", "POST hooks", "POST example.com/hooks", "post /hooks", "POST /hooks/{name}", "POST /hooks/*",
		"POST /hooks?x", "POST /hooks//x", "POST /hooks/../x", "POST /hooks%2Fx", "POST  /hooks", "POST /a b", "* /hooks", "PO ST /hooks",
	} {
		if _, err := csrf.New(csrf.Config{InsecureExempt: []string{entry}}); err == nil {
			t.Errorf("%q was accepted", entry)
		}
	}
}

func TestHeaderName(t *testing.T) {
	for name, sent := range map[string]string{
		"": "X-CSRFToken", "HTTP_X_CSRFTOKEN": "X-CSRFToken", "HTTP_X_XSRF_TOKEN": "X-XSRF-Token", "X-XSRF-TOKEN": "x-xsrf-token",
	} {
		g := newGuard(t, csrf.Config{HeaderName: name})
		if err := g.Check(newRequest("POST", site, cookie, sent+": "+masked)); err != nil {
			t.Errorf("%q reads %s: %v", name, sent, err)
		}
	}
}

func TestChecks(t *testing.T) {
	type row = checktest.Case[csrf.Config]
	origins := func(entries ...string) csrf.Config { return csrf.Config{TrustedOrigins: entries} }
	exempt := csrf.Config{InsecureExempt: []string{"POST /hooks"}}
	checktest.Run(t, csrf.Config.Checks, []row{
		{ID: "security.W003", Raises: csrf.Config{InsecureOff: true}, Clean: csrf.Config{}},
		{ID: "security.W016", Raises: csrf.Config{InsecureCookie: true}, Clean: csrf.Config{}},
		{ID: "security.W016", Raises: csrf.Config{InsecureCookie: true}, Clean: csrf.Config{InsecureCookie: true, UseSessions: true}},
		{ID: "security.W016", Raises: csrf.Config{InsecureCookie: true}, Clean: csrf.Config{InsecureCookie: true, InsecureOff: true}},
		{ID: "security.E101", Raises: csrf.Config{Failure: http.HandlerFunc(nil)}, Clean: csrf.Config{Failure: http.NotFoundHandler()}},
		{ID: "4_0.E001", Raises: origins("https://a.example", "b.example"), Clean: origins("https://a.example")},
		{ID: "4_0.E001", Raises: origins("*"), Clean: origins("https://*")},
		{ID: "csrf.E001", Raises: origins("https://*"), Clean: origins("https://*.a.example")},
		{ID: "csrf.E001", Raises: origins("https://a.example/"), Clean: origins("b.example")},
		{ID: "csrf.E001", Raises: origins("http://*.a.example"), Clean: csrf.Config{Django: true, TrustedOrigins: []string{"http://*.a.example"}}},
		{ID: "csrf.W001", Raises: origins("http://a.example"), Clean: origins("https://a.example")},
		{ID: "csrf.W001", Raises: origins("HTTP://a.example"), Clean: origins("https://http.example")},
		{ID: "csrf.W002", Raises: origins("https://*.com"), Clean: origins("https://*.example.com")},
		{ID: "csrf.W002", Raises: origins("https://*.github.io"), Clean: origins("https://*.me.github.io")},
		{ID: "csrf.W002", Raises: origins("https://*.co.uk"), Clean: origins("https://*.internal")},
		{ID: "csrf.W003", Raises: csrf.Config{CookieSameSite: http.SameSiteNoneMode}, Clean: csrf.Config{CookieSameSite: http.SameSiteStrictMode}},
		{ID: "csrf.W001", Raises: origins("http://a.example"), Clean: csrf.Config{InsecureOff: true, TrustedOrigins: []string{"http://a.example"}}},
		{ID: "csrf.W004", Raises: exempt, Clean: csrf.Config{}},
		{ID: "csrf.W004", Raises: exempt, Clean: csrf.Config{InsecureOff: true, InsecureExempt: exempt.InsecureExempt}},
		{ID: "csrf.W005", Raises: csrf.Config{CookieDomain: "a.example"}, Clean: csrf.Config{CookieDomain: "a.example", UseSessions: true}},
	})
}

// One finding for each entry, as Django has it, and no password in any.
func TestFindingsNameTheirEntry(t *testing.T) {
	cfg := csrf.Config{TrustedOrigins: []string{"a.example", "https://b.example", "c.example", "u:hunter2@d.example"}}
	for _, c := range cfg.Checks() {
		found, err := c.Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var evidence []string
		for _, f := range found {
			evidence = append(evidence, f.Evidence)
		}
		if got := strings.Join(evidence, " "); c.ID == "4_0.E001" && got != "a.example c.example …@d.example" {
			t.Errorf("got %q, want the three entries without a scheme, and no password", got)
		}
	}
}
