//go:build unix

package django

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestStrangersPython puts a virtual environment of somebody else above a project.
func TestStrangersPython(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	top := t.TempDir()
	project, env := filepath.Join(top, "a", "project"), filepath.Join(top, ".venv")
	for _, dir := range []string{project, env} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Contains(environments(project), env) {
		t.Errorf("environments = %q, want %s, which is ours", environments(project), env)
	}
	if err := os.Chown(env, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(environments(project), env) {
		t.Error("a stranger's Python is run")
	}
	if err := os.Chown(project, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(environments(project), env) {
		t.Error("that of the project's owner is not")
	}
}
