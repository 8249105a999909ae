package settings

import (
	"os"
	"syscall"
)

// nonblock keeps an open of a pipe from waiting for its writer.
const nonblock = syscall.O_NONBLOCK

// The numbers of procfs and sysfs, statfs(2).
const (
	procMagic  = 0x9fa0
	sysfsMagic = 0x62656572
)

// ofKernel reports whether f lies in procfs or sysfs, wherever that is mounted.
func ofKernel(f *os.File) bool {
	var s syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &s); err != nil {
		return false
	}
	return s.Type == procMagic || s.Type == sysfsMagic
}
