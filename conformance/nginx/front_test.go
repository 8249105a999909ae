package nginx_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Lines of the guide's configuration that tests change.
const (
	hostLine  = "proxy_set_header Host $host;"
	forLine   = "proxy_set_header X-Forwarded-For $remote_addr;"
	protoLine = "proxy_set_header X-Forwarded-Proto $scheme;"
)

// edit is a change to a configuration: what stands there exactly once, and what is to stand there.
type edit struct{ old, new string }

func apply(t *testing.T, config string, edits ...edit) string {
	t.Helper()
	for _, e := range edits {
		if n := strings.Count(config, e.old); n != 1 {
			t.Fatalf("%q stands %d times in the configuration, want once:\n%s", e.old, n, config)
		}
		config = strings.Replace(config, e.old, e.new, 1)
	}
	return config
}

// front is an nginx, configured as the guide says but for the edits.
type front struct {
	*journal
	clear, tls string // addresses
}

// proxied starts an nginx in front of the upstream, which is 127.0.0.1:PORT or unix:/path.
func proxied(t *testing.T, upstream string, edits ...edit) *front {
	t.Helper()
	f := &front{journal: newJournal()}
	clear, tls := listener(t), listener(t)
	f.clear, f.tls = clear.addr, tls.addr
	site := apply(t, w.guide, append([]edit{
		{"listen 80;", "listen " + f.clear + ";"},
		{"listen 443 ssl http2;", "listen " + f.tls + " ssl http2;"},
		{"listen [::]:80;", ""}, // not every machine has IPv6
		{"listen [::]:443 ssl http2;", ""},
		{"server 127.0.0.1:8000;", "server " + upstream + ";"},
		{"/etc/ssl/example.com.pem;", w.cert.certFile + ";"},
		{"/etc/ssl/example.com.key;", w.cert.keyFile + ";"},
	}, edits...)...)
	f.start(t, site, clear, tls)
	return f
}

// start runs nginx until the test ends. It is given its sockets, as a new nginx is by the old one that it replaces, so
// that they accept connections before it runs and nobody else can take them.
func (f *front) start(t *testing.T, http string, sockets ...*socket) {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off;
user %s;
worker_processes 1;
pid %[2]s/pid;
error_log stderr warn;
events { worker_connections 256; }
http {
access_log off;
client_body_temp_path %[2]s/body;
proxy_temp_path %[2]s/proxy;
fastcgi_temp_path %[2]s/fastcgi;
uwsgi_temp_path %[2]s/uwsgi;
scgi_temp_path %[2]s/scgi;
%[3]s}
`, me.Username, dir, http)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(w.nginx, "-e", "stderr", "-p", dir, "-c", config)
	cmd.Stdout, cmd.Stderr = f.journal, f.journal
	cmd.Env = []string{"NGINX="}
	for i, s := range sockets {
		cmd.ExtraFiles = append(cmd.ExtraFiles, s.file)
		cmd.Env[0] += fmt.Sprintf("%d;", 3+i)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, s := range sockets { // what we set here holds for nginx too: it is the same socket
		if err := syscall.SetNonblock(int(s.file.Fd()), true); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-done:
			if err != nil {
				records, _ := f.all()
				t.Errorf("nginx: %v: %v\n%s", err, records, text)
			}
		case <-time.After(patience):
			t.Error("nginx does not stop", cmd.Process.Kill())
		}
	})
}

// socket is a listening socket to be handed on.
type socket struct {
	addr string
	file *os.File
}

func listener(t *testing.T) *socket {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &socket{ln.Addr().String(), file}
}
