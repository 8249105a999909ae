package azure_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGuide does what docs/secrets-azure.md says, and gets what it says that one gets.
func TestGuide(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "secrets-azure.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "\n```console\n")
	block, _, ok := strings.Cut(rest, "\n```\n")
	if !ok {
		t.Fatal("the page has no commands")
	}
	var commands, want []string
	for line := range strings.Lines(block + "\n") {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			commands = append(commands, command)
		} else {
			want = append(want, line)
		}
	}
	if len(commands) < 5 || len(want) != 1 {
		t.Fatalf("the page has %d commands that print %d lines", len(commands), len(want))
	}
	id := regexp.MustCompile(`[0-9a-f]{32}`)
	each(t, func(t *testing.T, p *place) {
		const vault = "https://myvault.vault.azure.net"
		script := "set -e\n" + strings.Replace(strings.Join(commands, ""), "vault="+vault+"\n", "vault=https://"+p.host+"\n", 1)
		if strings.Contains(script, vault) {
			t.Fatal("the page names the vault in another place than the first command")
		}
		dir := t.TempDir()
		cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "CURL_CA_BUNDLE="+p.ca)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		version := id.FindString(string(out))
		if got := strings.Replace(id.ReplaceAllString(string(out), id.FindString(want[0])), "https://"+p.host, vault, 1); err != nil || got != want[0] {
			t.Errorf("got %v\n%s\nwant\n%s", err, got, want[0])
		}
		if got := lookup(t, p.open(t, ""), "API_TOKEN")["API_TOKEN"]; len(got.Text) != 64 || got.Version != version {
			t.Errorf("the driver reads %d bytes of version %q, want 64 of %q", len(got.Text), got.Version, version)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("the commands leave %d files: %v", len(left), err)
		}
	})
}
