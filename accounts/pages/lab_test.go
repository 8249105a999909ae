package pages_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/accounts/pages"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/otp"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/password/policy"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

const goodPassword = "seven wild geese at noon"

// options are what tests change of a lab.
type options struct {
	pages    func(*pages.Config)
	accounts func(*accounts.Config)
	hasher   password.Config
	lockout  lockout.Config
}

// lab is a site with accounts on real parts: sessions, CSRF tokens, pages, and an application behind them.
type lab struct {
	t        *testing.T
	srv      *httptest.Server
	accounts *accounts.Accounts
	store    *accounts.Memory
	pages    *pages.Pages

	mu    sync.Mutex
	mails []accounts.Message
}

func newLab(t *testing.T, change ...options) *lab {
	t.Helper()
	l := &lab{t: t, store: accounts.NewMemory()}
	var o options
	if len(change) > 0 {
		o = change[0]
	}
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	memory := session.NewMemory(session.MemoryOptions{})
	t.Cleanup(func() { _ = memory.Close() })
	ring := must(keyring.New(keyring.Config{Key: keyring.Generate()}))(t)
	sessions := must(session.New(session.Config{Store: memory, Logger: logger, OnRenew: csrf.Rotate}))(t)
	if o.hasher.InsecureCheap = true; o.hasher.Argon2 == (password.Argon2{}) {
		o.hasher.Argon2 = password.Argon2{Memory: 64, Time: 1, Parallel: 1} // a millisecond
	}
	if o.lockout.Account == (lockout.Budget{}) { // tests come from one address
		o.lockout.Network, o.lockout.Pair = lockout.Budget{Failures: 1000}, lockout.Budget{Failures: 1000}
		o.lockout.Account, o.lockout.Device = lockout.Budget{Failures: 1000}, lockout.Budget{Failures: 1000}
	}
	o.lockout.Logger, o.hasher.Logger = logger, logger
	cfg := accounts.Config{
		Store: l.store, Sessions: sessions, Ring: ring, Origin: "https://example.com", Site: "Bulletin", Logger: logger,
		Hasher:  must(password.New(o.hasher))(t),
		Policy:  must(policy.New(policy.Config{}))(t),
		Lockout: must(lockout.New(o.lockout))(t),
		Mail: func(_ context.Context, m accounts.Message) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.mails = append(l.mails, m)
			return nil
		},
	}
	if o.accounts != nil {
		o.accounts(&cfg)
	}
	l.accounts = must(accounts.New(cfg))(t)
	t.Cleanup(func() { _ = l.accounts.Close() })
	pcfg := pages.Config{Accounts: l.accounts, Site: "Bulletin", Logger: logger, QR: func(text string) (template.HTML, error) {
		return template.HTML(fmt.Sprintf("<svg data-length=\"%d\"></svg>", len(text))), nil
	}}
	if o.pages != nil {
		o.pages(&pcfg)
	}
	l.pages = must(pages.New(pcfg))(t)
	guard := must(csrf.New(csrf.Config{Logger: logger}))(t)
	l.srv = httptest.NewUnstartedServer(sessions.Handler(guard.Handler(l.pages.Handler(http.HandlerFunc(l.application)))))
	l.srv.Config.ErrorLog = slog.NewLogLogger(logger.Handler(), slog.LevelError)
	l.srv.StartTLS()
	t.Cleanup(l.srv.Close)
	return l
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// application says who it takes the visitor for. /vault demands a fresh second factor, which /later makes a stale one.
func (l *lab) application(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/later" {
		if err := session.From(r.Context()).Set("_airworthy_factor", time.Now().Add(-time.Hour).Unix()); err != nil {
			l.t.Error(err)
		}
	}
	if r.URL.Path == "/vault" {
		l.accounts.RequireFactor(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "gold")
		})).ServeHTTP(w, r)
		return
	}
	u, err := l.accounts.Current(r.Context())
	switch {
	case err != nil:
		http.Error(w, "error", http.StatusInternalServerError)
	case u == nil:
		fmt.Fprintf(w, "application %s for nobody", r.URL.Path)
	default:
		fmt.Fprintf(w, "application %s for %s", r.URL.Path, u.Username)
	}
}

func (l *lab) visitor() *visitor {
	v := newVisitor(l.t, l.srv)
	v.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: l.srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}
	l.t.Cleanup(v.client.CloseIdleConnections)
	return v
}

// user makes an account with goodPassword.
func (l *lab) user(name string) accounts.User {
	l.t.Helper()
	return must(l.accounts.Create(l.t.Context(), accounts.User{Username: name, Email: name + "@example.com", Active: true}, goodPassword))(l.t)
}

// member returns a visitor who is logged in.
func (l *lab) member(name string) *visitor {
	l.t.Helper()
	v := l.visitor()
	v.login(name, goodPassword).to(l.t, "/")
	return v
}

func (v *visitor) login(name, word string) answer {
	v.t.Helper()
	return v.submit(v.get("/account/login/"), "Log in", map[string]string{"username": name, "password": word})
}

// who returns whom the application takes the visitor for.
func (v *visitor) who() string {
	v.t.Helper()
	return regexp.MustCompile(`for (.*)$`).FindStringSubmatch(v.get("/").body)[1]
}

// mail waits for the n-th mail.
func (l *lab) mail(n int) accounts.Message {
	l.t.Helper()
	for range 500 {
		l.mu.Lock()
		if len(l.mails) >= n {
			defer l.mu.Unlock()
			return l.mails[n-1]
		}
		l.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
	}
	l.t.Fatalf("no mail number %d", n)
	return accounts.Message{}
}

// app is an authenticator app.
type app struct {
	key  secret.Text
	last time.Time
}

// code returns a code that was not used before: that of now, or of the next period.
func (a *app) code() string {
	at := time.Now()
	if !a.last.IsZero() && at.Unix()/30 <= a.last.Unix()/30 {
		at = a.last.Add(30 * time.Second)
	}
	a.last = at
	return otp.TOTP{}.Code(a.key, at)
}

var typedKey = regexp.MustCompile(`<span class="secret">([A-Z2-7 ]+)</span>`)

// enrol sets up an app for a visitor who is logged in, and returns it with the page that follows.
func (v *visitor) enrol() (*app, answer) {
	v.t.Helper()
	page := v.follow(v.submit(v.get("/account/second-factor/add/"), "Go on", map[string]string{"name": "Telephone", "old": goodPassword}))
	page.want(v.t, http.StatusOK, "<svg data-length=")
	m := typedKey.FindStringSubmatch(page.body)
	if m == nil {
		v.t.Fatalf("the page shows no key:\n%s", page.body)
	}
	a := &app{key: secret.New(m[1])}
	return a, v.submit(page, "Confirm", map[string]string{"code": a.code()})
}

var recoveryCode = regexp.MustCompile(`<li>([0-9a-z]{4}(?:-[0-9a-z]{4}){3})</li>`)
