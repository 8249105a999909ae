package lockout

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Try is an attempt that has been counted. It is for one request.
type Try struct {
	// Locked says that this account, it from this network or it on this device is locked. The caller does the same
	// work as for a wrong password and answers the same, whatever the password is.
	Locked bool

	// Refused says that the network, or what was taken, is over its budget: the caller answers 429, and hashes nothing,
	// whether or not it is Locked too.
	Refused bool

	// RetryAfter is in how much time it is worth trying again, in whole seconds; 0 unless Locked or Refused.
	RetryAfter time.Duration

	// Delay is how long the caller waits before it verifies: nothing in the first half of the budget, then half a
	// second, and twice as long each time, up to three seconds. It depends on what this client has done to this name,
	// and not on whether anybody has it.
	Delay time.Duration

	guard   *Guard
	at      time.Time
	counts  []count
	began   []Entry // the locks that this attempt began
	settled atomic.Bool
}

// count is what an attempt was counted in.
type count struct {
	key    Key
	budget Budget
	clear  bool // a success forgets all failures of the key
}

// in counts the attempt in one budget, and reports whether that is locked.
func (t *Try) in(ctx context.Context, c count, from, reason string) (bool, error) {
	var result outcome
	s, err := t.guard.store.Update(ctx, c.key, t.at, func(s State) State {
		s, result = c.budget.count(s, t.at, from, reason)
		return s
	})
	if err != nil {
		return false, failed("counting", err)
	}
	before := s.Failures
	if result == counted {
		before--
		t.counts = append(t.counts, c)
	} else {
		t.lock(s)
	}
	if result == begins {
		t.began = append(t.began, Entry{c.key, s})
	}
	if c.clear {
		t.Delay = delay(before, c.budget.Failures)
	}
	return result != counted, nil
}

// lock notes until when s is locked.
func (t *Try) lock(s State) { t.RetryAfter = max(wholeSeconds(s.Until.Sub(t.at)), time.Second) }

// undo takes back the count that was made last.
func (t *Try) undo(ctx context.Context) error {
	last := t.counts[len(t.counts)-1]
	t.counts = t.counts[:len(t.counts)-1]
	return t.takeBack(ctx, last)
}

func (t *Try) takeBack(ctx context.Context, c count) error {
	var lifted bool
	now := clock()
	_, err := t.guard.store.Update(ctx, c.key, now, func(s State) State {
		s, lifted = c.budget.takeBack(s, t.at, now)
		return s
	})
	if err == nil && lifted {
		t.guard.events.unlocked(ctx, c.key, "an attempt that was no failure")
	}
	return failed("taking back", err)
}

// Succeed says that the attempt was right. It takes back what the attempt counted, and forgets the other failures of
// this account from this network, or on this device. If it fails, what is not taken back counts as a failure, and the
// answer is 503. Of a Try that is Locked or Refused nothing can succeed: the error says that the caller has
// forgotten to look.
//
// A second call does nothing.
func (t *Try) Succeed(ctx context.Context) error {
	if t.Locked || t.Refused {
		return errors.New("lockout: an attempt that was locked or refused cannot succeed: look at Locked and Refused first")
	}
	if t.settled.Swap(true) {
		return nil
	}
	var all []error
	for _, c := range t.counts {
		if c.clear {
			all = append(all, failed("clearing", t.guard.store.Delete(ctx, c.key)))
		} else {
			all = append(all, t.takeBack(ctx, c))
		}
	}
	return errors.Join(all...)
}

// Cancel says that nothing was verified, as when the machine was too busy: what the attempt counted is taken back, and
// nothing else is forgotten. Whatever is not taken back, because the store fails or ctx is done, counts as a failure. A
// second call, or one after Succeed, does nothing.
func (t *Try) Cancel(ctx context.Context) error {
	if t.settled.Swap(true) {
		return nil
	}
	var all []error
	for _, c := range t.counts {
		all = append(all, t.takeBack(ctx, c))
	}
	return errors.Join(all...)
}

// failed says at what the store failed.
func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("lockout: %s: %w", what, err)
}

// Bounds of a delay.
const (
	firstDelay = 500 * time.Millisecond
	maxDelay   = 3 * time.Second
)

// delay returns how long an attempt waits that comes after so many failures of a budget.
func delay(before, budget int) time.Duration {
	n := before - (budget+1)/2
	if n < 0 {
		return 0
	}
	return min(firstDelay<<min(n, 10), maxDelay)
}

// wholeSeconds rounds up, so that who comes back then does not come too early.
func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}
