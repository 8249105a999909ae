package django

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed frame.py
var frame string

// Limits of the process that reads settings, where ReadConfig sets none.
const (
	readTimeout = time.Minute
	readMemory  = 4 << 30
	maxFile     = 256 << 20 // bytes of a file that the settings write
)

// ReadConfig says which project is read, by what, and how much that may take. Dir and Settings are required.
type ReadConfig struct {
	Dir      string        // the project's directory, which holds manage.py; the process runs there
	Settings string        // the settings module, such as mysite.settings
	Python   string        // the project's Python, a path or a name in PATH; empty: see FindPython
	Timeout  time.Duration // for all of it; zero means a minute
	Memory   int64         // bytes of address space, where the system limits that; zero means 4 GiB
	Env      []string      // the process's environment, as of os.Environ; nil means that of this process
}

// Read runs the project's settings by the project's own Python and returns what they say.
//
// This executes the settings, what they import and the applications that they install, with the rights of this process
// and its environment: call it only if the user asked for that. The process has a session of its own, no terminal and no
// input; what it prints is dropped. It writes no bytecode. It is bounded in time, memory, CPU and the size of
// files, and at the end it is killed with what it started. What it says comes in a frame on a channel that the settings
// do not know, so that they cannot disturb it by accident. It is no jail: settings that mean harm can do it.
//
// The error is a [*ReadError] if the project is at fault. None holds a value of a setting.
func Read(ctx context.Context, cfg ReadConfig) (Project, error) {
	dir, err := projectDir(cfg.Dir)
	if err != nil {
		return Project{}, err
	}
	if !moduleName(cfg.Settings) {
		return Project{}, fmt.Errorf("django: %q is no name of a module: write it as in DJANGO_SETTINGS_MODULE, such as mysite.settings", cfg.Settings)
	}
	python, err := FindPython(dir, cfg.Python)
	if err != nil {
		return Project{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(cfg.Timeout, readTimeout))
	defer cancel()
	out, err := ask(ctx, cfg, dir, python)
	if err != nil {
		return Project{}, err
	}
	p, err := answer(out, python, cfg.Settings)
	if err != nil {
		return Project{}, err
	}
	p.locate(dir, cfg.Settings)
	return p, nil
}

// projectDir returns the absolute path of a directory.
func projectDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("django: no directory is given: name the one that holds manage.py")
	}
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return "", fmt.Errorf("django: %q is no directory: name the one that holds manage.py", dir)
	}
	return filepath.Abs(dir)
}

// moduleName reports whether s is a dotted name of Python.
func moduleName(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || part[0] >= '0' && part[0] <= '9' || strings.ContainsFunc(part, func(r rune) bool {
			return r < 0x80 && r != '_' && !(r >= '0' && r <= '9') && !(r >= 'a' && r <= 'z') && !(r >= 'A' && r <= 'Z')
		}) {
			return false
		}
	}
	return len(s) < 500
}

// ask runs the process and returns the body of its frame.
func ask(ctx context.Context, cfg ReadConfig, dir, python string) ([]byte, error) {
	tmp, err := os.MkdirTemp("", "airworthy-")
	if err != nil {
		return nil, fmt.Errorf("django: no place for the answer: %w", err)
	}
	defer os.RemoveAll(tmp)
	in, err := newChannel(filepath.Join(tmp, "answer"))
	if err != nil {
		return nil, fmt.Errorf("django: no channel for the answer: %w", err)
	}
	defer in.Close()

	timeout := cmp.Or(cfg.Timeout, readTimeout)
	marker := rand.Text() + rand.Text()
	given, err := json.Marshal(map[string]any{
		"channel": in.path, "marker": marker, "dir": dir, "code": exporter,
		"limits": map[string]int64{
			"RLIMIT_AS": cmp.Or(cfg.Memory, readMemory), "RLIMIT_CPU": int64(timeout/time.Second) + 1,
			"RLIMIT_FSIZE": maxFile, "RLIMIT_CORE": 0,
		},
	})
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(python, "-B", "-c", frame, string(given))
	cmd.Dir = dir
	env := cfg.Env
	if env == nil {
		env = os.Environ()
	}
	cmd.Env = append(append([]string{}, env...), "DJANGO_SETTINGS_MODULE="+cfg.Settings, "PYTHONDONTWRITEBYTECODE=1",
		"PWD="+dir, runVariable+"="+marker)
	return in.converse(ctx, cmd, marker)
}

// runVariable marks the processes of one run in their environment.
const runVariable = "AIRWORTHY_RUN"

// converse starts cmd, waits for one frame or its end, kills what is left of it and returns the frame's body.
func (in *channel) converse(ctx context.Context, cmd *exec.Cmd, marker string) ([]byte, error) {
	isolate(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("django: %s cannot be started: name the project's Python with --python", cmd.Path)
	}
	type got struct {
		body []byte
		err  error
	}
	read, ended := make(chan got, 1), make(chan error, 1)
	go func() {
		body, err := in.frame(marker)
		read <- got{body, err}
	}()
	go func() { ended <- cmd.Wait() }()

	var answer got
	var late error
	over := false
	select {
	case answer = <-read:
	case <-ended:
		over = true
		in.finish() // what was written is still to be read; nothing more will come
		answer = <-read
	case <-ctx.Done():
		late = ctx.Err()
		in.finish()
	}
	kill(cmd, marker)
	if !over {
		<-ended
	}
	switch {
	case errors.Is(late, context.DeadlineExceeded):
		return nil, &ReadError{What: "the settings took too long to read, and were stopped",
			Hint: "See what they wait for: a database, a network, input. --timeout allows more time."}
	case late != nil:
		return nil, fmt.Errorf("django: stopped: %w", late)
	case answer.err != nil && over:
		return nil, &ReadError{What: "the process ended before the settings were read (" + cmd.ProcessState.String() + ")",
			Hint: "Something that the settings import ends the process, or uses more memory or time than it may."}
	case answer.err != nil:
		return nil, &ReadError{What: answer.err.Error(), Hint: "See what the settings hold."}
	}
	return answer.body, nil
}

// readFrame reads a frame: the marker, a length, that many bytes, the marker.
func readFrame(r io.Reader, marker string) ([]byte, error) {
	head := make([]byte, 0, len(marker)+12)
	for one := make([]byte, 1); len(head) < cap(head); {
		if _, err := io.ReadFull(r, one); err != nil {
			return nil, err
		}
		if one[0] == '\n' {
			break
		}
		head = append(head, one[0])
	}
	length, ok := strings.CutPrefix(string(head), marker+" ")
	n, err := strconv.Atoi(length)
	if !ok || err != nil || n < 0 {
		return nil, errors.New("the settings wrote to where their values were expected")
	}
	if n > maxExport {
		return nil, fmt.Errorf("the settings are longer than %d bytes", maxExport)
	}
	body := make([]byte, n+len(marker))
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	if !bytes.HasSuffix(body, []byte(marker)) {
		return nil, errors.New("the settings wrote to where their values were expected")
	}
	return body[:n], nil
}
