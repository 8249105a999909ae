package manage_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/manage"
)

// sealed runs a command of "secrets" in a folder, for an application that cannot be built yet.
func sealed(t *testing.T, in string, args ...string) (status int, out, errs string) {
	t.Helper()
	build := func(context.Context) (*airworthy.App, error) { return nil, errors.New("there is no key yet") }
	var o, e strings.Builder
	status = manage.Run(t.Context(), build, append([]string{"app", "secrets"}, args...),
		manage.Streams{In: strings.NewReader(in), Out: &o, Err: &e})
	return status, o.String(), e.String()
}

// folder moves to an empty folder with an identity and an encrypted file that is to be made.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("AIRWORTHY_SECRETS", "age://secrets.env.age")
	t.Setenv("AIRWORTHY_AGE_IDENTITY_FILE", "identity.txt")
	t.Setenv("AIRWORTHY_AGE_IDENTITY", "")
	os.Unsetenv("AIRWORTHY_AGE_IDENTITY")
	status, identity, errs := sealed(t, "", "keygen", "--classic")
	if status != 0 || !strings.HasPrefix(errs, "recipient: age1") {
		t.Fatalf("status %d: %s", status, errs)
	}
	if err := os.WriteFile("identity.txt", []byte(identity), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

const sealedCanary = "hunter2 canary with spaces"

func TestSecrets(t *testing.T) {
	folder(t)
	steps := []struct {
		in   string
		args string
		want string // on stdout
		err  string // a part of stderr; the status is then 1
	}{
		{"", "names", "", "there is no such file"},
		{sealedCanary + "\n", "set API_TOKEN", "", ""},
		{"", "names", "API_TOKEN\n", ""},
		{"x\r\n", "set --file other.age OTHER", "", ""},
		{"", "names --file other.age", "OTHER\n", ""},
		{"", "set API_TOKEN", "", "stdin is empty"},
		{"x", "set API-TOKEN", "", "cannot hold what is not named like a variable"},
		{strings.Repeat("x", 1<<20+1), "set API_TOKEN", "", "more than 1 MiB"},
		{"", "rekey", "", ""},
		{"", "names", "API_TOKEN\n", ""},
		{"", "edit", "", "no editor is known"},
	}
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", "")
	for _, step := range steps {
		status, out, errs := sealed(t, step.in, strings.Fields(step.args)...)
		want := 0
		if step.err != "" {
			want = 1
		}
		if status != want || out != step.want || !strings.Contains(errs, step.err) {
			t.Errorf("secrets %s: status %d\n%s%s", step.args, status, out, errs)
		}
		if strings.Contains(out+errs, sealedCanary[:8]) {
			t.Errorf("secrets %s prints the secret", step.args)
		}
	}
	if b, err := os.ReadFile("secrets.env.age"); err != nil || strings.Contains(string(b), sealedCanary) {
		t.Errorf("the file is not encrypted: %v", err)
	}
}

func TestSecretsEdit(t *testing.T) {
	if _, err := exec.LookPath("cp"); err != nil {
		t.Skip("there is no shell with its tools, of which the test makes an editor")
	}
	dir := folder(t)
	runtime := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	sealed(t, sealedCanary, "set", "API_TOKEN")
	editor := func(script string) {
		path := filepath.Join(dir, "editor.sh")
		if err := os.WriteFile(path, []byte("#!/bin/sh\nset -e\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv("EDITOR", path)
	}
	t.Setenv("VISUAL", "")
	for _, step := range []struct {
		name, script string
		status       int
		errs, names  string
	}{
		{"a line is added", `cp "$1" seen; ls -ld "$(dirname "$1")" >mode; echo ADDED=1 >>"$1"`, 0, "", "API_TOKEN\nADDED\n"},
		{"nothing changes", `:`, 0, "unchanged", "API_TOKEN\nADDED\n"},
		{"what was edited cannot be read", `echo nonsense >>"$1"`, 1, "secrets.env.age:3", "API_TOKEN\nADDED\n"},
		{"the editor fails", `echo X=1 >>"$1"; exit 3`, 1, "the editor failed", "API_TOKEN\nADDED\n"},
		{"the terminal is closed", `kill -HUP $PPID; exec sleep 20`, 1, "the editor failed", "API_TOKEN\nADDED\n"},
		{"somebody else writes", `echo X=1 >>"$1"; echo >>secrets.env.age; printf 'x' >>secrets.env.age`, 1, "has changed since it was read", ""},
	} {
		editor(step.script)
		status, out, errs := sealed(t, "", "edit")
		if status != step.status || !strings.Contains(errs, step.errs) || out != "" {
			t.Errorf("%s: status %d\n%s%s", step.name, status, out, errs)
		}
		if strings.Contains(errs, sealedCanary[:8]) {
			t.Errorf("%s: the secret is printed", step.name)
		}
		if rest, _ := filepath.Glob(filepath.Join(runtime, "*")); len(rest) != 0 {
			t.Errorf("%s: the decrypted text is left in %v", step.name, rest)
		}
		if _, names, _ := sealed(t, "", "names"); step.names != "" && names != step.names {
			t.Errorf("%s: the names are %q, want %q", step.name, names, step.names)
		}
	}
	if b, err := os.ReadFile("seen"); err != nil || string(b) != "API_TOKEN='"+sealedCanary+"'\n" {
		t.Errorf("the editor did not see the decrypted text: %v", err)
	}
	if b, err := os.ReadFile("mode"); err != nil || !strings.HasPrefix(string(b), "drwx------") {
		t.Errorf("others can read the directory of the decrypted text: %s", b)
	}
}

func TestSecretsUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, test := range []struct {
		args, sources, want string
		status              int
	}{
		{"names", "", "no encrypted file is known", 1},
		{"names", "vault://h/p", "no encrypted file is known", 1},
		{"names", "age://f?u=x", "unknown parameter", 1},
		{"recipient", "age://f", "AIRWORTHY_AGE_IDENTITY: is not set", 1},
		{"set", "age://f", "0 arguments instead of 1: write it as", 2},
		{"set A=" + sealedCanary[:7], "age://f", "is not named like a variable", 1},
		{"nonsense", "", "unknown command", 2},
	} {
		t.Setenv("AIRWORTHY_SECRETS", test.sources)
		if test.sources == "" {
			os.Unsetenv("AIRWORTHY_SECRETS")
		}
		status, _, errs := sealed(t, "x", strings.Fields(test.args)...)
		if status != test.status || !strings.Contains(errs, test.want) {
			t.Errorf("secrets %s with %q: status %d: %s, want %q", test.args, test.sources, status, errs, test.want)
		}
		if strings.Contains(errs, sealedCanary[:7]) {
			t.Errorf("secrets %s prints what might be a secret", test.args)
		}
	}
}

// The editor and its plugins see one file decrypted, and not what decrypts all of them.
func TestTheEditorDoesNotGetTheIdentity(t *testing.T) {
	dir := folder(t)
	sealed(t, sealedCanary, "set", "API_TOKEN")
	identity, err := os.ReadFile("identity.txt")
	if err != nil {
		t.Fatal(err)
	}
	os.Unsetenv("AIRWORTHY_AGE_IDENTITY_FILE") // folder puts it back
	t.Setenv("AIRWORTHY_AGE_IDENTITY", string(identity))
	path := filepath.Join(dir, "editor.sh")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nenv >env.txt\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VISUAL", path)
	if status, _, errs := sealed(t, "", "edit"); status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	b, err := os.ReadFile("env.txt")
	if err != nil || !strings.Contains(string(b), "VISUAL=") || strings.Contains(string(b), "AGE-SECRET-KEY") {
		t.Errorf("the editor has the identity, or no environment: %v", err)
	}
}
