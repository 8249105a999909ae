package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/examples/bulletin/internal/environments"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/settings"
)

// run runs a command of the bulletin in an empty folder, with no other variables than those given.
func run(t *testing.T, env map[string]string, args ...string) (status int, out, errs string) {
	t.Helper()
	return runIn(t, t.TempDir(), env, args...)
}

// variables are those that the bulletin reads.
func variables() []string {
	names := environments.Variables()
	for _, source := range sources() {
		if c, ok := source.(settings.Configured); ok {
			for _, need := range c.Needs() {
				names = append(names, need.Name)
			}
		}
	}
	return names
}

func runIn(t *testing.T, folder string, env map[string]string, args ...string) (status int, out, errs string) {
	t.Helper()
	t.Chdir(folder)
	for _, v := range variables() {
		if _, set := os.LookupEnv(v); set {
			t.Setenv(v, "") // so that it is restored
			os.Unsetenv(v)
		}
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	var o, e strings.Builder
	status = manage.Run(t.Context(), build, append([]string{"bulletin"}, args...), manage.Streams{Out: &o, Err: &e})
	return status, o.String(), e.String()
}

func production() map[string]string {
	key, err := keyring.GenerateFor("production", time.Now())
	if err != nil {
		panic(err) // production can stand in a label
	}
	return map[string]string{
		"AIRWORTHY_ENV": "production",
		"SECRET_KEY":    key.Reveal(),
		"ALLOWED_HOSTS": "bulletin.example.com",
		"DATABASE_URL":  "sqlite:///bulletin.sqlite3",

		"EMAIL_URL":          "smtp+tls://bulletin:password@smtp.example.com:587",
		"DEFAULT_FROM_EMAIL": "Bulletin <noreply@example.com>",
	}
}

func TestProductionPassesItsGate(t *testing.T) {
	status, out, errs := run(t, production(), "check", "--deploy")
	if status != 0 {
		t.Errorf("status %d, want 0\n%s%s", status, out, errs)
	}
	if !strings.Contains(out, "No findings") {
		t.Errorf("the report is not clean:\n%s", out)
	}
}

func TestProductionRefusesToStartAndSaysEverythingAtOnce(t *testing.T) {
	status, _, errs := run(t, map[string]string{"AIRWORTHY_ENV": "production"}, "serve")
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	for _, want := range []string{"SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"} {
		if !strings.Contains(errs, want) {
			t.Errorf("%s is not named:\n%s", want, errs)
		}
	}
}

func TestDevelopmentIsNotForDeployment(t *testing.T) {
	status, out, _ := run(t, nil, "check", "--deploy")
	if status != 1 || !strings.Contains(out, "security.W018") {
		t.Errorf("status %d, want 1 and security.W018:\n%s", status, out)
	}
	if status, out, _ := run(t, nil, "check"); status != 0 {
		t.Errorf("check without --deploy: status %d, want 0:\n%s", status, out)
	}
}

func TestTypoIsNamed(t *testing.T) {
	env := production()
	env["SECURE_HTST_SECONDS"] = "31536000"
	_, out, _ := run(t, env, "check", "--deploy")
	if !strings.Contains(out, "SECURE_HTST_SECONDS") || !strings.Contains(out, "SECURE_HSTS_SECONDS") {
		t.Errorf("the report does not say that SECURE_HTST_SECONDS should be SECURE_HSTS_SECONDS:\n%s", out)
	}
}

// TestGeneratedFilesAreCurrent compares .env.example and SETTINGS.md with the settings' struct. UPDATE=1 writes them.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{
		".env.example": func(w io.Writer) error { return settings.WriteDotEnvExample(w, environments.Example(), sources()...) },
		"SETTINGS.md":  func(w io.Writer) error { return settings.WriteMarkdown(w, environments.Example(), sources()...) },
	} {
		var want strings.Builder
		if err := write(&want); err != nil {
			t.Fatal(err)
		}
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(name, []byte(want.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want.String() {
			t.Errorf("%s is not what the settings say: run UPDATE=1 go test ./examples/bulletin", name)
		}
	}
}

// TestReadme holds what the README says that commands print to what they print. UPDATE=1 writes it.
func TestReadme(t *testing.T) {
	const name = "../../README.md"
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	readme := string(b)
	gate := gateInClone(t)
	_, _, refused := run(t, map[string]string{"AIRWORTHY_ENV": "production"}, "serve")
	t.Chdir(folder)
	for before, text := range map[string]string{"and exits with 1:": gate, "never shows a secret:": refused} {
		start := strings.Index(readme, before+"\n\n```\n") + len(before) + len("\n\n```\n")
		end := start + strings.Index(readme[start:], "```")
		if readme[start:end] != text {
			t.Errorf("after %q the README does not show what the command prints: run UPDATE=1 go test ./examples/bulletin\n%s", before, text)
			readme = readme[:start] + text + readme[end:]
		}
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(name, []byte(readme), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// gateInClone returns what the gate prints where the README says to ask for it: in a clone.
func gateInClone(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed, without which the gate cannot look at the repository")
	}
	clone := t.TempDir()
	if err := exec.Command("git", "init", "--quiet", clone).Run(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(clone, ".gitignore"), []byte(".env\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, _ := runIn(t, clone, nil, "check", "--deploy")
	return out
}
