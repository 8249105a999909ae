// Package oracle asks a real Django, in a process of its own.
//
//	o := oracle.ForTest(t)
//	var got string
//	err := o.Call("sign", map[string]any{"value": "a"}, &got)
package oracle

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Variable names the Python to run.
const Variable = "AIRWORTHY_DJANGO_PYTHON"

// Oracle is a running oracle.py. It may be used by several goroutines; it answers one at a time.
type Oracle struct {
	mu  sync.Mutex
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// Error is what an op raised: its type and message.
type Error string

func (e Error) Error() string { return "oracle: " + string(e) }

// Start runs oracle.py with the given Python.
func Start(python string) (*Oracle, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return nil, errors.New("oracle: built without file names: oracle.py cannot be found")
	}
	cmd := exec.Command(python, filepath.Join(filepath.Dir(filepath.Dir(file)), "oracle.py"))
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	return &Oracle{cmd: cmd, in: in, out: bufio.NewReader(out)}, nil
}

// ForTest starts the Python that the variable names and ends it with the test. Without the variable it skips the test.
func ForTest(t testing.TB) *Oracle {
	t.Helper()
	python := os.Getenv(Variable)
	if python == "" {
		t.Skipf("%s is not set: run conformance/django/run.sh", Variable)
	}
	o, err := Start(python)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	var version struct{ Django, Python string }
	if err := o.Call("version", nil, &version); err != nil {
		t.Fatal(err)
	}
	t.Logf("Django %s, Python %s", version.Django, version.Python)
	return o
}

// Call asks op with args, which become the Python function's parameters, and puts its result into result. An [Error]
// is what the function raised; any other error is the oracle's own.
func (o *Oracle) Call(op string, args map[string]any, result any) error {
	question, err := json.Marshal(map[string]any{"op": op, "args": args})
	if err != nil {
		return fmt.Errorf("oracle: %s: %w", op, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := o.in.Write(append(question, '\n')); err != nil {
		return fmt.Errorf("oracle: %s: %w", op, err)
	}
	line, err := o.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("oracle: %s: no answer: %w", op, err)
	}
	var answer struct {
		Result json.RawMessage
		Error  *Error
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return fmt.Errorf("oracle: %s: %w", op, err)
	}
	if answer.Error != nil {
		return *answer.Error
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		return fmt.Errorf("oracle: %s: %w", op, err)
	}
	return nil
}

// Close ends the process.
func (o *Oracle) Close() error {
	_ = o.in.Close()
	kill := time.AfterFunc(10*time.Second, func() { _ = o.cmd.Process.Kill() })
	defer kill.Stop()
	if err := o.cmd.Wait(); err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	return nil
}
