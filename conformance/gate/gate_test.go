package gate

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	runs   = 15 // of each program in a round, in turn
	rounds = 4  // until one is within the budget: other work on the machine may disturb one
	budget = 0.2
)

// program is a command that judges, and what it must have said and how it must have ended to count as one that did.
type program struct {
	dir    string
	env    []string
	args   []string
	says   string
	status int
}

// time runs the program once.
func (p program) time(t *testing.T) time.Duration {
	t.Helper()
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Dir = p.dir
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "AIRWORTHY_") { // what a test is told is no setting
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, p.env...)
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(begin)
	status := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if status != p.status || !strings.Contains(string(out), p.says) {
		t.Fatalf("%q ended with %d, want %d and %q:\n%s", p.args, status, p.status, p.says, out)
	}
	return took
}

func median(all []time.Duration) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

func must(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestCheckTakesAFifthOfDjangos judges the bulletin, its answers included, and a project as startproject makes it, which Django
// judges by its settings alone. The bulletin stands in a repository of its own, in development and in production.
func TestCheckTakesAFifthOfDjangos(t *testing.T) {
	python := os.Getenv("AIRWORTHY_DJANGO_PYTHON")
	if python == "" {
		t.Skip("AIRWORTHY_DJANGO_PYTHON is not set: run run.sh")
	}
	dir := t.TempDir()
	bulletin := filepath.Join(dir, "bulletin.bin")
	cmd := exec.Command("go", "build", "-o", bulletin, "./examples/bulletin")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "GOWORK=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	site, project := filepath.Join(dir, "site"), filepath.Join(dir, "project")
	must(t, dir, "cp", "-r", mustAbs(t, "../../examples/bulletin"), site)
	if err := os.WriteFile(filepath.Join(site, ".gitignore"), []byte(".env\n*.sqlite3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, site, "git", "init", "-q")
	must(t, site, "git", "add", ".")
	if err := os.Mkdir(project, 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, project, python, "-m", "django", "startproject", "mysite", ".")
	key := must(t, site, bulletin, "key", "generate")

	django := program{dir: project, args: []string{python, "manage.py", "check", "--deploy"}, says: "security.W018"}
	for name, ours := range map[string]program{
		"development": {dir: site, args: []string{bulletin, "check", "--deploy"}, says: "probe.", status: 1},
		"production": {dir: site, args: []string{bulletin, "check", "--deploy"}, says: "No findings", status: 0, env: []string{
			"AIRWORTHY_ENV=production", "SECRET_KEY=" + key, "ALLOWED_HOSTS=example.com", "EMAIL_URL=smtp://localhost",
			"DATABASE_URL=sqlite:///board.sqlite3", "DEFAULT_FROM_EMAIL=board@example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			ours.time(t) // from the disk to memory
			django.time(t)
			for round := range rounds {
				var a, b []time.Duration
				for range runs {
					a, b = append(a, ours.time(t)), append(b, django.time(t))
				}
				ratio := float64(median(a)) / float64(median(b))
				t.Logf("airworthy %s, Django %s: %.3f of it", median(a).Round(time.Millisecond), median(b).Round(time.Millisecond), ratio)
				if ratio <= budget {
					return
				}
				if round == rounds-1 {
					t.Errorf("check --deploy takes %.3f of Django's time, want %.2f at most", ratio, budget)
				}
			}
		})
	}
}

func mustAbs(t *testing.T, name string) string {
	t.Helper()
	abs, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
