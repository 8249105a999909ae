package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// group is a callback and the names that it follows.
type group struct {
	names   []string
	prepare func(values map[string]secret.Text) (apply func(context.Context) error, err error)
}

// OnChange has f called with each new value of name, read as settings reads a field of type T. An error of f, or a value
// that is no T, refuses the value: the former one stays, and it is tried again at the next refresh. If several callbacks
// follow a name and a later one refuses, the earlier ones are called with the former value again.
//
// Callbacks run one at a time, in the order in which they were registered, and end with ctx. f is not called with the
// value that the settings were loaded with: register before airworthy.New, which starts the keeper. A callback must not
// call [Keeper.Refresh] or [Keeper.Write], which refuse there.
func OnChange[T any](k *Keeper, name string, f func(ctx context.Context, value T) error) {
	k.follow([]string{name}, func(values map[string]secret.Text) (func(context.Context) error, error) {
		value, err := settings.ParseAs[T](name, values[name].Reveal())
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context) error { return f(ctx, value) }, nil
	})
}

// OnChanges has f called when one of names has a new value, with those of all of them that the keeper holds: for values
// that belong together, which are taken over together or not at all. The rest is as with [OnChange].
func (k *Keeper) OnChanges(names []string, f func(ctx context.Context, values map[string]secret.Text) error) {
	k.follow(names, func(values map[string]secret.Text) (func(context.Context) error, error) {
		return func(ctx context.Context) error { return f(ctx, values) }, nil
	})
}

func (k *Keeper) follow(names []string, prepare func(map[string]secret.Text) (func(context.Context) error, error)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.groups = append(k.groups, &group{slices.Clone(names), prepare})
}

// unit is what is taken over at once: names that changed, with the callbacks that connect them.
type unit struct {
	names   []string // of the callbacks too, changed or not
	changed []string
	groups  []*group
}

// units sorts the changed names into what belongs together. Of a group's names only those count that the keeper is asked
// for: the others stand in a source before it.
func units(changed []string, groups []*group, asked []string) []*unit {
	var all []*unit
	for _, name := range changed {
		all = append(all, &unit{names: []string{name}, changed: []string{name}})
	}
	for _, g := range groups {
		joined := &unit{}
		rest := all[:0:0]
		for _, u := range all {
			if !slices.ContainsFunc(u.changed, func(name string) bool { return slices.Contains(g.names, name) }) {
				rest = append(rest, u)
				continue
			}
			joined.names = append(joined.names, u.names...)
			joined.changed = append(joined.changed, u.changed...)
			joined.groups = append(joined.groups, u.groups...)
		}
		if len(joined.changed) == 0 {
			continue
		}
		for _, name := range g.names {
			if slices.Contains(asked, name) {
				joined.names = append(joined.names, name)
			}
		}
		joined.groups = append(joined.groups, g)
		all = append(rest, joined)
	}
	for _, u := range all {
		slices.Sort(u.names)
		u.names = slices.Compact(u.names)
		slices.Sort(u.changed)
		slices.SortFunc(u.groups, func(a, b *group) int { return slices.Index(groups, a) - slices.Index(groups, b) })
	}
	return all
}

// call runs the callbacks of a unit. If one refuses, those before it are called with the former values again.
func (u *unit) call(ctx context.Context, former, next map[string]secret.Text) error {
	var ready []func(context.Context) error
	for _, g := range u.groups {
		apply, err := prepare(g, next)
		if err != nil {
			return err
		}
		ready = append(ready, apply)
	}
	for i, apply := range ready {
		err := guarded(ctx, apply)
		if err == nil {
			continue
		}
		for j := i - 1; j >= 0; j-- {
			back, failed := prepare(u.groups[j], former)
			if failed == nil {
				failed = guarded(ctx, back)
			}
			if failed != nil {
				err = errors.Join(err, fmt.Errorf("going back to the former value: %w", failed))
			}
		}
		return err
	}
	return nil
}

// prepare reads the values that the group is about; its names alone are passed on.
func prepare(g *group, values map[string]secret.Text) (apply func(context.Context) error, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the value's type panicked: %v", v)
		}
	}()
	own := map[string]secret.Text{}
	for _, name := range g.names {
		if v, ok := values[name]; ok {
			own[name] = v
		}
	}
	return g.prepare(own)
}

func guarded(ctx context.Context, apply func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the callback panicked: %v", v)
		}
	}()
	return apply(ctx)
}
