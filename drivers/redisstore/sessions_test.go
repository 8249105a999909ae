package redisstore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/session"
)

func save(t *testing.T, s *redisstore.Sessions, token string, rec *session.Record) string {
	t.Helper()
	token, err := s.Save(t.Context(), token, rec)
	if err != nil {
		t.Fatalf("Save: %v", err)
	}
	return token
}

// demand 36: tokens are not in the database, neither in clear nor in part.
func TestTokensAreHashedAtRest(t *testing.T) {
	cfg := prefixed(t)
	r := raw(t, cfg)
	token := save(t, redisstore.NewSessions(client(t, cfg)), "", record("1"))
	stored := ""
	for _, key := range keys(t, r, cfg.Prefix) {
		rest := strings.TrimPrefix(key, cfg.Prefix)
		if id, ok := strings.CutPrefix(rest, "session:"); ok {
			stored += rest + fmt.Sprint(r.HGetAll(t.Context(), key).Val())
			if id != session.Hash(token) {
				t.Errorf("the session is under %q, want the SHA-256 in hexadecimal", id)
			}
		} else {
			stored += rest + fmt.Sprint(r.ZRange(t.Context(), key, 0, -1).Val())
		}
	}
	if len(stored) < 2*64 {
		t.Fatalf("the test sees %d bytes only", len(stored))
	}
	for i := 0; i+8 <= len(token); i++ {
		if strings.Contains(stored, token[i:i+8]) {
			t.Fatal("Redis holds a part of the token")
		}
	}
}

// Sessions go when they expire and their user's index with the last of them, whatever changes in between.
func TestSessionsGoByThemselves(t *testing.T) {
	cfg := prefixed(t)
	s, r := redisstore.NewSessions(client(t, cfg)), raw(t, cfg)
	at := time.Now().Truncate(time.Second)
	in := func(d time.Duration) *session.Record {
		rec := record("alice")
		rec.Expires = at.Add(d)
		return rec
	}
	want := func(when string, session, index time.Duration, token string) {
		t.Helper()
		for key, d := range map[string]time.Duration{"session:" + hash(token): session, "user:alice": index} {
			if got := r.ExpireTime(t.Context(), cfg.Prefix+key).Val(); got != time.Duration(at.Add(d).Unix())*time.Second {
				t.Errorf("%s: %s ends at %v, want %v", when, key[:4], got, time.Duration(at.Add(d).Unix())*time.Second)
			}
		}
	}
	short, long := save(t, s, "", in(time.Hour)), save(t, s, "", in(3*time.Hour))
	want("after two were saved", time.Hour, 3*time.Hour, short)
	if err := s.Touch(t.Context(), short, at, at.Add(5*time.Hour)); err != nil {
		t.Fatal(err)
	}
	want("after one was touched", 5*time.Hour, 5*time.Hour, short)
	save(t, s, short, in(2*time.Hour))
	want("after it was shortened", 2*time.Hour, 3*time.Hour, short)
	save(t, s, long, in(time.Minute))
	want("after the other was too", time.Minute, 2*time.Hour, long)
	for _, token := range []string{short, long} {
		if err := s.Delete(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	if left := keys(t, r, cfg.Prefix); len(left) != 0 {
		t.Errorf("after both were deleted there are %q", left)
	}
	// A year that no calendar has, and one before Redis's time.
	far := save(t, s, "", in(200*365*24*time.Hour))
	if left := r.TTL(t.Context(), cfg.Prefix+"session:"+hash(far)).Val(); left < 100*365*24*time.Hour {
		t.Errorf("a session of 200 years is kept for %v", left)
	}
	save(t, s, "", &session.Record{User: "alice", Expires: time.Unix(1<<55, 0)})
	over := save(t, s, "", &session.Record{User: "alice"})
	if _, err := s.Load(t.Context(), over); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("a session that expired in the year 1: %v, want ErrNotFound", err)
	}
}

func hash(token string) string { return session.Hash(token) }

// An index loses what has expired, by the server's clock, and nothing else.
func TestAnIndexKeepsNoDeadSessions(t *testing.T) {
	cfg := prefixed(t)
	s, r := redisstore.NewSessions(client(t, cfg)), raw(t, cfg)
	index := cfg.Prefix + "user:alice"
	live := save(t, s, "", record("alice"))
	for i := range 20 {
		r.ZAdd(t.Context(), index, redis.Z{Score: float64(time.Now().Unix() - 10 - int64(i)), Member: hash(fmt.Sprint(i))})
	}
	second := save(t, s, "", record("alice"))
	want := []string{hash(live), hash(second)}
	slices.Sort(want)
	got := r.ZRange(t.Context(), index, 0, -1).Val()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the index has %d sessions, want the 2 that are alive", len(got))
	}
	if entries, err := s.ListByUser(t.Context(), "alice", time.Now().Add(2*time.Hour)); err != nil || len(entries) != 0 {
		t.Errorf("%d sessions when both have expired by the site's clock, %v, want none", len(entries), err)
	}
	// One whose session Redis has lost is passed over.
	r.ZAdd(t.Context(), index, redis.Z{Score: float64(time.Now().Add(time.Hour).Unix()), Member: hash("lost")})
	if entries, err := s.ListByUser(t.Context(), "alice", time.Now()); err != nil || len(entries) != 2 {
		t.Errorf("%d sessions, %v, want 2", len(entries), err)
	}
	if n, err := s.DeleteByUser(t.Context(), "alice", ""); n != 2 || err != nil {
		t.Errorf("DeleteByUser = %d, %v, want 2", n, err)
	}
	if left := keys(t, r, cfg.Prefix); len(left) != 0 {
		t.Errorf("%d keys are left", len(left))
	}
}

// A session that the index names and that has become another user's is neither listed nor ended.
func TestAnIndexThatIsWrongEndsNobodyElse(t *testing.T) {
	cfg := prefixed(t)
	s, r := redisstore.NewSessions(client(t, cfg)), raw(t, cfg)
	bob := save(t, s, "", record("bob"))
	save(t, s, "", record("alice"))
	r.ZAdd(t.Context(), cfg.Prefix+"user:alice", redis.Z{Score: float64(time.Now().Add(time.Hour).Unix()), Member: hash(bob)})
	if entries, err := s.ListByUser(t.Context(), "alice", time.Now()); err != nil || len(entries) != 1 {
		t.Errorf("%d sessions, %v, want 1", len(entries), err)
	}
	if n, err := s.DeleteByUser(t.Context(), "alice", ""); n != 1 || err != nil {
		t.Errorf("DeleteByUser = %d, %v, want 1", n, err)
	}
	if _, err := s.Load(t.Context(), bob); err != nil {
		t.Errorf("bob's session: %v", err)
	}
}

// A session that changes hands is in one index.
func TestALoginMovesASessionToItsUser(t *testing.T) {
	cfg := prefixed(t)
	s, r := redisstore.NewSessions(client(t, cfg)), raw(t, cfg)
	token := save(t, s, "", record(""))
	for _, user := range []string{"alice", "bob", "", "alice"} {
		save(t, s, token, record(user))
		want := []string{cfg.Prefix + "session:" + hash(token)}
		if user != "" {
			want = append(want, cfg.Prefix+"user:"+user)
		}
		got := keys(t, r, cfg.Prefix)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("as %q there are %q, want %q", user, got, want)
		}
	}
}

// More sessions than one script ends, the kept one among them wherever it stands in the index.
func TestManySessionsOfOneUserAreEnded(t *testing.T) {
	s := redisstore.NewSessions(fresh(t))
	for _, place := range []int{0, 1000, 2500} {
		const sessions = 2501
		keep := ""
		for i := range sessions {
			rec := record("alice")
			rec.Expires = rec.Expires.Add(time.Duration(i) * time.Second)
			if token := save(t, s, "", rec); i == place {
				keep = token
			}
		}
		if entries, err := s.ListByUser(t.Context(), "alice", time.Now()); err != nil || len(entries) != sessions {
			t.Errorf("%d sessions are listed, %v, want %d", len(entries), err, sessions)
		}
		if n, err := s.DeleteByUser(t.Context(), "alice", keep); n != sessions-1 || err != nil {
			t.Errorf("DeleteByUser = %d, %v, want %d", n, err, sessions-1)
		}
		entries, err := s.ListByUser(t.Context(), "alice", time.Now())
		if err != nil || len(entries) != 1 || entries[0].ID != s.EntryID(keep) {
			t.Errorf("%d sessions are left, %v, want the one that was kept", len(entries), err)
		}
		if err := s.Delete(t.Context(), keep); err != nil {
			t.Error(err)
		}
	}
}

// Whoever's sessions are ended while requests save them and log in anew has afterwards those alone that began later.
func TestSessionsEndWhileTheyAreSaved(t *testing.T) {
	cfg := prefixed(t)
	s := redisstore.NewSessions(client(t, cfg))
	for range 20 {
		var tokens []string
		for range 5 {
			tokens = append(tokens, save(t, s, "", record("alice")))
		}
		var wg sync.WaitGroup
		other := redisstore.NewSessions(client(t, cfg)) // as if in another process
		for _, token := range tokens {
			wg.Go(func() {
				for range 5000 {
					_, saveErr := other.Save(t.Context(), token, record("alice"))
					touchErr := other.Touch(t.Context(), token, time.Now(), time.Now().Add(time.Hour))
					if errors.Is(saveErr, session.ErrNotFound) && errors.Is(touchErr, session.ErrNotFound) {
						return
					}
					if err := errors.Join(saveErr, touchErr); err != nil && !errors.Is(err, session.ErrNotFound) {
						t.Error(err)
						return
					}
				}
				t.Error("a session that was ended is saved again and again")
			})
		}
		if n, err := s.DeleteByUser(t.Context(), "alice", ""); n != len(tokens) || err != nil {
			t.Errorf("DeleteByUser = %d, %v, want %d", n, err, len(tokens))
		}
		wg.Wait()
		if entries, err := s.ListByUser(t.Context(), "alice", time.Now()); len(entries) != 0 || err != nil {
			t.Errorf("%d sessions are left, %v", len(entries), err)
		}
	}
}

func TestUsersHaveAnyName(t *testing.T) {
	s := redisstore.NewSessions(fresh(t))
	users := []string{"a", "a:b", "*", "\x00", "\xff", "ä b", "{x}", strings.Repeat("x", 255)}
	for _, user := range users {
		save(t, s, "", record(user))
	}
	for _, user := range users {
		if entries, err := s.ListByUser(t.Context(), user, time.Now()); err != nil || len(entries) != 1 || entries[0].User != user {
			t.Errorf("%q has %d sessions, %v, want 1", user, len(entries), err)
		}
		if n, err := s.DeleteByUser(t.Context(), user, ""); n != 1 || err != nil {
			t.Errorf("DeleteByUser(%q) = %d, %v, want 1", user, n, err)
		}
	}
}

func TestWhatIsNoSessionIsAnError(t *testing.T) {
	cfg := prefixed(t)
	s, r := redisstore.NewSessions(client(t, cfg)), raw(t, cfg)
	for name, change := range map[string]func(key string) error{
		"a field is missing":    func(key string) error { return r.HDel(t.Context(), key, "d").Err() },
		"a time is none":        func(key string) error { return r.HSet(t.Context(), key, "e", "soon "+canary).Err() },
		"the flags are none":    func(key string) error { return r.HSet(t.Context(), key, "f", "").Err() },
		"it is something else":  func(key string) error { return r.Set(t.Context(), key, canary, 0).Err() },
		"it is a list of texts": func(key string) error { r.Del(t.Context(), key); return r.RPush(t.Context(), key, canary).Err() },
	} {
		t.Run(name, func(t *testing.T) {
			token := save(t, s, "", record("alice"))
			if err := change(cfg.Prefix + "session:" + hash(token)); err != nil {
				t.Fatal(err)
			}
			_, loadErr := s.Load(t.Context(), token)
			_, listErr := s.ListByUser(t.Context(), "alice", time.Now())
			for what, err := range map[string]error{"Load": loadErr, "ListByUser": listErr} {
				if err == nil || errors.Is(err, session.ErrNotFound) || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "holds something else") {
					t.Errorf("%s: %s, want an error that says so", what, safe(err))
				}
			}
			r.Del(t.Context(), cfg.Prefix+"session:"+hash(token))
		})
	}
}

// Sites with other prefixes, or other databases, know nothing of each other.
func TestSitesShareAServer(t *testing.T) {
	s := ended(t)
	base := s.config()
	one, two, three := base, base, base
	two.Prefix, three.Database = "two:", 1
	var tokens []string
	var stores []*redisstore.Sessions
	for _, cfg := range []redisstore.Config{one, two, three} {
		store := redisstore.NewSessions(client(t, cfg))
		stores, tokens = append(stores, store), append(tokens, save(t, store, "", record("alice")))
	}
	for i, store := range stores {
		for j, token := range tokens {
			if _, err := store.Load(t.Context(), token); (err == nil) != (i == j) {
				t.Errorf("site %d looks for the session of site %d: %v", i, j, err)
			}
		}
		if n, err := store.DeleteByUser(t.Context(), "alice", ""); n != 1 || err != nil {
			t.Errorf("site %d ends %d sessions, %v, want 1", i, n, err)
		}
	}
	base.Prefix = redisstore.DefaultPrefix
	if got := keys(t, raw(t, base), ""); len(got) != 0 {
		t.Errorf("keys are left: %q", got)
	}
}

// The scripts are sent again to a server that has forgotten them, as it does when it starts.
func TestScriptsAreSentAgain(t *testing.T) {
	s := ended(t)
	sessions := redisstore.NewSessions(client(t, s.config()))
	token := save(t, sessions, "", record("1"))
	if err := raw(t, s.config()).ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	save(t, sessions, token, record("1"))
}
