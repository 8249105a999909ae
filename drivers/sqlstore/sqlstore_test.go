package sqlstore_test

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/session/sessiontest"
)

// each runs f on SQLite, and on PostgreSQL where there is one.
func each(t *testing.T, f func(t *testing.T, driver string, open func(*testing.T) *sql.DB)) {
	t.Run("SQLite", func(t *testing.T) { f(t, sqlstore.SQLite, openSQLite) })
	t.Run("PostgreSQL", func(t *testing.T) {
		if os.Getenv("POSTGRES_TEST_URL") == "" {
			t.Skip("set POSTGRES_TEST_URL to the URL of a PostgreSQL database that tests may write to, " +
				"such as postgres://postgres@127.0.0.1:5432/postgres")
		}
		f(t, sqlstore.Postgres, openPostgres)
	})
}

func open(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), driver, secret.New(dsn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func openSQLite(t *testing.T) *sql.DB {
	return open(t, sqlstore.SQLite, "file:"+filepath.Join(t.TempDir(), "db.sqlite3"))
}

// openPostgres opens an empty schema, which is dropped when t ends.
func openPostgres(t *testing.T) *sql.DB {
	t.Helper()
	dsn := os.Getenv("POSTGRES_TEST_URL")
	schema := strings.ToLower("airworthy_test_" + hex.EncodeToString([]byte(session.NewToken())[:10]))
	admin := open(t, sqlstore.Postgres, dsn)
	exec(t, admin, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { _, _ = admin.ExecContext(context.Background(), "DROP SCHEMA "+schema+" CASCADE") })
	sep := "?"
	if strings.Contains(dsn, "?") {
		sep = "&"
	}
	return open(t, sqlstore.Postgres, dsn+sep+"search_path="+schema)
}

func exec(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

func newSessions(t *testing.T, db *sql.DB, driver string) *sqlstore.Sessions {
	t.Helper()
	s, err := sqlstore.New(db, driver)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func newRing(t testing.TB, key string, fallbacks ...string) *keyring.Ring {
	t.Helper()
	cfg := keyring.Config{Key: secret.New(key)}
	for _, f := range fallbacks {
		cfg.Fallbacks = append(cfg.Fallbacks, secret.New(f))
	}
	ring, err := keyring.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestSessionsConform(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		sessiontest.TestStore(t, func(t *testing.T) session.Store { return newSessions(t, open(t), driver) })
	})
}

func TestDjangoConforms(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		sessiontest.TestStore(t, func(t *testing.T) session.Store { return newDjango(t, open(t), driver) })
	})
}

// demand 36: tokens are not in the database, neither in clear nor in part.
func TestTokensAreHashedAtRest(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		s := newSessions(t, db, driver)
		token, err := s.Save(t.Context(), "", &session.Record{User: "1", Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		var id, user string
		var data []byte
		if err := db.QueryRowContext(t.Context(), "SELECT id, user_id, data FROM airworthy_sessions").Scan(&id, &user, &data); err != nil {
			t.Fatal(err)
		}
		row := id + user + string(data)
		for i := 0; i+8 <= len(token); i++ {
			if strings.Contains(row, token[i:i+8]) {
				t.Fatal("the table holds a part of the token")
			}
		}
		if len(id) != 64 {
			t.Errorf("the id has %d characters, want the 64 of a SHA-256 in hexadecimal", len(id))
		}
	})
}

func TestMigrateMayRunManyTimesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		var wg sync.WaitGroup
		for range 8 {
			s, err := sqlstore.New(db, driver) // each as if in a process of its own
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				if err := s.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		newSessions(t, db, driver)
	})
}

func TestExpiredSessionsAreDeletedInBatches(t *testing.T) {
	s := newSessions(t, openSQLite(t), sqlstore.SQLite)
	now := time.Now()
	for range 2500 {
		if _, err := s.Save(t.Context(), "", &session.Record{Expires: now}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.DeleteExpired(t.Context(), now); n != 2500 || err != nil {
		t.Errorf("DeleteExpired = %d, %v, want 2500", n, err)
	}
}

func TestOpenSetsUpSQLite(t *testing.T) {
	for _, row := range []struct {
		name, query, pragma, want string
	}{
		{"readers do not wait for writers", "", "journal_mode", "wal"},
		{"a lock is waited for", "", "busy_timeout", "5000"},
		{"foreign keys hold", "", "foreign_keys", "1"},
		{"what the DSN says wins", "?_pragma=busy_timeout(20)", "busy_timeout", "20"},
		{"and the rest stays", "?_pragma=busy_timeout(20)", "journal_mode", "wal"},
	} {
		t.Run(row.name, func(t *testing.T) {
			db := open(t, sqlstore.SQLite, "file:"+filepath.Join(t.TempDir(), "db.sqlite3")+row.query)
			var got string
			if err := db.QueryRowContext(t.Context(), "PRAGMA "+row.pragma).Scan(&got); err != nil || got != row.want {
				t.Errorf("%s = %q, %v, want %q", row.pragma, got, err, row.want)
			}
		})
	}
}

func TestADatabaseInMemoryIsOneDatabase(t *testing.T) {
	for _, dsn := range []string{":memory:", "file::memory:", "file:x?mode=memory"} {
		s := newSessions(t, open(t, sqlstore.SQLite, dsn), sqlstore.SQLite)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := s.Save(t.Context(), "", &session.Record{Expires: time.Now().Add(time.Hour)}); err != nil {
					t.Errorf("%s: %v", dsn, err)
				}
			})
		}
		wg.Wait()
	}
}

func TestOpenRefusesWithoutShowingTheDSN(t *testing.T) {
	const password = "canary-password-5f1d"
	for _, row := range []struct{ name, driver, dsn, want string }{
		{"an unknown driver", "mysql", "root:" + password + "@/db", `use "sqlite" or "pgx"`},
		{"no driver", "", "file:x", `use "sqlite" or "pgx"`},
		{"an empty SQLite DSN", "sqlite", "", "cannot be read"},
		{"SQLite options that are no query", "sqlite", "file:x?%zz=" + password, "cannot be read"},
		{"a directory that does not exist", "sqlite", "file:/nonexistent/d%62?x=" + password, `the database "/nonexistent/db" does not answer`},
		{"a PostgreSQL that is not there", "pgx", "postgres://u:" + password + "@127.0.0.1:1/db", "does not answer"},
		{"a port that is none", "pgx", "postgres://u:" + password + "@h:x/db", "cannot be read"},
		{"an escape that is none", "pgx", "postgres://u:" + password + "%zz@h/db", "cannot be read"},
		{"a # in the password", "pgx", "postgres://u:" + password + "#x@127.0.0.1:1/db", "does not answer"},
		{"keywords with a port that is none", "pgx", "host=h password=" + password + " port=x", "cannot be read"},
		{"keywords with an open quote", "pgx", "host=h password='" + password, "cannot be read"},
		{"an option that is none", "pgx", "postgres://u:" + password + "@h/db?sslmode=x", "cannot be read"},
	} {
		t.Run(row.name, func(t *testing.T) {
			db, err := sqlstore.Open(t.Context(), row.driver, secret.New(row.dsn))
			if err == nil {
				_ = db.Close()
				t.Fatal("opened")
			}
			if strings.Contains(err.Error(), password) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got an error of %d bytes, want one with %q and without the password", len(err.Error()), row.want)
			}
		})
	}
	if _, err := sqlstore.New(nil, "mysql"); err == nil {
		t.Error("New accepts an unknown driver")
	}
	if _, err := sqlstore.NewDjango(nil, "mysql", nil, sqlstore.DjangoOptions{}); err == nil {
		t.Error("NewDjango accepts an unknown driver")
	}
}

// A store that cannot be reached is not one that holds nothing.
func TestAClosedDatabaseIsAnError(t *testing.T) {
	db := openSQLite(t)
	for name, s := range map[string]session.Store{
		"sessions": newSessions(t, db, sqlstore.SQLite), "django": newDjango(t, openSQLite(t), sqlstore.SQLite),
	} {
		t.Run(name, func(t *testing.T) {
			rec := &session.Record{Expires: time.Now().Add(time.Hour)}
			token, err := s.Save(t.Context(), "", rec)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, loadErr := s.Load(ctx, token)
			_, saveErr := s.Save(ctx, token, rec)
			for what, err := range map[string]error{"Load": loadErr, "Save": saveErr, "Delete": s.Delete(ctx, token)} {
				if err == nil || err == session.ErrNotFound || !strings.HasPrefix(err.Error(), "sqlstore: ") {
					t.Errorf("%s = %v, want an error of the database's", what, err)
				}
			}
		})
	}
}

// Whoever forgets the tables is told how they are made.
func TestTablesThatAreNotThere(t *testing.T) {
	db := openSQLite(t)
	sessions, err1 := sqlstore.New(db, sqlstore.SQLite)
	users, err2 := sqlstore.NewAccounts(db, sqlstore.SQLite)
	failures, err3 := sqlstore.NewLockout(db, sqlstore.SQLite)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	_, saveErr := sessions.Save(t.Context(), "", &session.Record{Expires: time.Now().Add(time.Hour)})
	_, loadErr := sessions.Load(t.Context(), strings.Repeat("x", 32))
	_, byErr := users.ByUsername(t.Context(), "ada")
	_, twinsErr := users.Twins(t.Context(), "ada")
	_, lockedErr := failures.Locked(t.Context(), time.Now(), 1)
	for what, err := range map[string]error{"Save": saveErr, "Load": loadErr, "ByUsername": byErr, "Twins": twinsErr, "Locked": lockedErr} {
		if err == nil || !strings.Contains(err.Error(), "call the store's Migrate") {
			t.Errorf("%s = %v, want what to do", what, err)
		}
	}
}

func Example() {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, sqlstore.SQLite, secret.New(":memory:"))
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	store, err := sqlstore.New(db, sqlstore.SQLite)
	if err != nil {
		panic(err)
	}
	if err := store.Migrate(ctx); err != nil {
		panic(err)
	}
	m, err := session.New(session.Config{Store: store})
	if err != nil {
		panic(err)
	}
	ended, err := m.EndUser(ctx, "42") // say after a change of password
	fmt.Println(ended, err)
	// Output: 0 <nil>
}
