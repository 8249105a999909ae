package vault_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/vaultsecrets"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
	"github.com/hashicorp/vault/api"
)

// alone hides the machine's own configuration of Vault.
func alone(t *testing.T) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "VAULT_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("HOME", t.TempDir())
}

// source opens a source of this server; edit changes its Config.
func (s *server) source(t *testing.T, edit func(*vaultsecrets.Config)) *vaultsecrets.Source {
	t.Helper()
	alone(t)
	cfg := vaultsecrets.Config{Address: s.Address, InsecureHTTP: true, Path: "secret/bulletin"}
	edit(&cfg)
	source, err := vaultsecrets.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// with is an edit that gives a token.
func with(token string) func(*vaultsecrets.Config) {
	return func(c *vaultsecrets.Config) { c.Token = secret.New(token) }
}

// secrets mounts both versions of KV, with {"SECRET_KEY": "first", "OTHER": "kept"} in secret/bulletin and old/bulletin.
func (s *server) secrets(t *testing.T) *api.Client {
	t.Helper()
	root := s.root(t)
	mount(t, root, "secret", "kv", map[string]string{"version": "2"})
	mount(t, root, "old", "kv", map[string]string{"version": "1"})
	settle(t, root, "secret")
	data := map[string]any{"SECRET_KEY": "first", "OTHER": "kept"}
	write(t, root, "secret/data/bulletin", map[string]any{"data": data})
	write(t, root, "old/bulletin", data)
	return root
}

// policy makes one and returns a token that has it.
func policy(t *testing.T, root *api.Client, text string, request api.TokenCreateRequest) string {
	t.Helper()
	name := fmt.Sprintf("policy-%d", time.Now().UnixNano())
	if err := root.Sys().PutPolicy(name, text); err != nil {
		t.Fatal(err)
	}
	request.Policies = []string{name}
	created, err := root.Auth().Token().Create(&request)
	if err != nil {
		t.Fatal(err)
	}
	return created.Auth.ClientToken
}

const readBoth = `path "secret/data/bulletin" { capabilities = ["read"] }
path "old/bulletin" { capabilities = ["read"] }`

// is demands that name has a value, and returns it.
func is(t *testing.T, s settings.Source, name, want string) settings.Value {
	t.Helper()
	got, err := s.Lookup(t.Context(), []string{name})
	if err != nil || got[name].Text != want {
		t.Errorf("%s is %q, want %q: %v", name, got[name].Text, want, err)
	}
	return got[name]
}

// fails demands an error whose text has all parts, and no value.
func fails(t *testing.T, s settings.Source, name string, parts ...string) error {
	t.Helper()
	got, err := s.Lookup(t.Context(), []string{name})
	if err == nil || len(got) > 0 {
		t.Errorf("%d values, and the error %v", len(got), err)
		return err
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q: %v", part, err)
		}
	}
	return err
}

func TestDriverContract(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	for mount, put := range map[string]func(data map[string]any){
		"secret": func(data map[string]any) { write(t, root, "secret/data/bulletin", map[string]any{"data": data}) },
		"old":    func(data map[string]any) { write(t, root, "old/bulletin", data) },
	} {
		open := func(t *testing.T, values map[string]string) *vaultsecrets.Source {
			data := map[string]any{}
			for name, text := range values {
				data[name] = text
			}
			put(data)
			return s.source(t, func(c *vaultsecrets.Config) { c.Path, c.Token = mount+"/bulletin", secret.New(s.Token) })
		}
		t.Run(mount, func(t *testing.T) {
			settingstest.TestSource(t, func(t *testing.T, v map[string]string) settings.Source { return open(t, v) })
			settingstest.TestWriter(t, func(t *testing.T, v map[string]string) settings.Writer { return open(t, v) })
		})
	}
}

func TestDriverWhere(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	mount(t, root, "team/kv", "kv", map[string]string{"version": "2"})
	settle(t, root, "team/kv")
	write(t, root, "team/kv/data/a/b", map[string]any{"data": map[string]any{"url": "deep", "number": 20, "list": []string{"a"}}})
	token := policy(t, root, readBoth+`
path "team/kv/data/a/b" { capabilities = ["read"] }`, api.TokenCreateRequest{})
	// Version 2 rounds numbers by itself; version 1 does not, and neither do we.
	write(t, root, "old/bulletin", map[string]any{"SECRET_KEY": "first", "LARGE": 12345678901234567})
	alone(t)
	host := strings.TrimPrefix(s.Address, "http://")
	for _, options := range []string{"", "&kv=2", "&mount=secret&kv=2"} {
		u, err := url.Parse("vault://" + host + "/secret/bulletin?insecure=true&DATABASE_URL=team/kv/a/b%23url&NUMBER=team/kv/a/b%23number&LIST=team/kv/a/b%23list&OLD=old/bulletin%23SECRET_KEY&LARGE=old/bulletin%23LARGE" + options)
		if err != nil {
			t.Fatal(err)
		}
		source, err := vaultsecrets.Scheme().Open(t.Context(), u, map[string]settings.Value{"VAULT_TOKEN": {Text: token}})
		if err != nil {
			t.Fatal(err)
		}
		if v := is(t, source, "SECRET_KEY", "first"); v.Origin != "vault secret/bulletin#SECRET_KEY" || v.Version != "1" {
			t.Errorf("it is from %q, version %q", v.Origin, v.Version)
		}
		is(t, source, "DATABASE_URL", "deep")
		is(t, source, "NUMBER", "20")
		is(t, source, "LIST", `["a"]`)
		is(t, source, "LARGE", "12345678901234567")
		if v := is(t, source, "OLD", "first"); len(v.Version) != 16 {
			t.Errorf("the version of an old secret is %q", v.Version)
		}
		is(t, source, "ABSENT", "")
	}
	deep := s.source(t, func(c *vaultsecrets.Config) {
		c.Path, c.KV, c.Mount, c.Token = "team/kv/a/b", 2, "team/kv", secret.New(token)
	})
	is(t, deep, "url", "deep")
}

func TestDriverAbsent(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	at := func(path string, kv int) *vaultsecrets.Source {
		return s.source(t, func(c *vaultsecrets.Config) { c.Path, c.KV, c.Token = path, kv, secret.New(s.Token) })
	}
	for _, kv := range []int{0, 1} {
		is(t, at("old/nothing", kv), "SECRET_KEY", "")
	}
	for _, kv := range []int{0, 2} {
		is(t, at("secret/nothing", kv), "SECRET_KEY", "")
	}
	source := at("secret/nothing", 0)
	is(t, source, "SECRET_KEY", "")
	source = at("secret/bulletin", 2)
	is(t, source, "SECRET_KEY", "first")
	if err := root.KVv2("secret").Delete(t.Context(), "bulletin"); err != nil {
		t.Fatal(err)
	}
	is(t, source, "SECRET_KEY", "")
	if err := source.Write(t.Context(), []settings.Change{{Name: "SECRET_KEY", Text: secret.New("again")}}); err != nil {
		t.Error(err)
	}
	if v := is(t, source, "SECRET_KEY", "again"); v.Version != "2" {
		t.Errorf("it has version %q", v.Version)
	}
	if err := root.KVv2("secret").Destroy(t.Context(), "bulletin", []int{2}); err != nil {
		t.Fatal(err)
	}
	is(t, source, "SECRET_KEY", "")

	// A mount that is not there, or the wrong version, is not "not there".
	fails(t, at("nowhere/bulletin", 0), "SECRET_KEY", "no secrets engine is mounted there")
	fails(t, at("nowhere/bulletin", 1), "SECRET_KEY", "no secrets engine is mounted there")
	fails(t, at("nowhere/bulletin", 2), "SECRET_KEY", "no secrets engine is mounted there")
	fails(t, at("secret/bulletin", 1), "SECRET_KEY", "not in a mount of that version")
	fails(t, at("secret/data/bulletin", 0), "SECRET_KEY", "leave it out")
	// An old mount that is read as a new one has nothing at data/bulletin.
	fails(t, at("old/bulletin", 2), "SECRET_KEY", "not in a mount of that version")
}

func TestDriverPolicy(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	token := policy(t, root, readBoth, api.TokenCreateRequest{})
	source := s.source(t, func(c *vaultsecrets.Config) {
		c.Token = secret.New(token)
		c.Refs = map[string]settings.Ref{"PAY": {Secret: "secret/pay", Field: "key"}, "SHOP": {Secret: "nowhere/shop", Field: "key"}}
	})
	is(t, source, "SECRET_KEY", "first")
	got, err := source.Lookup(t.Context(), []string{"SECRET_KEY", "PAY", "SHOP"})
	if len(got) != 1 || got["SECRET_KEY"].Text != "first" || err == nil {
		t.Fatalf("%d values, %v", len(got), err)
	}
	for _, part := range []string{`PAY (vault secret/pay#key)`, `permission is denied: allow "read" on secret/data/pay`, `SHOP (vault nowhere/shop#key): no secrets engine`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q: %v", part, err)
		}
	}
	err = source.Write(t.Context(), []settings.Change{{Name: "SECRET_KEY", Text: secret.New("never to be seen")}})
	if err == nil || !strings.Contains(err.Error(), `allow "update" on secret/data/bulletin`) || !strings.Contains(err.Error(), "(not written: SECRET_KEY)") {
		t.Errorf("writing: %v", err)
	}
	is(t, source, "SECRET_KEY", "first")
}

func TestDriverConflict(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	if _, err := root.Logical().Write("secret/metadata/bulletin", map[string]any{"custom_metadata": map[string]string{"owner": "ada"}}); err != nil {
		t.Fatal(err)
	}
	one, two := s.source(t, with(s.Token)), s.source(t, with(s.Token))
	for _, w := range []*vaultsecrets.Source{one, two} {
		is(t, w, "SECRET_KEY", "first")
	}
	// Both have read version 1 and write at once, many times: each version has one writer.
	results := make(chan error, 2)
	for round := range 10 {
		version := fmt.Sprint(round + 1)
		for _, w := range []*vaultsecrets.Source{one, two} {
			go func() {
				results <- w.Write(t.Context(), []settings.Change{{Name: "SECRET_KEY", Text: secret.New("second"), Version: version}, {Name: "NEW", Text: secret.New("new")}})
			}()
		}
		first, second := <-results, <-results
		if (first == nil) == (second == nil) || !errors.Is(errors.Join(first, second), settings.ErrConflict) {
			t.Fatalf("two who write at once: %v; %v", first, second)
		}
	}
	// Those that do not compare both write, and neither undoes the other.
	for i, w := range []*vaultsecrets.Source{one, two} {
		go func() {
			results <- w.Write(t.Context(), []settings.Change{{Name: fmt.Sprint("FIELD_", i), Text: secret.New("x")}})
		}()
	}
	if err := errors.Join(<-results, <-results); err != nil {
		t.Error(err)
	}
	got, err := root.KVv2("secret").Get(t.Context(), "bulletin")
	if err != nil || len(got.Data) != 5 || got.Data["OTHER"] != "kept" || got.CustomMetadata["owner"] != "ada" || got.VersionMetadata.Version != 13 {
		t.Errorf("there are %d fields, %v, version %+v: %v", len(got.Data), got.CustomMetadata, got.VersionMetadata, err)
	}
}

// appRole mounts AppRole with a role that may read, and returns its role id.
func appRole(t *testing.T, root *api.Client, role map[string]any) string {
	t.Helper()
	if err := root.Sys().PutPolicy("site", readBoth); err != nil {
		t.Fatal(err)
	}
	if err := root.Sys().EnableAuthWithOptions("approle", &api.MountInput{Type: "approle"}); err != nil {
		t.Fatal(err)
	}
	role["token_policies"] = "site"
	write(t, root, "auth/approle/role/bulletin", role)
	return read(t, root, "auth/approle/role/bulletin/role-id").Data["role_id"].(string)
}

func secretID(t *testing.T, root *api.Client) string {
	t.Helper()
	return write(t, root, "auth/approle/role/bulletin/secret-id", nil).Data["secret_id"].(string)
}

func byAppRole(roleID, secretID string) func(*vaultsecrets.Config) {
	return func(c *vaultsecrets.Config) {
		c.Auth, c.RoleID, c.SecretID = vaultsecrets.AuthAppRole, roleID, secret.New(secretID)
	}
}

// accessors counts the tokens there are.
func accessors(t *testing.T, root *api.Client) int {
	t.Helper()
	list, err := root.Logical().List("auth/token/accessors")
	if err != nil || list == nil {
		t.Fatal(err)
	}
	return len(list.Data["keys"].([]any))
}

func TestDriverAppRole(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	roleID := appRole(t, root, map[string]any{"token_ttl": "1m"})
	before := accessors(t, root)
	source := s.source(t, byAppRole(roleID, secretID(t, root)))
	for range 3 {
		is(t, source, "SECRET_KEY", "first")
	}
	if n := accessors(t, root); n != before+1 {
		t.Errorf("there are %d tokens, want one for three Lookups", n-before)
	}
	// Somebody revokes it: the next Lookup logs in again.
	for _, accessor := range mustList(t, root, "auth/token/accessors") {
		info := write(t, root, "auth/token/lookup-accessor", map[string]any{"accessor": accessor})
		if info.Data["path"] == "auth/approle/login" {
			write(t, root, "auth/token/revoke-accessor", map[string]any{"accessor": accessor})
		}
	}
	is(t, source, "SECRET_KEY", "first")
	if err := source.Close(); err != nil {
		t.Error(err)
	}
	if n := accessors(t, root); n != before {
		t.Errorf("after Close there are %d tokens more than before", n-before)
	}
	fails(t, source, "SECRET_KEY", "closed")
	if err := source.Close(); err != nil {
		t.Error(err)
	}

	wrong := s.source(t, byAppRole(roleID, "canary-that-is-none"))
	if err := fails(t, wrong, "SECRET_KEY", "login at auth/approle is refused", "VAULT_SECRET_ID"); strings.Contains(fmt.Sprint(err), "canary") {
		t.Error("the error holds the secret id")
	}
	elsewhere := s.source(t, func(c *vaultsecrets.Config) {
		byAppRole(roleID, "x")(c)
		c.AuthMount = "nowhere"
	})
	fails(t, elsewhere, "SECRET_KEY", "auth/nowhere")
}

func mustList(t *testing.T, client *api.Client, path string) []any {
	t.Helper()
	list, err := client.Logical().List(path)
	if err != nil || list == nil {
		t.Fatal(err)
	}
	return list.Data["keys"].([]any)
}

// file returns the path of a file with text.
func file(t *testing.T, text string) string {
	t.Helper()
	path := t.TempDir() + "/file"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDriverWrappedSecretID(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	roleID := appRole(t, root, map[string]any{"token_ttl": "1s", "token_max_ttl": "1s"})
	wrapping := s.root(t)
	wrapping.SetWrappingLookupFunc(func(string, string) string { return "1m" })
	wrap := func(path string) string {
		wrapped, err := wrapping.Logical().Write(path, map[string]any{"a": "b"})
		if err != nil {
			t.Fatal(err)
		}
		return wrapped.WrapInfo.Token
	}
	path := file(t, wrap("auth/approle/role/bulletin/secret-id")+"\n")
	open := func() *vaultsecrets.Source {
		return s.source(t, func(c *vaultsecrets.Config) {
			c.Auth, c.RoleID, c.SecretIDFile, c.Wrapped = vaultsecrets.AuthAppRole, roleID, path, true
		})
	}
	source := open()
	is(t, source, "SECRET_KEY", "first")
	time.Sleep(1100 * time.Millisecond)
	is(t, source, "SECRET_KEY", "first") // with the secret id that it has unwrapped
	fails(t, open(), "SECRET_KEY", "wrapping token of the secret id is refused", "destroy the secret id")
	path = file(t, wrap("sys/wrapping/wrap"))
	fails(t, open(), "SECRET_KEY", "was not made for a secret id")
}

func TestDriverKubernetes(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	cluster := newCluster(t)
	if err := root.Sys().PutPolicy("site", readBoth); err != nil {
		t.Fatal(err)
	}
	if err := root.Sys().EnableAuthWithOptions("kubernetes", &api.MountInput{Type: "kubernetes"}); err != nil {
		t.Fatal(err)
	}
	write(t, root, "auth/kubernetes/config", map[string]any{
		"kubernetes_host": cluster.URL, "kubernetes_ca_cert": cluster.ca(), "token_reviewer_jwt": cluster.reviewer, "disable_local_ca_jwt": true,
	})
	write(t, root, "auth/kubernetes/role/bulletin", map[string]any{
		"bound_service_account_names": "bulletin", "bound_service_account_namespaces": "shop",
		"audience": "vault", "token_policies": "site", "token_ttl": "1s", "token_max_ttl": "1s",
	})
	path := file(t, cluster.issue(t, "other", "bulletin", "vault"))
	source := s.source(t, func(c *vaultsecrets.Config) {
		c.Auth, c.Role, c.JWTFile = vaultsecrets.AuthKubernetes, "bulletin", path
	})
	fails(t, source, "SECRET_KEY", "login at auth/kubernetes is refused", "check role")
	if err := os.WriteFile(path, []byte(cluster.issue(t, "shop", "bulletin", "vault")), 0o600); err != nil {
		t.Fatal(err)
	}
	is(t, source, "SECRET_KEY", "first")
	if err := os.WriteFile(path, []byte(newCluster(t).issue(t, "shop", "bulletin", "vault")), 0o600); err != nil {
		t.Fatal(err)
	}
	is(t, source, "SECRET_KEY", "first") // it is logged in
	time.Sleep(1100 * time.Millisecond)
	fails(t, source, "SECRET_KEY", "is refused") // and has read the file again
}
