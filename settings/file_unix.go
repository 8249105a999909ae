//go:build unix && !linux

package settings

import (
	"os"
	"syscall"
)

// nonblock keeps an open of a pipe from waiting for its writer.
const nonblock = syscall.O_NONBLOCK

// ofKernel knows no numbers of file systems here; the path has been looked at.
func ofKernel(*os.File) bool { return false }
