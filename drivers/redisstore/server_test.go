package redisstore_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

// variable names the URL of a server that tests may write to. Without it they start one.
const variable = "REDIS_TEST_URL"

func TestMain(m *testing.M) {
	code := m.Run()
	for _, end := range ends {
		end()
	}
	os.Exit(code)
}

// ends end what outlives the test that started it.
var ends []func()

// binary returns the server's program.
func binary(tb testing.TB) string {
	tb.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") != "" {
			tb.Fatal("there is no redis-server")
		}
		tb.Skip("install redis-server, or set " + variable + " to the URL of a server that tests may write to, " +
			"such as redis://127.0.0.1:6379/9")
	}
	return path
}

// server is a process of redis-server, on a unix socket and a port of 127.0.0.1.
type server struct {
	dir, socket, address string
	cmd                  *exec.Cmd
	args                 []string
}

// launch starts a server in a directory of its own. The arguments are those of redis-server, a file of configuration
// first if there is one.
func launch(tb testing.TB, args ...string) *server {
	tb.Helper()
	path := binary(tb)
	dir, err := os.MkdirTemp("", "redis") // tb.TempDir is too long for a socket
	if err != nil {
		tb.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	_ = l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	s := &server{dir: dir, socket: filepath.Join(dir, "s"), address: l.Addr().String()}
	var file []string
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		file, args = args[:1], args[1:]
	}
	s.args = append(append([]string{path}, file...), "--port", port, "--bind", "127.0.0.1", "--unixsocket", s.socket, "--dir", dir,
		"--save", "", "--logfile", filepath.Join(dir, "log"))
	s.args = append(s.args, args...)
	s.start(tb)
	return s
}

// start starts the process and waits until it answers.
func (s *server) start(tb testing.TB) {
	tb.Helper()
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	tie(s.cmd)
	if err := s.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	for range 500 {
		if conn, err := net.Dial("unix", s.socket); err == nil {
			_ = conn.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	tb.Fatalf("redis-server does not start:\n%s", log)
}

// kill ends the process at once, as the kernel does.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// ended starts a server that ends with the test.
func ended(tb testing.TB, args ...string) *server {
	tb.Helper()
	s := launch(tb, args...)
	tb.Cleanup(func() { s.kill(); _ = os.RemoveAll(s.dir) })
	return s
}

// config returns that of a client on the server's unix socket.
func (s *server) config() redisstore.Config { return redisstore.Config{Address: s.socket} }

var shared = sync.OnceValue(func() func(tb testing.TB) redisstore.Config {
	if text := os.Getenv(variable); text != "" {
		return func(tb testing.TB) redisstore.Config {
			tb.Helper()
			cache, err := settings.ParseCache(text)
			if err != nil {
				tb.Fatalf("%s: %v", variable, err)
			}
			cfg, err := redisstore.FromCache(cache)
			if err != nil {
				tb.Fatalf("%s: %v", variable, err)
			}
			return cfg
		}
	}
	var once sync.Once
	var s *server
	return func(tb testing.TB) redisstore.Config {
		tb.Helper()
		binary(tb) // skips each test that needs it
		once.Do(func() {
			s = launch(tb)
			ends = append(ends, func() { s.kill(); _ = os.RemoveAll(s.dir) })
		})
		if s == nil {
			tb.Fatal("redis-server does not start")
		}
		return s.config()
	}
})

// prefixed returns the Config of the tests' server with a prefix of the test's own, whose keys go with the test.
func prefixed(tb testing.TB) redisstore.Config {
	tb.Helper()
	cfg := shared()(tb)
	cfg.Prefix = "test-" + session.NewToken() + ":"
	tb.Cleanup(func() {
		r := raw(tb, cfg)
		for _, key := range keys(tb, r, cfg.Prefix) {
			r.Del(context.Background(), key)
		}
	})
	return cfg
}

// raw returns a client that sees what is stored.
func raw(tb testing.TB, cfg redisstore.Config) *redis.Client {
	tb.Helper()
	r := redis.NewClient(&redis.Options{Addr: cfg.Address, Username: cfg.User, Password: cfg.Password.Reveal(), DB: cfg.Database, Protocol: 2})
	tb.Cleanup(func() { _ = r.Close() })
	return r
}

func keys(tb testing.TB, r *redis.Client, prefix string) []string {
	tb.Helper()
	var all []string
	for it := r.Scan(context.Background(), 0, prefix+"*", 1000).Iterator(); it.Next(context.Background()); {
		all = append(all, it.Val())
	}
	return all
}

func client(tb testing.TB, cfg redisstore.Config) *redisstore.Client {
	tb.Helper()
	c, err := redisstore.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// fresh returns a client of the tests' server that sees nothing of other tests.
func fresh(tb testing.TB) *redisstore.Client {
	tb.Helper()
	return client(tb, prefixed(tb))
}

// cache returns the settings that a URL is.
func cache(t *testing.T, url string) settings.Cache {
	t.Helper()
	c, err := settings.ParseCache(url)
	if err != nil {
		t.Fatalf("the test's own URL is refused: %v", err)
	}
	return c
}

// record returns a session of user that is good for an hour.
func record(user string) *session.Record {
	now := time.Now().Truncate(time.Second)
	return &session.Record{Data: string(session.AppendPair(nil, "k", `"v"`)), User: user, Created: now, Seen: now, Expires: now.Add(time.Hour)}
}

// canary is the password of tests; none of it may be seen.
const canary = "canary-password-5f1d"

func password() secret.Text { return secret.New(canary) }
