package settings_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/settings"
)

type warned struct {
	Seconds int      `env:"SECURE_HSTS_SECONDS"`
	Preload bool     `env:"SECURE_HSTS_PRELOAD"`
	Hosts   []string `env:"ALLOWED_HOSTS"`
	Host    string   `env:"HOST"`
	Debug   bool     `env:"DEBUG"`
	Loaded  settings.Loaded
}

// about returns the warnings that are about variable, or about no variable.
func about(l settings.Loaded, variable string) string {
	var all []string
	for _, w := range l.Warnings {
		if w.Variable == variable {
			all = append(all, w.String())
		}
	}
	return strings.Join(all, "\n")
}

func TestUnknownVariablesOfTheEnvironment(t *testing.T) {
	for name, want := range map[string]string{
		"SECURE_HSTS_SECOND":   "did you mean SECURE_HSTS_SECONDS?",
		"SECURE_HTSS_SECONDS":  "did you mean SECURE_HSTS_SECONDS?", // two letters swapped
		"ALOWED_HOST":          "did you mean ALLOWED_HOSTS?",
		"ALLOWED_HOSTS_FILES":  "",
		"DEBGU":                "did you mean DEBUG?",
		"SECURE_HSTS_INCLUDES": "see the list of settings", // begins like several of ours
		"SECURE_COOKIES":       "see the list of settings",
		"AIRWORTHY_ENVIROMENT": "did you mean AIRWORTHY_ENV?",
		"AIRWORTHY_ENVV":       "did you mean AIRWORTHY_ENV?",
		"HOSTS":                "", // the name is too short to guess
		"HOME_OF_THE_BRAVE":    "",
		"ALLOWED":              "",
		"allowed_hosts":        "did you mean ALLOWED_HOSTS?",
		"SECURE_HSTS_PRELOADS": "did you mean SECURE_HSTS_PRELOAD?",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "swordfish")
			cfg, err := settings.Load(t.Context(), warned{}, settings.Env())
			if err != nil {
				t.Fatal(err)
			}
			got := about(cfg.Loaded, name)
			if want != "" {
				want = name + " (environment): is no setting: " + want
			}
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestANameIsNotMeantIfItIsSet(t *testing.T) {
	t.Setenv("ALLOWED_HOSTS", "a.example")
	t.Setenv("ALLOWED_HOST", "b.example")
	cfg, err := settings.Load(t.Context(), warned{}, settings.Env())
	if err != nil || about(cfg.Loaded, "ALLOWED_HOST") != "" {
		t.Errorf("got %q, %v, want no warning", about(cfg.Loaded, "ALLOWED_HOST"), err)
	}
}

func TestUnknownVariablesOfAFile(t *testing.T) {
	path := write(t, ".env", "DEBUG=0\nWHATEVER=1\n\nALLOWED_HOST=a\nDEBUG_FILES=x\nMIIEvQIBADANBgkqhkiG=\n", 0o600)
	cfg, err := settings.Load(t.Context(), warned{}, settings.DotEnv(path))
	if err != nil {
		t.Fatal(err)
	}
	for variable, want := range map[string]string{
		"DEBUG":        "",
		"WHATEVER":     "WHATEVER (" + path + ":2): is no setting: see the list of settings",
		"ALLOWED_HOST": "ALLOWED_HOST (" + path + ":4): is no setting: did you mean ALLOWED_HOSTS?",
		// This may be a line of a key: it is not shown.
		"": path + ":6: a name here is no setting: see the list of settings",
	} {
		if got := about(cfg.Loaded, variable); got != want {
			t.Errorf("%s: got %q, want %q", variable, got, want)
		}
	}
	if strings.Contains(fmt.Sprint(cfg.Loaded.Warnings), "MIIEvQ") {
		t.Error("a line of a key is shown")
	}
}

// Demand 24: lines that two dialects read differently.
func TestLinesOfTwoMeanings(t *testing.T) {
	path := write(t, ".env", "HOST=a.example # the only one\n", 0o600)
	cfg, err := settings.Load(t.Context(), warned{}, settings.DotEnv(path))
	want := "HOST (" + path + ":1): the comment after the value is part of it to django-environ 0.12: put the comment on a line of its own"
	if got := about(cfg.Loaded, "HOST"); err != nil || cfg.Host != "a.example" || got != want {
		t.Errorf("got %q, %q, %v, want %q", cfg.Host, got, err, want)
	}
	var b strings.Builder
	if err := cfg.Loaded.WriteText(&b); err != nil || !strings.Contains(b.String(), "warning: "+want+"\n") {
		t.Errorf("WriteText does not show the warning: %v\n%s", err, b.String())
	}
}

func TestAMissingDotEnvIsNoFault(t *testing.T) {
	if _, err := settings.Load(t.Context(), warned{}, settings.DotEnv(t.TempDir()+"/.env")); err != nil {
		t.Errorf("got %v", err)
	}
	path := write(t, ".env", "DEBUG\n", 0o600)
	t.Setenv("DEBUG", "true")
	if _, err := settings.Load(t.Context(), warned{}, settings.Env(), settings.DotEnv(path)); err == nil {
		t.Error("a line in error was accepted because the environment has the variable")
	}
}

// A value that is missing may stand under a misspelt name; without another fault that is a warning.
func TestASlipIsNamedBesideTheFault(t *testing.T) {
	t.Setenv("SECURE_HSTS_SECOND", "swordfish")
	t.Setenv("SECURE_COOKIES", "swordfish") // nobody can tell what is meant
	t.Setenv("DEBUG", "perhaps")
	_, err := settings.Load(t.Context(), warned{}, settings.Env())
	if err == nil || !strings.Contains(err.Error(), "SECURE_HSTS_SECOND (environment): is no setting: did you mean SECURE_HSTS_SECONDS?") ||
		strings.Contains(err.Error(), "SECURE_COOKIES") || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("got %v, want the slip too", err)
	}
}
