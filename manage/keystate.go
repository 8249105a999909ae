package manage

import (
	"fmt"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
)

// keyState is what is known of one key.
type keyState struct {
	keyring.Use
	Role     string // "current", "staged", "fallback 1"; empty if only instances have it
	Since    time.Time
	Verified uint64
	Last     time.Time
	Signing  int  // live instances that sign with it
	Holding  int  // live instances that have it as a fallback
	May      bool // it may be retired
	Next     string
}

// keyStates returns what is known of all keys: those of the settings in their order, then those that only instances
// have.
func keyStates(app *airworthy.App, all []keyring.Report, now time.Time) []*keyState {
	var states []*keyState
	known := map[string]*keyState{}
	fallbacks := 0
	for i, u := range app.Keyring().Uses() {
		s := &keyState{Use: u, Role: "current"}
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
	for _, r := range within(all, live, now) {
		for _, u := range r.Keys {
			if known[u.Fingerprint] == nil {
				s := &keyState{Use: u}
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
	cfg := app.Settings().Keyring
	for i, s := range states {
		s.judge(cfg, states[:i], now)
	}
	return states
}

// hold counts an instance that lives.
func (s *keyState) hold(u keyring.Use) {
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
func (s *keyState) count(u keyring.Use) {
	s.Verified += u.Verified
	if u.Last.After(s.Last) {
		s.Last = u.Last
	}
}

// judge says what may be done with the key. Those before it in the settings are its successors.
func (s *keyState) judge(cfg keyring.Config, before []*keyState, now time.Time) {
	switch s.Role {
	case "":
		s.Next = "not in the settings any more"
	case "current":
		s.Next = "signs"
		if limit := cfg.Limit(); !s.Made.IsZero() && now.Sub(s.Made) > limit {
			s.Next = "signs; older than " + span(limit) + `: "key rotate"`
		}
	case "staged":
		s.Next = `"key rotate" goes on with it`
		if now.Sub(s.Made) > keyring.Grace {
			s.Next = `forgotten: "key rotate" takes a new one`
		}
	default:
		s.May, s.Next = s.retirable(cfg.Longest, successor(before), now)
	}
}

// successor returns the key that took the place of the one behind before: the last of them that is not staged.
func successor(before []*keyState) *keyState {
	for i := len(before) - 1; i > 0; i-- {
		if !before[i].Staged {
			return before[i]
		}
	}
	return before[0]
}

// retirable says whether the fallback may go, or why not.
func (s *keyState) retirable(longest time.Duration, after *keyState, now time.Time) (bool, string) {
	until, known := keyring.Until(after.Made, longest)
	switch {
	case s.Signing > 0:
		return false, plural(s.Signing, "live instance") + " still signing with it"
	case longest <= 0:
		return false, "unknown: nothing says how long what it signed is valid"
	case !known:
		return false, "unknown age: its successor has no date"
	case until.After(now):
		return false, fmt.Sprintf("may go on %s: sessions of up to %s", dayFrom(until), span(longest))
	case s.Last.Add(longest).After(now) && !s.Last.IsZero():
		return false, fmt.Sprintf("may go on %s: it was needed on %s", dayFrom(s.Last.Add(longest)), s.Last.UTC().Format(time.DateOnly))
	}
	return true, "may be retired now"
}
