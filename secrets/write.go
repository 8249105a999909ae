package secrets

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/settings"
)

// Write writes the changes to the source that has their names, and refreshes. All go to one source: if several have
// them, or several could and none has, nothing is written and the error says so. New names go where the others are.
func (k *Keeper) Write(ctx context.Context, changes []settings.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Value(callbackKey{}) != nil {
		return errWithin
	}
	if len(changes) == 0 {
		return nil
	}
	var names []string
	for _, c := range changes {
		names = append(names, c.Name)
	}
	k.mu.Lock()
	sources := k.sources
	k.mu.Unlock()
	if len(sources) == 0 {
		return fmt.Errorf("secrets: %s: nothing was written: %s names no place: set it, or write by hand", strings.Join(names, ", "), Variable)
	}
	r := k.each(ctx, sources, names, nil)
	if err := r.err(); err != nil {
		return fmt.Errorf("secrets: %s: nothing was written, because it cannot be known where they stand: %w", strings.Join(names, ", "), err)
	}
	target, err := where(sources, names, r)
	if err != nil {
		return err
	}
	w, ok := target.Source.(settings.Writer)
	if !ok {
		return fmt.Errorf("secrets: %s: %s: nothing was written: this kind of source cannot be written: write there by its own means",
			strings.Join(names, ", "), target.label)
	}
	for _, c := range changes {
		k.remember(c.Name, c.Text.Reveal())
	}
	ctx, cancel := context.WithTimeout(ctx, k.cfg.Timeout)
	defer cancel()
	if _, err := call(ctx, target, func() (map[string]settings.Value, error) { return nil, w.Write(ctx, slices.Clone(changes)) }); err != nil {
		return k.failure(target, err)
	}
	_ = k.Refresh(ctx) // what was written is written; the log has what went wrong since
	return nil
}

// Writable reports whether [Keeper.Write] can write name: the source that has it can be written, or could if none has it.
// A source that is a Writer may have a method Writable() bool too, which says whether it can be written where it stands.
func (k *Keeper) Writable(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	var target *source
	if e := k.entries[name]; e != nil {
		target = e.source
	} else if len(k.sources) == 1 {
		target = k.sources[0]
	}
	if target == nil {
		return false
	}
	_, ok := target.Source.(settings.Writer)
	if w, asks := target.Source.(interface{ Writable() bool }); asks && ok {
		return w.Writable()
	}
	return ok
}

// Place says which source has name: its URL, without what may not be shown. It is empty if none has.
func (k *Keeper) Place(name string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.entries[name]; e != nil {
		return e.source.place
	}
	return ""
}

// where returns the one source that the names stand in.
func where(sources []*source, names []string, r reading) (*source, error) {
	var target *source
	for _, name := range names {
		v, ok := r.values[name]
		switch {
		case !ok || v.source == target:
		case target == nil:
			target = v.source
		default:
			return nil, fmt.Errorf("secrets: %s: nothing was written: they stand in %s and in %s: write each of them by itself",
				strings.Join(names, ", "), target.label, v.source.label)
		}
	}
	switch {
	case target != nil:
		return target, nil
	case len(sources) == 1:
		return sources[0], nil
	}
	return nil, fmt.Errorf("secrets: %s: nothing was written: %s names several places, and none has them: write them to the one that is meant",
		strings.Join(names, ", "), Variable)
}
