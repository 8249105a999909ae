package keyring

import (
	"fmt"
	"time"

	"github.com/airworthy-go/airworthy/internal/words"
)

// Live is how long ago an instance may have reported to a [Ledger] and still counts as running. They report every minute.
const Live = 3 * time.Minute

// Standing is what is known of one key, of all instances together.
type Standing struct {
	Use
	Role     string // "current", "staged", "fallback 1"; empty if only instances have it
	Since    time.Time
	Verified uint64
	Last     time.Time
	Signing  int    // live instances that sign with it
	Holding  int    // live instances that have it as a fallback
	May      bool   // it may be retired
	Next     string // what is to be done with it, in words
}

// Standings returns what is known of all keys at now: those of the settings cfg in the order of uses, which are a ring's
// [Ring.Uses], then those that only the reporting instances have.
func Standings(cfg Config, uses []Use, all []Report, now time.Time) []*Standing {
	var states []*Standing
	known := map[string]*Standing{}
	fallbacks := 0
	for i, u := range uses {
		s := &Standing{Use: u, Role: "current"}
		switch {
		case u.Staged:
			s.Role = "staged"
		case i > 0:
			fallbacks++
			s.Role = fmt.Sprintf("fallback %d", fallbacks)
		}
		states = append(states, s)
		known[u.Fingerprint] = s
	}
	for _, r := range Running(all, Live, now) {
		for _, u := range r.Keys {
			if known[u.Fingerprint] == nil {
				s := &Standing{Use: u}
				states = append(states, s)
				known[u.Fingerprint] = s
			}
			known[u.Fingerprint].hold(u)
		}
	}
	for _, r := range all {
		for _, u := range r.Keys {
			if s := known[u.Fingerprint]; s != nil {
				s.count(u)
			}
		}
	}
	for i, s := range states {
		s.judge(cfg, states[:i], now)
	}
	return states
}

// Running returns the reports of instances that have not stopped and were heard of within d.
func Running(all []Report, d time.Duration, now time.Time) []Report {
	var some []Report
	for _, r := range all {
		if !r.Gone && r.Instance != "" && now.Sub(r.At) <= d {
			some = append(some, r)
		}
	}
	return some
}

// hold counts an instance that lives.
func (s *Standing) hold(u Use) {
	if u.Fallback {
		s.Holding++
	} else {
		s.Signing++
	}
	if s.Since.IsZero() || u.Since.Before(s.Since) {
		s.Since = u.Since
	}
}

// count adds what an instance says, whether it lives or not.
func (s *Standing) count(u Use) {
	s.Verified += u.Verified
	if u.Last.After(s.Last) {
		s.Last = u.Last
	}
}

// judge says what may be done with the key. Those before it in the settings are its successors.
func (s *Standing) judge(cfg Config, before []*Standing, now time.Time) {
	switch s.Role {
	case "":
		s.Next = "not in the settings any more"
	case "current":
		s.Next = "signs"
		if limit := cfg.Limit(); !s.Made.IsZero() && now.Sub(s.Made) > limit {
			s.Next = "signs; older than " + words.Span(limit) + `: "key rotate"`
		}
	case "staged":
		s.Next = `"key rotate" goes on with it`
		if now.Sub(s.Made) > Grace {
			s.Next = `forgotten: "key rotate" takes a new one`
		}
	default:
		s.May, s.Next = s.retirable(cfg.Longest, successor(before), now)
	}
}

// successor returns the key that took the place of the one behind before: the last of them that is not staged.
func successor(before []*Standing) *Standing {
	for i := len(before) - 1; i > 0; i-- {
		if !before[i].Staged {
			return before[i]
		}
	}
	return before[0]
}

// retirable says whether the fallback may go, or why not.
func (s *Standing) retirable(longest time.Duration, after *Standing, now time.Time) (bool, string) {
	until, known := Until(after.Made, longest)
	switch {
	case s.Signing > 0:
		return false, words.Count(s.Signing, "live instance") + " still signing with it"
	case longest <= 0:
		return false, "unknown: nothing says how long what it signed is valid"
	case !known:
		return false, "unknown age: its successor has no date"
	case until.After(now):
		return false, fmt.Sprintf("may go on %s: sessions of up to %s", words.DayFrom(until), words.Span(longest))
	case s.Last.Add(longest).After(now) && !s.Last.IsZero():
		return false, fmt.Sprintf("may go on %s: it was needed on %s", words.DayFrom(s.Last.Add(longest)), s.Last.UTC().Format(time.DateOnly))
	}
	return true, "may be retired now"
}
