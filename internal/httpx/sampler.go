package httpx

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// Sampler keeps a flood of like events out of the log: of each kind it lets some pass in each window of time and
// counts the others. It is safe for concurrent use.
type Sampler struct {
	every       time.Duration
	each, kinds int
	seed        maphash.Seed
	start       time.Time

	// What a flood reads and writes, without the lock.
	until    atomic.Int64 // the end of the window, in nanoseconds since start
	unlogged atomic.Uint64
	spent    [64]atomic.Uint64 // by their last bits, kinds of which no more pass in this window; 0 is none

	mu    sync.Mutex
	taken map[uint64]int
}

// NewSampler returns a Sampler that lets pass each events of a kind in every window, and no more than that many kinds.
func NewSampler(every time.Duration, each, kinds int) *Sampler {
	return &Sampler{every: every, each: each, kinds: kinds, seed: maphash.MakeSeed(), start: time.Now(),
		taken: map[uint64]int{}}
}

// Take reports whether one more event is to be logged, and how many have not been since the last that was. What
// describes its kind may come from a client: it is kept as a hash, so that nothing of it stays in memory.
func (s *Sampler) Take(kind ...string) (unlogged uint64, ok bool) {
	sum := s.hash(kind)
	now := int64(time.Since(s.start))
	if now < s.until.Load() && s.slot(sum).Load() == sum || !s.take(sum, now) {
		s.unlogged.Add(1)
		return 0, false
	}
	return s.unlogged.Swap(0), true
}

// slot is where a kind stands once it is spent. One that takes another's place costs the other the lock.
func (s *Sampler) slot(sum uint64) *atomic.Uint64 { return &s.spent[sum>>1%uint64(len(s.spent))] }

// take reports whether one more event of a kind passes, and counts it.
func (s *Sampler) take(sum uint64, now int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now >= s.until.Load() {
		s.begin(now)
	}
	n, known := s.taken[sum]
	switch {
	case !known && len(s.taken) >= s.kinds:
		return false
	case n >= s.each:
		s.slot(sum).Store(sum)
		return false
	}
	s.taken[sum] = n + 1
	return true
}

// begin begins a window.
func (s *Sampler) begin(now int64) {
	clear(s.taken)
	for i := range s.spent {
		s.spent[i].Store(0)
	}
	s.until.Store(now + int64(s.every))
}

// hash tells kinds apart, and is never 0; the seed keeps clients from choosing two that are not told apart.
func (s *Sampler) hash(kind []string) (sum uint64) {
	for _, part := range kind {
		sum = (sum ^ maphash.String(s.seed, part)) * 0x9e3779b97f4a7c15 // odd: nothing is lost; "a", "b" is not "b", "a"
	}
	return sum | 1
}
