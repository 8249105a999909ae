package repo

import "golang.org/x/sys/unix"

// bound bounds the memory of a process. It may have ended by now.
func bound(pid int) {
	_ = unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: maxMemoryOfGit, Max: maxMemoryOfGit}, nil)
}
