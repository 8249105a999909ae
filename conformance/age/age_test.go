package age_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// lab is a folder with a repository, and a shell that finds the real programs.
type lab struct {
	dir string
	env []string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	bin := os.Getenv("AIRWORTHY_AGE_PROGRAMS")
	if bin == "" {
		t.Skip("there are no programs: run run.sh")
	}
	l := &lab{dir: t.TempDir()}
	l.env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + l.dir, "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com"}
	l.run(t, "git init -q .")
	return l
}

// run runs a script and returns what it printed on stdout.
func (l *lab) run(t *testing.T, script string) string {
	t.Helper()
	out, err := l.try(script)
	if err != nil {
		t.Fatalf("%s\n%v\n%s", script, err, out)
	}
	return out
}

func (l *lab) try(script string) (string, error) {
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = l.dir, l.env
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		return string(out) + string(exit.Stderr), err
	}
	return string(out), err
}

var block = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// TestPage runs the page from the top to the bottom.
func TestPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "secrets-age.md"))
	if err != nil {
		t.Fatal(err)
	}
	scripts := block.FindAllStringSubmatch(string(page), -1)
	if len(scripts) < 4 {
		t.Fatalf("the page has %d blocks of commands", len(scripts))
	}
	l := newLab(t)
	last := ""
	for _, script := range scripts {
		last = l.run(t, script[1])
	}
	if strings.TrimSpace(last) != "1" {
		t.Errorf("age finds SECRET_KEY %q times in the file, want once", strings.TrimSpace(last))
	}
	if tracked := l.run(t, "git ls-files"); strings.Contains(tracked, "identity") || !strings.Contains(tracked, "secrets.env.age\n") {
		t.Errorf("the repository holds %q", tracked)
	}
	if log := l.run(t, "git log --format=%s"); !strings.HasPrefix(log, "a new key, which") {
		t.Errorf("the new key was not committed:\n%s", log)
	}
	// The server can read it with its own identity, and somebody else cannot.
	if names := l.run(t, "AIRWORTHY_AGE_IDENTITY_FILE=server-identity.txt bulletin secrets names"); names != "SECRET_KEY\nSECRET_KEY_FALLBACKS\n" {
		t.Errorf("the server finds %q", names)
	}
	out, err := l.try("bulletin secrets keygen >other.txt; AIRWORTHY_AGE_IDENTITY_FILE=other.txt bulletin secrets names")
	if err == nil || !strings.Contains(out, "is not encrypted to the identity") {
		t.Errorf("somebody who is not listed: %v\n%s", err, out)
	}
	// The site starts on what the file holds.
	gate, _ := l.try("AIRWORTHY_ENV=production ALLOWED_HOSTS=bulletin.example.com DATABASE_URL=sqlite:///b.sqlite3 bulletin settings")
	if !regexp.MustCompile(`(?m)^SECRET_KEY +\[redacted\] +secrets\.env\.age:1`).MatchString(gate) {
		t.Errorf("the settings do not come from the file:\n%s", gate)
	}
}

// TestBothWays has each program read what the other wrote, with both kinds of pairs.
func TestBothWays(t *testing.T) {
	for name, make := range map[string]string{
		"classic": "age-keygen -o id.txt 2>/dev/null",
		"hybrid":  "age-keygen -pq -o id.txt 2>/dev/null",
		"ours":    "bulletin secrets keygen >id.txt 2>/dev/null",
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.run(t, make)
			l.env = append(l.env, "AIRWORTHY_AGE_IDENTITY_FILE=id.txt")
			for _, armor := range []string{"", "--armor"} {
				l.run(t, `printf 'A=1\nB="two\\nlines"\n' | age --encrypt `+armor+` --recipient "$(age-keygen -y id.txt)" >theirs.age`)
				if got := l.run(t, "bulletin secrets names --file theirs.age"); got != "A\nB\n" {
					t.Errorf("of age's file %s we read %q", armor, got)
				}
			}
			l.run(t, "printf 'a $b \"c\"' | bulletin secrets set --file ours.age C")
			if got := l.run(t, "age --decrypt --identity id.txt ours.age"); got != "C='a $b \"c\"'\n" {
				t.Errorf("of our file age reads %q", got)
			}
			if got := l.run(t, "head -1 ours.age"); got != "-----BEGIN AGE ENCRYPTED FILE-----\n" {
				t.Errorf("our file begins with %q", got)
			}
		})
	}
}
