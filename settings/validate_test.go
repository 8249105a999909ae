package settings_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

type part struct {
	Host  string `env:"HOST"`
	Count int    `env:"COUNT"`
}

func (b part) Validate() error {
	var errs []error
	if b.Host == "" {
		errs = append(errs, errors.New("part: HOST: is not set"))
	}
	if b.Count == 0 {
		errs = append(errs, errors.New("part: COUNT: is zero"))
	}
	return errors.Join(errs...)
}

type whole struct {
	part
	URL settings.Database `env:"DATABASE_URL,required"`
}

func TestFaultsOfValuesAndOfTheWholeAreSaidTogether(t *testing.T) {
	_, err := settings.Load(t.Context(), whole{}, settings.Map("test", nil))
	for _, want := range []string{"HOST: is not set", "COUNT: is zero", "DATABASE_URL: is not set"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

// errCount is what a program may look for.
var errCount = errors.New("settings_test: LIMIT[2]: is too large: lower it")

type limited struct {
	Limit int    `env:"LIMIT"`
	Other string `env:"OTHER"`
}

func (limited) Validate() error {
	return errors.Join(errCount, errors.New("part: OTHER: is not set: set it"), errors.New("part: Field: is nil"))
}

func TestFaultsOfTheWholeSayWhereTheVariableStands(t *testing.T) {
	_, err := settings.Load(t.Context(), limited{}, settings.Map("test", map[string]string{"LIMIT": "3"}))
	want := "settings_test: LIMIT[2] (test): is too large: lower it\npart: OTHER: is not set: set it\npart: Field: is nil"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if !errors.Is(err, errCount) {
		t.Error("the error that the struct returned cannot be found in that of Load")
	}
}

func TestAbout(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want [4]string
	}{
		{"a fault", &settings.Fault{Variable: "V", Origin: ".env:3", Rule: "is odd", Remedy: "mend it"},
			[4]string{"V", ".env:3", "is odd", "mend it"}},
		{"a part's error with a place", &settings.Located{Origin: ".env:3", Err: errors.New("part: V_X: is odd: mend it")},
			[4]string{"V_X", ".env:3", "is odd: mend it", ""}},
		{"a part's error about a short name with a place", &settings.Located{Origin: "test", Err: errors.New("part: DEBUG: is odd")},
			[4]string{"DEBUG", "test", "is odd", ""}},
		{"a part's error about an element", errors.New("part: V_X[1]: is odd: mend it"), [4]string{"V_X", "", "is odd: mend it", ""}},
		{"an error about a field of code", errors.New("part: Field: is odd"), [4]string{"", "", "part: Field: is odd", ""}},
		{"an error that names nothing", errors.New("no database"), [4]string{"", "", "no database", ""}},
		{"an error of a library", errors.New("pgx: FATAL: no database"), [4]string{"", "", "pgx: FATAL: no database", ""}},
	} {
		variable, origin, wrong, remedy := settings.About(c.err)
		if got := [4]string{variable, origin, wrong, remedy}; got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAFaultyVariableIsNotJudgedByItsBaseValue(t *testing.T) {
	_, err := settings.Load(t.Context(), part{}, settings.Map("test", map[string]string{"COUNT": "many", "HOST": "x"}))
	if err == nil || strings.Contains(err.Error(), "is zero") || !strings.Contains(err.Error(), "whole number") {
		t.Errorf("got %v, want the fault of the value alone", err)
	}
}

func TestValidSettingsPass(t *testing.T) {
	got, err := settings.Load(t.Context(), part{Count: 1}, settings.Map("test", map[string]string{"HOST": "x"}))
	if err != nil || got.Host != "x" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestSameSite(t *testing.T) {
	type cookie struct {
		SameSite http.SameSite `env:"SAMESITE"`
	}
	for text, want := range map[string]http.SameSite{
		"Lax": http.SameSiteLaxMode, " strict ": http.SameSiteStrictMode, "NONE": http.SameSiteNoneMode,
	} {
		got, err := settings.Load(t.Context(), cookie{}, settings.Map("test", map[string]string{"SAMESITE": text}))
		if err != nil || got.SameSite != want {
			t.Errorf("%q: %v, %v, want %v", text, got.SameSite, err, want)
		}
	}
	for _, text := range []string{"", "2", "Laxx", "false"} {
		if _, err := settings.Load(t.Context(), cookie{}, settings.Map("test", map[string]string{"SAMESITE": text})); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
	if got := settings.Describe(cookie{http.SameSiteStrictMode}).Values[0].Text; got != "Strict" {
		t.Errorf("described as %q, want %q", got, "Strict")
	}
}

func TestURLsAndDSNsArePrintedWithoutTheirSecrets(t *testing.T) {
	type services struct {
		Hook  *url.URL `env:"HOOK_URL"`
		Value url.URL  `env:"VALUE_URL"`
		Errs  string   `env:"SENTRY_DSN"`
	}
	got, err := settings.Load(t.Context(), struct {
		services
		Loaded settings.Loaded
	}{}, settings.Map("test", map[string]string{
		"HOOK_URL":   "https://k3y4errors@hooks.example/path?token=t0ken4hooks&page=2",
		"VALUE_URL":  "https://user:p4ssword@value.example/",
		"SENTRY_DSN": "https://k3y4errors@errors.example/1",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := got.Loaded.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"k3y4errors", "t0ken4hooks", "p4ssword", "errors.example"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is printed:\n%s", secret, out.String())
		}
	}
	for _, want := range []string{"hooks.example/path", "page=2", "value.example"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not printed:\n%s", want, out.String())
		}
	}
	if got.Hook.User.Username() != "k3y4errors" {
		t.Errorf("got the user %q, want it as it was given", got.Hook.User.Username())
	}
}

func TestABadLineDoesNotHideTheOthersFaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	text := "AIRWORTHY_ENV=production\nNOT A LINE\nCOUNT=many\nHOST=first\nHOST=second\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	environments := settings.Environments[part]{"production": func() part { return part{} }}
	_, err := environments.Load(t.Context(), settings.DotEnv(path))
	lines := strings.Split(fmt.Sprint(err), "\n")
	want := []string{":2: is not NAME=value", "COUNT (" + path + ":3): is not a whole number", "HOST (" + path + ":5): is set twice"}
	if len(lines) != len(want) {
		t.Errorf("got %d faults, want %d:\n%v", len(lines), len(want), err)
	}
	for _, w := range want {
		if !strings.Contains(fmt.Sprint(err), w) {
			t.Errorf("got\n%v\nwant %q in it", err, w)
		}
	}
}

func TestASecretThatStandsTwiceIsShownNowhere(t *testing.T) {
	type both struct {
		Key    secret.Text `env:"KEY"`
		Banner string      `env:"BANNER"`
		Loaded settings.Loaded
	}
	got, err := settings.Load(t.Context(), both{}, settings.Map("test", map[string]string{
		"KEY": "hunter2hunter2", "BANNER": "welcome hunter2hunter2",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := got.Loaded.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "hunter2") || !strings.Contains(b.String(), "welcome [redacted]") {
		t.Errorf("the table is %d bytes, want the banner with the key masked", b.Len())
	}
	if got.Banner != "welcome hunter2hunter2" {
		t.Error("the value itself was changed")
	}
}
