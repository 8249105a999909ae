package vault_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/vaultsecrets"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/hashicorp/vault/api"
)

var (
	shBlock  = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	hclBlock = regexp.MustCompile("(?ms)in `([a-z]+\\.hcl)`(?:[^`]|`[a-z]+`)*?^```hcl\n(.*?)^```$")
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "secrets-vault.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// policies returns those of the page, by the names of their files.
func policies(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, m := range hclBlock.FindAllStringSubmatch(page(t), -1) {
		all[m[1]] = m[2]
	}
	if len(all) != 3 || strings.Count(page(t), "```hcl") != 3 {
		t.Fatalf("the page has %d policies with a name, want 3", len(all))
	}
	return all
}

// guide runs all commands of the page, from the top to the bottom, in one shell, and returns the folder that it ran in.
func guide(t *testing.T, s *server, cluster *cluster) string {
	t.Helper()
	bulletin := os.Getenv("AIRWORTHY_BULLETIN")
	if bulletin == "" {
		t.Fatal("AIRWORTHY_BULLETIN names no program: use run.sh")
	}
	alone(t)
	dir := t.TempDir()
	files := policies(t)
	files["ca.crt"], files["reviewer.jwt"] = cluster.ca(), cluster.reviewer+"\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var script strings.Builder
	blocks := shBlock.FindAllStringSubmatch(page(t), -1)
	if len(blocks) < 8 {
		t.Fatalf("the page has %d blocks of commands", len(blocks))
	}
	for _, b := range blocks {
		script.WriteString(b[1])
	}
	text := strings.NewReplacer("https://vault.example:8200", s.Address, "https://kubernetes.example:6443", cluster.URL).Replace(script.String())
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", text)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(`smtp://a"b\c@mail`+"\n")
	cmd.Env = append(os.Environ(), "VAULT_TOKEN="+s.Token, "PATH="+filepath.Dir(bulletin)+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the page ends with %v:\n%s", err, out)
	}
	return dir
}

func TestGuide(t *testing.T) {
	s, cluster := start(t), newCluster(t)
	dir := guide(t, s, cluster)
	root := s.root(t)

	// The page ends with going back to version 1, before EMAIL_URL was added.
	got, err := root.KVv2("secret").Get(t.Context(), "bulletin")
	if err != nil || got.VersionMetadata.Version != 3 || len(got.Data) != 1 {
		t.Fatalf("the secret has version %+v and %d fields: %v", got.VersionMetadata, len(got.Data), err)
	}
	if _, err := keyring.New(keyring.Config{Key: secret.New(got.Data["SECRET_KEY"].(string))}); err != nil {
		t.Error(err)
	}
	if second, err := root.KVv2("secret").GetVersion(t.Context(), "bulletin", 2); err != nil || second.Data["EMAIL_URL"] != `smtp://a"b\c@mail` || second.Data["SECRET_KEY"] != got.Data["SECRET_KEY"] {
		t.Errorf("version 2 has %d fields: %v", len(second.Data), err)
	}
	key := got.Data["SECRET_KEY"].(string)
	for _, name := range []string{"role-id", "secret-id", "secret-id.wrapped"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 || info.Size() < 20 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, id := range []string{"secret-id", "secret-id.wrapped"} {
		source := s.source(t, func(c *vaultsecrets.Config) {
			c.Auth, c.RoleIDFile, c.SecretIDFile = vaultsecrets.AuthAppRole, filepath.Join(dir, "role-id"), filepath.Join(dir, id)
			c.Wrapped = id != "secret-id"
		})
		is(t, source, "SECRET_KEY", key)
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}
	jwt := file(t, cluster.issue(t, "shop", "bulletin", "vault"))
	source := s.source(t, func(c *vaultsecrets.Config) { c.Auth, c.Role, c.JWTFile = vaultsecrets.AuthKubernetes, "bulletin", jwt })
	is(t, source, "SECRET_KEY", key)
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}

// strict returns a token with the policies and without Vault's default one.
func strict(t *testing.T, root *api.Client, texts ...string) string {
	t.Helper()
	return policy(t, root, strings.Join(texts, "\n"), api.TokenCreateRequest{NoDefaultPolicy: true, Period: "1m"})
}

// TestGuidePolicies gives the driver the page's policies: they are enough, and no line is too much.
func TestGuidePolicies(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	texts := policies(t)
	site, rotate, self := texts["site.hcl"], texts["rotate.hcl"], texts["self.hcl"]

	is(t, s.source(t, with(strict(t, root, site))), "SECRET_KEY", "first")
	writer := s.source(t, with(strict(t, root, rotate)))
	is(t, writer, "SECRET_KEY", "first")
	if err := writer.Write(t.Context(), []settings.Change{{Name: "SECRET_KEY", Text: secret.New("second")}}); err != nil {
		t.Error(err)
	}
	if err := root.KVv2("secret").DeleteMetadata(t.Context(), "bulletin"); err != nil {
		t.Fatal(err)
	}
	if err := writer.Write(t.Context(), []settings.Change{{Name: "SECRET_KEY", Text: secret.New("third")}}); err != nil {
		t.Error(err)
	}
	is(t, writer, "SECRET_KEY", "third")

	// Nothing else is allowed by them.
	for name, text := range map[string]string{"site": site, "rotate": rotate, "self": self} {
		client := s.client(t, strict(t, root, text))
		for _, path := range []string{"secret/data/other", "secret/metadata/bulletin", "secret/metadata/?list=true", "old/bulletin", "sys/mounts", "sys/policies/acl/root"} {
			_, err := client.Logical().Read(path)
			refused(t, err, http.StatusForbidden)
		}
		for _, err := range []error{
			second(client.Logical().Delete("secret/data/bulletin")),
			second(client.Logical().Write("secret/destroy/bulletin", map[string]any{"versions": []int{1}})),
			second(client.Logical().JSONMergePatch(t.Context(), "secret/data/bulletin", map[string]any{"data": map[string]any{"A": "b"}})),
			second(client.Auth().Token().Create(&api.TokenCreateRequest{})),
		} {
			refused(t, err, http.StatusForbidden)
		}
		if name != "rotate" {
			_, err := client.Logical().Write("secret/data/bulletin", map[string]any{"data": map[string]any{"A": "b"}})
			refused(t, err, http.StatusForbidden)
		}
	}

	// Each capability of rotate is needed.
	for _, one := range []string{"read", "create", "update"} {
		left := slices.DeleteFunc([]string{"read", "create", "update"}, func(c string) bool { return c == one })
		text, err := json.Marshal(left)
		if err != nil {
			t.Fatal(err)
		}
		less := s.source(t, with(strict(t, root, `path "secret/data/bulletin" { capabilities = `+string(text)+` }`)))
		if one == "create" {
			if err := root.KVv2("secret").DeleteMetadata(t.Context(), "bulletin"); err != nil {
				t.Fatal(err)
			}
		}
		err = less.Write(t.Context(), []settings.Change{{Name: "SECRET_KEY", Text: secret.New("never")}})
		if err == nil || !strings.Contains(err.Error(), "not written") {
			t.Errorf("without %s: %v", one, err)
		}
		if one == "create" {
			write(t, root, "secret/data/bulletin", map[string]any{"data": map[string]any{"SECRET_KEY": "third"}})
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestGuideSelf has roles without Vault's default policy: self.hcl is what keeps a token and a lease, line by line.
func TestGuideSelf(t *testing.T) {
	s := start(t)
	root := s.secrets(t)
	texts := policies(t)
	mount(t, root, "leased", "leased-kv", nil)
	write(t, root, "leased/bulletin", map[string]any{"SECRET_KEY": "first", "ttl": "2s"})
	const lease = `path "leased/bulletin" { capabilities = ["read"] }`
	if err := root.Sys().EnableAuthWithOptions("approle", &api.MountInput{Type: "approle"}); err != nil {
		t.Fatal(err)
	}
	write(t, root, "auth/approle/role/bulletin", map[string]any{"token_policies": "self", "token_no_default_policy": true, "token_ttl": "2s"})
	roleID := read(t, root, "auth/approle/role/bulletin/role-id").Data["role_id"].(string)

	// live runs a source for longer than token and lease, and says how many tokens it leaves and leases it made.
	live := func(policy string) (tokens, made int) {
		if err := root.Sys().PutPolicy("self", policy); err != nil {
			t.Fatal(err)
		}
		if err := root.Sys().RevokePrefix("leased/bulletin"); err != nil {
			t.Fatal(err)
		}
		before := accessors(t, root)
		source := s.source(t, func(c *vaultsecrets.Config) {
			byAppRole(roleID, secretID(t, root))(c)
			c.Path = "leased/bulletin"
		})
		for range 4 {
			is(t, source, "SECRET_KEY", "first")
			made = max(made, len(leases(t, root)))
			time.Sleep(800 * time.Millisecond)
		}
		_ = source.Close() // without the right to it that fails
		return accessors(t, root) - before, made
	}
	whole := lease + "\n" + texts["self.hcl"]
	if tokens, made := live(whole); tokens != 0 || made != 1 {
		t.Errorf("with all of it %d tokens are left and %d leases were made, want 0 and 1", tokens, made)
	}
	without := func(path string) string {
		one := regexp.MustCompile(`(?s)path "` + path + `" \{.*?\}\n`)
		if !one.MatchString(whole) {
			t.Fatalf("self.hcl has no %s", path)
		}
		return one.ReplaceAllString(whole, "")
	}
	if tokens, _ := live(without("auth/token/revoke-self")); tokens == 0 {
		t.Error("revoke-self is not needed")
	}
	if _, made := live(without("sys/leases/renew")); made < 2 {
		t.Error("sys/leases/renew is not needed")
	}
	if tokens, made := live(without("auth/token/renew-self")); tokens == 0 && made < 2 {
		t.Error("renew-self is not needed")
	}
	time.Sleep(2 * time.Second)
	// Without lookup-self a refusal of the path alone is taken for one of the token.
	if err := root.Sys().PutPolicy("self", without("auth/token/lookup-self")); err != nil {
		t.Fatal(err)
	}
	token := strict(t, root, without("auth/token/lookup-self"))
	fails(t, s.source(t, with(token)), "SECRET_KEY", "the token is refused")
	fails(t, s.source(t, with(strict(t, root, whole))), "SECRET_KEY", "permission is denied")
}
