package probe_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// trap is a server that nobody must connect to.
type trap struct {
	port  uint16
	calls atomic.Int64
}

func newTrap(t *testing.T) *trap {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tr := &trap{port: uint16(ln.Addr().(*net.TCPAddr).Port)}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			tr.calls.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = ln.Close() })
	return tr
}

// counting counts requests, and the bytes that were written to answer them.
type counting struct {
	requests, bytes atomic.Int64
	next            http.Handler
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.requests.Add(1)
	c.next.ServeHTTP(&countingWriter{w, c}, r)
}

type countingWriter struct {
	http.ResponseWriter
	c *counting
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.c.bytes.Add(int64(n))
	return n, err
}

func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestBadAnswers holds the probe to what sites do that wish it ill. Whatever they answer, it ends in time, asks nobody else,
// reads no more than it must, and opens the gate for none of them.
func TestBadAnswers(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = io.CopyN(z, zeros{}, 64<<20)
	_ = z.Close()

	redirect := func(to func(r *http.Request, trap uint16) string) func(uint16) http.Handler {
		return func(trap uint16) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", to(r, trap))
				w.WriteHeader(http.StatusFound)
			})
		}
	}
	to := func(format string) func(uint16) http.Handler {
		return redirect(func(_ *http.Request, trap uint16) string {
			return strings.ReplaceAll(format, "TRAP", fmt.Sprint(trap))
		})
	}
	handler := func(f http.HandlerFunc) func(uint16) http.Handler { return func(uint16) http.Handler { return f } }
	flood := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat([]byte("a"), 1<<15)); err != nil {
				return
			}
		}
	}
	const every = 400 << 20 // all answers of one probe together: kernel buffers included

	for _, row := range []struct {
		name  string
		site  func(trap uint16) http.Handler
		paths []string
		want  string // an ID that is found, or part of a reason for not looking
		bytes int64  // that are written at most; 0 for any number
	}{
		{"59: redirect to a file", to("file:///etc/passwd"), nil, "probe.W005", 0},
		{"59: redirect to this machine", to("http://127.0.0.1:TRAP/"), nil, "probe.W005", 0},
		{"59: redirect to this machine in another spelling", to("http://[::ffff:7f00:1]:TRAP/"), nil, "probe.W005", 0},
		{"59: redirect to a cloud's metadata", to("http://169.254.169.254/latest/meta-data/"), nil, "probe.W005", 0},
		{"59: redirect to another port", to("https://" + own + ":TRAP/"), nil, "probe.W005", 0},
		{"59: redirect to another port over http", to("http://" + own + ":TRAP/"), nil, "probe.W005", 0},
		{"59: redirect to another host", to("https://localhost:TRAP/"), nil, "probe.W005", 0},
		{"59: redirect with a login", to("https://a:b@" + own + ":TRAP/"), nil, "probe.W005", 0},
		{"59: redirect to nonsense", to("https://[::1%25]:TRAP:x/%zz"), nil, "probe.W005", 0},
		{"59: redirect without end", redirect(func(r *http.Request, _ uint16) string { return r.URL.Path + "a" }), nil, "probe.E112", 0},
		{"59: redirect to itself", to("/"), nil, "probe.E112", 0},
		{"59: scripts, images and frames of others", handler(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<script src="http://127.0.0.1:9/"></script><link rel=stylesheet href="//[::1]:9/"><iframe src="file:///etc/passwd">`)
		}), nil, "probe.W051", 0},
		{"59: body without end", handler(flood), nil, "probe.W008", every},
		{"59: body of 10 GB", handler(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "10737418240")
			flood(w, r)
		}), nil, "probe.W008", every},
		{"59: gzip bomb", handler(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write(bomb.Bytes())
		}), nil, "probe.W008", 0},
		{"59: a compression that nobody asked for", handler(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "\x8b\x00\x80<p>\x03")
		}), nil, "its content cannot be looked at", 0},
		{"59: a compression that is none", handler(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<script src=//cdn.example.net/a.js></script>")
		}), nil, "cannot be unpacked", 0},
		{"59: a word in place of a compression", handler(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "UTF-8")
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<script src=//cdn.example.net/a.js></script>")
		}), nil, "probe.W051", 0},
		{"59: 10^5 header lines", handler(func(w http.ResponseWriter, _ *http.Request) {
			for i := range 100_000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), "y")
			}
		}), nil, "longer than 256 KiB", 0},
		{"59: 600 short header lines", handler(func(w http.ResponseWriter, _ *http.Request) {
			for i := range 600 {
				w.Header().Set(fmt.Sprintf("X-%d", i), "y")
			}
		}), nil, "more than 500 lines", 0},
		{"59: one header of a megabyte", handler(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("y", 1<<20))
		}), nil, "longer than 256 KiB", 0},
		{"59: trailers without end", handler(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<p>")
			_ = http.NewResponseController(w).Flush()
			for i := range 5_000 {
				w.Header().Set(fmt.Sprintf("%sX-%d", http.TrailerPrefix, i), "y")
			}
		}), nil, "probe.W008", 0},
		{"59: 200 pages to look at", handler(func(w http.ResponseWriter, r *http.Request) { safe(w, r) }), many(200), "requests of one probe are used up", 0},
		{"59: another answer where a proxy's header comes", handler(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Forwarded") != "" {
				w.WriteHeader(418)
				return
			}
			safe(w, r)
		}), nil, "probe.E002", 0},
		{"59: another answer to the same request each time", handler(func() http.HandlerFunc {
			var n atomic.Int64
			return func(w http.ResponseWriter, r *http.Request) {
				if n.Add(1)%2 == 0 {
					w.WriteHeader(500)
					return
				}
				safe(w, r)
			}
		}()), nil, "probe.W008", 0},
		{"59: cookies, to see whether they come back", handler(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Cookie")+r.Header.Get("Authorization")+r.Header.Get("Referer") != "" {
				panic("the probe sent what it was given")
			}
			w.Header().Set("Set-Cookie", "sessionid=x")
			w.Header().Set("Www-Authenticate", "Basic")
			w.WriteHeader(401)
		}), nil, "probe.E018", 0},
		{"59: 429 to everything", handler(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }), nil, "429", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			tr := newTrap(t)
			t.Setenv("HTTPS_PROXY", fmt.Sprintf("http://127.0.0.1:%d", tr.port))
			t.Setenv("HTTP_PROXY", fmt.Sprintf("http://127.0.0.1:%d", tr.port))
			t.Setenv("ALL_PROXY", fmt.Sprintf("http://127.0.0.1:%d", tr.port))
			s := safeSite(t)
			c := &counting{next: onPort(row.site(tr.port))}
			s.secure = c
			began := time.Now()
			r, _ := judge(t, s.start(t), probe.Claims{Paths: row.paths})
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %s", took)
			}
			if n := tr.calls.Load(); n > 0 {
				t.Errorf("%d connections to who must not be asked", n)
			}
			if n := c.requests.Load(); n == 0 || n > 150 {
				t.Errorf("%d requests, want some, and 150 at most", n)
			}
			if n := c.bytes.Load(); row.bytes > 0 && n > row.bytes {
				t.Errorf("%d bytes were taken, want %d at most", n, row.bytes)
			}
			wantRefused(t, r, row.want)
		})
	}
}

func many(n int) (paths []string) {
	for i := range n {
		paths = append(paths, fmt.Sprintf("/%d", i))
	}
	return paths
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// wantRefused fails t unless the gate stays shut, for what is wanted: an ID or part of a reason.
func wantRefused(t *testing.T, r *check.Report, want string) {
	t.Helper()
	var reasons []string
	for _, n := range r.NotRun {
		reasons = append(reasons, n.ID+": "+n.Reason)
		if strings.Contains(n.Reason, "panicked") {
			t.Errorf("%s: %s", n.ID, n.Reason)
		}
	}
	ids := idsOf(r, check.Info)
	if !r.Failed() || !slices.Contains(ids, want) && !strings.Contains(strings.Join(reasons, "\n"), want) {
		t.Errorf("found %v, not run %q, want %q among them", ids, reasons, want)
	}
}

// TestBadServers holds the probe to servers that do not speak as they should, byte by byte.
func TestBadServers(t *testing.T) {
	a := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{sends(a.leaf(t, nil), a.between)}}
	answer := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			t := tls.Server(c, config)
			if r, err := http.ReadRequest(bufio.NewReader(t)); err == nil {
				_ = r.Body.Close()
				_, _ = io.WriteString(t, text)
			}
			_ = t.Close()
		}
	}
	drip := func(first, piece string) func(net.Conn) {
		return func(c net.Conn) {
			t := tls.Server(c, config)
			if _, err := http.ReadRequest(bufio.NewReader(t)); err != nil {
				return
			}
			for _, err := io.WriteString(t, first); err == nil; _, err = io.WriteString(t, piece) {
				time.Sleep(20 * time.Millisecond)
			}
		}
	}
	silent := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	for _, row := range []struct {
		name   string
		serve  func(net.Conn)
		reason string // part of it
	}{
		{"59: TLS that never begins", silent, "no answer within"},
		{"59: TLS that hangs up", func(c net.Conn) { _ = c.Close() }, "closed the connection"},
		{"59: no TLS but another protocol", func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n"); silent(c) }, "TLS handshake"},
		{"59: no TLS but http", func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "TLS handshake"},
		{"59: an answer that never begins", func(c net.Conn) { t := tls.Server(c, config); _ = t.Handshake(); silent(c) }, "no answer within"},
		{"59: a header that never ends", drip("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"), "no answer within"},
		{"59: a header line that never ends", drip("HTTP/1.1 200 OK\r\nX-A: ", "b"), "no answer within"},
		{"59: hints that never end", drip("", "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"), ""},
		{"59: control bytes in a header's name", answer("HTTP/1.1 200 OK\r\nX-\x01\x1b[2J: hunter2\r\n\r\n"), "not HTTP"},
		{"59: a header without a colon", answer("HTTP/1.1 200 OK\r\nhunter2\r\n\r\n"), "not HTTP"},
		{"59: a NUL in a header", answer("HTTP/1.1 200 OK\r\nX-A: hunter2\x00\r\nContent-Length: 0\r\n\r\n"), ""},
		{"59: no status line", answer("hunter2\x1b[2J\r\n\r\n"), "not HTTP"},
		{"59: a status of four digits", answer("HTTP/1.1 2000 hunter2\r\n\r\n"), "not HTTP"},
		{"59: two lengths", answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 22\r\n\r\nhunter2"), ""},
		{"59: a chunk of nearly all there is", answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhunter2"), ""},
		{"59: a chunk's extension without end", drip("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1;"+strings.Repeat("a", 4000)+"\r\nx\r\n"), ""},
		{"59: a change of protocol", answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: hunter2\r\nConnection: upgrade\r\n\r\n"), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = ln.Close() })
			var conns atomic.Int64
			go func() {
				for {
					c, err := ln.Accept()
					if err != nil {
						return
					}
					conns.Add(1)
					go func() { row.serve(c); _ = c.Close() }()
				}
			}()
			began := time.Now()
			r, _ := judge(t, probe.LiveConfig{
				URL: "https://" + own + fmt.Sprintf(":%d", ln.Addr().(*net.TCPAddr).Port), Lookup: here, InsecurePrivate: true,
				Roots: a.pool(), Interval: time.Nanosecond, Timeout: 300 * time.Millisecond, Total: 2 * time.Second,
			}, probe.Claims{Profile: probe.HTML})
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("it took %s", took)
			}
			if n := conns.Load(); n == 0 || n > 200 {
				t.Errorf("%d connections, want some and not too many", n)
			}
			if !r.Failed() {
				t.Error("the gate opens")
			}
			wantRefused(t, r, row.reason)
			var out strings.Builder
			if err := r.WriteText(&out, check.TextOptions{}); err != nil || strings.Contains(out.String(), "hunter2") || strings.Contains(out.String(), "\x1b") {
				t.Errorf("the report repeats what the server sent (%v):\n%s", err, out.String())
			}
		})
	}
}

// TestBadNames holds the probe to names whose owner wants it to look inside.
func TestBadNames(t *testing.T) {
	tr := newTrap(t)
	addr := netip.MustParseAddr
	for _, row := range []struct {
		name   string
		url    string
		finds  [][]netip.Addr // what the name resolves to, one time after the other
		reason string
	}{
		{"59: a name that leads to this machine", "https://a.example", [][]netip.Addr{{addr("127.0.0.1")}}, "this machine"},
		{"59: a name that leads outside and inside", "https://a.example", [][]netip.Addr{{addr("1.1.1.1"), addr("10.0.0.1")}}, "private network"},
		{"59: a name that leads to metadata", "https://a.example", [][]netip.Addr{{addr("169.254.169.254")}}, "metadata"},
		{"59: a name that leads inside through NAT64", "https://a.example", [][]netip.Addr{{addr("64:ff9b::127.0.0.1")}}, "this machine"},
		{"59: a name that leads inside through 6to4", "https://a.example", [][]netip.Addr{{addr("2002:7f00:1::")}}, "this machine"},
		{"59: a name that leads inside as a mapped address", "https://a.example", [][]netip.Addr{{addr("::ffff:127.0.0.1")}}, "this machine"},
		{"59: a name that leads nowhere", "https://a.example", [][]netip.Addr{{}}, "has no address"},
		{"59: this machine by its address", "https://127.0.0.1", nil, "this machine"},
		{"59: this machine by its IPv6 address", "https://[::1]", nil, "this machine"},
		{"59: this machine by its mapped address", "https://[::ffff:127.0.0.1]", nil, "this machine"},
		{"59: a cloud's metadata by its address", "http://169.254.169.254/latest/meta-data/", nil, "metadata"},
	} {
		t.Run(row.name, func(t *testing.T) {
			lookups := 0
			r, _ := judge(t, probe.LiveConfig{
				URL: row.url + fmt.Sprintf(":%d", tr.port), Interval: time.Nanosecond,
				Lookup: func(context.Context, string) ([]netip.Addr, error) {
					lookups++
					return row.finds[min(lookups, len(row.finds))-1], nil
				},
			}, probe.Claims{})
			if strings.Contains(row.url, "/latest") {
				r, _ = judge(t, probe.LiveConfig{URL: row.url, Interval: time.Nanosecond}, probe.Claims{})
			}
			wantRefused(t, r, row.reason)
		})
	}
	if n := tr.calls.Load(); n > 0 {
		t.Errorf("%d connections", n)
	}
}

// TestRebinding holds that a name is resolved once: an answer that changes afterwards changes nothing.
func TestRebinding(t *testing.T) {
	s := safeSite(t)
	c := s.start(t)
	lookups := 0
	c.Lookup = func(context.Context, string) ([]netip.Addr, error) {
		if lookups++; lookups > 1 {
			t.Error("59: the name is resolved again")
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	if r, _ := judge(t, c, probe.Claims{}); r.Failed() || lookups != 1 {
		t.Errorf("%v, after %d lookups, want nothing found after one", idsOf(r, check.Info), lookups)
	}
}
