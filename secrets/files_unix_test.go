//go:build unix

package secrets

import (
	"errors"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A pipe without a writer must not make the program wait.
func TestFilesReadNoPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "PIPE"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := NewFiles(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := f.Lookup(t.Context(), []string{"PIPE"})
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "is a pipe") {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Lookup waits for the pipe's writer")
	}
}

// Files of the kernel are refused in whatever directory they stand.
func TestFilesReadNoKernel(t *testing.T) {
	f, err := NewFiles("/proc/self", nil)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc here")
	}
	if got, err := f.Lookup(t.Context(), []string{"environ", "comm"}); len(got) != 0 || err == nil || !strings.Contains(err.Error(), "file of the kernel") {
		t.Errorf("%d files were read, %v", len(got), err)
	}
}

func TestWhyAFileCannotBeWritten(t *testing.T) {
	for want, err := range map[string]error{
		"is mounted read-only":   &fs.PathError{Op: "openat", Path: "canary", Err: syscall.EROFS},
		"may not write there":    &fs.PathError{Op: "openat", Path: "canary", Err: syscall.EACCES},
		"no such directory":      &fs.PathError{Op: "openat", Path: "canary", Err: syscall.ENOENT},
		"no space left":          &fs.PathError{Op: "write", Path: "canary", Err: syscall.ENOSPC},
		"cannot be replaced":     errors.New("canary"),
		"is mounted read-only: ": errors.Join(&fs.PathError{Op: "write", Path: "canary", Err: syscall.EROFS}, nil),
	} {
		if got := plain(err); !strings.Contains(got.Error(), want) || strings.Contains(got.Error(), "canary") {
			t.Errorf("got %v, want %q", got, want)
		}
	}
}
