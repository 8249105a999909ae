package airworthy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

// place is a directory of secrets.
type place struct {
	t   *testing.T
	dir string
}

func (p place) put(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// kept returns an application whose secrets stand in a place, what it logs, and the place.
func kept(t *testing.T, change func(*airworthy.Settings), env map[string]string) (*airworthy.App, *bytes.Buffer, place) {
	t.Helper()
	p := place{t, t.TempDir()}
	p.put("SECRET_KEY", keyring.Generate().Reveal())
	p.put("ALLOWED_HOSTS", "site-of-the-manager.example")
	base := good()
	base.Keyring, base.Hosts.Allowed = keyring.Config{}, nil
	out := &bytes.Buffer{}
	base.Logs.Output = out
	all := map[string]string{"AIRWORTHY_SECRETS": "file://" + p.dir}
	for name, text := range env {
		all[name] = text
	}
	cfg, err := settings.Load(t.Context(), base, settings.Map("environment", all), secrets.New(secrets.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&cfg)
	}
	app := mustNew(t, cfg)
	t.Cleanup(func() {
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	})
	return app, out, p
}

// The keys of a running site follow the manager: what the former key signed is valid while it is a fallback.
func TestKeysFollowTheKeeper(t *testing.T) {
	for name, change := range map[string]func(*airworthy.Settings){
		"the ring of New": nil,
		"a ring that was given": func(s *airworthy.Settings) {
			ring, err := keyring.New(s.Keyring)
			if err != nil {
				t.Fatal(err)
			}
			s.Ring = ring
		},
	} {
		t.Run(name, func(t *testing.T) {
			app, out, p := kept(t, change, nil)
			purpose := app.Keyring().MAC(keyring.Context("test"))
			signed := purpose.Sign(nil, []byte("message"))
			first := app.Settings().Keyring.Key
			refresh := func() error { return app.Secrets().Refresh(t.Context()) }

			p.put("SECRET_KEY", "weak-canary")
			if err := refresh(); err == nil || !strings.Contains(err.Error(), "SECRET_KEY") || strings.Contains(err.Error(), "canary") {
				t.Errorf("a weak key: %v", err)
			}
			if again := purpose.Sign(nil, []byte("message")); !bytes.Equal(again, signed) {
				t.Error("a weak key was taken over")
			}
			p.put("SECRET_KEY", keyring.Generate().Reveal())
			p.put("SECRET_KEY_FALLBACKS", first.Reveal()) // which was not there before
			if err := refresh(); err != nil {
				t.Fatal(err)
			}
			if again := purpose.Sign(nil, []byte("message")); bytes.Equal(again, signed) {
				t.Error("the new key does not sign")
			}
			if _, ok := purpose.Verify([]byte("message"), signed); !ok {
				t.Error("what the former key signed is not valid any more")
			}
			p.put("SECRET_KEY_FALLBACKS", "")
			if err := refresh(); err != nil {
				t.Fatal(err)
			}
			if _, ok := purpose.Verify([]byte("message"), signed); ok {
				t.Error("a fallback that was dropped still verifies")
			}
			for _, event := range []string{"airworthy.secrets.Read", "airworthy.secrets.Changed", "airworthy.secrets.Refused"} {
				if !strings.Contains(out.String(), "event="+event+" ") {
					t.Errorf("the log has no %s", event)
				}
			}
			if strings.Contains(out.String(), "canary") {
				t.Error("the log holds a key")
			}
		})
	}
}

// A key in the environment is not the keeper's: only the fallbacks follow.
func TestAKeyOfTheEnvironmentStays(t *testing.T) {
	key := keyring.Generate()
	app, out, p := kept(t, nil, map[string]string{"SECRET_KEY": key.Reveal()})
	purpose := app.Keyring().MAC(keyring.Context("test"))
	signed := purpose.Sign(nil, []byte("message"))
	p.put("SECRET_KEY", keyring.Generate().Reveal())
	p.put("SECRET_KEY_FALLBACKS", keyring.Generate().Reveal())
	if err := app.Secrets().Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := purpose.Sign(nil, []byte("message")); !bytes.Equal(again, signed) {
		t.Error("the manager's key has replaced that of the environment")
	}
	if !strings.Contains(out.String(), "event=airworthy.secrets.Read name=SECRET_KEY source=environment") {
		t.Errorf("no line says where the key came from:\n%s", out)
	}
	if n := strings.Count(out.String(), "name=SECRET_KEY "); n != 1 {
		t.Errorf("%d lines about the key, want one", n)
	}
}

// Logs hide a new value from the moment it was read, and nothing that is no secret.
func TestMaskFollowsTheKeeper(t *testing.T) {
	app, out, p := kept(t, nil, nil)
	first := app.Settings().Keyring.Key.Reveal()
	second := keyring.Generate().Reveal()
	p.put("SECRET_KEY", second)
	secrets.OnChange(app.Secrets(), "SECRET_KEY", func(_ context.Context, key secret.Text) error {
		app.Logger().Info("in the callback: " + key.Reveal())
		return errors.New("refused: " + key.Reveal())
	})
	if err := app.Secrets().Refresh(t.Context()); err == nil || strings.Contains(err.Error(), second) {
		t.Error("the callback did not refuse, or the error holds the key")
	}
	app.Logger().Info("afterwards: " + first + " " + second + " site-of-the-manager.example")
	if text := out.String(); strings.Contains(text, second) || strings.Contains(text, first) || !strings.Contains(text, "in the callback: [redacted]") {
		t.Error("a key that the keeper has read is in the log")
	}
	if !strings.Contains(out.String(), "afterwards: [redacted] [redacted] site-of-the-manager.example") {
		t.Error("what is no secret is hidden")
	}
}

func TestTheKeeperIsClosedWithTheApplication(t *testing.T) {
	app, _, p := kept(t, nil, nil)
	running := func() bool {
		b := make([]byte, 1<<20)
		return strings.Contains(string(b[:runtime.Stack(b, true)]), "secrets.(*Keeper).Start in goroutine")
	}
	if !running() {
		t.Error("New did not start the keeper")
	}
	key := app.Keyring().MAC(keyring.Context("test")).Sign(nil, nil)
	app.OnClose(func() error {
		if running() {
			t.Error("something can still change while what it changes is closed")
		}
		return nil
	})
	if err := app.Close(); err != nil {
		t.Fatal(err)
	}
	p.put("SECRET_KEY", keyring.Generate().Reveal())
	if err := app.Secrets().Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(app.Keyring().MAC(keyring.Context("test")).Sign(nil, nil), key) {
		t.Error("a closed keeper changes the key")
	}
}

func TestARefusedApplicationStartsNothing(t *testing.T) {
	dir := t.TempDir()
	place{t, dir}.put("SECRET_KEY", "weak")
	k := secrets.New(secrets.Config{})
	s := good()
	s.Keyring = keyring.Config{InsecureWeak: true}
	type plain struct{ airworthy.Settings }
	cfg, err := settings.Load(t.Context(), plain{s}, settings.Map("environment", map[string]string{"AIRWORTHY_SECRETS": "file://" + dir}), k)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Keyring.InsecureWeak = false
	if _, err := airworthy.New(cfg.Settings, site()); err == nil {
		t.Fatal("the weak key was accepted")
	}
	b := make([]byte, 1<<20)
	if strings.Contains(string(b[:runtime.Stack(b, true)]), "secrets.(*Keeper).Start in goroutine") {
		t.Error("the keeper of an application that was refused is running")
	}
}

// The gate asks the sources now, and reports the file of a secret that others can read once.
func TestChecksOfSecrets(t *testing.T) {
	findings := func(app *airworthy.App, id string) []check.Finding {
		var found []check.Finding
		for _, f := range app.Check(t.Context()).Findings {
			if f.ID == id {
				found = append(found, f)
			}
		}
		return found
	}
	app, _, p := kept(t, nil, nil)
	for _, id := range []string{"secrets.E001", "secrets.W002", "secrets.W003", "secrets.W004", "secrets.W005"} {
		if found := findings(app, id); len(found) != 0 {
			t.Errorf("%s: %+v", id, found)
		}
	}
	if err := os.Rename(p.dir, p.dir+"-away"); err != nil {
		t.Fatal(err)
	}
	found := findings(app, "secrets.E001")
	if len(found) != 1 || found[0].Setting != "AIRWORTHY_SECRETS" || found[0].Source != "environment" || !strings.Contains(found[0].Evidence, "no such directory") {
		t.Errorf("got %+v", found)
	}

	open := filepath.Join(t.TempDir(), "key")
	if err := errors.Join(os.WriteFile(open, []byte(keyring.Generate().Reveal()), 0o600), os.Chmod(open, 0o644)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SECRET_KEY_FILE", open)
	s := good()
	s.Keyring = keyring.Config{}
	cfg, err := settings.Load(t.Context(), s, settings.Env())
	if err != nil {
		t.Fatal(err)
	}
	app = mustNew(t, cfg)
	if found := findings(app, "secrets.W004"); len(found) != 1 || found[0].Source != open {
		t.Errorf("got %+v", found)
	}
	for _, f := range findings(app, "settings.W001") {
		if strings.Contains(fmt.Sprint(f), "every user") {
			t.Error("the file is reported twice")
		}
	}
}
