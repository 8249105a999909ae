package lockout_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/lockout"
)

// failing is a store that fails at what it is told to.
type failing struct {
	lockout.Store
	update, remove int // after so many calls; -1 for never
	load           int
	blind          bool // finds nothing, as it would if it was locked a moment later
}

func (f *failing) Load(ctx context.Context, key lockout.Key, now time.Time) (lockout.State, error) {
	if f.load--; f.load == -1 {
		return lockout.State{}, errStore
	}
	if f.blind {
		return lockout.State{}, nil
	}
	return f.Store.Load(ctx, key, now)
}

var errStore = errors.New("the store is gone")

func (f *failing) Update(ctx context.Context, key lockout.Key, now time.Time, change func(lockout.State) lockout.State) (lockout.State, error) {
	if f.update--; f.update == -1 {
		return lockout.State{}, errStore
	}
	return f.Store.Update(ctx, key, now, change)
}

func (f *failing) Delete(ctx context.Context, key lockout.Key) error {
	if f.remove--; f.remove == -1 {
		return errStore
	}
	return f.Store.Delete(ctx, key)
}

func (f *failing) Locked(context.Context, time.Time, int) ([]lockout.Entry, error) {
	return nil, errStore
}

func newFailing() *failing {
	return &failing{Store: lockout.NewMemory(lockout.MemoryOptions{}), update: -1, remove: -1, load: -1}
}

// An account that is locked while the attempt is counted is found locked all the same, and the pair pays nothing.
func TestAccountThatIsLockedMeanwhile(t *testing.T) {
	store := newFailing()
	store.blind = true
	g := newGuard(t, lockout.Config{Store: store})
	for i := range 25 {
		if try := begin(t, g, lockout.Attempt{Account: "alice", Client: bot(i)}); try.Locked != (i >= 20) {
			t.Errorf("attempt %d: locked %v", i, try.Locked)
		}
	}
	store.blind = false
	s, err := store.Load(t.Context(), lockout.Key{Kind: lockout.Pair, Subject: "10.0.0.24/32 alice"}, time.Now())
	if err != nil || s != (lockout.State{}) {
		t.Errorf("the pair has %+v, %v", s, err)
	}
}

// A lock that began when a clock was ten years ahead ends as others do, once it was put right.
func TestLockFromTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := lockout.NewMemory(lockout.MemoryOptions{})
		g := newGuard(t, lockout.Config{Store: store})
		ahead := time.Now().AddDate(10, 0, 0)
		if _, err := store.Update(t.Context(), lockout.AccountKey("alice"), time.Now(), func(lockout.State) lockout.State {
			return lockout.State{Failures: 20, Leaked: ahead, Last: ahead, Locked: ahead, Until: ahead.Add(15 * time.Minute), Locks: 1, Expires: ahead.Add(day)}
		}); err != nil {
			t.Fatal(err)
		}
		if login(t, g, lockout.Attempt{Account: "alice", Client: home}) {
			t.Error("it is not locked")
		}
		time.Sleep(15 * time.Minute)
		if !login(t, g, lockout.Attempt{Account: "alice", Client: home}) {
			t.Error("it is locked for longer than the lock was to last")
		}
	})
}

// Guessing at a locked account writes nothing but the network's count.
func TestGuessingAtALockedAccountReads(t *testing.T) {
	store := newFailing()
	g := newGuard(t, lockout.Config{Store: store})
	for i := range 21 {
		fail(t, g, 1, lockout.Attempt{Account: "alice", Client: bot(i)})
	}
	store.update, store.remove = 1, 0 // the second one fails
	if try := begin(t, g, lockout.Attempt{Account: "alice", Client: evil}); !try.Locked || try.RetryAfter != 15*time.Minute {
		t.Errorf("%+v", try)
	}
}

func TestStoreThatFails(t *testing.T) {
	a := lockout.Attempt{Account: "alice", Client: home}
	for n := range 3 { // at the network, the pair, the account
		store := newFailing()
		store.update = n
		g := newGuard(t, lockout.Config{Store: store})
		if try, err := g.Begin(t.Context(), a); !errors.Is(err, errStore) || try != nil {
			t.Errorf("update %d: %v, %v", n, try, err)
		}
	}
	store := newFailing()
	store.remove = 0
	g := newGuard(t, lockout.Config{Store: store})
	if err := begin(t, g, a).Succeed(t.Context()); !errors.Is(err, errStore) {
		t.Errorf("Succeed: %v", err)
	}
	store.update = 3
	if err := begin(t, g, a).Succeed(t.Context()); !errors.Is(err, errStore) {
		t.Errorf("Succeed, taking back: %v", err)
	}
	store.remove = 0
	if err := g.Unlock(t.Context(), lockout.AccountKey("alice"), "root"); !errors.Is(err, errStore) {
		t.Errorf("Unlock: %v", err)
	}
	if err := g.UnlockAccount(t.Context(), "alice", "root"); !errors.Is(err, errStore) {
		t.Errorf("UnlockAccount: %v", err)
	}
	if _, err := g.Locked(t.Context(), 1); !errors.Is(err, errStore) {
		t.Errorf("Locked: %v", err)
	}
	for n := range 2 {
		store := newFailing()
		g := newGuard(t, lockout.Config{Store: store})
		for i := range 21 {
			fail(t, g, 1, lockout.Attempt{Account: "alice", Client: bot(i)})
		}
		store.load = n
		if try, err := g.Begin(t.Context(), a); !errors.Is(err, errStore) || try != nil {
			t.Errorf("load %d: %v, %v", n, try, err)
		}
	}
	store.update = 0
	if _, err := g.Take(t.Context(), lockout.Key{Kind: "x", Subject: "y"}, lockout.Budget{}, home); !errors.Is(err, errStore) {
		t.Errorf("Take: %v", err)
	}
}
