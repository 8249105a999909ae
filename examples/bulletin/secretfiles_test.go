//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecretFilesPage runs the commands of docs/secrets-files.md, in their order and in one shell.
func TestSecretFilesPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/secrets-files.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(page, -1) {
		script.WriteString(string(block[1]) + "cat secrets/SECRET_KEY >&2; stat -c %a secrets secrets/SECRET_KEY\n")
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "bulletin"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash, for which the page's commands are written")
	}
	cmd := exec.Command("bash", "-eu", "-o", "pipefail", "-c", script.String())
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	var keys strings.Builder
	cmd.Stderr = &keys
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if want := filepath.Join(dir, "secrets", "SECRET_KEY"); !strings.Contains(string(out), "[redacted]") || !strings.Contains(string(out), want) {
		t.Errorf("the settings do not show that the key came from %s:\n%s", want, out)
	}
	if n := strings.Count(string(out), "700\n600\n"); n != 2 {
		t.Errorf("the modes are other ones:\n%s", out)
	}
	if found := regexp.MustCompile(`aw1_production_[0-9TZ]+_[A-Za-z0-9]{52}`).FindAllString(keys.String(), -1); len(found) != 2 || found[0] == found[1] {
		t.Errorf("%d keys were made, want two different ones", len(found))
	}
}
