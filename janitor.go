package airworthy

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/airworthy-go/airworthy/session"
)

// How often what has expired is removed, and how long one cleaning may take.
const (
	cleanEvery   = time.Hour
	cleanTimeout = 10 * time.Minute
)

// janitor removes what has expired from the stores that keep it until they are told, while the application is served.
type janitor struct {
	app  *App
	once sync.Once
	stop context.CancelFunc
	done chan struct{}
}

// cleaned are the stores that want cleaning.
func (j *janitor) cleaned() map[string]session.Expirer {
	stores := map[string]session.Expirer{}
	if e, ok := j.app.settings.Session.Store.(session.Expirer); ok && j.app.parts.session != nil {
		stores["sessions"] = e
	}
	if e, ok := j.app.settings.Lockout.Store.(session.Expirer); ok {
		stores["failed logins"] = e
	}
	return stores
}

// begin starts cleaning, unless there is nothing to clean or it has started before.
func (j *janitor) begin() {
	j.once.Do(func() {
		stores := j.cleaned()
		if len(stores) == 0 {
			return
		}
		ctx, stop := context.WithCancel(context.Background())
		j.stop, j.done = stop, make(chan struct{})
		go j.run(ctx, stores)
	})
}

// end stops cleaning and waits for it.
func (j *janitor) end() {
	j.once.Do(func() {}) // never begun, and never to be
	if j.stop != nil {
		j.stop()
		<-j.done
	}
}

func (j *janitor) run(ctx context.Context, stores map[string]session.Expirer) {
	defer close(j.done)
	for {
		for name, store := range stores {
			j.clean(ctx, name, store)
		}
		timer := time.NewTimer(cleanEvery - cleanEvery/10 + rand.N(cleanEvery/5)) // so that instances do not meet
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

func (j *janitor) clean(ctx context.Context, name string, store session.Expirer) {
	ctx, cancel := context.WithTimeout(ctx, cleanTimeout)
	defer cancel()
	n, err := store.DeleteExpired(ctx, time.Now())
	switch {
	case err != nil && context.Cause(ctx) != context.Canceled:
		j.app.Logger().Warn("what has expired could not be removed", "store", name, "error", err)
	case n > 0:
		j.app.Logger().Info("removed what had expired", "store", name, "removed", n)
	}
}
