package https_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/https"
)

// raw sends bytes as they are over a plain connection.
func raw(t *testing.T, h http.Handler, request string) *http.Response {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp
}

// Bad input 6, over a socket because net/http has a say in what a path is.
func TestRedirectTargets(t *testing.T) {
	site := newGuard(t, https.Config{}).Handler(reached)
	for _, row := range []struct {
		name, request string
		status        int
		location      string
	}{
		{"path and query", "GET /a/b?c=d&e HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/a/b?c=d&e"},
		{"empty query", "GET /? HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/?"},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/"},
		{"POST keeps its method (Django: 301)", "POST /x HTTP/1.1\r\nHost: good.com\r\nContent-Length: 0\r\n\r\n", 308, "https://good.com/x"},
		{"another port is kept", "GET / HTTP/1.1\r\nHost: good.com:8000\r\n\r\n", 301, "https://good.com:8000/"},
		{"port 80 is not kept (Django keeps it)", "GET / HTTP/1.1\r\nHost: good.com:80\r\n\r\n", 301, "https://good.com/"},
		{"port 8080 is not port 80", "GET / HTTP/1.1\r\nHost: good.com:8080\r\n\r\n", 301, "https://good.com:8080/"},
		{"IPv6", "GET / HTTP/1.1\r\nHost: [2001:db8::80]\r\n\r\n", 301, "https://[2001:db8::80]/"},
		{"IPv6 with port 80", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 301, "https://[::1]/"},
		{"6: two slashes", "GET //evil.com/x HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%2Fevil.com/x"},
		{"6: three slashes", "GET ///evil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%2F/evil.com"},
		{"6: backslash", "GET /\\evil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%5Cevil.com"},
		{"6: escaped slashes", "GET /%2F%2Fevil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%2F%2Fevil.com"},
		{"6: escaped tab", "GET /%09//evil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%09//evil.com"},
		{"6: escaped line break", "GET /%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%0d%0aSet-Cookie:x"},
		{"6: tab", "GET \t//evil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 400, ""},
		{"6: javascript", "GET javascript:alert(1) HTTP/1.1\r\nHost: good.com\r\n\r\n", 400, ""},
		{"6: at sign in the path", "GET /@evil.com HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/@evil.com"},
		{"6: very long", "GET /" + strings.Repeat("a", 20000) + " HTTP/1.1\r\nHost: good.com\r\n\r\n", 414, ""},
		{"6: backslash and quotes in the query", "GET /?a=\\\"<> HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/?a=%5C%22%3C%3E"},
		{"6: other bytes in the query", "GET /?a=\xff\xc3\xa9 HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/?a=%FF%C3%A9"},
		{"other letters in the path", "GET /\xc3\xa9 HTTP/1.1\r\nHost: good.com\r\n\r\n", 301, "https://good.com/%C3%A9"},
		{"a target with a host", "GET http://good.com HTTP/1.1\r\nHost: other.com\r\n\r\n", 301, "https://good.com/"},
		{"no path", "OPTIONS * HTTP/1.1\r\nHost: good.com\r\nContent-Length: 0\r\n\r\n", 200, ""}, // net/http answers
		{"a tunnel", "CONNECT good.com:443 HTTP/1.1\r\nHost: good.com:443\r\n\r\n", 400, ""},
		{"no host", "GET / HTTP/1.0\r\n\r\n", 400, ""},
		{"user information", "GET / HTTP/1.1\r\nHost: good.com:@evil.com\r\n\r\n", 400, ""},
		{"user name", "GET / HTTP/1.1\r\nHost: x@evil.com\r\n\r\n", 400, ""},
		{"path in the host", "GET / HTTP/1.1\r\nHost: good.com/../x\r\n\r\n", 400, ""},
		{"port that is no port", "GET / HTTP/1.1\r\nHost: good.com:x\r\n\r\n", 400, ""},
		{"only dots", "GET / HTTP/1.1\r\nHost: ..\r\n\r\n", 400, ""},
		{"zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", 400, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			resp := raw(t, site, row.request)
			if got := resp.Header.Get("Location"); resp.StatusCode != row.status || got != row.location {
				t.Errorf("answer %d %q, want %d %q", resp.StatusCode, got, row.status, row.location)
			}
			if got := resp.Header.Get("Strict-Transport-Security"); got != "" {
				t.Errorf("an answer in the clear carries HSTS %q, want none (RFC 6797, 7.2)", got)
			}
		})
	}
}

func TestFixedHost(t *testing.T) {
	site := newGuard(t, https.Config{Host: "www.example.com:8443"}).Handler(reached)
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("GET", "http://example.com:8000/a?b", nil))
	if got, want := w.Header().Get("Location"), "https://www.example.com:8443/a?b"; got != want {
		t.Errorf("Location = %q, want %q", got, want)
	}
}

// Patterns are searched in the path without leading slashes, as Django does.
func TestExempt(t *testing.T) {
	site := newGuard(t, https.Config{Exempt: []string{"^healthz$", `\.well-known/acme-challenge/`}}).Handler(reached)
	for _, row := range []struct {
		name, path string
		want       int
	}{
		{"anchored", "/healthz", 200},
		{"anchored, more slashes", "///healthz", 200},
		{"anchored, longer path", "/healthz/x", 301},
		{"anchored, longer word", "/xhealthz", 301},
		{"anchored, line break at the end (Django: exempt)", "/healthz%0A", 301},
		{"unanchored", "/x/.well-known/acme-challenge/y", 200},
		{"neither", "/", 301},
		{"too long to be looked at", "/.well-known/acme-challenge/" + strings.Repeat("x", 9000), 301},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "http://example.com/", nil)
			u, err := url.ParseRequestURI(row.path)
			if err != nil {
				t.Fatal(err)
			}
			r.URL = u
			site.ServeHTTP(w, r)
			if w.Code != row.want {
				t.Errorf("status %d, want %d", w.Code, row.want)
			}
		})
	}
}

// The law: wherever a redirect leads, it is https on the host that was asked for, with the path that was asked for.
func FuzzTarget(f *testing.F) {
	for _, target := range []string{
		"/", "/a?b=c", "//evil.com", "/\\evil.com", "/%2F%2Fevil.com", "/%09//x", "/?a=\r\nb", "/@x", "/a#b", "/%zz", "*", "http://x", "/?\x00",
	} {
		f.Add("good.com", target)
	}
	f.Add("good.com:8000", "/x")
	f.Add("[::1]:80", "/x")
	f.Add("good.com@evil.com", "/x")
	f.Add("good.com:1/@evil.com", "/x")
	g := newGuard(f, https.Config{})
	f.Fuzz(func(t *testing.T, host, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: "GET", URL: u, Host: host}
		got, status, err := g.Target(host, r)
		if err != nil {
			if got != "" || status != 400 && status != 414 {
				t.Errorf("refused with %d and target %q, want 400 or 414 and none", status, got)
			}
			return
		}
		back, err := url.Parse(got)
		if err != nil {
			t.Fatalf("target %q of %q does not parse: %v", got, target, err)
		}
		if want := strings.TrimSuffix(host, ":80"); back.Scheme != "https" || back.Host != want || back.User != nil || back.Opaque != "" {
			t.Errorf("target %q of %q on %q leads elsewhere", got, target, host)
		}
		if strings.IndexFunc(got, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '\\' || c == '"' }) >= 0 {
			t.Errorf("target %q has what no header should hold", got)
		}
		if u.Path != "" && back.Path != u.Path {
			t.Errorf("path of %q is %q, want %q", got, back.Path, u.Path)
		}
		if strings.HasPrefix(back.EscapedPath(), "//") {
			t.Errorf("path of %q could be taken for a host", got)
		}
	})
}
