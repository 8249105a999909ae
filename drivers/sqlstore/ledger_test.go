package sqlstore_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/keyring/ledgertest"
)

func newLedger(t *testing.T, db *sql.DB, driver string) *sqlstore.KeyLedger {
	t.Helper()
	l, err := sqlstore.NewKeyLedger(db, driver)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLedgerConforms(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		ledgertest.TestLedger(t, func(t *testing.T) keyring.Ledger { return newLedger(t, open(t), driver) })
	})
}

func rows(t *testing.T, db *sql.DB, where string) int {
	t.Helper()
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM airworthy_key_uses WHERE "+where).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Instances that come and go every day do not fill the table, and a key that nobody has had for long is dropped.
func TestTheLedgerStaysSmall(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		l := newLedger(t, db, driver)
		start := time.Now()
		for day := range 450 {
			key := "former000000"
			if day > 0 {
				key = "current00000"
			}
			r := keyring.Report{Instance: fmt.Sprintf("web-%d", day), At: start.Add(time.Duration(day) * 25 * time.Hour),
				Keys: []keyring.Use{{Fingerprint: key, Since: start, Verified: 1}}}
			if err := l.Report(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if n := rows(t, db, "1 = 1"); n != 2 {
			t.Errorf("%d rows after 450 instances, want that of the last one and one for all others", n)
		}
		all, err := l.Reports(t.Context())
		if err != nil || len(all) != 2 || len(all[0].Keys) != 1 || all[0].Keys[0].Verified != 448 || all[1].Instance != "web-449" {
			t.Errorf("got %+v, %v, want 448 uses by those that are forgotten", all, err)
		}
	})
}

// Two processes that fold at once count nothing twice and nothing not at all.
func TestTwoFoldAtOnce(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		start := time.Now()
		report := func(l *sqlstore.KeyLedger, name string, at time.Duration) {
			r := keyring.Report{Instance: name, At: start.Add(at), Keys: []keyring.Use{{Fingerprint: "current00000", Since: start, Verified: 1}}}
			if err := l.Report(t.Context(), r); err != nil {
				t.Error(err)
			}
		}
		var ledgers []*sqlstore.KeyLedger
		for range 4 {
			ledgers = append(ledgers, newLedger(t, db, driver)) // each as if in a process of its own
		}
		for i := range 20 {
			report(ledgers[0], fmt.Sprintf("old-%d", i), 0)
		}
		var wg sync.WaitGroup
		for i, l := range ledgers {
			wg.Go(func() { report(l, fmt.Sprintf("new-%d", i), 2*keyring.Forgotten) })
		}
		wg.Wait()
		all, err := ledgers[0].Reports(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if sum := keyring.Fold(all...).Keys; len(all) != 5 || len(sum) != 1 || sum[0].Verified != 24 {
			t.Errorf("%d reports with %+v, want 5 with 24 uses", len(all), sum)
		}
	})
}

func TestTheLedgerRefuses(t *testing.T) {
	if _, err := sqlstore.NewKeyLedger(nil, "mysql"); err == nil || !strings.Contains(err.Error(), `"sqlite" or "pgx"`) {
		t.Errorf("an unknown driver: %v", err)
	}
	l := newLedger(t, openSQLite(t), sqlstore.SQLite)
	r := keyring.Report{Instance: "web\x00", At: time.Now(), Keys: []keyring.Use{{Fingerprint: "current00000"}}}
	if err := l.Report(t.Context(), r); err == nil {
		t.Error("a name that PostgreSQL cannot hold is accepted")
	}
	bare, err := sqlstore.NewKeyLedger(openSQLite(t), sqlstore.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	r.Instance = "web"
	_, reportsErr := bare.Reports(t.Context())
	for what, err := range map[string]error{"Report": bare.Report(t.Context(), r), "Reports": reportsErr} {
		if err == nil || !strings.HasPrefix(err.Error(), "sqlstore: ") {
			t.Errorf("%s without a table = %v, want an error of the database's", what, err)
		}
	}
}
