package bounded_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	neturl "net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/internal/bounded"
)

const canary = "canary-5f2c91d7e0"

// get asks for url and returns the body, or what failed, which must hold neither the query nor what the server said.
func get(t *testing.T, c *http.Client, ctx context.Context, url string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err == nil {
		defer resp.Body.Close()
		var b []byte
		if b, err = io.ReadAll(resp.Body); err == nil {
			return string(b), nil
		}
	}
	e := bounded.Explain(err)
	if e == nil {
		t.Fatalf("got %T, want an Error", err)
	}
	if strings.Contains(e.Error(), canary) || e.Unwrap() != nil && strings.Contains(e.Unwrap().Error(), canary) {
		t.Error("the error holds what the server said, or the query")
	}
	if e.Rule == "" || e.Remedy == "" || !strings.Contains(url, e.Host) && e.Host != "" {
		t.Errorf("the error is %q, want one with host, rule and remedy", e)
	}
	return "", e
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestLimit(t *testing.T) {
	for _, chunked := range []bool{false, true} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			size := map[string]int{"/just": 1000, "/more": 1001, "/much": 1 << 20}[r.URL.Path]
			if chunked {
				w.(http.Flusher).Flush()
			}
			_, _ = w.Write(bytes.Repeat([]byte("x"), size))
		})
		c := bounded.New(bounded.Config{MaxBytes: 1000})
		if got, err := get(t, c, t.Context(), url+"/just"); err != nil || len(got) != 1000 {
			t.Errorf("an answer of the limit's size: got %d bytes, %v", len(got), err)
		}
		for _, path := range []string{"/more", "/much"} {
			if _, err := get(t, c, t.Context(), url+path); err == nil || !strings.Contains(err.Error(), "more than the limit") {
				t.Errorf("chunked %v: %s: got %v", chunked, path, err)
			}
		}
	}
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, bounded.MaxBytes+1)) })
	if _, err := get(t, bounded.New(bounded.Config{}), t.Context(), url); err == nil {
		t.Error("without a limit of its own a client reads more than MaxBytes")
	}
}

func TestCompressed(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "" {
			t.Errorf("the client asks for %q", got)
		}
		w.Header().Set("Content-Encoding", strings.TrimPrefix(r.URL.Path, "/"))
		_, _ = w.Write([]byte(canary))
	})
	c := bounded.New(bounded.Config{})
	if _, err := get(t, c, t.Context(), url+"/gzip"); err == nil {
		t.Error("a compressed answer is read")
	}
	if got, err := get(t, c, t.Context(), url+"/identity"); err != nil || got != canary {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRedirects(t *testing.T) {
	asked, rounds := 0, 0
	other := serve(t, func(http.ResponseWriter, *http.Request) { asked++ })
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/same":
			http.Redirect(w, r, "/end?q=1", http.StatusTemporaryRedirect)
		case "/end":
			fmt.Fprint(w, "here")
		case "/other":
			http.Redirect(w, r, other+"/"+canary, http.StatusTemporaryRedirect)
		case "/broken":
			w.Header().Set("Location", "http://"+canary+"%zz/")
			w.WriteHeader(http.StatusFound)
		default:
			rounds++
			http.Redirect(w, r, "/round", http.StatusFound)
		}
	})
	c := bounded.New(bounded.Config{})
	if got, err := get(t, c, t.Context(), url+"/same"); err != nil || got != "here" {
		t.Errorf("on the same host: got %q, %v", got, err)
	}
	for _, path := range []string{"/other", "/broken"} {
		if _, err := get(t, c, t.Context(), url+path+"?q="+canary); err == nil {
			t.Errorf("%s is followed", path)
		}
	}
	if asked != 0 {
		t.Error("the other host was asked")
	}
	if resp, err := c.Get(url + "/round"); err == nil {
		resp.Body.Close()
		t.Error("redirects without end are followed")
	}
	if rounds > 5 {
		t.Errorf("%d redirects are followed", rounds)
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/plain" {
			http.Redirect(w, r, "http://"+r.Host+"/", http.StatusMovedPermanently)
			return
		}
		fmt.Fprint(w, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	conf := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10} //nolint:gosec // must not be taken over
	c := bounded.New(bounded.Config{TLS: conf})
	if got, err := get(t, c, t.Context(), s.URL); err != nil || got != "HTTP/2.0" {
		t.Errorf("got %q, %v", got, err)
	}
	if conf.MinVersion != tls.VersionTLS10 {
		t.Error("the caller's configuration was changed")
	}
	for what, test := range map[string]struct {
		client *http.Client
		url    string
		want   string
	}{
		"from https to http":        {c, s.URL + "/plain", "plain HTTP"},
		"an authority unknown":      {bounded.New(bounded.Config{}), s.URL, "not trusted"},
		"a certificate for another": {c, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), "another name"},
		"a server without TLS":      {c, strings.Replace(serve(t, nil), "http:", "https:", 1), "does not speak TLS"},
	} {
		if _, err := get(t, test.client, t.Context(), test.url); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", what, err, test.want)
		}
	}

	old := httptest.NewUnstartedServer(nil)
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // an old server
	old.StartTLS()
	t.Cleanup(old.Close)
	roots.AddCert(old.Certificate())
	if _, err := get(t, c, t.Context(), old.URL); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

// raw serves what is not HTTP: it sends text and hangs up, or waits if text is empty.
func raw(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Read(make([]byte, 4096))
				if text == "" {
					<-t.Context().Done()
				}
				_, _ = io.WriteString(c, text)
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/?q=" + canary
}

func TestBrokenServers(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	c := bounded.New(bounded.Config{HeaderTime: 100 * time.Millisecond})
	for what, test := range map[string]struct{ url, want string }{
		"nobody there":    {"http://" + closed.Addr().String() + "/?q=" + canary, "cannot be reached"},
		"no HTTP":         {raw(t, canary+" hello\r\n\r\n"), "does not speak HTTP"},
		"a bad header":    {raw(t, "HTTP/1.1 200 OK\r\n"+canary+"\r\n\r\n"), "does not speak HTTP"},
		"a large header":  {raw(t, "HTTP/1.1 200 OK\r\nA: "+strings.Repeat(canary, 1<<14)+"\r\n\r\n"), "does not speak HTTP"},
		"hangs up":        {raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"+canary), "too soon"},
		"says nothing":    {raw(t, ""), "did not answer in time"},
		"a broken length": {raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+canary+"\r\n"), "does not speak HTTP"},
	} {
		if _, err := get(t, c, t.Context(), test.url); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", what, err, test.want)
		}
	}
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := get(t, bounded.New(bounded.Config{}), ctx, raw(t, "")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want one that wraps context.DeadlineExceeded", err)
	}
}

// TestRetries asks what SDKs ask of an error before they try again.
func TestRetries(t *testing.T) {
	c := bounded.New(bounded.Config{HeaderTime: 50 * time.Millisecond})
	for url, want := range map[string][2]bool{raw(t, ""): {true, true}, raw(t, canary+"\r\n\r\n"): {false, false}, raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"): {false, true}} {
		_, err := get(t, c, t.Context(), url)
		if e := bounded.Explain(err); e == nil || [2]bool{e.Timeout(), e.Temporary()} != want || e.RetryableError() != want[1] {
			t.Errorf("%v: want timeout, temporary %v", err, want)
		}
	}
}

// TestProxy runs itself again with a proxy in the environment, which net/http reads once for each process.
func TestProxy(t *testing.T) {
	if os.Getenv("BOUNDED_TEST_PROXY") != "" {
		for _, scheme := range []string{"http", "https"} {
			_, err := get(t, bounded.New(bounded.Config{}), t.Context(), scheme+"://manager.invalid/")
			fmt.Printf("%s: %v\n", scheme, err)
		}
		return
	}
	var asked atomic.Int32
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1); r.Method != http.MethodConnect {
			return
		}
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 403 "+canary+"\r\n\r\n") // whose words net/http makes an error of
			_ = c.Close()
		}
	})
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxy$")
	with := strings.Replace(proxy, "//", "//user:"+canary+"@", 1)
	cmd.Env = append(os.Environ(), "BOUNDED_TEST_PROXY=1", "HTTP_PROXY="+with, "HTTPS_PROXY="+with, "NO_PROXY=", "no_proxy=",
		"http_proxy="+with, "https_proxy="+with)
	out, err := cmd.CombinedOutput()
	if err != nil || asked.Load() != 2 || !strings.Contains(string(out), "http: <nil>") {
		t.Errorf("the proxy was asked %d times, want 2: %v\n%s", asked.Load(), err, out)
	}
	if !strings.Contains(string(out), "https: manager.invalid is refused by the proxy with status 403: ") || strings.Contains(string(out), canary) {
		t.Errorf("got\n%s\nwant an error that names the host and holds no password", out)
	}
}

// TestOwnProxy goes through the proxy of a Config, and never past it.
func TestOwnProxy(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host) })
	proxy, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	c := bounded.New(bounded.Config{Proxy: http.ProxyURL(proxy)})
	if got, err := get(t, c, t.Context(), "http://manager.invalid/"); err != nil || got != "manager.invalid" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestEndpoint(t *testing.T) {
	for text, ok := range map[string]bool{
		"https://vault.example:8200/v1": true,
		"https://vault.example":         true,
		"http://127.0.0.1:5000":         true,
		"http://[::1]:5000":             true,
		"http://localhost:5000":         true,
		"http://vault.example":          false,
		"http://127.0.0.1.example":      false,
		"http://localhost.example":      false,
		"http://10.0.0.1":               false,
		"https://u:" + canary + "@h":    false,
		"https://h?q=" + canary:         false,
		"https://h?":                    false,
		"https://h#" + canary:           false,
		"https://h#":                    false,
		"https://":                      false,
		"https://:443":                  false,
		"vault.example:8200":            false,
		"ftp://h/" + canary:             false,
		"%zz" + canary:                  false,
		"":                              false,
	} {
		u, err := bounded.Endpoint(text, false)
		if (err == nil) != ok {
			t.Errorf("%s: got %v, want ok %v", text, err, ok)
		}
		if err != nil && (u != nil || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), ": ")) {
			t.Errorf("%s: the error has no remedy or holds a part of it: %T", text, err)
		}
	}
	if _, err := bounded.Endpoint("http://vault.example", true); err != nil {
		t.Errorf("insecure: %v", err)
	}
}
