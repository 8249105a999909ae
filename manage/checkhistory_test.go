package manage_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestCheckHistory judges an application that runs in a repository whose history holds its key, and in one that is clean.
func TestCheckHistory(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	leaked := production()
	repository := func(key string) string {
		dir := t.TempDir()
		git := func(args ...string) {
			t.Helper()
			cmd := exec.Command("git", append([]string{"-c", "user.name=A", "-c", "user.email=a@example.com"}, args...)...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("git %s: %v\n%s", args[0], err, out)
			}
		}
		for name, text := range map[string]string{".gitignore": ".env\n", "notes": "the key is " + key} {
			if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		git("init", "-q")
		git("add", ".")
		git("commit", "-q", "-m", "one")
		git("rm", "-q", "notes")
		git("commit", "-q", "-m", "two")
		return dir
	}
	bad, good, none := repository(leaked["SECRET_KEY"]), repository("elsewhere"), t.TempDir()
	for _, row := range []struct {
		name, dir, args string
		status          int
		want, not       string // part of the report or of the error, and no part of it
	}{
		{"the key is in the history", bad, "--deploy --history", 1, "it is the value of SECRET_KEY that is in use", "repo.E001"},
		{"the history is not read unasked", bad, "--deploy", 0, "Passed.", "repo.E005"},
		{"a clean history", good, "--deploy --history", 0, "Passed.", "repo.E005"},
		{"no repository", none, "--deploy --history", 1, "in no repository", "Passed."},
		{"without --deploy", good, "--history", 2, "add --deploy", "Passed."},
		{"the list has both", good, "--deploy --history --list-checks", 0, "repo.E006", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Chdir(row.dir)
			status, out, errs := run(t, build(leaked), append([]string{"check"}, strings.Fields(row.args)...)...)
			text := strings.Join(strings.Fields(out+errs), " ")
			if status != row.status || !strings.Contains(text, row.want) || row.not != "" && strings.Contains(text, row.not) {
				t.Errorf("status %d, %s; want %d, %q without %q", status, text, row.status, row.want, row.not)
			}
			if strings.Contains(text, leaked["SECRET_KEY"]) {
				t.Error("the report holds the key")
			}
		})
	}
}
