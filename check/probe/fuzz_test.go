package probe_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// same answers everything with the same bytes.
type same string

func (s same) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.ReadResponse(bufio.NewReader(strings.NewReader(string(s))), r)
}

// FuzzAnswers holds that whatever a server sends is judged, and that a site which answers a foreign post or a forged
// host like any other request is never found clean.
func FuzzAnswers(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nSet-Cookie: a=b; ; =; path\r\nStrict-Transport-Security: max-age=\"1\";;\r\n\r\n<html>")
	f.Add("HTTP/1.1 301 Moved\r\nLocation: https://[::1%25x]:a/\r\nContent-Security-Policy: ,;script-src 'nonce-,';\r\n\r\n")
	f.Add("HTTP/1.1 403 Forbidden\r\nContent-Type: text/html; charset\r\nReferrer-Policy: ,unsafe-url\r\n\r\ngoroutine 1 [running]:")
	f.Add("HTTP/1.1 400 Bad\r\nContent-Length: 100\r\nServer: \xff\xfe\r\n\r\n\"><airworthy>")
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := http.ReadResponse(bufio.NewReader(strings.NewReader(raw)), nil); err != nil {
			return
		}
		for _, outside := range []bool{false, true} {
			r := check.Run(t.Context(), probe.Checks(same(raw), probe.Claims{Host: own, Outside: outside}), check.Options{Deploy: true})
			for _, n := range r.NotRun {
				if strings.Contains(n.Reason, "panicked") {
					t.Errorf("%s: %s", n.ID, n.Reason)
				}
			}
			if !outside && !r.Failed() {
				t.Error("one answer to everything was found safe")
			}
		}
	})
}
