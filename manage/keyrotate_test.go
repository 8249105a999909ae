package manage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/secret"
)

// overlaps demands of all states that whoever is in one verifies what whoever is in another signs. With stale ones
// before them it would not hold, and need not: a rotation waits before it promotes.
func overlaps(t *testing.T, states []keys) {
	t.Helper()
	for i, a := range states {
		for j, b := range states {
			if !a.has(b.current) {
				t.Errorf("state %d does not verify what state %d signs", i, j)
			}
		}
	}
}

// fingerprints returns a state in a form that may be printed.
func fingerprints(k keys) string {
	text := secret.New(k.current).Fingerprint()
	for _, f := range k.fallbacks {
		text += " " + secret.New(f).Fingerprint()
	}
	return text
}

// rotated holds a safe to having one new key before the old ones.
func rotated(t *testing.T, s *safe, old ...secret.Text) {
	t.Helper()
	var want []string
	for _, k := range old {
		want = append(want, k.Reveal())
	}
	got := s.now()
	label, ok := keyring.LabelOf(secret.New(got.current))
	if !slices.Equal(got.fallbacks, want) || slices.Contains(want, got.current) || !ok || label.Environment != "production" {
		t.Errorf("the keys are %s, with the label %v, want a new one before the %d old ones", fingerprints(got), label, len(want))
	}
}

func TestRotate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		keys   []time.Duration // their ages
		atomic bool
		steps  int
	}{
		{"the first rotation", []time.Duration{100 * day}, false, 5},
		{"a further one", []time.Duration{100 * day, 200 * day}, false, 4},
		{"in a place that changes both at once", []time.Duration{100 * day, 200 * day}, true, 3},
		{"the first there", []time.Duration{100 * day}, true, 3},
		{"from a key without a label", []time.Duration{-1}, false, 5},
		{"made this very second", []time.Duration{0}, false, 5},
		{"made by a clock that is ahead", []time.Duration{-time.Hour}, false, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var old []secret.Text
				for _, age := range tt.keys {
					if age == -time.Hour { // a key from the future, not one without a label
						k, err := keyring.GenerateFor("production", time.Now().Add(time.Hour))
						if err != nil {
							t.Fatal(err)
						}
						old = append(old, k)
						continue
					}
					old = append(old, keyAt(t, age))
				}
				s := newSite(t, old[0], old[1:]...)
				s.safe.atomic = tt.atomic
				start := time.Now()
				s.expect(0, "rotated: ", "key", "rotate", "--wait", "10m")
				if waited := time.Since(start); waited != 10*time.Minute {
					t.Errorf("waited %s, want 10m", waited)
				}
				rotated(t, s.safe, old...)
				overlaps(t, s.safe.states[1:])
				if !s.safe.states[0].has(s.safe.states[1].current) {
					t.Error("the staged key signs at once")
				}
				if s.safe.steps != tt.steps {
					t.Errorf("%d steps, want %d", s.safe.steps, tt.steps)
				}
				s.expect(0, "current", "key", "status")
			})
		})
	}
}

// TestRotateIsKilled kills the command before each step and lets another one go on. The key that was staged is the one
// that is promoted, and nobody ever lacks a key that somebody signs with.
func TestRotateIsKilled(t *testing.T) {
	for _, atomic := range []bool{false, true} {
		for _, cancelled := range []bool{false, true} {
			steps := 5
			if atomic {
				steps = 3
			}
			for at := range steps {
				t.Run(fmt.Sprintf("atomic %t, cancelled %t, before step %d", atomic, cancelled, at), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { kill(t, atomic, cancelled, at) })
				})
			}
		}
	}
}

func kill(t *testing.T, atomic, cancelled bool, at int) {
	old := keyAt(t, 100*day)
	s := newSite(t, old)
	s.safe.atomic = atomic
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.ctx = ctx
	s.safe.before = func(step int) error {
		if step < at {
			return nil
		}
		if cancelled {
			cancel()
			return ctx.Err()
		}
		return errDead
	}
	status, out, errs := s.run("key", "rotate", "--wait", "10m")
	if status != 1 || out != "" || s.safe.steps != at {
		t.Fatalf("killed before step %d: %d steps, status %d, stdout %q, stderr %s", at, s.safe.steps, status, out, errs)
	}
	if cancelled && !strings.Contains(errs, "run \"key rotate\" again") {
		t.Errorf("whoever interrupts is not told what to do: %s", errs)
	}
	staged := slices.Clone(s.safe.now().fallbacks)
	s.ctx, s.safe.before = t.Context(), func(int) error { return nil }
	s.expect(0, "rotated: ", "key", "rotate", "--wait", "10m")
	rotated(t, s.safe, old)
	if len(staged) > 0 && s.safe.now().current != staged[0] {
		t.Error("another key was made although one was staged")
	}
	overlaps(t, s.safe.states[1:])
}

func TestRotateIsInterruptedWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := keyAt(t, 100*day)
		s := newSite(t, old)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s.ctx = ctx
		s.expect(1, "interrupted", "key", "rotate", "--wait", "10m")
		staged := s.safe.now().fallbacks[0]
		s.ctx = t.Context()
		start := time.Now()
		s.expect(0, "going on with it", "key", "rotate", "--wait", "10m")
		if waited := time.Since(start); waited != 9*time.Minute {
			t.Errorf("waited %s, want what is left, 9m", waited)
		}
		if rotated(t, s.safe, old); s.safe.now().current != staged {
			t.Error("another key was made although one was staged")
		}
	})
}

// A key that was staged long ago would say that the former one has stopped signing long ago.
func TestAStaleStagedKeyIsReplaced(t *testing.T) {
	old, stale := keyAt(t, 100*day), keyAt(t, 25*time.Hour)
	s := newSite(t, old, stale)
	s.expect(0, "never promoted", "key", "rotate", "--wait", "0s")
	if rotated(t, s.safe, old); s.safe.now().current == stale.Reveal() {
		t.Error("the stale key was promoted")
	}
	plain := keyAt(t, -1) // beside a key without a date the stale one may be a former key
	s = newSite(t, plain, stale)
	s.expect(0, "never promoted", "key", "rotate", "--wait", "0s")
	rotated(t, s.safe, plain, stale)
}

func TestAStagedKeyBesideOneWithoutADateIsAskedFor(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		args     []string
		status   int
		want     string
	}{
		{"nobody answers", "", nil, 1, "add --yes"},
		{"no", "n\n", nil, 1, "nothing was changed"},
		{"an empty answer is no", "\n", nil, 1, "nothing was changed"},
		{"yes", "yes\n", nil, 0, "rotated"},
		{"not asked", "", []string{"--yes"}, 0, "rotated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plain, staged := keyAt(t, -1), keyAt(t, time.Hour)
			s := newSite(t, plain, staged)
			s.in = tt.in
			s.expect(tt.status, tt.want, append([]string{"key", "rotate"}, tt.args...)...)
			if tt.status == 0 {
				rotated(t, s.safe, plain)
			} else if s.safe.steps != 0 {
				t.Error("something was written")
			}
		})
	}
}

// Somebody else writes between a reading and the writing that is based on it, or while the command waits. What they
// wrote stays.
func TestRotateMeetsAnother(t *testing.T) {
	const key, fallbacks = "SECRET_KEY", "SECRET_KEY_FALLBACKS"
	for _, tt := range []struct {
		name     string
		variable string
		lookup   int // they write after this one: 1 loads the settings, 2 finds the place, 3 promotes, 4 tidies
		wait     bool
		first    bool // there are no fallbacks yet
	}{
		{"before it stages", fallbacks, 2, false, false},
		{"before it stages the first fallback", key, 2, false, true},
		{"while it waits", fallbacks, 0, true, false},
		{"while it waits, the key", key, 0, true, false},
		{"before it promotes", fallbacks, 3, false, false},
		{"before it promotes, the key", key, 3, false, false},
		{"before it tidies", fallbacks, 4, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old, theirs := keyAt(t, 100*day), keyAt(t, 0)
				var others []secret.Text
				if !tt.first {
					others = append(others, keyAt(t, 200*day))
				}
				s := newSite(t, old, others...)
				s.safe.looked = func(n int) {
					if n == tt.lookup {
						s.safe.put(tt.variable, theirs)
					}
				}
				if tt.wait {
					go func() {
						time.Sleep(time.Minute)
						s.safe.mu.Lock()
						defer s.safe.mu.Unlock()
						s.safe.put(tt.variable, theirs)
					}()
				}
				s.expect(1, "somebody else is changing the keys", "key", "rotate", "--wait", "10m")
				if s.safe.values[tt.variable] != theirs.Reveal() {
					t.Error("what somebody else wrote is gone")
				}
			})
		})
	}
}

func TestRotateRefuses(t *testing.T) {
	comma := secret.New(keyAt(t, -1).Reveal() + ",x")
	for _, tt := range []struct {
		name   string
		site   func(t *testing.T) *site
		args   string
		status int
		want   string
	}{
		{"a place that cannot be written", func(t *testing.T) *site { return newSite(t, keyAt(t, 0)) }, "--print", 2, "leave the flag out"},
		{"one step and a time to wait for the other", func(t *testing.T) *site { return newSite(t, keyAt(t, 0)) }, "--stage --wait 1m", 2, "--stage goes with neither"},
		{"one step of a revocation", func(t *testing.T) *site { return newSite(t, keyAt(t, 0)) }, "--stage --revoke", 2, "--stage goes with neither"},
		{"a negative time", func(t *testing.T) *site { return newSite(t, keyAt(t, 0)) }, "--wait -1s", 2, "negative"},
		{"an argument", func(t *testing.T) *site { return newSite(t, keyAt(t, 0)) }, "now", 2, "now"},
		{"an environment that no label holds", func(t *testing.T) *site { return newSite(t, keyAt(t, 0)) }, "--environment A_B", 1, "A_B"},
		{"an environment that the ring refuses", func(t *testing.T) *site { return newSite(t, keyAt(t, 0)) }, "--environment staging --wait 0s", 1,
			`"staging", and this is "production"`},
		{"a key with a comma", func(t *testing.T) *site { return newSite(t, comma) }, "", 1, "comma"},
		{"a safe that fails", func(t *testing.T) *site {
			s := newSite(t, keyAt(t, 0))
			s.safe.before = func(int) error { return errors.New("sealed") }
			return s
		}, "", 1, "staging a new key: sealed"},
		{"an application that changes the key", func(t *testing.T) *site {
			s := newSite(t, keyAt(t, 0))
			s.built = func(cfg *airworthy.Settings) { cfg.Keyring.Key = keyAt(t, 0) }
			return s
		}, "", 1, "its code changes the key"},
		{"an application that cannot be built", func(t *testing.T) *site { return newSite(t, secret.New("short")) }, "", 1, "fewer than 50"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.site(t)
			s.expect(tt.status, tt.want, append([]string{"key", "rotate"}, strings.Fields(tt.args)...)...)
			if s.safe.steps != 0 {
				t.Error("something was written")
			}
		})
	}
}

// The new key is for the environment that the present one names, however that is called.
func TestTheNewKeysEnvironment(t *testing.T) {
	anywhere, err := keyring.GenerateFor("", time.Now().Add(-day))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		key  secret.Text
		args []string
		want string
	}{
		{"that of the present key", keyAt(t, day), nil, "production"},
		{"none, as the present key", anywhere, nil, ""},
		{"that of the settings if the present key has no label", keyAt(t, -1), nil, "production"},
		{"what the flag says", anywhere, []string{"--environment", "production"}, "production"},
		{"none, as the flag says", keyAt(t, day), []string{"--environment="}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, tt.key)
			s.expect(0, "rotated", append([]string{"key", "rotate", "--wait", "0s"}, tt.args...)...)
			if label, ok := keyring.LabelOf(secret.New(s.safe.now().current)); !ok || label.Environment != tt.want {
				t.Errorf("the label is %v, %t, want the environment %q", label, ok, tt.want)
			}
		})
	}
}

func TestRevoke(t *testing.T) {
	for _, tt := range []struct {
		name, in  string
		args      []string
		fallbacks int
		status    int
		want      string
	}{
		{"nobody answers", "", nil, 1, 1, "add --yes"},
		{"no", "no\n", nil, 1, 1, "nothing was changed"},
		{"yes", "y\n", nil, 1, 0, "revoked"},
		{"not asked", "", []string{"--yes"}, 2, 0, "revoked"},
		{"without fallbacks", "", []string{"--yes"}, 0, 0, "revoked"},
	} {
		for _, noEmpty := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, a place without the empty text: %t", tt.name, noEmpty), func(t *testing.T) {
				var keys []secret.Text
				for i := range 1 + tt.fallbacks {
					keys = append(keys, keyAt(t, time.Duration(i)*100*day))
				}
				s := newSite(t, keys[0], keys[1:]...)
				s.in, s.safe.noEmpty = tt.in, noEmpty
				s.expect(tt.status, tt.want, append([]string{"key", "rotate", "--revoke"}, tt.args...)...)
				if tt.status != 0 {
					if s.safe.steps != 0 {
						t.Error("something was written")
					}
					return
				}
				rotated(t, s.safe)
				s.expect(0, "current", "key", "status")
			})
		}
	}
}

// instance takes over what the safe holds after its delay, and says so to the ledger.
type instance struct {
	name  string
	delay time.Duration // negative for one that never takes it over
	stops time.Duration // without a word; 0 for never
	gone  bool          // and said so
}

// fleet has the instances live until the returned function is called.
func (s *site) fleet(instances ...instance) (end func()) {
	ctx, cancel := context.WithCancel(s.ctx)
	ledger := s.ledger
	var wg sync.WaitGroup
	for _, in := range instances {
		ring, err := keyring.New(ringOf(s.safe.now()))
		if err != nil {
			s.t.Fatal(err)
		}
		report := func() {
			if err := ledger.Report(s.ctx, keyring.Report{Instance: in.name, At: time.Now(), Gone: in.gone, Keys: ring.Uses()}); err != nil {
				s.t.Error(err)
			}
		}
		report()
		wg.Go(func() {
			begin := time.Now()
			for {
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Minute):
				}
				if in.gone || in.stops > 0 && time.Since(begin) >= in.stops {
					return
				}
				if in.delay >= 0 && time.Since(begin) >= in.delay {
					if err := ring.Swap(ringOf(s.safe.now())); err != nil {
						s.t.Error(err)
					}
				}
				report()
			}
		})
	}
	return func() { cancel(); wg.Wait() }
}

func ringOf(k keys) keyring.Config {
	cfg := keyring.Config{Key: secret.New(k.current)}
	for _, f := range k.fallbacks {
		cfg.Fallbacks = append(cfg.Fallbacks, secret.New(f))
	}
	return cfg
}

func TestRotateWaitsForTheInstances(t *testing.T) {
	const minute = time.Minute
	for _, tt := range []struct {
		name      string
		instances []instance
		wait      string
		status    int
		want      string
		least     time.Duration
		most      time.Duration
	}{
		{"all have it", []instance{{name: "a", delay: 2 * minute}, {name: "b", delay: 4 * minute}}, "1h", 0, "rotated", 4 * minute, 5 * minute},
		{"one never gets it", []instance{{name: "a", delay: minute}, {name: "slow", delay: -1}}, "20m", 1,
			`1 of 2 instances lacks the key: slow; the key stays staged`, 20 * minute, 20 * minute},
		{"nobody reports", nil, "1h", 0, "no instance reports", 12 * minute, 13 * minute},
		{"one has said that it ends", []instance{{name: "a", delay: minute}, {name: "b", delay: -1, gone: true}}, "1h", 0, "rotated", minute, 2 * minute},
		{"one is killed while it is waited for", []instance{{name: "a", delay: minute}, {name: "b", delay: -1, stops: 2 * minute}}, "1h", 0,
			"1 instance stopped reporting", 12 * minute, 13 * minute},
		{"nobody reports, and there is no time to wait", nil, "0s", 0, "rotated", 0, 0},
		{"no time to wait", []instance{{name: "a", delay: minute}}, "0s", 1, "1 of 1 instance lacks", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old := keyAt(t, 100*day)
				s := newSite(t, old)
				s.ledger = keyring.NewMemoryLedger()
				defer s.fleet(tt.instances...)()
				start := time.Now()
				s.expect(tt.status, tt.want, "key", "rotate", "--wait", tt.wait)
				if waited := time.Since(start); waited < tt.least || waited > tt.most {
					t.Errorf("waited %s, want %s to %s", waited, tt.least, tt.most)
				}
				if tt.status == 0 {
					rotated(t, s.safe, old)
					return
				}
				staged := s.safe.now().fallbacks
				s.ledger = nil
				s.expect(0, "going on with it", "key", "rotate", "--wait", "0s")
				if s.safe.now().current != staged[0] {
					t.Error("another key was made although one was staged")
				}
			})
		})
	}
}

// brokenLedger cannot be reached.
type brokenLedger struct{}

func (brokenLedger) Report(context.Context, keyring.Report) error { return errors.New("no ledger") }

func (brokenLedger) Reports(context.Context) ([]keyring.Report, error) {
	return nil, errors.New("no ledger")
}

func TestALedgerThatFailsStopsTheRotation(t *testing.T) {
	s := newSite(t, keyAt(t, day))
	s.ledger = brokenLedger{}
	s.expect(1, "nobody knows what the instances hold: no ledger", "key", "rotate")
	if got := s.safe.now(); len(got.fallbacks) != 1 {
		t.Error("the staged key is gone")
	}
}

// By hand: what is printed are two steps that a rotation would do.
func TestRotateByHand(t *testing.T) {
	old, staged, former := keyAt(t, 100*day), keyAt(t, time.Hour), keyAt(t, 200*day)
	load := func(env map[string]string) manage.Build { return build(env) }
	for _, tt := range []struct {
		name      string
		fallbacks []secret.Text
		args      string
		status    int
		want      []string
	}{
		{"two steps", nil, "", 1, []string{"SECRET_KEY stands in test", "in two steps", "key generate --environment production", "key rotate --print"}},
		{"the second of them", []secret.Text{staged}, "", 1, []string{"is staged", "move the first key", staged.Fingerprint()}},
		{"a leaked key", []secret.Text{former}, "--revoke", 1, []string{"unset SECRET_KEY_FALLBACKS", "All sessions end"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := run(t, load(byHand(old, tt.fallbacks)), append([]string{"key", "rotate"}, strings.Fields(tt.args)...)...)
			if status != tt.status || out != "" {
				t.Errorf("status %d, stdout of %d bytes, want %d and nothing", status, len(out), tt.status)
			}
			for _, want := range tt.want {
				if !strings.Contains(errs, want) {
					t.Errorf("stderr lacks %q:\n%s", want, errs)
				}
			}
			for _, k := range append(tt.fallbacks, old) {
				if strings.Contains(errs, k.Reveal()[30:]) {
					t.Error("a key is printed")
				}
			}
		})
	}
}

func byHand(key secret.Text, fallbacks []secret.Text) map[string]string {
	var list []string
	for _, f := range fallbacks {
		list = append(list, f.Reveal())
	}
	return with(production(), "SECRET_KEY", key.Reveal(), "SECRET_KEY_FALLBACKS", strings.Join(list, ","))
}

// What --print prints is taken as settings, step by step.
func TestPrintedStepsOverlap(t *testing.T) {
	old, staged, former := keyAt(t, 100*day), keyAt(t, time.Hour), keyAt(t, 200*day)
	for _, tt := range []struct {
		name      string
		fallbacks []secret.Text
		args      string
		steps     int
		next      secret.Text // zero for a new one
		left      []string
	}{
		{"two steps", []secret.Text{former}, "", 2, secret.Text{}, []string{old.Reveal(), former.Reveal()}},
		{"without fallbacks", nil, "", 2, secret.Text{}, []string{old.Reveal()}},
		{"the second step", []secret.Text{staged, former}, "", 1, staged, []string{old.Reveal(), former.Reveal()}},
		{"a leaked key", []secret.Text{former}, "--revoke", 1, secret.Text{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			states := []keys{stateOf(byHand(old, tt.fallbacks))}
			status, out, errs := run(t, build(byHand(old, tt.fallbacks)),
				append([]string{"key", "rotate", "--print"}, strings.Fields(tt.args)...)...)
			if status != 0 {
				t.Fatalf("status %d: %s", status, errs)
			}
			for step := range strings.SplitSeq(strings.TrimPrefix(out, "# "), "\n# ") {
				env := map[string]string{}
				for line := range strings.Lines(step) {
					if name, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
						env[name] = text
					}
				}
				states = append(states, stateOf(env))
				if status, _, errs := run(t, build(with(production(), "SECRET_KEY", env["SECRET_KEY"],
					"SECRET_KEY_FALLBACKS", env["SECRET_KEY_FALLBACKS"])), "key", "status"); status != 0 {
					t.Errorf("the application refuses what is printed: %s", errs)
				}
			}
			if len(states) != 1+tt.steps {
				t.Fatalf("%d steps, want %d", len(states)-1, tt.steps)
			}
			last := states[tt.steps]
			if !slices.Equal(last.fallbacks, tt.left) || !tt.next.IsZero() && last.current != tt.next.Reveal() || last.current == old.Reveal() {
				t.Errorf("the keys are in the end %s", fingerprints(last))
			}
			if tt.args == "" {
				for i := range tt.steps {
					overlaps(t, states[i:i+2])
				}
			}
		})
	}
}

func stateOf(env map[string]string) keys { return newSafe(env).now() }
