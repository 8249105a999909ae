package sqlstore_test

import (
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

func benchSessions(b *testing.B, sessions int) (*sqlstore.Sessions, string) {
	b.Helper()
	db, err := sqlstore.Open(b.Context(), sqlstore.SQLite, secret.New(b.TempDir()+"/db.sqlite3?_pragma=synchronous(off)"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	s, err := sqlstore.New(db, sqlstore.SQLite)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	token := ""
	for range sessions {
		if token, err = s.Save(b.Context(), "", benchRecord()); err != nil {
			b.Fatal(err)
		}
	}
	return s, token
}

func benchRecord() *session.Record {
	now := time.Now()
	return &session.Record{
		Data: string(session.AppendPair(nil, "theme", `"dark"`)), User: "42",
		Created: now, Seen: now, Expires: now.Add(time.Hour),
	}
}

func BenchmarkSQLite(b *testing.B) {
	b.Run("load one of 10000", func(b *testing.B) {
		s, token := benchSessions(b, 10_000)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Load(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("save", func(b *testing.B) {
		s, token := benchSessions(b, 1)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Save(b.Context(), token, benchRecord()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
