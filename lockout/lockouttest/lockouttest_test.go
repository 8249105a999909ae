package lockouttest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/lockout/lockouttest"
)

func newMemory() *lockout.Memory { return lockout.NewMemory(lockout.MemoryOptions{}) }

func Example() {
	// In a file of tests:
	_ = func(t *testing.T) {
		lockouttest.TestStore(t, func(*testing.T) lockout.Store { return lockout.NewMemory(lockout.MemoryOptions{}) })
	}
	// Output:
}

func TestAGoodStorePasses(t *testing.T) {
	lockouttest.TestStore(t, func(*testing.T) lockout.Store { return newMemory() })
}

// A change may be called more than once, as stores do that try again.
func TestAStoreThatTriesAgainPasses(t *testing.T) {
	lockouttest.TestStore(t, func(*testing.T) lockout.Store {
		m := newMemory()
		return &fault{Memory: m, update: func(m *lockout.Memory, key lockout.Key, now time.Time, change change) (lockout.State, error) {
			return m.Update(bg, key, now, func(s lockout.State) lockout.State {
				_ = change(lockout.State{Failures: 999, Leaked: now, Last: now, Until: now.Add(time.Hour), Expires: now.Add(time.Hour)})
				return change(s)
			})
		}}
	})
}

type change = func(lockout.State) lockout.State

// fault is a store with one mistake, made by whichever of the functions is set.
type fault struct {
	*lockout.Memory
	update func(m *lockout.Memory, key lockout.Key, now time.Time, change change) (lockout.State, error)
	load   func(m *lockout.Memory, key lockout.Key, now time.Time) (lockout.State, error)
	remove func(m *lockout.Memory, key lockout.Key) error
	locked func(m *lockout.Memory, now time.Time, limit int) ([]lockout.Entry, error)
	key    func(lockout.Key) lockout.Key
}

var bg = context.Background()

func (f *fault) named(key lockout.Key) lockout.Key {
	if f.key != nil {
		return f.key(key)
	}
	return key
}

func (f *fault) Update(ctx context.Context, key lockout.Key, now time.Time, change func(lockout.State) lockout.State) (lockout.State, error) {
	key = f.named(key)
	if f.update != nil && ctx.Err() == nil {
		return f.update(f.Memory, key, now, change)
	}
	return f.Memory.Update(ctx, key, now, change)
}

func (f *fault) Load(ctx context.Context, key lockout.Key, now time.Time) (lockout.State, error) {
	key = f.named(key)
	if f.load != nil {
		return f.load(f.Memory, key, now)
	}
	return f.Memory.Load(ctx, key, now)
}

func (f *fault) Delete(ctx context.Context, key lockout.Key) error {
	key = f.named(key)
	if f.remove != nil {
		return f.remove(f.Memory, key)
	}
	return f.Memory.Delete(ctx, key)
}

func (f *fault) Locked(ctx context.Context, now time.Time, limit int) ([]lockout.Entry, error) {
	if f.locked != nil {
		return f.locked(f.Memory, now, limit)
	}
	return f.Memory.Locked(ctx, now, limit)
}

// altered stores what alter makes of each new state.
func altered(alter func(*lockout.State)) fault {
	return fault{update: func(m *lockout.Memory, key lockout.Key, now time.Time, change change) (lockout.State, error) {
		return m.Update(bg, key, now, func(s lockout.State) lockout.State {
			if s = change(s); s != (lockout.State{}) {
				alter(&s)
			}
			return s
		})
	}}
}

// renamed keeps what alter makes of each subject.
func renamed(alter func(string) string) fault {
	return fault{key: func(k lockout.Key) lockout.Key { return lockout.Key{Kind: k.Kind, Subject: alter(k.Subject)} }}
}

var writer sync.Mutex

// faults are the mistakes that stores make, each with a test that has to find it.
var faults = []struct {
	name, found string
	fault       fault
}{
	{"seconds", "a state comes back as it was stored", altered(func(s *lockout.State) { s.Last = s.Last.Truncate(time.Second) })},
	{"no Leaked", "a state comes back as it was stored", altered(func(s *lockout.State) { s.Leaked = s.Last })},
	{"no reason", "a state comes back as it was stored", altered(func(s *lockout.State) { s.Reason = "" })},
	{"1970", "a state comes back as it was stored", altered(func(s *lockout.State) {
		if s.Locked.IsZero() {
			s.Locked = time.Unix(0, 0)
		}
	})},
	{"zone", "a state comes back as it was stored", altered(func(s *lockout.State) {
		l := s.Last
		s.Last = time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), time.UTC)
	})},
	{"read, then write", "of a thousand updates at once none is lost", fault{
		update: func(m *lockout.Memory, key lockout.Key, now time.Time, change change) (lockout.State, error) {
			s, _ := m.Load(bg, key, now)
			s = change(s)
			time.Sleep(time.Microsecond)
			return m.Update(bg, key, now, func(lockout.State) lockout.State { return s })
		}}},
	{"stale answer", "of a thousand updates at once none is lost", fault{
		update: func(m *lockout.Memory, key lockout.Key, now time.Time, change change) (lockout.State, error) {
			if _, err := m.Update(bg, key, now, change); err != nil {
				return lockout.State{}, err
			}
			time.Sleep(time.Microsecond)
			return m.Load(bg, key, now)
		}}},
	{"never expires", "what has expired is as if it had never been", altered(func(s *lockout.State) { s.Expires = s.Expires.Add(time.Hour) })},
	{"keeps zero states", "a zero state is forgotten", fault{
		update: func(m *lockout.Memory, key lockout.Key, now time.Time, change change) (lockout.State, error) {
			s, _ := m.Load(bg, key, now)
			if s = change(s); s == (lockout.State{}) {
				return s, nil
			}
			return m.Update(bg, key, now, func(lockout.State) lockout.State { return s })
		}}},
	{"delete keeps", "what is deleted is gone, and may be deleted again", fault{remove: func(*lockout.Memory, lockout.Key) error { return nil }}},
	{"delete of nothing is an error", "what is deleted is gone, and may be deleted again", fault{remove: func(m *lockout.Memory, key lockout.Key) error {
		if s, _ := m.Load(bg, key, time.Now()); s == (lockout.State{}) {
			return errors.New("nothing there")
		}
		return m.Delete(bg, key)
	}}},
	{"fails under contention", "deleting and updating at once breaks nothing", fault{
		update: func(m *lockout.Memory, key lockout.Key, now time.Time, change change) (lockout.State, error) {
			if !writer.TryLock() {
				return lockout.State{}, errors.New("could not serialize access")
			}
			defer writer.Unlock()
			time.Sleep(time.Microsecond)
			return m.Update(bg, key, now, change)
		}}},
	{"case", "subjects may be anything", renamed(strings.ToLower)},
	{"spaces", "subjects may be anything", renamed(strings.TrimSpace)},
	{"C strings", "subjects may be anything", renamed(func(s string) string { s, _, _ = strings.Cut(s, "\x00"); return s })},
	{"valid UTF-8", "subjects may be anything", renamed(func(s string) string { return strings.ToValidUTF8(s, "?") })},
	{"255 bytes", "subjects may be anything", renamed(func(s string) string { return s[:min(len(s), 255)] })},
	{"one kind", "kinds are told apart", fault{key: func(k lockout.Key) lockout.Key { return lockout.Key{Kind: "any", Subject: k.Subject} }}},
	{"joined keys", "kinds are told apart", fault{key: func(k lockout.Key) lockout.Key {
		return lockout.Key{Kind: "", Subject: string(k.Kind) + ":" + k.Subject}
	}}},
	{"oldest first", "locks are listed, the latest first, up to a limit", fault{
		locked: func(m *lockout.Memory, now time.Time, limit int) ([]lockout.Entry, error) {
			all, err := m.Locked(bg, now, limit)
			slices.Reverse(all)
			return all, err
		}}},
	{"limit of those that end last", "locks are listed, the latest first, up to a limit", fault{
		locked: func(m *lockout.Memory, now time.Time, limit int) ([]lockout.Entry, error) {
			all, err := m.Locked(bg, now, 1000)
			slices.SortFunc(all, func(a, b lockout.Entry) int { return b.Until.Compare(a.Until) })
			return all[:max(0, min(limit, len(all)))], err
		}}},
	{"lists what has ended", "what is unlocked is listed no more", fault{
		locked: func(m *lockout.Memory, now time.Time, limit int) ([]lockout.Entry, error) {
			return m.Locked(bg, now.Add(-2*time.Second), limit)
		}}},
	{"ignores the context", "who does not wait any more gets an error and changes nothing", fault{
		load: func(m *lockout.Memory, key lockout.Key, now time.Time) (lockout.State, error) {
			return m.Load(bg, key, now)
		}}},
}

const variable = "AIRWORTHY_LOCKOUTTEST_FAULT"

// TestFaultyStore is what TestFaultsAreFound runs, in a process of its own that is to fail.
func TestFaultyStore(t *testing.T) {
	for _, row := range faults {
		if row.name == os.Getenv(variable) {
			lockouttest.TestStore(t, func(*testing.T) lockout.Store {
				f := row.fault
				f.Memory = newMemory()
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
			want := regexp.MustCompile(`--- FAIL: TestFaultyStore/` + regexp.QuoteMeta(strings.ReplaceAll(row.found, " ", "_")))
			if !want.Match(out) {
				t.Errorf("the failure is not of %q:\n%s", row.found, out)
			}
		})
	}
}
