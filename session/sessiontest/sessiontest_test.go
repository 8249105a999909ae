package sessiontest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/session/sessiontest"
)

func newMemory(t *testing.T) *session.Memory {
	m := session.NewMemory(session.MemoryOptions{})
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func Example() {
	// In a file of tests:
	_ = func(t *testing.T) {
		sessiontest.TestStore(t, func(t *testing.T) session.Store {
			store := session.NewMemory(session.MemoryOptions{})
			t.Cleanup(func() { _ = store.Close() })
			return store
		})
	}
	// Output:
}

func TestAGoodStorePasses(t *testing.T) {
	sessiontest.TestStore(t, func(t *testing.T) session.Store { return newMemory(t) })
	sessiontest.TestCookieStore(t, func(t *testing.T) session.Store {
		ring, err := keyring.New(keyring.Config{Key: keyring.Generate()})
		if err != nil {
			t.Fatal(err)
		}
		return session.NewCookie(ring)
	})
}

// fault is a store with one mistake, made by whichever of the functions is set.
type fault struct {
	*session.Memory
	load   func(m *session.Memory, token string, rec session.Record, err error) (session.Record, error)
	save   func(m *session.Memory, token string, rec *session.Record) (string, error)
	remove func(m *session.Memory, token string) error
	touch  func(m *session.Memory, token string, seen, expires time.Time) error
	list   func(m *session.Memory, user string) ([]session.Entry, error)
	others func(m *session.Memory, user, keep string) (int, error)
	entry  func(m *session.Memory, user, id string) error
	clean  func(m *session.Memory, now time.Time) (int, error)
}

var bg = context.Background()

func (f *fault) Load(ctx context.Context, token string) (session.Record, error) {
	rec, err := f.Memory.Load(ctx, token)
	if f.load != nil {
		return f.load(f.Memory, token, rec, err)
	}
	return rec, err
}

func (f *fault) Save(ctx context.Context, token string, rec *session.Record) (string, error) {
	if f.save != nil {
		return f.save(f.Memory, token, rec)
	}
	return f.Memory.Save(ctx, token, rec)
}

func (f *fault) Delete(ctx context.Context, token string) error {
	if f.remove != nil {
		return f.remove(f.Memory, token)
	}
	return f.Memory.Delete(ctx, token)
}

func (f *fault) Touch(ctx context.Context, token string, seen, expires time.Time) error {
	if f.touch != nil {
		return f.touch(f.Memory, token, seen, expires)
	}
	return f.Memory.Touch(ctx, token, seen, expires)
}

func (f *fault) ListByUser(ctx context.Context, user string, now time.Time) ([]session.Entry, error) {
	if f.list != nil {
		return f.list(f.Memory, user)
	}
	return f.Memory.ListByUser(ctx, user, now)
}

func (f *fault) DeleteByUser(ctx context.Context, user, keep string) (int, error) {
	if f.others != nil {
		return f.others(f.Memory, user, keep)
	}
	return f.Memory.DeleteByUser(ctx, user, keep)
}

func (f *fault) DeleteEntry(ctx context.Context, user, id string) error {
	if f.entry != nil {
		return f.entry(f.Memory, user, id)
	}
	return f.Memory.DeleteEntry(ctx, user, id)
}

func (f *fault) DeleteExpired(ctx context.Context, now time.Time) (int, error) {
	if f.clean != nil {
		return f.clean(f.Memory, now)
	}
	return f.Memory.DeleteExpired(ctx, now)
}

// upsert saves as Memory does and makes a session where there is none.
func upsert(m *session.Memory, token string, rec *session.Record) (string, error) {
	saved, err := m.Save(bg, token, rec)
	if errors.Is(err, session.ErrNotFound) {
		return m.Save(bg, "", rec)
	}
	return saved, err
}

// faults are the mistakes that stores make, each with a test that has to find it.
var faults = []struct {
	name, found string
	fault       fault
}{
	{"upsert", "saving under a token replaces what was there", fault{save: upsert}},
	{"upsert-race", "a deleted session is gone", fault{save: upsert}},
	{"insert-only", "saving under a token replaces what was there", fault{
		save: func(m *session.Memory, _ string, rec *session.Record) (string, error) { return m.Save(bg, "", rec) }}},
	{"deaf-delete", "a deleted session stays deleted", fault{remove: func(*session.Memory, string) error { return nil }}},
	{"delete-of-nothing", "a deleted session is gone", fault{
		remove: func(m *session.Memory, token string) error { _ = m.Delete(bg, token); return nil }}},
	{"loses-user", "a session comes back as it was saved", fault{
		load: func(_ *session.Memory, _ string, rec session.Record, err error) (session.Record, error) {
			rec.User = ""
			return rec, err
		}}},
	{"longer-life", "an expired session is not found", fault{
		load: func(_ *session.Memory, _ string, rec session.Record, err error) (session.Record, error) {
			rec.Expires = rec.Expires.Add(time.Hour)
			return rec, err
		}}},
	{"nothing-is-no-error", "a token that the store did not make finds nothing", fault{
		load: func(_ *session.Memory, _ string, rec session.Record, _ error) (session.Record, error) {
			return rec, nil
		}}},
	{"touch-makes", "use is noted", fault{
		touch: func(m *session.Memory, token string, seen, expires time.Time) error {
			_ = m.Touch(bg, token, seen, expires)
			return nil
		}}},
	{"lists-nobody", "a user's sessions are listed", fault{
		list: func(*session.Memory, string) ([]session.Entry, error) { return nil, nil }}},
	{"lists-expired", "a user's sessions are listed", fault{
		list: func(m *session.Memory, user string) ([]session.Entry, error) {
			return m.ListByUser(bg, user, time.Time{})
		}}},
	{"keeps-none", "a user's sessions are ended", fault{
		others: func(m *session.Memory, user, _ string) (int, error) { return m.DeleteByUser(bg, user, "") }}},
	{"anybodys-entry", "one of a user's sessions is ended", fault{
		entry: func(m *session.Memory, user, id string) error {
			return errors.Join(m.DeleteEntry(bg, "alice", id), m.DeleteEntry(bg, "bob", id))
		}}},
	{"cleans-nothing", "cleaning up", fault{clean: func(*session.Memory, time.Time) (int, error) { return 0, nil }}},
	{"cleans-all", "cleaning up", fault{
		clean: func(m *session.Memory, now time.Time) (int, error) {
			return m.DeleteExpired(bg, now.Add(time.Hour*24*365))
		}}},
}

const variable = "AIRWORTHY_SESSIONTEST_FAULT"

// TestFaultyStore is run by TestFaultsAreFound, in a process of its own.
func TestFaultyStore(t *testing.T) {
	for _, row := range faults {
		if row.name == os.Getenv(variable) {
			sessiontest.TestStore(t, func(t *testing.T) session.Store {
				f := row.fault
				f.Memory = newMemory(t)
				return &f
			})
		}
	}
}

func TestFaultsAreFound(t *testing.T) {
	for _, row := range faults {
		t.Run(row.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFaultyStore$")
			cmd.Env = append(os.Environ(), variable+"="+row.name)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("the tests pass: %v", err)
			}
			want := regexp.MustCompile(`--- FAIL: TestFaultyStore/` + regexp.QuoteMeta(underscored(row.found)))
			if !want.Match(out) {
				t.Errorf("the failure is not of %q:\n%s", row.found, out)
			}
		})
	}
}

// underscored returns a test's name as package testing writes it.
func underscored(s string) string { return regexp.MustCompile(` `).ReplaceAllString(s, "_") }
