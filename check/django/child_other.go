//go:build !unix

package django

import (
	"io"
	"os"
	"os/exec"
	"time"
)

// channel is a file in a directory of ours, read once something stands in it.
type channel struct {
	*os.File
	path string
	done chan struct{}
}

func newChannel(path string) (*channel, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return &channel{f, path, make(chan struct{})}, err
}

func (in *channel) frame(marker string) ([]byte, error) { return readFrame(in, marker) }

// Read waits for more until the process has ended.
func (in *channel) Read(b []byte) (int, error) {
	for {
		n, err := in.File.Read(b)
		if n > 0 || err != io.EOF {
			return n, err
		}
		select {
		case <-in.done:
			return in.File.Read(b)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// finish lets frame fail where it would wait.
func (in *channel) finish() { close(in.done) }

func isolate(*exec.Cmd) {}

// kill ends the process. Its children are beyond us here.
func kill(cmd *exec.Cmd, _ string) { _ = cmd.Process.Kill() }
