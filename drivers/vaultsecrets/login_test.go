package vaultsecrets_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/vaultsecrets"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// clock is a clock that is set by hand.
type clock struct{ now time.Time }

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

func clocked(s *vaultsecrets.Source) *clock {
	c := &clock{time.Now()}
	s.SetNow(func() time.Time { return c.now })
	return c
}

// logins are the requests to auth/ among those that f was asked since the last call.
func (f *fake) auth() []string {
	var auth []string
	for _, one := range f.requests() {
		if strings.Contains(one, " auth/") {
			auth = append(auth, one[strings.LastIndexByte(one, '/')+1:])
		}
	}
	return auth
}

func TestRenewal(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	s := open(t, f.start(t), byAppRole)
	c := clocked(s)
	for i, step := range []struct {
		pass  time.Duration
		renew time.Duration // what a renewal gives
		want  []string
	}{
		{0, time.Hour, []string{"login"}},
		{19 * time.Minute, time.Hour, nil},
		{2 * time.Minute, time.Hour, []string{"renew-self"}},                  // a third has passed
		{21 * time.Minute, 30 * time.Minute, []string{"renew-self"}},          // its end comes nearer
		{5 * time.Minute, 19 * time.Minute, []string{"renew-self", "login"}},  // less than a third would be left
		{2 * time.Hour, time.Hour, []string{"login"}},                         // it has ended
		{30 * time.Minute, 0, []string{"renew-self"}},                         // refused: what is left is used
		{15 * time.Minute, 0, []string{"renew-self", "login"}},                // until it is short
		{30 * time.Minute, 10 * time.Second, []string{"renew-self", "login"}}, // the most it may live
		{10 * time.Minute, time.Hour, nil},
	} {
		c.pass(step.pass)
		for token := range f.tokens {
			f.tokens[token] = step.renew
		}
		delete(f.answer, "auth/token/renew-self")
		if step.renew == 0 {
			f.answer["auth/token/renew-self"] = canned{403, `{"errors":["canary"]}`}
		}
		is(t, s, "A", "1")
		if got := f.auth(); !slices.Equal(got, step.want) {
			t.Errorf("step %d: it asked for %v, want %v", i, got, step.want)
		}
	}
}

// TestGivenToken renews a given token, but not one from a file, and never logs in.
func TestGivenToken(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	s := open(t, f.start(t), nil)
	c := clocked(s)
	for i, step := range []struct {
		pass time.Duration
		want []string
	}{
		{0, []string{"lookup-self"}}, {19 * time.Minute, nil}, {2 * time.Minute, []string{"renew-self"}}, {time.Minute, nil},
	} {
		c.pass(step.pass)
		is(t, s, "A", "1")
		if got := f.auth(); !slices.Equal(got, step.want) {
			t.Errorf("step %d: it asked for %v, want %v", i, got, step.want)
		}
	}
	delete(f.tokens, "the-token")
	fails(t, s, "A", "the token is refused", "give a new one")

	path := file(t, "file-token\n")
	f.tokens["file-token"], f.tokens["next-token"] = time.Hour, time.Hour
	s = open(t, f.start(t), func(c *vaultsecrets.Config) { c.TokenFile = path })
	c = clocked(s)
	is(t, s, "A", "1")
	c.pass(50 * time.Minute)
	is(t, s, "A", "1")
	if got := f.auth(); slices.Contains(got, "renew-self") {
		t.Errorf("the token of the file is renewed: %v", got)
	}
	delete(f.tokens, "file-token")
	if err := os.WriteFile(path, []byte("  next-token "), 0o600); err != nil {
		t.Fatal(err)
	}
	is(t, s, "A", "1")
}

// TestTokenThatEnds has Vault refuse a token of ours early: a new login, once. One that is good and may not read is not replaced.
func TestTokenThatEnds(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	s := open(t, f.start(t), byAppRole)
	is(t, s, "A", "1")
	delete(f.tokens, "own-token-1")
	f.auth()
	is(t, s, "A", "1")
	if got := f.auth(); !slices.Equal(got, []string{"lookup-self", "login"}) {
		t.Errorf("it asked for %v", got)
	}
	// What was not asked for before begins with its mount.
	s = open(t, f.start(t), func(c *vaultsecrets.Config) {
		byAppRole(c)
		c.Refs = map[string]settings.Ref{"B": {Secret: "old/bulletin", Field: "A"}}
	})
	is(t, s, "A", "1")
	clear(f.tokens)
	is(t, s, "B", "1")
	f.auth()
	f.answer["secret/data/bulletin"] = canned{403, `{"errors":["canary"]}`}
	fails(t, s, "A", `allow "read" on secret/data/bulletin`)
	if got := f.auth(); !slices.Equal(got, []string{"lookup-self"}) {
		t.Errorf("refused, it asked for %v", got)
	}
	// With a new login nothing else is tried.
	s = open(t, f.start(t), byAppRole)
	fails(t, s, "A", `allow "read"`)
	if got := f.auth(); !slices.Equal(got, []string{"login"}) {
		t.Errorf("refused after a new login, it asked for %v", got)
	}
}

// TestTokenThatMayNotLook has no right to look itself up, and reads.
func TestTokenThatMayNotLook(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	f.answer["auth/token/lookup-self"] = canned{403, `{"errors":["canary"]}`}
	is(t, open(t, f.start(t), nil), "A", "1")
}

func TestKubernetes(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	path := file(t, "the-jwt\n")
	s := open(t, f.start(t), func(c *vaultsecrets.Config) {
		c.Auth, c.Role, c.JWTFile = vaultsecrets.AuthKubernetes, "bulletin", path
	})
	c := clocked(s)
	is(t, s, "A", "1")
	c.pass(41 * time.Minute) // a batch token, which cannot be renewed
	f.auth()
	is(t, s, "A", "1")
	if got := f.auth(); !slices.Equal(got, []string{"login"}) {
		t.Errorf("it asked for %v", got)
	}
	if err := os.WriteFile(path, []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.pass(41 * time.Minute)
	fails(t, s, "A", "login at auth/kubernetes is refused", "check role")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	fails(t, s, "A", "jwt_file", "cannot be read")
}

func TestWrapped(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	wrapped := func(c *vaultsecrets.Config) {
		byAppRole(c)
		c.SecretID, c.Wrapped = secret.New("the-wrapping"), true
	}
	s := open(t, f.start(t), wrapped)
	c := clocked(s)
	for range 2 {
		is(t, s, "A", "1")
		c.pass(2 * time.Hour)
	}
	unwraps := 0
	for _, one := range f.requests() {
		if one == "PUT sys/wrapping/unwrap" {
			unwraps++
		}
	}
	if unwraps != 1 {
		t.Errorf("it unwrapped %d times for two logins, want once", unwraps)
	}
	for what, test := range map[string]struct {
		path string
		canned
		want string
	}{
		"a token that was used":        {"sys/wrapping/lookup", canned{400, `{"errors":["canary"]}`}, "destroy the secret id"},
		"a token of somebody else":     {"sys/wrapping/lookup", canned{200, `{"data":{"creation_path":"sys/wrapping/wrap"}}`}, "was not made for a secret id"},
		"a token for another login":    {"sys/wrapping/lookup", canned{200, `{"data":{"creation_path":"auth/canary/role/x/secret-id"}}`}, "was not made for a secret id"},
		"a token for the role id":      {"sys/wrapping/lookup", canned{200, `{"data":{"creation_path":"auth/approle/role/x/role-id"}}`}, "was not made for a secret id"},
		"used between the two":         {"sys/wrapping/unwrap", canned{400, `{"errors":["canary"]}`}, "destroy the secret id"},
		"a wrapping with another text": {"sys/wrapping/unwrap", canned{200, `{"data":{"canary":"x"}}`}, "does not answer as Vault does"},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFake()
			f.answer[test.path] = test.canned
			fails(t, open(t, f.start(t), wrapped), "A", test.want)
			if slices.Contains(f.auth(), "login") {
				t.Error("it logs in")
			}
		})
	}
}

func TestFiles(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	address := f.start(t)
	dir := t.TempDir()
	for what, test := range map[string]struct{ path, want string }{
		"a file that is not there": {dir + "/none", "cannot be read"},
		"a directory":              {dir, "is no regular file"},
		"a device":                 {"/dev/null", "is no regular file"},
		"an empty file":            {file(t, " \n"), "is empty"},
		"a large file":             {file(t, strings.Repeat("canary", 20_000)), "is too large"},
	} {
		t.Run(what, func(t *testing.T) {
			fails(t, open(t, address, func(c *vaultsecrets.Config) { c.TokenFile = test.path }), "A", "token_file", test.want)
			fails(t, open(t, address, func(c *vaultsecrets.Config) {
				c.Auth, c.RoleIDFile, c.SecretID = vaultsecrets.AuthAppRole, test.path, secret.New("x")
			}), "A", "role_id_file", test.want)
			fails(t, open(t, address, func(c *vaultsecrets.Config) {
				c.Auth, c.RoleID, c.SecretIDFile = vaultsecrets.AuthAppRole, "x", test.path
			}), "A", "secret_id_file", test.want)
		})
	}
	s := open(t, address, func(c *vaultsecrets.Config) {
		c.Auth, c.RoleIDFile, c.SecretIDFile = vaultsecrets.AuthAppRole, file(t, "the-role\n"), file(t, "the-secret\n")
	})
	is(t, s, "A", "1")
}

func TestLease(t *testing.T) {
	f := newFake()
	s := open(t, f.start(t), func(c *vaultsecrets.Config) {
		byAppRole(c)
		c.Path, c.Refs = "", map[string]settings.Ref{"USER": {Secret: "database/creds/site", Field: "username"}, "PASSWORD": {Secret: "database/creds/site", Field: "password"}}
	})
	c := clocked(s)
	both := func(want string) string {
		t.Helper()
		got, err := lookup(t, s, "USER", "PASSWORD")
		if err != nil || got["USER"].Text != "user-"+want || got["PASSWORD"].Text != "password-"+want || got["USER"].Version != got["PASSWORD"].Version {
			t.Errorf("got %v, want those of lease %s: %v", got, want, err)
		}
		return got["USER"].Version
	}
	first := both("1")
	for range 3 {
		c.pass(10 * time.Minute)
		if both("1") != first {
			t.Error("the version changes without the value")
		}
	}
	f.renewal = 19 * time.Minute // it comes to its end: less than a third
	if both("2") == first {
		t.Error("the version is the same, and the value is not")
	}
	f.renewal = time.Hour
	both("2")
	f.answer["sys/leases/renew"] = canned{400, `{"errors":["lease not found"]}`}
	both("3")
	f.answer["sys/leases/renew"] = canned{403, `{"errors":["canary"]}`} // the token is good, and may not renew
	both("3")
	c.pass(41 * time.Minute)
	both("4")
	f.answer["sys/leases/renew"] = canned{503, `{"errors":["canary"]}`}
	fails(t, s, "USER", "does not serve")
	delete(f.answer, "sys/leases/renew")
	both("4")
	f.answer["sys/leases/renew"] = canned{200, `{"lease_id":"lease-4","lease_duration":3600,"renewable":true,"data":{"username":"user-4b","password":"password-4b"}}`}
	both("4b") // an engine that reads again when it renews
	delete(f.answer, "sys/leases/renew")
	both("4b")
	for token := range f.tokens { // and with it all its leases
		delete(f.tokens, token)
	}
	both("5")
}

func TestClose(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	for what, test := range map[string]struct {
		edit func(*vaultsecrets.Config)
		use  bool
		want []string
	}{
		"our token":     {byAppRole, true, []string{"login", "revoke-self"}},
		"no token yet":  {byAppRole, false, nil},
		"a given token": {nil, true, []string{"lookup-self"}},
		"our batch token": {func(c *vaultsecrets.Config) {
			c.Auth, c.Role, c.JWTFile = vaultsecrets.AuthKubernetes, "bulletin", file(t, "the-jwt")
		}, true, []string{"login"}},
	} {
		t.Run(what, func(t *testing.T) {
			f.requests()
			s := open(t, f.start(t), test.edit)
			if test.use {
				is(t, s, "A", "1")
			}
			for range 2 {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
			if got := f.auth(); !slices.Equal(got, test.want) {
				t.Errorf("it asked for %v, want %v", got, test.want)
			}
			fails(t, s, "A", "closed")
		})
	}
	s := open(t, f.start(t), byAppRole)
	is(t, s, "A", "1")
	f.answer["auth/token/revoke-self"] = canned{http.StatusInternalServerError, "canary"}
	if err := s.Close(); err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "could not be revoked") {
		t.Errorf("got %v", err)
	}
}
