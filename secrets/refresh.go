package secrets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/secret"
)

const (
	settle  = 250 * time.Millisecond // between two readings that have to agree
	rereads = 3                      // until a value that never agrees is given up for this time
)

type callbackKey struct{}

var errWithin = errors.New("secrets: a callback must not refresh or write what it follows: let it return first")

// Refresh reads the sources now, and takes over what has changed. It returns when that is done, with an error for
// each source that failed and each value that was not taken over.
func (k *Keeper) Refresh(ctx context.Context) error {
	_, err := k.refreshNow(ctx)
	return err
}

// refreshNow also reports whether every source answered.
func (k *Keeper) refreshNow(ctx context.Context) (answered bool, err error) {
	if ctx.Value(callbackKey{}) != nil {
		return false, errWithin
	}
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return false, fmt.Errorf("secrets: another refresh is under way: %w", ctx.Err())
	}
	defer func() { <-k.turn }()
	if err := ctx.Err(); err != nil {
		return false, err
	}
	k.mu.Lock()
	life, sources, names, before := k.life, k.sources, slices.Sorted(maps.Keys(k.names)), k.whereLast()
	k.mu.Unlock()
	if len(sources) == 0 {
		return true, nil
	}
	if err := life.Err(); err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(life, cancel)()

	r := k.each(ctx, sources, names, before)
	if err := ctx.Err(); err != nil { // what was asked too little time says nothing of the sources
		return false, err
	}
	var errs []error
	changed := k.compare(r)
	taken := 0
	pending := units(changed, k.followers(), names)
	for i := 0; i < rereads && len(pending) > 0; i++ {
		if !sleep(ctx, settle) {
			return false, ctx.Err()
		}
		var again []string
		for _, u := range pending {
			again = append(again, u.names...)
		}
		slices.Sort(again)
		again = slices.Compact(again)
		second := k.each(ctx, sources, again, before)
		if err := ctx.Err(); err != nil {
			return false, err
		}
		var unstable []*unit
		for _, u := range pending {
			if !agree(u.names, r, second) {
				unstable = append(unstable, u)
				continue
			}
			if err := k.adopt(ctx, u, second); err != nil {
				errs = append(errs, err)
				continue
			}
			taken += len(u.changed)
		}
		pending, r = k.stillPending(unstable, second), r.with(second, again)
	}
	for _, u := range pending {
		errs = append(errs, k.refuse(u, errors.New("it is another one at each reading")))
	}
	k.report(r, taken)
	return len(r.errs) == 0, errors.Join(append(r.errs, errs...)...)
}

// with returns r with names as they were read again.
func (r reading) with(again reading, names []string) reading {
	next := reading{values: maps.Clone(r.values), failed: maps.Clone(r.failed), errs: slices.Concat(r.errs, again.errs), sources: r.sources}
	for _, name := range names {
		delete(next.values, name)
		delete(next.failed, name)
	}
	maps.Copy(next.values, again.values)
	maps.Copy(next.failed, again.failed)
	return next
}

// each reads the sources with the full time for each: one that hangs takes none from the next.
func (k *Keeper) each(ctx context.Context, sources []*source, names []string, before map[string]*source) reading {
	return k.read(ctx, sources, names, before, func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, k.cfg.Timeout)
	})
}

// whereLast returns where each value was found. The caller holds mu.
func (k *Keeper) whereLast() map[string]*source {
	where := make(map[string]*source, len(k.entries))
	for name, e := range k.entries {
		where[name] = e.source
	}
	return where
}

func (k *Keeper) followers() []*group {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.groups)
}

// compare confirms what is the same and returns the names of what is not.
func (k *Keeper) compare(r reading) (changed []string) {
	now := time.Now()
	var versions, gone []string
	k.mu.Lock()
	for name := range k.names {
		v, found := r.values[name]
		e := k.entries[name]
		switch {
		case found && (e == nil || !k.cell(name).text().Equal(secret.New(v.Text))):
			changed = append(changed, name)
		case found:
			e.confirmed, e.missing = now, 0
			if v.Version != e.value.Version || v.Origin != e.value.Origin {
				k.store(name, v, now)
				versions = append(versions, name)
			}
		case e != nil && !r.failed[name]:
			if e.missing++; sampled(e.missing) {
				gone = append(gone, name)
			}
		}
	}
	k.mu.Unlock()
	k.audit(versions, r.values)
	slices.Sort(gone)
	for _, name := range gone {
		k.mu.Lock()
		e := *k.entries[name]
		k.mu.Unlock()
		k.event(slog.LevelWarn, "airworthy.secrets.Stale", "no source has the secret any more; its last value stays in use",
			slog.String("name", name), slog.String("version", e.value.Version), slog.String("source", e.value.Origin),
			slog.Int("failures", e.missing), slog.String("stale_for", now.Sub(e.confirmed).Round(time.Second).String()))
	}
	slices.Sort(changed)
	return changed
}

// agree reports whether two readings say the same of all names.
func agree(names []string, a, b reading) bool {
	for _, name := range names {
		x, inA := a.values[name]
		y, inB := b.values[name]
		if a.failed[name] || b.failed[name] || inA != inB || inA && !secret.New(x.Text).Equal(secret.New(y.Text)) {
			return false
		}
	}
	return true
}

// stillPending returns those of units in which something is still another value than the one held.
func (k *Keeper) stillPending(all []*unit, r reading) []*unit {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.DeleteFunc(all, func(u *unit) bool {
		u.changed = slices.DeleteFunc(slices.Clone(u.names), func(name string) bool {
			v, found := r.values[name]
			return !r.failed[name] && (!found || k.entries[name] != nil && k.cell(name).text().Equal(secret.New(v.Text)))
		})
		return len(u.changed) == 0
	})
}

// adopt takes over the new values of a unit, if its callbacks accept them.
func (k *Keeper) adopt(ctx context.Context, u *unit, r reading) error {
	former, next := map[string]secret.Text{}, map[string]secret.Text{}
	k.mu.Lock()
	for _, name := range u.names {
		if k.entries[name] != nil {
			former[name] = k.cell(name).text()
			next[name] = former[name]
		}
		if v, ok := r.values[name]; ok {
			next[name] = secret.New(v.Text)
		}
	}
	k.mu.Unlock()
	within, cancel := context.WithTimeout(context.WithValue(ctx, callbackKey{}, true), k.cfg.Timeout)
	defer cancel()
	if err := u.call(within, former, next); err != nil {
		return k.refuse(u, err)
	}
	now := time.Now()
	k.mu.Lock()
	for _, name := range u.changed {
		k.store(name, r.values[name], now)
	}
	k.mu.Unlock()
	k.audit(u.changed, r.values)
	for _, name := range u.changed {
		k.event(slog.LevelInfo, "airworthy.secrets.Changed", "a secret has changed",
			slog.String("name", name), slog.String("version", r.values[name].Version), slog.String("source", r.values[name].Origin))
	}
	return nil
}

// refuse logs that the new values of a unit were not taken over, and returns it as an error.
func (k *Keeper) refuse(u *unit, why error) error {
	names, reason := strings.Join(u.changed, ", "), k.clean(why.Error())
	k.event(slog.LevelWarn, "airworthy.secrets.Refused", "a new value was not taken over; the last good one stays in use",
		slog.String("name", names), slog.String("error", reason))
	return fmt.Errorf("secrets: %s: the new value was not taken over: %s", names, reason)
}

// report logs one line for what has not changed.
func (k *Keeper) report(r reading, taken int) {
	if r.sources == 0 {
		return
	}
	k.event(slog.LevelInfo, "airworthy.secrets.Read", "read the secrets again",
		slog.Int("names", len(r.values)), slog.Int("changed", taken))
	k.log(slog.LevelDebug, "the secrets that were read", slog.String("names", strings.Join(slices.Sorted(maps.Keys(r.values)), ", ")))
}

// sleep reports whether d has passed rather than ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
