package accounts_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/session"
)

func TestNewReportsEveryMistakeAtOnce(t *testing.T) {
	_, err := accounts.New(accounts.Config{Origin: "https://example.com/path", Site: "a\nb", ResetTimeout: 1, FactorAge: 1})
	if err == nil {
		t.Fatal("New accepts everything")
	}
	for _, want := range []string{"no Store", "no Hasher", "no Policy", "no Lockout", "no Sessions", "no Ring", "SITE_ORIGIN",
		"SITE_NAME", "PASSWORD_RESET_TIMEOUT", "ACCOUNTS_FACTOR_AGE"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

// A name may be as long as the host of an origin, and in any script.
func TestNamesOfSites(t *testing.T) {
	for name, ok := range map[string]bool{"": true, "Zürich 🚀": true, strings.Repeat("x", 255): true,
		strings.Repeat("x", 256): false, "a\nb": false, "a\x00b": false, "a\u0085b": false} {
		if err := (accounts.Config{Site: name}).Validate(); (err == nil) != ok {
			t.Errorf("SITE_NAME of %d bytes, %.9q: %v", len(name), name, err)
		}
	}
}

func TestSessionsThatCannotBeEndedAreRefused(t *testing.T) {
	l := newLab(t)
	cookies, err := session.New(session.Config{Store: session.NewCookie(l.ring)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = accounts.New(accounts.Config{Store: l.store, Sessions: cookies, Ring: l.ring})
	if err == nil || !strings.Contains(err.Error(), "cannot end a user's sessions") {
		t.Errorf("New with sessions in cookies: %v", err)
	}
}

func TestLoginAndLogout(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	b := l.browser("192.0.2.1")
	if err := b.login("alice", goodPassword); err != nil {
		t.Fatal(err)
	}
	if got := b.who(); got != "alice" {
		t.Fatalf("after the login it is %q", got)
	}
	before := b.cookies["__Host-sessionid"]
	if u, err := l.store.ByUsername(t.Context(), "alice"); err != nil || u.LastLogin.IsZero() {
		t.Errorf("the last login was not noted: %v", err)
	}
	b.do(func(_ http.ResponseWriter, r *http.Request) {
		if err := l.a.Logout(r); err != nil {
			t.Error(err)
		}
	})
	if got := b.who(); got != "" {
		t.Errorf("after the logout it is %q", got)
	}
	b.cookies["__Host-sessionid"] = before
	if got := b.who(); got != "" {
		t.Errorf("with the cookie of before the logout it is %q", got)
	}
}

// TestRefusalsAreAlike: whatever the reason, one error, and nothing set that tells.
func TestRefusalsAreAlike(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	inactive := l.user("bob")
	if err := l.a.SetActive(t.Context(), inactive.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := l.a.Create(t.Context(), accounts.User{Username: "carol", Active: true}, ""); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, word string }{
		{"alice", "wrong"}, {"nobody", goodPassword}, {"bob", goodPassword}, {"carol", ""}, {"carol", "!"}, {"", ""}, {"", goodPassword},
		{"alice", strings.Repeat("x", 1<<20)}, {"alice", "a\xff"}, {"alice\x00", goodPassword}, {strings.Repeat("a", 1<<20), goodPassword},
		{"ALICE", goodPassword}, {"alice ", goodPassword}, {"alice", goodPassword + " "}, {"alice", " " + goodPassword},
	} {
		b := l.browser("192.0.2.9")
		b.do(func(w http.ResponseWriter, r *http.Request) {
			u, err := l.a.Login(w, r, row.name, row.word)
			if !errors.Is(err, accounts.ErrRefused) || u.ID != "" {
				t.Errorf("login as %.20q: user %q, %v; want it refused", row.name, u.ID, err)
			}
		})
		if len(b.cookies) != 0 {
			t.Errorf("login as %.20q: a refusal sets cookies", row.name)
		}
		if err := l.guard.Unlock(t.Context(), networkKey("192.0.2.9"), "test"); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(l.log.String(), goodPassword) {
		t.Error("the log has a password")
	}
}

// TestAFloodOfRefusalsDoesNotFloodTheLog: a few of each kind in a minute are logged, and the next says how many were not.
func TestAFloodOfRefusalsDoesNotFloodTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.user("alice")
		for i := range 50 {
			if err := l.browser(fmt.Sprintf("198.51.100.%d", i+1)).login("nobody", "guess"); !errors.Is(err, accounts.ErrRefused) {
				t.Fatal(err)
			}
		}
		if err := l.browser("192.0.2.1").login("alice", "guess"); !errors.Is(err, accounts.ErrRefused) {
			t.Fatal(err)
		}
		if got := l.events("airworthy.security.LoginRefused"); got != 31 {
			t.Errorf("%d of 51 refusals are logged, want thirty of nobody's and the one of alice", got)
		}
		time.Sleep(2 * time.Minute)
		if err := l.browser("192.0.2.2").login("alice", "guess"); !errors.Is(err, accounts.ErrRefused) {
			t.Fatal(err)
		}
		if !strings.Contains(l.log.String(), "unlogged=20") {
			t.Error("the next refusal does not say that 20 were not logged")
		}
	})
}
