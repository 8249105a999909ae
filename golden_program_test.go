package airworthy_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/admin"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/password/policy"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

// variant is a change of the program of a case's site.
type variant struct {
	base   func(*airworthy.Settings) // before the variables are laid over it
	code   func(*airworthy.Settings) // after that, before New
	keeper func(*secrets.Config)
	later  func(dir string) error // when the site is up
}

// variants are the changes that no variable makes.
var variants = map[string]variant{
	"a budget of no failures": {code: func(s *airworthy.Settings) { s.Lockout.Network.Failures = -1 }},
	"a header of two lines": {code: func(s *airworthy.Settings) {
		s.Headers.Extra = map[string]string{"X-Team": "a\r\nSet-Cookie: b=c"}
	}},
	"a key in code":      {base: func(s *airworthy.Settings) { s.Keyring.Key = keyring.Generate() }},
	"a nil failure page": {code: func(s *airworthy.Settings) { s.CSRF.Failure = http.HandlerFunc(nil) }},
	"a rule that refuses everything": {code: func(s *airworthy.Settings) {
		s.PasswordPolicy.Validators = []policy.Validator{refuseAll{}}
	}},
	"accounts in memory": {code: func(s *airworthy.Settings) { s.Accounts.Store = accounts.NewMemory() }},
	"an admin of its own": {code: func(s *airworthy.Settings) {
		s.Admin.Who = func(*http.Request) (admin.Visitor, error) { return admin.Visitor{}, nil }
	}},
	"an exempt hook":     {code: func(s *airworthy.Settings) { s.CSRF.InsecureExempt = []string{"POST /hooks"} }},
	"lockouts in memory": {code: func(s *airworthy.Settings) { s.Lockout.Store = nil }},
	"no mail":            {code: func(s *airworthy.Settings) { s.Accounts.Mail = nil }},
	"no second factors": {code: func(s *airworthy.Settings) {
		s.Accounts.Store, s.Accounts.Factors = struct{ accounts.Store }{s.Accounts.Store}, nil
	}},
	"sessions in cookies": {code: func(s *airworthy.Settings) {
		s.Session.Store, s.Accounts.Store = nil, nil // accounts want sessions that can be ended
	}},
	"sessions in memory": {code: func(s *airworthy.Settings) {
		s.Session.Store = s.Session.Store.(durableSessions).Memory
	}},
	"secrets that are gone":          {later: func(dir string) error { return os.RemoveAll(filepath.Join(dir, "secrets")) }},
	"secrets that are stale at once": {keeper: func(c *secrets.Config) { c.StaleAfter = 1 }},
}

// changesIn returns what the file "program" of a site says.
func changesIn(t *testing.T, dir string) (changes []variant) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "program"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name := strings.TrimSpace(line)
		change, ok := variants[name]
		if part, field, found := strings.Cut(name, "."); found {
			change, ok = variant{base: func(s *airworthy.Settings) {
				reflect.ValueOf(s).Elem().FieldByName(part).FieldByName(field).SetBool(true)
			}}, strings.HasPrefix(field, "Insecure")
		}
		if !ok {
			t.Fatalf("program: there is no variant %q: see variants", name)
		}
		changes = append(changes, change)
	}
	return changes
}

// Stores that last longer than the process, as far as a check can see.
type (
	durableSessions struct{ *session.Memory }
	durableAccounts struct{ *accounts.Memory }
	durableLockouts struct{ *lockout.Memory }
)

// equipped returns settings with all that a site with accounts has from its program.
func equipped(t *testing.T, s airworthy.Settings) airworthy.Settings {
	sessions := session.NewMemory(session.MemoryOptions{})
	t.Cleanup(func() { _ = sessions.Close() })
	users := accounts.NewMemory()
	s.Logs.Output, s.Logs.AccessLog = io.Discard, logs.AccessOff
	s.Session.Store = durableSessions{sessions}
	s.Accounts.Store, s.Accounts.Factors = durableAccounts{users}, users
	s.Accounts.Mail = func(context.Context, accounts.Message) error { return nil }
	s.Lockout.Store = durableLockouts{lockout.NewMemory(lockout.MemoryOptions{})}
	s.AccountPages.Off = true // their templates take longer than all the rest, and no check asks about them
	return s
}

type refuseAll struct{}

func (refuseAll) Validate(context.Context, string, []policy.Attribute) ([]policy.Problem, error) {
	return []policy.Problem{{Code: "no", Message: "No."}}, nil
}

func (refuseAll) Help() string { return "No password is right." }

// clearSource is a manager that is asked in the clear.
type clearSource struct{ settings.Source }

func (clearSource) Weakness() string { return "it is asked over http" }

func openClear(context.Context, *url.URL, map[string]settings.Value) (settings.Source, error) {
	return clearSource{settings.Map("manager", nil)}, nil
}

// TestEveryVariantIsUsed looks for variants that no case has.
func TestEveryVariantIsUsed(t *testing.T) {
	var used []string
	names, err := filepath.Glob("testdata/checks/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases (%v)", err)
	}
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, "/program") {
				used = append(used, strings.Split(string(f.Data), "\n")...)
			}
		}
	}
	for name := range variants {
		if !slices.Contains(used, name) {
			t.Errorf("no case has the variant %q", name)
		}
	}
}
