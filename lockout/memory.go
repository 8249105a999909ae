package lockout

import (
	"cmp"
	"container/list"
	"context"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"time"
)

// MemoryOptions say how much a Memory keeps. The zero value is ready to use.
type MemoryOptions struct {
	MaxBytes int64 // about how much memory states may take; 0 for 32 MiB, which is about 70,000 of them
}

// Memory counts in the process: for tests, for development, and for one process. Several processes that count alone
// allow as many guesses each, and a restart forgets all locks.
//
// When it is full, what has few failures makes room for others, the one counted longest ago first, and what is locked
// or was so lately comes last. So who makes up names pushes out other made-up names: to push out a lock takes as many
// locks as there is room for. But a ninth of the room is kept for what has one failure, as much for what has two or three,
// and so on: who fills the memory with locks does not keep others from being counted.
type Memory struct {
	max int64

	mu      sync.Mutex
	size    int64
	byKey   map[Key]*held
	classes [9]class
	swept   time.Time
}

var _ Store = (*Memory)(nil)

// class is what makes room at the same time: see [Memory.classOf].
type class struct {
	size  int64
	order list.List // of *held, the one counted longest ago first
}

type held struct {
	key   Key
	state State
	class int
	place *list.Element
}

// sweepEvery is how often what has expired is removed, by whoever comes next: there is no goroutine to stop.
const sweepEvery = 5 * time.Minute

// NewMemory returns an empty Memory.
func NewMemory(o MemoryOptions) *Memory {
	if o.MaxBytes <= 0 {
		o.MaxBytes = 32 << 20
	}
	return &Memory{max: o.MaxBytes, byKey: map[Key]*held{}}
}

// Update implements [Store].
func (m *Memory) Update(ctx context.Context, key Key, now time.Time, change func(State) State) (State, error) {
	if err := ctx.Err(); err != nil {
		return State{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(now)
	s := change(m.load(key, now))
	m.remove(m.byKey[key])
	if s != (State{}) {
		m.add(key, s)
	}
	return s, nil
}

// Load implements [Store].
func (m *Memory) Load(ctx context.Context, key Key, now time.Time) (State, error) {
	if err := ctx.Err(); err != nil {
		return State{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.load(key, now), nil
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, key Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(m.byKey[key])
	return nil
}

// Locked implements [Store].
func (m *Memory) Locked(ctx context.Context, now time.Time, limit int) ([]Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var entries []Entry
	locks := &m.classes[len(m.classes)-1].order
	for e := locks.Front(); e != nil; e = e.Next() {
		if h := e.Value.(*held); now.Before(h.state.Until) && now.Before(h.state.Expires) {
			entries = append(entries, Entry{h.key, h.state})
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(b.State.Locked.Compare(a.State.Locked), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	})
	return entries[:max(0, min(limit, len(entries)))], nil
}

func (m *Memory) load(key Key, now time.Time) State {
	if h := m.byKey[key]; h != nil && now.Before(h.state.Expires) {
		return h.state
	}
	return State{}
}

// sweep removes what has expired, every few minutes.
func (m *Memory) sweep(now time.Time) {
	if since := now.Sub(m.swept); since >= 0 && since < sweepEvery {
		return
	}
	m.swept = now
	for _, h := range m.byKey {
		if !now.Before(h.state.Expires) {
			m.remove(h)
		}
	}
}

// classOf says how late a state makes room: the more failures the later, and one with locks last.
func (m *Memory) classOf(s State) int {
	if s.Locks > 0 || !s.Until.IsZero() {
		return len(m.classes) - 1
	}
	return min(bits.Len(uint(max(s.Failures, 0))), len(m.classes)-2)
}

// size returns about how many bytes h takes, its places in the map and the list included.
func (h *held) size() int64 {
	return int64(len(h.key.Kind)+len(h.key.Subject)+len(h.state.From)+len(h.state.Reason)) + 400
}

func (m *Memory) add(key Key, s State) {
	key.Subject = strings.Clone(key.Subject) // which may be a part of a whole request
	h := &held{key: key, state: s, class: m.classOf(s)}
	m.count(h, 1)
	m.byKey[key] = h
	h.place = m.classes[h.class].order.PushBack(h)
	for m.size > m.max {
		m.remove(m.least())
	}
}

// least returns what makes room next: the first of the lowest class that has more than its share.
func (m *Memory) least() *held {
	for c := range m.classes {
		if class := &m.classes[c]; class.size > m.max/int64(len(m.classes)) {
			return class.order.Front().Value.(*held)
		}
	}
	return nil // never: the shares of all together are no more than max
}

// remove forgets h, which may be nil.
func (m *Memory) remove(h *held) {
	if h == nil {
		return
	}
	m.count(h, -1)
	delete(m.byKey, h.key)
	m.classes[h.class].order.Remove(h.place)
}

// count adds h to the sizes, or takes it from them.
func (m *Memory) count(h *held, sign int64) {
	m.size += sign * h.size()
	m.classes[h.class].size += sign * h.size()
}
