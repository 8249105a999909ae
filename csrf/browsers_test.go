package csrf_test

import (
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/csrf"
)

// TestBrowsers goes through what browsers send to https://victim.com in each situation, with our verdict and that of
// Django mode. The page of this site put its token into the form wherever the row says so.
func TestBrowsers(t *testing.T) {
	const (
		navigate = "Sec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\nSec-Fetch-User: ?1"
		fetch    = "Sec-Fetch-Mode: cors\nSec-Fetch-Dest: empty"
		ours     = "Cookie: csrftoken=" + secret + "\nX-CSRFToken: " + masked // as a form's field would
		refused  = true
	)
	for _, row := range []struct {
		name, method string
		header       string
		ours, django bool // refused
	}{
		{"Chrome 130: form on this site", "POST",
			"Origin: https://victim.com\nReferer: https://victim.com/form\nSec-Fetch-Site: same-origin\n" + navigate + "\n" + ours, !refused, !refused},
		{"Chrome 130: the same without a token", "POST",
			"Origin: https://victim.com\nReferer: https://victim.com/form\nSec-Fetch-Site: same-origin\n" + navigate, !refused, refused},
		{"Chrome 130: fetch on this site", "DELETE",
			"Origin: https://victim.com\nReferer: https://victim.com/\nSec-Fetch-Site: same-origin\n" + fetch + "\n" + ours, !refused, !refused},
		{"Chrome 130: sendBeacon on this site", "POST",
			"Origin: https://victim.com\nReferer: https://victim.com/\nSec-Fetch-Site: same-origin\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: empty", !refused, refused},
		{"Chrome 130: form on this site, whose page has Referrer-Policy: no-referrer", "POST",
			"Origin: null\nSec-Fetch-Site: same-origin\n" + navigate + "\n" + ours, !refused, refused},
		{"Chrome 130: form on another site", "POST",
			"Origin: https://evil.com\nReferer: https://evil.com/\nSec-Fetch-Site: cross-site\n" + navigate, refused, refused},
		{"Chrome 130: form on another site, while the cookie is SameSite=None", "POST",
			"Origin: https://evil.com\nSec-Fetch-Site: cross-site\nCookie: csrftoken=" + secret + "\n" + navigate, refused, refused},
		{"Chrome 130: form in a sandboxed frame on another site", "POST",
			"Origin: null\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: iframe", refused, refused},
		{"Chrome 130: form in a sandboxed frame on this site", "POST",
			"Origin: null\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: iframe\n" + ours, refused, refused},
		{"Chrome 130: form on another site that answers 307 to this one", "POST",
			"Origin: null\nSec-Fetch-Site: cross-site\n" + navigate, refused, refused},
		{"Chrome 130: form on a sister subdomain", "POST",
			"Origin: https://blog.victim.com\nReferer: https://blog.victim.com/\nSec-Fetch-Site: same-site\n" + navigate, refused, refused},
		{"Chrome 130: form on the http twin of this site", "POST",
			"Origin: http://victim.com\nReferer: http://victim.com/\nSec-Fetch-Site: cross-site\n" + navigate, refused, refused},
		{"Chrome 130: form on a data: page", "POST", "Origin: null\nSec-Fetch-Site: cross-site\n" + navigate, refused, refused},
		{"Chrome 130: sendBeacon on another site", "POST",
			"Origin: https://evil.com\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: empty", refused, refused},
		{"Chrome 130: fetch by an extension that the user gave this site to", "POST",
			"Origin: chrome-extension://abcdefghijklmnopabcdefghijklmnop\nSec-Fetch-Site: none\n" + fetch, !refused, refused},
		{"Chrome 130: fetch by an extension without permission", "POST",
			"Origin: chrome-extension://abcdefghijklmnopabcdefghijklmnop\nSec-Fetch-Site: cross-site\n" + fetch, refused, refused},
		{"Chrome 130: link on another site", "GET", "Referer: https://evil.com/\nSec-Fetch-Site: cross-site\n" + navigate, !refused, !refused},
		{"Chrome 130: address bar", "GET", "Sec-Fetch-Site: none\n" + navigate, !refused, !refused},
		{"Chrome 130: prerender from the address bar", "GET", "Sec-Purpose: prefetch;prerender\nSec-Fetch-Site: none\n" + navigate, !refused, !refused},
		{"Chrome 130: image on another site", "GET", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image", !refused, !refused},
		{"Chrome 130: preflight of another site's fetch", "OPTIONS",
			"Origin: https://evil.com\nAccess-Control-Request-Method: DELETE\nSec-Fetch-Site: cross-site\n" + fetch, !refused, !refused},
		{"Android: form in an app's local page", "POST",
			"Origin: null\nX-Requested-With: com.example.app\nSec-Fetch-Site: cross-site\n" + navigate, refused, refused},

		{"Firefox 89, without fetch metadata: form on this site", "POST",
			"Origin: https://victim.com\nReferer: https://victim.com/form\n" + ours, !refused, !refused},
		{"Firefox 89: form on another site", "POST", "Origin: https://evil.com\nReferer: https://evil.com/\n" + ours, refused, refused},
		{"Safari 15: form on this site", "POST", "Origin: https://victim.com\nReferer: https://victim.com/form\n" + ours, !refused, !refused},
		{"Safari 15: form in a sandboxed frame on another site", "POST", "Origin: null\n" + ours, refused, refused},
		{"Firefox 60, without Origin: form on this site", "POST", "Referer: https://victim.com/form\n" + ours, !refused, !refused},
		{"Firefox 60: form on another site, with a cookie that was planted", "POST", "Referer: https://evil.com/\n" + ours, refused, refused},
		{"Firefox 60: form on the http twin, with a cookie that was planted", "POST", "Referer: http://victim.com/\n" + ours, refused, refused},
		{"Firefox 60: form on another site that hides its Referer", "POST", "Cookie: csrftoken=" + secret, refused, refused},
		{"Internet Explorer 11 behind a filter that removes Referer: form on this site", "POST", ours, !refused, refused},

		{"curl", "POST", "User-Agent: curl/8.9.1\nAccept: */*", refused, refused},
		{"curl that names this site", "POST", "User-Agent: curl/8.9.1\nOrigin: https://victim.com", !refused, refused},
		{"curl with cookie and token", "POST", "User-Agent: curl/8.9.1\nReferer: https://victim.com/\n" + ours, !refused, !refused},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, django := range []bool{false, true} {
				g := newGuard(t, csrf.Config{Django: django, Cookies: cookies.Config{InsecurePlainNames: true}})
				want := row.ours
				if django {
					want = row.django
				}
				err := g.Check(newRequest(row.method, site, strings.Split(row.header, "\n")...))
				if got := err != nil; got != want {
					t.Errorf("Django %t: refused = %t (%v), want %t", django, got, err, want)
				}
			}
		})
	}
}
