package hosts

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Each refused host is logged once an hour. Scanners make hosts up, so the table is bounded: when it is full, further
// hosts are only counted until the hour is over.
const (
	eventEvery = time.Hour
	maxEvents  = 256
)

// events logs refusals, sampled.
type events struct {
	logger *slog.Logger
	total  atomic.Uint64

	mu       sync.Mutex
	since    time.Time
	seen     map[string]struct{}
	unlogged uint64
}

func newEvents(logger *slog.Logger) *events {
	return &events{logger: logger, seen: map[string]struct{}{}}
}

// refused counts one refusal and logs it if its host has not been logged within the hour.
func (e *events) refused(ctx context.Context, host, why string) {
	e.total.Add(1)
	name := printable(host)
	unlogged, first := e.first(name)
	if !first {
		return
	}
	e.logger.WarnContext(ctx, "refused a request to a host that is not allowed",
		"event", "django.security.DisallowedHost", "host", name, "setting", "ALLOWED_HOSTS",
		"reason", why, "unlogged", unlogged)
}

// first reports whether name is to be logged, and how many refusals have gone unlogged since the last that was.
func (e *events) first(name string) (unlogged uint64, first bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if time.Since(e.since) >= eventEvery {
		e.since = time.Now()
		clear(e.seen)
	}
	if _, ok := e.seen[name]; ok || len(e.seen) >= maxEvents {
		e.unlogged++
		return 0, false
	}
	e.seen[name] = struct{}{}
	unlogged, e.unlogged = e.unlogged, 0
	return unlogged, true
}
