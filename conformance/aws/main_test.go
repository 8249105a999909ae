package aws_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// moto is where it listens.
var moto string

func TestMain(m *testing.M) {
	program := os.Getenv("AIRWORTHY_MOTO")
	if program == "" || os.Getenv("AIRWORTHY_AWS") == "" || os.Getenv("AIRWORTHY_BULLETIN") == "" {
		if os.Getenv("CI") != "" {
			fmt.Println("--- FAIL: AIRWORTHY_MOTO, AIRWORTHY_AWS or AIRWORTHY_BULLETIN is not set: use run.sh")
			os.Exit(1)
		}
		fmt.Println("--- SKIP: all tests: there is no moto: use run.sh")
		return
	}
	status := 1
	stop, err := start(program)
	if err == nil {
		status = m.Run()
	}
	if err = errors.Join(err, stop()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// start starts moto at a free port and waits until it answers.
func start(program string) (stop func() error, err error) {
	stop = func() error { return nil }
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return stop, err
	}
	host, port, _ := strings.Cut(l.Addr().String(), ":")
	if err := l.Close(); err != nil {
		return stop, err
	}
	moto = "http://" + host + ":" + port
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-H", host, "-p", port)
	if err := cmd.Start(); err != nil {
		cancel()
		return stop, fmt.Errorf("starting moto: %w", err)
	}
	stop = func() error {
		cancel()
		_ = cmd.Wait() // it was killed
		return nil
	}
	for range 300 {
		resp, err := http.Get(moto + "/moto-api/")
		if err == nil {
			return stop, resp.Body.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return stop, errors.New("moto does not answer")
}

// control tells moto something that AWS has no call for.
func control(t *testing.T, path, body string) {
	t.Helper()
	resp, err := http.Post(moto+path, "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("moto answers %d: %s", resp.StatusCode, text)
	}
}
