package airworthy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/headers"
)

// TestBadInputConfigured puts what ends a header, or a directive, into every setting that becomes part of one.
func TestBadInputConfigured(t *testing.T) {
	for _, field := range []struct {
		variable string
		also     string // bytes that are refused here besides
		set      func(s *airworthy.Settings, bad string)
	}{
		{"Extra", "", func(s *airworthy.Settings, b string) { s.Headers.Extra = map[string]string{"X-A": "a" + b + "b"} }},
		{"Extra", ";, :", func(s *airworthy.Settings, b string) { s.Headers.Extra = map[string]string{"X" + b + "A": "a"} }},
		{"SECURE_REFERRER_POLICY", ";", func(s *airworthy.Settings, b string) { s.Headers.ReferrerPolicy = "same-" + b + "origin" }},
		{"X_FRAME_OPTIONS", ";,", func(s *airworthy.Settings, b string) { s.Headers.FrameOptions = "DENY" + b }},
		{"SECURE_CROSS_ORIGIN_OPENER_POLICY", ";,", func(s *airworthy.Settings, b string) { s.Headers.CrossOriginOpenerPolicy = "same-origin" + b }},
		{"PERMISSIONS_POLICY", ";, =", func(s *airworthy.Settings, b string) {
			s.Headers.PermissionsPolicy = headers.Permissions{"camera" + b: nil}
		}},
		{"SECURE_CSP", ";,", func(s *airworthy.Settings, b string) {
			s.CSP.Enforce = csp.Policy{ImgSrc: []csp.Source{csp.Source("https://a.example" + b)}}
		}},
		{"SECURE_SSL_HOST", ";, /@", func(s *airworthy.Settings, b string) { s.HTTPS.Host = "example.com" + b }},
		{"SESSION_COOKIE", ";, =", func(s *airworthy.Settings, b string) { s.Session.CookieName = "a" + b + "b" }},
		{"SESSION_COOKIE", ";", func(s *airworthy.Settings, b string) { s.Session.CookiePath = "/a" + b }},
		{"SESSION_COOKIE", ";, ", func(s *airworthy.Settings, b string) { s.Session.CookieDomain = "example.com" + b }},
		{"CSRF_COOKIE", ";, =", func(s *airworthy.Settings, b string) { s.CSRF.CookieName = "a" + b + "b" }},
		{"CSRF_COOKIE", ";", func(s *airworthy.Settings, b string) { s.CSRF.CookiePath = "/a" + b }},
		{"CSRF_COOKIE", ";, ", func(s *airworthy.Settings, b string) { s.CSRF.CookieDomain = "example.com" + b }},
		{"CSRF_HEADER_NAME", ";, :", func(s *airworthy.Settings, b string) { s.CSRF.HeaderName = "X-A" + b }},
		{"REQUEST_ID_HEADER", ";, :", func(s *airworthy.Settings, b string) { s.Logs.RequestIDHeader = "X-A" + b }},
		{"CSP_REPORT_PATH", ";,", func(s *airworthy.Settings, b string) { s.CSP.ReportPath = "/reports" + b }},
	} {
		for _, bad := range strings.Split("\r\nSet-Cookie: a=b|\n|\r|\x00|\x7f|"+strings.Join(strings.Split(field.also, ""), "|"), "|") {
			if bad == "" {
				continue
			}
			t.Run(fmt.Sprintf("45: %q in %s", bad, field.variable), func(t *testing.T) {
				_, err := airworthy.New(strict(func(s *airworthy.Settings) { field.set(s, bad) }), prey())
				if err == nil || !strings.Contains(err.Error(), field.variable) {
					t.Fatalf("the error is %v, want one about %s", err, field.variable)
				}
				if strings.ContainsAny(err.Error(), "\r\x00\x7f") || strings.Count(err.Error(), "\n") > 3 {
					t.Errorf("the error holds the bytes themselves: %q", err)
				}
			})
		}
	}
}

// TestBadInputUserFed has the application put what a client sent into headers.
func TestBadInputUserFed(t *testing.T) {
	v := overTLS(t, strict(), prey())
	for _, row := range []struct{ name, text string }{
		{"45: a line break from a client", "a%0d%0aX-Injected:%20yes"},
		{"45: a line feed alone", "a%0aX-Injected:%20yes"},
		{"45: a carriage return alone", "a%0dX-Injected:%20yes"},
		{"45: the end of the header", "a%0d%0a%0d%0a<script>alert(1)</script>"},
		{"45: NUL, which net/http lets stand within its line", "a%00X-Injected:%20yes"},
		{"45: a line break of Unicode", "a%e2%80%a8X-Injected:%20yes"},
		{"45: the half of a wide character that ends in a line feed", "%e5%98%8a%e5%98%8dX-Injected:%20yes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := v.dial(t)
			_, _ = io.WriteString(c, get("/echo?text="+row.text, "Connection: close"))
			all := read(t, c)
			head, _, _ := strings.Cut(all, "\r\n\r\n")
			if !strings.HasPrefix(head, "HTTP/1.1 302 ") {
				t.Errorf("the answer is %q, want one of 302", all)
			}
			for line := range strings.SplitSeq(head, "\r\n") {
				if strings.HasPrefix(line, "X-Injected") || strings.ContainsAny(line, "\r\n") {
					t.Errorf("the header is %q", head)
				}
			}
			if strings.Contains(all, "\r\n\r\n<script>") {
				t.Errorf("the client's text stands behind the header: %q", all)
			}
		})
	}
	v.run(t, []raw{
		{"45: a carriage return in a client's header", get("/", "X: a\rb"), "400"},
		{"45: NUL in a client's header", get("/", "X: a\x00b"), "400"},
		{"45: a line feed alone ends a client's header", "GET / HTTP/1.1\nHost: example.com\n\n", "200 home"},
		{"45: a folded header is one", get("/saw", "X: a\r\n\tX-Forwarded-For: 1.1.1.1"), "200 https example.com 127.0.0.1"},
	})
}

// TestBadInputMissing asks for answers of every kind and looks for the headers that belong on each.
func TestBadInputMissing(t *testing.T) {
	app := prey()
	for path, f := range map[string]func(http.ResponseWriter, *http.Request){
		"GET /json": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, "{}")
		},
		"GET /css":   func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/css") },
		"GET /same":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) },
		"GET /error": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) },
		"GET /file":  func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "LICENSE") },
		"GET /flush": func(w http.ResponseWriter, r *http.Request) { _ = http.NewResponseController(w).Flush(); panic("late") },
	} {
		app.HandleFunc(path, f)
	}
	direct, behind := overTLS(t, strict(), app), start(t, strict(behindProxy), app)
	for _, row := range []struct {
		name, send string
		status     int
		hsts       bool
	}{
		{"46: a page", get("/"), 200, true},
		{"46: JSON", get("/json"), 200, true},
		{"46: a style sheet", get("/css"), 200, true},
		{"46: a file", get("/file"), 200, true},
		{"46: a part of a file", get("/file", "Range: bytes=0-9"), 206, true},
		{"46: a range that is none", get("/file", "Range: bytes=9999999-"), 416, true},
		{"46: not modified", get("/same"), 304, true},
		{"46: HEAD", ask("HEAD", "/", ""), 200, true},
		{"46: OPTIONS", ask("OPTIONS", "/", ""), 405, true},
		{"46: OPTIONS of everything", ask("OPTIONS", "*", ""), 400, true},
		{"46: TRACE", ask("TRACE", "/", ""), 405, true},
		{"46: the application's error", get("/error"), 418, true},
		{"46: not found", get("/nowhere", "Accept: text/html"), 404, true},
		{"46: not found, as JSON", get("/nowhere", "Accept: application/json"), 404, true},
		{"46: a redirect of the router", get("//a"), 307, true},
		{"46: a panic", get("/panic"), 500, true},
		{"46: a forged form", post("/act", ""), 403, true},
		{"46: a health check", get("/healthz"), 200, false},
		{"46: a foreign host", get("/", "Host: evil.example"), 400, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			judgeHeaders(t, direct.send(t, row.send), row.status, row.hsts)
			proxied := strings.Replace(row.send, "\r\n", "\r\nX-Forwarded-Proto: https\r\n", 1)
			judgeHeaders(t, behind.send(t, proxied), row.status, row.hsts)
		})
	}
	t.Run("46: the redirect to https, which pins nothing yet", func(t *testing.T) { judgeHeaders(t, behind.send(t, get("/")), 301, false) })
	t.Run("46: an answer that panics when half of it is out", func(t *testing.T) {
		c := direct.dial(t)
		_, _ = io.WriteString(c, get("/flush"))
		all, _ := io.ReadAll(c)
		for _, want := range []string{"Strict-Transport-Security: ", "X-Frame-Options: DENY", "Content-Security-Policy: "} {
			if !strings.Contains(string(all), want) {
				t.Errorf("%s is missing in %q", want, all)
			}
		}
		if strings.HasSuffix(string(all), "0\r\n\r\n") {
			t.Error("the answer ends as if it were whole")
		}
	})
}

func judgeHeaders(t *testing.T, a *answer, status int, hsts bool) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("status %d, want %d", a.StatusCode, status)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"Strict-Transport-Security": map[bool]string{true: "max-age=31536000; includeSubDomains"}[hsts],
	} {
		if got := strings.Join(a.Header.Values(name), " | "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"Content-Security-Policy", "Permissions-Policy"} {
		if len(a.Header.Values(name)) != 1 {
			t.Errorf("%s: %q, want one", name, a.Header.Values(name))
		}
	}
	if got := a.Header.Get("Server") + a.Header.Get("X-Powered-By"); got != "" {
		t.Errorf("the answer says what serves it: %q", got)
	}
}
