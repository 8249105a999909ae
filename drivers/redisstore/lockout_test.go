package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/lockout"
)

func key(account string) lockout.Key { return lockout.Key{Kind: lockout.Account, Subject: account} }

// count is a change that counts one failure.
func count(now time.Time) func(lockout.State) lockout.State {
	return func(s lockout.State) lockout.State {
		s.Failures++
		s.Last, s.Expires = now, now.Add(time.Hour)
		return s
	}
}

// lock is a change that locks for so long.
func lock(now time.Time, d time.Duration) func(lockout.State) lockout.State {
	return func(s lockout.State) lockout.State {
		return lockout.State{Locked: now, Until: now.Add(d), Locks: s.Locks + 1, Expires: now.Add(d + time.Hour), Reason: "too many", From: "192.0.2.0/24"}
	}
}

func update(t *testing.T, l *redisstore.Lockout, key lockout.Key, now time.Time, change func(lockout.State) lockout.State) lockout.State {
	t.Helper()
	s, err := l.Update(t.Context(), key, now, change)
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	return s
}

// Processes that count the same failures lose none, and a goroutine does not wait for the others' attempts in vain.
func TestProcessesCountTogether(t *testing.T) {
	cfg := prefixed(t)
	now := time.Now()
	key := key("alice")
	const processes, goroutines, rounds = 4, 10, 25
	var wg sync.WaitGroup
	for range processes {
		l := redisstore.NewLockout(client(t, cfg))
		for range goroutines {
			wg.Go(func() {
				for range rounds {
					if _, err := l.Update(t.Context(), key, now, count(now)); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	s, err := redisstore.NewLockout(client(t, cfg)).Load(t.Context(), key, now)
	if want := processes * goroutines * rounds; err != nil || s.Failures != want {
		t.Errorf("%d failures, %v, want %d", s.Failures, err, want)
	}
}

// Who was a step behind is next: otherwise a process that counts without a pause would keep all others waiting.
func TestWhoWasBehindIsNext(t *testing.T) {
	cfg := prefixed(t)
	now := time.Now()
	a, b := redisstore.NewLockout(client(t, cfg)), redisstore.NewLockout(client(t, cfg))
	update(t, a, key("alice"), now, count(now))
	calls := 0
	got := update(t, b, key("alice"), now, func(s lockout.State) lockout.State {
		if calls++; calls == 2 {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			if _, err := a.Update(ctx, key("alice"), now, count(now)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("another process changes the state meanwhile: %v", err)
			}
		}
		return count(now)(s)
	})
	if calls != 2 || got.Failures != 2 {
		t.Errorf("change was called %d times, and there are %d failures, want 2 and 2", calls, got.Failures)
	}
	if got := update(t, a, key("alice"), now, count(now)); got.Failures != 3 {
		t.Errorf("%d failures after the other's turn, want 3", got.Failures)
	}
}

// An update in a process of its own is one command, or two if another process has changed the state meanwhile.
func TestAnUpdateIsOneRoundTrip(t *testing.T) {
	s := ended(t)
	a, b := redisstore.NewLockout(client(t, s.config())), redisstore.NewLockout(client(t, s.config()))
	r := raw(t, s.config())
	now := time.Now()
	key := key("alice")
	update(t, a, key, now, count(now)) // loads the script
	update(t, b, key, now, count(now))
	for _, row := range []struct {
		name string
		l    *redisstore.Lockout
		want int
	}{{"the process that was last", b, 1}, {"another", a, 2}, {"that again", a, 1}} {
		r.ConfigResetStat(t.Context())
		calls := 0
		update(t, row.l, key, now, func(s lockout.State) lockout.State { calls++; return count(now)(s) })
		said := r.Info(t.Context(), "commandstats").Val()
		if !strings.Contains(said, fmt.Sprintf("cmdstat_evalsha:calls=%d,", row.want)) || calls != row.want {
			t.Errorf("%s: change was called %d times, want %d:\n%s", row.name, calls, row.want, said)
		}
	}
	if s, err := b.Load(t.Context(), key, now); err != nil || s.Failures != 5 {
		t.Errorf("%d failures, %v, want 5", s.Failures, err)
	}
}

func TestStatesGoByThemselves(t *testing.T) {
	cfg := prefixed(t)
	l, r := redisstore.NewLockout(client(t, cfg)), raw(t, cfg)
	now := time.Now()
	key := lockout.Key{Kind: lockout.Pair, Subject: "alice 192.0.2.1"}
	update(t, l, key, now, lock(now, time.Minute))
	all := keys(t, r, cfg.Prefix)
	if len(all) != 3 {
		t.Fatalf("the keys are %q, want a state and two sets", all)
	}
	for _, k := range all {
		want := 2 * time.Minute // of the sets: until one after the end
		if strings.Contains(k, "alice") {
			want += time.Hour
		}
		if left := r.PTTL(t.Context(), k).Val(); left <= want-10*time.Second || left > want {
			t.Errorf("%q is kept for %v, want %v", k, left, want)
		}
	}
	// A shorter lock takes nothing from the sets, a longer one does.
	update(t, l, lockout.Key{Kind: lockout.Pair, Subject: "b"}, now, lock(now, time.Second))
	if left := r.PTTL(t.Context(), cfg.Prefix+"locks").Val(); left < 110*time.Second {
		t.Errorf("the set is kept for %v, want two minutes", left)
	}
	update(t, l, lockout.Key{Kind: lockout.Pair, Subject: "c"}, now, lock(now, time.Hour))
	if left := r.PTTL(t.Context(), cfg.Prefix+"locks").Val(); left < 50*time.Minute {
		t.Errorf("the set is kept for %v, want an hour", left)
	}
	if err := l.Delete(t.Context(), lockout.Key{Kind: lockout.Pair, Subject: "c"}); err != nil {
		t.Error(err)
	}
	for _, set := range []string{"locks", "locks:until"} {
		if got := r.ZRange(t.Context(), cfg.Prefix+set, 0, -1).Val(); len(got) != 2 || slices.Contains(got, "pair:c") {
			t.Errorf("%s holds %q after an unlock, want the two others", set, got)
		}
	}
	// What is worth nothing is not kept.
	for name, change := range map[string]func(lockout.State) lockout.State{
		"zero":    func(lockout.State) lockout.State { return lockout.State{} },
		"expired": func(s lockout.State) lockout.State { s.Expires = now; return s },
	} {
		if got := update(t, l, key, now, change); got != (lockout.State{}) {
			t.Errorf("%s: the new state is %+v, want none", name, got)
		}
		if n := r.Exists(t.Context(), cfg.Prefix+"lockout:pair:alice 192.0.2.1").Val(); n != 0 {
			t.Errorf("%s: the state is kept", name)
		}
		if n := r.ZScore(t.Context(), cfg.Prefix+"locks", "pair:alice 192.0.2.1"); n.Err() == nil {
			t.Errorf("%s: the lock is in the set", name)
		}
		update(t, l, key, now, lock(now, time.Minute))
	}
}

// Locks that have been over for a minute leave the sets, by the server's clock.
func TestSetsOfLocksDoNotGrow(t *testing.T) {
	cfg := prefixed(t)
	l, r := redisstore.NewLockout(client(t, cfg)), raw(t, cfg)
	now := time.Now()
	for i := range 50 {
		update(t, l, lockout.Key{Kind: lockout.Account, Subject: fmt.Sprint(i)}, now, lock(now, time.Second))
	}
	update(t, l, lockout.Key{Kind: lockout.Account, Subject: "long"}, now, lock(now, 2*time.Minute))
	for _, z := range r.ZRangeWithScores(t.Context(), cfg.Prefix+"locks:until", 0, -1).Val() { // as a minute later
		z.Score -= 62_000
		r.ZAdd(t.Context(), cfg.Prefix+"locks:until", z)
	}
	update(t, l, lockout.Key{Kind: lockout.Account, Subject: "other"}, now, count(now))
	for _, set := range []string{"locks", "locks:until"} {
		if got := r.ZRange(t.Context(), cfg.Prefix+set, 0, -1).Val(); !slices.Equal(got, []string{"account:long"}) {
			t.Errorf("%s holds %q, want what is still locked", set, got)
		}
	}
}

func TestManyLocksAreListedInPages(t *testing.T) {
	l := redisstore.NewLockout(fresh(t))
	now := time.Now().Truncate(time.Millisecond)
	const locks = 450
	for i := range locks {
		at := now.Add(time.Duration(i) * time.Second)
		d := time.Hour
		if i >= 200 && i < 420 { // over an hour later, and more than a page of them
			d = time.Minute
		}
		update(t, l, lockout.Key{Kind: lockout.Kind("odd:kind%"), Subject: fmt.Sprintf("a:%d\xff", i)}, at, lock(at, d))
	}
	later := now.Add(20 * time.Minute)
	for limit, want := range map[int]int{0: 0, 1: 1, 30: 30, 31: 31, 100: 100, 1000: 230} {
		got, err := l.Locked(t.Context(), later, limit)
		if err != nil || len(got) != want {
			t.Fatalf("Locked with the limit %d: %d, %v, want %d", limit, len(got), err, want)
		}
		for i, e := range got {
			n := locks - 1 - i
			if i >= 30 {
				n = 199 - (i - 30)
			}
			if want := (lockout.Key{Kind: "odd:kind%", Subject: fmt.Sprintf("a:%d\xff", n)}); e.Key != want || !e.Until.After(later) {
				t.Fatalf("entry %d of %d is %q until %v, want %q", i, limit, e.Key, e.Until, want)
			}
		}
	}
}

// A lock that begins while others are listed moves them to the next page, and none is listed twice.
func TestNoLockIsListedTwice(t *testing.T) {
	l := redisstore.NewLockout(fresh(t))
	now := time.Now()
	for i := range 400 {
		update(t, l, key(fmt.Sprint(i)), now, lock(now, time.Hour))
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				at := now.Add(time.Duration(i+1) * time.Millisecond)
				if _, err := l.Update(t.Context(), key(fmt.Sprint("new", i)), now, lock(at, time.Hour)); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	for range 20 {
		entries, err := l.Locked(t.Context(), now, 10_000)
		if err != nil {
			t.Error(err)
		}
		had := map[lockout.Key]bool{}
		for _, e := range entries {
			if had[e.Key] {
				t.Errorf("%q is listed twice", e.Subject)
			}
			had[e.Key] = true
		}
	}
	close(done)
	wg.Wait()
}

// A state that Redis lost is not believed because the process remembers it.
func TestTheServerKnowsBest(t *testing.T) {
	cfg := prefixed(t)
	l, r := redisstore.NewLockout(client(t, cfg)), raw(t, cfg)
	now := time.Now()
	key := key("alice")
	update(t, l, key, now, count(now))
	update(t, l, key, now, count(now))
	r.Del(t.Context(), cfg.Prefix+"lockout:account:alice")
	if got := update(t, l, key, now, count(now)); got.Failures != 1 {
		t.Errorf("%d failures after the state was removed, want 1", got.Failures)
	}
	r.Set(t.Context(), cfg.Prefix+"lockout:account:alice", "no state "+canary, 0)
	_, updateErr := l.Update(t.Context(), key, now, count(now))
	_, loadErr := l.Load(t.Context(), key, now)
	for what, err := range map[string]error{"Update": updateErr, "Load": loadErr} {
		if err == nil || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "holds something else") {
			t.Errorf("%s of what is no state: %v", what, err)
		}
	}
	r.Del(t.Context(), cfg.Prefix+"lockout:account:alice")
	if got := update(t, l, key, now, count(now)); got.Failures != 1 {
		t.Errorf("%d failures after that was removed, want 1", got.Failures)
	}
}

func TestAnUpdateEndsWithItsContext(t *testing.T) {
	l := redisstore.NewLockout(fresh(t))
	now := time.Now()
	key := key("alice")
	inside, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = l.Update(t.Context(), key, now, func(s lockout.State) lockout.State { close(inside); <-release; return s })
	})
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := l.Update(ctx, key, now, count(now)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Update while another has the turn = %v, want one that wraps context.DeadlineExceeded", err)
	}
	close(release)
	wg.Wait()
	if got := update(t, l, key, now, count(now)); got.Failures != 1 {
		t.Errorf("%d failures, want 1: the update that gave up must not count", got.Failures)
	}
}

// A panic in change leaves the turn to others.
func TestAPanicInChangeHoldsNobodyUp(t *testing.T) {
	l := redisstore.NewLockout(fresh(t))
	now := time.Now()
	key := key("alice")
	func() {
		defer func() { _ = recover() }()
		_, _ = l.Update(t.Context(), key, now, func(lockout.State) lockout.State { panic("no") })
	}()
	if got := update(t, l, key, now, count(now)); got.Failures != 1 {
		t.Errorf("%d failures, want 1", got.Failures)
	}
}
