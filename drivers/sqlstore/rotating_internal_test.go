package sqlstore

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever needs a connection while another asks for the newest DSN waits no longer than its own context. A callback of
// the keeper could otherwise wait for a refresh that waits for the callback.
func TestWhoWaitsForANewerDSNHasItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r := &Rotating{asking: make(chan struct{}, 1), refresh: func(context.Context) error { <-release; return nil }}
		tried := &dsnState{}
		r.newest.Store(tried)
		go r.newer(context.Background(), tried)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if r.newer(ctx, tried) || time.Since(start) != time.Second {
			t.Errorf("waited %v, want a second", time.Since(start))
		}
		close(release)
		synctest.Wait()
		if r.newer(t.Context(), tried) || !r.newer(t.Context(), &dsnState{}) {
			t.Error("whether there is a newer one is not known afterwards")
		}
	})
}
