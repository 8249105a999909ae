package hosts_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/hosts"
)

// raw sends bytes as they are and returns the status line and the body of the answer.
func raw(t *testing.T, h http.Handler, request string) (status int, body string) {
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
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

var reached = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "reached") })

// Bad inputs 1 and 2, over a socket because net/http has a say in them.
func TestRawRequests(t *testing.T) {
	g, err := hosts.New(hosts.Config{Allowed: []string{"good.com", ".good.org"}, HealthPath: "/healthz", Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	site := g.Handler(reached)
	for _, row := range []struct {
		name, request string
		want          int
	}{
		{"allowed host", "GET / HTTP/1.1\r\nHost: good.com\r\n\r\n", 200},
		{"1: two Host lines", "GET / HTTP/1.1\r\nHost: good.com\r\nHost: evil.com\r\n\r\n", 400},
		{"1: the same Host twice", "GET / HTTP/1.1\r\nHost: good.com\r\nHost: good.com\r\n\r\n", 400},
		{"1: HTTP/1.1 without Host", "GET / HTTP/1.1\r\n\r\n", 400},
		{"1: HTTP/1.1 with an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
		{"1: user information in Host", "GET / HTTP/1.1\r\nHost: good.com:@evil.com\r\n\r\n", 400},
		{"1: path in Host", "GET / HTTP/1.1\r\nHost: good.com/../x\r\n\r\n", 400},
		{"1: list in Host", "GET / HTTP/1.1\r\nHost: good.com, evil.com\r\n\r\n", 400},
		{"1: HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 400},
		{"1: HTTP/1.0 without Host on the health path", "GET /healthz HTTP/1.0\r\n\r\n", 200},
		{"1: HTTP/1.0 with Host", "GET / HTTP/1.0\r\nHost: good.com\r\n\r\n", 200},
		{"2: a target with a host is judged by that host", "GET http://evil.com/ HTTP/1.1\r\nHost: good.com\r\n\r\n", 400},
		{"2: a target with our host is judged by that host", "GET http://good.com/ HTTP/1.1\r\nHost: evil.com\r\n\r\n", 200},
		{"2: a target with user information", "GET http://good.com:x@evil.com/ HTTP/1.1\r\nHost: good.com\r\n\r\n", 400},
		{"3: trailing dot, capitals and port", "GET / HTTP/1.1\r\nHost: GOOD.com.:443\r\n\r\n", 200},
		{"3: port out of range", "GET / HTTP/1.1\r\nHost: good.com:99999\r\n\r\n", 400},
		{"3: name in its own script", "GET / HTTP/1.1\r\nHost: g\u00f6od.com\r\n\r\n", 400},
		{"4: a longer label", "GET / HTTP/1.1\r\nHost: evilgood.org\r\n\r\n", 400},
		{"5: X-Forwarded-Host of a client is not looked at", "GET / HTTP/1.1\r\nHost: evil.com\r\nX-Forwarded-Host: good.com\r\n\r\n", 400},
		{"5: a foreign X-Forwarded-Host does no harm", "GET / HTTP/1.1\r\nHost: good.com\r\nX-Forwarded-Host: evil.com\r\n\r\n", 200},
		{"7: a poisoned host does not reach what builds links", "POST /reset HTTP/1.1\r\nHost: evil.com\r\nContent-Length: 0\r\n\r\n", 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, body := raw(t, site, row.request)
			if got != row.want {
				t.Errorf("status %d, want %d", got, row.want)
			}
			if strings.Contains(body, "evil") {
				t.Errorf("the answer %q repeats the host", body)
			}
		})
	}
}

func TestHealthPath(t *testing.T) {
	g, err := hosts.New(hosts.Config{Allowed: []string{"good.com"}, HealthPath: "/healthz", Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	site := g.Handler(reached)
	for _, row := range []struct {
		name, request string
		status        int
		body          string
	}{
		{"any host", "GET /healthz HTTP/1.1\r\nHost: 10.0.0.5:8000\r\n\r\n", 200, "ok\n"},
		{"our host", "GET /healthz HTTP/1.1\r\nHost: good.com\r\n\r\n", 200, "ok\n"},
		{"with a query", "GET /healthz?full=1 HTTP/1.1\r\nHost: x\r\n\r\n", 200, "ok\n"},
		{"POST is for the application, after the host check", "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 400, "Bad Request\n"},
		{"POST to our host reaches the application", "POST /healthz HTTP/1.1\r\nHost: good.com\r\nContent-Length: 0\r\n\r\n", 200, "reached"},
		{"a path below", "GET /healthz/x HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Bad Request\n"},
		{"a trailing slash", "GET /healthz/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Bad Request\n"},
		{"two slashes", "GET //healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Bad Request\n"},
		{"other case", "GET /Healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Bad Request\n"},
		{"escaped", "GET /%68ealthz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Bad Request\n"},
		{"dots", "GET /a/../healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Bad Request\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, body := raw(t, site, row.request)
			if status != row.status || body != row.body {
				t.Errorf("answer %d %q, want %d %q", status, body, row.status, row.body)
			}
		})
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("HEAD", "http://10.0.0.5/healthz", nil))
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("HEAD answers %d with %d bytes and %v, want 200, no body and no-store", w.Code, w.Body.Len(), w.Header())
	}
}

func TestHealthPathsThatAreRefused(t *testing.T) {
	for _, path := range []string{"/", "healthz", "/healthz/", "/a/../b", "//x", "/x?y", "/x%20y", "/x y", `/a\b`, "/{id}", "/*"} {
		if _, err := hosts.New(hosts.Config{Allowed: []string{"a.com"}, HealthPath: path}); err == nil {
			t.Errorf("%q is taken as health path, want an error", path)
		} else if !strings.Contains(err.Error(), "hosts: HEALTH_PATH: ") {
			t.Errorf("error %q does not name HEALTH_PATH", err)
		}
	}
}

func TestReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken error
		asked := 0
		var log bytes.Buffer
		g, err := hosts.New(hosts.Config{
			Allowed: []string{"good.com"}, HealthPath: "/healthz", Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Ready: func(ctx context.Context) error {
				asked++
				if _, ok := ctx.Deadline(); !ok {
					t.Error("the readiness question has no deadline")
				}
				if ctx.Err() != nil {
					t.Error("the question ends with the caller")
				}
				return broken
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ask := func() (int, string) {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "http://10.0.0.5/healthz", nil)
			ctx, gone := context.WithCancel(r.Context())
			gone()
			g.Handler(reached).ServeHTTP(w, r.WithContext(ctx))
			return w.Code, w.Body.String()
		}
		if got, _ := ask(); got != 200 {
			t.Errorf("ready: %d, want 200", got)
		}
		broken = errors.New("db at 10.1.1.1 is down")
		if got, _ := ask(); got != 200 || asked != 1 {
			t.Errorf("within a second: %d after %d questions, want 200 after one", got, asked)
		}
		time.Sleep(time.Second)
		got, body := ask()
		if got != 503 || body != "unavailable\n" {
			t.Errorf("not ready: %d %q, want 503 without the reason", got, body)
		}
		time.Sleep(time.Second)
		ask()
		if n := strings.Count(log.String(), "not ready"); n != 1 {
			t.Errorf("logged %d times, want once:\n%s", n, log.String())
		}
		broken = nil
		time.Sleep(time.Second)
		if got, _ := ask(); got != 200 || !strings.Contains(log.String(), "ready again") {
			t.Errorf("ready again: %d, want 200 and a word in the log:\n%s", got, log.String())
		}
	})
}

// Demand 3: scanners must not flood the log.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		g, err := hosts.New(hosts.Config{Allowed: []string{"good.com"}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		site := g.Handler(reached)
		send := func(host string) {
			r := httptest.NewRequest("GET", "http://x/", nil)
			r.Host = host
			site.ServeHTTP(httptest.NewRecorder(), r)
		}
		lines := func() int { return strings.Count(log.String(), "\n") }

		send("evil.com\nlevel=INFO")
		for _, want := range []string{
			"level=WARN", "event=django.security.DisallowedHost", "setting=ALLOWED_HOSTS", `evil.com\\nlevel=INFO`,
		} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log is %q, want %s in it", log.String(), want)
			}
		}
		if lines() != 1 {
			t.Errorf("a newline in the host made %d lines, want 1", lines())
		}
		for range 50 {
			send("scan.example")
		}
		if lines() != 2 {
			t.Errorf("50 requests to one host made %d lines, want 1", lines()-1)
		}
		time.Sleep(time.Hour)
		send("scan.example")
		if lines() != 3 || !strings.Contains(log.String(), "unlogged=49") {
			t.Errorf("after an hour: %d lines, want a third that counts 49 unlogged:\n%s", lines(), log.String())
		}
		for i := range 2000 {
			send(fmt.Sprintf("h%d.example", i))
		}
		if lines() > 3+256 {
			t.Errorf("2000 hosts made %d lines, want at most 256", lines()-3)
		}
		if got := g.Refused(); got != 1+50+1+2000 {
			t.Errorf("Refused = %d, want 2052", got)
		}
	})
}

func TestAllowedRequestsAllocateNothing(t *testing.T) {
	g := newGuard(t, "example.com", ".example.org", "10.0.0.0/8", "[2001:db8::1]")
	site := g.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, host := range []string{"example.com", "EXAMPLE.com.:8000", "a.b.c.example.org", "10.1.2.3:80", "[2001:db8::1]:80"} {
		r := httptest.NewRequest("GET", "http://x/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if got := testing.AllocsPerRun(100, func() { site.ServeHTTP(w, r) }); got != 0 {
			t.Errorf("%s costs %v allocations, want 0", host, got)
		}
	}
}

func BenchmarkHandler(b *testing.B) {
	allowed := []string{"example.com", ".example.org", "10.0.0.0/8", "[2001:db8::1]"}
	for i := range 1000 {
		allowed = append(allowed, fmt.Sprintf("host%d.example.net", i), fmt.Sprintf("172.16.%d.0/24", i%256))
	}
	site := newGuard(b, allowed...).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, host := range []string{"example.com", "WWW.Example.org:8000", "10.1.2.3", "[2001:db8::1]"} {
		b.Run(host, func(b *testing.B) {
			r := httptest.NewRequest("GET", "http://x/", nil)
			r.Host = host
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				site.ServeHTTP(w, r)
			}
		})
	}
}
