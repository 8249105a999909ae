package nginx_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A request that is being served when the program is asked to stop is finished, and nginx gets its answer.
func TestStopFinishesRequests(t *testing.T) {
	for name, env := range map[string]string{"tcp": trusted, "unix": "TRUSTED_PROXY_UNIX_SOCKET=true"} {
		t.Run(name, func(t *testing.T) {
			g, addr := newGate(t), "127.0.0.1:0"
			if name == "unix" {
				addr = "unix:" + filepath.Join(t.TempDir(), "s")
			}
			p := serve(t, w.lab, addr, append(production(t), env, "LAB_GATE="+g.url)...)
			c := proxied(t, p.addr).client(t)
			answers := make(chan answer, 1)
			go func() { answers <- c.get("https://example.com/slow") }()
			g.wait(t)
			p.terminate(t)
			closed(t, p)
			g.open(t)
			a := <-answers
			if c.want("the request", a, http.StatusOK); a.body != "finished\n" {
				t.Errorf("got %q, want the whole answer", a.body)
			}
			if err := p.stop(); err != nil {
				t.Errorf("the program ended with %v, want status 0", err)
			}
			if path, ok := strings.CutPrefix(p.addr, "unix:"); ok {
				if _, err := os.Stat(path); !os.IsNotExist(err) {
					t.Errorf("the socket is left behind: %v", err)
				}
			}
		})
	}
}

// closed returns when the program accepts no further connection.
func closed(t *testing.T, p *program) {
	t.Helper()
	network, addr := "tcp", p.addr
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	for late := time.Now().Add(patience); time.Now().Before(late); {
		conn, err := net.Dial(network, addr)
		if err != nil {
			return
		}
		conn.Close()
	}
	t.Fatal("the program accepts connections after it was asked to stop")
}

// Of two programs one is stopped under load, as when a release is rolled out: no visitor notices.
func TestStopUnderLoad(t *testing.T) {
	first := serve(t, w.bulletin, "127.0.0.1:0", append(production(t), trusted)...)
	second := serve(t, w.bulletin, "127.0.0.1:0", append(production(t), trusted)...)
	f := proxied(t, first.addr+"; server "+second.addr)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	results := make(chan error)
	for range 4 {
		go f.client(t).visit(ctx, results)
	}
	count := func(n int) {
		for range n {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
	}
	count(100)
	first.terminate(t)
	count(400)
	if err := first.stop(); err != nil {
		t.Errorf("the program ended with %v, want status 0", err)
	}
	count(100)
	if n := len(first.find(record{"event": "airworthy.access"})); n < 10 {
		t.Errorf("the stopped program served %d requests before: there was no load", n)
	}
}

// visit asks for the board again and again and reports what is not 200.
func (c *client) visit(ctx context.Context, results chan<- error) {
	for {
		err := c.board()
		select {
		case results <- err:
		case <-ctx.Done():
			return
		}
	}
}

func (c *client) board() error {
	res, err := c.Get("https://example.com/")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d, want 200", res.StatusCode)
	}
	return nil
}

// A program that comes back at the same address, after a stop or a crash, is found by the nginx that knew the one before,
// forms included.
func TestRestart(t *testing.T) {
	path := "unix:" + filepath.Join(t.TempDir(), "s")
	env := append(production(t), "TRUSTED_PROXY_UNIX_SOCKET=true")
	p := serve(t, w.bulletin, path, env...)
	c := proxied(t, p.addr).client(t)
	c.want("a form before", c.pin("before", sameSite), http.StatusSeeOther)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	p = serve(t, w.bulletin, path, env...)
	c.want("a form after", c.pin("after", sameSite), http.StatusSeeOther)
	if a := c.get("https://example.com/"); !strings.Contains(a.body, "before") || !strings.Contains(a.body, "after") {
		t.Error("the board lacks a note")
	}
	p.kill(t)
	serve(t, w.bulletin, path, env...)
	c.want("a form after a crash", c.pin("after a crash", sameSite), http.StatusSeeOther)
}
