package password

import (
	"runtime"
	"runtime/metrics"
	"sync"
)

// meter bounds the memory of all hashes at a time. What a hash has used stays taken until the garbage collector has
// freed it, which on a site with much else in memory may be long after: then the collector is asked to.
type meter struct {
	limit   int64
	cycles  func() uint64 // collections that have ended
	collect func()

	mu         sync.Mutex
	changed    *sync.Cond
	used       int64
	left       []garbage
	collecting bool
}

// garbage is what was left when so many collections had ended.
type garbage struct {
	cycle uint64
	bytes int64
}

func newMeter(limit int64) *meter {
	m := &meter{limit: limit, cycles: gcCycles, collect: runtime.GC}
	m.changed = sync.NewCond(&m.mu)
	return m
}

func gcCycles() uint64 {
	sample := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// reserve waits until bytes, which are not more than the limit, can be taken. Whoever holds some must not ask for more.
func (m *meter) reserve(bytes int64) (release func()) {
	if bytes == 0 {
		return func() {}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.used+m.garbage()+bytes > m.limit {
		if m.used+bytes > m.limit || m.collecting {
			m.changed.Wait()
			continue
		}
		m.free()
	}
	m.used += bytes
	return func() { m.release(bytes) }
}

func (m *meter) release(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= bytes
	m.left = append(m.left, garbage{m.cycles(), bytes})
	m.changed.Broadcast()
}

// garbage returns how much may not have been freed. A collection that was under way when it was left may have missed
// it; the next one has not.
func (m *meter) garbage() (sum int64) {
	now := m.cycles()
	for !m.collecting && len(m.left) > 0 && m.left[0].cycle+2 <= now {
		m.left = m.left[1:]
	}
	for _, g := range m.left {
		sum += g.bytes
	}
	return sum
}

// free runs the collector, without the lock.
func (m *meter) free() {
	m.collecting = true
	n := len(m.left)
	m.mu.Unlock()
	m.collect()
	m.mu.Lock()
	m.left = m.left[n:]
	m.collecting = false
	m.changed.Broadcast()
}
