package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
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

func (s twins) ByEmail(ctx context.Context, email string) ([]accounts.User, error) {
	mine, err := s.Memory.ByEmail(ctx, email)
	theirs, err2 := s.other.ByEmail(ctx, email)
	return append(mine, theirs...), errors.Join(err, err2)
}

func (s twins) Twins(ctx context.Context, name string) ([]accounts.User, error) {
	mine, err := s.Memory.Twins(ctx, name)
	theirs, err2 := s.other.Twins(ctx, name)
	return append(mine, theirs...), errors.Join(err, err2)
}

func (s twins) SetPassword(ctx context.Context, id, was, encoded string) error {
	err := s.Memory.SetPassword(ctx, id, was, encoded)
	if errors.Is(err, accounts.ErrNotFound) {
		return s.other.SetPassword(ctx, id, was, encoded)
	}
	return err
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

// TestAMailThatIsNotSentIsLogged: who took an account over must not keep the owner from hearing of it in silence.
func TestAMailThatIsNotSentIsLogged(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	b := l.browser("192.0.2.1")
	if err := b.login("alice", goodPassword); err != nil {
		t.Fatal(err)
	}
	_ = l.sent() // there is no room after this
	b.do(func(_ http.ResponseWriter, r *http.Request) {
		if err := l.a.ChangePassword(r, goodPassword, goodPassword+" again"); err != nil {
			t.Error(err)
		}
	})
	if got := l.events("airworthy.accounts.MailFailed"); got != 1 {
		t.Errorf("%d events of a mail that was not sent, want 1", got)
	}
}

// TestNobodyIsKeptFromResetsForLong: a stranger who asks for somebody's links uses up what that address gets.
func TestNobodyIsKeptFromResetsForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.user("alice")
		ask := func(from string) {
			l.browser(from).do(func(_ http.ResponseWriter, r *http.Request) {
				if err := l.a.RequestReset(r, "alice@example.com"); err != nil {
					t.Error(err)
				}
			})
		}
		for day := range 8 { // whenever there is something to be used up
			for i := range 4 {
				ask(fmt.Sprintf("198.51.100.%d", day*4+i+1))
			}
			time.Sleep(time.Hour + time.Second)
		}
		synctest.Wait()
		l.mu.Lock()
		before := len(l.mails)
		l.mu.Unlock()
		ask("192.0.2.1")
		if got := len(l.sent()) - before; got != 1 {
			t.Errorf("an hour after a stranger used up what there was the owner got %d links, want 1", got)
		}
	})
}

// TestATwinsResetForgetsNoFailures: it would give a new budget of guesses at the other's account with each link.
func TestATwinsResetForgetsNoFailures(t *testing.T) {
	other := accounts.NewMemory()
	l := newLab(t, func(c *accounts.Config) { c.Store = twins{c.Store.(*accounts.Memory), other} })
	alice := l.user("alice")
	twin := alice
	twin.ID, twin.Username, twin.Email = "", "Alice", "mallory@example.com"
	if _, err := other.Create(t.Context(), twin); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		_ = l.browser(fmt.Sprintf("198.51.100.%d", i+1)).login("alice", "a guess")
	}
	b := l.browser("192.0.2.1")
	b.do(func(_ http.ResponseWriter, r *http.Request) {
		if err := l.a.RequestReset(r, "mallory@example.com"); err != nil {
			t.Error(err)
		}
	})
	id, token := linkIn(t, l.sent())
	b.do(func(w http.ResponseWriter, r *http.Request) {
		if err := l.a.ResetPassword(w, r, id, token, goodPassword+" again"); err != nil {
			t.Error(err)
		}
	})
	if locked, err := l.guard.Locked(t.Context(), 10); err != nil || len(locked) != 1 {
		t.Errorf("after the reset of a twin %d are locked, %v, want alice's account", len(locked), err)
	}
}

// linkIn returns the last two parts of the link in the last mail.
func linkIn(t *testing.T, mails []accounts.Message) (id, token string) {
	t.Helper()
	if len(mails) == 0 {
		t.Fatal("no mail was sent")
	}
	_, rest, _ := strings.Cut(mails[len(mails)-1].Text, "/account/reset/")
	link, _, _ := strings.Cut(rest, "\n")
	id, token, ok := strings.Cut(strings.TrimSuffix(link, "/"), "/")
	if !ok {
		t.Fatal("no link is in the mail")
	}
	return id, token
}

// enrolling has the owner set up a second factor while another login is under way, which has found none.
type enrolling struct {
	*accounts.Memory
	act func()
}

func (s *enrolling) SetLastLogin(ctx context.Context, id string, at time.Time) error {
	if act := s.act; act != nil {
		s.act = nil
		act()
	}
	return s.Memory.SetLastLogin(ctx, id, at)
}

// TestALoginUnderWayEscapesNoNewFactor: who has the password and logs in all the time would keep a session that began
// when there was no second factor.
func TestALoginUnderWayEscapesNoNewFactor(t *testing.T) {
	store := &enrolling{Memory: accounts.NewMemory()}
	l := newLab(t, func(c *accounts.Config) { c.Store = store })
	l.user("alice")
	thief, owner := l.browser("198.51.100.1"), l.browser("192.0.2.1")
	store.act = func() { owner.enrol("alice") }
	if err := thief.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
		t.Errorf("a login during which a second factor was set up: %v, want ErrFactorNeeded", err)
	}
	if got := thief.who(); got != "" {
		t.Errorf("it is logged in as %q without the factor", got)
	}
	if got := owner.who(); got != "alice" {
		t.Errorf("the owner is logged in as %q", got)
	}
}
