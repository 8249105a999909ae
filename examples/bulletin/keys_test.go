package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
)

// changing is what differs from run to run: fingerprints, versions, folders, times, keys and the widths of columns.
var changing = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`aw1_production_\d{8}T\d{6}Z_[A-Z0-9]{52}`), "KEY"},
	{regexp.MustCompile(`\b[0-9a-f]{12}\b`), "FINGERPRINT"},
	{regexp.MustCompile(`version \S+`), "version V"},
	{regexp.MustCompile(`: \S*/secrets/`), ": SECRETS/"},
	{regexp.MustCompile(`in file:///\S*/secrets\b`), "in file:///SECRETS"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d`), "DAY"},
	{regexp.MustCompile(`\d\d:\d\d:\d\d UTC`), "TIME"},
	{regexp.MustCompile(`know within \d+ \w+`), "know within SPAN"},
	{regexp.MustCompile(`\d+ seconds?`), "SECONDS"},
	{regexp.MustCompile(`(?m)^read \S+ from .*\n`), ""}, // the page says that it leaves these out
	{regexp.MustCompile(` +`), " "},
}

func steady(text string) string {
	for _, c := range changing {
		text = c.pattern.ReplaceAllString(text, c.by)
	}
	return text
}

// TestKeysPage runs the commands of docs/keys.md, one after the other, on one directory of secrets, and compares what
// they print. A rotation waits no longer than its instances need, and here are none.
func TestKeysPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/keys.md")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	key, err := keyring.GenerateFor("production", time.Now().Add(-time.Second))
	if err != nil {
		t.Fatal(err)
	}
	stored := filepath.Join(folder, "secrets")
	if err := os.Mkdir(stored, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stored, "SECRET_KEY"), []byte(key.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	ran := 0
	text, byHand, ok := strings.Cut(string(page), "## By hand")
	if !ok {
		t.Fatal("the page has no section for work by hand")
	}
	env := production()
	transcript(t, byHand, &ran, func(args []string) string { return printed(t, folder, env, args) })
	delete(env, "SECRET_KEY")
	env["AIRWORTHY_SECRETS"], env["AIRWORTHY_SECRETS_REFRESH"] = "file://"+stored, "1s"
	former := key.Fingerprint()
	transcript(t, text, &ran, func(args []string) string {
		if args[1] == "retire" && args[2] != "--expired" {
			args[2] = former
		}
		return printed(t, folder, env, args)
	})
	if ran != 7 {
		t.Errorf("%d commands tried, want 7", ran)
	}
}

// printed returns what a command prints, on both streams.
func printed(t *testing.T, folder string, env map[string]string, args []string) string {
	t.Helper()
	_, out, errs := runIn(t, folder, env, args...)
	return errs + out
}

// transcript runs the commands in the console blocks of a text.
func transcript(t *testing.T, text string, ran *int, run func(args []string) string) {
	t.Helper()
	blocks := strings.Split(text, "```console\n")
	for _, block := range blocks[1:] {
		block, _, _ = strings.Cut(block, "```")
		for _, part := range strings.Split(block, "$ ./bulletin ")[1:] {
			command, want, _ := strings.Cut(part, "\n")
			*ran++
			if got := run(strings.Fields(command)); steady(got) != steady(want) {
				t.Errorf("$ bulletin %s prints\n%s\nand the page has\n%s", command, steady(got), steady(want))
			}
		}
	}
}

// What Kubernetes mounts this program cannot write, but a running site follows it: nobody has to restart anything.
func TestRotatingWhatKubernetesMounts(t *testing.T) {
	folder, mount := t.TempDir(), t.TempDir()
	key, err := keyring.GenerateFor("production", time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	version := filepath.Join(mount, "..2026_11_22")
	if err := os.Mkdir(version, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(version, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("SECRET_KEY", key.Reveal())
	if err := os.Symlink("..2026_11_22", filepath.Join(mount, "..data")); err != nil {
		t.Fatal(err)
	}
	env := production()
	delete(env, "SECRET_KEY")
	env["AIRWORTHY_SECRETS"] = "file://" + mount
	rotate := func(want ...string) {
		t.Helper()
		status, _, errs := runIn(t, folder, env, "key", "rotate")
		for _, w := range append(want, "SECRET_KEY_FALLBACKS", "key rotate --print") {
			if status != 1 || !strings.Contains(errs, w) || strings.Contains(errs, "estart the instances") {
				t.Errorf("status %d, want 1 and %q without a restart:\n%s", status, w, errs)
			}
		}
	}
	rotate("in two steps", "wait until every instance has it: 12 minutes", "key generate --environment production")
	status, out, errs := runIn(t, folder, env, "key", "rotate", "--print")
	step, _, ok := strings.Cut(out, "# step 2")
	_, staged, found := strings.Cut(step, "SECRET_KEY_FALLBACKS=")
	if status != 0 || !ok || !found {
		t.Fatalf("status %d: %s", status, errs)
	}
	write("SECRET_KEY_FALLBACKS", strings.TrimSpace(staged))
	rotate("is staged", "when every instance has it, 12 minutes")
}
