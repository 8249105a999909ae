package csrf_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/csrf"
)

// TestServer sends bytes to net/http's own server: what reaches the rule is what a client can write.
func TestServer(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %v", body, err)
	})
	srv := httptest.NewServer(newGuard(t, csrf.Config{MaxBody: 100}).Handler(echo))
	defer srv.Close()
	form := "csrfmiddlewaretoken=" + masked + "&a=" + strings.Repeat("b", 1000)
	for _, row := range []struct {
		name, head, body string
		status           int
	}{
		{"bad input 14: two Sec-Fetch-Site lines", "Host: victim.com\nSec-Fetch-Site: same-origin\nSec-Fetch-Site: same-origin", "", 403},
		{"bad input 14: another case of the name", "Host: victim.com\nsec-fetch-site: cross-site\nOrigin: http://victim.com", "", 403},
		{"bad input 14: white space around the value is none of it", "Host: victim.com\nSec-Fetch-Site:  same-origin ", "", 200},
		{"bad input 15: Host with the default port", "Host: victim.com:80\nOrigin: http://victim.com", "", 200},
		{"bad input 14: Origin null", "Host: victim.com\nOrigin: null", "", 403},
		{"bad input 22: a method override header", "Host: victim.com\nX-HTTP-Method-Override: GET\nSec-Fetch-Site: cross-site", "", 403},
		{"a form with a token in its beginning",
			"Host: victim.com\nCookie: csrftoken=" + secret + "\nContent-Type: " + urlencoded, form, 200},
		{"a form without", "Host: victim.com\nCookie: csrftoken=" + secret + "\nContent-Type: " + urlencoded, form[100:], 403},
	} {
		t.Run(row.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			for range 2 { // a refusal leaves the connection in order
				fmt.Fprintf(conn, "POST / HTTP/1.1\r\n%s\r\nContent-Length: %d\r\n\r\n%s",
					strings.ReplaceAll(row.head, "\n", "\r\n"), len(row.body), row.body)
				resp, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != row.status {
					t.Fatalf("got status %d (%v), want %d", resp.StatusCode, err, row.status)
				}
				if want := row.body + " <nil>"; row.status == 200 && string(got) != want {
					t.Errorf("the application read %q, want %q", got, want)
				}
			}
		})
	}
}
