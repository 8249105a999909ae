package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestScan scans a repository whose secret was deleted and a directory that is none.
func TestScan(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	key := "AKIA" + "QYLPMN5HFIQR7XYA"
	dir, plain := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(plain, "notes"), key)
	write(filepath.Join(dir, ".gitignore"), ".env\n")
	write(filepath.Join(dir, "deploy.py"), "key = '"+key+"'")
	write(filepath.Join(dir, ".env"), "UPLOAD_TOKEN="+key+"\nSERVER_TOKEN="+strings.Repeat("value of a server ", 2)+"\n")
	empty := filepath.Join(plain, "empty.env")
	write(empty, "PAGE_SIZE=20\n")
	for _, words := range []string{"init -q", "add .", "commit -q -m one", "rm -q deploy.py", "commit -q -m two"} {
		cmd := exec.Command("git", append([]string{"-c", "user.name=A", "-c", "user.email=a@example.com"}, strings.Fields(words)...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", words, err, out)
		}
	}
	for _, row := range []struct {
		args   string
		status int
		out    string // part of stdout
		not    string // no part of stdout
		errs   string // part of stderr
	}{
		{"scan " + dir, 1, "git filter-repo --invert-paths --path deploy.py", "in use", ""},
		{"scan " + dir, 1, "deploy.py:1", key, ""}, // from the cache
		{"scan --no-cache --in-use " + dir + "/.env " + dir, 1, "the value of UPLOAD_TOKEN that is in use", key, ""},
		{"scan --history none " + dir, 0, "No findings", "repo.E005", ""},
		{"scan " + plain, 1, "notes:1", "repo.W001", ""},
		{"scan --list-checks " + dir, 0, "repo.E006", "", ""},
		{"scan --list-checks " + plain, 0, "repo.E004", "repo.E005", ""},
		{"scan --timeout 1ns " + dir, 1, "1ns were not enough to begin", "", ""},
		{"scan --history some " + dir, 2, "", "", "neither all nor none"},
		{"scan --timeout -1s " + dir, 2, "", "", "is no time"},
		{"scan --max-blob 0 " + dir, 2, "", "", "is not between"},
		{"scan --cache x --no-cache " + dir, 2, "", "", "contradict each other"},
		{"scan --in-use " + empty + " " + dir, 2, "", "", "sets no secret"},
		{"scan --in-use " + dir + " " + dir, 2, "", "", "cannot be read"},
		{"scan " + dir + "/missing", 2, "", "", "is not a directory"},
		{"scan a b", 2, "", "", "scan [DIR]"},
	} {
		var out, errs strings.Builder
		status := run(t.Context(), strings.Fields(row.args), &out, &errs)
		text := strings.Join(strings.Fields(out.String()), " ") // lines are broken
		if status != row.status || !strings.Contains(text, row.out) || !strings.Contains(errs.String(), row.errs) ||
			row.not != "" && strings.Contains(out.String()+errs.String(), row.not) {
			t.Errorf("airworthy %s: status %d, stdout %q, stderr %q; want %d, %q without %q, %q",
				row.args, status, out.String(), errs.String(), row.status, row.out, row.not, row.errs)
		}
	}
}
