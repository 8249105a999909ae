package nginx_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
)

// program is a program that serves.
type program struct {
	*journal
	addr string // 127.0.0.1:PORT, or unix:/path
	cmd  *exec.Cmd
	done chan error
}

// production are the variables of a program in production, but for what it is told about its proxies.
func production(t *testing.T) []string {
	return []string{
		"AIRWORTHY_ENV=production", "ALLOWED_HOSTS=example.com", "SECRET_KEY=" + keyring.Generate().Reveal(),
		"DATABASE_URL=sqlite:///" + filepath.Join(t.TempDir(), "db.sqlite3"),
	}
}

// serve starts a program in an empty folder and returns when it says where it listens. It sees no variable of ours but
// those given, and is stopped with the test.
func serve(t *testing.T, binary, addr string, env ...string) *program {
	t.Helper()
	p := &program{journal: newJournal(), done: make(chan error, 1), cmd: exec.Command(binary, "serve", "--addr", addr)}
	p.cmd.Dir, p.cmd.Stderr, p.cmd.Env = t.TempDir(), p.journal, env
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Errorf("%s: %v", filepath.Base(binary), err)
		}
	})
	p.listening(t)
	return p
}

// listening waits for the line that names the address.
func (p *program) listening(t *testing.T) {
	t.Helper()
	late := time.After(patience)
	for {
		records, more := p.all()
		for _, r := range records {
			line, _ := r["line"].(string)
			if text, ok := strings.CutPrefix(line, "serving "); ok {
				p.addr = strings.Trim(strings.TrimPrefix(strings.Fields(text)[0], "http:"), "/")
				return
			}
		}
		select {
		case <-more:
		case err := <-p.done:
			p.done <- err
			t.Fatalf("the program did not start: %v: %v", err, records)
		case <-late:
			t.Fatalf("the program does not say where it listens: %v", records)
		}
	}
}

// terminate asks the program to stop, as a service manager does.
func (p *program) terminate(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// stop stops the program and returns how it ended. It may be called again.
func (p *program) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.done:
		p.done <- err
		return err
	case <-time.After(patience):
		return errors.Join(errors.New("the program does not stop"), p.cmd.Process.Kill())
	}
}

// kill ends the program as a crash does.
func (p *program) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.done
	p.done <- nil // it ended as it was meant to
}
