package probe_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestHostile runs the command, as a user does, on sites that wish it ill. It ends in time, in little memory, and says no.
func TestHostile(t *testing.T) {
	cert := made(t, kind{})
	pair, err := tls.LoadX509KeyPair(cert.chain, cert.key)
	if err != nil {
		t.Fatal(err)
	}
	flood := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
	trap := 0
	inside := listener(t, func(c net.Conn) { trap++; _ = c.Close() })
	for _, row := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"without end", flood, "Failed"},
		{"of ten gigabytes", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "10737418240")
			flood(w, r)
		}, "Failed"},
		{"with 10^5 headers", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 100_000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), "y")
			}
		}, "longer than 256 KiB"},
		{"that leads inside", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, fmt.Sprintf("http://127.0.0.1:%d/latest/meta-data/", inside), http.StatusFound)
		}, "profile redirect"},
		{"that leads in a circle", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}, "probe.E112"},
		{"with escape sequences", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", "\x1b]0;owned\a\x1b[2J")
			w.WriteHeader(500)
		}, "Failed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
			if err != nil {
				t.Fatal(err)
			}
			srv := &http.Server{Handler: row.answer, ErrorLog: log.New(io.Discard, "", 0)}
			go func() { _ = srv.Serve(ln) }()
			t.Cleanup(func() { _ = srv.Close() })
			status, out := command(t, "probe", fmt.Sprintf("https://localhost:%d", ln.Addr().(*net.TCPAddr).Port),
				"--allow-private", "--ca", w.certs.rootFile, "--interval", "1ms", "--total", "20s")
			if status != 1 || !strings.Contains(out, row.want) || strings.Contains(out, "\x1b") {
				t.Errorf("status %d, want 1 and %q:\n%q", status, row.want, out)
			}
		})
	}
	if trap > 0 {
		t.Errorf("%d connections to a server of the inside", trap)
	}
}

// TestStall is a server that accepts connections and says nothing.
func TestStall(t *testing.T) {
	port := listener(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	began := time.Now()
	status, out := command(t, "probe", fmt.Sprintf("https://localhost:%d", port), "--allow-private", "--total", "3s")
	if took := time.Since(began); status != 1 || !strings.Contains(out, "no answer within") || took > 5*time.Second {
		t.Errorf("status %d after %s, want 1 soon:\n%s", status, took, out)
	}
}

// TestCommand runs the command on the good nginx and reads the forms of its report.
func TestCommand(t *testing.T) {
	s := nginx(t, strings.Replace(goodNginx, "server_name www.site.example", "server_name localhost", 1), made(t, kind{}), goodFiles(t))
	url := fmt.Sprintf("https://localhost:%d", s.https)
	args := []string{"probe", url, "--allow-private", "--ca", w.certs.rootFile, "--http-port", fmt.Sprint(s.http), "--interval", "1ms"}
	if status, out := command(t, args...); status != 0 || !strings.Contains(out, url+"/ (profile static)") {
		t.Errorf("status %d, want 0:\n%s", status, out)
	}
	for format, want := range map[string]string{"json": `"failed": false`, "sarif": `"version": "2.1.0"`, "junit": "<testsuite", "html": "<!doctype html>", "github": ""} {
		if status, out := command(t, append(args, "--format", format)...); status != 0 || !strings.Contains(strings.ToLower(out), want) {
			t.Errorf("%s: status %d, want 0 and %s:\n%.500s", format, status, want, out)
		}
	}
	if status, out := command(t, "probe", url, "--ca", w.certs.rootFile); status != 1 || !strings.Contains(out, "probe.E101") {
		t.Errorf("without --allow-private: status %d:\n%s", status, out)
	}
}

// listener accepts connections on this machine until the test ends.
func listener(t *testing.T, serve func(net.Conn)) (port int) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return ln.Addr().(*net.TCPAddr).Port
}

// command runs airworthy and returns its exit status and all that it printed. It may not take more than 256 MiB of memory.
func command(t *testing.T, args ...string) (status int, out string) {
	t.Helper()
	var text bytes.Buffer
	cmd := exec.Command(w.airworthy, args...)
	cmd.Stdout, cmd.Stderr = &text, &text
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if peak := peakMemory(cmd); peak > 256<<20 {
		t.Errorf("airworthy %s took %d MiB", strings.Join(args, " "), peak>>20)
	}
	return cmd.ProcessState.ExitCode(), text.String()
}
