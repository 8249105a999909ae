package redisstore_test

import (
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/lockout"
)

// On a unix socket or loopback: what is left is the round trip and two processes.
func BenchmarkRedis(b *testing.B) {
	b.Run("load one of 10000", func(b *testing.B) {
		s := redisstore.NewSessions(fresh(b))
		token := ""
		for range 10_000 {
			var err error
			if token, err = s.Save(b.Context(), "", record("42")); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Load(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("save", func(b *testing.B) {
		s := redisstore.NewSessions(fresh(b))
		token, err := s.Save(b.Context(), "", record("42"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Save(b.Context(), token, record("42")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("count a failure", func(b *testing.B) {
		l := redisstore.NewLockout(fresh(b))
		now := time.Now()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := l.Update(b.Context(), lockout.Key{Kind: lockout.Account, Subject: "alice"}, now, count(now)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
