package repo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/repo"
)

// leaky makes a repository with a secret in its second commit, which the third takes out, and a file of settings.
func leaky(t *testing.T, format string) string {
	t.Helper()
	needGit(t)
	dir := t.TempDir()
	goldenGit(t, dir, "init", "-q", "-b", "main", "--object-format="+format)
	for _, step := range []map[string]string{
		{"README": "a site\n", "prod.env": "SMTP_PASSWORD=x\n", ".gitignore": ".env\n"},
		{"src/deploy.py": "import boto3\n\nkey = '" + planted + "'\n"},
		{"src/deploy.py": "import boto3\n\nkey = os.environ['KEY']\n"},
	} {
		for name, text := range step {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		goldenGit(t, dir, "add", "--force", ".")
		goldenGit(t, dir, "commit", "-q", "-m", "step")
	}
	goldenGit(t, dir, "tag", "v1")
	goldenGit(t, dir, "branch", "other", "HEAD~2")
	return dir
}

// scanOf returns the report of ScanChecks.
func scanOf(t *testing.T, c repo.Config) *check.Report {
	t.Helper()
	return check.Run(t.Context(), c.ScanChecks(), check.Options{Deploy: true})
}

// TestRepositories scans repositories of every shape.
func TestRepositories(t *testing.T) {
	whole := leaky(t, "sha1")
	const former = "repo.E005 src/deploy.py"
	for _, row := range []struct {
		name string
		dir  func() string
		want string // IDs and files, in the order of the report
	}{
		{"a repository", func() string { return whole }, former},
		{"a folder of it", func() string { return filepath.Join(whole, "src") }, former},
		{"names of 32 bytes", func() string { return leaky(t, "sha256") }, former},
		{"a bare one", func() string {
			dir := filepath.Join(t.TempDir(), "bare.git")
			goldenGit(t, t.TempDir(), "clone", "-q", "--bare", whole, dir)
			return dir
		}, former + ", repo.E006 prod.env"},
		{"a second work tree", func() string {
			dir := filepath.Join(t.TempDir(), "tree")
			goldenGit(t, whole, "worktree", "add", "-q", "--detach", dir)
			return dir
		}, former},
		{"a shallow clone", func() string {
			dir := filepath.Join(t.TempDir(), "shallow")
			goldenGit(t, t.TempDir(), "-c", "protocol.file.allow=always", "clone", "-q", "--depth=1", "file://"+whole, dir)
			return dir
		}, "repo.W003 "},
		{"no commit yet", func() string {
			dir := t.TempDir()
			goldenGit(t, dir, "init", "-q")
			return dir
		}, ""},
		{"no commit yet, and a file", func() string {
			dir := t.TempDir()
			goldenGit(t, dir, "init", "-q")
			if err := os.WriteFile(filepath.Join(dir, "notes"), []byte(planted), 0o600); err != nil {
				t.Fatal(err)
			}
			return dir
		}, "repo.E004 notes"},
		{"files alone", func() string {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "notes"), []byte(planted), 0o600); err != nil {
				t.Fatal(err)
			}
			return dir
		}, "repo.E004 notes"},
	} {
		report := scanOf(t, repo.Config{Dir: row.dir()})
		var got []string
		for _, f := range report.Findings {
			got = append(got, f.ID+" "+f.File)
		}
		if text := strings.Join(got, ", "); text != row.want || len(report.NotRun) > 0 {
			t.Errorf("%s: got %q, %v; want %q", row.name, text, report.NotRun, row.want)
		}
	}
}

// TestEvidence reads what is said of a leak.
func TestEvidence(t *testing.T) {
	dir := leaky(t, "sha1")
	report := scanOf(t, repo.Config{Dir: dir, Secrets: held("UPLOAD_KEY", planted)})
	if len(report.Findings) != 1 {
		t.Fatalf("found %v", report.Findings)
	}
	f := report.Findings[0]
	if f.Level != check.Critical || f.Setting != "UPLOAD_KEY" || f.Source != "src/deploy.py:3" || f.Line != 3 || f.Key != "in use" {
		t.Errorf("got %v %q %q %d %q", f.Level, f.Setting, f.Source, f.Line, f.Key)
	}
	for _, part := range []string{"20 bytes, since commit ", " of 2026-01-02 (in main, tag v1); it is the value of UPLOAD_KEY that is in use"} {
		if !strings.Contains(f.Evidence, part) {
			t.Errorf("evidence %q, want %q in it", f.Evidence, part)
		}
	}
	for _, part := range []string{"Rotate it first", "git filter-repo --invert-paths --path src/deploy.py"} {
		if !strings.Contains(f.Hint, part) {
			t.Errorf("hint %q, want %q in it", f.Hint, part)
		}
	}
	if strings.Index(f.Hint, "Rotate") > strings.Index(f.Hint, "filter-repo") {
		t.Error("the history comes before the rotation")
	}
}

// A value that no rule knows is found because it is in use, in whatever form; one of a few bytes is not looked for.
func TestInUseInTheHistory(t *testing.T) {
	dir := leaky(t, "sha1")
	for value, want := range map[string]int{"import boto3\n\nkey": 1, "os.environ['KEY']": 1, "boto3": 0} {
		report := scanOf(t, repo.Config{Dir: dir, Secrets: held("X", value)})
		n := 0
		for _, f := range report.Findings {
			if f.Setting == "X" && f.Level == check.Critical {
				n++
			}
		}
		if n != want {
			t.Errorf("%d findings of %d bytes in use, want %d", n, len(value), want)
		}
	}
}

// What was found is told when the time is up, and that it was.
func TestScanTimeout(t *testing.T) {
	report := scanOf(t, repo.Config{Dir: leaky(t, "sha1"), Timeout: time.Nanosecond})
	if len(report.NotRun) == 0 || !strings.Contains(report.NotRun[0].Reason, "1ns were not enough") || report.Ran > 0 {
		t.Errorf("%d checks ran, not run: %v", report.Ran, report.NotRun)
	}
}

func TestWithoutGit(t *testing.T) {
	dir := leaky(t, "sha1")
	t.Setenv("PATH", t.TempDir())
	for _, list := range [][]check.Check{repo.Config{Dir: dir}.ScanChecks(), repo.Config{Dir: dir, Secrets: held("X", canary)}.Checks()} {
		report := check.Run(t.Context(), list, check.Options{Deploy: true})
		if report.Ran != 0 || len(report.NotRun) != len(list) || !strings.Contains(report.NotRun[0].Reason, "git is not installed") {
			t.Errorf("%d checks ran, not run: %v", report.Ran, report.NotRun)
		}
	}
}

// The history is left alone where it is not asked for.
func TestNoHistory(t *testing.T) {
	dir := leaky(t, "sha1")
	c := repo.Config{Dir: dir, NoHistory: true}
	if report := scanOf(t, c); len(report.Findings) > 0 || len(report.NotRun) > 0 || report.Ran != len(c.ScanChecks()) {
		t.Errorf("found %v, not run %v", report.Findings, report.NotRun)
	}
	for _, k := range c.ScanChecks() {
		if k.ID == "repo.E005" {
			t.Error("a check of the history seems to have passed")
		}
	}
}

// The commit that is told is the first of all that have the secret in the file, whatever else changed in it.
func TestSince(t *testing.T) {
	needGit(t)
	dir := t.TempDir()
	goldenGit(t, dir, "init", "-q", "-b", "main")
	for _, text := range []string{"", "key = '" + planted + "'\n", "import os\nkey = '" + planted + "'\n", "import os\n\nkey = '" + planted + "'\n"} {
		if err := os.WriteFile(filepath.Join(dir, "deploy.py"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		goldenGit(t, dir, "add", ".")
		goldenGit(t, dir, "commit", "-q", "--allow-empty", "-m", text[:min(5, len(text))]+"…")
	}
	out, err := exec.Command("git", "-C", dir, "rev-parse", "HEAD~2").Output()
	if err != nil {
		t.Fatal(err)
	}
	report := scanOf(t, repo.Config{Dir: dir})
	if len(report.Findings) != 1 || report.Findings[0].Line != 3 || !strings.Contains(report.Findings[0].Evidence, "since commit "+string(out[:10])+" ") {
		t.Errorf("found %v, want line 3 since commit %s", report.Findings, out[:10])
	}
}

// TestARotatedSecretIsAnotherFault: the value that took the place of a leaked one, in the same line, must not pass for the old
// one in a baseline. What moved to another line must.
func TestARotatedSecretIsAnotherFault(t *testing.T) {
	needGit(t)
	dir := t.TempDir()
	goldenGit(t, dir, "init", "-q", "-b", "main")
	print := func(text string) string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "deploy.py"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		goldenGit(t, dir, "add", ".")
		goldenGit(t, dir, "commit", "-q", "-m", "A change")
		for _, f := range scanOf(t, repo.Config{Dir: dir}).Findings {
			if f.ID == "repo.E004" {
				return f.Fingerprint
			}
		}
		t.Fatal("nothing was found")
		return ""
	}
	first := print("key = '" + planted + "'\n")
	if moved := print("import os\nkey = '" + planted + "'\n"); moved != first {
		t.Error("a secret that moved has another fingerprint")
	}
	if rotated := print("import os\nkey = '" + "AKIA" + "L7KJ3HGFDQA5PWIU" + "'\n"); rotated == first {
		t.Error("another secret has the fingerprint of the first")
	}
}
