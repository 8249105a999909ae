//go:build unix

package django

import (
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// channel is a named pipe in a directory of ours, so that nothing of the settings is at rest. It is opened for writing too:
// it has no end that a process could cause or hold up.
type channel struct {
	*os.File
	path string
}

func newChannel(path string) (*channel, error) {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	return &channel{f, path}, err
}

func (in *channel) frame(marker string) ([]byte, error) { return readFrame(io.Reader(in.File), marker) }

// finish lets frame fail where it would wait.
func (in *channel) finish() { _ = in.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) }

// isolate gives the process a session of its own: no terminal, and a group that can be killed as one.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// kill ends the process's group and, where the system shows them, the processes that left the group. Those bear the mark.
// Who is found may have started another one meanwhile, so it looks until there is none.
func kill(cmd *exec.Cmd, marker string) {
	for range 100 {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if killMarked(runVariable+"="+marker) == 0 {
			return
		}
	}
}

// killMarked kills the processes that have a text in their environment, and says how many there were.
func killMarked(mark string) (n int) {
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil || pid <= 1 || pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile("/proc/" + d.Name() + "/environ") // empty once a process has ended
		if err == nil && strings.Contains(string(env), mark) && syscall.Kill(pid, syscall.SIGKILL) == nil {
			n++
		}
	}
	return n
}
