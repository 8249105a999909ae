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

// TestWhatEndsSessions: bad input 25. The session that made the change goes on, every other one ends.
func TestWhatEndsSessions(t *testing.T) {
	for name, change := range map[string]func(l *lab, r *http.Request) error{
		"password": func(l *lab, r *http.Request) error {
			return l.a.ChangePassword(r, goodPassword, "another good password")
		},
		"email": func(l *lab, r *http.Request) error { return l.a.ChangeEmail(r, goodPassword, "new@example.net") },
		"factor": func(l *lab, r *http.Request) error {
			e, err := l.a.Enrol(r, goodPassword, "")
			if err != nil {
				return err
			}
			_, err = l.a.Confirm(r, e.ID, codeAt(l.t, e.Secret, time.Now()))
			return err
		},
		"others ended": func(l *lab, r *http.Request) error { _, err := l.a.EndOtherSessions(r.Context()); return err },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.user("alice")
			here, there := l.browser("192.0.2.1"), l.browser("192.0.2.2")
			for _, b := range []*browser{here, there} {
				if err := b.login("alice", goodPassword); err != nil {
					t.Fatal(err)
				}
			}
			before := here.cookies["__Host-sessionid"]
			here.do(func(_ http.ResponseWriter, r *http.Request) {
				if err := change(l, r); err != nil {
					t.Error(err)
				}
			})
			if got := there.who(); got != "" {
				t.Errorf("the other session is still %q's", got)
			}
			if got := here.who(); got != "alice" {
				t.Errorf("the session that made the change is %q's", got)
			}
			if name == "others ended" {
				return
			}
			copied := l.browser("192.0.2.3")
			copied.cookies["__Host-sessionid"] = before
			if got := copied.who(); got != "" {
				t.Errorf("the session's former id is still %q's", got)
			}
		})
	}
}

func TestChangesAreRefused(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	b := l.browser("192.0.2.1")
	var invalid *accounts.InvalidError
	try := func(what string, f func(r *http.Request) error, ok func(error) bool) {
		t.Helper()
		b.do(func(_ http.ResponseWriter, r *http.Request) {
			if err := f(r); !ok(err) {
				t.Errorf("%s: %v", what, err)
			}
		})
	}
	nobody := func(err error) bool { return errors.Is(err, accounts.ErrNobody) }
	refused := func(err error) bool { return errors.Is(err, accounts.ErrRefused) }
	isInvalid := func(err error) bool { return errors.As(err, &invalid) }
	try("nobody's password", func(r *http.Request) error { return l.a.ChangePassword(r, "", "another good password") }, nobody)
	try("nobody's enrolment", func(r *http.Request) error { _, err := l.a.Enrol(r, goodPassword, ""); return err }, nobody)
	if err := b.login("alice", goodPassword); err != nil {
		t.Fatal(err)
	}
	try("a wrong old password", func(r *http.Request) error { return l.a.ChangePassword(r, "wrong", "another good password") }, refused)
	try("an empty one", func(r *http.Request) error { return l.a.ChangePassword(r, goodPassword, "") }, isInvalid)
	try("a short one", func(r *http.Request) error { return l.a.ChangePassword(r, goodPassword, "short") }, isInvalid)
	try("one like the address", func(r *http.Request) error { return l.a.ChangePassword(r, goodPassword, "alice@example.com") }, isInvalid)
	for _, email := range []string{"", "a", "a@b", "a@example.com\r\nBcc: b@example.com", "A <a@example.com>", "a@example.com,b@example.com",
		strings.Repeat("a", 250) + "@example.com", "a\xff@example.com"} {
		try("the address "+email[:min(len(email), 30)], func(r *http.Request) error { return l.a.ChangeEmail(r, goodPassword, email) }, isInvalid)
	}
	if u, err := l.store.ByUsername(t.Context(), "alice"); err != nil || u.Email != "alice@example.com" {
		t.Errorf("the address is %q, %v", u.Email, err)
	}
}

func TestSignUp(t *testing.T) {
	l := newLab(t)
	b := l.browser("192.0.2.1")
	sign := func(name, email, word string) (err error) {
		b.do(func(w http.ResponseWriter, r *http.Request) { _, err = l.a.SignUp(w, r, name, email, word) })
		return err
	}
	if err := sign("  Alice ", "Alice@Example.COM", goodPassword); err != nil {
		t.Fatal(err)
	}
	u, err := l.store.ByUsername(t.Context(), "Alice")
	if err != nil || u.Email != "Alice@example.com" || u.Staff || u.Superuser || !u.Active || u.Joined.IsZero() || b.who() != "Alice" {
		t.Errorf("signed up as %+v, %v, logged in as %q", u, err, b.who())
	}
	for _, row := range []struct{ name, email, word, field string }{
		{"alice", "", goodPassword, "username"},    // a twin
		{"Ａlice", "", goodPassword, "username"},    // another
		{"", "", goodPassword, "username"},         //
		{"a b", "", goodPassword, "username"},      //
		{"bob", "nonsense", goodPassword, "email"}, //
		{"bob", "", "", "password"},                //
		{"bob", "", "password", "password"},        //
	} {
		var invalid *accounts.InvalidError
		if err := sign(row.name, row.email, row.word); !errors.As(err, &invalid) || invalid.Problems[0].Field != row.field {
			t.Errorf("sign-up of %q: %v, want something about %s", row.name, err, row.field)
		}
	}
	if strings.Contains(l.log.String(), goodPassword) {
		t.Error("the log has a password")
	}
}

func TestSignUpsAreBounded(t *testing.T) {
	l := newLab(t)
	b := l.browser("192.0.2.1")
	var tooMany *accounts.TooManyError
	n := 0
	for ; n < 100; n++ {
		var err error
		b.do(func(w http.ResponseWriter, r *http.Request) { _, err = l.a.SignUp(w, r, "a b", "", goodPassword) })
		if errors.As(err, &tooMany) {
			break
		}
	}
	if n < 5 || n > 30 {
		t.Errorf("one network may sign up %d times in a row", n)
	}
}

func TestReset(t *testing.T) {
	l := newLab(t)
	u := l.user("alice")
	b := l.browser("192.0.2.1")
	if err := b.login("alice", goodPassword); err != nil {
		t.Fatal(err)
	}
	ask := func(email string) {
		t.Helper()
		b.do(func(_ http.ResponseWriter, r *http.Request) {
			r.Host = "evil.example" // bad input 7: the link does not follow it
			if err := l.a.RequestReset(r, email); err != nil {
				t.Error(err)
			}
		})
	}
	ask("nobody@example.com")
	ask("alıce@example.com") // a look-alike (CVE-2019-19844)
	ask("")
	ask("ALICE@EXAMPLE.COM ")
	mails := l.sent()
	if len(mails) != 1 || mails[0].To != "alice@example.com" {
		t.Fatalf("%d mails, want one to the address as it is stored", len(mails))
	}
	_, link, found := strings.Cut(mails[0].Text, "https://example.com/account/reset/")
	if !found || strings.Contains(mails[0].Text, "evil.example") {
		t.Fatalf("the mail's link is not one of the configured origin: %s", mails[0].Text)
	}
	id, rest, _ := strings.Cut(link, "/")
	token, _, _ := strings.Cut(rest, "/")
	if got, err := l.a.CheckReset(t.Context(), id, token); err != nil || got.ID != u.ID {
		t.Fatalf("CheckReset: %v", err)
	}
	for _, bad := range [][2]string{{id, token + "0"}, {"", token}, {"AAAA", token}, {"%", token}, {id, ""}} {
		if _, err := l.a.CheckReset(t.Context(), bad[0], bad[1]); !errors.Is(err, accounts.ErrLink) {
			t.Errorf("CheckReset(%q, %q): %v, want ErrLink", bad[0], bad[1], err)
		}
	}
	reader := l.browser("192.0.2.7")
	reset := func(word string) (err error) {
		reader.do(func(w http.ResponseWriter, r *http.Request) { err = l.a.ResetPassword(w, r, id, token, word) })
		return err
	}
	var invalid *accounts.InvalidError
	if err := reset("short"); !errors.As(err, &invalid) {
		t.Errorf("a weak password: %v", err)
	}
	if err := reset("another good password"); err != nil {
		t.Fatal(err)
	}
	if err := reset("a third good password"); !errors.Is(err, accounts.ErrLink) {
		t.Errorf("the link again: %v, want ErrLink", err)
	}
	if b.who() != "" {
		t.Error("a session of before the reset goes on")
	}
	if reader.cookies["__Host-device"] == "" {
		t.Error("the browser that opened the link is not known afterwards")
	}
	if err := b.login("alice", goodPassword); !errors.Is(err, accounts.ErrRefused) {
		t.Errorf("the former password: %v", err)
	}
	if err := b.login("alice", "another good password"); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

// TestASessionFollowsAKey: bad input 25 and Django's rule. A session begun under a key that is a fallback goes on, under
// another id; one whose hash nobody signed ends.
func TestASessionFollowsAKey(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	b := l.browser("192.0.2.1")
	if err := b.login("alice", goodPassword); err != nil {
		t.Fatal(err)
	}
	before := b.cookies["__Host-sessionid"]
	l.rotate(true)
	if b.who() != "alice" || b.cookies["__Host-sessionid"] == before {
		t.Error("with the key a fallback the session does not go on under another id")
	}
	if err := l.ring.Swap(keysOf(l.key)); err != nil {
		t.Fatal(err)
	}
	if b.who() != "alice" {
		t.Error("without the fallback a session that had moved to the new key ends")
	}
	l.rotate(false)
	if b.who() != "" {
		t.Error("a session of a key that is gone goes on")
	}
	if got := l.events("airworthy.security.SessionOutdated"); got != 1 {
		t.Errorf("%d events, want 1", got)
	}
}

// TestTheOwnerGetsIn while strangers have locked the account, from the browser that he has logged in on before.
func TestTheOwnerGetsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.user("alice")
		owner := l.browser("192.0.2.1")
		if err := owner.login("alice", goodPassword); err != nil {
			t.Fatal(err)
		}
		owner.do(func(_ http.ResponseWriter, r *http.Request) {
			if err := l.a.Logout(r); err != nil {
				t.Error(err)
			}
		})
		for i := range 60 { // from sixty networks, more than the account's budget
			_ = l.browser(fmt.Sprintf("198.51.100.%d", i+1)).login("alice", "guess")
		}
		stranger := l.browser("203.0.113.1")
		if err := stranger.login("alice", goodPassword); !errors.Is(err, accounts.ErrRefused) {
			t.Errorf("a browser that nobody knows, with the right password, while the account is locked: %v", err)
		}
		if err := owner.login("alice", goodPassword); err != nil {
			t.Errorf("the owner's browser while the account is locked: %v", err)
		}
		bob := l.user("bob")
		thief := l.browser("203.0.113.2")
		thief.cookies["__Host-device"] = owner.cookies["__Host-device"]
		if err := thief.login("bob", goodPassword); err != nil { // the cookie says nothing of bob, whose account is not locked
			t.Errorf("with the device cookie of another user: %v", err)
		}
		_ = bob
		time.Sleep(24 * time.Hour)
		if err := stranger.login("alice", goodPassword); err != nil {
			t.Errorf("a day later: %v", err)
		}
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	l.user("bob")
	here, there, bobs := l.browser("192.0.2.1"), l.browser("192.0.2.2"), l.browser("192.0.2.3")
	for b, name := range map[*browser]string{here: "alice", there: "alice", bobs: "bob"} {
		if err := b.login(name, goodPassword); err != nil {
			t.Fatal(err)
		}
	}
	var mine []accounts.SessionState
	here.do(func(_ http.ResponseWriter, r *http.Request) {
		var err error
		if mine, err = l.a.Sessions(r.Context()); err != nil {
			t.Error(err)
		}
	})
	if len(mine) != 2 || !mine[0].Current || mine[1].Current || mine[1].Network != "192.0.2.2/32" || mine[1].Agent != "Test browser" {
		t.Fatalf("the sessions are %+v", mine)
	}
	bobs.do(func(_ http.ResponseWriter, r *http.Request) {
		if err := l.a.EndSession(r.Context(), mine[1].ID); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("ending another user's session: %v, want ErrNotFound", err)
		}
	})
	here.do(func(_ http.ResponseWriter, r *http.Request) {
		if err := l.a.EndSession(r.Context(), mine[1].ID); err != nil {
			t.Error(err)
		}
	})
	if here.who() != "alice" || there.who() != "" || bobs.who() != "bob" {
		t.Errorf("after ending one: %q, %q, %q", here.who(), there.who(), bobs.who())
	}
}
