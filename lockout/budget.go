package lockout

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Budget says how many failures are one too many, and what follows. As text it is written 20/6h, or in full
// 20/6h/15m/4h: failures, window, cool-off and longest cool-off. A field that is zero is the default's.
type Budget struct {
	// Failures is how many there may be. Whoever has used them up is locked out by the next attempt, which is not
	// looked at.
	Failures int

	// Window is the time in which that many failures leak away, one by one: of 20 in 6 hours one in 18 minutes. So who
	// stays below the budget for ever still has no more than Failures in each Window.
	Window time.Duration

	// CoolOff is for how long the first lock lasts; each further one twice as long as the one before, up to
	// MaxCoolOff. When a lock ends its failures are forgotten. How many locks there were is forgotten a day after the
	// last one ended, or after MaxCoolOff where that is longer.
	CoolOff    time.Duration
	MaxCoolOff time.Duration
}

// Bounds of a Budget's fields. States are exact to the millisecond; a year is longer than anybody waits.
const (
	maxFailures = 1_000_000
	minTime     = time.Second
	maxTime     = 366 * 24 * time.Hour
)

// quiet is how long locks are remembered at least.
const quiet = 24 * time.Hour

// or returns b with d's fields where it has none.
func (b Budget) or(d Budget) Budget {
	if b.Failures == 0 {
		b.Failures = d.Failures
	}
	if b.Window == 0 {
		b.Window = d.Window
	}
	if b.CoolOff == 0 {
		b.CoolOff = d.CoolOff
	}
	if b.MaxCoolOff == 0 {
		b.MaxCoolOff = max(d.MaxCoolOff, b.CoolOff)
	}
	return b
}

// problem returns what is wrong with a Budget that has all its fields.
func (b Budget) problem() error {
	if b.Failures < 1 || b.Failures > maxFailures {
		return fmt.Errorf("%d failures: allow 1 to %d", b.Failures, maxFailures)
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"window", b.Window}, {"cool-off", b.CoolOff}, {"longest cool-off", b.MaxCoolOff}} {
		if d.d < minTime || d.d > maxTime {
			return fmt.Errorf("a %s of %s: use one from %s to a year", d.name, d.d, minTime)
		}
	}
	return nil
}

// UnmarshalText reads failures/window or failures/window/cool-off/longest cool-off, such as 20/6h/15m/4h.
func (b *Budget) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), "/")
	if len(parts) != 2 && len(parts) != 4 {
		return errors.New("not a budget: write failures/window, such as 20/6h, or with both cool-offs 20/6h/15m/4h")
	}
	n, err := strconv.Atoi(strings.TrimSpace(parts[0]))
	if err != nil || n < 1 {
		return errors.New("not a number of failures: write digits before the first slash, as in 20/6h")
	}
	read := Budget{Failures: n}
	for i, d := range []*time.Duration{&read.Window, &read.CoolOff, &read.MaxCoolOff}[:len(parts)-1] {
		if *d, err = time.ParseDuration(strings.TrimSpace(parts[i+1])); err != nil || *d <= 0 {
			return errors.New("not a time: write it as 90s, 15m or 6h, as in 20/6h/15m/4h")
		}
	}
	*b = read
	return nil
}

// Form returns how a budget is written, for errors and documents.
func (Budget) Form() string {
	return "failures/window or failures/window/cool-off/longest cool-off, such as 20/6h/15m/4h"
}

// MarshalText writes what String does.
func (b Budget) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// String returns the budget as UnmarshalText reads it. The zero Budget, which is the default, is empty.
func (b Budget) String() string {
	switch {
	case b == Budget{}:
		return ""
	case b.CoolOff == 0 && b.MaxCoolOff == 0:
		return fmt.Sprintf("%d/%s", b.Failures, brief(b.Window))
	}
	return fmt.Sprintf("%d/%s/%s/%s", b.Failures, brief(b.Window), brief(b.CoolOff), brief(b.MaxCoolOff))
}

// brief writes 6h0m0s as 6h.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// interval is the time in which one failure leaks away.
func (b Budget) interval() time.Duration {
	return max(b.Window/time.Duration(b.Failures), time.Millisecond)
}

// coolOff is for how long the nth lock lasts, counted from 1.
func (b Budget) coolOff(n int) time.Duration {
	d := b.CoolOff
	for ; n > 1 && d < b.MaxCoolOff; n-- {
		d *= 2
	}
	return min(d, b.MaxCoolOff)
}

// most returns how many attempts are let through in d at most, however they are spread: each lock frees the whole
// budget, and the time that is not spent locked lets some leak away.
func (b Budget) most(d time.Duration) int {
	best := b.Failures + int(d/b.interval())
	var spent time.Duration
	for n := 1; n <= 1000; n++ {
		if spent += b.coolOff(n); spent > d {
			break
		}
		best = max(best, b.Failures*(n+1)+int((d-spent)/b.interval()))
	}
	return best
}

// at returns s as it is at now.
func (b Budget) at(s State, now time.Time) State {
	s.Failures, s.Locks = max(0, min(s.Failures, b.Failures)), max(0, s.Locks) // the budget may have been lowered
	// A clock that was ahead and was put right must not lock anybody for longer than the lock was to last, nor keep
	// failures from leaking away.
	if ahead := s.Locked.Sub(now); ahead > 0 {
		s.Locked, s.Until = now, s.Until.Add(-ahead)
	}
	s.Leaked, s.Last = earlier(s.Leaked, now), earlier(s.Last, now)
	if now.Before(s.Until) {
		return s // nothing leaks during a lock, so that an attempt that was right can be taken back to the last
	}
	if s.Leaked.Before(s.Until) { // the lock has been waited for
		s.Failures, s.Leaked = 0, s.Until
	}
	if s.Locks > 0 && now.Sub(s.Until) >= b.memory() {
		s.Locks, s.Locked, s.Until, s.Reason = 0, time.Time{}, time.Time{}, ""
	}
	if gone := int64(now.Sub(s.Leaked) / b.interval()); gone >= int64(s.Failures) {
		s.Failures, s.Leaked = 0, now
	} else {
		s.Failures -= int(gone)
		s.Leaked = s.Leaked.Add(time.Duration(gone) * b.interval())
	}
	return s
}

// memory is for how long locks are remembered after the last one.
func (b Budget) memory() time.Duration { return max(quiet, b.MaxCoolOff) }

func earlier(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}

// outcome says what became of an attempt.
type outcome int

const (
	counted outcome = iota // and may be verified
	locked                 // and not counted: a lock is never extended, or whoever goes on knocking locks the owner out for good
	begins                 // locked, by this attempt
)

// count counts one attempt at now, from a network, unless the key is locked. The reason is that of a lock that begins.
func (b Budget) count(s State, now time.Time, from, reason string) (State, outcome) {
	s = b.at(s, now)
	if now.Before(s.Until) {
		return s, locked
	}
	s.Last, s.From = now, from
	result := counted
	if s.Failures < b.Failures {
		s.Failures++
	} else {
		result = begins
		s.Locks++
		s.Locked, s.Until, s.Reason = now, now.Add(b.coolOff(s.Locks)), reason
	}
	s.Expires = b.expires(s)
	return s, result
}

// takeBack undoes what count did at at. If that attempt was one of those for which the key is locked, the lock ends.
func (b Budget) takeBack(s State, at, now time.Time) (_ State, lifted bool) {
	s = b.at(s, now)
	switch {
	case s.Failures == 0, at.Before(s.Until) && !now.Before(s.Until):
		// It has leaked away, or a lock has been waited for meanwhile.
	default:
		s.Failures--
		if now.Before(s.Until) && s.Failures < b.Failures {
			lifted = true
			s.Locks--
			s.Locked, s.Until = s.Leaked, s.Leaked // the lock before this one ended no later
		}
	}
	if s.Failures == 0 && s.Locks == 0 {
		return State{}, lifted
	}
	if s.Locks == 0 {
		s.Locked, s.Until, s.Reason = time.Time{}, time.Time{}, ""
	}
	s.Expires = b.expires(s)
	return s, lifted
}

// expires returns from when on s says nothing more.
func (b Budget) expires(s State) time.Time {
	e := s.Leaked.Add(time.Duration(s.Failures) * b.interval())
	if s.Locks > 0 && s.Until.Add(b.memory()).After(e) {
		e = s.Until.Add(b.memory())
	}
	return e
}
