package redisstore_test

import (
	"os/exec"
	"syscall"
)

// tie makes the process end with this one, also where a panic or a timeout leaves no time to stop it.
func tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
