package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/accounts/accountstest"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/secret"
)

func newAccounts(t testing.TB, db *sql.DB, driver string) *sqlstore.Accounts {
	t.Helper()
	s, err := sqlstore.NewAccounts(db, driver)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// userStore is what both stores of users are.
type userStore interface {
	accounts.Store
	accounts.FactorStore
	Migrate(ctx context.Context) error
}

// openForMany opens a database for tests that make many users at once: PostgreSQL has no room for a hundred connections,
// and nobody needs the users after a power cut.
func openForMany(t *testing.T, driver string, openAny func(*testing.T) *sql.DB) *sql.DB {
	t.Helper()
	if driver == sqlstore.SQLite {
		return open(t, driver, "file:"+filepath.Join(t.TempDir(), "db.sqlite3")+"?_pragma=synchronous(off)")
	}
	db := openAny(t)
	db.SetMaxOpenConns(20)
	return db
}

// eachStore runs f with both stores on both databases.
func eachStore(t *testing.T, f func(t *testing.T, open func(*testing.T) (userStore, *sql.DB))) {
	each(t, func(t *testing.T, driver string, openAny func(*testing.T) *sql.DB) {
		open := func(t *testing.T) *sql.DB { return openForMany(t, driver, openAny) }
		t.Run("native", func(t *testing.T) {
			f(t, func(t *testing.T) (userStore, *sql.DB) {
				db := open(t)
				return newAccounts(t, db, driver), db
			})
		})
		t.Run("Django", func(t *testing.T) {
			f(t, func(t *testing.T) (userStore, *sql.DB) {
				db := open(t)
				return newDjangoAccounts(t, db, driver), db
			})
		})
	})
}

func TestAccountsConform(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(*testing.T) (userStore, *sql.DB)) {
		accountstest.TestStore(t, func(t *testing.T) accounts.Store {
			s, _ := open(t)
			return s
		})
		accountstest.TestFactors(t, func(t *testing.T) (accounts.FactorStore, []string) {
			s, _ := open(t)
			var ids []string
			for _, name := range []string{"alice", "bob"} {
				u, err := s.Create(t.Context(), accounts.User{Username: name})
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, u.ID)
			}
			return s, ids
		})
	})
}

func ExampleNewAccounts() {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, sqlstore.SQLite, secret.New(":memory:"))
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	store, err := sqlstore.NewAccounts(db, sqlstore.SQLite)
	if err != nil {
		panic(err)
	}
	if err := store.Migrate(ctx); err != nil {
		panic(err)
	}
	if _, err := store.Create(ctx, accounts.User{Username: "alice", Active: true}); err != nil {
		panic(err)
	}
	_, err = store.Create(ctx, accounts.User{Username: "ALICE", Active: true})
	fmt.Println(err)
	// Output: accounts: the user name is taken
}
