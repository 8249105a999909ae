package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/lockout/lockouttest"
)

func newLockout(t *testing.T, db *sql.DB, driver string) *sqlstore.Lockout {
	t.Helper()
	l, err := sqlstore.NewLockout(db, driver)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLockoutConforms(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		lockouttest.TestStore(t, func(t *testing.T) lockout.Store { return newLockout(t, open(t), driver) })
	})
}

func TestLockoutMigratesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				l, err := sqlstore.NewLockout(db, driver)
				if err == nil {
					err = l.Migrate(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
	if _, err := sqlstore.NewLockout(nil, "mysql"); err == nil {
		t.Error("a store for a driver that is not known")
	}
}

// Two stores on one database are two processes: what orders the updates of one does not help the other.
func TestProcessesCountTogether(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		at := time.Now()
		var stores []*sqlstore.Lockout
		for range 4 {
			stores = append(stores, newLockout(t, db, driver))
		}
		for round := range 20 { // each has a first insert to race for, and some a deletion
			key := lockout.Key{Kind: lockout.Account, Subject: fmt.Sprint(round)}
			var wg sync.WaitGroup
			for n := range 24 {
				wg.Go(func() {
					_, err := stores[n%4].Update(t.Context(), key, at, func(s lockout.State) lockout.State {
						s.Failures++
						s.Expires = at.Add(time.Hour)
						return s
					})
					if n%8 == 7 && err == nil && round%2 == 1 {
						err = stores[n%4].Delete(t.Context(), key)
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			s, err := stores[0].Load(t.Context(), key, at)
			if err != nil || round%2 == 0 && s.Failures != 24 {
				t.Fatalf("round %d: %d failures, %v, want 24", round, s.Failures, err)
			}
		}
	})
}

func TestLockoutDeletesExpired(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		l := newLockout(t, db, driver)
		at := time.Now().Truncate(time.Millisecond)
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 2500 { // more than one batch; every fifth lives on
			expires := at.UnixMilli()
			if n%5 == 0 {
				expires++
			}
			if _, err := tx.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO airworthy_lockouts
				(kind, subject, failures, leaked, last, locked, until, locks, network, reason, expires)
				VALUES ('account', '%d', 1, 1, 1, 0, 0, 0, '', '', %d)`, n, expires)); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if n, err := l.DeleteExpired(t.Context(), at); n != 2000 || err != nil {
			t.Errorf("DeleteExpired() = %d, %v, want 2000", n, err)
		}
		if n, err := l.DeleteExpired(t.Context(), at); n != 0 || err != nil {
			t.Errorf("a second time: %d, %v", n, err)
		}
		if n := count(t, db); n != 500 {
			t.Errorf("%d rows are left, want 500", n)
		}
	})
}

func count(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM airworthy_lockouts`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A row that is counted in while cleaning up waits for it has not expired any more.
func TestCleaningUpLosesNoFailure(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		if driver != sqlstore.Postgres {
			t.Skip("SQLite has one writer, so that nothing happens meanwhile")
		}
		db := open(t)
		l := newLockout(t, db, driver)
		at := time.Now()
		key := lockout.AccountKey("alice")
		put := func(expires time.Time) error {
			_, err := l.Update(t.Context(), key, at, func(lockout.State) lockout.State {
				return lockout.State{Failures: 3, Expires: expires}
			})
			return err
		}
		if err := put(at.Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), `UPDATE airworthy_lockouts SET expires = $1`, at.Add(time.Hour).UnixMilli()); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := l.DeleteExpired(context.WithoutCancel(t.Context()), at)
			done <- err
		}()
		for len(done) == 0 { // until cleaning up waits
			var waiting int
			if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_stat_activity
				WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE FROM airworthy_lockouts%'`).Scan(&waiting); err != nil {
				t.Fatal(err)
			}
			if waiting > 0 {
				break
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if s, err := l.Load(t.Context(), key, at); err != nil || s.Failures != 3 {
			t.Errorf("%d failures, %v, want 3", s.Failures, err)
		}
	})
}

// What an operator reads in the table is what was typed.
func TestNamesAreReadable(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		l := newLockout(t, db, driver)
		g, err := lockout.New(lockout.Config{Store: l})
		if err != nil {
			t.Fatal(err)
		}
		for typed, want := range map[string]string{"Jörg Müller": "Jörg Müller", "a\x00b\\c\xff": `a\x00b\x5cc\xff`} {
			if _, err := g.Begin(t.Context(), lockout.Attempt{Account: typed}); err != nil {
				t.Fatal(err)
			}
			var got string
			if err := db.QueryRowContext(t.Context(), `SELECT subject FROM airworthy_lockouts`).Scan(&got); err != nil || got != want {
				t.Errorf("%q stands there as %q, %v, want %q", typed, got, err, want)
			}
			if err := l.Delete(t.Context(), lockout.AccountKey(typed)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// An attempt during a lock writes nothing: an attack costs the database little once it is locked out.
func TestAttemptsDuringALockWriteNothing(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		l := newLockout(t, db, driver)
		at := time.Now().Truncate(time.Millisecond)
		locked := lockout.State{Failures: 5, Locks: 1, Locked: at, Until: at.Add(time.Hour), Expires: at.Add(25 * time.Hour)}
		key := lockout.AccountKey("alice")
		if _, err := l.Update(t.Context(), key, at, func(lockout.State) lockout.State { return locked }); err != nil {
			t.Fatal(err)
		}
		refuse := map[string]string{
			sqlstore.SQLite: `CREATE TRIGGER refuse BEFORE UPDATE ON airworthy_lockouts BEGIN SELECT RAISE(ABORT, 'written'); END`,
			sqlstore.Postgres: `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''written''; END';
				CREATE TRIGGER refuse BEFORE UPDATE ON airworthy_lockouts FOR EACH ROW EXECUTE FUNCTION refuse()`,
		}
		exec(t, db, refuse[driver])
		same := func(s lockout.State) lockout.State { return s }
		if _, err := l.Update(t.Context(), key, at, same); err != nil {
			t.Errorf("the same state again: %v", err)
		}
		if _, err := l.Update(t.Context(), key, at, func(s lockout.State) lockout.State { s.Failures++; return s }); err == nil ||
			!strings.Contains(err.Error(), "written") {
			t.Errorf("another state: %v, want it to be written", err)
		}
	})
}

// A store that fails lets nobody in.
func TestLockoutFailsClosed(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		g, err := lockout.New(lockout.Config{Store: newLockout(t, db, driver)})
		if err != nil {
			t.Fatal(err)
		}
		try, err := g.Begin(t.Context(), lockout.Attempt{Account: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := g.Begin(t.Context(), lockout.Attempt{Account: "alice"}); err == nil {
			t.Error("Begin: no error")
		}
		if err := try.Succeed(t.Context()); err == nil {
			t.Error("Succeed: no error")
		}
		if _, err := g.Locked(t.Context(), 10); err == nil {
			t.Error("Locked: no error")
		}
		if err := g.Unlock(t.Context(), lockout.AccountKey("alice"), "an operator"); err == nil {
			t.Error("Unlock: no error")
		}
	})
}
