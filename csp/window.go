package csp

import (
	"sync"
	"time"
)

// window counts what happens within each minute.
type window struct {
	mu    sync.Mutex
	limit int
	left  int
	until time.Time
}

func newWindow(perMinute int) *window { return &window{limit: perMinute} }

// allow takes one from what is left of this minute, and reports whether there was one.
func (w *window) allow() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); !now.Before(w.until) {
		w.left, w.until = w.limit, now.Add(time.Minute)
	}
	if w.left == 0 {
		return false
	}
	w.left--
	return true
}
