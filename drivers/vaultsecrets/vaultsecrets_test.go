package vaultsecrets_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/vaultsecrets"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

func TestContract(t *testing.T) {
	for _, path := range []string{"secret/bulletin", "old/bulletin"} {
		t.Run(path, func(t *testing.T) {
			settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
				return open(t, newFake().put(values).start(t), at(path))
			})
			settingstest.TestWriter(t, func(t *testing.T, values map[string]string) settings.Writer {
				return open(t, newFake().put(values).start(t), at(path))
			})
			settingstest.TestAnswers(t, func(_ *testing.T, current func() (map[string]string, string)) http.Handler {
				f := newFake()
				f.before = func(string) {
					values, version := current()
					f.mu.Lock()
					defer f.mu.Unlock()
					f.put(values)
					s := f.secrets["secret/bulletin"]
					_, _ = fmt.Sscan(version, &s.version)
					f.secrets["secret/bulletin"] = s
				}
				return f
			}, func(t *testing.T, baseURL string) settings.Source { return open(t, baseURL, at(path)) })
		})
	}
}

func TestWhere(t *testing.T) {
	f := newFake().put(map[string]string{"SECRET_KEY": "one"})
	f.secrets["old/other"] = stored{data: map[string]any{"url": "two", "number": 20, "yes": true, "list": []any{"a"}, "null": nil}}
	s := open(t, f.start(t), func(c *vaultsecrets.Config) {
		c.Refs = map[string]settings.Ref{}
		for name, field := range map[string]string{"DATABASE_URL": "url", "NUMBER": "number", "YES": "yes", "LIST": "list", "NULL": "null"} {
			c.Refs[name] = settings.Ref{Secret: "old/other", Field: field}
		}
	})
	got, err := lookup(t, s, "SECRET_KEY", "DATABASE_URL", "NUMBER", "YES", "LIST", "NULL", "ABSENT")
	want := map[string]string{"SECRET_KEY": "one", "DATABASE_URL": "two", "NUMBER": "20", "YES": "true", "LIST": `["a"]`}
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %d values, %v", len(got), err)
	}
	for name, text := range want {
		if got[name].Text != text {
			t.Errorf("%s is %q, want %q", name, got[name].Text, text)
		}
	}
	if v := got["SECRET_KEY"]; v.Origin != "vault secret/bulletin#SECRET_KEY" || v.Version != "1" {
		t.Errorf("the key has origin %q and version %q", v.Origin, v.Version)
	}
	if v := got["DATABASE_URL"]; v.Origin != "vault old/other#url" || len(v.Version) != 16 {
		t.Errorf("the mapped one has origin %q and version %q", v.Origin, v.Version)
	}
}

// TestRequests holds the driver to few: each path once, a mount once, a token looked at once.
func TestRequests(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1", "B": "2"})
	refs := map[string]settings.Ref{"C": {Secret: "old/bulletin", Field: "A"}, "D": {Secret: "old/bulletin", Field: "B"}}
	s := open(t, f.start(t), func(c *vaultsecrets.Config) { c.Refs = refs })
	names := []string{"A", "B", "C", "D", "E"}
	for _, want := range [][]string{
		{"GET auth/token/lookup-self", "GET old/bulletin", "GET secret/data/bulletin", "GET sys/internal/ui/mounts/old/bulletin", "GET sys/internal/ui/mounts/secret/bulletin"},
		{"GET old/bulletin", "GET secret/data/bulletin"},
	} {
		got, err := lookup(t, s, names...)
		asked := slices.Sorted(slices.Values(f.requests()))
		if err != nil || len(got) != 4 || !slices.Equal(asked, want) {
			t.Errorf("%d values by %v, want %v: %v", len(got), asked, want, err)
		}
	}
	if _, err := lookup(t, s); err != nil || len(f.requests()) > 0 {
		t.Errorf("no names are asked for: %v", err)
	}
	// With kv the mount is not asked for, and with few paths at once many are read.
	many := map[string]settings.Ref{}
	for i := range 30 {
		many[fmt.Sprintf("NAME_%02d", i)] = settings.Ref{Secret: fmt.Sprintf("secret/%02d", i), Field: "x"}
	}
	s = open(t, f.start(t), func(c *vaultsecrets.Config) { c.KV, c.Refs = 2, many })
	var now, most atomic.Int64
	f.before = func(string) {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(5 * time.Millisecond)
		now.Add(-1)
	}
	if got, err := lookup(t, s, slices.Sorted(maps.Keys(many))...); err != nil || len(got) != 0 {
		t.Errorf("%d values of secrets that are not there, %v", len(got), err)
	}
	if asked := f.requests(); len(asked) != 61 {
		t.Errorf("30 paths where nothing is take %d requests, want 30, 30 for their mounts, and one for the token", len(asked))
	}
	if n := most.Load(); n < 2 || n > 4 {
		t.Errorf("%d paths are read at once, want 2 to 4", n)
	}
}

// TestAnswersOfStatus answers one path of the API with each status, and each body of Vault's and of others.
func TestAnswersOfStatus(t *testing.T) {
	const page = "<html>canary</html>"
	for what, test := range map[string]struct {
		path, body string
		status     int
		edit       func(*vaultsecrets.Config)
		want       string // part of the error; empty if the name is absent
	}{
		"a token that is refused":         {"secret/data/bulletin", `{"errors":["canary"]}`, 403, nil, `permission is denied: allow "read" on secret/data/bulletin`},
		"no mount":                        {"sys/internal/ui/mounts/secret/bulletin", `{"errors":["canary"]}`, 403, nil, "no secrets engine is mounted there, or permission is denied"},
		"no route":                        {"secret/data/bulletin", `{"errors":["no handler for route canary"]}`, 404, nil, "no secrets engine is mounted there"},
		"nothing there":                   {"secret/data/bulletin", `{"errors":[]}`, 404, nil, ""},
		"nothing there in KV 1":           {"old/bulletin", `{"errors":[]}`, 404, at("old/bulletin"), ""},
		"deleted":                         {"secret/data/bulletin", `{"data":{"data":null,"metadata":{"version":3,"deletion_time":"2026"}}}`, 404, nil, ""},
		"a 404 that says nothing":         {"secret/data/bulletin", `{}`, 404, nil, "does not answer as Vault does"},
		"a 404 of a page":                 {"secret/data/bulletin", page, 404, nil, "does not answer as Vault does"},
		"a 404 with another body":         {"secret/data/bulletin", `{"data":{"canary":1}}`, 404, nil, "does not answer as Vault does"},
		"a 404 with a secret":             {"secret/data/bulletin", `{"data":{"data":{"SECRET_KEY":"canary"},"metadata":{"version":3}}}`, 404, nil, "does not answer as Vault does"},
		"KV 1 asked of a mount of KV 2":   {"old/bulletin", `{"data":null,"warnings":["canary"]}`, 404, at("old/bulletin"), "not in a mount of that version"},
		"no data":                         {"secret/data/bulletin", `{"data":null}`, 200, nil, "does not answer as Vault does"},
		"no data in KV 1":                 {"old/bulletin", `{"data":null}`, 200, at("old/bulletin"), "does not answer as Vault does"},
		"data without a version":          {"secret/data/bulletin", `{"data":{"data":{"SECRET_KEY":"canary"}}}`, 200, nil, "does not answer as Vault does"},
		"a list":                          {"secret/data/bulletin", `[{"data":{}}]`, 200, nil, "does not answer as Vault does"},
		"a field twice":                   {"secret/data/bulletin", `{"data":{"data":{"SECRET_KEY":"canary","SECRET_KEY":"b"},"metadata":{"version":1}}}`, 200, nil, "has a field twice"},
		"nothing at all":                  {"secret/data/bulletin", "", 204, nil, "does not answer as Vault does"},
		"a bad request":                   {"secret/data/bulletin", `{"errors":["canary"]}`, 400, nil, "is refused as a bad request"},
		"a standby that is behind":        {"secret/data/bulletin", `{"errors":["canary"]}`, 412, nil, "has not heard yet"},
		"a quota":                         {"secret/data/bulletin", `{"errors":["canary"]}`, 429, nil, "asks for fewer requests"},
		"an error within":                 {"secret/data/bulletin", `{"errors":["canary"]}`, 500, nil, "answers with HTTP status 500"},
		"not initialised":                 {"secret/data/bulletin", `{"errors":["canary"]}`, 501, nil, "is not initialised"},
		"a proxy":                         {"secret/data/bulletin", page, 502, nil, "answers with HTTP status 502"},
		"no active node":                  {"secret/data/bulletin", `{"errors":["canary"]}`, 503, nil, "does not serve: it may be sealed"},
		"an answer without a body":        {"secret/data/bulletin", "", 304, nil, "answers with HTTP status 304"},
		"another mount than was asked":    {"sys/internal/ui/mounts/secret/bulletin", `{"data":{"path":"canary/","type":"kv"}}`, 200, nil, "does not answer as Vault does"},
		"a mount and no secret":           {"sys/internal/ui/mounts/secret/bulletin", `{"data":{"path":"secret/bulletin/","type":"kv"}}`, 200, nil, "is a mount and not a secret"},
		"a token's page":                  {"auth/token/lookup-self", page, 200, nil, "does not answer as Vault does"},
		"a token's times are missing":     {"auth/token/lookup-self", `{"data":{}}`, 200, nil, "does not answer as Vault does"},
		"a login that is refused":         {"auth/approle/login", `{"errors":["canary"]}`, 400, byAppRole, "login at auth/approle is refused: check VAULT_ROLE_ID"},
		"a login that is not there":       {"auth/approle/login", `{"errors":["canary"]}`, 404, byAppRole, "no login is mounted at auth/approle"},
		"a login without a token":         {"auth/approle/login", `{"auth":{"lease_duration":1}}`, 200, byAppRole, "does not answer as Vault does"},
		"a login of a page":               {"auth/approle/login", page, 200, byAppRole, "does not answer as Vault does"},
		"a login at a server that fails":  {"auth/approle/login", page, 500, byAppRole, "answers with HTTP status 500"},
		"a login whose token has a blank": {"auth/approle/login", `{"auth":{"client_token":"canary\u0001"}}`, 200, byAppRole, "does not answer as Vault does"},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFake().put(map[string]string{"SECRET_KEY": "canary"})
			f.answer[test.path] = canned{test.status, test.body}
			s := open(t, f.start(t), test.edit)
			if test.want != "" {
				fails(t, s, "SECRET_KEY", test.want)
				return
			}
			if got, err := lookup(t, s, "SECRET_KEY"); err != nil || len(got) > 0 {
				t.Errorf("%d values, %v, want none", len(got), err)
			}
		})
	}
	f := newFake().put(map[string]string{"SECRET_KEY": "x"})
	f.answer["secret/data/bulletin"] = canned{503, `{"errors":["Vault is sealed"]}`}
	f.answer["sys/seal-status"] = canned{200, `{"sealed":true}`}
	fails(t, open(t, f.start(t), nil), "SECRET_KEY", "is sealed: unseal it")
}

func TestDataInPath(t *testing.T) {
	for _, part := range []string{"data", "metadata"} {
		fails(t, open(t, newFake().start(t), at("secret/"+part+"/bulletin")), "SECRET_KEY", "leave it out")
	}
}

// TestWrongKV reads a mount of version 1 as one of version 2, where it seems empty.
func TestWrongKV(t *testing.T) {
	f := newFake().put(map[string]string{"SECRET_KEY": "x"})
	two := func(path string) *vaultsecrets.Source {
		return open(t, f.start(t), func(c *vaultsecrets.Config) { c.Path, c.KV = path, 2 })
	}
	fails(t, two("old/bulletin"), "SECRET_KEY", "not in a mount of that version")
	is(t, two("secret/nothing"), "SECRET_KEY", "")
	f.answer["sys/internal/ui/mounts/secret/nothing"] = canned{403, `{"errors":["canary"]}`} // kv is for who may not ask
	is(t, two("secret/nothing"), "SECRET_KEY", "")
}

// TestMountChanges has a mount become one of version 2 after it was looked at.
func TestMountChanges(t *testing.T) {
	f := newFake().put(map[string]string{"SECRET_KEY": "x"})
	s := open(t, f.start(t), at("old/bulletin"))
	is(t, s, "SECRET_KEY", "x")
	f.answer["old/bulletin"] = canned{404, `{"data":null,"warnings":["Invalid path for a versioned K/V secrets engine"]}`}
	fails(t, s, "SECRET_KEY", "not in a mount of that version")
	f.answer["sys/internal/ui/mounts/old/bulletin"] = canned{200, `{"data":{"path":"old/","type":"kv","options":{"version":"2"}}}`}
	f.answer["old/data/bulletin"] = canned{200, `{"data":{"data":{"SECRET_KEY":"y"},"metadata":{"version":7}}}`}
	if v := is(t, s, "SECRET_KEY", "y"); v.Version != "7" {
		t.Errorf("it has version %q", v.Version)
	}
}

// TestFingerprint runs itself again: another process has another key.
func TestFingerprint(t *testing.T) {
	f := newFake().put(map[string]string{"SECRET_KEY": "x"})
	if os.Getenv("VAULTSECRETS_TEST_PRINT") != "" {
		fmt.Println("version", is(t, open(t, f.start(t), at("old/bulletin")), "SECRET_KEY", "x").Version)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFingerprint$")
	cmd.Env = append(os.Environ(), "VAULTSECRETS_TEST_PRINT=1")
	mine := is(t, open(t, f.start(t), at("old/bulletin")), "SECRET_KEY", "x").Version
	if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), "version ") || strings.Contains(string(out), mine) {
		t.Errorf("another process says %q of the same value, and this one %s: %v", out, mine, err)
	}
	f.secrets["old/other"] = f.secrets["old/bulletin"]
	if is(t, open(t, f.start(t), at("old/other")), "SECRET_KEY", "x").Version == mine {
		t.Error("the version tells that two secrets are alike")
	}
	version := func(body string) string {
		f.answer["old/bulletin"] = canned{200, `{"data":` + body + `}`}
		return is(t, open(t, f.start(t), at("old/bulletin")), "SECRET_KEY", "x").Version
	}
	one := version(`{"SECRET_KEY":"x","n":12345678901234567}`)
	if version(`{ "n": 12345678901234567, "SECRET_KEY": "x" }`) != one {
		t.Error("another order, and another source, make another version")
	}
	for _, other := range []string{`{"SECRET_KEY":"x","n":12345678901234568}`, `{"SECRET_KEY":"x"}`, `{"SECRET_KEY":"x","n":"12345678901234567"}`} {
		if version(other) == one {
			t.Errorf("%s has the same version", other)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	set := func(name, version string) settings.Change {
		return settings.Change{Name: name, Text: secret.New("canary"), Version: version}
	}
	refs := func(c *vaultsecrets.Config) {
		c.Refs = map[string]settings.Ref{"OTHER": {Secret: "old/bulletin", Field: "A"}, "MADE": {Secret: "database/creds/site", Field: "password"}}
	}
	for what, test := range map[string]struct {
		answer   map[string]canned
		changes  []settings.Change
		want     string
		conflict bool
	}{
		"what another engine makes": {nil, []settings.Change{set("MADE", "")}, "is not in a KV engine", false},
		"a version that is gone":    {nil, []settings.Change{set("A", "7")}, "vault secret/bulletin#A: somebody else has written: read it again: the value has changed", true},
		"one version of two":        {nil, []settings.Change{set("OTHER", ""), set("A", "7")}, "(not written: OTHER, A)", true},
		"what may not be read":      {map[string]canned{"secret/data/bulletin": {403, `{"errors":["canary"]}`}}, []settings.Change{set("A", "")}, `allow "read" on secret/data/bulletin`, false},
		"a server that fails":       {map[string]canned{"auth/token/lookup-self": {500, "canary"}}, []settings.Change{set("A", "")}, "HTTP status 500", false},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFake().put(map[string]string{"A": "canary-0"})
			for path, c := range test.answer {
				f.answer[path] = c
			}
			s := open(t, f.start(t), refs)
			err := s.Write(t.Context(), test.changes)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "canary") || errors.Is(err, settings.ErrConflict) != test.conflict {
				t.Errorf("got %v, want %q, conflict %v", err, test.want, test.conflict)
			}
			for _, asked := range f.requests() {
				if strings.HasPrefix(asked, "PUT") {
					t.Errorf("something was written: %s", asked)
				}
			}
		})
	}
	s := open(t, newFake().start(t), func(c *vaultsecrets.Config) { c.Path = ""; refs(c) })
	if err := s.Write(t.Context(), []settings.Change{set("A", "")}); err == nil || !strings.Contains(err.Error(), "has no place here") {
		t.Errorf("a name without a place: %v", err)
	}
}

// TestWriteRefused has Vault refuse the writing itself.
func TestWriteRefused(t *testing.T) {
	for what, test := range map[string]struct {
		canned
		path, want string
	}{
		"update": {canned{403, "{}"}, "secret/bulletin", `allow "update" on secret/data/bulletin`},
		"create": {canned{403, "{}"}, "secret/new", `allow "create" on secret/data/new`},
		"KV 1":   {canned{403, "{}"}, "old/bulletin", `allow "update" on old/bulletin`},
		"large":  {canned{400, `{"errors":["canary"]}`}, "secret/bulletin", "refused as a bad request"},
		"gone":   {canned{404, `{"errors":["canary"]}`}, "old/bulletin", "no secrets engine is mounted there"},
		"a page": {canned{200, "<html>canary</html>"}, "old/bulletin", "does not answer as Vault does"},
		"empty":  {canned{200, "{}"}, "secret/bulletin", "does not answer as Vault does"},
		"silent": {canned{204, ""}, "secret/bulletin", "does not answer as Vault does"},
		"failed": {canned{500, `{"errors":["canary"]}`}, "old/bulletin", "HTTP status 500"},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFake().put(map[string]string{"A": "canary-0"})
			s := open(t, f.start(t), at(test.path))
			s.Wrap(func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.Method != http.MethodPut {
						return next.RoundTrip(r)
					}
					return respond(r, test.status, test.body), nil
				})
			})
			err := s.Write(t.Context(), []settings.Change{{Name: "A", Text: secret.New("canary")}})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "(not written: A)") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestWriteRaces has somebody write between our reading and our writing.
func TestWriteRaces(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1", "B": "2"})
	s := open(t, f.start(t), func(c *vaultsecrets.Config) {
		c.Refs = map[string]settings.Ref{"C": {Secret: "old/bulletin", Field: "C"}}
	})
	races := 0
	s.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if f.mu.Lock(); r.Method == http.MethodPut && races > 0 {
				races--
				f.secrets["secret/bulletin"] = stored{map[string]any{"A": "theirs", "B": "theirs"}, f.secrets["secret/bulletin"].version + 1}
			}
			f.mu.Unlock()
			return next.RoundTrip(r)
		})
	})
	races = 2
	if err := s.Write(t.Context(), []settings.Change{{Name: "A", Text: secret.New("ours")}}); err != nil {
		t.Error(err)
	}
	is(t, s, "A", "ours")
	v := is(t, s, "B", "theirs")
	races = 1
	err := s.Write(t.Context(), []settings.Change{{Name: "A", Text: secret.New("never"), Version: v.Version}})
	if !errors.Is(err, settings.ErrConflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	is(t, s, "A", "theirs")
	races = 100
	if err := s.Write(t.Context(), []settings.Change{{Name: "A", Text: secret.New("never")}}); err == nil || errors.Is(err, settings.ErrConflict) {
		t.Errorf("while others write all the time: %v", err)
	}
	// The second of two secrets: something was written, so that it is no conflict.
	races = 0
	version := is(t, s, "A", "theirs").Version
	races = 2 // the first writing, of old/bulletin, is one of them
	err = s.Write(t.Context(), []settings.Change{{Name: "C", Text: secret.New("written")}, {Name: "A", Text: secret.New("never"), Version: version}})
	if err == nil || errors.Is(err, settings.ErrConflict) || !strings.Contains(err.Error(), "(not written: A)") {
		t.Errorf("the second of two: %v", err)
	}
	is(t, s, "C", "written")
}
