package ci

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// waivers are what the example has to say about its HSTS, as a team would write it.
func waivers() string {
	until := time.Now().AddDate(0, 6, 0).Format(time.DateOnly)
	var b strings.Builder
	b.WriteString("waivers:\n")
	for id, scope := range map[string]string{"security.W005": "SECURE_HSTS_INCLUDE_SUBDOMAINS", "security.W021": "SECURE_HSTS_PRELOAD"} {
		b.WriteString("- id: " + id + "\n  scope: " + scope + "\n  reason: the site is new, HSTS is raised in steps\n  owner: ops@example.com\n  expires: " + until + "\n")
	}
	return b.String()
}

// project makes a repository of an application as somebody would have it who uses airworthy, and returns its folder.
func project(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(filepath.Join(root, "examples/minimal/main.go"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "main.go", string(program))
	write(t, dir, "go.mod", "module example.com/site\n\ngo 1.26.0\n\ntool github.com/airworthy-go/airworthy/cmd/airworthy\n\n"+
		"require github.com/airworthy-go/airworthy v0.0.0\n\nreplace github.com/airworthy-go/airworthy => "+root+"\n")
	write(t, dir, ".gitignore", ".env\nreports/\n")
	write(t, dir, "airworthy-waivers.yaml", waivers())
	must(t, dir, "go", "mod", "tidy")
	must(t, dir, "git", "init", "-q", "-b", "main")
	must(t, dir, "git", "config", "user.name", "Somebody")
	must(t, dir, "git", "config", "user.email", "somebody@example.com")
	must(t, dir, "git", "add", ".")
	must(t, dir, "git", "commit", "-q", "-m", "The site")
	return dir
}

// planted is as random as a key.
const planted = "q7Zp2xVw9Lk4Tn8Rb3Yh6Jm1Gd5Fs0Cc" + "EuAoIvWzQxNtKrPyBhMj"

// leak commits a secret, and removes it again.
func leak(t *testing.T, dir string) {
	t.Helper()
	write(t, dir, "compose.yaml", "services:\n  web:\n    environment:\n      SECRET_KEY: "+planted+"\n")
	must(t, dir, "git", "add", ".")
	must(t, dir, "git", "commit", "-q", "--no-verify", "-m", "Try something")
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run runs a program in dir, without what CI of our own has set, and returns all that it printed.
func run(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	for _, pair := range os.Environ() {
		if n, _, _ := strings.Cut(pair, "="); n != "GOWORK" && n != "GOFLAGS" && n != "CI" {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(append(cmd.Env, "GOFLAGS=-mod=mod", "GOWORK=off"), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func must(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	out, err := run(dir, nil, name, args...)
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return out
}

// workflow is as much of a workflow as is run here.
type workflow struct {
	Jobs map[string]struct {
		Steps []struct {
			Name, Uses, Run, If string
			Env                 map[string]string
		}
	}
}

// steps runs what a workflow runs, in the shell that GitHub uses, and returns which steps failed.
func steps(t *testing.T, dir string) (failed []string, output string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/ci/github.yml")
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(text, &w); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, job := range w.Jobs {
		for _, s := range job.Steps {
			if s.Run == "" {
				continue
			}
			ran++
			var env []string
			for name, value := range s.Env {
				env = append(env, name+"="+value)
			}
			out, err := run(dir, env, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
			output += "== " + s.Name + "\n" + out
			if err != nil {
				failed = append(failed, s.Name)
			}
		}
	}
	if ran < 2 {
		t.Fatalf("the workflow has %d steps that run something", ran)
	}
	return failed, output
}

func TestGitHub(t *testing.T) {
	dir := project(t)
	write(t, dir, ".github/workflows/gate.yml", string(valid(os.ReadFile("../../docs/ci/github.yml"))))
	if out := must(t, dir, "actionlint", "-shellcheck=", "-pyflakes="); out != "" {
		t.Errorf("actionlint: %s", out)
	}
	if failed, out := steps(t, dir); len(failed) > 0 {
		t.Fatalf("a sound repository fails: %q\n%s", failed, out)
	}
	reports(t, dir, "repository.sarif", "repository.html", "application.sarif", "application.html")

	leak(t, dir)
	failed, out := steps(t, dir)
	if len(failed) == 0 || failed[0] != "the repository and its history" || !strings.Contains(out, "::error ") {
		t.Errorf("a secret passes: %q\n%s", failed, out)
	}
	must(t, dir, "git", "rm", "-q", "compose.yaml")
	must(t, dir, "git", "commit", "-q", "-m", "Remove it")
	if failed, out := steps(t, dir); len(failed) == 0 {
		t.Errorf("a secret that is in the history only passes\n%s", out)
	}
	reports(t, dir, "repository.sarif", "repository.html")
}

// valid returns v, which nothing here can go on without.
func valid[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// reports holds files to be there, new, and not empty, and removes them.
func reports(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		file := filepath.Join(dir, "reports", name)
		if info, err := os.Stat(file); err != nil || info.Size() < 200 {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
}

// job is as much of a GitLab job as is run here.
type job struct {
	Variables map[string]string
	Script    []string
	Extends   string
}

// TestGitLab runs the scripts of the jobs as a runner's shell does, with their variables.
func TestGitLab(t *testing.T) {
	dir := project(t)
	var jobs struct {
		Repository, Application, Site job
		Reports                       job `yaml:".reports"`
		Stages                        []string
	}
	if err := yaml.Unmarshal(valid(os.ReadFile("../../docs/ci/gitlab.yml")), &jobs); err != nil {
		t.Fatal(err)
	}
	start := func(j job, env ...string) (string, error) {
		if len(j.Script) == 0 || j.Extends != ".reports" {
			t.Fatalf("%+v is no job", j)
		}
		for name, value := range j.Variables {
			env = append(env, name+"="+value)
		}
		return run(dir, env, "bash", "-eo", "pipefail", "-c", strings.Join(j.Script, "\n"))
	}
	for _, j := range []job{jobs.Repository, jobs.Application} {
		if out, err := start(j); err != nil {
			t.Fatalf("a sound repository fails: %v\n%s", err, out)
		}
	}
	reports(t, dir, "repository.xml", "repository.html", "application.xml", "application.html")
	if out, err := start(jobs.Site, "SITE_URL=https://127.0.0.1:1/"); err == nil || !strings.Contains(out, "private") {
		t.Errorf("a private address is probed: %v\n%s", err, out)
	}
	leak(t, dir)
	if out, err := start(jobs.Repository); err == nil || !strings.Contains(out, "compose.yaml") || strings.Contains(out, planted) {
		t.Errorf("a secret passes: %v\n%s", err, out)
	}
}

// TestHook commits with the hook in place.
func TestHook(t *testing.T) {
	dir := project(t)
	hook := filepath.Join(dir, ".git/hooks/pre-commit")
	if err := os.WriteFile(hook, valid(os.ReadFile("../../docs/ci/pre-commit")), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "README.md", "A site.\n")
	must(t, dir, "git", "add", ".")
	must(t, dir, "git", "commit", "-q", "-m", "Say what it is")
	write(t, dir, "deploy.env", "SECRET_KEY="+planted+"\n")
	must(t, dir, "git", "add", ".")
	out, err := run(dir, nil, "git", "commit", "-q", "-m", "Try something")
	if err == nil || !strings.Contains(out, "deploy.env") || strings.Contains(out, planted) {
		t.Errorf("a secret was committed: %v\n%s", err, out)
	}
}

// TestPreCommit has pre-commit build the hook from this repository and run it.
func TestPreCommit(t *testing.T) {
	dir, clone := project(t), filepath.Join(t.TempDir(), "airworthy")
	must(t, dir, "git", "clone", "-q", "--no-local", valid(filepath.Abs("../..")), clone)
	env := []string{"PRE_COMMIT_HOME=" + t.TempDir()}
	if out, err := run(dir, env, "pre-commit", "try-repo", clone, "airworthy-scan", "--verbose", "--all-files"); err != nil {
		t.Fatalf("a sound repository fails: %v\n%s", err, out)
	}
	write(t, dir, "deploy.env", "SECRET_KEY="+planted+"\n")
	must(t, dir, "git", "add", ".")
	if out, err := run(dir, env, "pre-commit", "try-repo", clone, "airworthy-scan", "--all-files"); err == nil || !strings.Contains(out, "deploy.env") {
		t.Errorf("a secret passes: %v\n%s", err, out)
	}
}
