package nginx_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func labBehindNginx(t *testing.T) (*gate, *front) {
	t.Helper()
	g := newGate(t)
	p := serve(t, w.lab, "127.0.0.1:0", append(production(t), trusted, "LAB_GATE="+g.url)...)
	return g, proxied(t, p.addr)
}

// Each event arrives before the next is made: nothing on the way holds it back.
func TestServerSentEvents(t *testing.T) {
	g, f := labBehindNginx(t)
	c := f.client(t)
	r, err := http.NewRequestWithContext(t.Context(), "GET", "https://example.com/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Type"); res.StatusCode != 200 || got != "text/event-stream" {
		t.Fatalf("got status %d and %s, want 200 and text/event-stream", res.StatusCode, got)
	}
	if res.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Error("the stream lacks the headers that all answers have")
	}
	lines := bufio.NewReader(res.Body)
	for i := range 3 {
		g.wait(t)
		event := readLine(t, lines) + readLine(t, lines)
		if want := fmt.Sprintf("data: %d\n\n", i+1); event != want {
			t.Fatalf("got the event %q, want %q", event, want)
		}
		g.open(t)
	}
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("got %q and %v, want the end", rest, err)
	}
}

func readLine(t *testing.T, from *bufio.Reader) string {
	t.Helper()
	line, err := from.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// The key and its answer are those of RFC 6455, section 1.3.
func TestWebSocket(t *testing.T) {
	_, f := labBehindNginx(t)
	conn, err := tls.DialWithDialer(&dialer, "tcp", f.tls, &tls.Config{RootCAs: w.cert.pool, ServerName: "example.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "GET /socket HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: https://example.com\r\n\r\n")
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Sec-Websocket-Accept"); res.StatusCode != 101 || got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("got status %d and %q, want 101 and the answer to the key", res.StatusCode, got)
	}
	for _, text := range []string{"to and fro\n", strings.Repeat("x", 100_000) + "\n"} {
		go fmt.Fprint(conn, text)
		if got := readLine(t, in); got != text {
			t.Errorf("got %d bytes back, want the %d that were sent", len(got), len(text))
		}
	}
}

func TestLargeFile(t *testing.T) {
	_, f := labBehindNginx(t)
	c := f.client(t)
	whole := c.get("https://example.com/large")
	c.want("the file", whole, http.StatusOK)
	var want bytes.Buffer
	for i := 0; want.Len() < 32<<20; i++ {
		fmt.Fprintln(&want, "line", i)
	}
	if whole.body != want.String()[:32<<20] {
		t.Errorf("got %d bytes, want those of the file", len(whole.body))
	}
	part := c.get("https://example.com/large", "Range: bytes=1000000-1000009")
	c.want("a part of the file", part, http.StatusPartialContent)
	if got, want := part.body, want.String()[1000000:1000010]; got != want {
		t.Errorf("got the part %q, want %q", got, want)
	}
	c.want("the file again", c.get("https://example.com/large", `If-None-Match: "1"`), http.StatusNotModified)
}

func TestAsset(t *testing.T) {
	p := serve(t, w.bulletin, "127.0.0.1:0", append(production(t), trusted)...)
	c := proxied(t, p.addr).client(t)
	a := c.get("https://example.com/assets/bulletin.css")
	c.want("the style sheet", a, http.StatusOK)
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/css") || !strings.Contains(a.Header.Get("Cache-Control"), "public") || len(a.Cookies()) > 0 {
		t.Errorf("got %v, want text/css that caches may keep, without cookie", a.Header)
	}
	c.want("a file outside the folder", c.get("https://example.com/assets/..%2fnotes.go"), http.StatusNotFound)
}
