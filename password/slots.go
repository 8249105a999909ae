package password

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// slots lets so many in at a time, keeps others in a queue for a while and turns away the rest.
type slots struct {
	all  int
	wait time.Duration
	per  *typical

	mu    sync.Mutex
	free  int
	queue []*waiter
}

// waiter is one in the queue. Its channel is closed when it is let in.
type waiter struct{ in chan struct{} }

func newSlots(n int, wait time.Duration, per *typical) *slots {
	return &slots{all: n, free: n, wait: wait, per: per}
}

// acquire waits for a turn, which release ends. The error is a *BusyError or ctx's.
func (s *slots) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w, err := s.join()
	if w == nil {
		return err
	}
	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case <-w.in:
		return nil
	case <-ctx.Done():
		s.leave(w)
		return ctx.Err()
	case <-timer.C:
		return s.leave(w)
	}
}

// join returns nothing for whoever is let in at once, and an error for whoever is turned away.
func (s *slots) join() (*waiter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.free > 0:
		s.free--
		return nil, nil
	case len(s.queue) >= s.longest():
		return nil, s.busy()
	}
	w := &waiter{make(chan struct{})}
	s.queue = append(s.queue, w)
	return w, nil
}

// leave takes w out of the queue. If it has been let in meanwhile it gives its turn to the next.
func (s *slots) leave(w *waiter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.queue, w); i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
	} else {
		s.next()
	}
	return s.busy()
}

// release ends a turn.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next()
}

// next gives a turn that has become free to whoever has waited longest.
func (s *slots) next() {
	if len(s.queue) == 0 {
		s.free++
		return
	}
	close(s.queue[0].in)
	s.queue = slices.Delete(s.queue, 0, 1)
}

// maxQueue bounds the queue where hashes are cheap.
const maxQueue = 1024

// longest is how many may wait: as many as can be served while they do.
func (s *slots) longest() int {
	rounds := int(s.wait / s.each())
	return min(s.all*max(rounds, 1), maxQueue)
}

// each is how long a turn takes, as far as is known.
func (s *slots) each() time.Duration {
	if d := s.per.get(); d > 0 {
		return d
	}
	return 100 * time.Millisecond
}

// busy says when those who wait will have been served.
func (s *slots) busy() error {
	d := s.each() * time.Duration((len(s.queue)+s.all)/s.all)
	return &BusyError{RetryAfter: min(max(d.Round(time.Second), time.Second), time.Minute)}
}

// typical is how long one hash at the parameters in use takes: the median of the last, so that one which was held up
// does not count.
type typical struct {
	mu   sync.Mutex
	last [15]time.Duration
	n    int
}

func (t *typical) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last[t.n%len(t.last)] = d
	t.n++
}

// get returns 0 while nothing is known.
func (t *typical) get() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := slices.Clone(t.last[:min(t.n, len(t.last))])
	if len(known) == 0 {
		return 0
	}
	slices.Sort(known)
	return known[len(known)/2]
}

// topUp works until the time has come. It works, rather than sleeps, so that the load of a machine does not tell the
// difference either.
func topUp(until time.Time) {
	for time.Now().Before(until) {
		if _, err := pbkdf2.Key(sha256.New, "password", []byte("saltsalt"), 500, sha256.Size); err != nil {
			return
		}
	}
}
