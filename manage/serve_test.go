package manage_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/manage"
)

// server is a running `serve`.
type server struct {
	addr string // what it says that it serves
	stop context.CancelFunc
	done chan int // its status
}

// start runs `serve` with args and waits until it says where it serves.
func start(t *testing.T, b manage.Build, args ...string) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	s := &server{stop: cancel, done: make(chan int, 1)}
	go func() {
		s.done <- manage.Run(ctx, b, append([]string{"app", "serve"}, args...), manage.Streams{Out: w, Err: w})
		w.Close()
	}()
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		t.Fatal("serve said nothing")
	}
	found := regexp.MustCompile(`(?:https?://|unix:)\S+`).FindString(lines.Text())
	if found == "" {
		t.Fatalf("serve said: %s", lines.Text())
	}
	s.addr = strings.TrimSuffix(found, "/")
	go io.Copy(io.Discard, r)
	t.Cleanup(func() { s.end(t) })
	return s
}

// end stops the server and returns its status.
func (s *server) end(t *testing.T) int {
	t.Helper()
	s.stop()
	select {
	case status := <-s.done:
		s.done <- status
		return status
	case <-time.After(10 * time.Second):
		t.Fatal("serve did not stop")
		return -1
	}
}

// app returns a Build of an application that is served in the clear.
func app(h http.Handler) manage.Build {
	return func(context.Context) (*airworthy.App, error) {
		s := airworthy.Production()
		s.Keyring.Key = keyring.Generate()
		s.Hosts.Allowed, s.Hosts.HealthPath = []string{"example.com", "127.0.0.1"}, "/healthz"
		s.HTTPS.InsecureHTTP = true
		s.Logs.Output = io.Discard
		return airworthy.New(s, h)
	}
}

var home = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %d", r.Host, len(r.URL.Query()))
})

func TestServeFinishesTheRequestAtHand(t *testing.T) {
	began, finish := make(chan bool), make(chan bool)
	s := start(t, app(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began <- true
		<-finish
		fmt.Fprint(w, "whole")
	})), "--addr", "127.0.0.1:0")
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get(s.addr + "/")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		answer <- string(b)
	}()
	<-began
	s.stop()
	close(finish)
	if got := <-answer; got != "whole" {
		t.Errorf("the request at hand got %q, want %q", got, "whole")
	}
	if status := s.end(t); status != 0 {
		t.Errorf("status %d, want 0", status)
	}
}

func TestServeUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	start(t, app(home), "--addr", "unix:"+path)
	c := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	res, err := c.Get("http://example.com/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("status %d, want 200", res.StatusCode)
	}
}

// A program that was killed leaves its socket behind. Another takes its place, but not that of one that still listens,
// nor that of any other file.
func TestUnixSocketLeftBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	serve := func(what string, want int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var out strings.Builder
		if got := manage.Run(ctx, app(home), []string{"app", "serve", "--addr", "unix:" + path}, manage.Streams{Out: &out, Err: &out}); got != want {
			t.Errorf("%s: status %d, want %d: %s", what, got, want, out.String())
		}
	}
	serve("somebody listens", 1)
	ln.SetUnlinkOnClose(false)
	ln.Close()
	serve("nobody listens any more", 0)
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	serve("a file that is no socket", 1)
	if b, err := os.ReadFile(path); err != nil || string(b) != "precious" {
		t.Errorf("the file holds %q, %v, want it untouched", b, err)
	}
}

// TestRawRequests sends what no client library would send. The numbers are those of the list of bad inputs.
func TestRawRequests(t *testing.T) {
	s := start(t, app(home), "--addr", "127.0.0.1:0")
	for _, tt := range []struct{ name, request, status string }{
		{"a plain request", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "200"},
		{"1: two Host lines", "GET / HTTP/1.1\r\nHost: example.com\r\nHost: example.com\r\n\r\n", "400"},
		{"1: no Host", "GET / HTTP/1.1\r\n\r\n", "400"},
		{"1: a user before the host", "GET / HTTP/1.1\r\nHost: example.com:@evil.example\r\n\r\n", "400"},
		{"1: a path behind the host", "GET / HTTP/1.1\r\nHost: example.com/../x\r\n\r\n", "400"},
		{"1: a list of hosts", "GET / HTTP/1.1\r\nHost: example.com, evil.example\r\n\r\n", "400"},
		{"1: HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "400"},
		{"1: HTTP/1.0 without Host on the health path", "GET /healthz HTTP/1.0\r\n\r\n", "200"},
		{"2: the target's host wins over Host", "GET http://evil.example/ HTTP/1.1\r\nHost: example.com\r\n\r\n", "400"},
		{"2: the target's host is judged", "GET http://example.com/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", "200"},
		{"2: OPTIONS * of another host", "OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n", "400"},
		{"5: a forged X-Forwarded-Host", "GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: example.com\r\n\r\n", "400"},
		{"20: 100,000 cookies", "GET / HTTP/1.1\r\nHost: example.com\r\nCookie: " + strings.Repeat("a=b;", 100_000) + "\r\n\r\n", "431"},
		{"39: a query with a million pairs", "GET /?" + strings.Repeat("a&", 1_000_000) + " HTTP/1.1\r\nHost: example.com\r\n\r\n", "431"},
		{"39: semicolons separate nothing", "GET /?a=1;b=2 HTTP/1.1\r\nHost: example.com\r\n\r\n", "200"},
		{"43: Accept of 1 MB", "GET / HTTP/1.1\r\nHost: example.com\r\nAccept: " + strings.Repeat("text/html;q=0.1,", 65536) + "\r\n\r\n", "431"},
		{"43: Accept of 32 KB on an error", "GET / HTTP/1.1\r\nHost: evil.example\r\nAccept: " + strings.Repeat("text/html;q=0.1,", 2048) + "\r\n\r\n", "400"},
		{"45: CR in a header value", "GET / HTTP/1.1\r\nHost: example.com\r\nX: a\rb\r\n\r\n", "400"},
		{"a request in HTTP/9.9", "GET / HTTP/9.9\r\nHost: example.com\r\n\r\n", "505"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", strings.TrimPrefix(s.addr, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			go io.WriteString(c, tt.request) // the server may answer, and close, before it has read all
			line, err := bufio.NewReader(c).ReadString('\n')
			if err != nil {
				t.Fatalf("no answer: %v", err)
			}
			if got := strings.Fields(line)[1]; got != tt.status {
				t.Errorf("status %s, want %s", got, tt.status)
			}
		})
	}
}

func TestServeTLS(t *testing.T) {
	cert, key := manage.NewCertificate(t, t.TempDir(), 7)
	s := start(t, app(home), "--addr", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
	addr := strings.TrimPrefix(s.addr, "https://")
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.ConnectionState().PeerCertificates[0].SerialNumber.Int64(); got != 7 {
		t.Errorf("serial number %d, want 7", got)
	}
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if c, err := tls.Dial("tcp", addr, old); err == nil {
		c.Close()
		t.Error("TLS 1.1 was accepted")
	}
}
