package aws_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

// after says what must be true when a block of the page has run, which is found by a part of it.
var after = map[string]func(t *testing.T){
	"create-secret --name bulletin/production ": func(t *testing.T) {
		isKey(t, "aws-sm://eu-central-1/bulletin/production")
	},
	"put-secret-value": func(t *testing.T) {
		isKey(t, "aws-sm://eu-central-1/bulletin/production")
		value(t, "aws-sm://eu-central-1/bulletin/production", "EMAIL_URL", `smtp://a"b\c@mail`)
	},
	"create-secret --name bulletin/production/SECRET_KEY": func(t *testing.T) { isKey(t, "aws-sm://eu-central-1/bulletin/production/") },
	"put-parameter": func(t *testing.T) { isKey(t, "aws-ssm://eu-central-1/bulletin/production/") },
	"create-policy": func(t *testing.T) {
		if got := cli(t, "iam", "list-policies", "--scope", "Local", "--query", "Policies[].PolicyName", "--output", "text"); got != "bulletin-read\tbulletin-rotate" {
			t.Errorf("the policies are %q", got)
		}
	},
	"update-secret-version-stage": func(t *testing.T) {
		isKey(t, "aws-sm://eu-central-1/bulletin/production")
		value(t, "aws-sm://eu-central-1/bulletin/production", "EMAIL_URL", "")
	},
}

// TestGuide runs the commands of the page one after the other, as somebody does who reads it.
func TestGuide(t *testing.T) {
	environment(t)
	dir := t.TempDir()
	for name, text := range policyTexts(t) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Dir(os.Getenv("AIRWORTHY_AWS")) + ":" + filepath.Dir(os.Getenv("AIRWORTHY_BULLETIN")) + ":" + os.Getenv("PATH")
	_, code := blocks(t, "sh")
	done := 0
	for _, script := range code {
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+path)
		cmd.Stdin = strings.NewReader(`smtp://a"b\c@mail` + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s\nends with %v:\n%s", script, err, out)
		}
		for part, check := range after {
			if strings.Contains(script, part) {
				done++
				check(t)
			}
		}
	}
	if done != len(after) || done != len(code) {
		t.Errorf("%d of %d blocks were looked at, want each once", done, len(code))
	}
}

// isKey demands a SECRET_KEY that a site starts with.
func isKey(t *testing.T, url string) {
	t.Helper()
	got, err := openURL(t, url).Lookup(t.Context(), []string{"SECRET_KEY"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.New(keyring.Config{Key: secret.New(got["SECRET_KEY"].Text)}); err != nil {
		t.Errorf("%s: %v", url, err)
	}
}

// value demands the text of a setting; empty if it is not to be there.
func value(t *testing.T, url, name, want string) {
	t.Helper()
	got, err := openURL(t, url).Lookup(t.Context(), []string{name})
	if err != nil || got[name].Text != want {
		t.Errorf("%s is %q, %v, want %q", name, got[name].Text, err, want)
	}
}
