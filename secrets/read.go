package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/settings"
)

const (
	maxValue  = 1 << 20
	maxAtOnce = 4                      // calls of one source; those that hang count
	lastWords = 100 * time.Millisecond // what a source has to say why it ended, when its time is up
)

// source is one of the URLs.
type source struct {
	settings.Source
	place string // the URL, as it may be shown
	label string // with the variable: "AIRWORTHY_SECRETS[0] vault://vault.example:8200/app"
	slots chan struct{}

	// guarded by the keeper's mu
	success  time.Time // of the last reading without an error
	since    time.Time // of the first failure after it
	failures int       // in a row
	problem  string
}

// read is a value with where it was found.
type read struct {
	settings.Value
	source *source
}

// reading is what all sources together said once.
type reading struct {
	values  map[string]read
	failed  map[string]bool // names of which nobody knows
	errs    []error
	sources int // that answered
}

func (r reading) err() error { return errors.Join(r.errs...) }

// read asks the sources, each for what those before it lack. Of a source that fails nobody knows what it has: a later
// one is asked only for names that were found there, or further on, the last time; at the start for all of them, so
// that everything that is wrong is said at once. Each source is asked under a context that within makes
// of ctx; what fails because ctx itself has ended is no fault of a source.
func (k *Keeper) read(ctx context.Context, sources []*source, names []string, before map[string]*source,
	within func() (context.Context, context.CancelFunc)) reading {
	r := reading{values: map[string]read{}, failed: map[string]bool{}}
	for i, s := range sources {
		var missing []string
		for _, name := range names {
			if _, found := r.values[name]; !found && !r.failed[name] {
				missing = append(missing, name)
			}
		}
		if len(missing) == 0 {
			break
		}
		limited, cancel := within()
		values, err := k.ask(limited, s, missing)
		cancel()
		whole, faults := k.take(&r, s, missing, values, err)
		if ctx.Err() == nil {
			k.judge(s, errors.Join(faults...))
		}
		if !whole {
			r.sources++
			continue
		}
		for _, name := range missing {
			_, found := r.values[name]
			if before != nil && !found && slices.Index(sources, before[name]) <= i {
				r.failed[name] = true
			}
		}
	}
	return r
}

// take enters what one source said, and returns whether it failed as a whole, and its errors.
func (k *Keeper) take(r *reading, s *source, asked []string, values map[string]settings.Value, err error) (whole bool, faults []error) {
	fail := func(name string, f *settings.Fault) {
		r.failed[name] = true
		faults = append(faults, f)
	}
	for _, name := range asked { // all of them before the first is cleaned: what is said of one may hold another
		if v, ok := values[name]; ok {
			k.remember(name, v.Text)
		}
	}
	for _, name := range asked {
		v, ok := values[name]
		if !ok {
			continue
		}
		v.Version, v.Origin = k.clean(v.Version), k.clean(v.Origin)
		if v.Origin == "" {
			v.Origin = s.place
		}
		switch {
		case len(v.Text) > maxValue:
			fail(name, &settings.Fault{Variable: name, Origin: v.Origin, Rule: "is larger than 1 MiB", Remedy: "give the right secret"})
		case strings.ContainsRune(v.Text, 0):
			fail(name, &settings.Fault{Variable: name, Origin: v.Origin, Rule: "holds a NUL byte", Remedy: "give text"})
		default:
			r.values[name] = read{v, s}
		}
	}
	for _, e := range split(err) {
		f, ok := errors.AsType[*settings.Fault](e)
		if ok && f.Variable != "" {
			fail(f.Variable, &settings.Fault{Variable: f.Variable, Origin: k.clean(f.Origin), Rule: k.clean(f.Rule), Remedy: k.clean(f.Remedy)})
			delete(r.values, f.Variable)
			continue
		}
		whole = true
		faults = append(faults, k.failure(s, e))
	}
	for name, v := range r.values {
		if whole && v.source == s { // half of what it has is a torn rotation
			delete(r.values, name)
		}
	}
	r.errs = append(r.errs, faults...)
	return whole, faults
}

// split returns the errors that were joined to err.
func split(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, split(e)...)
	}
	return all
}

// ask calls one source, in a goroutine of its own: whatever it does, the keeper goes on when ctx ends.
func (k *Keeper) ask(ctx context.Context, s *source, names []string) (map[string]settings.Value, error) {
	return call(ctx, s, func() (map[string]settings.Value, error) { return s.Lookup(ctx, slices.Clone(names)) })
}

func call(ctx context.Context, s *source, f func() (map[string]settings.Value, error)) (map[string]settings.Value, error) {
	type result struct {
		values map[string]settings.Value
		err    error
	}
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("is still busy with what it was asked before: %w", ctx.Err())
	}
	results := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if v := recover(); v != nil {
				r = result{err: fmt.Errorf("panicked: %v", v)}
			}
			<-s.slots
			results <- r
		}()
		values, err := f()
		r = result{maps.Clone(values), err}
	}()
	select {
	case r := <-results:
		return r.values, r.err
	case <-ctx.Done():
	}
	late := time.NewTimer(lastWords)
	defer late.Stop()
	select {
	case r := <-results:
		return r.values, r.err
	case <-late.C:
		return nil, ctx.Err()
	}
}

// failure is why a source as a whole could not be read. It holds no value and none of the source's own errors, which
// might; only what callers look for can be found in it.
type failure struct {
	text  string
	cause error // context.Canceled, context.DeadlineExceeded, settings.ErrConflict or nil
}

func (f *failure) Error() string { return "secrets: " + f.text }
func (f *failure) Unwrap() error { return f.cause }

// failure says with the source's label why it failed.
func (k *Keeper) failure(s *source, err error) *failure {
	said := k.clean(err.Error())
	if head, rest, ok := strings.Cut(strings.TrimPrefix(said, "settings: "), ": "); ok && strings.HasSuffix(s.place, head) {
		said = rest // the label names the file already
	}
	f := &failure{text: s.label + ": " + said}
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded, settings.ErrConflict} {
		if errors.Is(err, cause) {
			f.cause = cause
			break
		}
	}
	if f.cause == context.DeadlineExceeded {
		f.text = fmt.Sprintf("%s: did not answer within %v: %s", s.label, k.cfg.Timeout, said)
	}
	return f
}
