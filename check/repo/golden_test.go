package repo_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/check/repo"
	"github.com/airworthy-go/airworthy/secret"
)

// TestGolden runs testdata/checks: repositories in files. A case holds any of
//
//	tracked/…     the files of the first commit, those that .gitignore names too
//	git           what happens after it, a line each
//	…/            folders that a line of git puts over the work tree
//	untracked/…   files that lie in the work tree at the end and were never added
//	max-blob      the largest content that is looked at, in bytes
//	in-use        what the program runs with: NAME=value lines; AIRWORTHY_ENV is the environment, all others are secrets
//
// A line of git is "put FOLDER", or a command of git's, its words separated by blanks:
//
//	rm -q settings.py
//	commit -q -m second
//	put third
//	add .
//	commit -q -m third
//
// Git runs without configuration, with one author and at one time. "{~}" is taken out of all files: it stands in the middle of
// made-up secrets, so that nobody who scans this repository takes them for a leak, airworthy included.
func TestGolden(t *testing.T) {
	needGit(t)
	checktest.Golden(t, "testdata/checks", func(t *testing.T, files fs.FS) []check.Check {
		config := repo.Config{Dir: goldenRepository(t, files)}
		for line := range strings.Lines(caseFile(t, files, "in-use")) {
			name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			switch {
			case !ok:
				t.Fatalf("in-use: %q is not NAME=value", line)
			case name == "AIRWORTHY_ENV":
				config.Environment = value
			default:
				config.Secrets = append(config.Secrets, repo.Secret{Setting: name, Value: secret.New(value)})
			}
		}
		if text := caseFile(t, files, "max-blob"); text != "" {
			var err error
			if config.MaxBlob, err = strconv.ParseInt(strings.TrimSpace(text), 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		return append(config.Checks(), config.ScanChecks()...)
	})
}

// goldenRepository makes the repository of a case and returns its directory.
func goldenRepository(t *testing.T, files fs.FS) string {
	t.Helper()
	dir := t.TempDir()
	used := map[string]bool{"tracked": true, "untracked": true, "git": true, "in-use": true, "max-blob": true}
	goldenGit(t, dir, "init", "-q", "-b", "main")
	put(t, files, "tracked", dir)
	goldenGit(t, dir, "add", "--force", ".")
	goldenGit(t, dir, "commit", "-q", "--allow-empty", "-m", "first")
	for line := range strings.Lines(caseFile(t, files, "git")) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "put" && len(words) == 2:
			used[words[1]] = true
			put(t, files, words[1], dir)
		default:
			goldenGit(t, dir, words...)
		}
	}
	put(t, files, "untracked", dir)
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !used[e.Name()] {
			t.Fatalf("%s is no file of a case, and no line of git puts it: see TestGolden", e.Name())
		}
	}
	return dir
}

// caseFile returns the text of a file of a case, empty if there is none.
func caseFile(t *testing.T, files fs.FS, name string) string {
	t.Helper()
	text, err := fs.ReadFile(files, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "{~}", "")
}

// put copies a folder of a case over the work tree.
func put(t *testing.T, files fs.FS, folder, dir string) {
	t.Helper()
	err := fs.WalkDir(files, folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(path, folder+"/")))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, []byte(caseFile(t, files, path)), 0o600)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

// goldenGit runs git as it runs on every machine.
func goldenGit(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "core.autocrlf=false"}, args...)...)
	cmd.Dir = dir
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "GIT_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
}
