package probe_test

import (
	"os/exec"
	"syscall"
)

// peakMemory returns how many bytes a program that has ended had in memory at most.
func peakMemory(cmd *exec.Cmd) int64 {
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss << 10 // Linux counts in KiB
}
