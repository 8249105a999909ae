package airworthy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
)

// sent returns a post to /act that carries what browsers add.
func sent(lines ...string) string { return post("/act", "", lines...) }

func TestBadInputOrigin(t *testing.T) {
	overTLS(t, strict(), prey()).run(t, []raw{
		{"14: the site's own Origin, so that the others prove something", sent("Origin: https://example.com"), "200 acted by POST"},
		{"14: an Origin with a user", sent("Origin: https://evil@example.com"), "403"},
		{"14: an Origin with the site as its user", sent("Origin: https://example.com@evil.example"), "403"},
		{"14: the Origin of http on an https site", sent("Origin: http://example.com"), "403"},
		{"14: null", sent("Origin: null"), "403"},
		{"14: null with an empty Host", sent("Host:", "Origin: null"), "400"},
		{"14: null without Host", "POST /act HTTP/1.0\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n", "400"},
		{"14: an empty Origin", sent("Origin:"), "403"},
		{"14: two origins on one line", sent("Origin: https://example.com https://evil.example"), "403"},
		{"14: two Origin lines", sent("Origin: https://example.com", "Origin: https://evil.example"), "403"},
		{"14: a path", sent("Origin: https://example.com/"), "403"},
		{"14: a longer name", sent("Origin: https://example.com.evil.example"), "403"},
		{"14: another port", sent("Origin: https://example.com:8443"), "403"},
		{"14: a doubled Sec-Fetch-Site", sent("Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"), "403"},
		{"14: the same Sec-Fetch-Site twice", sent(own, own), "403"},
		{"14: a list in Sec-Fetch-Site", sent("Sec-Fetch-Site: same-origin, cross-site"), "403"},
		{"14: Sec-Fetch-Site in capitals", sent("Sec-Fetch-Site: SAME-ORIGIN"), "403"},
		{"14: same-site is another site", sent("Sec-Fetch-Site: same-site", "Origin: https://evil.example.com"), "403"},
		{"14: the browser's word counts more than Origin", sent("Sec-Fetch-Site: cross-site", "Origin: https://example.com"), "403"},
		{"14: neither header and no token", sent(), "403"},
		{"15: the port of https in Host", sent("Host: example.com:443", "Origin: https://example.com"), "200 acted by POST"},
		{"15: the port of https in Origin", sent("Origin: https://example.com:443"), "200 acted by POST"},
		{"15: capitals in Host", sent("Host: EXAMPLE.com", "Origin: https://example.com"), "200 acted by POST"},
		{"15: the port of http is another", sent("Host: example.com:80", "Origin: https://example.com"), "403"},
	})
}

func TestBadInputExempt(t *testing.T) {
	cross := []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}
	hook := func(method, path string) string { return ask(method, path, "", cross...) }
	exempt := func(s *airworthy.Settings) { s.CSRF.InsecureExempt = []string{"POST /hook"} }
	v := overTLS(t, strict(exempt), prey())
	v.run(t, []raw{
		{"16: what is exempt", hook("POST", "/hook"), "200 acted by POST"},
		{"16: with a query", hook("POST", "/hook?a=/act"), "200 acted by POST"},
		{"16: another method", hook("PUT", "/hook"), "403"},
		{"16: a slash behind", hook("POST", "/hook/"), "403"},
		{"16: a slash before", hook("POST", "//hook"), "403"},
		{"16: dots that the router takes away", hook("POST", "/hook/../act"), "403"},
		{"16: dots that lead there", hook("POST", "/act/../hook"), "403"},
		{"16: an escape", hook("POST", "/%68ook"), "403"},
		{"16: a parameter", hook("POST", "/hook;/../act"), "403"},
		{"16: capitals", hook("POST", "/HOOK"), "403"},
		{"16: a longer path", hook("POST", "/hook2"), "403"},
		{"16: a NUL", hook("POST", "/hook%00/../act"), "403"},
	})
	for _, entry := range []string{"POST /hook/*", "POST /hook/{id}", "/hook", "post /hook", "POST /hook/../act"} {
		t.Run("16: refused at start "+entry, func(t *testing.T) {
			_, err := airworthy.New(strict(func(s *airworthy.Settings) { s.CSRF.InsecureExempt = []string{entry} }), prey())
			if err == nil || !strings.Contains(err.Error(), "InsecureExempt") {
				t.Errorf("the error is %v, want one about InsecureExempt", err)
			}
		})
	}
}

func TestBadInputTrusted(t *testing.T) {
	partner := func(s *airworthy.Settings) {
		s.CSRF.TrustedOrigins = []string{"https://partner.example", "https://*.friend.example"}
	}
	v := overTLS(t, strict(partner), prey())
	const cross = "Sec-Fetch-Site: cross-site"
	v.run(t, []raw{
		{"17: a trusted origin", sent(cross, "Origin: https://partner.example"), "200 acted by POST"},
		{"17: the same over http", sent(cross, "Origin: http://partner.example"), "403"},
		{"17: the same over http, without the browser's word", sent("Origin: http://partner.example"), "403"},
		{"17: the same at another port", sent(cross, "Origin: https://partner.example:8443"), "403"},
		{"17: below it", sent(cross, "Origin: https://x.partner.example"), "403"},
		{"14: a doubled Sec-Fetch-Site with a trusted origin", sent(cross, own, "Origin: https://partner.example"), "403"},
		{"17: a wildcard's label", sent(cross, "Origin: https://a.friend.example"), "200 acted by POST"},
		{"17: a wildcard's label over http", sent(cross, "Origin: http://a.friend.example"), "403"},
		{"17: two labels for a wildcard", sent(cross, "Origin: https://a.b.friend.example"), "403"},
		{"17: a wildcard's own name", sent(cross, "Origin: https://friend.example"), "403"},
		{"17: a name that ends alike", sent(cross, "Origin: https://evilfriend.example"), "403"},
	})
	// An old browser sends neither header. The Referer is looked at although net/http leaves URL.Scheme empty.
	page := v.send(t, get("/token"))
	cookie, _ := page.cookie(t, "__Host-csrftoken")
	old := func(lines ...string) string {
		return post("/act", "csrfmiddlewaretoken="+page.body, append(lines, cookie)...)
	}
	v.run(t, []raw{
		{"17: a Referer of the site", old("Referer: https://example.com/form"), "200 acted by POST"},
		{"17: a Referer of another site", old("Referer: https://evil.example/form"), "403"},
		{"17: a Referer of the site over http", old("Referer: http://example.com/form"), "403"},
		{"17: a Referer that begins like the site", old("Referer: https://example.com.evil.example/"), "403"},
		{"17: a Referer with a user", old("Referer: https://example.com@evil.example/"), "403"},
		{"14: a doubled Sec-Fetch-Site with a good token", old(cross, own), "403"},
		{"17: two Referers", old("Referer: https://example.com/form", "Referer: https://evil.example/"), "403"},
	})
	if _, err := airworthy.New(strict(func(s *airworthy.Settings) { s.CSRF.TrustedOrigins = []string{"partner.example"} }), prey()); err == nil {
		t.Error("17: a trusted origin without a scheme was accepted")
	}
}

// TestBadInputCORS: there is no part that shares answers with other origins, and none that does it by accident.
func TestBadInputCORS(t *testing.T) {
	v := overTLS(t, strict(), prey())
	asked := []string{"Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: authorization"}
	many := append(asked[:1:1], "Access-Control-Request-Headers: "+strings.Repeat("a,", 20_000)+"b")
	for _, row := range []struct {
		name  string
		lines []string
	}{
		{"21: another origin", []string{"Origin: https://evil.example"}},
		{"21: null", []string{"Origin: null"}},
		{"21: a preflight", append(asked, "Origin: https://evil.example")},
		{"21: a preflight with thousands of headers", append(many, "Origin: https://evil.example")},
		{"21: a preflight to a private network", append(asked, "Origin: https://evil.example", "Access-Control-Request-Private-Network: true")},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, method := range []string{"GET", "OPTIONS", "POST", "PUT"} {
				for _, path := range []string{"/", "/nowhere", "/panic", "/healthz", "/token"} {
					a := v.send(t, ask(method, path, "", row.lines...))
					for name, values := range a.Header {
						if strings.HasPrefix(name, "Access-Control-") || name == "Timing-Allow-Origin" || strings.Contains(fmt.Sprint(values), "evil.example") {
							t.Errorf("%s %s is answered with %s: %q", method, path, name, values)
						}
					}
					if got := a.Header.Get("Cross-Origin-Resource-Policy"); got != "same-origin" {
						t.Errorf("%s %s: Cross-Origin-Resource-Policy %q, want same-origin", method, path, got)
					}
				}
			}
		})
	}
}

func TestBadInputMethod(t *testing.T) {
	const cross = "Sec-Fetch-Site: cross-site"
	v := overTLS(t, strict(), prey())
	v.run(t, []raw{
		{"22: a POST that calls itself GET", sent(cross, "X-HTTP-Method-Override: GET"), "403"},
		{"22: the same by its other names", sent(cross, "X-HTTP-Method: GET", "X-Method-Override: GET"), "403"},
		{"22: a POST whose form calls it GET", post("/act", "_method=GET", cross), "403"},
		{"22: a POST whose query calls it GET", post("/act?_method=GET", "", cross), "403"},
		{"22: a GET that calls itself POST", get("/act", "X-HTTP-Method-Override: POST"), "405"},
		{"22: a GET whose query calls it POST", get("/act?_method=POST"), "405"},
		{"22: a method in small letters is no safe one", ask("get", "/act", "", cross), "403"},
		{"22: a method that does not exist", ask("FROBNICATE", "/act", "", cross), "403"},
		{"22: what passes keeps its method", post("/act", "_method=DELETE", own, "X-HTTP-Method-Override: DELETE"), "200 acted by " + http.MethodPost},
	})
}
