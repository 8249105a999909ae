package session

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"
)

// ErrFull is what a Memory answers that has no room for another session.
var ErrFull = errors.New("session: the memory store is full of logged-in sessions: raise MemoryOptions.MaxBytes")

// MemoryOptions say how much a Memory keeps. The zero value is ready to use.
type MemoryOptions struct {
	MaxBytes int64         // about how much memory sessions may take; 0 for 64 MiB
	Sweep    time.Duration // how often to remove what has expired; 0 for five minutes
}

// Memory keeps sessions in the process: for tests, for development, and for one process whose visitors may be logged
// out by a restart. When it is full, sessions without a user make room, the one stored longest ago first, so that
// passers-by cannot log anybody out.
type Memory struct {
	max  int64
	stop chan struct{}
	done chan struct{}
	once sync.Once

	mu     sync.Mutex
	size   int64
	byHash map[hash]*held
	byUser map[string]map[hash]*held
	anon   list.List // of *held, the one stored longest ago first
}

// hash is what a token is kept as: [Hash] before it is written out.
type hash [sha256.Size]byte

func hashOf(token string) hash { return sha256.Sum256([]byte(token)) }

type held struct {
	hash hash
	rec  Record
	anon *list.Element // nil if the session has a user
}

var (
	_ UserStore = (*Memory)(nil)
	_ Toucher   = (*Memory)(nil)
	_ Expirer   = (*Memory)(nil)
)

// NewMemory returns an empty Memory. It removes expired sessions until it is closed.
func NewMemory(o MemoryOptions) *Memory {
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	if o.Sweep <= 0 {
		o.Sweep = 5 * time.Minute
	}
	m := &Memory{
		max: o.MaxBytes, stop: make(chan struct{}), done: make(chan struct{}),
		byHash: map[hash]*held{}, byUser: map[string]map[hash]*held{},
	}
	go m.sweep(o.Sweep)
	return m
}

func (m *Memory) sweep(every time.Duration) {
	defer close(m.done)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-m.stop:
			return
		case now := <-tick.C:
			_, _ = m.DeleteExpired(context.Background(), now)
		}
	}
}

// Close stops the removal of expired sessions and waits until it has stopped. The sessions stay.
func (m *Memory) Close() error {
	m.once.Do(func() { close(m.stop) })
	<-m.done
	return nil
}

// Load implements [Store].
func (m *Memory) Load(_ context.Context, token string) (Record, error) {
	sum := hashOf(token)
	m.mu.Lock()
	defer m.mu.Unlock()
	if h, ok := m.byHash[sum]; ok {
		return h.rec, nil
	}
	return Record{}, ErrNotFound
}

// Save implements [Store].
func (m *Memory) Save(_ context.Context, token string, rec *Record) (string, error) {
	fresh := token == ""
	if fresh {
		token = NewToken()
	}
	h := &held{hash: hashOf(token), rec: *rec}
	h.rec.Resave = false
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.byHash[h.hash]
	if !fresh && old == nil {
		return "", ErrNotFound
	}
	if err := m.makeRoom(h.size(), old); err != nil {
		return "", err
	}
	m.remove(old)
	m.add(h)
	return token, nil
}

// Delete implements [Store].
func (m *Memory) Delete(_ context.Context, token string) error {
	sum := hashOf(token)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byHash[sum] == nil {
		return ErrNotFound
	}
	m.remove(m.byHash[sum])
	return nil
}

// Touch implements [Toucher].
func (m *Memory) Touch(_ context.Context, token string, seen, expires time.Time) error {
	sum := hashOf(token)
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.byHash[sum]
	if !ok {
		return ErrNotFound
	}
	h.rec.Seen, h.rec.Expires = seen, expires
	return nil
}

// ListByUser implements [UserStore].
func (m *Memory) ListByUser(_ context.Context, user string, now time.Time) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var entries []Entry
	for sum, h := range m.byUser[user] {
		if now.Before(h.rec.Expires) {
			entries = append(entries, Entry{ID: hex.EncodeToString(sum[:]), Record: h.rec})
		}
	}
	return entries, nil
}

// DeleteByUser implements [UserStore].
func (m *Memory) DeleteByUser(_ context.Context, user, keep string) (int, error) {
	kept := hashOf(keep)
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for sum, h := range m.byUser[user] {
		if sum != kept {
			m.remove(h)
			n++
		}
	}
	return n, nil
}

// DeleteEntry implements [UserStore].
func (m *Memory) DeleteEntry(_ context.Context, user, id string) error {
	var sum hash
	raw, err := hex.DecodeString(id)
	if err != nil || copy(sum[:], raw) != len(sum) || hex.EncodeToString(sum[:]) != id {
		return ErrNotFound
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.byUser[user][sum]
	if !ok {
		return ErrNotFound
	}
	m.remove(h)
	return nil
}

// EntryID implements [UserStore].
func (m *Memory) EntryID(token string) string { return Hash(token) }

// DeleteExpired implements [Expirer].
func (m *Memory) DeleteExpired(_ context.Context, now time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, h := range m.byHash {
		if !now.Before(h.rec.Expires) {
			m.remove(h)
			n++
		}
	}
	return n, nil
}

// size returns about how many bytes h takes, its places in the maps and the list included.
func (h *held) size() int64 { return int64(len(h.rec.Data)+len(h.rec.User)) + 512 }

// makeRoom removes sessions without a user until need more bytes fit, old's counted as free.
func (m *Memory) makeRoom(need int64, old *held) error {
	if old != nil {
		need -= old.size()
	}
	e := m.anon.Front()
	for m.size+need > m.max {
		for e != nil && e.Value.(*held) == old {
			e = e.Next()
		}
		if e == nil {
			return ErrFull
		}
		next := e.Next()
		m.remove(e.Value.(*held))
		e = next
	}
	return nil
}

func (m *Memory) add(h *held) {
	m.size += h.size()
	m.byHash[h.hash] = h
	if h.rec.User == "" {
		h.anon = m.anon.PushBack(h)
		return
	}
	if m.byUser[h.rec.User] == nil {
		m.byUser[h.rec.User] = map[hash]*held{}
	}
	m.byUser[h.rec.User][h.hash] = h
}

// remove forgets h, which may be nil.
func (m *Memory) remove(h *held) {
	if h == nil {
		return
	}
	m.size -= h.size()
	delete(m.byHash, h.hash)
	if h.anon != nil {
		m.anon.Remove(h.anon)
		return
	}
	delete(m.byUser[h.rec.User], h.hash)
	if len(m.byUser[h.rec.User]) == 0 {
		delete(m.byUser, h.rec.User)
	}
}
