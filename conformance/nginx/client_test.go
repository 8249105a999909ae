package nginx_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// clientAddr is where the client connects from.
const clientAddr = "127.0.0.7"

// client is somebody outside, to whom example.com is a front. It keeps cookies and follows no redirect.
type client struct {
	*http.Client
	t     *testing.T
	front *front
}

func (f *front) client(t *testing.T) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, front: f}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			to := f.tls // whatever the port
			if strings.HasSuffix(addr, ":80") {
				to = f.clear
			}
			return dialer.DialContext(ctx, "tcp", to)
		},
		TLSClientConfig:   &tls.Config{RootCAs: w.cert.pool, ServerName: "example.com"},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	c.Client = &http.Client{
		Transport: transport, Jar: jar, Timeout: 3 * patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

var dialer = net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(clientAddr)}}

// answer is an answer with its body.
type answer struct {
	*http.Response
	body string
}

// do sends a request with the given headers, "Name: value", of which Host names another host than the URL.
func (c *client) do(method, address, body string, headers ...string) answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header[name] = append(r.Header[name], value)
	}
	res, err := c.Do(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, address, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, address, err)
	}
	return answer{res, string(b)}
}

func (c *client) get(address string, headers ...string) answer {
	c.t.Helper()
	return c.do("GET", address, "", headers...)
}

// What a browser says of a request that a visitor typed, and of a form that a page of the site sent.
var (
	typed    = []string{"Accept: text/html", "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}
	sameSite = []string{"Accept: text/html", "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin", "Origin: https://example.com"}
	foreign  = []string{"Accept: text/html", "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: cross-site", "Origin: https://evil.test"}
	older    = []string{"Accept: text/html", "Content-Type: application/x-www-form-urlencoded", "Origin: https://example.com"}
)

// pin posts a note.
func (c *client) pin(note string, headers []string) answer {
	c.t.Helper()
	return c.do("POST", "https://example.com/notes", url.Values{"text": {note}}.Encode(), headers...)
}

// want reports an answer with another status.
func (c *client) want(what string, a answer, status int) {
	c.t.Helper()
	if a.StatusCode != status {
		c.t.Errorf("%s: got status %d, want %d: %v", what, a.StatusCode, status, a.Header)
	}
}
