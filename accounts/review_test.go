package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/password"
)

// twins is a store in which two names may differ in capitals alone, as in Django's: the second one is in a store of its own.
type twins struct {
	*accounts.Memory
	other *accounts.Memory
}

func (s twins) ByID(ctx context.Context, id string) (accounts.User, error) {
	u, err := s.Memory.ByID(ctx, id)
	if errors.Is(err, accounts.ErrNotFound) {
		return s.other.ByID(ctx, id)
	}
	return u, err
}

func (s twins) ByUsername(ctx context.Context, name string) (accounts.User, error) {
	u, err := s.Memory.ByUsername(ctx, name)
	if errors.Is(err, accounts.ErrNotFound) {
		return s.other.ByUsername(ctx, name)
	}
	return u, err
}

func (s twins) SetLastLogin(ctx context.Context, id string, at time.Time) error {
	err := s.Memory.SetLastLogin(ctx, id, at)
	if errors.Is(err, accounts.ErrNotFound) {
		return s.other.SetLastLogin(ctx, id, at)
	}
	return err
}

// TestATwinIsNoKnownDevice: who may call himself Alice beside alice, as in a Django site, would get the owner's budget
// with each login, and so as many guesses at alice's password as he likes.
func TestATwinIsNoKnownDevice(t *testing.T) {
	other := accounts.NewMemory()
	l := newLab(t, func(c *accounts.Config) { c.Store = twins{c.Store.(*accounts.Memory), other} })
	alice := l.user("alice")
	twin := alice
	twin.ID, twin.Username = "", "Alice"
	if _, err := other.Create(t.Context(), twin); err != nil {
		t.Fatal(err)
	}
	judged := 0
	for i := range 20 {
		b := l.browser(fmt.Sprintf("198.51.100.%d", i+1))
		if err := b.login("Alice", goodPassword); err != nil { // leaves the cookie of a device
			break
		}
		for range 4 {
			if err := b.login("alice", "a guess"); !errors.Is(err, accounts.ErrRefused) {
				t.Fatal(err)
			}
			judged++
		}
	}
	if locked, err := l.guard.Locked(t.Context(), 10); err != nil || len(locked) == 0 {
		t.Errorf("after %d guesses by a twin nothing is locked, %v", judged, err)
	}
}

// meanwhile has an operator act while a request is under way.
type meanwhile struct {
	*accounts.Memory
	act func()
}

func (s *meanwhile) Factors(ctx context.Context, user string) ([]accounts.Factor, error) {
	if act := s.act; act != nil {
		s.act = nil
		act()
	}
	return s.Memory.Factors(ctx, user)
}

// TestAChangeOfAddressUndoesNoLock: it stores a whole user, and what an operator has changed since the request began must
// not come back.
func TestAChangeOfAddressUndoesNoLock(t *testing.T) {
	store := &meanwhile{Memory: accounts.NewMemory()}
	l := newLab(t, func(c *accounts.Config) { c.Store = store })
	u, err := l.a.Create(t.Context(), accounts.User{Username: "mallory", Email: "m@example.com", Active: true, Staff: true}, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	b := l.browser("192.0.2.1")
	if err := b.login("mallory", goodPassword); err != nil {
		t.Fatal(err)
	}
	b.do(func(_ http.ResponseWriter, r *http.Request) {
		store.act = func() {
			u.Staff, u.Active = false, false
			if err := store.Update(t.Context(), u); err != nil {
				t.Error(err)
			}
		}
		_ = l.a.ChangeEmail(r, goodPassword, "other@example.com")
	})
	got, err := store.ByID(t.Context(), u.ID)
	if err != nil || got.Active || got.Staff || got.Email != "m@example.com" {
		t.Errorf("after a change of address during which the account was locked: %+v, %v", got, err)
	}
}

// rival upgrades the hash just before an upgrade does.
type rival struct {
	*accounts.Memory
	hasher *password.Hasher
	word   string
}

func (s *rival) SetPassword(ctx context.Context, id, was, encoded string) error {
	if s.hasher != nil {
		theirs, err := s.hasher.Hash(ctx, s.word)
		if err != nil {
			return err
		}
		s.hasher = nil
		if err := s.Memory.SetPassword(ctx, id, was, theirs); err != nil {
			return err
		}
	}
	return s.Memory.SetPassword(ctx, id, was, encoded)
}

// TestTwoLoginsUpgradeAtOnce: the one that comes second is logged in all the same, unless the password was changed.
func TestTwoLoginsUpgradeAtOnce(t *testing.T) {
	hasher, err := password.New(cheap)
	if err != nil {
		t.Fatal(err)
	}
	old := cheap
	old.Argon2.Time = 2
	former, err := password.New(old)
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]string{goodPassword: "alice", "quite another password": ""} {
		store := &rival{Memory: accounts.NewMemory(), word: word}
		l := newLab(t, func(c *accounts.Config) { c.Store = store })
		u := l.user("alice")
		encoded, err := former.Hash(t.Context(), goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.SetPassword(t.Context(), u.ID, u.Password, encoded); err != nil {
			t.Fatal(err)
		}
		store.hasher = hasher
		b := l.browser("192.0.2.1")
		if err := b.login("alice", goodPassword); (err == nil) != (want != "") {
			t.Errorf("a login while another sets %q: %v", word, err)
		}
		if got := b.who(); got != want {
			t.Errorf("after a login while another sets %q: %q, want %q", word, got, want)
		}
	}
}

// TestEnrolmentsThatWereLeftStopNobody: nobody sees those that were not confirmed, so that nobody could remove them.
func TestEnrolmentsThatWereLeftStopNobody(t *testing.T) {
	l := newLab(t)
	u := l.user("alice")
	for range 12 { // as of requests at the same time
		if _, err := l.store.AddFactor(t.Context(), accounts.Factor{User: u.ID, Kind: accounts.TOTP, Name: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	l.browser("192.0.2.1").enrol("alice")
}

// TestResealSaysWhoseFactorCannotBeOpened: an operator whose keys are stolen has to get on.
func TestResealSaysWhoseFactorCannotBeOpened(t *testing.T) {
	l := newLab(t)
	u := l.user("alice")
	if _, err := l.store.AddFactor(t.Context(), accounts.Factor{User: u.ID, Kind: accounts.TOTP, Name: "x", Confirmed: true, Data: []byte("of another key")}); err != nil {
		t.Fatal(err)
	}
	l.user("bob")
	l.browser("192.0.2.1").enrol("bob")
	l.rotate(true)
	n, err := l.a.Reseal(t.Context())
	if err == nil || !strings.Contains(err.Error(), u.Username) {
		t.Errorf("the error does not say whose factor it is: %v", err)
	}
	if n != 2 {
		t.Errorf("%d factors were sealed anew, want both of bob, whichever comes first", n)
	}
}
