package hosts

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Each refused host is logged once an hour. Scanners make hosts up, so there is a limit: further hosts are only counted
// until the hour is over.
const (
	eventEvery = time.Hour
	maxEvents  = 256
)

// events logs refusals, sampled.
type events struct {
	logger *slog.Logger
	total  atomic.Uint64
	sample *httpx.Sampler
}

func newEvents(logger *slog.Logger) *events {
	return &events{logger: logger, sample: httpx.NewSampler(eventEvery, 1, maxEvents)}
}

// refused counts one refusal and logs it if its host has not been logged within the hour.
func (e *events) refused(ctx context.Context, host, why string) {
	e.total.Add(1)
	unlogged, ok := e.sample.Take(shown(host))
	if !ok {
		return
	}
	httpx.Logger(e.logger).WarnContext(ctx, "refused a request to a host that is not allowed",
		"event", "django.security.DisallowedHost", "host", printable(host), "setting", "ALLOWED_HOSTS",
		"reason", why, "unlogged", unlogged)
}
