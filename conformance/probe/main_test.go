package probe_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// host is the name of every site here.
const host = "www.site.example"

// world is what all tests share.
type world struct {
	dir       string
	airworthy string // the programs
	bulletin  string
	certs     *authority
}

var w *world

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "airworthy-probe")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	w = &world{dir: dir}
	status := 1
	if err = w.prepare(); err == nil {
		status = m.Run()
	}
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func (w *world) prepare() (err error) {
	if err := os.Chmod(w.dir, 0o755); err != nil { // nginx reads its files as nobody when it is started by root
		return err
	}
	if w.bulletin, err = build(w.dir, filepath.Join("..", "..", "examples"), "./bulletin"); err != nil {
		return err
	}
	if w.airworthy, err = build(w.dir, filepath.Join("..", ".."), "./cmd/airworthy"); err != nil {
		return err
	}
	w.certs, err = newAuthority(w.dir)
	return err
}

// build builds a program with what its own module pins.
func build(dir, module, name string) (string, error) {
	binary := filepath.Join(dir, filepath.Base(name))
	cmd := exec.Command("go", "build", "-o", binary, name)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	return binary, nil
}

// find returns the path of a program, or skips the test. Daemons need not be on a user's path.
func find(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/bin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	absent(t, "there is no "+name)
	return ""
}

// absent skips the test, or fails it in CI, where nothing may be absent.
func absent(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what + ": use run.sh")
}

// freePort returns a port on which nobody listens.
func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// here resolves every name to this machine.
func here(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

// start runs a server until the test ends and returns when something listens on its ports.
func start(t *testing.T, cmd *exec.Cmd, ports ...int) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	said := func() string {
		text, _ := os.ReadFile(log.Name())
		return string(text[max(0, len(text)-2000):])
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Errorf("%s does not stop: %v", cmd.Path, cmd.Process.Kill())
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, said())
		}
	})
	for _, port := range ports {
		for late := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err == nil {
				_ = conn.Close()
				break
			}
			select {
			case err := <-ended:
				ended <- err
				t.Fatalf("%s ended: %v\n%s", cmd.Path, err, said())
			default:
			}
			if time.Now().After(late) {
				t.Fatalf("%s does not listen on %d:\n%s", cmd.Path, port, said())
			}
		}
	}
}

// write writes a file below a folder.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
	return path
}

// folder is a folder that other users can read, such as the one that nginx runs as.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(w.dir, "")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
