package vault_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/vaultsecrets"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/hashicorp/vault/api"
)

// TestDriverRenewal keeps a token that lives for three seconds alive for more than six, without a goroutine.
func TestDriverRenewal(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	token := policy(t, root, readBoth, api.TokenCreateRequest{Period: "3s"})
	source := s.source(t, with(token))
	for range 9 {
		is(t, source, "SECRET_KEY", "first")
		time.Sleep(800 * time.Millisecond)
	}
	// Without Lookups it ends, and nobody can renew it: the error says so.
	time.Sleep(2500 * time.Millisecond)
	fails(t, source, "SECRET_KEY", "the token is refused", "give a new one")
	if err := source.Close(); err != nil {
		t.Error(err)
	}

	// A token of a file belongs to who writes the file.
	path := file(t, policy(t, root, readBoth, api.TokenCreateRequest{Period: "2s"}))
	source = s.source(t, func(c *vaultsecrets.Config) { c.TokenFile = path })
	for range 4 {
		if _, err := source.Lookup(t.Context(), []string{"SECRET_KEY"}); err != nil {
			break
		}
		time.Sleep(800 * time.Millisecond)
	}
	fails(t, source, "SECRET_KEY", "the token is refused")
	if err := os.WriteFile(path, []byte(policy(t, root, readBoth, api.TokenCreateRequest{Period: "1m"})+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	is(t, source, "SECRET_KEY", "first")
	// Close leaves a given token alone.
	if err := source.Close(); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client(t, strings.TrimSpace(string(text))).Auth().Token().LookupSelf(); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

// TestDriverRelogin has tokens that cannot be renewed for long, or at all.
func TestDriverRelogin(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	roleID := appRole(t, root, map[string]any{"token_ttl": "2s", "token_max_ttl": "3s"})
	for name, role := range map[string]map[string]any{
		"a token that reaches the most it may live": {"token_type": "service"},
		"a batch token": {"token_type": "batch"},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, root, "auth/approle/role/bulletin", role)
			source := s.source(t, byAppRole(roleID, secretID(t, root)))
			for range 8 {
				is(t, source, "SECRET_KEY", "first")
				time.Sleep(600 * time.Millisecond)
			}
			time.Sleep(3 * time.Second) // longer than any
			is(t, source, "SECRET_KEY", "first")
			if err := source.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("a secret id that works once", func(t *testing.T) {
		write(t, root, "auth/approle/role/bulletin", map[string]any{"token_type": "service", "token_ttl": "1s", "token_max_ttl": "1s", "secret_id_num_uses": 1})
		source := s.source(t, byAppRole(roleID, secretID(t, root)))
		is(t, source, "SECRET_KEY", "first")
		time.Sleep(1100 * time.Millisecond)
		fails(t, source, "SECRET_KEY", "login at auth/approle is refused", "be used up")
	})
}

// leases returns the leases of leased/bulletin.
func leases(t *testing.T, root *api.Client) []any {
	t.Helper()
	list, err := root.Logical().List("sys/leases/lookup/leased/bulletin")
	if err != nil {
		t.Fatal(err)
	}
	if list == nil {
		return nil
	}
	return list.Data["keys"].([]any)
}

func TestDriverLease(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	mount(t, root, "leased", "leased-kv", nil)
	put := func(password, ttl string) {
		write(t, root, "leased/bulletin", map[string]any{"password": password, "ttl": ttl})
	}
	put("first", "3s")
	token := policy(t, root, `path "leased/bulletin" { capabilities = ["read"] }`, api.TokenCreateRequest{})
	source := s.source(t, func(c *vaultsecrets.Config) { c.Path, c.Token = "leased/bulletin", secret.New(token) })
	version := is(t, source, "password", "first").Version
	for range 7 {
		time.Sleep(700 * time.Millisecond)
		if v := is(t, source, "password", "first"); v.Version != version {
			t.Error("the version changes without the value")
		}
	}
	if n := len(leases(t, root)); n != 1 {
		t.Errorf("after %v of Lookups there are %d leases, want one that was renewed", 7*700*time.Millisecond, n)
	}
	put("second", "3s") // this engine reads again when it renews
	changed := is(t, source, "password", "second").Version
	if changed == version {
		t.Error("the version is the same, and the value is not")
	}
	if err := root.Sys().RevokePrefix("leased/bulletin"); err != nil {
		t.Fatal(err)
	}
	if v := is(t, source, "password", "second"); v.Version != changed {
		t.Error("read anew, the version changes without the value")
	}
	if n := len(leases(t, root)); n != 1 {
		t.Errorf("there are %d leases after one was revoked and the secret read again, want 1", n)
	}
	// Back to the first value: the version is that of the value.
	put("first", "3s")
	if v := is(t, source, "password", "first"); v.Version != version {
		t.Error("the same value has another version")
	}
	// What is written is what is read next, whatever is leased.
	writer := s.source(t, func(c *vaultsecrets.Config) { c.Path, c.Token = "leased/bulletin", secret.New(s.Token) })
	v := is(t, writer, "password", "first")
	if err := writer.Write(t.Context(), []settings.Change{{Name: "password", Text: secret.New("third"), Version: v.Version}}); err != nil {
		t.Error(err)
	}
	is(t, writer, "password", "third")
	is(t, writer, "ttl", "3s")
}

// TestDriverLeaseUnrenewed has a token that may not renew leases: what is left is used up, and read anew in time.
func TestDriverLeaseUnrenewed(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	mount(t, root, "leased", "leased-kv", nil)
	write(t, root, "leased/bulletin", map[string]any{"password": "first", "ttl": "3s"})
	token := policy(t, root, `path "leased/bulletin" { capabilities = ["read"] }
path "auth/token/lookup-self" { capabilities = ["read"] }`, api.TokenCreateRequest{NoDefaultPolicy: true})
	source := s.source(t, func(c *vaultsecrets.Config) { c.Path, c.Token = "leased/bulletin", secret.New(token) })
	for range 3 {
		is(t, source, "password", "first")
	}
	if n := len(leases(t, root)); n != 1 {
		t.Errorf("there are %d leases, want 1", n)
	}
	time.Sleep(2200 * time.Millisecond) // less than a third is left
	is(t, source, "password", "first")
	if n := len(leases(t, root)); n != 2 {
		t.Errorf("there are %d leases, want the one that ends and a new one", n)
	}
}

func TestDriverSealed(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	roleID := appRole(t, root, map[string]any{"token_ttl": "1m"})
	source := s.source(t, byAppRole(roleID, secretID(t, root)))
	is(t, source, "SECRET_KEY", "first")
	if err := root.Sys().Seal(); err != nil {
		t.Fatal(err)
	}
	fails(t, source, "SECRET_KEY", "is sealed: unseal it")
	err := source.Write(t.Context(), []settings.Change{{Name: "SECRET_KEY", Text: secret.New("x")}})
	if err == nil || !strings.Contains(err.Error(), "is sealed") {
		t.Errorf("writing: %v", err)
	}
	fails(t, s.source(t, byAppRole(roleID, "x")), "SECRET_KEY", "is sealed") // logging in too
	if _, err := root.Sys().Unseal(s.UnsealKey); err != nil {
		t.Fatal(err)
	}
	settle(t, root, "secret")
	is(t, source, "SECRET_KEY", "first")
}

// TestDriverSealedMeanwhile seals and unseals while Lookups run: each has the value or an error.
func TestDriverSealedMeanwhile(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	source := s.source(t, with(s.Token))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan [2]int)
	go func() {
		good, bad := 0, 0
		for ctx.Err() == nil {
			switch got, err := source.Lookup(t.Context(), []string{"SECRET_KEY"}); {
			case err != nil:
				bad++
			case got["SECRET_KEY"].Text != "first":
				t.Errorf("%d values without an error", len(got))
			default:
				good++
			}
		}
		done <- [2]int{good, bad}
	}()
	for range 3 {
		time.Sleep(100 * time.Millisecond)
		if err := root.Sys().Seal(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		if _, err := root.Sys().Unseal(s.UnsealKey); err != nil {
			t.Fatal(err)
		}
		settle(t, root, "secret")
	}
	time.Sleep(100 * time.Millisecond)
	cancel()
	if n := <-done; n[0] == 0 || n[1] == 0 {
		t.Errorf("%d Lookups were good and %d bad, want some of each", n[0], n[1])
	}
	is(t, source, "SECRET_KEY", "first")
}

// TestDriverRestart has another Vault at the same address: it keeps everything in memory, and knows no token of the first.
func TestDriverRestart(t *testing.T) {
	first := start(t)
	prepare := func(s *server) {
		root := s.secrets(t)
		appRole(t, root, map[string]any{"token_ttl": "1m", "role_id": "the-role"})
		write(t, root, "auth/approle/role/bulletin/custom-secret-id", map[string]any{"secret_id": "the-secret"})
	}
	prepare(first)
	source := first.source(t, byAppRole("the-role", "the-secret"))
	is(t, source, "SECRET_KEY", "first")
	first.stop()
	fails(t, source, "SECRET_KEY", "cannot be reached")
	second := start(t, "-listen", strings.TrimPrefix(first.Address, "http://"))
	prepare(second)
	is(t, source, "SECRET_KEY", "first")
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}

func TestDriverTLS(t *testing.T) {
	certFile, keyFile := certificate(t)
	s := start(t, "-cert", certFile, "-key", keyFile)
	s.certFile = certFile
	s.secrets(t)
	is(t, s.source(t, func(c *vaultsecrets.Config) { c.CA, c.Token, c.InsecureHTTP = certFile, secret.New(s.Token), false }), "SECRET_KEY", "first")
	fails(t, s.source(t, with(s.Token)), "SECRET_KEY", "certificate that is not trusted")

	// The client's own variables say the same.
	cfg := vaultsecrets.Config{Path: "secret/bulletin"}
	alone(t)
	for name, value := range map[string]string{"VAULT_ADDR": s.Address, "VAULT_CACERT": certFile, "VAULT_TOKEN": s.Token, "VAULT_WRAP_TTL": "1m"} {
		t.Setenv(name, value)
	}
	source, err := vaultsecrets.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	is(t, source, "SECRET_KEY", "first")
	t.Setenv("VAULT_SKIP_VERIFY", "true")
	if _, err := vaultsecrets.New(cfg); err == nil {
		t.Error("VAULT_SKIP_VERIFY is taken")
	}

	// The command's own file, too.
	t.Setenv("VAULT_SKIP_VERIFY", "")
	t.Setenv("VAULT_TOKEN", "")
	home := t.TempDir()
	t.Setenv("HOME", home)
	fails(t, source, "SECRET_KEY", "there is no token", "set VAULT_TOKEN")
	if err := os.WriteFile(home+"/.vault-token", []byte(s.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	is(t, source, "SECRET_KEY", "first")
}

// TestDriverUpgrade reads on while a mount of version 1 becomes one of version 2.
func TestDriverUpgrade(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	source := s.source(t, func(c *vaultsecrets.Config) { c.Path, c.Token = "old/bulletin", secret.New(s.Token) })
	is(t, source, "SECRET_KEY", "first")
	if err := root.Sys().TuneMountAllowNil("old", api.TuneMountConfigInput{Options: &map[string]string{"version": "2"}}); err != nil {
		t.Fatal(err)
	}
	settle(t, root, "old")
	var got map[string]settings.Value
	var err error
	for range 3 { // the first finds that the mount is another one
		if got, err = source.Lookup(t.Context(), []string{"SECRET_KEY"}); err == nil {
			break
		}
		if v := got["SECRET_KEY"]; v.Text != "" {
			t.Error("a value with an error")
		}
	}
	if err != nil || got["SECRET_KEY"].Text != "first" || got["SECRET_KEY"].Version != "1" {
		t.Errorf("after the upgrade: version %q, %v", got["SECRET_KEY"].Version, err)
	}
}

// TestDriverStatuses are facts about Vault that the driver builds on.
func TestDriverStatuses(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	var answer *api.ResponseError
	_, err := s.client(t, "").Logical().Write("auth/nowhere/login", map[string]any{"role": "x"})
	if !errors.As(err, &answer) || answer.StatusCode != http.StatusForbidden && answer.StatusCode != http.StatusNotFound {
		t.Errorf("a login that is not mounted: %v", err)
	}
	token := policy(t, root, readBoth, api.TokenCreateRequest{})
	_, err = s.client(t, token).Logical().Read("sys/internal/ui/mounts/nowhere/x")
	refused(t, err, http.StatusForbidden)
	for _, path := range []string{"secret/bulletin", "old/bulletin"} {
		if got := read(t, s.client(t, token), "sys/internal/ui/mounts/"+path); fmt.Sprint(got.Data["type"]) != "kv" {
			t.Errorf("a token that may only read %s is not told of its mount: %v", path, got.Data)
		}
	}
	write(t, root, "secret/data/number", map[string]any{"data": map[string]any{"large": 12345678901234567}})
	if got := read(t, root, "secret/data/number").Data["data"].(map[string]any)["large"]; fmt.Sprint(got) != "12345678901234568" {
		t.Errorf("version 2 of KV says %v: is a number no longer rounded?", got)
	}
}
