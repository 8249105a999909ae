package pages_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/accounts/pages"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
)

// TestLockedOut: a network over its budget gets 429 with Retry-After, from one page that does not say whose account it was.
func TestLockedOut(t *testing.T) {
	l := newLab(t, options{lockout: lockout.Config{
		Account: lockout.Budget{Failures: 100}, Pair: lockout.Budget{Failures: 100}, Device: lockout.Budget{Failures: 100},
		Network: lockout.Budget{Failures: 2},
	}})
	l.user("alice")
	v := l.visitor()
	for range 2 {
		v.login("nobody", "x").want(t, http.StatusUnprocessableEntity)
	}
	for _, name := range []string{"alice", "nobody"} {
		a := v.login(name, goodPassword).want(t, http.StatusTooManyRequests, "Too many attempts. Please try again in")
		if a.header.Get("Retry-After") == "" || v.who() != "nobody" {
			t.Errorf("Retry-After %q, logged in as %q", a.header.Get("Retry-After"), v.who())
		}
	}
}

// TestLockedAccount: who has the right password of a locked account is answered like who has not.
func TestLockedAccount(t *testing.T) {
	l := newLab(t, options{lockout: lockout.Config{
		Account: lockout.Budget{Failures: 2}, Pair: lockout.Budget{Failures: 100}, Device: lockout.Budget{Failures: 100}, Network: lockout.Budget{Failures: 100},
	}})
	l.user("alice")
	v := l.visitor()
	for range 2 {
		v.login("alice", "x").want(t, http.StatusUnprocessableEntity)
	}
	locked := l.visitor().login("alice", goodPassword).want(t, http.StatusUnprocessableEntity)
	unknown := l.visitor().login("nobod", goodPassword).want(t, http.StatusUnprocessableEntity)
	steady := func(a answer) string {
		return tokens.ReplaceAllString(strings.NewReplacer("alice", "", "nobod", "").Replace(a.body), "")
	}
	if steady(locked) != steady(unknown) || len(locked.header) != len(unknown.header) {
		t.Errorf("a locked account is told from none:\n%v\n%v", locked, unknown)
	}
}

// TestBusy: more logins than the machine can are answered with 503 and Retry-After.
func TestBusy(t *testing.T) {
	l := newLab(t, options{hasher: password.Config{
		Parallel: 1, Wait: time.Millisecond, Argon2: password.Argon2{Memory: 1024, Time: 20, Parallel: 1}, // slower than requests come
	}})
	l.user("alice")
	v := l.visitor()
	form := v.get("/account/login/").forms[0].values
	form.Set("username", "nobody")
	form.Set("password", "x")
	statuses := make(chan answer, 64)
	for range cap(statuses) {
		go func() { statuses <- v.post("/account/login/", form.Encode()) }()
	}
	busy := 0
	for range cap(statuses) {
		a := <-statuses
		switch a.status {
		case http.StatusServiceUnavailable:
			busy++
			a.want(t, http.StatusServiceUnavailable, "The site is very busy")
			if a.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		case http.StatusUnprocessableEntity, http.StatusTooManyRequests:
		default:
			t.Errorf("status %d\n%s", a.status, a.body)
		}
	}
	if busy == 0 {
		t.Error("64 logins at a time, one at a time, and none had to wait")
	}
}

// bare is a Store that keeps no second factors.
type bare struct{ accounts.Store }

func TestNoSecondFactors(t *testing.T) {
	l := newLab(t, options{accounts: func(c *accounts.Config) { c.Store = bare{c.Store} }})
	l.user("alice")
	v := l.member("alice")
	for _, path := range []string{"", "password/", "email/", "sessions/"} {
		if page := v.get("/account/"+path).want(t, http.StatusOK); strings.Contains(page.body, "econd factor") {
			t.Errorf("%s speaks of second factors", path)
		}
	}
	for _, path := range []string{"second-factor/", "second-factor/add/", "factor/", "step-up/"} {
		v.get("/account/"+path).want200(t, "application")
	}
}

func TestNoSignUpAndNoMail(t *testing.T) {
	l := newLab(t, options{
		pages:    func(c *pages.Config) { c.NoSignUp = true },
		accounts: func(c *accounts.Config) { c.Mail = nil },
	})
	l.user("alice")
	v := l.visitor()
	for _, path := range []string{"/account/signup/", "/account/reset/", "/account/other/", "/account/login/x", "/accounts", "/board/"} {
		v.get(path).want200(t, "application "+path+" for nobody")
	}
	page := v.get("/account/login/").want(t, http.StatusOK)
	for _, path := range []string{"signup/", "reset/"} {
		if strings.Contains(page.body, path) {
			t.Errorf("the login page links to %s", path)
		}
	}
	v.post("/account/signup/", page.forms[0].values.Encode()).want200(t, "application /account/signup/ for nobody")
}

// failing is a Store that can be made to fail, with an error that nobody is to see.
type failing struct {
	accounts.Store
	accounts.FactorStore
	broken *atomic.Bool
}

var errStore = errors.New("dial tcp 10.0.0.7:5432: password authentication failed")

func (f failing) ByID(ctx context.Context, id string) (accounts.User, error) {
	if f.broken.Load() {
		return accounts.User{}, errStore
	}
	return f.Store.ByID(ctx, id)
}

func (f failing) ByUsername(ctx context.Context, name string) (accounts.User, error) {
	if f.broken.Load() {
		return accounts.User{}, errStore
	}
	return f.Store.ByUsername(ctx, name)
}

// TestStoreFails: what cannot be found out is a failure, and neither a refusal nor a visitor's business.
func TestStoreFails(t *testing.T) {
	var broken atomic.Bool
	l := newLab(t, options{accounts: func(c *accounts.Config) {
		memory := c.Store.(*accounts.Memory)
		c.Store = failing{memory, memory, &broken}
	}})
	l.user("alice")
	v, nobody := l.member("alice"), l.visitor()
	login, change := nobody.get("/account/login/"), v.get("/account/password/")
	broken.Store(true)
	for _, path := range []string{"", "password/", "email/", "sessions/", "second-factor/", "logout/", "step-up/", "reset/MQ/abc-def/"} {
		if a := v.get("/account/" + path); a.status != http.StatusInternalServerError || strings.Contains(a.body, "10.0.0.7") {
			t.Errorf("%s: status %d\n%s", path, a.status, a.body)
		}
	}
	for _, a := range []answer{
		nobody.submit(login, "Log in", map[string]string{"username": "alice", "password": goodPassword}),
		v.submit(change, "Change the password", map[string]string{"old": goodPassword, "password": goodPassword + "!", "again": goodPassword + "!"}),
	} {
		if a.status != http.StatusInternalServerError || strings.Contains(a.body, "10.0.0.7") || strings.Contains(a.body, "not right") {
			t.Errorf("%s: status %d\n%s", a.path, a.status, a.body)
		}
	}
	broken.Store(false)
	if v.who() != "alice" || nobody.who() != "nobody" {
		t.Errorf("after the failure: %s and %s", v.who(), nobody.who())
	}
}
