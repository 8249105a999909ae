package lockout

import (
	"context"
	"log/slog"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// events logs locks. Each needs several attempts, and a network can cause only so many, but there are many networks.
type events struct {
	logger *slog.Logger
	sample *httpx.Sampler
}

const maxEvents = 300 // a minute

func newEvents(logger *slog.Logger) *events {
	return &events{logger: logger, sample: httpx.NewSampler(time.Minute, maxEvents, 1)}
}

func (e *events) locked(ctx context.Context, lock Entry) {
	unlogged, ok := e.sample.Take("locked")
	if !ok {
		return
	}
	httpx.Logger(e.logger).WarnContext(ctx, "locked after too many failures",
		"event", "airworthy.security.Locked", "kind", printable(string(lock.Kind)), "subject", printable(lock.Subject),
		"reason", lock.Reason, "for", lock.Until.Sub(lock.State.Locked), "until", lock.Until, "locks", lock.Locks, "network", lock.From,
		"unlogged", unlogged)
}

func (e *events) unlocked(ctx context.Context, key Key, by string) {
	httpx.Logger(e.logger).WarnContext(ctx, "unlocked",
		"event", "airworthy.security.Unlocked", "kind", printable(string(key.Kind)), "subject", printable(key.Subject),
		"by", printable(by))
}
