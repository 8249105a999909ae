package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// operations are all that the package asks of a server.
func operations(c *redisstore.Client) map[string]func(context.Context) error {
	sessions, ledger, locks := redisstore.NewSessions(c), redisstore.NewKeyLedger(c), redisstore.NewLockout(c)
	now := time.Now()
	key := lockout.Key{Kind: lockout.Account, Subject: "alice"}
	token := session.NewToken()
	return map[string]func(context.Context) error{
		"Check":        c.Check,
		"Load":         func(ctx context.Context) error { _, err := sessions.Load(ctx, token); return err },
		"Save":         func(ctx context.Context) error { _, err := sessions.Save(ctx, "", record("1")); return err },
		"Delete":       func(ctx context.Context) error { return sessions.Delete(ctx, token) },
		"Touch":        func(ctx context.Context) error { return sessions.Touch(ctx, token, now, now.Add(time.Hour)) },
		"ListByUser":   func(ctx context.Context) error { _, err := sessions.ListByUser(ctx, "1", now); return err },
		"DeleteByUser": func(ctx context.Context) error { _, err := sessions.DeleteByUser(ctx, "1", ""); return err },
		"DeleteEntry":  func(ctx context.Context) error { return sessions.DeleteEntry(ctx, "1", session.Hash(token)) },
		"Report": func(ctx context.Context) error {
			return ledger.Report(ctx, keyring.Report{Instance: "web", At: now, Keys: []keyring.Use{{Fingerprint: "current00000"}}})
		},
		"Reports":       func(ctx context.Context) error { _, err := ledger.Reports(ctx); return err },
		"Update":        func(ctx context.Context) error { _, err := locks.Update(ctx, key, now, count(now)); return err },
		"Load a state":  func(ctx context.Context) error { _, err := locks.Load(ctx, key, now); return err },
		"Delete a lock": func(ctx context.Context) error { return locks.Delete(ctx, key) },
		"Locked":        func(ctx context.Context) error { _, err := locks.Locked(ctx, now, 10); return err },
	}
}

// writes are the operations that a server which takes no changes refuses.
var writes = []string{"Check", "Save", "Report", "Update"}

// fails runs operations, all if none are named, and holds their errors to what is wanted: our words, nothing of the
// server's, no password, and never session.ErrNotFound, by which a session would end that is there.
func fails(t *testing.T, c *redisstore.Client, want string, names ...string) {
	t.Helper()
	all := operations(c)
	if names == nil {
		for name := range all {
			names = append(names, name)
		}
	}
	for _, name := range names {
		err := all[name](t.Context())
		if err == nil || errors.Is(err, session.ErrNotFound) || !strings.HasPrefix(err.Error(), "redisstore: ") ||
			!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %s, want one that says %q and holds nothing of the server's or the password", name, safe(err), want)
		}
	}
}

// safe returns err's text without the password.
func safe(err error) string {
	if err == nil {
		return "no error"
	}
	return strings.ReplaceAll(err.Error(), canary, "THE PASSWORD")
}

// says serves connections with answer, which is nil for a server that never says anything, and returns the address.
func says(t *testing.T, answer []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			wg.Go(func() {
				defer func() { _ = conn.Close() }()
				buf := make([]byte, 4096)
				for {
					n, err := conn.Read(buf)
					if err != nil {
						return
					}
					commands := strings.Count("\n"+string(buf[:n]), "\n*")
					if _, err := conn.Write(bytes.Repeat(answer, commands)); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, conn := range conns {
			_ = conn.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

func TestServersThatAreNone(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for _, row := range []struct{ name, address, want string }{
		{"nobody is there", closed.Addr().String(), "cannot be reached: check that it runs"},
		{"no socket is there", "/nonexistent/redis.sock", "cannot be reached: check that it runs"},
		{"it says nothing", says(t, nil), "did not answer in time"},
		{"it speaks HTTP", says(t, []byte("HTTP/1.1 400 Bad Request\r\n\r\n"+canary)), "does not speak Redis"},
		{"it speaks something else", says(t, []byte(canary+"\r\n")), "does not speak Redis"},
		{"it sends the length of what does not come", says(t, []byte("*1000\r\n"+canary)), "did not answer in time"},
		{"it sends a length that is none", says(t, []byte("$"+canary+"\r\n")), "does not speak Redis"},
		{"it sends other types", says(t, []byte("+"+canary+"\r\n")), ""},
		{"it repeats the password in an error", says(t, []byte("-ERR unknown command 'HELLO', with args: "+canary+"\r\n")), "answers with an error"},
		{"it has an error of no kind", says(t, []byte("-"+canary+"\r\n")), "answers with an error"},
		{"it is a part of a cluster", says(t, []byte("-MOVED 3999 127.0.0.1:6381\r\n")), "is part of a cluster: use one server that is not"},
		{"it is a replica", says(t, []byte("-READONLY You can't write against a read only replica.\r\n")), "is a replica"},
		{"it loads", says(t, []byte("-LOADING Redis is loading the dataset in memory\r\n")), "is not ready"},
		{"it is full of clients", says(t, []byte("-ERR max number of clients reached\r\n")), "has as many clients as it allows"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cfg := redisstore.Config{Address: row.address, User: "app", Password: password(), Timeout: 10 * time.Second}
			if row.want == "did not answer in time" || row.want == "" {
				cfg.Timeout = 50 * time.Millisecond
			}
			if row.want != "answers with an error" && row.want != "" {
				cfg.User, cfg.Password = "", secret.Text{} // without a login the error is that of the command
			}
			start := time.Now()
			fails(t, client(t, cfg), row.want)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("14 operations took %v", took)
			}
		})
	}
}

// A server that comes back is used again, and what was there before its end is an error, not an empty store.
func TestAServerThatComesBack(t *testing.T) {
	s := ended(t, "--appendonly", "yes", "--appendfsync", "always")
	c := client(t, s.config())
	sessions := redisstore.NewSessions(c)
	token, err := sessions.Save(t.Context(), "", record("1"))
	if err != nil {
		t.Fatal(err)
	}
	s.kill()
	fails(t, c, "")
	s.start(t)
	for range 100 { // it reads what it has saved
		if err = c.Check(t.Context()); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if rec, loadErr := sessions.Load(t.Context(), token); err != nil || loadErr != nil || rec.User != "1" {
		t.Errorf("Load after the restart = %q, %v, %v, want the session", rec.User, loadErr, err)
	}
}

// Connections that the server has ended meanwhile, as it does after a restart, are no error to whoever comes next.
func TestConnectionsThatWereEnded(t *testing.T) {
	s := ended(t)
	c := client(t, s.config())
	sessions := redisstore.NewSessions(c)
	token, err := sessions.Save(t.Context(), "", record("1"))
	if err != nil {
		t.Fatal(err)
	}
	r := raw(t, s.config())
	for range 3 {
		if err := r.ClientKillByFilter(t.Context(), "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := sessions.Load(t.Context(), token); err != nil {
			t.Errorf("Load: %v", err)
		}
	}
}

// A server that stops in the middle holds nobody longer than the timeout, however many there are.
func TestAServerThatHangs(t *testing.T) {
	s := ended(t)
	cfg := s.config()
	cfg.Timeout, cfg.Connections = 200*time.Millisecond, 4
	c := client(t, cfg)
	if err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	freeze(t, s)
	start := time.Now()
	var wg sync.WaitGroup
	for range 10 {
		for name, operation := range operations(c) {
			wg.Go(func() {
				if err := operation(t.Context()); err == nil || errors.Is(err, session.ErrNotFound) {
					t.Errorf("%s: %v, want an error", name, err)
				}
			})
		}
	}
	wg.Wait()
	if took := time.Since(start); took > 5*time.Second { // one after the other on 4 connections it would be 7
		t.Errorf("140 operations at once took %v, want about 200ms", took)
	}
}

func TestTheContextEndsAnOperation(t *testing.T) {
	cfg := redisstore.Config{Address: says(t, nil), Timeout: time.Minute}
	for name, operation := range operations(client(t, cfg)) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		if err := operation(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want one that wraps context.DeadlineExceeded", name, err)
		}
		cancel()
		if err := operation(ctx); err == nil || errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s under a context that has ended: %v, want an error", name, err)
		}
	}
}

// Who has not waited is not told that the server was late.
func TestACancelledOperationSaysSo(t *testing.T) {
	cfg := redisstore.Config{Address: says(t, nil), Timeout: 100 * time.Millisecond}
	for name, operation := range operations(client(t, cfg)) {
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(10*time.Millisecond, cancel)
		if err := operation(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want one that wraps context.Canceled", name, err)
		}
		timer.Stop()
		cancel()
	}
}

// A cluster of one server that has all slots does what is asked, until it gets a second.
func TestAClusterOfOne(t *testing.T) {
	s := ended(t, "--cluster-enabled", "yes")
	r := raw(t, s.config())
	if err := r.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if r.Set(t.Context(), "x", "1", 0).Err() == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := client(t, s.config()).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "is part of a cluster") {
		t.Errorf("Check = %v, want that it is part of a cluster", err)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	s := ended(t)
	cfg := s.config()
	cfg.Connections = 3
	sessions := redisstore.NewSessions(client(t, cfg))
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for range 5 {
				if _, err := sessions.Save(t.Context(), "", record("1")); err != nil {
					t.Errorf("Save: %v", err)
				}
				if _, err := sessions.ListByUser(t.Context(), "1", time.Now()); err != nil {
					t.Errorf("ListByUser: %v", err)
				}
			}
		})
	}
	wg.Wait()
	said := raw(t, s.config()).Info(t.Context(), "stats").Val()
	// 3, those of the test itself and of the wait for the start
	if !strings.Contains(said, "total_connections_received:5\r\n") && !strings.Contains(said, "total_connections_received:4\r\n") {
		t.Errorf("more than 3 connections were made:\n%s", said)
	}
}

func TestAClientThatIsClosed(t *testing.T) {
	c := client(t, shared()(t))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	fails(t, c, "the client is closed")
}

func TestServersThatWillNotDo(t *testing.T) {
	primary := ended(t)
	_, port, _ := net.SplitHostPort(primary.address)
	for _, row := range []struct {
		name   string
		args   []string
		want   string
		writes bool
	}{
		{"a replica", []string{"--replicaof", "127.0.0.1 " + port}, "is a replica, which takes no changes: give the address of the primary", true},
		{"full", []string{"--maxmemory", "1", "--maxmemory-policy", "noeviction"}, "has no memory left: raise maxmemory", true},
		{"a password is asked for", []string{"--requirepass", canary}, "asks for a password: give it before the host", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := ended(t, row.args...)
			names := []string(nil)
			if row.writes {
				names = writes
			}
			fails(t, client(t, s.config()), row.want, names...)
		})
	}
	for _, row := range []struct {
		name     string
		args     []string
		insecure bool
		want     string
	}{
		{"it evicts", []string{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}, false, "set its maxmemory-policy to noeviction"},
		{"it evicts what has an end", []string{"--maxmemory", "100mb", "--maxmemory-policy", "volatile-ttl"}, false, "set its maxmemory-policy to noeviction"},
		{"it evicts, which is accepted", []string{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}, true, ""},
		{"it would evict and has no limit", []string{"--maxmemory", "0", "--maxmemory-policy", "allkeys-lru"}, false, ""},
		{"it has a limit and does not evict", []string{"--maxmemory", "100mb", "--maxmemory-policy", "noeviction"}, false, ""},
		{"a cluster", []string{"--cluster-enabled", "yes"}, false, "is part of a cluster: use one server that is not"},
		{"it does not say", []string{"--rename-command", "INFO", ""}, false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := ended(t, row.args...).config()
			cfg.InsecureEviction = row.insecure
			if err := client(t, cfg).Check(t.Context()); (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("Check = %v, want %q", err, row.want)
			}
		})
	}
}

// What goes wrong is said by errors alone: the pool's own log would be the second, on standard error and with what a
// server says.
func TestNothingIsWrittenToStandardError(t *testing.T) {
	if os.Getenv("REDISSTORE_TEST_QUIET") != "" {
		for _, address := range []string{"127.0.0.1:1", says(t, []byte("-ERR "+canary+"\r\n")), says(t, nil)} {
			c := client(t, redisstore.Config{Address: address, Password: password(), Timeout: 100 * time.Millisecond, Connections: 2})
			var wg sync.WaitGroup
			for range 3 {
				for _, operation := range operations(c) {
					wg.Go(func() { _ = operation(t.Context()) })
				}
			}
			wg.Wait()
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNothingIsWrittenToStandardError$")
	cmd.Env = append(os.Environ(), "REDISSTORE_TEST_QUIET=1")
	var said strings.Builder
	cmd.Stderr, cmd.Stdout = &said, io.Discard
	if err := cmd.Run(); err != nil || said.Len() != 0 {
		t.Errorf("%v; standard error has %d bytes, want none", err, said.Len())
	}
}
