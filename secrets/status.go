package secrets

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Status is how one source is.
type Status struct {
	Source   string    // AIRWORTHY_SECRETS[0] and the URL, without what might be a credential
	Success  time.Time // when it was last read without an error; zero if never
	Failures int       // in a row; 0 if it is well
	Since    time.Time // from when on its values could not be confirmed; zero if it is well
	Error    string    // why it failed, without any value; empty if it is well
}

// Status returns how each source is, in their order.
func (k *Keeper) Status() []Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []Status
	for _, s := range k.sources {
		all = append(all, Status{s.label, s.success, s.failures, s.since, s.problem})
	}
	return all
}

// Health returns an error once a value could not be confirmed for longer than Config.StaleAfter: its source does not
// answer, lacks it now, or has a new one that was refused. The error names such values.
//
// A site whose values are stale still works, and taking it out of service would not help. So the health path does not
// ask, unless the site says so: Ready: func(context.Context) error { return keeper.Health() }.
func (k *Keeper) Health() error {
	stale := k.stale()
	if len(stale) == 0 {
		return nil
	}
	return fmt.Errorf("secrets: %s: could not be confirmed for longer than %v", strings.Join(stale, ", "), k.cfg.StaleAfter)
}

// stale returns the names of values that are too old.
func (k *Keeper) stale() []string {
	now := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	var names []string
	for _, name := range slices.Sorted(maps.Keys(k.entries)) {
		if now.Sub(k.entries[name].confirmed) > k.cfg.StaleAfter {
			names = append(names, name)
		}
	}
	return names
}
