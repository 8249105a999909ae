package manage_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestSmuggling sends a request with another behind it, which a proxy may have taken for the body of the first.
func TestSmuggling(t *testing.T) {
	s := start(t, app(home), "--addr", "127.0.0.1:0")
	const host, second = "Host: example.com\r\nSec-Fetch-Site: same-origin\r\n", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"
	for _, tt := range []struct {
		name, request string
		answers       int
	}{
		{"two plain requests", "GET / HTTP/1.1\r\n" + host + "\r\n" + second, 2},
		{"a body of some length", "POST / HTTP/1.1\r\n" + host + "Content-Length: 4\r\n\r\n1234" + second, 2},
		{"a length beside chunks", "POST / HTTP/1.1\r\n" + host + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second, 1},
		{"chunks", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second, 1},
		{"chunks in HTTP/1.0", "POST / HTTP/1.0\r\n" + host + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + second, 1},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n" + host + "Connection: keep-alive\r\n\r\n" + second, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", strings.TrimPrefix(s.addr, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.WriteString(c, tt.request); err != nil {
				t.Fatal(err)
			}
			answers := 0
			for r := bufio.NewReader(c); answers < tt.answers; answers++ {
				res, err := http.ReadResponse(r, nil)
				if err != nil || res.StatusCode != 200 {
					t.Fatalf("answer %d: %v, %v; want 200", answers+1, res, err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				if answers+1 == tt.answers && tt.answers == 1 {
					if rest, _ := io.ReadAll(r); len(rest) > 0 || !res.Close {
						t.Errorf("the connection stays open, and says %q", rest)
					}
				}
			}
		})
	}
}
