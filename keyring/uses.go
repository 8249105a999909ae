package keyring

import (
	"sync/atomic"
	"time"

	"github.com/airworthy-go/airworthy/secret"
)

// Use says what one key of a ring is and how it has been used.
type Use struct {
	Fingerprint string    // of the key; see [secret.Text.Fingerprint]
	Environment string    // by its label; empty if it has none
	Made        time.Time // by its label; zero if it has none, or if that is more than a day ahead
	Fallback    bool      // it verifies only
	Staged      bool      // a fallback that is newer than the current key, and is to take its place
	Since       time.Time // when the key took this place in this ring, which the count starts from
	Verified    uint64    // how often it verified or decrypted something
	Last        time.Time // when it last did, to the minute; zero if it never did. Kept for fallbacks only.
}

// uses counts for one key in one role. It is never copied, and outlives swaps that leave the key in its role.
type uses struct {
	fallback bool
	since    time.Time
	verified atomic.Uint64
	last     atomic.Int64 // Unix time in minutes
}

// record counts one use. Only fallbacks note the time: the current key would have every request write it.
func (u *uses) record() {
	u.verified.Add(1)
	if !u.fallback {
		return
	}
	if minute := time.Now().Unix() / 60; u.last.Load() != minute {
		u.last.Store(minute)
	}
}

// carry returns the counts of k if it has the same role in s, and fresh ones otherwise. A nil set has no keys.
func (s *keySet) carry(k secret.Text, fallback bool, now time.Time) *uses {
	if s != nil {
		for _, have := range s.keys {
			if have.uses.fallback == fallback && have.secret.Equal(k) {
				return have.uses
			}
		}
	}
	return &uses{fallback: fallback, since: now}
}

// Uses returns how each key has been used, the current one first. A fallback may go when it has not verified anything
// for as long as what it signed stays valid. The counts are of this process alone.
func (r *Ring) Uses() []Use {
	set, now := r.set.Load(), time.Now()
	current := madeAt(set.keys[0].secret, now)
	out := make([]Use, 0, len(set.keys))
	for i, k := range set.keys {
		label, _ := LabelOf(k.secret)
		made := madeAt(k.secret, now)
		use := Use{
			Fingerprint: k.secret.Fingerprint(),
			Environment: label.Environment,
			Made:        made,
			Staged:      i == 1 && newer(made, current),
			Fallback:    k.uses.fallback,
			Since:       k.uses.since,
			Verified:    k.uses.verified.Load(),
		}
		if minute := k.uses.last.Load(); minute != 0 {
			use.Last = time.Unix(minute*60, 0)
		}
		out = append(out, use)
	}
	return out
}
