package keyring

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// Ledger is where the instances of a site report which keys they hold and how often each was needed, so that one can
// know of all whether a new key has arrived and an old one may go. No key is in it, only fingerprints.
//
// The test kit of package ledgertest holds an implementation to this contract. Its methods may be called by several
// goroutines and processes at once, and end soon after their context. A time is kept to the second.
type Ledger interface {
	// Report keeps r as what its instance said last, in place of what it said before. A report without an instance or
	// without keys is refused.
	Report(ctx context.Context, r Report) error

	// Reports returns what each instance said last, in the order of their names. What instances said that have not
	// been heard of for [Forgotten] may be folded by [Fold] into one report of no instance.
	Reports(ctx context.Context) ([]Report, error)
}

// Forgotten is after how long a [Ledger] may fold the report of an instance that is not heard of, so that instances that
// are started every day do not fill it.
const Forgotten = 24 * time.Hour

// Report is what one instance says of its keys.
type Report struct {
	Instance string    // a name that no other process has; empty for all that are forgotten
	At       time.Time // when it said so
	Gone     bool      // it has stopped, and holds nothing any more
	Keys     []Use     // the current one first; see [Ring.Uses]
}

// Fold returns one report of no instance with what all of reports say of each key: how often it was used and when it
// was last needed. At is the newest of theirs. It says of no key what it is.
func Fold(reports ...Report) Report {
	keys := map[string]Use{}
	all := Report{Gone: true}
	for _, r := range reports {
		if r.At.After(all.At) {
			all.At = r.At
		}
		for _, u := range r.Keys {
			k, ok := keys[u.Fingerprint]
			if !ok {
				k = Use{Fingerprint: u.Fingerprint, Environment: u.Environment, Made: u.Made, Since: u.Since, Fallback: true}
			}
			k.Verified += u.Verified
			if u.Last.After(k.Last) {
				k.Last = u.Last
			}
			if u.Since.Before(k.Since) {
				k.Since = u.Since
			}
			keys[u.Fingerprint] = k
		}
	}
	for _, fingerprint := range slices.Sorted(maps.Keys(keys)) {
		all.Keys = append(all.Keys, keys[fingerprint])
	}
	return all
}

// MemoryLedger is a [Ledger] for the instances of one process, which forgets with it.
type MemoryLedger struct {
	mu      sync.Mutex
	reports map[string]Report
}

var _ Ledger = (*MemoryLedger)(nil)

// NewMemoryLedger returns an empty ledger.
func NewMemoryLedger() *MemoryLedger { return &MemoryLedger{reports: map[string]Report{}} }

// Report implements [Ledger].
func (l *MemoryLedger) Report(ctx context.Context, r Report) error {
	if err := cmp.Or(ctx.Err(), r.Validate()); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reports[r.Instance] = r.Kept()
	var forgotten []Report
	for name, have := range l.reports {
		if r.At.Sub(have.At) > Forgotten {
			forgotten = append(forgotten, have)
			delete(l.reports, name)
		}
	}
	if len(forgotten) > 0 {
		l.reports[""] = Fold(forgotten...)
	}
	return nil
}

// Reports implements [Ledger].
func (l *MemoryLedger) Reports(ctx context.Context) ([]Report, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Report
	for _, name := range slices.Sorted(maps.Keys(l.reports)) {
		all = append(all, l.reports[name].Kept())
	}
	return all, nil
}

// Validate returns an error for a report that a ledger must not keep.
func (r Report) Validate() error {
	if r.Instance == "" || len(r.Keys) == 0 {
		return errors.New("keyring: a report has no instance or no keys")
	}
	return nil
}

// Kept returns a copy of r as every ledger keeps it: its times to the second and in UTC.
func (r Report) Kept() Report {
	r.At, r.Keys = second(r.At), slices.Clone(r.Keys)
	for i := range r.Keys {
		k := &r.Keys[i]
		k.Made, k.Since, k.Last = second(k.Made), second(k.Since), second(k.Last)
	}
	return r
}

// second returns t to the second and without a zone of its own.
func second(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.Unix(t.Unix(), 0).UTC()
}
