package accountstest_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/accounts/accountstest"
)

type factor = accounts.Factor

// faultyFactors is a store with one mistake, made by whichever of the functions is set.
type faultyFactors struct {
	*memory
	of     func(m *memory, user string) ([]factor, error)
	add    func(m *memory, f factor) (factor, error)
	update func(m *memory, f factor) (factor, error)
	remove func(m *memory, user, id string) error
	all    func(m *memory, after string, limit int) ([]factor, error)
}

func (s *faultyFactors) Factors(ctx context.Context, user string) ([]factor, error) {
	if s.of != nil {
		return s.of(s.memory, user)
	}
	return s.memory.Factors(ctx, user)
}

func (s *faultyFactors) AddFactor(ctx context.Context, f factor) (factor, error) {
	if s.add != nil {
		return s.add(s.memory, f)
	}
	return s.memory.AddFactor(ctx, f)
}

func (s *faultyFactors) UpdateFactor(ctx context.Context, f factor) (factor, error) {
	if s.update != nil {
		return s.update(s.memory, f)
	}
	return s.memory.UpdateFactor(ctx, f)
}

func (s *faultyFactors) DeleteFactor(ctx context.Context, user, id string) error {
	if s.remove != nil {
		return s.remove(s.memory, user, id)
	}
	return s.memory.DeleteFactor(ctx, user, id)
}

func (s *faultyFactors) AllFactors(ctx context.Context, after string, limit int) ([]factor, error) {
	if s.all != nil {
		return s.all(s.memory, after, limit)
	}
	return s.memory.AllFactors(ctx, after, limit)
}

// stored returns the factor of that ID, whosever it is.
func stored(m *memory, id string) factor {
	all, _ := m.AllFactors(bg, "", 10_000)
	for _, f := range all {
		if f.ID == id {
			return f
		}
	}
	return factor{}
}

// newest updates a factor whatever version the caller has.
func newest(m *memory, f factor) (factor, error) {
	for {
		f.Version = stored(m, f.ID).Version
		if next, err := m.UpdateFactor(bg, f); !errors.Is(err, accounts.ErrConflict) {
			return next, err
		}
	}
}

// factorFaults are the mistakes that stores of factors make, each with a test that has to find it.
var factorFaults = []struct {
	name, found string
	fault       faultyFactors
}{
	{"zero-bytes-end-data", "a factor comes back as it was added", faultyFactors{
		add: func(m *memory, f factor) (factor, error) {
			f.Data, _, _ = bytes.Cut(f.Data, []byte{0})
			return m.AddFactor(bg, f)
		}}},
	{"a-small-column", "a factor comes back as it was added", faultyFactors{
		add: func(m *memory, f factor) (factor, error) {
			f.Data = f.Data[:min(len(f.Data), 65_535)]
			return m.AddFactor(bg, f)
		}}},
	{"data-is-text", "a factor comes back as it was added", faultyFactors{
		add: func(m *memory, f factor) (factor, error) {
			f.Data = bytes.ToValidUTF8(f.Data, []byte("?"))
			return m.AddFactor(bg, f)
		}}},
	{"confirmed-ones-only", "a factor comes back as it was added", faultyFactors{
		of: func(m *memory, user string) ([]factor, error) {
			all, err := m.Factors(bg, user)
			return slices.DeleteFunc(all, func(f factor) bool { return !f.Confirmed }), err
		}}},
	{"newest-first", "the oldest factor comes first", faultyFactors{
		of: func(m *memory, user string) ([]factor, error) {
			all, err := m.Factors(bg, user)
			slices.Reverse(all)
			return all, err
		}}},
	{"updates-anybody's", "nobody reaches another user's factors", faultyFactors{
		update: func(m *memory, f factor) (factor, error) {
			f.User = stored(m, f.ID).User
			return m.UpdateFactor(bg, f)
		}}},
	{"deletes-anybody's", "nobody reaches another user's factors", faultyFactors{
		remove: func(m *memory, _, id string) error { return m.DeleteFactor(bg, stored(m, id).User, id) }}},
	{"no-versions", "an update replaces what it may if the version", faultyFactors{update: newest}},
	{"read-then-write", "of many updates of one version one wins", faultyFactors{
		update: func(m *memory, f factor) (factor, error) {
			if stored(m, f.ID).Version != f.Version {
				return m.UpdateFactor(bg, f)
			}
			time.Sleep(time.Millisecond) // as a round trip takes
			return newest(m, f)
		}}},
	{"forgets-use", "an update replaces what it may if the version", faultyFactors{
		update: func(m *memory, f factor) (factor, error) {
			f.Used = time.Time{}
			return m.UpdateFactor(bg, f)
		}}},
	{"makes-what-it-cannot-update", "a deleted factor is gone", faultyFactors{
		update: func(m *memory, f factor) (factor, error) {
			if stored(m, f.ID).ID == "" {
				return m.AddFactor(bg, f)
			}
			return m.UpdateFactor(bg, f)
		}}},
	{"deletes-nothing", "a deleted factor is gone", faultyFactors{
		remove: func(m *memory, user, id string) error { return ignore(m.DeleteFactor(bg, user, id)) }}},
	{"one-page", "all factors are listed and each once", faultyFactors{
		all: func(m *memory, after string, limit int) ([]factor, error) {
			if after != "" {
				return nil, nil
			}
			return m.AllFactors(bg, after, limit)
		}}},
	{"pages-by-place", "all factors are listed while they change", faultyFactors{
		all: func(m *memory, after string, limit int) ([]factor, error) {
			all, err := m.AllFactors(bg, "", 10_000)
			if i := slices.IndexFunc(all, func(f factor) bool { return f.ID == after }); i >= 0 {
				all = all[i+1:]
			}
			return all[:max(0, min(limit, len(all)))], err // begins anew where the last one is gone
		}}},
	{"prefixes", "text that no factor has", faultyFactors{
		of: func(m *memory, user string) ([]factor, error) { return m.Factors(bg, cut(user)) }}},
	{"keeps-a-gigabyte", "a factor that cannot be kept is refused", faultyFactors{
		add: func(m *memory, f factor) (factor, error) {
			f.Data = f.Data[:min(len(f.Data), 64<<10)]
			return m.AddFactor(bg, f)
		}}},
	{"keeps-the-caller's-bytes", "the store does not keep the caller's bytes", keeping(map[string][]byte{})},
	{"none-when-it-cannot-look", "a store that cannot look", faultyFactors{}},
}

// keeping returns a store that returns the very bytes that it was given, if they are few.
func keeping(held map[string][]byte) faultyFactors {
	return faultyFactors{
		add: func(m *memory, f factor) (factor, error) {
			got, err := m.AddFactor(bg, f)
			if 0 < len(f.Data) && len(f.Data) < 10 {
				held[got.ID] = f.Data
			}
			return got, err
		},
		of: func(m *memory, user string) ([]factor, error) {
			all, err := m.Factors(bg, user)
			for i, f := range all {
				if data, ok := held[f.ID]; ok {
					all[i].Data = data
				}
			}
			return all, err
		},
	}
}

// endedFactors is a store that takes an ended context for an empty table.
type endedFactors struct{ *faultyFactors }

func (e endedFactors) Factors(ctx context.Context, user string) ([]factor, error) {
	if ctx.Err() != nil {
		return nil, nil
	}
	return e.faultyFactors.Factors(ctx, user)
}

// TestFaultyFactors is run by TestFaultsOfFactorsAreFound, in a process of its own.
func TestFaultyFactors(t *testing.T) {
	for _, row := range factorFaults {
		if row.name != os.Getenv(variable) {
			continue
		}
		accountstest.TestFactors(t, func(t *testing.T) (accounts.FactorStore, []string) {
			f := row.fault
			f.memory = accounts.NewMemory()
			users := twoUsers(t, f.memory)
			if row.name == "none-when-it-cannot-look" {
				return endedFactors{&f}, users
			}
			return &f, users
		})
	}
}

func TestFaultsOfFactorsAreFound(t *testing.T) {
	for _, row := range factorFaults {
		t.Run(row.name, func(t *testing.T) { wantFound(t, "TestFaultyFactors", row.name, row.found) })
	}
}
