package rotation

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// instance is one process of the site.
type instance struct {
	name, address string
	env           []string

	mu  sync.Mutex
	cmd *exec.Cmd
	log bytes.Buffer
}

func newInstance(t *testing.T, name string, env []string) *instance {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i := &instance{name: name, address: l.Addr().String(), env: env}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	i.start(t)
	t.Cleanup(func() {
		i.kill()
		if t.Failed() {
			t.Logf("what %s logged at last:\n%s", name, i.tail())
		}
	})
	return i
}

// Write takes what the process logs.
func (i *instance) Write(b []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.log.Write(b)
}

func (i *instance) tail() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	text := i.log.String()
	return text[max(0, len(text)-4000):]
}

func (i *instance) logged() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.log.String()
}

func (i *instance) start(t *testing.T) {
	t.Helper()
	cmd := exec.Command(os.Getenv("AIRWORTHY_SITE"), "serve", "--addr", i.address)
	cmd.Env = i.env
	cmd.Stdout, cmd.Stderr = i, i
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	i.mu.Lock()
	i.cmd = cmd
	i.mu.Unlock()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if r, err := http.Get("http://" + i.address + "/healthz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
	}
	t.Fatalf("%s did not start:\n%s", i.name, i.tail())
}

// kill ends the process as the kernel does when memory is out: without a word.
func (i *instance) kill() {
	i.mu.Lock()
	cmd := i.cmd
	i.cmd = nil
	i.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// command runs a command of the site beside the instances.
func command(t *testing.T, env []string, args ...string) (status int, out, errs string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Getenv("AIRWORTHY_SITE"), args...)
	cmd.Env = env
	var o, e strings.Builder
	cmd.Stdout, cmd.Stderr = &o, &e
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}
