package vaultsecrets_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/vaultsecrets"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// fake answers as Vault does, as far as the driver asks; conformance/vault holds the driver to a real one. Its mounts are secret/
// (KV 2), old/ (KV 1), and database/, whose every reading makes credentials with a lease.
type fake struct {
	mu      sync.Mutex
	secrets map[string]stored        // by path with mount
	tokens  map[string]time.Duration // how long each lives at first, and after a renewal
	before  func(path string)        // called before each answer
	answer  map[string]canned        // by path of the API, instead of what follows
	asked   []string                 // method and path of each request
	leases  int
	logins  int
	renewal time.Duration // what a renewed lease has
}

type stored struct {
	data    map[string]any
	version int64
}

type canned struct {
	status int
	body   string
}

func newFake() *fake {
	return &fake{secrets: map[string]stored{}, answer: map[string]canned{}, renewal: time.Hour,
		tokens: map[string]time.Duration{"the-token": time.Hour}}
}

// put lays values in secret/bulletin and old/bulletin.
func (f *fake) put(values map[string]string) *fake {
	data := map[string]any{}
	for name, text := range values {
		data[name] = text
	}
	f.secrets["secret/bulletin"] = stored{data, 1}
	f.secrets["old/bulletin"] = stored{data, 1}
	return f
}

func (f *fake) start(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.URL
}

// requests returns what was asked since the last call.
func (f *fake) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.asked
	f.asked = nil
	return asked
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	var body map[string]any
	d := json.NewDecoder(r.Body)
	d.UseNumber()
	_ = d.Decode(&body)
	if f.before != nil {
		f.before(path)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.Method+" "+path)
	status, out := f.say(r, path, body)
	if c, ok := f.answer[path]; ok {
		status, out = c.status, c.body
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if text, ok := out.(string); ok {
		_, _ = fmt.Fprint(w, text)
	} else if out != nil {
		text, _ := json.Marshal(out) // without the line's end of an Encoder, so that each byte counts
		_, _ = w.Write(text)
	}
}

type object = map[string]any

func refusal(status int, words ...string) (int, any) {
	return status, object{"errors": append([]string{}, words...)} // which is a list also if it is empty
}

func (f *fake) say(r *http.Request, path string, body object) (int, any) {
	token := r.Header.Get("X-Vault-Token")
	switch path {
	case "auth/approle/login":
		if body["role_id"] != "the-role" || body["secret_id"] != "the-secret" {
			return refusal(400, "invalid role or secret ID")
		}
		return f.login("service")
	case "auth/kubernetes/login":
		if body["role"] != "bulletin" || body["jwt"] != "the-jwt" {
			return refusal(403, "permission denied")
		}
		return f.login("batch")
	case "sys/wrapping/lookup":
		return 200, object{"data": object{"creation_path": "auth/approle/role/bulletin/secret-id"}}
	case "sys/wrapping/unwrap":
		return 200, object{"data": object{"secret_id": "the-secret"}}
	case "sys/seal-status":
		return 200, object{"sealed": false}
	}
	life, ok := f.tokens[token]
	if !ok {
		return refusal(403, "permission denied", "invalid token")
	}
	switch path {
	case "auth/token/lookup-self":
		return 200, object{"data": object{"ttl": int(life.Seconds()), "creation_ttl": int(life.Seconds()), "renewable": true}}
	case "auth/token/renew-self":
		return 200, object{"auth": object{"client_token": token, "lease_duration": int(life.Seconds()), "renewable": true}}
	case "auth/token/revoke-self":
		delete(f.tokens, token)
		return 204, nil
	case "sys/leases/renew":
		return 200, object{"lease_id": body["lease_id"], "lease_duration": int(f.renewal.Seconds()), "renewable": true, "data": nil}
	}
	switch mount, rest, _ := strings.Cut(path, "/"); mount {
	case "sys":
		return f.mount(strings.TrimPrefix(path, "sys/internal/ui/mounts/"))
	case "secret":
		return f.two(r.Method, "secret/"+strings.TrimPrefix(rest, "data/"), body)
	case "old":
		return f.one(r.Method, path, body)
	case "database":
		f.leases++
		return 200, object{"lease_id": fmt.Sprint("lease-", f.leases), "lease_duration": 3600, "renewable": true,
			"data": object{"username": fmt.Sprint("user-", f.leases), "password": fmt.Sprint("password-", f.leases)}}
	}
	return refusal(404, "no handler for route")
}

func (f *fake) login(kind string) (int, any) {
	f.logins++
	token := fmt.Sprint("own-token-", f.logins)
	f.tokens[token] = time.Hour
	return 200, object{"auth": object{"client_token": token, "lease_duration": 3600, "renewable": kind == "service", "token_type": kind}}
}

func (f *fake) mount(path string) (int, any) {
	switch mount, _, _ := strings.Cut(path, "/"); mount {
	case "secret":
		return 200, object{"data": object{"path": "secret/", "type": "kv", "options": object{"version": "2"}}}
	case "old":
		return 200, object{"data": object{"path": "old/", "type": "kv", "options": nil}}
	case "database":
		return 200, object{"data": object{"path": "database/", "type": "database", "options": nil}}
	}
	return refusal(403, "preflight capability check returned 403")
}

func (f *fake) one(method, path string, body object) (int, any) {
	if method == http.MethodPut {
		f.secrets[path] = stored{data: body}
		return 204, nil
	}
	if s, ok := f.secrets[path]; ok {
		return 200, object{"lease_id": "", "lease_duration": 2764800, "data": s.data}
	}
	return refusal(404)
}

func (f *fake) two(method, path string, body object) (int, any) {
	s, ok := f.secrets[path]
	if method == http.MethodPut {
		options, _ := body["options"].(object)
		if cas, ok := options["cas"]; ok && fmt.Sprint(cas) != fmt.Sprint(s.version) {
			return refusal(400, "check-and-set parameter did not match the current version")
		}
		data, _ := body["data"].(object)
		f.secrets[path] = stored{data, s.version + 1}
		return 200, object{"data": object{"version": s.version + 1}}
	}
	switch {
	case !ok:
		return refusal(404)
	case s.data == nil:
		return 404, object{"data": object{"data": nil, "metadata": object{"version": s.version, "deletion_time": "2026-01-01T00:00:00Z"}}}
	}
	return 200, object{"data": object{"data": s.data, "metadata": object{"version": s.version}}}
}

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

// open returns a source at address, by default of secret/bulletin with the-token.
func open(t *testing.T, address string, edit func(*vaultsecrets.Config)) *vaultsecrets.Source {
	t.Helper()
	alone(t)
	cfg := vaultsecrets.Config{Address: address, InsecureHTTP: true, Path: "secret/bulletin"}
	if edit != nil {
		edit(&cfg)
	}
	if cfg.Auth == "" && cfg.TokenFile == "" {
		cfg.Token = secret.New("the-token")
	}
	s, err := vaultsecrets.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func byAppRole(c *vaultsecrets.Config) {
	c.Auth, c.RoleID, c.SecretID = vaultsecrets.AuthAppRole, "the-role", secret.New("the-secret")
}

func at(path string) func(*vaultsecrets.Config) {
	return func(c *vaultsecrets.Config) { c.Path = path }
}

// lookup asks for names, and demands of an error that it holds no canary.
func lookup(t *testing.T, s settings.Source, names ...string) (map[string]settings.Value, error) {
	t.Helper()
	got, err := s.Lookup(t.Context(), names)
	if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "the-")) {
		t.Errorf("the error holds a credential, or what the server said")
	}
	return got, err
}

// is demands that a setting has a value, and returns it.
func is(t *testing.T, s settings.Source, name, want string) settings.Value {
	t.Helper()
	got, err := lookup(t, s, name)
	if err != nil || got[name].Text != want {
		t.Errorf("%s is %q, want %q: %v", name, got[name].Text, want, err)
	}
	return got[name]
}

// fails demands an error that has all parts, and no value.
func fails(t *testing.T, s settings.Source, name string, parts ...string) {
	t.Helper()
	got, err := lookup(t, s, name)
	if err == nil || len(got) > 0 {
		t.Errorf("%d values, and the error %v", len(got), err)
		return
	}
	for _, part := range append(parts, "vault") {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q: %v", part, err)
		}
	}
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
