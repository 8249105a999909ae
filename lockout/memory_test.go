package lockout_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/lockout"
)

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Who makes up names fills no memory, and pushes out neither a lock nor an account that is nearly locked.
func TestMemoryIsBounded(t *testing.T) {
	const limit = 2 << 20
	before := heap()
	store := lockout.NewMemory(lockout.MemoryOptions{MaxBytes: limit})
	g := newGuard(t, lockout.Config{Store: store})
	alice := lockout.Attempt{Account: "alice", Client: evil}
	fail(t, g, 6, alice) // locked from there
	for i := range 19 {
		fail(t, g, 1, lockout.Attempt{Account: "bob", Client: bot(1 << 20 & i)}) // nearly locked, and not quite
	}
	for i := range 10_000 {
		body := strings.Repeat("x", 20_000) + fmt.Sprint("made up ", i) // a form of which the name is a part
		fail(t, g, 1, lockout.Attempt{Account: body[20_000:], Client: netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)})})
	}
	if after := heap(); after > before+2*limit {
		t.Errorf("%d bytes are in use after 10,000 made up names, with a limit of %d", after-before, limit)
	}
	if try := begin(t, g, alice); !try.Locked {
		t.Error("a lock is pushed out by made up names")
	}
	state, err := store.Load(t.Context(), lockout.AccountKey("bob"), time.Now())
	if err != nil || state.Failures < 5 {
		t.Errorf("%+v, %v: an account that is nearly locked is pushed out by made up names", state, err)
	}
	runtime.KeepAlive(store)
}

// Locks push out locks, or who causes enough of them would have nobody log in any more.
func TestMemoryFullOfLocks(t *testing.T) {
	store := lockout.NewMemory(lockout.MemoryOptions{MaxBytes: 64 << 10})
	g := newGuard(t, lockout.Config{Store: store})
	for i := range 500 {
		if n := fail(t, g, 6, lockout.Attempt{Account: fmt.Sprint("user", i), Client: bot(i)}); n != 5 {
			t.Fatalf("%d guesses at user%d are verified, want 5", n, i)
		}
	}
	entries, err := g.Locked(t.Context(), 1000)
	if err != nil || len(entries) < 50 || len(entries) > 400 {
		t.Errorf("%d locks are kept, %v", len(entries), err)
	}
	if !begin(t, g, lockout.Attempt{Account: "user499", Client: bot(499)}).Locked {
		t.Error("the latest lock is not kept")
	}
	verified := 0
	for i := range 200 {
		verified += fail(t, g, 1, lockout.Attempt{Account: "alice", Client: bot(1000 + i)})
	}
	if verified != 20 {
		t.Errorf("%d guesses at one account are verified when locks fill the memory, want 20", verified)
	}
	// One that has no room at all still answers.
	none := lockout.NewMemory(lockout.MemoryOptions{MaxBytes: 1})
	if _, err := none.Update(t.Context(), lockout.AccountKey("a"), time.Now(), func(lockout.State) lockout.State {
		return lockout.State{Failures: 1, Expires: time.Now().Add(time.Hour)}
	}); err != nil {
		t.Error(err)
	}
}

// What has expired is removed without a goroutine, by whoever comes next.
func TestMemoryForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which would wait for a goroutine for ever
		store := lockout.NewMemory(lockout.MemoryOptions{})
		g := newGuard(t, lockout.Config{Store: store})
		before := heap()
		for i := range 10_000 {
			fail(t, g, 1, lockout.Attempt{Account: fmt.Sprint("user", i), Client: bot(i)})
		}
		full := heap()
		time.Sleep(8 * time.Hour)
		fail(t, g, 1, lockout.Attempt{Account: "alice", Client: home})
		if after := heap(); full < before+2<<20 || after > before+(full-before)/2 {
			t.Errorf("%d bytes with 10,000 names, %d when they have expired", full-before, after-before)
		}
		runtime.KeepAlive(store)
	})
}

func BenchmarkBegin(b *testing.B) {
	g, err := lockout.New(lockout.Config{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		try, err := g.Begin(b.Context(), lockout.Attempt{Account: "alice", Client: bot(i)})
		if err != nil {
			b.Fatal(err)
		}
		if !try.Locked {
			_ = try.Succeed(b.Context())
		}
	}
}

func BenchmarkBeginParallel(b *testing.B) {
	g, err := lockout.New(lockout.Config{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	var mu sync.Mutex
	n := 0
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			mu.Lock()
			n++
			a := lockout.Attempt{Account: fmt.Sprint("user", n%100_000), Client: bot(n)}
			mu.Unlock()
			if _, err := g.Begin(b.Context(), a); err != nil {
				b.Error(err)
			}
		}
	})
}
