//go:build unix

package manage_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

// keeping returns the Build of a program whose key stands in a directory, and hands its application to built.
func keeping(dir string, built func(*airworthy.App)) manage.Build {
	return func(ctx context.Context) (*airworthy.App, error) {
		env := with(without(production(), "SECRET_KEY"), "AIRWORTHY_SECRETS", "file://"+dir)
		env["SECURE_SSL_REDIRECT"] = "false"
		cfg, err := environments.Load(ctx, settings.Map("test", env), secrets.New(secrets.Config{}))
		if err != nil {
			return nil, err
		}
		app, err := airworthy.New(cfg, home)
		if err == nil {
			built(app)
		}
		return app, err
	}
}

func putKey(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "SECRET_KEY"), []byte(keyring.Generate().Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// SIGHUP refreshes the secrets of a server, which goes on serving.
func TestHangupRefreshes(t *testing.T) {
	dir := t.TempDir()
	putKey(t, dir)
	apps := make(chan *airworthy.App, 1)
	s := start(t, keeping(dir, func(a *airworthy.App) { apps <- a }), "--addr", "127.0.0.1:0")
	app := <-apps
	sign := func() []byte { return app.Keyring().MAC(keyring.Context("test")).Sign(nil, nil) }
	before := sign()
	for range 2 { // the first signal does not end the listening for others
		putKey(t, dir)
		deadline := time.Now().Add(10 * time.Second)
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		for bytes.Equal(sign(), before) && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		if bytes.Equal(sign(), before) {
			t.Fatal("the new key is not in use")
		}
		before = sign()
	}
	if status := s.end(t); status != 0 {
		t.Errorf("status %d, want 0", status)
	}
	if listens() {
		t.Error("something still listens for the signal")
	}
}

func stacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}

func listens() bool { return strings.Contains(stacks(), "manage.refreshOnHangup.func") }

// What only looks leaves nothing running.
func TestCommandsLeaveNoKeeper(t *testing.T) {
	dir := t.TempDir()
	putKey(t, dir)
	for _, args := range [][]string{{"check"}, {"check", "--deploy"}, {"check", "--list-tags"}, {"settings"}, {"settings", "--diff", "development"}} {
		n := 0
		var out bytes.Buffer
		manage.Run(t.Context(), keeping(dir, func(a *airworthy.App) {
			if n++; !a.Secrets().Active() {
				t.Errorf("%v: there is no source", args)
			}
		}), append([]string{"app"}, args...), manage.Streams{Out: &out, Err: io.Discard})
		if n == 0 {
			t.Errorf("%v: no application was built:\n%s", args, out.String())
		}
		if strings.Contains(stacks(), "secrets.(*Keeper).Start in goroutine") {
			t.Errorf("%v: the keeper is still running", args)
		}
		if args[0] == "settings" && len(args) == 1 && !strings.Contains(out.String(), "AIRWORTHY_SECRETS") {
			t.Errorf("the settings do not list AIRWORTHY_SECRETS:\n%s", out.String())
		}
	}
}
