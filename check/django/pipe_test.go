//go:build unix

package django_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check/django"
)

// TestPipesAreNoFiles holds that a project in which files are named pipes, from which nothing ever comes, is read to its end.
func TestPipesAreNoFiles(t *testing.T) {
	for _, pipe := range []string{"manage.py", ".python-version", "runtime.txt", "uv.lock", "requirements.txt", "site1/urls.py", "site1/local.py"} {
		t.Run(pipe, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "site1"), 0o755); err != nil {
				t.Fatal(err)
			}
			src := sound + "ROOT_URLCONF = 'site1.urls'\ntry:\n  from .local import *\nexcept ImportError: pass\n"
			if err := os.WriteFile(filepath.Join(dir, "site1", "settings.py"), []byte(src), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(filepath.Join(dir, pipe), 0o644); err != nil {
				t.Fatal(err)
			}
			read := make(chan error, 2)
			go func() {
				_, err := django.Modules(dir)
				read <- err
				_, err = django.ReadStatic(dir, "site1.settings")
				read <- err
			}()
			for range 2 {
				select {
				case err := <-read:
					if err != nil {
						t.Error(err)
					}
				case <-time.After(20 * time.Second):
					t.Fatal("it waits for the pipe")
				}
			}
		})
	}
}
