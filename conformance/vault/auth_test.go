package vault_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
)

// shop prepares what the tests below let someone read: old/mail by the policy shop, which allows nothing else.
func shop(t *testing.T, root *api.Client) {
	t.Helper()
	mount(t, root, "old", "kv", nil)
	write(t, root, "old/mail", map[string]any{"password": "first"})
	write(t, root, "old/pay", map[string]any{"password": "other"})
	if err := root.Sys().PutPolicy("shop", `path "old/mail" { capabilities = ["read"] }`); err != nil {
		t.Fatal(err)
	}
}

// mayShop fails unless a token opens what the policy shop allows and nothing else.
func mayShop(t *testing.T, s *server, token string) {
	t.Helper()
	client := s.client(t, token)
	if got := read(t, client, "old/mail"); got.Data["password"] != "first" {
		t.Errorf("read %v", got)
	}
	_, err := client.Logical().Read("old/pay")
	refused(t, err, http.StatusForbidden)
}

func TestToken(t *testing.T) {
	s := start(t)
	root := s.root(t)
	shop(t, root)
	created, err := root.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"shop"}, TTL: "1m", Period: "1m"})
	if err != nil {
		t.Fatal(err)
	}
	token := created.Auth.ClientToken
	mayShop(t, s, token)
	client := s.client(t, token)
	time.Sleep(1100 * time.Millisecond)
	if left := seconds(t, client); left >= 60 {
		t.Errorf("%d seconds are left before it is renewed", left)
	}
	renewed, err := client.Auth().Token().RenewSelf(0)
	if err != nil || renewed.Auth.ClientToken != token || renewed.Auth.LeaseDuration != 60 || !renewed.Auth.Renewable {
		t.Errorf("renewed: %v, %v", renewed, err)
	}
	if left := seconds(t, client); left < 59 {
		t.Errorf("%d seconds are left after it was renewed", left)
	}
	if err := root.Auth().Token().RevokeTree(token); err != nil {
		t.Fatal(err)
	}
	_, err = client.Auth().Token().LookupSelf()
	refused(t, err, http.StatusForbidden)
}

// seconds is how long a client's token still lives.
func seconds(t *testing.T, client *api.Client) int64 {
	t.Helper()
	self, err := client.Auth().Token().LookupSelf()
	if err != nil {
		t.Fatal(err)
	}
	ttl, err := self.TokenTTL()
	if err != nil {
		t.Fatal(err)
	}
	return int64(ttl / time.Second)
}

func TestAppRole(t *testing.T) {
	s := start(t)
	root := s.root(t)
	shop(t, root)
	if err := root.Sys().EnableAuthWithOptions("approle", &api.MountInput{Type: "approle"}); err != nil {
		t.Fatal(err)
	}
	write(t, root, "auth/approle/role/bulletin", map[string]any{"token_policies": "shop", "token_ttl": "1m"})
	role := read(t, root, "auth/approle/role/bulletin/role-id").Data["role_id"]
	secret := write(t, root, "auth/approle/role/bulletin/secret-id", nil).Data["secret_id"]

	nobody := s.client(t, "")
	login := write(t, nobody, "auth/approle/login", map[string]any{"role_id": role, "secret_id": secret})
	if !login.Auth.Renewable || login.Auth.LeaseDuration != 60 {
		t.Errorf("logged in: %+v", login.Auth)
	}
	mayShop(t, s, login.Auth.ClientToken)
	_, err := nobody.Logical().Write("auth/approle/login", map[string]any{"role_id": role, "secret_id": "wrong"})
	refused(t, err, http.StatusBadRequest)
}

func TestKubernetes(t *testing.T) {
	s := start(t)
	root := s.root(t)
	shop(t, root)
	cluster := newCluster(t)
	if err := root.Sys().EnableAuthWithOptions("kubernetes", &api.MountInput{Type: "kubernetes"}); err != nil {
		t.Fatal(err)
	}
	write(t, root, "auth/kubernetes/config", map[string]any{
		"kubernetes_host": cluster.URL, "kubernetes_ca_cert": cluster.ca(),
		"token_reviewer_jwt": cluster.reviewer, "disable_local_ca_jwt": true,
	})
	write(t, root, "auth/kubernetes/role/bulletin", map[string]any{
		"bound_service_account_names": "bulletin", "bound_service_account_namespaces": "shop",
		"audience": "vault", "token_policies": "shop", "token_ttl": "1m",
	})

	nobody := s.client(t, "")
	login := write(t, nobody, "auth/kubernetes/login", map[string]any{
		"role": "bulletin", "jwt": cluster.issue(t, "shop", "bulletin", "vault"),
	})
	if !login.Auth.Renewable || login.Auth.LeaseDuration != 60 || login.Auth.Metadata["service_account_name"] != "bulletin" {
		t.Errorf("logged in: %+v", login.Auth)
	}
	mayShop(t, s, login.Auth.ClientToken)

	for name, jwt := range map[string]string{
		"of another namespace":          cluster.issue(t, "other", "bulletin", "vault"),
		"of another account":            cluster.issue(t, "shop", "other", "vault"),
		"for another audience":          cluster.issue(t, "shop", "bulletin", "other"),
		"that the cluster did not sign": newCluster(t).issue(t, "shop", "bulletin", "vault"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := nobody.Logical().Write("auth/kubernetes/login", map[string]any{"role": "bulletin", "jwt": jwt})
			refused(t, err, http.StatusForbidden)
		})
	}
}
