package settings_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

type csrfConfig struct {
	TrustedOrigins []string `env:"CSRF_TRUSTED_ORIGINS" doc:"Other origins that may post."`
	CookieName     string   `env:"CSRF_COOKIE_NAME"`
	unexported     string
	Untagged       string
}

type mail struct {
	From string `env:"FROM"`
}

type embedded struct {
	Debug        bool `env:"DEBUG" doc:"Shows errors to everybody."`
	InsecureHTTP bool `env:"SECURE_SSL_REDIRECT,invert" doc:"Redirect to HTTPS."`
}

type app struct {
	embedded
	CSRF     csrfConfig
	Mail     mail              `prefix:"MAIL_"`
	Alerts   mail              `prefix:"ALERT_"`
	Key      secret.Text       `env:"SECRET_KEY,required"`
	Olds     []secret.Text     `env:"SECRET_KEY_FALLBACKS"`
	Database settings.Database `env:"DATABASE_URL"`
	Age      time.Duration     `env:"SESSION_COOKIE_AGE"`
	What     settings.Loaded
}

func base() app { return app{Key: secret.New("base key of the tests"), Age: time.Hour} }

func load(t *testing.T, values map[string]string) (app, error) {
	t.Helper()
	return settings.Load(t.Context(), base(), settings.Map("test", values))
}

func TestLoadWalksTheStruct(t *testing.T) {
	got, err := load(t, map[string]string{
		"DEBUG": "yes", "SECURE_SSL_REDIRECT": "true", "CSRF_TRUSTED_ORIGINS": "https://a.example, https://b.example",
		"MAIL_FROM": "m@example.com", "ALERT_FROM": "a@example.com", "SESSION_COOKIE_AGE": "1209600",
	})
	if err != nil {
		t.Fatal(err)
	}
	if !got.Debug || got.InsecureHTTP || got.Age != 14*24*time.Hour || got.Mail.From != "m@example.com" || got.Alerts.From != "a@example.com" {
		t.Errorf("got %+v", got)
	}
	if want := []string{"https://a.example", "https://b.example"}; !reflect.DeepEqual(got.CSRF.TrustedOrigins, want) {
		t.Errorf("TrustedOrigins = %q, want %q", got.CSRF.TrustedOrigins, want)
	}
	if got.Key.Reveal() != "base key of the tests" || got.CSRF.Untagged != "" || got.CSRF.unexported != "" {
		t.Error("what no source has did not stay as the base has it")
	}
	if got, err := load(t, map[string]string{"SECURE_SSL_REDIRECT": "off"}); err != nil || !got.InsecureHTTP {
		t.Errorf("SECURE_SSL_REDIRECT=off gives InsecureHTTP %v, %v, want true", got.InsecureHTTP, err)
	}
}

func TestTheFirstSourceWins(t *testing.T) {
	t.Setenv("CSRF_COOKIE_NAME", "from-environment")
	dotenv := write(t, ".env", "CSRF_COOKIE_NAME=from-file\n\nMAIL_FROM=file@example.com\n", 0o600)
	got, err := settings.Load(t.Context(), base(), settings.Env(), settings.DotEnv(dotenv),
		settings.Map("last", map[string]string{"MAIL_FROM": "last", "ALERT_FROM": "last"}))
	if err != nil {
		t.Fatal(err)
	}
	for variable, want := range map[string]string{
		"CSRF_COOKIE_NAME": "environment", "MAIL_FROM": dotenv + ":3", "ALERT_FROM": "last", "SECRET_KEY": "default", "NO_SETTING": "",
	} {
		if origin := got.What.Origin(variable); origin != want {
			t.Errorf("Origin(%s) = %q, want %q", variable, origin, want)
		}
	}
	if got.CSRF.CookieName != "from-environment" || got.Mail.From != "file@example.com" {
		t.Errorf("got %q and %q", got.CSRF.CookieName, got.Mail.From)
	}
}

// Badinput 55: an environment's name is one of the known, exactly, or the program does not start; unset is
// development, which is never what somebody gets who asked for something else.
func TestEnvironments(t *testing.T) {
	environments := settings.Environments[app]{
		"development": func() app { a := base(); a.Debug = true; return a },
		"production":  base,
	}
	branching := settings.Branching(func(name string) app {
		a := base()
		a.Debug = name == "development"
		return a
	}, "development", "production")
	for name, want := range map[string]struct {
		debug bool
		meant string // after "did you mean"
		fails bool
	}{
		"development": {debug: true}, "production": {},
		"prod": {fails: true, meant: "production"}, "Production": {fails: true, meant: "production"},
		"production ": {fails: true, meant: "production"}, "PRODUCTION": {fails: true, meant: "production"},
		"prodcution": {fails: true, meant: "production"}, "dev": {fails: true, meant: "development"},
		"": {fails: true}, "staging": {fails: true}, "live": {fails: true},
	} {
		for layout, e := range map[string]settings.Environments[app]{"map": environments, "branching": branching} {
			got, err := e.Load(t.Context(), settings.Map("test", map[string]string{"AIRWORTHY_ENV": name}))
			if (err != nil) != want.fails || got.Debug != want.debug {
				t.Errorf("%s %q: debug %v, error %v", layout, name, got.Debug, err)
			}
			if err == nil {
				if got.What.Environment != name {
					t.Errorf("%s %q: Loaded.Environment = %q", layout, name, got.What.Environment)
				}
				continue
			}
			text := "settings: AIRWORTHY_ENV (test): is not the name of an environment: use development, production"
			if want.meant != "" {
				text += "; did you mean " + want.meant + "?"
			}
			if err.Error() != text {
				t.Errorf("%s %q: got %v, want %s", layout, name, err, text)
			}
		}
	}
	got, err := environments.Load(t.Context(), settings.Map("test", nil))
	if err != nil || !got.Debug || got.What.Environment != "development" {
		t.Errorf("unset: %q, %v, want development", got.What.Environment, err)
	}
	delete(environments, "development")
	if got, err := environments.Load(t.Context(), settings.Map("test", nil)); err == nil || got.Debug {
		t.Error("unset without a development environment was accepted")
	}
}

func TestAnEnvironmentThatCannotBeReadIsNotDevelopment(t *testing.T) {
	environments := settings.Environments[app]{"development": func() app { a := base(); a.Debug = true; return a }, "production": base}
	for name, source := range map[string]settings.Source{
		"the source fails":       broken{},
		"the file is not there":  fileVariable(t, "AIRWORTHY_ENV", "/nonexistent/environment"),
		"the .env file is wrong": settings.DotEnv(write(t, ".env", "AIRWORTHY_ENV='production\n", 0o600)),
	} {
		got, err := environments.Load(t.Context(), source)
		if err == nil || got.Debug {
			t.Errorf("%s: got debug %v, %v, want an error", name, got.Debug, err)
		}
	}
}

func TestWithEnvironment(t *testing.T) {
	environments := settings.Environments[app]{"development": base, "production": base}
	source := settings.Map("test", map[string]string{"AIRWORTHY_ENV": "production"})
	got, err := environments.Load(settings.WithEnvironment(t.Context(), "development"), source)
	if err != nil || got.What.Environment != "development" {
		t.Errorf("got %q, %v, want development", got.What.Environment, err)
	}
	if _, err := environments.Load(settings.WithEnvironment(t.Context(), "nowhere"), source); err == nil {
		t.Error("an unknown environment was accepted")
	}
}

// fileVariable puts NAME_FILE into the process environment.
func fileVariable(t *testing.T, name, path string) settings.Source {
	t.Setenv(name+"_FILE", path)
	return settings.Env()
}

// broken is a source that cannot be read.
type broken struct{}

var errDown = errors.New("connection refused")

func (broken) Name() string { return "vault" }
func (broken) Lookup(context.Context, []string) (map[string]settings.Value, error) {
	return nil, errDown
}

func TestASourceThatFailsEndsTheStart(t *testing.T) {
	_, err := settings.Load(t.Context(), app{}, broken{}, settings.Map("test", map[string]string{"DEBUG": "maybe"}))
	if !errors.Is(err, errDown) {
		t.Errorf("got %v, want one that wraps the source's error", err)
	}
	want := "settings: vault: connection refused\nsettings: DEBUG (test): is neither true nor false: use true or false (yes, no, on, off, 1 and 0 will do)"
	if fmt.Sprint(err) != want { // SECRET_KEY may well be in the vault
		t.Errorf("got %v\nwant %s", err, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := settings.Load(ctx, base(), settings.Map("test", nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("under a cancelled context: %v", err)
	}
}

func TestEveryFaultIsReported(t *testing.T) {
	_, err := settings.Load(t.Context(), app{}, settings.Map("test", map[string]string{
		"DEBUG": "perhaps", "SESSION_COOKIE_AGE": "fortnight", "CSRF_TRUSTED_ORIGINS": "a,,b",
	}))
	for _, variable := range []string{"DEBUG", "SESSION_COOKIE_AGE", "CSRF_TRUSTED_ORIGINS", "SECRET_KEY"} {
		if strings.Count(fmt.Sprint(err), variable) != 1 {
			t.Errorf("%s is not reported once in: %v", variable, err)
		}
	}
	f, ok := errors.AsType[*settings.Fault](err)
	if !ok || f.Variable != "DEBUG" || f.Origin != "test" || f.Rule == "" || f.Remedy == "" {
		t.Errorf("got %+v, want the fault of DEBUG", f)
	}
}

func TestRequired(t *testing.T) {
	type needs struct {
		Key  secret.Text `env:"SECRET_KEY,required" doc:"Signs."`
		Flag bool        `env:"THE_FLAG,required"`
	}
	for name, test := range map[string]struct {
		base   needs
		values map[string]string
		fails  bool
	}{
		"nothing is set":                  {fails: true},
		"the base has the value":          {base: needs{Key: secret.New("k"), Flag: true}},
		"a source has it":                 {values: map[string]string{"SECRET_KEY": "k", "THE_FLAG": "false"}},
		"a source empties it":             {base: needs{Key: secret.New("k"), Flag: true}, values: map[string]string{"SECRET_KEY": ""}, fails: true},
		"false in the base says nothing":  {base: needs{Key: secret.New("k")}, fails: true},
		"a misspelt name is not the name": {values: map[string]string{"SECERT_KEY": "k", "THE_FLAG": "true"}, fails: true},
	} {
		_, err := settings.Load(t.Context(), test.base, settings.Map("test", test.values))
		if (err != nil) != test.fails {
			t.Errorf("%s: got %v", name, err)
		}
		if _, misspelt := test.values["SECERT_KEY"]; misspelt && !strings.Contains(fmt.Sprint(err), "SECERT_KEY is set (test): is it meant?") {
			t.Errorf("the misspelt name is not in %v", err)
		}
	}
}

func TestMistakesInTheStruct(t *testing.T) {
	type node struct {
		Next *node
		V    string `env:"NODE_VALUE"`
	}
	for want, load := range map[string]func() error{
		"is tagged and cannot be set": func() error {
			return try(t, struct {
				v string `env:"V"`
			}{})
		},
		"unknown option": func() error {
			return try(t, struct {
				V string `env:"VAR,optional"`
			}{})
		},
		"names no variable": func() error {
			return try(t, struct {
				V string `env:"lower"`
			}{})
		},
		"tag on V names no variable": func() error {
			return try(t, struct {
				V string `env:",required"`
			}{})
		},
		"is no bool": func() error {
			return try(t, struct {
				V string `env:"VAR,invert"`
			}{})
		},
		"no way to read the type": func() error {
			return try(t, struct {
				V chan int `env:"VAR"`
			}{})
		},
		"pointer to a struct with settings": func() error { return try(t, struct{ V *mail }{}) },
		"are not a struct":                  func() error { return try(t, 17) },
		"also names the file of LOG": func() error {
			return try(t, struct {
				A string `env:"LOG"`
				B string `env:"LOG_FILE"`
			}{})
		},
		"is a pointer to a struct with setting": func() error { return try(t, node{}) },
	} {
		if err := load(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func try[T any](t *testing.T, v T) error {
	_, err := settings.Load(t.Context(), v, settings.Map("test", nil))
	return err
}

func TestDatabaseInParts(t *testing.T) {
	parts := map[string]string{
		"DB_ENGINE": "django.db.backends.postgresql", "DB_NAME": "shop", "DB_USER": "me", "DB_PASSWORD": "a#b/c?d@e%f", "DB_HOST": "::1", "DB_PORT": "5433",
	}
	got, err := load(t, parts)
	if err != nil {
		t.Fatal(err)
	}
	want := settings.Database{Engine: "postgresql", Name: "shop", User: "me", Password: secret.New("a#b/c?d@e%f"), Host: "::1", Port: "5433"}
	if !reflect.DeepEqual(got.Database, want) {
		t.Errorf("got %v, want %v", got.Database, want)
	}
	if origin := got.What.Origin("DATABASE_URL"); !strings.HasPrefix(origin, "DB_ENGINE (test), DB_NAME (test)") {
		t.Errorf("Origin = %q", origin)
	}
	over := base()
	over.Database = want
	changed, err := settings.Load(t.Context(), over, settings.Map("test", map[string]string{"DB_PASSWORD": "other"}))
	if err != nil || changed.Database.Password.Reveal() != "other" || changed.Database.Host != "::1" {
		t.Errorf("the parts do not lie over the base: %v, %v", changed.Database, err)
	}
	for name, values := range map[string]map[string]string{
		"both are given":           {"DATABASE_URL": "sqlite:///x", "DB_NAME": "y"},
		"the engine is missing":    {"DB_NAME": "y"},
		"the name is missing":      {"DB_ENGINE": "sqlite"},
		"the engine is unknown":    {"DB_ENGINE": "dbase", "DB_NAME": "y"},
		"the port is none":         {"DB_ENGINE": "mysql", "DB_NAME": "y", "DB_HOST": "h", "DB_PORT": "http"},
		"the host is none":         {"DB_ENGINE": "mysql", "DB_NAME": "y", "DB_HOST": "h/x@y"},
		"the host has a port":      {"DB_ENGINE": "mysql", "DB_NAME": "y", "DB_HOST": "h:3306"},
		"a port has no host":       {"DB_ENGINE": "mysql", "DB_NAME": "y", "DB_PORT": "3306"},
		"hosts and ports disagree": {"DB_ENGINE": "postgresql", "DB_NAME": "y", "DB_HOST": "a,b,c", "DB_PORT": "1,2"},
		"a part holds a zero":      {"DB_ENGINE": "mysql", "DB_NAME": "a\x00b"},
	} {
		if _, err := load(t, values); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSecrets(t *testing.T) {
	got, err := load(t, map[string]string{
		"SECRET_KEY": "key-of-the-test", "SECRET_KEY_FALLBACKS": "old-one, old-two", "DATABASE_URL": "postgres://u:pass%2Fword@h/d",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"key-of-the-test", "old-one", "old-two", "pass/word", "pass%2Fword", "postgres://u:pass%2Fword@h/d"} {
		found := false
		for _, s := range got.What.Secrets() {
			found = found || s.Reveal() == value
		}
		if !found {
			t.Errorf("Secrets() lacks %q", value)
		}
	}
	var b strings.Builder
	if err := got.What.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{b.String(), fmt.Sprintf("%v %+v %#v", got, got, got.What)} {
		for _, value := range []string{"key-of-the-test", "old-one", "old-two", "pass/word", "pass%2Fword"} {
			if strings.Contains(out, value) {
				t.Errorf("a secret is printed: %d bytes of output", len(out))
			}
		}
	}
}

func TestAStringThatIsCalledASecretIsOne(t *testing.T) {
	type named struct {
		Token  string `env:"SENTRY_TOKEN"`
		Opaque string `env:"SENTRY_DSN,secret"`
		Length int    `env:"PASSWORD_LENGTH"`
	}
	l := settings.Describe(named{"plugh", "xyzzy", 12})
	want := []string{"[redacted]", "[redacted]", "12"}
	for i, v := range l.Values {
		if v.Text != want[i] {
			t.Errorf("%s is shown as %q, want %q", v.Variable, v.Text, want[i])
		}
	}
	if len(l.Secrets()) != 2 {
		t.Errorf("%d secrets, want 2", len(l.Secrets()))
	}
}

func TestDiff(t *testing.T) {
	a, err := load(t, map[string]string{"DEBUG": "true", "DATABASE_URL": "mysql://u:one@h/d"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := load(t, map[string]string{"SECRET_KEY": "another", "DATABASE_URL": "mysql://u:two@h/d"})
	if err != nil {
		t.Fatal(err)
	}
	want := []settings.Difference{
		{Variable: "DEBUG", Field: "embedded.Debug", A: "true", B: "false"},
		{Variable: "SECRET_KEY", Field: "Key", A: "[redacted]", B: "[redacted]"},
		{Variable: "DATABASE_URL", Field: "Database", A: "mysql://u:[redacted]@h/d", B: "mysql://u:[redacted]@h/d"},
	}
	if got := settings.Diff(a.What, b.What); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := settings.Diff(settings.Describe(base()), settings.Describe(base())); len(got) != 0 {
		t.Errorf("equal settings differ: %v", got)
	}
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}
