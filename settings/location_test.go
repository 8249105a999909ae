package settings_test

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/settings"
)

func TestParseLocation(t *testing.T) {
	u := parseURL(t, "vault://vault.example:8200/secret/app?auth=approle&DATABASE_URL=db/main%23url&SECRET_KEY=key")
	l, err := settings.ParseLocation(u, "auth", "role")
	if err != nil {
		t.Fatal(err)
	}
	if l.Host != "vault.example:8200" || l.Path != "secret/app" || l.Options["auth"] != "approle" || len(l.Options) != 1 {
		t.Errorf("got %+v", l)
	}
	want := map[string]settings.Ref{"DATABASE_URL": {"db/main", "url"}, "SECRET_KEY": {"key", ""}}
	if !maps.Equal(l.Refs, want) {
		t.Errorf("refs are %v, want %v", l.Refs, want)
	}
}

func TestParseLocationRefuses(t *testing.T) {
	const canary = "hunter2-canary"
	for text, want := range map[string]string{
		"vault://u:" + canary + "@h/p":           "has user information",
		"vault://h/p#" + canary:                  "has a fragment",
		"vault://h/p?" + canary + "=1":           "has an unknown parameter",
		"vault://h/p?auth=a&auth=" + canary:      "gives a parameter twice",
		"vault://h/p?KEY=" + canary + "%23":      "a field without a name",
		"vault://h/p?auth=%zz" + canary:          "cannot be read",
		"vault:" + canary:                        "is no URL of the form",
		"vault://h/p?Auth=" + canary:             "has an unknown parameter",
		"vault://h/p?auth=a;role=" + canary + "": "cannot be read",
	} {
		_, err := settings.ParseLocation(parseURL(t, text), "auth")
		if f, ok := errors.AsType[*settings.Fault](err); !ok || !strings.Contains(f.Rule, want) {
			t.Errorf("%s: got %v, want a fault that %q", strings.ReplaceAll(text, canary, "…"), err, want)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("the error holds a part of the URL")
		}
	}
}

func TestParseAs(t *testing.T) {
	if d, err := settings.ParseAs[time.Duration]("REFRESH", "90"); err != nil || d != 90*time.Second {
		t.Errorf("got %v, %v", d, err)
	}
	if l, err := settings.ParseAs[[]string]("NAMES", "a, b"); err != nil || !slices.Equal(l, []string{"a", "b"}) {
		t.Errorf("got %v, %v", l, err)
	}
	db, err := settings.ParseAs[settings.Database]("DATABASE_URL", "postgres://u:p@db/app")
	if err != nil || db.Host != "db" {
		t.Errorf("got %v, %v", db, err)
	}
	_, err = settings.ParseAs[settings.Database]("DATABASE_URL", "nonsense://u:hunter2-canary@db/app")
	f, ok := errors.AsType[*settings.Fault](err)
	if !ok || f.Variable != "DATABASE_URL" || strings.Contains(err.Error(), "canary") {
		t.Errorf("the error is not a fault of the variable, or holds its value")
	}
	if _, err := settings.ParseAs[string]("NAME", "a\x00b"); err == nil {
		t.Error("a NUL byte was taken")
	}
	if _, err := settings.ParseAs[chan int]("NAME", "a"); err == nil {
		t.Error("a type that cannot be read was taken")
	}
}

// manager is a source that is told its address by those before it.
type manager struct {
	settings.Source
	given map[string]settings.Value
	err   error
}

func (m *manager) Needs() []settings.Need {
	return []settings.Need{{Name: "MANAGER_URL"}, {Name: "MANAGER_CREDENTIAL", Secret: true}}
}

func (m *manager) Configure(given map[string]settings.Value) error {
	m.given = given
	return m.err
}

type managed struct {
	Name   string `env:"NAME"`
	Loaded settings.Loaded
}

func TestConfigured(t *testing.T) {
	m := &manager{Source: settings.Map("manager", map[string]string{"NAME": "from the manager"})}
	first := settings.Map("first", map[string]string{"MANAGER_URL": "vault://h/p", "MANAGER_CREDENTIAL": "hunter2-canary"})
	got, err := settings.Load(t.Context(), managed{}, first, m)
	if err != nil {
		t.Fatal(err)
	}
	if m.given["MANAGER_URL"].Text != "vault://h/p" || m.given["MANAGER_URL"].Origin != "first" || len(m.given) != 2 {
		t.Errorf("the manager was given %d values, the address from %q", len(m.given), m.given["MANAGER_URL"].Origin)
	}
	if got.Name != "from the manager" || len(got.Loaded.Warnings) != 0 {
		t.Errorf("got %q, warnings %v", got.Name, got.Loaded.Warnings)
	}
	if all := got.Loaded.Sources(); len(all) != 2 || all[1] != settings.Source(m) {
		t.Errorf("Sources are %v", all)
	}
	if all := got.Loaded.Secrets(); len(all) != 1 || all[0].Reveal() != "hunter2-canary" {
		t.Errorf("there are %d secrets, want the manager's credential", len(all))
	}
}

func TestConfiguredFails(t *testing.T) {
	m := &manager{Source: settings.Map("manager", nil), err: errors.New("unknown scheme")}
	_, err := settings.Load(t.Context(), managed{}, m)
	if err == nil || err.Error() != "settings: manager: unknown scheme" {
		t.Errorf("got %v", err)
	}
	if m.given == nil || len(m.given) != 0 {
		t.Errorf("the manager was given %v, want an empty map", m.given)
	}

	// What the manager needs and cannot be read is not the same as unset.
	m = &manager{Source: settings.Map("manager", nil)}
	_, err = settings.Load(context.Background(), managed{}, unreadable{}, m)
	if err == nil || !strings.Contains(err.Error(), "manager needs MANAGER_URL, which cannot be read") || m.given != nil {
		t.Errorf("got %v", err)
	}
}

// unreadable has MANAGER_URL and cannot give it.
type unreadable struct{}

func (unreadable) Name() string { return "unreadable" }

func (unreadable) Lookup(context.Context, []string) (map[string]settings.Value, error) {
	return nil, &settings.Fault{Variable: "MANAGER_URL", Rule: "cannot be read"}
}

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal("the test's URL cannot be parsed")
	}
	return u
}
