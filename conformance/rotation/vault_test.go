package rotation

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// vault is a real server with a KV v2 engine at secret/.
type vault struct{ Address, Token string }

func startVault(t *testing.T) *vault {
	t.Helper()
	program := os.Getenv("AIRWORTHY_VAULT")
	if program == "" || os.Getenv("AIRWORTHY_SITE") == "" || os.Getenv("POSTGRES_TEST_URL") == "" {
		t.Skip("the programs and servers are not there: run run.sh")
	}
	cmd := exec.Command(program)
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
			t.Errorf("Vault did not end as it should: %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	v := &vault{}
	if err := errors.Join(err, json.Unmarshal(line, v)); err != nil {
		t.Fatalf("Vault did not start: %v", err)
	}
	v.post(t, "sys/mounts/secret", map[string]any{"type": "kv", "options": map[string]string{"version": "2"}})
	return v
}

// post asks Vault with the root token. An engine may need a moment after it was mounted.
func (v *vault) post(t *testing.T, path string, body any) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.Address+"/v1/"+path, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Vault-Token", v.Token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode < 300 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("Vault: POST %s: %s: %s", path, answer.Status, text)
		}
	}
}

// relay is the way to Vault, which can be cut: connections break, and new ones are taken and never answered, or
// refused.
type relay struct {
	listener net.Listener
	to       string

	mu   sync.Mutex
	open map[net.Conn]bool
	cut  bool
	mute bool
}

func newRelay(t *testing.T, address string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l, to: strings.TrimPrefix(address, "http://"), open: map[net.Conn]bool{}}
	t.Cleanup(func() { l.Close(); r.die(false) })
	go r.serve()
	return r
}

func (r *relay) serve() {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		switch {
		case r.cut && r.mute:
			r.open[c] = true
		case r.cut:
			c.Close()
		default:
			r.open[c] = true
			go r.carry(c)
		}
		r.mu.Unlock()
	}
}

func (r *relay) carry(c net.Conn) {
	defer c.Close()
	up, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer up.Close()
	go func() {
		_, _ = io.Copy(up, c) // ends when either side does
		up.Close()
	}()
	_, _ = io.Copy(c, up)
	r.mu.Lock()
	delete(r.open, c)
	r.mu.Unlock()
}

// die breaks every connection. A mute relay takes new ones and does not answer, another one refuses them.
func (r *relay) die(mute bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut, r.mute = true, mute
	for c := range r.open {
		c.Close()
		delete(r.open, c)
	}
}

func (r *relay) live() {
	r.die(false)
	r.mu.Lock()
	r.cut = false
	r.mu.Unlock()
}
