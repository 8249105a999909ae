package manage_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/password/policy"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

var quiet = slog.New(slog.DiscardHandler)

// accountsUnder returns accounts whose keys are those, and the manager of their sessions.
func accountsUnder(t *testing.T, store accounts.Store, key secret.Text, fallbacks ...secret.Text) (*accounts.Accounts, *session.Manager) {
	t.Helper()
	memory := session.NewMemory(session.MemoryOptions{})
	t.Cleanup(func() { _ = memory.Close() })
	ring, err := keyring.New(keyring.Config{Key: key, Fallbacks: fallbacks})
	sessions, err1 := session.New(session.Config{Store: memory, InsecureCookie: true, Logger: quiet})
	hasher, err2 := password.New(cheap)
	rules, err3 := policy.New(policy.Config{})
	guard, err4 := lockout.New(lockout.Config{Logger: quiet})
	if err := errors.Join(err, err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	a, err := accounts.New(accounts.Config{Store: store, Hasher: hasher, Policy: rules, Lockout: guard, Sessions: sessions, Ring: ring, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return a, sessions
}

// enrolled makes an account with a second factor that key has sealed.
func enrolled(t *testing.T, store accounts.Store, key secret.Text, name string) {
	t.Helper()
	a, sessions := accountsUnder(t, store, key)
	if _, err := a.Create(t.Context(), accounts.User{Username: name, Active: true}, goodWord); err != nil {
		t.Fatal(err)
	}
	h := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := a.Login(w, r, name, goodWord); err != nil {
			t.Error(err)
		}
		if _, err := a.Enrol(r, goodWord, "phone"); err != nil {
			t.Error(err)
		}
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "http://localhost/", nil))
}

// opened reports whether the keys open all second factors in the store, and counts those that the first did not seal.
func opened(t *testing.T, store *accounts.Memory, key secret.Text, fallbacks ...secret.Text) (older int, ok bool) {
	t.Helper()
	all, err := store.AllFactors(t.Context(), "", 1000)
	if err != nil || len(all) == 0 {
		t.Fatalf("there are %d second factors, %v", len(all), err)
	}
	copied := accounts.NewMemory() // looking changes them
	for _, f := range all {
		if _, err := copied.AddFactor(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	a, _ := accountsUnder(t, struct {
		accounts.Store
		accounts.FactorStore
	}{store, copied}, key, fallbacks...)
	older, err = a.Reseal(t.Context())
	return older, err == nil
}

// withAccounts gives a site accounts whose second factors those keys have sealed, one each.
func (s *site) withAccounts(sealed ...secret.Text) *accounts.Memory {
	s.t.Helper()
	store, sessions := accounts.NewMemory(), session.NewMemory(session.MemoryOptions{})
	s.t.Cleanup(func() { _ = sessions.Close() })
	for i, k := range sealed {
		enrolled(s.t, store, k, fmt.Sprintf("user%d", i))
	}
	s.built = func(cfg *airworthy.Settings) {
		cfg.Accounts.Store, cfg.Session.Store, cfg.Passwords = store, sessions, cheap
	}
	return store
}

func (s *site) keys() (secret.Text, []secret.Text) {
	now := s.safe.now()
	var fallbacks []secret.Text
	for _, f := range now.fallbacks {
		fallbacks = append(fallbacks, secret.New(f))
	}
	return secret.New(now.current), fallbacks
}

func TestRetireSealsSecondFactorsAnew(t *testing.T) {
	for _, args := range []string{"--expired", "--force FORMER"} {
		t.Run(args, func(t *testing.T) {
			current, former := keyAt(t, 20*day), keyAt(t, 100*day)
			s := newSite(t, current, former)
			store := s.withAccounts(former, current, former)
			if older, ok := opened(t, store, current, former); older != 2 || !ok {
				t.Fatalf("before it %d are older, opened %t, want 2 and true", older, ok)
			}
			if _, ok := opened(t, store, current); ok {
				t.Fatal("the fallback is not needed")
			}
			_, _, errs := s.run("key", "retire", "0123456789ab")
			if strings.Contains(errs, "sealed") {
				t.Errorf("a retirement that was refused seals: %s", errs)
			}
			status, out, errs := s.run(append([]string{"key", "retire"}, strings.Fields(strings.ReplaceAll(args, "FORMER", former.Fingerprint()))...)...)
			if status != 0 || !strings.Contains(out, "retired: "+former.Fingerprint()) || !strings.Contains(errs, "sealed 2 second factors anew with the current key") {
				t.Errorf("status %d: %s%s", status, out, errs)
			}
			if older, ok := opened(t, store, current); older != 0 || !ok {
				t.Errorf("after it %d are older, opened %t, want 0 and true", older, ok)
			}
		})
	}
}

func TestRetireStopsIfSecondFactorsCannotBeSealed(t *testing.T) {
	const stops = "not all second factors could be sealed with the current key"
	current, former := keyAt(t, 20*day), keyAt(t, 100*day)
	t.Run("none of the keys opens one", func(t *testing.T) {
		s := newSite(t, current, former)
		s.withAccounts(former, keyAt(t, 300*day))
		s.expect(1, stops, "key", "retire", "--expired")
		s.expect(1, "put the key that did back into SECRET_KEY_FALLBACKS", "key", "retire", "--force", former.Fingerprint())
		if len(s.safe.now().fallbacks) != 1 {
			t.Error("the key is gone")
		}
	})
	t.Run("the store fails", func(t *testing.T) {
		s := newSite(t, current, former)
		store := s.withAccounts(former)
		built := s.built
		s.built = func(cfg *airworthy.Settings) {
			built(cfg)
			cfg.Accounts.Factors = readOnly{store}
		}
		s.expect(1, "so no key was removed: the database is read-only", "key", "retire", "--expired")
		if len(s.safe.now().fallbacks) != 1 {
			t.Error("the key is gone")
		}
	})
	t.Run("where the keys are changed by hand", func(t *testing.T) {
		s := newSite(t, current, former)
		store := s.withAccounts(former)
		status, _, errs := run(t, func(ctx context.Context) (*airworthy.App, error) {
			cfg, err := environments.Load(ctx, settings.Map("environment", byHand(current, []secret.Text{former})))
			if err != nil {
				return nil, err
			}
			s.built(&cfg)
			return airworthy.New(cfg, http.NotFoundHandler())
		}, "key", "retire", "--expired")
		if status != 1 || !strings.Contains(errs, "at position 1 (") || !strings.Contains(errs, "sealed 1 second factor anew") {
			t.Errorf("status %d: %s", status, errs)
		}
		if older, ok := opened(t, store, current); older != 0 || !ok {
			t.Error("the factor needs the fallback still")
		}
	})
}

type readOnly struct{ accounts.FactorStore }

func (readOnly) UpdateFactor(context.Context, accounts.Factor) (accounts.Factor, error) {
	return accounts.Factor{}, errors.New("the database is read-only")
}

// A rotation keeps the former key, so it leaves second factors alone; but a key that was staged long ago goes.
func TestRotateAndSecondFactors(t *testing.T) {
	current, former := keyAt(t, 20*day), keyAt(t, 100*day)
	s := newSite(t, current, former)
	store := s.withAccounts(current, former)
	s.expect(0, "rotated", "key", "rotate", "--wait", "0s")
	key, fallbacks := s.keys()
	if older, ok := opened(t, store, key, fallbacks...); older != 2 || !ok {
		t.Errorf("%d are older, opened %t", older, ok)
	}

	staged := keyAt(t, 5*day)
	s = newSite(t, current, staged)
	store = s.withAccounts(staged)
	s.expect(0, "sealed 1 second factor anew", "key", "rotate", "--wait", "0s")
	key, fallbacks = s.keys()
	if _, ok := opened(t, store, key, fallbacks...); !ok || len(fallbacks) != 1 {
		t.Errorf("opened %t, with %d fallbacks", ok, len(fallbacks))
	}
}

// A revocation drops all keys at once, and must not lose what they sealed, wherever it is killed.
func TestRevokeKeepsSecondFactors(t *testing.T) {
	for _, atomic := range []bool{false, true} {
		for at := range 6 {
			t.Run(fmt.Sprintf("atomic %t, killed before step %d", atomic, at), func(t *testing.T) {
				current, former := keyAt(t, 20*day), keyAt(t, 100*day)
				s := newSite(t, current, former)
				if at%2 == 1 {
					s = newSite(t, current)
					former = current
				}
				s.safe.atomic = atomic
				store := s.withAccounts(current, former)
				s.safe.before = func(step int) error {
					if step == at {
						return errDead
					}
					return nil
				}
				status, _, _ := s.run("key", "rotate", "--revoke", "--yes")
				key, fallbacks := s.keys()
				if _, ok := opened(t, store, key, fallbacks...); !ok {
					t.Errorf("after %d the keys that are left do not open the second factors", status)
				}
				s.safe.before = func(int) error { return nil }
				if status == 1 {
					s.expect(0, "revoked", "key", "rotate", "--revoke", "--yes")
				}
				key, fallbacks = s.keys()
				if older, ok := opened(t, store, key); !ok || older != 0 || len(fallbacks) != 0 || key.Equal(current) {
					t.Errorf("in the end %d are older, opened %t, and %d fallbacks are left", older, ok, len(fallbacks))
				}
			})
		}
	}
}

func TestRevokeStopsIfSecondFactorsCannotBeSealed(t *testing.T) {
	current := keyAt(t, 20*day)
	s := newSite(t, current)
	s.withAccounts(keyAt(t, 300*day))
	s.expect(1, "not all second factors", "key", "rotate", "--revoke", "--yes")
	if s.safe.now().current != current.Reveal() {
		t.Error("the key was replaced")
	}
	s = newSite(t, current)
	s.withAccounts()
	s.expect(0, "revoked", "key", "rotate", "--revoke", "--yes")
	if s.safe.steps != 1 {
		t.Errorf("without second factors there were %d steps, want 1", s.safe.steps)
	}
}

// A key that stands in code alone may have sealed one too.
func TestRevokeKeepsWhatAKeyInCodeSealed(t *testing.T) {
	coded := keyAt(t, 200*day)
	s := newSite(t, keyAt(t, 20*day))
	store := s.withAccounts(coded)
	built := s.built
	s.built = func(cfg *airworthy.Settings) {
		built(cfg)
		cfg.Keyring.Fallbacks = append(cfg.Keyring.Fallbacks, coded)
	}
	s.expect(0, "revoked", "key", "rotate", "--revoke", "--yes")
	key, _ := s.keys()
	if older, ok := opened(t, store, key); !ok || older != 0 {
		t.Errorf("%d are older, opened %t", older, ok)
	}
}

// By hand there is one step more.
func TestRevokeByHandKeepsSecondFactors(t *testing.T) {
	current, former := keyAt(t, 20*day), keyAt(t, 100*day)
	s := newSite(t, current, former)
	store := s.withAccounts(current, former)
	at := func(env map[string]string) func(ctx context.Context) (*airworthy.App, error) {
		return func(ctx context.Context) (*airworthy.App, error) {
			cfg, err := environments.Load(ctx, settings.Map("environment", env))
			if err != nil {
				return nil, err
			}
			s.built(&cfg)
			return airworthy.New(cfg, http.NotFoundHandler())
		}
	}
	retire := "key retire --force " + current.Fingerprint() + " " + former.Fingerprint()
	status, _, errs := run(t, at(byHand(current, []secret.Text{former})), "key", "rotate", "--revoke")
	if status != 1 || !strings.Contains(errs, `2. Run "`+retire+`"`) || !strings.Contains(errs, "All sessions end") {
		t.Errorf("status %d: %s", status, errs)
	}
	status, out, errs := run(t, at(byHand(current, []secret.Text{former})), "key", "rotate", "--revoke", "--print")
	if status != 0 || !strings.Contains(out, "# step 2: run "+retire) {
		t.Fatalf("status %d: %s%s", status, out, errs)
	}
	lines := regexp.MustCompile(`(?m)^SECRET_KEY(?:_FALLBACKS)?=(.*)$`).FindAllStringSubmatch(out, -1)
	if len(lines) != 4 || lines[0][1] != lines[2][1] || lines[3][1] != "" {
		t.Fatalf("%d lines", len(lines))
	}
	next := secret.New(lines[0][1])
	status, _, errs = run(t, at(byHand(next, []secret.Text{current, former})), strings.Fields(retire)...)
	if status != 1 || !strings.Contains(errs, "sealed 2 second factors anew") || !strings.Contains(errs, "at position 1, 2") {
		t.Errorf("status %d: %s", status, errs)
	}
	if older, ok := opened(t, store, next); older != 0 || !ok {
		t.Errorf("the new key alone does not open them")
	}
}
