// Package lockouttest holds an implementation of lockout.Store to the contract in its comments.
//
//	func TestStore(t *testing.T) {
//		lockouttest.TestStore(t, func(t *testing.T) lockout.Store { return open(t) })
//	}
//
// Each test asks for a store of its own, which must be empty and is closed by the caller, with t.Cleanup. The tests
// bring their own clock, which is near the real one: no test waits.
//
// The package cannot see whether a store that fails says so, nor what becomes of states when a process is killed.
package lockouttest

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/lockout"
)

// Open returns a new, empty store that lasts until t ends.
type Open func(t *testing.T) lockout.Store

// TestStore tests a store.
func TestStore(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, lockout.Store)
	}{
		{"a state comes back as it was stored", testRoundTrip},
		{"an update gets what the one before it made", testSequence},
		{"of a thousand updates at once none is lost", testThousand},
		{"many keys at once do not mix", testManyKeys},
		{"what has expired is as if it had never been", testExpiry},
		{"a zero state is forgotten", testZero},
		{"what is deleted is gone, and may be deleted again", testDelete},
		{"deleting and updating at once breaks nothing", testDeleteRace},
		{"subjects may be anything", testSubjects},
		{"kinds are told apart", testKinds},
		{"locks are listed, the latest first, up to a limit", testLocked},
		{"what is unlocked is listed no more", testUnlocked},
		{"who does not wait any more gets an error and changes nothing", testCancelled},
		{"a guard counts right on it", testGuard},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// now is the tests' clock, as exact as stores are.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// full is a state of which no field is zero.
func full(at time.Time) lockout.State {
	return lockout.State{
		Failures: 7, Leaked: at.Add(-3 * time.Minute), Last: at.Add(-time.Millisecond), Locked: at.Add(-2 * time.Minute),
		Until: at.Add(time.Hour), Locks: 3, From: "2001:db8:1:2::/64", Reason: "failed logins", Expires: at.Add(48 * time.Hour),
	}
}

// counts returns a state with one failure more than s.
func counts(at time.Time) func(lockout.State) lockout.State {
	return func(s lockout.State) lockout.State {
		s.Failures++
		s.Leaked, s.Last, s.Expires = at, at, at.Add(time.Hour)
		return s
	}
}

func set(s lockout.State) func(lockout.State) lockout.State {
	return func(lockout.State) lockout.State { return s }
}

func update(t *testing.T, s lockout.Store, key lockout.Key, at time.Time, change func(lockout.State) lockout.State) lockout.State {
	t.Helper()
	state, err := s.Update(t.Context(), key, at, change)
	if err != nil {
		t.Fatalf("Update(%q): %v", key, err)
	}
	return state
}

func load(t *testing.T, s lockout.Store, key lockout.Key, at time.Time) lockout.State {
	t.Helper()
	state, err := s.Load(t.Context(), key, at)
	if err != nil {
		t.Fatalf("Load(%q): %v", key, err)
	}
	return state
}

func listed(t *testing.T, s lockout.Store, at time.Time, limit int) []lockout.Entry {
	t.Helper()
	entries, err := s.Locked(t.Context(), at, limit)
	if err != nil {
		t.Fatalf("Locked: %v", err)
	}
	return entries
}

// same compares states, times as instants.
func same(a, b lockout.State) bool {
	times := func(s lockout.State) []time.Time { return []time.Time{s.Leaked, s.Last, s.Locked, s.Until, s.Expires} }
	return a.Failures == b.Failures && a.Locks == b.Locks && a.From == b.From && a.Reason == b.Reason &&
		slices.EqualFunc(times(a), times(b), time.Time.Equal)
}

func expect(t *testing.T, what string, got, want lockout.State) {
	t.Helper()
	if !same(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

var alice = lockout.Key{Kind: lockout.Account, Subject: "alice"}

func testRoundTrip(t *testing.T, s lockout.Store) {
	at := now()
	expect(t, "before", load(t, s, alice, at), lockout.State{})
	want := full(at)
	expect(t, "what Update returns", update(t, s, alice, at, set(want)), want)
	expect(t, "what Load returns", load(t, s, alice, at), want)

	// Times that were never set stay zero, and are not the year 1 of some other calendar.
	want = lockout.State{Failures: 1, Leaked: at, Last: at, Expires: at.Add(time.Minute)}
	update(t, s, alice, at, set(want))
	got := load(t, s, alice, at)
	expect(t, "a state without a lock", got, want)
	if !got.Locked.IsZero() || !got.Until.IsZero() {
		t.Errorf("times that were not set came back as %v and %v", got.Locked, got.Until)
	}

	// A zone is the caller's, the instant is not.
	want.Last = at.In(time.FixedZone("somewhere", 5*3600))
	update(t, s, alice, at, set(want))
	expect(t, "a time of another zone", load(t, s, alice, at), want)
}

func testSequence(t *testing.T, s lockout.Store) {
	at := now()
	for n := range 5 {
		var given lockout.State // at the last call of what may be several
		update(t, s, alice, at, func(old lockout.State) lockout.State { given = old; return counts(at)(old) })
		if given.Failures != n {
			t.Errorf("update %d was given %d failures", n, given.Failures)
		}
	}
	if got := load(t, s, alice, at).Failures; got != 5 {
		t.Errorf("%d failures, want 5", got)
	}
}

func testThousand(t *testing.T, s lockout.Store) {
	const many = 1000
	at := now()
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	seen := make([]atomic.Int32, many+1)
	for range many {
		wg.Go(func() {
			got, err := s.Update(t.Context(), alice, at, counts(at))
			if err != nil {
				failed.Store(&err)
				return
			}
			if got.Failures >= 1 && got.Failures <= many {
				seen[got.Failures].Add(1)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		t.Fatalf("Update: %v", *err)
	}
	if got := load(t, s, alice, at).Failures; got != many {
		t.Errorf("%d failures after %d updates at once", got, many)
	}
	for n := 1; n <= many; n++ {
		if got := seen[n].Load(); got != 1 {
			t.Fatalf("%d updates made it %d failures, want one: two of them were given the same state", got, n)
		}
	}
}

func testManyKeys(t *testing.T, s lockout.Store) {
	at := now()
	var wg sync.WaitGroup
	for n := range 40 {
		wg.Go(func() {
			key := lockout.Key{Kind: lockout.Network, Subject: fmt.Sprintf("192.0.2.%d/32", n)}
			for range n + 1 {
				if _, err := s.Update(t.Context(), key, at, counts(at)); err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for n := range 40 {
		if got := load(t, s, lockout.Key{Kind: lockout.Network, Subject: fmt.Sprintf("192.0.2.%d/32", n)}, at).Failures; got != n+1 {
			t.Errorf("key %d has %d failures, want %d", n, got, n+1)
		}
	}
}

func testExpiry(t *testing.T, s lockout.Store) {
	at := now()
	state := full(at)
	state.Expires = at.Add(time.Minute)
	update(t, s, alice, at, set(state))
	expect(t, "a millisecond before it expires", load(t, s, alice, state.Expires.Add(-time.Millisecond)), state)
	expect(t, "when it expires", load(t, s, alice, state.Expires), lockout.State{})
	if got := listed(t, s, state.Expires, 10); len(got) != 0 {
		t.Errorf("what has expired is listed: %v", got)
	}
	var given lockout.State
	update(t, s, alice, state.Expires, func(old lockout.State) lockout.State { given = old; return counts(state.Expires)(old) })
	expect(t, "what an update gets of what has expired", given, lockout.State{})
	if got := load(t, s, alice, state.Expires).Failures; got != 1 {
		t.Errorf("%d failures after the first one anew, want 1", got)
	}
}

func testZero(t *testing.T, s lockout.Store) {
	at := now()
	expect(t, "nothing made of nothing", update(t, s, alice, at, set(lockout.State{})), lockout.State{})
	update(t, s, alice, at, set(full(at)))
	expect(t, "nothing made of something", update(t, s, alice, at, set(lockout.State{})), lockout.State{})
	expect(t, "after that", load(t, s, alice, at), lockout.State{})
	if got := listed(t, s, at, 10); len(got) != 0 {
		t.Errorf("what is forgotten is listed: %v", got)
	}
}

func testDelete(t *testing.T, s lockout.Store) {
	at := now()
	bob := lockout.Key{Kind: lockout.Account, Subject: "bob"}
	update(t, s, alice, at, set(full(at)))
	update(t, s, bob, at, set(full(at)))
	for range 2 {
		if err := s.Delete(t.Context(), alice); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		expect(t, "what was deleted", load(t, s, alice, at), lockout.State{})
	}
	expect(t, "what was not", load(t, s, bob, at), full(at))
	if got := listed(t, s, at, 10); len(got) != 1 || got[0].Key != bob {
		t.Errorf("listed after that: %v, want bob's lock", got)
	}
}

// The first update of a key and one that deletes it are where stores with rows get it wrong.
func testDeleteRace(t *testing.T, s lockout.Store) {
	at := now()
	var wg sync.WaitGroup
	for n := range 100 {
		wg.Go(func() {
			var err error
			switch n % 5 {
			case 0:
				err = s.Delete(t.Context(), alice)
			case 1:
				_, err = s.Update(t.Context(), alice, at, set(lockout.State{}))
			default:
				_, err = s.Update(t.Context(), alice, at, counts(at))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	before := load(t, s, alice, at).Failures
	if got := update(t, s, alice, at, counts(at)).Failures; got != before+1 {
		t.Errorf("%d failures after one more than %d", got, before)
	}
}

func testSubjects(t *testing.T, s lockout.Store) {
	at := now()
	subjects := []string{
		"", " ", "a", "A", "a ", " a", "a\x00", "a\x00b", "\x00", "\xff\xfe", "a\xffb", "ä", "a\u0308", "\u202eevil", "'; DROP TABLE users; --",
		"%", "_", "a%", "*", "?", "a:b", "a{b}", "{a}", "\\", "a\nb", "a\r\nb", "\x1b[31m",
		strings.Repeat("x", 511), strings.Repeat("x", 512), strings.Repeat("\xff", 512), strings.Repeat("\x00", 512), strings.Repeat("語", 170),
	}
	for n, subject := range subjects {
		state := full(at)
		state.Failures = n + 1
		state.Locked = at.Add(-time.Duration(n) * time.Second)
		update(t, s, lockout.Key{Kind: lockout.Pair, Subject: subject}, at, set(state))
	}
	entries := listed(t, s, at, 100)
	if len(entries) != len(subjects) {
		t.Fatalf("%d locks are listed, want %d", len(entries), len(subjects))
	}
	for n, subject := range subjects {
		key := lockout.Key{Kind: lockout.Pair, Subject: subject}
		if got := load(t, s, key, at).Failures; got != n+1 {
			t.Errorf("%q has %d failures, want %d", subject, got, n+1)
		}
		if entries[n].Key != key {
			t.Errorf("place %d of the list is %q, want %q", n, entries[n].Key, key)
		}
	}
	for _, e := range entries { // a key from the list is one that can be deleted
		if err := s.Delete(t.Context(), e.Key); err != nil {
			t.Errorf("Delete(%q): %v", e.Key, err)
		}
	}
	if got := listed(t, s, at, 100); len(got) != 0 {
		t.Errorf("%d locks are left", len(got))
	}
}

func testKinds(t *testing.T, s lockout.Store) {
	at := now()
	kinds := []lockout.Kind{lockout.Account, lockout.Network, lockout.Pair, lockout.Device, "reset-mail"}
	for n, kind := range kinds {
		state := full(at)
		state.Failures = n + 1
		update(t, s, lockout.Key{Kind: kind, Subject: "x"}, at, set(state))
	}
	// What is joined without care makes these one.
	update(t, s, lockout.Key{Kind: "a", Subject: "b:c"}, at, set(full(at)))
	update(t, s, lockout.Key{Kind: "a:b", Subject: "c"}, at, set(lockout.State{}))
	for n, kind := range kinds {
		if got := load(t, s, lockout.Key{Kind: kind, Subject: "x"}, at).Failures; got != n+1 {
			t.Errorf("%s has %d failures, want %d", kind, got, n+1)
		}
	}
	expect(t, `kind "a", subject "b:c"`, load(t, s, lockout.Key{Kind: "a", Subject: "b:c"}, at), full(at))
}

func testLocked(t *testing.T, s lockout.Store) {
	at := now()
	for n := range 30 {
		state := full(at)
		state.Locked = at.Add(-time.Duration((n*7)%30) * time.Minute) // stored in another order
		state.Until = at.Add(time.Duration(n+1) * time.Millisecond)   // and ending in a third
		update(t, s, lockout.Key{Kind: lockout.Account, Subject: fmt.Sprint((n * 7) % 30)}, at, set(state))
	}
	free := full(at)
	free.Until = at // ends now
	update(t, s, lockout.Key{Kind: lockout.Account, Subject: "free"}, at, set(free))
	update(t, s, lockout.Key{Kind: lockout.Account, Subject: "never"}, at, counts(at))

	for _, limit := range []int{30, 100, 7, 1, 0, -1} {
		got := listed(t, s, at, limit)
		if want := max(0, min(30, limit)); len(got) != want {
			t.Errorf("%d entries for a limit of %d, want %d", len(got), limit, want)
		}
		for n, e := range got {
			if e.Subject != fmt.Sprint(n) {
				t.Errorf("limit %d: place %d is %q's, want the latest lock first", limit, n, e.Subject)
			}
		}
	}
	if got := listed(t, s, at, 1); len(got) == 1 {
		expect(t, "an entry's state", got[0].State, load(t, s, got[0].Key, at))
	}
	if got := listed(t, s, at.Add(10*time.Millisecond), 100); len(got) != 20 {
		t.Errorf("%d entries when ten locks have ended, want 20", len(got))
	}
	if got := listed(t, s, at.Add(time.Hour), 100); len(got) != 0 {
		t.Errorf("%d entries when all locks have ended", len(got))
	}
}

// A lock that an update ends, or moves, is listed as what it became.
func testUnlocked(t *testing.T, s lockout.Store) {
	at := now()
	update(t, s, alice, at, set(full(at)))
	later := full(at)
	later.Until = at.Add(2 * time.Hour)
	update(t, s, alice, at, set(later))
	if got := listed(t, s, at.Add(90*time.Minute), 10); len(got) != 1 {
		t.Errorf("%d entries for a lock that was moved, want 1", len(got))
	}
	ended := full(at)
	ended.Until = at.Add(-time.Second)
	update(t, s, alice, at, set(ended))
	if got := listed(t, s, at, 10); len(got) != 0 {
		t.Errorf("a lock that was ended is listed: %v", got)
	}
	expect(t, "what is known besides", load(t, s, alice, at), ended)
}

func testCancelled(t *testing.T, s lockout.Store) {
	at := now()
	update(t, s, alice, at, set(full(at)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := s.Update(ctx, alice, at, set(lockout.State{})); err == nil {
		t.Errorf("Update: %+v without an error", got)
	}
	if got, err := s.Load(ctx, alice, at); err == nil {
		t.Errorf("Load: %+v without an error", got)
	}
	if err := s.Delete(ctx, alice); err == nil {
		t.Error("Delete: no error")
	}
	if got, err := s.Locked(ctx, at, 10); err == nil {
		t.Errorf("Locked: %v without an error", got)
	}
	expect(t, "after that", load(t, s, alice, at), full(at))
}

// Of many guesses at once exactly the budget is let through.
func testGuard(t *testing.T, s lockout.Store) {
	g, err := lockout.New(lockout.Config{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	guess(t, g, 100, 20, "alice")
	if entries, err := g.Locked(t.Context(), 10); err != nil || len(entries) != 1 || entries[0].Key != alice {
		t.Errorf("Locked() = %v, %v, want alice", entries, err)
	}
	if err := g.Unlock(t.Context(), alice, "an operator"); err != nil {
		t.Fatal(err)
	}
	guess(t, g, 30, 20, "alice")
}

// guess makes many attempts at one account at once, each from a network of its own.
func guess(t *testing.T, g *lockout.Guard, many, want int, account string) {
	t.Helper()
	var wg sync.WaitGroup
	var through atomic.Int32
	for n := range many {
		wg.Go(func() {
			client := netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)})
			try, err := g.Begin(t.Context(), lockout.Attempt{Account: account, Client: client})
			if err != nil {
				t.Errorf("Begin: %v", err)
			} else if !try.Locked && !try.Refused {
				through.Add(1)
			}
		})
	}
	wg.Wait()
	if got := int(through.Load()); got != want {
		t.Errorf("of %d guesses at once %d were let through, want %d", many, got, want)
	}
}
