package browser_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
)

// program is the bulletin, running.
type program struct {
	*journal
	addr string // 127.0.0.1:PORT
	key  string // its SECRET_KEY
	cmd  *exec.Cmd
	done chan error
}

// build builds the bulletin, with what its own module pins.
func build(dir string) (string, error) {
	binary := filepath.Join(dir, "bulletin")
	cmd := exec.Command("go", "build", "-o", binary, "./bulletin")
	cmd.Dir = filepath.Join("..", "..", "examples")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the bulletin: %w\n%s", err, out)
	}
	return binary, nil
}

// production are the variables of a bulletin on the internet, but for its key and its database.
func production() []string {
	return []string{
		"AIRWORTHY_ENV=production", "ALLOWED_HOSTS=bulletin.test", "CSP_REPORT_PATH=/csp-reports",
		"CSRF_TRUSTED_ORIGINS=https://friend.test",
	}
}

// serve starts the program in a folder of its own and waits until it says where it listens. It sees no variable of
// ours but those given.
func serve(binary, dir string, env []string, flags ...string) (*program, error) {
	dir, err := os.MkdirTemp(dir, "site")
	if err != nil {
		return nil, err
	}
	p := &program{journal: newJournal(), key: keyring.Generate().Reveal(), done: make(chan error, 1)}
	p.cmd = exec.Command(binary, append([]string{"serve", "--addr", "127.0.0.1:0"}, flags...)...)
	p.cmd.Dir, p.cmd.Stderr = dir, p.journal
	p.cmd.Env = append([]string{"SECRET_KEY=" + p.key, "DATABASE_URL=sqlite:///" + filepath.Join(dir, "db.sqlite3")}, env...)
	tie(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.done <- p.cmd.Wait() }()
	return p, p.listening()
}

// listening waits for the line that names the address.
func (p *program) listening() error {
	late := time.After(patience)
	for {
		records, _, more := p.since(0)
		for _, r := range records {
			line, _ := r["line"].(string)
			if url, ok := strings.CutPrefix(line, "serving "); ok {
				_, rest, _ := strings.Cut(url, "://")
				p.addr, _, _ = strings.Cut(rest, "/")
				return nil
			}
		}
		select {
		case <-more:
		case err := <-p.done:
			p.done <- err
			return fmt.Errorf("the bulletin did not start: %v: %v", err, records)
		case <-late:
			return errors.Join(fmt.Errorf("the bulletin does not say where it listens: %v", records), p.stop())
		}
	}
}

// stop stops the program by the signal that a service manager sends.
func (p *program) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.done:
		return err
	case <-time.After(patience):
		return errors.Join(errors.New("the bulletin does not stop"), p.cmd.Process.Kill())
	}
}

// leaks reports whether the program has logged its key.
func (p *program) leaks() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all bytes.Buffer
	for _, r := range p.records {
		fmt.Fprintln(&all, r)
	}
	return strings.Contains(all.String(), p.key)
}
