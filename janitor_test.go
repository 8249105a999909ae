package airworthy_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/session"
)

// cleaned counts how often a store of sessions is cleaned, which fails the first time.
type cleaned struct {
	session.Store
	times int
}

func (c *cleaned) DeleteExpired(context.Context, time.Time) (int, error) {
	c.times++
	if c.times == 1 {
		return 0, errors.New("the database is down")
	}
	return c.times, nil
}

// cleanedLocks is cleaned for failed logins.
type cleanedLocks struct {
	lockout.Store
	cleaned
}

func TestWhatHasExpiredIsRemovedEveryHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := good()
		sessions := &cleaned{Store: session.NewMemory(session.MemoryOptions{Sweep: 1000 * time.Hour})}
		locks := &cleanedLocks{Store: lockout.NewMemory(lockout.MemoryOptions{})}
		s.Session.Store, s.Lockout.Store = sessions, locks
		app := mustNew(t, s)
		time.Sleep(3 * time.Hour)
		if sessions.times != 0 {
			t.Errorf("before it is served the store is cleaned %d times", sessions.times)
		}
		app.Serving()
		app.Serving()
		time.Sleep(10 * time.Hour)
		synctest.Wait()
		if sessions.times < 9 || sessions.times > 13 || locks.times != sessions.times {
			t.Errorf("in ten hours the stores are cleaned %d and %d times, want about eleven", sessions.times, locks.times)
		}
		if err := app.Close(); err != nil {
			t.Error(err)
		}
		before := sessions.times
		time.Sleep(10 * time.Hour)
		if sessions.times != before {
			t.Error("a store is cleaned after Close")
		}
		_ = sessions.Store.(*session.Memory).Close()
	})
}
