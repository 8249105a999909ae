package airworthy_test

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
)

// TestBadInputWhoIsThere asks what an answer tells of an account. What its time tells, conformance/logins measures.
func TestBadInputWhoIsThere(t *testing.T) {
	many := lockout.Budget{Failures: 1000}
	c := newClub(t, behindProxy, func(s *airworthy.Settings) {
		s.Lockout = lockout.Config{Account: lockout.Budget{Failures: 8}, Network: many, Pair: many, Device: many}
		s.Passwords.Hashers = []string{"argon2", "pbkdf2_sha256"}
	}).listen()
	older, err := password.New(password.Config{InsecureCheap: true, Hashers: []string{"pbkdf2_sha256"}, PBKDF2: password.PBKDF2{Iterations: 10}})
	if err != nil {
		t.Fatal(err)
	}
	old, err := older.Hash(t.Context(), geese)
	if err != nil {
		t.Fatal(err)
	}
	c.member("known")
	c.member("olden", func(u *accounts.User) { u.Password = old })
	c.member("nopwd", func(u *accounts.User) { u.Password = password.Unusable() })
	c.member("sleep", func(u *accounts.User) { u.Active = false })
	c.member("lockd")
	for range 9 {
		c.from("203.0.113.1").login("lockd", "wrong")
	}
	if locked, err := c.app.Lockout().Locked(t.Context(), 10); err != nil || len(locked) != 1 {
		t.Fatalf("locked: %v (%v), want one account, or nothing is proved", locked, err)
	}
	wrong := normal(c.from("198.51.100.1").login("known", "wrong"), "known")
	for _, row := range []struct{ name, user, word string }{
		{"32: a wrong password again", "known", "other"},
		{"32: nobody", "ghost", geese},
		{"32: nobody, in a name that nobody can have", "gh st", geese},
		{"32: the password of an account that is locked", "lockd", geese},
		{"32: a wrong password of one that is locked", "lockd", "wrong"},
		{"32: an account without a password", "nopwd", geese},
		{"32: the password of one that is switched off", "sleep", geese},
		{"32: a wrong password of one that is switched off", "sleep", "wrong"},
		{"32: a wrong password against an older hash", "olden", "wrong"},
		{"32: a password that is too long", "known", strings.Repeat("x", 5000)},
		{"32: a password that is too long, of nobody", "ghost", strings.Repeat("x", 5000)},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := normal(c.from("198.51.100.1").login(row.user, row.word), row.user); got != wrong {
				t.Errorf("the answer tells more than that of a wrong password:\n%s\nwant\n%s", got, wrong)
			}
		})
	}
	if !strings.HasPrefix(wrong, "422") || !strings.Contains(wrong, "is not right") {
		t.Errorf("32: a wrong password is answered with %s", wrong)
	}
	sent := normal(c.from("198.51.100.1").post("/account/reset/", "email", "known@example.org"), "known")
	for _, row := range []struct{ name, user string }{
		{"32: a reset of nobody", "ghost"}, {"32: a reset of one that is locked", "lockd"}, {"32: a reset without a password", "nopwd"},
		{"32: a reset of one that is switched off", "sleep"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := normal(c.from("198.51.100.1").post("/account/reset/", "email", row.user+"@example.org"), row.user); got != sent {
				t.Errorf("the answer tells more than that of an account:\n%s\nwant\n%s", got, sent)
			}
		})
	}
	t.Run("32: a mail for each address that is asked for, and no more", func(t *testing.T) {
		for range 4 {
			if got := normal(c.from("198.51.100.1").post("/account/reset/", "email", "known@example.org"), "known"); got != sent {
				t.Errorf("the answer tells that there were too many:\n%s", got)
			}
		}
		c.from("198.51.100.1").post("/account/reset/", "email", "olden@example.org")
		for n, want := range []string{"known", "lockd", "known", "known", "olden"} {
			if m := c.mail(n + 1); m.To != want+"@example.org" {
				t.Errorf("mail %d goes to %s, want %s", n+1, m.To, want)
			}
		}
	})
}

// TestBadInputFlood has everybody come at once, with one hash at a time and hardly a queue.
func TestBadInputFlood(t *testing.T) {
	many := lockout.Budget{Failures: 10_000}
	c := newClub(t, behindProxy, func(s *airworthy.Settings) {
		s.Passwords = password.Config{InsecureCheap: true, Argon2: password.Argon2{Memory: 1 << 10, Time: 1, Parallel: 1}, Parallel: 1, Wait: time.Millisecond}
		s.Lockout = lockout.Config{Network: many, Pair: many, Account: lockout.Budget{Failures: 20}}
	}).listen()
	c.member("ada")
	t.Run("33: 200 logins at once", func(t *testing.T) {
		send := c.from("198.51.100.1").form("/account/login/", "username", "ada", "password", geese)
		statuses := map[int]int{}
		var mu sync.Mutex
		var all sync.WaitGroup
		begin := make(chan struct{})
		for range 200 {
			all.Go(func() {
				<-begin
				a := c.deliver(t, send)
				mu.Lock()
				defer mu.Unlock()
				statuses[a.StatusCode]++
				if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); a.StatusCode == 503 && (err != nil || seconds < 1 || seconds > 60) {
					t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
				}
				if a.StatusCode == 503 && !strings.Contains(a.body, "very busy") {
					t.Errorf("the page says %.300q", a.body)
				}
			})
		}
		close(begin)
		all.Wait()
		if statuses[503] == 0 || statuses[503]+statuses[303]+statuses[422] != 200 {
			t.Errorf("statuses %v, want some 503 and nothing but 303 and, of an account with twenty logins under way, 422", statuses)
		}
		if n := c.events(`"event":"airworthy.security.HashingBusy"`); n == 0 {
			t.Error("the log does not tell of it")
		}
	})
	t.Run("33: what was turned away locks nobody", func(t *testing.T) {
		locked, err := c.app.Lockout().Locked(t.Context(), 10)
		if err != nil || len(locked) != 0 {
			t.Errorf("locked: %v (%v)", locked, err)
		}
	})
	t.Run("33: a login afterwards", func(t *testing.T) {
		c.from("198.51.100.1").login("ada", geese).want(t, 303)
	})
}

// TestBadInputQueue stops the clock, so that nobody waits in vain: who is turned away is so because the queue is full.
func TestBadInputQueue(t *testing.T) {
	t.Run("33: 200 logins at once, of which ten find room in the queue", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newClub(t, behindProxy, patient, func(s *airworthy.Settings) {
				s.Passwords = password.Config{InsecureCheap: true, Argon2: password.Argon2{Memory: 8 << 10, Time: 1, Parallel: 1}, Parallel: 1, Wait: time.Second}
			})
			c.member("ada")
			g := c.from("198.51.100.1")
			begin := time.Now()
			got := c.storm(t, slices.Repeat([]string{g.form("/account/login/", "username", "ada", "password", geese)}, 200))
			if got[503] == 0 || got[303] == 0 || got[303]+got[503] != 200 {
				t.Errorf("statuses %v, want 503 for most and 303 for the others", got)
			}
			if took := time.Since(begin); took != 0 {
				t.Errorf("they waited %s by a clock that stands still while hashes are made", took)
			}
			g.in("ada")
		})
	})
}
