//go:build unix

package secrets_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// Whoever could read a file that is replaced still can; a new one is its owner's alone.
func TestWrittenFilesKeepOwnerAndMode(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"OPEN": 0o644, "GROUP": 0o640, "OWN": 0o600} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte("old"), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	root := os.Getuid() == 0
	if root {
		if err := errors.Join(os.Chown(dir, 4242, 4243), os.Chown(filepath.Join(dir, "GROUP"), 4244, 4245)); err != nil {
			t.Fatal(err)
		}
	}
	var changes []settings.Change
	for _, name := range []string{"OPEN", "GROUP", "OWN", "NEW"} {
		changes = append(changes, settings.Change{Name: name, Text: secret.New("new")})
	}
	if err := files(t, dir).Write(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 {
		t.Fatalf("%d files, want four: what was written aside has to go: %v", len(entries), err)
	}
	want := map[string]string{"OPEN": "-rw-r--r-- 0 0", "GROUP": "-rw-r----- 4244 4245", "OWN": "-rw------- 0 0", "NEW": "-rw------- 4242 4243"}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		got, full := info.Mode().String(), want[e.Name()]
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && root {
			got += fmt.Sprintf(" %d %d", stat.Uid, stat.Gid)
		} else {
			full = full[:len("-rw-------")]
		}
		if got != full {
			t.Errorf("%s is %s, want %s", e.Name(), got, full)
		}
	}
}
