package vaultsecrets_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/drivers/vaultsecrets"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

const good = "vault://vault.example:8200/secret/bulletin"

func TestScheme(t *testing.T) {
	given := map[string]settings.Value{"VAULT_TOKEN": {Text: "canary-token"}, "VAULT_ROLE_ID": {Text: "canary-role"}, "VAULT_SECRET_ID": {Text: "canary-secret"}}
	for text, want := range map[string]string{ // part of the error; empty if there is none
		good:                                                   "",
		"vault:///secret/bulletin":                             "names no server: write its host in the URL, or set VAULT_ADDR",
		"vault://vault.example:8200":                           "names no secret",
		"vault://vault.example:8200/secret":                    "not the mount and the path",
		"vault://vault.example:8200/secret/":                   "not the mount and the path",
		"vault://vault.example:8200/secret/../x":               "not the mount and the path",
		"vault://vault.example:8200/secret//x":                 "not the mount and the path",
		"vault://vault.example:8200/?DATABASE_URL=a/b%23url":   "",
		"vault://user:canary@vault.example/secret/bulletin":    "user information",
		good + "?DATABASE_URL=a/b":                             "is not mapped to a field",
		good + "?DATABASE_URL=a%23b":                           "is not mapped to a field",
		good + "?DATABASE_URL=../sys/raw%23b":                  "is not mapped to a field",
		good + "?canary=x":                                     "unknown parameter",
		good + "?kv=3":                                         "kv is neither",
		good + "?kv=2&mount=secret":                            "",
		good + "?mount=secret":                                 "mount is given without kv",
		good + "?kv=2&mount=other":                             "does not begin with mount",
		good + "?kv=2&mount=sec":                               "does not begin with mount",
		good + "?insecure=yes":                                 "insecure is neither true nor false",
		good + "?insecure=true":                                "plain HTTP",
		"vault://127.0.0.1:8200/a/b?insecure=true":             "",
		"vault://localhost/a/b?insecure=true":                  "",
		good + "?wrapped=1":                                    "wrapped is neither true nor false",
		good + "?ca=/nowhere/canary-not-shown.pem":             "the file of ca cannot be read",
		good + "?auth=ldap":                                    "auth is no method that is known here",
		good + "?auth=approle":                                 "",
		good + "?auth=approle&auth_mount=team/approle":         "",
		good + "?auth=approle&auth_mount=../x":                 "auth_mount is no path",
		good + "?auth=approle&role_id_file=a&secret_id_file=b": "",
		good + "?auth=kubernetes":                              "needs a role",
		good + "?auth=kubernetes&role=bulletin":                "",
		good + "?token_file=/run/token":                        "",
	} {
		alone(t)
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		s, err := vaultsecrets.Scheme().Open(t.Context(), u, given)
		switch {
		case want == "" && (err != nil || s == nil || s.Name() != "vault"):
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || s != nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "vault") || strings.Contains(err.Error(), "canary")):
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// TestNeeds opens without what the login needs, and demands that each variable is a secret.
func TestNeeds(t *testing.T) {
	alone(t)
	for _, n := range vaultsecrets.Scheme().Needs {
		if !n.Secret || n.Doc == "" || !strings.HasPrefix(n.Name, "VAULT_") {
			t.Errorf("%+v", n)
		}
	}
	u, err := url.Parse(good + "?auth=approle")
	if err != nil {
		t.Fatal(err)
	}
	for want, given := range map[string]map[string]settings.Value{
		"VAULT_ROLE_ID":   {"VAULT_SECRET_ID": {Text: "canary"}},
		"VAULT_SECRET_ID": {"VAULT_ROLE_ID": {Text: "canary"}},
	} {
		if _, err := vaultsecrets.Scheme().Open(t.Context(), u, given); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	cfg := vaultsecrets.Config{Path: "secret/bulletin", InsecureHTTP: true}
	for _, name := range []string{"VAULT_ADDR", "VAULT_AGENT_ADDR"} {
		alone(t)
		t.Setenv(name, f.start(t))
		t.Setenv("VAULT_TOKEN", "the-token")
		s, err := vaultsecrets.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		is(t, s, "A", "1")
		// An address that the program gives is the one that is asked.
		own := cfg
		own.Address = "http://127.0.0.1:1"
		if s, err = vaultsecrets.New(own); err != nil {
			t.Fatal(err)
		}
		fails(t, s, "A", "127.0.0.1:1", "cannot be reached")
	}
	alone(t)
	t.Setenv("VAULT_PROXY_ADDR", f.start(t))
	proxied := cfg
	proxied.Address, proxied.Token = "http://127.0.0.1:1", secret.New("the-token")
	s, err := vaultsecrets.New(proxied)
	if err != nil {
		t.Fatal(err)
	}
	is(t, s, "A", "1")
	for what, env := range map[string][2]string{
		"VAULT_SKIP_VERIFY switches off":               {"VAULT_SKIP_VERIFY", "true"},
		"VAULT_… variables cannot be read":             {"VAULT_CACERT", "/nowhere/canary"},
		"VAULT_… variables cannot":                     {"VAULT_PROXY_ADDR", "http://user:canary@%zz"},
		"check VAULT_HEADERS":                          {"VAULT_HEADERS", "canary"},
		"VAULT_ADDR is plain HTTP":                     {"VAULT_ADDR", "http://vault.example:8200"},
		"VAULT_ADDR is no URL of a server":             {"VAULT_ADDR", "unix:///run/canary.sock"},
		"VAULT_ADDR has a query":                       {"VAULT_ADDR", "https://vault.example/?canary"},
		"VAULT_AGENT_ADDR is plain HTTP, on which oth": {"VAULT_AGENT_ADDR", "http://vault.example:8200"},
	} {
		alone(t)
		t.Setenv("VAULT_ADDR", "https://vault.example:8200")
		t.Setenv(env[0], env[1])
		if _, err := vaultsecrets.New(cfg); err == nil || !strings.Contains(err.Error(), what) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want %q", env[0], err, what)
		}
	}
	// Plain HTTP to this machine has to be allowed, too.
	alone(t)
	t.Setenv("VAULT_ADDR", f.start(t))
	cfg.InsecureHTTP = false
	if _, err := vaultsecrets.New(cfg); err == nil || !strings.Contains(err.Error(), "insecure=true") {
		t.Errorf("got %v", err)
	}
}

func TestNew(t *testing.T) {
	alone(t)
	cfg := vaultsecrets.Config{Address: "https://vault.example", Path: "secret/bulletin", Token: secret.New("canary"), TokenFile: "/run/token", KV: 3}
	_, err := vaultsecrets.New(cfg)
	if err == nil || !strings.Contains(err.Error(), "both a token and a file") || !strings.Contains(err.Error(), "kv is neither") || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v, want both mistakes", err)
	}
}

// FuzzPath demands that a path which is taken is one that neither net/url nor path.Join changes.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"secret/bulletin", "a/../b", "a//b", "/a", "a/", "a/./b", "a/b?c", "a/b#c", "a/%2e%2e/b", "ä/b c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !vaultsecrets.IsPath(text) {
			return
		}
		joined := path.Join("/v1", text)
		u, err := url.ParseRequestURI((&url.URL{Path: joined}).RequestURI())
		if err != nil || u.Path != "/v1/"+text || u.RawQuery != "" || strings.Contains(joined, "..") && !strings.Contains(text, "..") {
			t.Errorf("%q becomes %q: %v", text, u, err)
		}
	})
}

func TestWeakness(t *testing.T) {
	for insecure, want := range map[bool]bool{true: true, false: false} {
		s, err := vaultsecrets.New(vaultsecrets.Config{Address: "http://127.0.0.1:8200", Path: "secret/site", InsecureHTTP: insecure})
		if insecure && err != nil {
			t.Fatal(err)
		}
		if s != nil && (s.Weakness() != "") != want {
			t.Errorf("InsecureHTTP %t: the gate is told %q", insecure, s.Weakness())
		}
	}
}
