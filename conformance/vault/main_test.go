package vault_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
)

func TestMain(m *testing.M) {
	if os.Getenv("AIRWORTHY_VAULT") == "" {
		fmt.Println("--- SKIP: all tests: AIRWORTHY_VAULT names no server: use run.sh")
		return
	}
	os.Exit(m.Run())
}

// server is a Vault that serves, unsealed, with nothing mounted beside what every Vault has.
type server struct {
	Address   string `json:"address"`
	Token     string `json:"token"` // may do everything
	UnsealKey string `json:"unseal_key"`

	stop     func() // ends it before the test's end
	certFile string // with HTTPS, the certificate of who signed its own, which is itself
}

// start starts a Vault, which ends with the test. Its log goes to the test's output.
func start(t *testing.T, arguments ...string) *server {
	t.Helper()
	cmd := exec.Command(os.Getenv("AIRWORTHY_VAULT"), arguments...)
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	inTime := late.Stop()
	stop := sync.OnceFunc(func() {
		late := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
		defer late.Stop()
		if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
			t.Errorf("the server did not end as it should: %v", err)
		}
	})
	t.Cleanup(stop)
	s := &server{stop: stop}
	if err := errors.Join(err, json.Unmarshal(line, s)); err != nil || !inTime {
		t.Fatalf("the server did not start: %v", err)
	}
	return s
}

// client is HashiCorp's client with a token, or with none. It tries once, and takes nothing from the environment.
func (s *server) client(t *testing.T, token string) *api.Client {
	t.Helper()
	config := api.DefaultConfig()
	config.Address, config.MaxRetries, config.Timeout = s.Address, 0, 10*time.Second
	if s.certFile != "" {
		if err := config.ConfigureTLS(&api.TLSConfig{CACert: s.certFile}); err != nil {
			t.Fatal(err)
		}
	}
	client, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	client.SetToken(token)
	return client
}

// root is a client that may do everything.
func (s *server) root(t *testing.T) *api.Client { return s.client(t, s.Token) }

// mount mounts a secrets engine.
func mount(t *testing.T, client *api.Client, path, engine string, options map[string]string) {
	t.Helper()
	if err := client.Sys().Mount(path, &api.MountInput{Type: engine, Options: options}); err != nil {
		t.Fatal(err)
	}
}

// write writes to a path, which must work, and returns the answer, which is nil if there is none.
func write(t *testing.T, client *api.Client, path string, data map[string]any) *api.Secret {
	t.Helper()
	answer, err := client.Logical().Write(path, data)
	if err != nil {
		t.Fatalf("writing to %s: %v", path, err)
	}
	return answer
}

// read reads a path, at which there must be something.
func read(t *testing.T, client *api.Client, path string) *api.Secret {
	t.Helper()
	answer, err := client.Logical().Read(path)
	if err != nil || answer == nil {
		t.Fatalf("reading %s: %v, %v", path, answer, err)
	}
	return answer
}

// refused fails unless err is an answer of Vault with this status.
func refused(t *testing.T, err error, status int) {
	t.Helper()
	var answer *api.ResponseError
	if !errors.As(err, &answer) || answer.StatusCode != status {
		t.Errorf("got %v; want an answer with status %d", err, status)
	}
}
