package browser_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
)

// world is what all tests share. Each has a visitor of its own, and pages and notes of its own.
type world struct {
	binary   string // of the bulletin
	dir      string
	browser  context.Context
	bulletin *program // https://bulletin.test
	inClear  *program // http://bulletin.test
	street   *street  // everybody else
	lab      *lab     // https://lab.test, as strict as airworthy makes it
	trial    *lab     // https://trial.test, with a second policy on trial
	shared   *lab     // https://shared.test, whose cookies have plain names
	stops    []func() error
}

var w *world

func TestMain(m *testing.M) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		fmt.Println("--- SKIP: all tests: there is no chromium: install the Debian package chromium, or use run.sh")
		return
	}
	dir, err := os.MkdirTemp("", "airworthy-browser")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	w = &world{dir: dir}
	status := 1
	if err = w.start(path); err == nil {
		status = m.Run()
	}
	if err := errors.Join(err, w.stop(), os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func (w *world) start(chromium string) error {
	cert, err := newCertificate(w.dir)
	if err != nil {
		return err
	}
	if err := errors.Join(w.startLabs(cert), w.startBulletin(cert)); err != nil {
		return err
	}
	rules := strings.Join([]string{
		"MAP bulletin.test:443 " + w.bulletin.addr,
		"MAP bulletin.test:80 " + w.inClear.addr,
		"MAP *.test:443 " + w.street.Listener.Addr().String(),
		"MAP * ~NOTFOUND",
		"EXCLUDE 127.0.0.1",
	}, ", ")
	profile := filepath.Join(w.dir, "profile")
	browser, stop, err := startBrowser(context.Background(), chromium, profile, rules, cert.spki)
	if err != nil {
		return err
	}
	w.browser = browser
	w.stops = append(w.stops, func() error { stop(); return nil })
	return nil
}

func (w *world) startBulletin(cert *certificate) (err error) {
	if w.binary, err = build(w.dir); err != nil {
		return err
	}
	w.bulletin, err = serve(w.binary, w.dir, production(), "--tls-cert", cert.certFile, "--tls-key", cert.keyFile)
	if err != nil {
		return err
	}
	w.stops = append(w.stops, w.bulletin.stop)
	if w.inClear, err = serve(w.binary, w.dir, production()); err != nil {
		return err
	}
	w.stops = append(w.stops, w.inClear.stop)
	return nil
}

func (w *world) startLabs(cert *certificate) (err error) {
	if w.lab, err = newLab("lab.test", func(*airworthy.Settings) {}); err != nil {
		return err
	}
	trial := func(s *airworthy.Settings) { s.CSP.ReportOnly.ScriptSrc = nonceOnly }
	if w.trial, err = newLab("trial.test", trial); err != nil {
		return err
	}
	plain := func(s *airworthy.Settings) { s.Cookies.InsecurePlainNames = true }
	if w.shared, err = newLab("shared.test", plain); err != nil {
		return err
	}
	w.street = newStreet(cert, map[string]http.Handler{
		"lab.test": w.lab, "trial.test": w.trial, "shared.test": w.shared,
	})
	w.stops = append(w.stops, func() error { w.street.Close(); return nil })
	return nil
}

// stop stops everything, the last started first.
func (w *world) stop() error {
	var errs []error
	for i := len(w.stops) - 1; i >= 0; i-- {
		errs = append(errs, w.stops[i]())
	}
	return errors.Join(errs...)
}
