package sqlstore_test

import (
	"database/sql"
	"encoding/hex"
	"log/slog"
	"net/netip"
	"os"
	"testing"

	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// BenchmarkLockout is what a login costs the database, and what an attempt costs it that finds the account locked.
func BenchmarkLockout(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) {
		benchLockout(b, sqlstore.SQLite, secret.New(b.TempDir()+"/db.sqlite3"))
	})
	b.Run("PostgreSQL", func(b *testing.B) {
		dsn := os.Getenv("POSTGRES_TEST_URL")
		if dsn == "" {
			b.Skip("set POSTGRES_TEST_URL")
		}
		benchLockout(b, sqlstore.Postgres, secret.New(dsn))
	})
}

func benchLockout(b *testing.B, driver string, dsn secret.Text) {
	db, err := sqlstore.Open(b.Context(), driver, dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	g := benchGuard(b, db, driver)
	account := "alice" + hex.EncodeToString([]byte(session.NewToken())[:8]) // the database may be used again
	begin := func(b *testing.B, n int) *lockout.Try {
		try, err := g.Begin(b.Context(), lockout.Attempt{Account: account, Client: netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})})
		if err != nil {
			b.Fatal(err)
		}
		return try
	}
	b.Run("login", func(b *testing.B) {
		for b.Loop() {
			if err := begin(b, 0).Succeed(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("locked", func(b *testing.B) {
		for n := range 25 {
			begin(b, n)
		}
		n := 100
		for b.Loop() {
			n++
			begin(b, n)
		}
	})
}

func benchGuard(b *testing.B, db *sql.DB, driver string) *lockout.Guard {
	store, err := sqlstore.NewLockout(db, driver)
	if err != nil {
		b.Fatal(err)
	}
	if err := store.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	g, err := lockout.New(lockout.Config{Store: store, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	return g
}
