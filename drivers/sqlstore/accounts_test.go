package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/airworthy-go/airworthy/accounts"
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

func TestMemoryOfAccountsLastsInADatabase(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		s := newAccounts(t, open(t), driver)
		u, err := s.Create(t.Context(), accounts.User{Username: "Alice", Email: "a@example.org"})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.ByID(t.Context(), u.ID); err != nil || got != u {
			t.Errorf("got %v, %v, want %v", got, err, u)
		}
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
