package nginx_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// world is what all tests share.
type world struct {
	nginx    string // the program
	dir      string
	bulletin string // the program
	lab      string // the program
	cert     *certificate
	guide    string // the configuration of nginx in docs/deploy.md
}

var w *world

func TestMain(m *testing.M) {
	path, err := find("nginx")
	if err != nil {
		fmt.Println("--- SKIP: all tests: there is no nginx: install the Debian package nginx, or use run.sh")
		return
	}
	dir, err := os.MkdirTemp("", "airworthy-nginx")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	w = &world{nginx: path, dir: dir}
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

// find looks where daemons are, too, which need not be on a user's path.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/" + name)
}

func (w *world) prepare() (err error) {
	if w.bulletin, err = build(w.dir, filepath.Join("..", "..", "examples"), "./bulletin"); err != nil {
		return err
	}
	if w.lab, err = build(w.dir, ".", "./lab"); err != nil {
		return err
	}
	blocks, err := guide("nginx")
	if err != nil {
		return err
	}
	w.guide = blocks[0]
	w.cert, err = newCertificate(w.dir)
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
