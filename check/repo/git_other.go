//go:build !linux

package repo

// bound does nothing where a process cannot be bounded from outside: there the time is the only bound.
func bound(int) { _ = maxMemoryOfGit }
