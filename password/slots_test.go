package password

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestSlotsQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		per := &typical{}
		per.add(time.Second)
		s := newSlots(2, 2*time.Second, per)
		must := func(want bool) {
			t.Helper()
			if err := s.acquire(t.Context()); (err == nil) != want {
				t.Fatalf("acquire: %v, want %t", err, want)
			}
		}
		must(true)
		must(true)
		var mu sync.Mutex
		var order []int
		var busy []error
		for i := range 5 { // four fit into the queue: two in each of the two seconds
			go func() {
				err := s.acquire(t.Context())
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					busy = append(busy, err)
					return
				}
				order = append(order, i)
			}()
			synctest.Wait()
		}
		if len(busy) != 1 {
			t.Fatalf("%d turned away at once, want 1", len(busy))
		}
		if b, ok := errors.AsType[*BusyError](busy[0]); !ok || b.RetryAfter != 3*time.Second {
			t.Errorf("%v, want 3s: four wait for two slots, and then it is our turn", busy[0])
		}
		s.release()
		s.release()
		synctest.Wait()
		if len(order) != 2 || order[0]+order[1] != 1 {
			t.Errorf("let in: %v, want the first two", order)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(busy) != 3 || len(order) != 2 || len(s.queue) != 0 {
			t.Errorf("after the wait: %d turned away, %v let in, %d waiting", len(busy), order, len(s.queue))
		}
		s.release()
		s.release()
		if s.free != 2 {
			t.Errorf("%d free, want 2", s.free)
		}
	})
}

func TestSlotsFollowTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1, time.Minute, &typical{})
		if err := s.acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { left <- s.acquire(ctx) }()
		synctest.Wait()
		in := make(chan error, 1)
		go func() { in <- s.acquire(t.Context()) }()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		s.release()
		if err := <-in; err != nil {
			t.Errorf("who waits behind one that left: %v", err)
		}
		s.release()
		if s.free != 1 || len(s.queue) != 0 {
			t.Errorf("%d free, %d waiting", s.free, len(s.queue))
		}
	})
}

// A turn that comes at the moment somebody leaves is not lost.
func TestSlotsLoseNoTurn(t *testing.T) {
	s := newSlots(3, time.Minute, &typical{})
	var wg sync.WaitGroup
	for range 2000 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if s.acquire(ctx) == nil {
				runtime.Gosched()
				s.release()
			}
		})
	}
	wg.Wait()
	if s.free != 3 || len(s.queue) != 0 {
		t.Errorf("%d free, %d waiting", s.free, len(s.queue))
	}
}

func TestBusyError(t *testing.T) {
	for each, want := range map[time.Duration]time.Duration{
		time.Millisecond: time.Second, 1600 * time.Millisecond: 2 * time.Second, time.Hour: time.Minute,
	} {
		s := newSlots(1, time.Second, &typical{})
		s.per.add(each)
		b, ok := errors.AsType[*BusyError](s.busy())
		if !ok || b.RetryAfter != want {
			t.Errorf("%s each: %v, want %s", each, b, want)
		}
	}
}

// fakeGC is a collector whose cycles are counted.
type fakeGC struct{ cycles, asked atomic.Uint64 }

func (g *fakeGC) meter(limit int64) *meter {
	m := newMeter(limit)
	m.cycles = g.cycles.Load
	m.collect = func() { g.asked.Add(1); g.cycles.Add(1) }
	return m
}

func TestMeterCountsGarbage(t *testing.T) {
	var gc fakeGC
	m := gc.meter(100)
	m.reserve(60)()
	m.reserve(40)()
	if gc.asked.Load() != 0 {
		t.Error("collected while there was room")
	}
	m.reserve(1)()
	if gc.asked.Load() != 1 {
		t.Errorf("collected %d times, want once: all is garbage", gc.asked.Load())
	}
	m.reserve(99)()
	gc.cycles.Add(1) // may have begun before the garbage was left
	m.reserve(50)()
	if gc.asked.Load() != 2 {
		t.Errorf("collected %d times, want twice", gc.asked.Load())
	}
	gc.cycles.Add(2)
	m.reserve(100)()
	if gc.asked.Load() != 2 {
		t.Errorf("collected %d times, want twice: it had been freed", gc.asked.Load())
	}
	m.reserve(0)()
	if m.used != 0 {
		t.Errorf("%d in use", m.used)
	}
}

// However many ask, what is in use and what is garbage are together never more than the limit.
func TestMeterHolds(t *testing.T) {
	var gc fakeGC
	m := gc.meter(100)
	var wg sync.WaitGroup
	var worst atomic.Int64
	for i := range 200 {
		wg.Go(func() {
			release := m.reserve(int64(1 + i%100))
			m.mu.Lock()
			worst.Store(max(worst.Load(), m.used+m.garbage()))
			m.mu.Unlock()
			release()
		})
	}
	wg.Wait()
	if worst.Load() > 100 || worst.Load() < 50 || m.used != 0 {
		t.Errorf("%d at most, %d at the end", worst.Load(), m.used)
	}
}

// A thousand logins at once: each is answered, with a verdict or with BusyError, and their memory stays in its bound. Without
// the bound they would take four gigabytes.
func TestThousandLogins(t *testing.T) {
	const limit, one, slack = 24 << 20, 4 << 20, 12 << 20 // without a bound it would be 64 hashes, 256 MiB
	cfg := Config{Argon2: Argon2{Memory: one >> 10, Time: 1, Parallel: 1}, Parallel: 64, Memory: limit, Wait: 300 * time.Millisecond,
		InsecureCheap: true, Logger: slog.New(slog.DiscardHandler)}
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := h.Hash(t.Context(), "secret")
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	before, stop, peak := heap(), make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		for {
			most = max(most, heap())
			select {
			case <-stop:
				peak <- most
				return
			default:
				runtime.Gosched()
			}
		}
	}()
	var right, busy, other atomic.Int64
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			v, err := h.Verify(t.Context(), "secret", encoded)
			_, turnedAway := errors.AsType[*BusyError](err)
			switch {
			case err == nil && v.OK:
				right.Add(1)
			case turnedAway:
				busy.Add(1)
			default:
				other.Add(1)
			}
		})
	}
	wg.Wait()
	close(stop)
	if most := <-peak; most > before+limit+slack {
		t.Errorf("%d MiB at most, %d before", most>>20, before>>20)
	} else {
		t.Logf("%d MiB at most, %d before; %d right, %d turned away", most>>20, before>>20, right.Load(), busy.Load())
	}
	if right.Load() == 0 || busy.Load() == 0 || other.Load() != 0 || right.Load()+busy.Load() != 1000 {
		t.Errorf("%d right, %d turned away, %d neither", right.Load(), busy.Load(), other.Load())
	}
	if h.slots.free != h.slots.all || h.memory.used != 0 {
		t.Errorf("%d of %d slots free, %d bytes in use", h.slots.free, h.slots.all, h.memory.used)
	}
}

// heap returns the bytes of objects, live or not yet freed.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func TestParallelFitsIntoMemory(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Config
		want int
	}{
		"as many as were asked for": {Config{Parallel: 5}, 5},
		"as many as fit":            {Config{Parallel: 50}, 13},
		"Django's argon2":           {Config{Preset: Django52, Hashers: []string{"argon2"}, Parallel: 5}, 2},
		"PBKDF2 takes none":         {Config{Preset: Django52, Parallel: 50}, 50},
		"one less than processors":  {Config{}, max(1, min(13, runtime.GOMAXPROCS(0)-1))},
	} {
		h, err := New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if h.slots.all != c.want {
			t.Errorf("%s: %d, want %d", name, h.slots.all, c.want)
		}
	}
}

func TestBytes(t *testing.T) {
	for text, want := range map[string]Bytes{"0": 0, "268435456": 256 << 20, "256MiB": 256 << 20, " 1 gib ": 1 << 30, "19456KiB": 19 << 20, "7B": 7} {
		var b Bytes
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%q: %d, %v; want %d", text, b, err, want)
		}
		var again Bytes
		if err := again.UnmarshalText([]byte(b.String())); err != nil || again != b {
			t.Errorf("%q becomes %q, %v", text, b, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5MiB", "1e9", "99999999999GiB", "9999999999999999999999", "1TiB"} {
		var b Bytes
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %d", text, b)
		}
	}
}
