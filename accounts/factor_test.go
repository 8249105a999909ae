package accounts_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/otp"
	"github.com/airworthy-go/airworthy/secret"
)

// enrol logs b in, gives it a second factor and returns its secret and the recovery codes.
func (b *browser) enrol(name string) (sec secret.Text, id string, codes []string) {
	t := b.l.t
	t.Helper()
	if err := b.login(name, goodPassword); err != nil {
		t.Fatal(err)
	}
	b.do(func(_ http.ResponseWriter, r *http.Request) {
		e, err := b.l.a.Enrol(r, goodPassword, "Phone")
		if err != nil {
			t.Fatal(err)
		}
		sec, id = e.Secret, e.ID
	})
	b.do(func(_ http.ResponseWriter, r *http.Request) {
		var err error
		if codes, err = b.l.a.Confirm(r, id, codeAt(t, sec, time.Now())); err != nil {
			t.Fatal(err)
		}
	})
	return sec, id, codes
}

func codeAt(t *testing.T, sec secret.Text, at time.Time) string {
	t.Helper()
	code := otp.TOTP{}.Code(sec, at)
	if code == "" {
		t.Fatal("the secret makes no code")
	}
	return code
}

func (b *browser) fresh() (fresh bool) {
	b.do(func(_ http.ResponseWriter, r *http.Request) { fresh = b.l.a.Fresh(r.Context()) })
	return fresh
}

func TestSecondFactor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.user("alice")
		first := l.browser("192.0.2.1")
		sec, _, codes := first.enrol("alice")
		if !first.fresh() || first.who() != "alice" || len(codes) != 10 {
			t.Fatalf("after enrolling: fresh %v, %q, %d recovery codes", first.fresh(), first.who(), len(codes))
		}
		time.Sleep(time.Minute)

		b := l.browser("192.0.2.2")
		if err := b.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
			t.Fatalf("login: %v, want a factor to be needed", err)
		}
		if b.who() != "" || b.fresh() {
			t.Fatal("a password alone lets somebody in who has a second factor")
		}
		if err := b.code("", "000000"); !errors.Is(err, accounts.ErrRefused) {
			t.Fatalf("a wrong code: %v", err)
		}
		right := codeAt(t, sec, time.Now())
		var later *accounts.TooManyError
		if err := b.code("", right); !errors.As(err, &later) {
			t.Fatalf("right after a wrong code: %v, want to be told to wait", err)
		}
		time.Sleep(later.RetryAfter + time.Second)
		right = codeAt(t, sec, time.Now())
		if err := b.code("", right); err != nil || b.who() != "alice" || !b.fresh() {
			t.Fatalf("the right code: %v, %q, fresh %v", err, b.who(), b.fresh())
		}

		// The same code does not count twice, not even at once elsewhere.
		c := l.browser("192.0.2.3")
		if err := c.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
			t.Fatal(err)
		}
		if err := c.code("", right); err == nil || c.who() != "" {
			t.Errorf("a code that was used: %v", err)
		}

		// Freshness wears off, and is shown anew.
		time.Sleep(16 * time.Minute)
		if b.fresh() {
			t.Error("a factor of 16 minutes ago is fresh")
		}
		if err := b.code("", codeAt(t, sec, time.Now())); err != nil || !b.fresh() {
			t.Errorf("step-up: %v, fresh %v", err, b.fresh())
		}

		// What was begun with the password has to be ended within ten minutes.
		time.Sleep(time.Hour)
		d := l.browser("192.0.2.4")
		if err := d.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		if err := d.code("", codeAt(t, sec, time.Now())); !errors.Is(err, accounts.ErrNobody) {
			t.Errorf("eleven minutes after the password: %v, want ErrNobody", err)
		}

		// A recovery code counts once.
		if err := d.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
			t.Fatal(err)
		}
		if err := d.code("", strings.ToUpper(codes[3])); err != nil || d.who() != "alice" {
			t.Fatalf("a recovery code: %v", err)
		}
		e := l.browser("192.0.2.5")
		if err := e.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
			t.Fatal(err)
		}
		if err := e.code("", codes[3]); !errors.Is(err, accounts.ErrRefused) || e.who() != "" {
			t.Errorf("a recovery code that was used: %v", err)
		}
	})
}

// TestOneCodeManyRequests: of a hundred requests with one right code one gets in, and of a hundred guesses one counts.
func TestOneCodeManyRequests(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	sec, _, _ := l.browser("192.0.2.1").enrol("alice")
	next := codeAt(t, sec, time.Now().Add(30*time.Second)) // the present one was used to enrol
	b := l.browser("192.0.2.2")
	if err := b.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
		t.Fatal(err)
	}
	try := func(code string) (in int) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		for range 100 {
			wg.Go(func() {
				r := b.request()
				w := newRecorder()
				l.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, err := l.a.VerifyFactor(w, r, "", code); err == nil {
						mu.Lock()
						in++
						mu.Unlock()
					}
				})).ServeHTTP(w, r)
			})
		}
		wg.Wait()
		return in
	}
	if got := try("123456"); got != 0 {
		t.Errorf("%d wrong codes were taken", got)
	}
	if got := l.events("airworthy.security.FactorRefused"); got != 1 {
		t.Errorf("%d of a hundred guesses at a time were tried, want 1", got)
	}
	time.Sleep(1100 * time.Millisecond) // the back-off of one failure
	if got := try(next); got != 1 {
		t.Errorf("one code let %d requests in, want 1", got)
	}
}

// TestFactorsSurviveARotation: what a retired key sealed can be opened as long as it was sealed anew before.
func TestFactorsSurviveARotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		u := l.user("alice")
		sec, _, _ := l.browser("192.0.2.1").enrol("alice")
		l.rotate(true)
		if n, err := l.a.Reseal(t.Context()); err != nil || n != 2 {
			t.Fatalf("Reseal = %d, %v, want 2", n, err)
		}
		if n, err := l.a.Reseal(t.Context()); err != nil || n != 0 {
			t.Fatalf("Reseal again = %d, %v, want 0", n, err)
		}
		if err := l.ring.Swap(keysOf(l.key)); err != nil { // the former key is gone
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		b := l.browser("192.0.2.2")
		if err := b.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
			t.Fatal(err)
		}
		if err := b.code("", codeAt(t, sec, time.Now())); err != nil {
			t.Errorf("after the rotation: %v", err)
		}

		l.rotate(false) // and now without sealing anew: nobody gets in, and it is no wrong code
		time.Sleep(time.Minute)
		c := l.browser("192.0.2.3")
		if err := c.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
			t.Fatal(err)
		}
		err := c.code("", codeAt(t, sec, time.Now()))
		if err == nil || errors.Is(err, accounts.ErrRefused) || !strings.Contains(err.Error(), "SECRET_KEY_FALLBACKS") {
			t.Errorf("with a key that is gone: %v, want an error that says so", err)
		}
		if n, err := l.a.RemoveFactors(t.Context(), u.ID); err != nil || n != 2 {
			t.Errorf("RemoveFactors = %d, %v", n, err)
		}
		if err := c.login("alice", goodPassword); err != nil {
			t.Errorf("after the operator has removed the factors: %v", err)
		}
	})
}

// TestAFactorIsSealedForItsOwner: who can write the table cannot give somebody else the own device.
func TestAFactorIsSealedForItsOwner(t *testing.T) {
	l := newLab(t)
	l.user("mallory")
	alice := l.user("alice")
	sec, _, _ := l.browser("192.0.2.1").enrol("mallory")
	all, err := l.store.AllFactors(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(f accounts.Factor) bool { return f.Kind == accounts.TOTP })
	stolen := all[i]
	stolen.User = alice.ID
	if _, err := l.store.AddFactor(t.Context(), stolen); err != nil {
		t.Fatal(err)
	}
	b := l.browser("192.0.2.2")
	if err := b.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
		t.Fatal(err)
	}
	if err := b.code("", codeAt(t, sec, time.Now().Add(30*time.Second))); err == nil || b.who() != "" {
		t.Error("a device that was copied to another user lets its owner in as that user")
	}
}

func TestRemovingAndRenewing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.user("alice")
		b := l.browser("192.0.2.1")
		sec, id, codes := b.enrol("alice")
		time.Sleep(20 * time.Minute)
		stale := func(what string, f func(r *http.Request) error) {
			t.Helper()
			b.do(func(_ http.ResponseWriter, r *http.Request) {
				if err := f(r); !errors.Is(err, accounts.ErrStale) {
					t.Errorf("%s with a stale factor: %v, want ErrStale", what, err)
				}
			})
		}
		stale("RemoveFactor", func(r *http.Request) error { return l.a.RemoveFactor(r, id) })
		stale("NewRecoveryCodes", func(r *http.Request) error { _, err := l.a.NewRecoveryCodes(r); return err })
		stale("Enrol", func(r *http.Request) error { _, err := l.a.Enrol(r, goodPassword, "x"); return err })
		stale("ChangePassword", func(r *http.Request) error { return l.a.ChangePassword(r, goodPassword, goodPassword+"!") })
		stale("ChangeEmail", func(r *http.Request) error { return l.a.ChangeEmail(r, goodPassword, "a@example.net") })

		if err := b.code("", codeAt(t, sec, time.Now())); err != nil {
			t.Fatal(err)
		}
		var renewed []string
		b.do(func(_ http.ResponseWriter, r *http.Request) {
			var err error
			if renewed, err = l.a.NewRecoveryCodes(r); err != nil {
				t.Error(err)
			}
		})
		if len(renewed) != 10 || slices.Contains(renewed, codes[0]) {
			t.Errorf("%d new recovery codes, want 10 others", len(renewed))
		}
		other := l.browser("192.0.2.2")
		if err := other.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
			t.Fatal(err)
		}
		if err := other.code("", codes[0]); !errors.Is(err, accounts.ErrRefused) {
			t.Errorf("a former recovery code: %v", err)
		}
		b.do(func(_ http.ResponseWriter, r *http.Request) {
			if err := l.a.RemoveFactor(r, id); err != nil {
				t.Error(err)
			}
		})
		if all, err := l.store.AllFactors(t.Context(), "", 10); err != nil || len(all) != 0 {
			t.Errorf("%d factors are left, %v: recovery codes go with the last device", len(all), err)
		}
		if err := other.login("alice", goodPassword); err != nil {
			t.Errorf("without a factor: %v", err)
		}
	})
}

// TestWhoHasToHaveAFactor gets nowhere without: also with a session that only a password began.
func TestWhoHasToHaveAFactor(t *testing.T) {
	l := newLab(t, func(c *accounts.Config) { c.SecondFactor = accounts.FactorForAll })
	l.user("alice")
	b := l.browser("192.0.2.1")
	if err := b.login("alice", goodPassword); err != nil {
		t.Fatal(err)
	}
	inside := l.a.RequireLogin(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	get := func() *http.Response {
		return b.do(func(w http.ResponseWriter, r *http.Request) {
			r.Method = "GET"
			inside.ServeHTTP(w, r)
		})
	}
	if res := get(); res.StatusCode != 303 || !strings.HasPrefix(res.Header.Get("Location"), "/account/second-factor/?next=") {
		t.Errorf("without a factor: %d to %q, want to be sent to set one up", res.StatusCode, res.Header.Get("Location"))
	}
	b.enrol("alice")
	if res := get(); res.StatusCode != http.StatusNoContent {
		t.Errorf("with a factor that was shown: %d", res.StatusCode)
	}
}

// TestAResetEndsTheWait that somebody who had the password brought upon the owner's device, once a day.
func TestAResetEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(2 * 365 * 24 * time.Hour) // bubbles begin in 2000, and Django's tokens in 2001
		l := newLab(t)
		u := l.user("alice")
		sec, _, _ := l.browser("192.0.2.1").enrol("alice")
		thief := l.browser("192.0.2.2")
		wait := func() time.Duration {
			t.Helper()
			if err := thief.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
				t.Fatal(err)
			}
			var later *accounts.TooManyError
			for range 8 {
				for errors.As(thief.code("", "000000"), &later) {
					time.Sleep(later.RetryAfter)
				}
			}
			errors.As(thief.code("", "000000"), &later)
			return later.RetryAfter
		}
		if got := wait(); got < time.Minute {
			t.Fatalf("after eight wrong codes the wait is %s", got)
		}
		reset := func() {
			t.Helper()
			u, err := l.store.ByID(t.Context(), u.ID)
			if err != nil {
				t.Fatal(err)
			}
			id, token := l.a.ResetLink(&u)
			l.browser("192.0.2.3").do(func(w http.ResponseWriter, r *http.Request) {
				if err := l.a.ResetPassword(w, r, id, token, goodPassword); err != nil {
					t.Error(err)
				}
			})
		}
		reset()
		owner := l.browser("192.0.2.4")
		in := func() error {
			if err := owner.login("alice", goodPassword); !errors.Is(err, accounts.ErrFactorNeeded) {
				t.Fatal(err)
			}
			return owner.code("", codeAt(t, sec, time.Now()))
		}
		if err := in(); err != nil {
			t.Errorf("after the reset: %v", err)
		}
		time.Sleep(time.Hour)
		_ = wait()
		reset()
		var later *accounts.TooManyError
		if err := in(); !errors.As(err, &later) {
			t.Errorf("after a second reset on the same day: %v, want to be told to wait", err)
		}
	})
}
