package sqlstore_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/secret"
)

// benchDB opens a database for a benchmark.
func benchDB(b *testing.B, driver string) *sql.DB {
	b.Helper()
	dsn := "file:" + filepath.Join(b.TempDir(), "db.sqlite3")
	if driver == sqlstore.Postgres {
		if dsn = os.Getenv("POSTGRES_TEST_URL"); dsn == "" {
			b.Skip("set POSTGRES_TEST_URL")
		}
	}
	db, err := sqlstore.Open(b.Context(), driver, secret.New(dsn))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	if driver == sqlstore.Postgres {
		db.SetMaxOpenConns(1) // with one search_path
		benchExec(b, db, `DROP SCHEMA IF EXISTS airworthy_bench CASCADE`, `CREATE SCHEMA airworthy_bench`, `SET search_path = airworthy_bench`)
	}
	return db
}

func benchExec(b *testing.B, db *sql.DB, statements ...string) {
	b.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
}

// numbers is a subquery of the numbers from 1 to n.
func numbers(driver string, n int) string {
	if driver == sqlstore.Postgres {
		return fmt.Sprintf(`generate_series(1, %d) AS numbers(n)`, n)
	}
	return fmt.Sprintf(`(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d) SELECT n FROM c)`, n)
}

// benchUsers returns both stores with n users, called prefix and a number, and a factor each.
func benchUsers(b *testing.B, driver string, n int, prefix string) (map[string]userStore, *sql.DB) {
	b.Helper()
	db := benchDB(b, driver)
	stores := map[string]userStore{"native": newAccounts(b, db, driver), "Django": newDjangoAccounts(b, db, driver)}
	now := "CURRENT_TIMESTAMP"
	benchExec(b, db,
		`INSERT INTO airworthy_users (id, username, canonical, email, canonical_email, first_name, last_name, password, active, staff,
			superuser, joined, last_login) SELECT CAST(n AS text), '`+prefix+`' || n, '`+prefix+`' || n, '`+prefix+`' || n || '@example.org',
			'`+prefix+`' || n || '@example.org', '', '', '!', true, false, false, 1, 1 FROM `+numbers(driver, n),
		`INSERT INTO auth_user (username, email, first_name, last_name, password, is_active, is_staff, is_superuser, date_joined,
			last_login) SELECT '`+prefix+`' || n, '`+prefix+`' || n || '@example.org', '', '', '!', true, false, false, `+now+`, `+now+`
			FROM `+numbers(driver, n),
		`INSERT INTO airworthy_factors (id, user_id, kind, name, confirmed, data, created, used, version)
			SELECT 'f' || n, CAST(n AS text), 'totp', '', true, CAST('sealed' AS `+map[string]string{sqlstore.SQLite: "blob", sqlstore.Postgres: "bytea"}[driver]+`),
			1, 1, 1 FROM `+numbers(driver, n), `ANALYZE`)
	return stores, db
}

// BenchmarkAccounts shows that what is asked on every request costs as much with a hundred thousand users as with a
// thousand, and what the questions cost for which Django's table has no index.
func BenchmarkAccounts(b *testing.B) {
	for _, driver := range []string{sqlstore.SQLite, sqlstore.Postgres} {
		for _, n := range []int{1_000, 100_000} {
			stores, _ := benchUsers(b, driver, n, "user")
			for _, kind := range []string{"native", "Django"} {
				s := stores[kind]
				for _, row := range []struct {
					name string
					run  func() error
				}{
					{"ByID", func() error { _, err := s.ByID(b.Context(), "777"); return err }},
					{"ByUsername", func() error { _, err := s.ByUsername(b.Context(), "user777"); return err }},
					{"Factors", func() error { _, err := s.Factors(b.Context(), "777"); return err }},
					{"List of 100", func() error { _, err := s.List(b.Context(), "user777", 100); return err }},
					{"Twins", func() error { _, err := s.Twins(b.Context(), "USER777"); return err }},
					{"ByEmail", func() error { _, err := s.ByEmail(b.Context(), "USER777@example.org"); return err }},
					{"SetLastLogin", func() error { return s.SetLastLogin(b.Context(), "777", time.Now()) }},
				} {
					b.Run(fmt.Sprintf("%s %s %d %s", driver, kind, n, row.name), func(b *testing.B) {
						b.ReportAllocs()
						for b.Loop() {
							if err := row.run(); err != nil {
								b.Fatal(err)
							}
						}
					})
				}
			}
		}
	}
}

// BenchmarkDjangoTwins is the worst of what Django's table costs: a site on which no name is ASCII; and what the indexes
// of docs/accounts-store.md spare.
func BenchmarkDjangoTwins(b *testing.B) {
	for _, driver := range []string{sqlstore.SQLite, sqlstore.Postgres} {
		for _, prefix := range []string{"user", "пользователь"} {
			stores, db := benchUsers(b, driver, 100_000, prefix)
			s := stores["Django"]
			for _, with := range []string{"no index", "the indexes"} {
				if with == "the indexes" {
					benchExec(b, db, sqlstore.DjangoIndexes(b, driver)...)
				}
				b.Run(strings.Join([]string{driver, prefix, with}, " "), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if twins, err := s.Twins(b.Context(), accounts.CanonicalUsername(prefix)+"777"); err != nil || len(twins) != 1 {
							b.Fatal(len(twins), err)
						}
					}
				})
			}
		}
	}
}
