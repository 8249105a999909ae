package httpx

import (
	"hash/maphash"
	"sync"
	"time"
)

// Sampler keeps a flood of like events out of the log: of each kind it lets some pass in each window of time and
// counts the others. It is safe for concurrent use.
type Sampler struct {
	every       time.Duration
	each, kinds int
	seed        maphash.Seed

	mu       sync.Mutex
	until    time.Time // the end of the window
	taken    map[uint64]int
	unlogged uint64
}

// NewSampler returns a Sampler that lets pass each events of a kind in every window, and no more than that many kinds.
func NewSampler(every time.Duration, each, kinds int) *Sampler {
	return &Sampler{every: every, each: each, kinds: kinds, seed: maphash.MakeSeed(), taken: map[uint64]int{}}
}

// Take reports whether one more event is to be logged, and how many have not been since the last that was. What
// describes its kind may come from a client: it is kept as a hash, so that nothing of it stays in memory.
func (s *Sampler) Take(kind ...string) (unlogged uint64, ok bool) {
	sum := s.hash(kind)
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); !now.Before(s.until) {
		s.until = now.Add(s.every)
		clear(s.taken)
	}
	n, known := s.taken[sum]
	if n >= s.each || !known && len(s.taken) >= s.kinds {
		s.unlogged++
		return 0, false
	}
	s.taken[sum] = n + 1
	unlogged, s.unlogged = s.unlogged, 0
	return unlogged, true
}

// hash tells kinds apart; the seed keeps clients from choosing two that are not told apart.
func (s *Sampler) hash(kind []string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, part := range kind {
		_, _ = h.WriteString(part)
		_ = h.WriteByte(0xff) // in no UTF-8: "a", "bc" is not "ab", "c"
	}
	return h.Sum64()
}
