package repo_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/check/repo"
	"github.com/airworthy-go/airworthy/secret"
)

const canary = "c4n4ry+kzhw7yq3/xv81n0t4s3cr3t"

// repository makes one with the given files, all of them tracked except those that .gitignore names.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	needGit(t)
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "init", "-q")
	run(t, dir, "add", ".")
	return dir
}

func needGit(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
}

func run(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
}

func held(setting, value string) []repo.Secret { return []repo.Secret{{setting, secret.New(value)}} }

func TestChecks(t *testing.T) {
	clean := repository(t, map[string]string{".gitignore": ".env*\n!.env.example\n*.env\n", ".env": "SECRET_KEY=" + canary,
		".env.example": "SECRET_KEY=\n", "main.go": "package main"})
	checktest.Run(t, repo.Config.Checks, []checktest.Case[repo.Config]{{
		ID:     "repo.E001",
		Raises: repo.Config{Dir: repository(t, map[string]string{"a/main.go": "package a\n\nkey = `" + canary + "`"}), Secrets: held("SECRET_KEY", canary)},
		Clean:  repo.Config{Dir: clean, Secrets: held("SECRET_KEY", canary)},
	}, {
		ID:     "repo.E002",
		Raises: repo.Config{Dir: repository(t, map[string]string{"deploy/prod.env": "export SMTP_PASSWORD = x\n"})},
		Clean:  repo.Config{Dir: repository(t, map[string]string{".env": "PAGE_SIZE=20\nSMTP_PASSWORD=\n", ".env.example": "SMTP_PASSWORD=x"})},
	}, {
		ID: "repo.E003",
		Raises: repo.Config{Dir: repository(t, map[string]string{".env.staging": "SECRET_KEY=" + canary, ".env.production": "SECRET_KEY='" + canary + "'",
			".gitignore": ".env*"})},
		Clean: repo.Config{Dir: repository(t, map[string]string{".env": "SECRET_KEY=" + canary, ".env.production": "SECRET_KEY=" + canary,
			".env.staging": "SECRET_KEY=another"}), Environment: "production", Secrets: held("SECRET_KEY", canary)},
	}, {
		ID:     "repo.E003", // the key in use, in an ignored file of another environment
		Raises: repo.Config{Dir: repository(t, map[string]string{"staging.env": "SECRET_KEY=" + canary, ".gitignore": "*.env"}), Environment: "production", Secrets: held("SECRET_KEY", canary)},
		Clean:  repo.Config{Dir: repository(t, map[string]string{"staging.env": "SECRET_KEY=" + canary, ".gitignore": "*.env"}), Environment: "staging", Secrets: held("SECRET_KEY", canary)},
	}, {
		ID:     "repo.W001",
		Raises: repo.Config{Dir: repository(t, map[string]string{".gitignore": "*.log\n"})},
		Clean:  repo.Config{Dir: clean},
	}})
}

// find returns the findings with the ID, and fails if a check could not look.
func find(t *testing.T, c repo.Config, id string) []check.Finding {
	t.Helper()
	report := check.Run(t.Context(), c.Checks(), check.Options{Deploy: true})
	for _, n := range report.NotRun {
		t.Errorf("%s could not look: %s", n.ID, n.Reason)
	}
	var all []check.Finding
	for _, f := range report.Findings {
		if strings.Contains(f.Evidence+f.Source, canary[:8]) {
			t.Errorf("a finding of %s holds a part of the secret", f.ID)
		}
		if f.ID == id {
			all = append(all, f)
		}
	}
	return all
}

func TestLiteralForms(t *testing.T) {
	dir := repository(t, map[string]string{
		"plain.txt":     "one\ntwo\nkey: " + canary + "\n" + canary,
		"url.py":        "redis://:c4n4ry%2Bkzhw7yq3%2Fxv81n0t4s3cr3t@cache/1",
		"secret.yaml":   "data:\n  key: " + base64.StdEncoding.EncodeToString([]byte(canary)),
		"half.txt":      canary[:16],
		"ignored.txt":   canary,
		"binary":        "\x00\xff" + canary,
		".gitignore":    "ignored.txt\n",
		"sub/dir/o.txt": "nothing",
	})
	if err := os.WriteFile(filepath.Join(dir, "untracked.txt"), []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"plain.txt:3": true, "url.py:1": true, "secret.yaml:2": true, "binary:1": true, "untracked.txt:1": true}
	got := find(t, repo.Config{Dir: filepath.Join(dir, "sub"), Secrets: held("SECRET_KEY", canary)}, "repo.E001")
	for _, f := range got {
		if !want[f.Source] || f.Setting != "SECRET_KEY" {
			t.Errorf("found %s in %s", f.Setting, f.Source)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d findings, want %d", len(got), len(want))
	}
	if got := find(t, repo.Config{Dir: dir, Secrets: held("PIN", "two\nkey: c")}, "repo.E001"); len(got) != 0 {
		t.Errorf("a value of less than %d bytes was looked for", repo.MinLength)
	}
}

// A hostile repository runs nothing and shows nothing from outside.
func TestHostile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the traps are shell scripts")
	}
	outside := filepath.Join(t.TempDir(), "outside.txt")
	if err := os.WriteFile(outside, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := repository(t, map[string]string{"a.txt": "nothing", "new\nline\x1b[31m.txt": canary, "-x": canary})
	trap := filepath.Join(dir, "trap.sh")
	if err := os.WriteFile(trap, []byte("#!/bin/sh\ntouch '"+dir+"/sprung'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, setting := range []string{"core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external", "core.gitProxy"} {
		run(t, dir, "config", setting, trap)
	}
	run(t, dir, "config", "core.hooksPath", dir)
	run(t, dir, "config", "include.path", "/dev/zero/nothing")
	if err := os.Symlink(outside, filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/", filepath.Join(dir, "root")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_DIR", t.TempDir())
	t.Setenv("GIT_EXTERNAL_DIFF", trap)
	got := find(t, repo.Config{Dir: dir, Secrets: held("SECRET_KEY", canary)}, "repo.E001")
	if len(got) != 2 {
		t.Errorf("%d findings, want the two in the repository", len(got))
	}
	for _, f := range got {
		if strings.ContainsAny(f.Evidence+f.Source, "\n\x1b") {
			t.Error("a file's name reaches the report as it is")
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "sprung")); err == nil {
		t.Error("git ran a program of the repository")
	}
}

// A value is found wherever it lies in a large file, across the bounds of what is read at once too.
func TestLarge(t *testing.T) {
	dir := repository(t, map[string]string{"a.bin": ""})
	for _, at := range []int{0, 1<<20 - 30, 1<<20 - 1, 1 << 20, 1<<20 + 1, 3<<20 - 7} {
		text := append(append(bytes.Repeat([]byte("\n"), at), canary...), bytes.Repeat([]byte("x"), 1<<20)...)
		if err := os.WriteFile(filepath.Join(dir, "a.bin"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		got := find(t, repo.Config{Dir: dir, Secrets: held("SECRET_KEY", canary)}, "repo.E001")
		if want := fmt.Sprintf("a.bin:%d", at+1); len(got) != 1 || got[0].Source != want {
			t.Errorf("at %d: got %v, want it in %s", at, got, want)
		}
	}
}

func TestNoRepository(t *testing.T) {
	if dir := t.TempDir(); repo.Exists(dir) || len(find(t, repo.Config{Dir: dir}, "repo.W001")) != 0 {
		t.Error("a directory without .git counts as a repository")
	}
	if dir := repository(t, map[string]string{"a/b/c.txt": ""}); !repo.Exists(filepath.Join(dir, "a", "b")) {
		t.Error("a directory below .git does not count as a repository")
	}
}

func TestCouldNotLook(t *testing.T) {
	large := repository(t, map[string]string{".env": "", "b.txt": ""})
	if err := os.Truncate(filepath.Join(large, ".env"), 2<<20); err != nil {
		t.Fatal(err)
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, ".git"), []byte("gitdir: nowhere"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := repository(t, map[string]string{"a.txt": "", ".env.staging": "SECRET_KEY='no end"})
	for name, c := range map[string]repo.Config{
		".env.staging cannot be read as settings": {Dir: other},
		"too large for settings":                  {Dir: large},
		"ended with status":                       {Dir: broken, Secrets: held("SECRET_KEY", canary)},
		"too large to be read":                    {Dir: large, Secrets: held("SECRET_KEY", canary), Timeout: time.Nanosecond},
	} {
		report := check.Run(context.Background(), c.Checks(), check.Options{Deploy: true})
		if len(report.NotRun) == 0 || !strings.Contains(report.NotRun[0].Reason, name) {
			t.Errorf("%s: could not look: %v", name, report.NotRun)
		}
	}
}
