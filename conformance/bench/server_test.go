package bench

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/proxy"
)

var serve = flag.String("serve", "", "serve as this contestant until the standard input ends; TestServers starts such processes")

// kilobyte is the page that the servers serve.
var kilobyte = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header()["Content-Type"] = []string{"text/html; charset=utf-8"}
	_, _ = w.Write(bytes.Repeat([]byte("0123456789abcde\n"), 64))
})

// server is the handler of a contestant, behind a proxy on the same machine that ends TLS.
func server(tb testing.TB, name string) http.Handler {
	switch name {
	case bareName:
		return kilobyte
	case limitName:
		l := newLimit(kilobyte)
		l.proxied = true
		return l
	case ours:
		s := settings()
		s.Proxy = proxy.Config{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
		return built(tb, s, kilobyte)
	}
	h, _ := peers(kilobyte)
	return h
}

// TestServe is the process of one server. It tells its address, and at /spent its processor time.
func TestServe(t *testing.T) {
	if *serve == "" {
		t.Skip("serves only with -serve")
	}
	h := server(t, *serve)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/spent" {
			_, _ = fmt.Fprint(w, int64(spent()))
			return
		}
		h.ServeHTTP(w, r)
	})}
	go func() { _ = srv.Serve(ln) }()
	fmt.Println(ln.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = srv.Close()
}

// turns is how often each server gets its burst of requests.
const turns = 41

// TestServers prints how many requests each server answers in a second of its processor's time, beside net/http alone.
func TestServers(t *testing.T) {
	if !*ratios {
		t.Skip("measures only with -ratios")
	}
	names := []string{bareName, limitName, ours, "secure+nosurf+scs"}
	servers := make([]*client, len(names))
	for i, name := range names {
		servers[i] = start(t, name)
	}
	each := make([][]time.Duration, len(names))
	for range turns {
		for i, c := range servers {
			each[i] = append(each[i], c.burst(t))
		}
	}
	fmt.Printf("%-40s", "server, requests per processor second")
	for i, name := range names {
		slices.Sort(each[i])
		fmt.Printf("  %s %s", name, ratio(each[0][turns/2], each[i][turns/2]))
	}
	fmt.Println("  of bare; the budget is 0.85")
}

// client keeps one connection to a server.
type client struct {
	addr   string
	conn   net.Conn
	reader *bufio.Reader
	size   int // of an answer, with its header
}

// start starts the server and connects to it.
func start(t *testing.T, name string) *client {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServe$", "-serve="+name)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _, _ = io.Copy(io.Discard, out); _ = cmd.Wait() })
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	c := &client{addr: strings.TrimSpace(addr)}
	if c.conn, err = net.Dial("tcp", c.addr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	c.reader = bufio.NewReader(c.conn)
	c.measure(t)
	return c
}

const get = "GET /page HTTP/1.1\r\nHost: example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0)\r\n" +
	"Accept: text/html\r\nAccept-Language: en\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n\r\n"

// measure asks once, and remembers how long the answer is: the next ones need not be parsed.
func (c *client) measure(t *testing.T) {
	t.Helper()
	counted := &countingReader{r: c.conn}
	if _, err := io.WriteString(c.conn, get); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(counted, 16), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || len(body) != 1024 {
		t.Fatalf("status %d, %d bytes, %v: want 200, 1024 bytes", res.StatusCode, len(body), err)
	}
	c.size = counted.n
}

type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// burst returns how much processor time the server needs for one of some thousand requests.
func (c *client) burst(t *testing.T) time.Duration {
	t.Helper()
	const requests = 2000
	before := c.spent(t)
	answer := make([]byte, c.size)
	for range requests {
		if _, err := io.WriteString(c.conn, get); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c.reader, answer); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 200 ")) || !bytes.HasSuffix(answer, []byte("e\n")) {
		t.Fatalf("got %.40q…, want a page", answer)
	}
	return (c.spent(t) - before) / requests
}

// spent asks the server for its processor time, on a connection of its own.
func (c *client) spent(t *testing.T) time.Duration {
	t.Helper()
	res, err := http.Get("http://" + c.addr + "/spent")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(string(body), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(n)
}
