package secrets

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	firstRetry  = 5 * time.Second // after the first failure; doubled after each further one
	longestWait = 5 * time.Minute // between two tries in a long outage, or Refresh if that is longer
	closeWithin = 5 * time.Second
)

// Start has the values refreshed until [Keeper.Close]. What there was to say before goes to logger, unless the
// Config has one. Without a source, or a second time, Start only takes the logger. airworthy.New calls it.
func (k *Keeper) Start(logger *slog.Logger) {
	k.logTo(logger)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.done != nil || len(k.sources) == 0 || k.life.Err() != nil {
		return
	}
	k.done = make(chan struct{})
	go k.run(k.life, k.done, k.refresh)
}

func (k *Keeper) run(life context.Context, done chan<- struct{}, every time.Duration) {
	defer close(done)
	for failures := 0; sleep(life, pause(every, failures)); {
		answered, _ := k.refreshNow(life) // the log has the errors
		if answered {
			failures = 0
		} else {
			failures++
		}
	}
}

// pause returns how long to wait before the next refresh, give or take a fifth, so that instances that were started
// together do not ask together.
func pause(every time.Duration, failures int) time.Duration {
	d := every
	if failures > 0 {
		d = min(firstRetry, every)
		for i := 1; i < failures && d < max(every, longestWait); i++ {
			d *= 2
		}
		d = min(d, max(every, longestWait))
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// Propagation returns how long a change takes to arrive at every instance: two refreshes as late as they may be, so that
// one may fail. Without a source it is 0.
func (k *Keeper) Propagation() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.sources) == 0 {
		return 0
	}
	return 2 * (k.refresh + k.refresh/5)
}

// Close ends the refreshing, waits for it and closes the sources. What is held can still be read. A callback that does
// not end with its context is waited for no longer than 5 seconds.
func (k *Keeper) Close() error {
	k.mu.Lock()
	k.cancel()
	done, sources := k.done, k.sources
	k.done, k.sources, k.given = nil, nil, nil
	k.forgetMask()
	k.mu.Unlock()
	closeAll(sources)
	if done == nil {
		return nil
	}
	late := time.NewTimer(closeWithin)
	defer late.Stop()
	select {
	case <-done:
		return nil
	case <-late.C:
		return errors.New("secrets: a callback is still running")
	}
}
