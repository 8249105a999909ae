//go:build unix

package redisstore_test

import (
	"syscall"
	"testing"
)

// freeze stops the process as it stands; the test's end thaws it.
func freeze(t *testing.T, s *server) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Signal(syscall.SIGCONT) })
}
