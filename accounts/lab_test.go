package accounts_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/password/policy"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// lab is accounts on real parts, with hashes that cost next to nothing.
type lab struct {
	t        *testing.T
	store    *accounts.Memory
	sessions *session.Manager
	ring     *keyring.Ring
	key      secret.Text // the current one
	guard    *lockout.Guard
	a        *accounts.Accounts
	handler  http.Handler
	handle   func(http.ResponseWriter, *http.Request)

	mu    sync.Mutex
	mails []accounts.Message
	log   bytes.Buffer
}

const goodPassword = "seven wild geese at noon"

func newLab(t *testing.T, change ...func(*accounts.Config)) *lab {
	t.Helper()
	l := &lab{t: t, store: accounts.NewMemory()}
	logger := slog.New(slog.NewTextHandler(&locked{&l.mu, &l.log}, nil))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	l.key = keyring.Generate()
	l.ring, err = keyring.New(keyring.Config{Key: l.key})
	must(err)
	memory := session.NewMemory(session.MemoryOptions{})
	t.Cleanup(func() { _ = memory.Close() })
	l.sessions, err = session.New(session.Config{Store: memory, Logger: logger})
	must(err)
	hasher, err := password.New(cheap)
	must(err)
	rules, err := policy.New(policy.Config{})
	must(err)
	l.guard, err = lockout.New(lockout.Config{Logger: logger})
	must(err)
	cfg := accounts.Config{
		Store: l.store, Hasher: hasher, Policy: rules, Lockout: l.guard, Sessions: l.sessions, Ring: l.ring,
		Mail: func(_ context.Context, m accounts.Message) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.mails = append(l.mails, m)
			return nil
		},
		Origin: "https://example.com", Logger: logger,
	}
	for _, f := range change {
		f(&cfg)
	}
	l.a, err = accounts.New(cfg)
	must(err)
	t.Cleanup(func() { _ = l.a.Close() })
	l.handler = l.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.handle(w, r) }))
	return l
}

// locked is a writer for several goroutines.
type locked struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// browser is a visitor with cookies, at an address.
type browser struct {
	l       *lab
	address string
	cookies map[string]string
}

func (l *lab) browser(address string) *browser { return &browser{l, address, map[string]string{}} }

// request returns a request of the browser.
func (b *browser) request() *http.Request {
	r := httptest.NewRequest("POST", "https://example.com/", nil)
	r.RemoteAddr = b.address + ":4000"
	r.Header.Set("User-Agent", "Test browser")
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

// keysOf returns a ring's Config of one key.
func keysOf(key secret.Text) keyring.Config { return keyring.Config{Key: key} }

// do serves one request of the browser with f.
func (b *browser) do(f func(w http.ResponseWriter, r *http.Request)) *http.Response {
	b.l.t.Helper()
	w := newRecorder()
	b.l.handle = f
	b.l.handler.ServeHTTP(w, b.request())
	res := w.Result()
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return res
}

func (b *browser) login(name, word string) (err error) {
	b.do(func(w http.ResponseWriter, r *http.Request) { _, err = b.l.a.Login(w, r, name, word) })
	return err
}

func (b *browser) code(factor, code string) (err error) {
	b.do(func(w http.ResponseWriter, r *http.Request) { _, err = b.l.a.VerifyFactor(w, r, factor, code) })
	return err
}

// who returns the name of who is logged in, empty for nobody.
func (b *browser) who() (name string) {
	b.do(func(_ http.ResponseWriter, r *http.Request) {
		u, err := b.l.a.Current(r.Context())
		if err != nil {
			b.l.t.Error(err)
		}
		if u != nil {
			name = u.Username
		}
	})
	return name
}

// user makes an account with goodPassword.
func (l *lab) user(name string) accounts.User {
	l.t.Helper()
	u, err := l.a.Create(l.t.Context(), accounts.User{Username: name, Email: name + "@example.com", Active: true}, goodPassword)
	if err != nil {
		l.t.Fatal(err)
	}
	return u
}

// sent waits for the mails and returns them.
func (l *lab) sent() []accounts.Message {
	if err := l.a.Close(); err != nil {
		l.t.Error(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mails
}

// events counts an event in the log.
func (l *lab) events(name string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.log.String(), "event="+name+" ")
}

// rotate makes a new key the current one.
func (l *lab) rotate(keep bool) {
	l.t.Helper()
	cfg := keyring.Config{Key: keyring.Generate()}
	if keep {
		cfg.Fallbacks = []secret.Text{l.key}
	}
	if err := l.ring.Swap(cfg); err != nil {
		l.t.Fatal(err)
	}
	l.key = cfg.Key
}

// cheap hashes take about a millisecond.
var cheap = password.Config{InsecureCheap: true, Argon2: password.Argon2{Memory: 64, Time: 1, Parallel: 1}}

func networkKey(address string) lockout.Key {
	return lockout.Key{Kind: lockout.Network, Subject: lockout.NetworkOf(netip.MustParseAddr(address)).String()}
}
