// Package sessiontest holds an implementation of session.Store to the contract in its comments.
//
//	func TestStore(t *testing.T) {
//		sessiontest.TestStore(t, func(t *testing.T) session.Store { return open(t) })
//	}
//
// Each test asks for a store of its own, which must be empty and is closed by the caller, with t.Cleanup. The tests
// bring their own clock: a record says when it expires, and no test waits. What a store can do besides, such as list a
// user's sessions, is tested where its type has the methods.
//
// The package cannot see what a store keeps: that tokens are hashed at rest is for the store's own tests.
package sessiontest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/session"
)

// Open returns a new, empty store that lasts until t ends.
type Open func(t *testing.T) session.Store

// TestStore tests a store that keeps its sessions on a server.
func TestStore(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, session.Store)
	}{
		{"a session comes back as it was saved", testRoundTrip},
		{"the largest session comes back as it was saved", testLarge},
		{"tokens are long, never repeat and fit into a cookie", testTokens},
		{"a token that the store did not make finds nothing", testHostileTokens},
		{"saving under a token replaces what was there", testReplace},
		{"a deleted session is gone", testDelete},
		{"a deleted session stays deleted whatever is saved meanwhile", testDeleteRace},
		{"a session can be renewed", testRenew},
		{"the store does not keep the caller's record", testOwnership},
		{"an expired session is not found, or says that it has expired", testExpired},
		{"many sessions at once do not mix", testConcurrency},
		{"a store that cannot look does not say that there is nothing", testCancelled},
		{"use is noted without touching the values", testTouch},
		{"cleaning up removes what has expired and nothing else", testDeleteExpired},
		{"a user's sessions are listed, and nobody else's", testList},
		{"a user's sessions are ended, and nobody else's", testDeleteByUser},
		{"one of a user's sessions is ended, and nobody else's", testDeleteEntry},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// TestCookieStore tests a store that keeps each session in its cookie, and so cannot end one.
func TestCookieStore(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, session.Store)
	}{
		{"a session comes back as it was saved", testRoundTrip},
		{"a token that the store did not make finds nothing", testHostileTokens},
		{"a token that was changed finds nothing", testTampered},
		{"the store does not keep the caller's record", testOwnership},
		{"an expired session is not found, or says that it has expired", testExpired},
		{"many sessions at once do not mix", testConcurrency},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// now is the tests' clock, at a whole second, which every store can keep.
func now() time.Time { return time.Now().Truncate(time.Second) }

// record returns a session of user with one value, good for an hour.
func record(user, value string) *session.Record {
	return &session.Record{
		Data: string(session.AppendPair(nil, "k", `"`+value+`"`)),
		User: user, Created: now(), Seen: now(), Expires: now().Add(time.Hour),
	}
}

func save(t *testing.T, s session.Store, token string, rec *session.Record) string {
	t.Helper()
	token, err := s.Save(t.Context(), token, rec)
	if err != nil {
		t.Fatalf("Save: %v", err)
	}
	return token
}

func load(t *testing.T, s session.Store, token string) session.Record {
	t.Helper()
	rec, err := s.Load(t.Context(), token)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return rec
}

// wantGone fails unless the store has nothing under token.
func wantGone(t *testing.T, s session.Store, token, when string) {
	t.Helper()
	if _, err := s.Load(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Load %s = %v, want ErrNotFound", when, err)
	}
}

// same fails unless got is what was saved as want. A sliding store keeps one time only.
func same(t *testing.T, s session.Store, got, want session.Record) {
	t.Helper()
	if got.Data != want.Data || got.User != want.User || got.Fixed != want.Fixed || got.Transient != want.Transient {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Resave {
		t.Error("Resave is set on a record that was stored a moment ago")
	}
	if _, ok := s.(session.Sliding); ok {
		return
	}
	if !got.Created.Equal(want.Created) || !got.Seen.Equal(want.Seen) || !got.Expires.Equal(want.Expires) {
		t.Errorf("got the times %v, %v, %v, want %v, %v, %v",
			got.Created, got.Seen, got.Expires, want.Created, want.Seen, want.Expires)
	}
}

func testRoundTrip(t *testing.T, s session.Store) {
	var odd []byte
	for key, value := range map[string]string{
		"text": `"Zo\u00eb \ud83d\udc26 <b>\\ \" \u0000"`, "number": `-1.5e3`, "list": `[1,{"a":null}]`, "é ": `true`,
		strings.Repeat("k", 255): `""`,
	} {
		odd = session.AppendPair(odd, key, value)
	}
	for name, rec := range map[string]*session.Record{
		"empty":        {Created: now(), Seen: now(), Expires: now().Add(time.Hour)},
		"with a user":  record("42", "v"),
		"an odd user":  record(`zoë' OR 1=1 --";\x`, "v"),
		"one value":    record("", "v"),
		"fixed":        {Created: now(), Seen: now(), Expires: now().Add(90 * 24 * time.Hour), Fixed: true},
		"transient":    {Created: now(), Seen: now(), Expires: now().Add(time.Hour), Transient: true},
		"several ages": {Created: now().Add(-time.Hour), Seen: now().Add(-time.Minute), Expires: now().Add(time.Minute)},
	} {
		t.Run(name, func(t *testing.T) {
			want := *rec
			same(t, s, load(t, s, save(t, s, "", rec)), want)
		})
	}
	t.Run("odd values", func(t *testing.T) {
		rec := record("", "")
		rec.Data = string(odd)
		got := load(t, s, save(t, s, "", rec))
		values, n := map[string]string{}, 0
		for key, value := range session.Pairs(got.Data) {
			values[key] = value
			n++
		}
		for key, want := range session.Pairs(rec.Data) {
			if values[key] != want {
				t.Errorf("the value of %q is %s, want %s", key, values[key], want)
			}
		}
		if n != 5 {
			t.Errorf("%d values, want 5", n)
		}
	})
}

func testLarge(t *testing.T, s session.Store) {
	rec := record("1", strings.Repeat("x", session.MaxSize-16))
	if !session.Valid(rec.Data) {
		t.Fatal("the test's own record is not valid")
	}
	want := *rec
	same(t, s, load(t, s, save(t, s, "", rec)), want)
}

func testTokens(t *testing.T, s session.Store) {
	seen := map[string]bool{}
	for range 200 {
		token := save(t, s, "", record("", "v"))
		if seen[token] || len(token) < 26 { // 26 characters hold 128 bits in base 32
			t.Fatalf("token of %d characters, seen before: %t", len(token), seen[token])
		}
		for _, c := range []byte(token) {
			if c <= ' ' || c >= 0x7f || strings.IndexByte("\",;\\", c) >= 0 {
				t.Fatalf("a token holds %q, which a cookie does not (RFC 6265 section 4.1.1)", c)
			}
		}
		seen[token] = true
	}
}

// hostile are tokens as a client could send them.
func hostile(real string) []string {
	return []string{
		"", " ", "x", "\x00", real + "\x00", "\xff\xfe", real + "x", real[:len(real)-1], strings.ToUpper(real) + "A",
		" " + real, "' OR '1'='1", "%", "_", "*", strings.Repeat("a", 32), strings.Repeat("x", 100_000),
		session.Hash(real), "../" + real, "é" + real,
	}
}

func testHostileTokens(t *testing.T, s session.Store) {
	for _, token := range hostile(save(t, s, "", record("1", "v"))) {
		short := token[:min(len(token), 40)]
		if _, err := s.Load(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("Load(%q) = %v, want ErrNotFound", short, err)
		}
		switch err := s.Delete(t.Context(), token); {
		case err != nil && !errors.Is(err, session.ErrNotFound):
			t.Errorf("Delete(%q) = %v, want ErrNotFound", short, err)
		}
	}
}

func testTampered(t *testing.T, s session.Store) {
	token := save(t, s, "", record("1", "v"))
	for i := range len(token) {
		for _, c := range []byte{'A', 'b', '_', '.', ':', token[i] ^ 1} {
			changed := token[:i] + string(rune(c)) + token[i+1:]
			if changed == token {
				continue
			}
			if _, err := s.Load(t.Context(), changed); !errors.Is(err, session.ErrNotFound) {
				t.Fatalf("with character %d changed to %q: %v, want ErrNotFound", i, c, err)
			}
		}
	}
}

func testReplace(t *testing.T, s session.Store) {
	token := save(t, s, "", record("", "before"))
	rec := record("7", "after")
	want := *rec
	if got := save(t, s, token, rec); got != token {
		t.Error("saving under a token returned another one")
	}
	same(t, s, load(t, s, token), want)
	for _, unknown := range []string{"x", session.NewToken(), strings.Repeat("q", 32), "\x00"} {
		if _, err := s.Save(t.Context(), unknown, record("", "v")); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("Save under a token that the client chose = %v, want ErrNotFound", err) // badinput 23
		}
		wantGone(t, s, unknown, "of a token that the client chose")
	}
}

func testDelete(t *testing.T, s session.Store) {
	token, other := save(t, s, "", record("1", "v")), save(t, s, "", record("1", "w"))
	if err := s.Delete(t.Context(), token); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	wantGone(t, s, token, "after Delete")
	if err := s.Delete(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("the second Delete = %v, want ErrNotFound", err)
	}
	if _, err := s.Save(t.Context(), token, record("1", "v")); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Save after Delete = %v, want ErrNotFound", err)
	}
	wantGone(t, s, token, "after a Save that came after Delete")
	load(t, s, other)
}

// testDeleteRace is badinput 24: a request under way must not bring back a session that was ended.
func testDeleteRace(t *testing.T, s session.Store) {
	for range 5 {
		token := save(t, s, "", record("1", "v"))
		var wg sync.WaitGroup
		started := make(chan struct{}, 8)
		for range 4 {
			wg.Go(func() {
				defer func() { started <- struct{}{} }() // so that a store that fails at once is waited for no longer
				for i := range 20 {
					if i == 1 {
						started <- struct{}{}
					}
					if _, err := s.Save(t.Context(), token, record("1", "again")); errors.Is(err, session.ErrNotFound) {
						return
					} else if err != nil {
						t.Errorf("Save: %v", err)
						return
					}
				}
			})
		}
		<-started
		if err := s.Delete(t.Context(), token); err != nil {
			t.Errorf("Delete: %v", err)
		}
		wg.Wait()
		wantGone(t, s, token, "after Delete and the end of every Save")
	}
}

func testRenew(t *testing.T, s session.Store) {
	rec := record("1", "v")
	old := save(t, s, "", rec)
	got := load(t, s, old)
	if err := s.Delete(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	renewed := save(t, s, "", &got)
	if renewed == old {
		t.Error("the token did not change")
	}
	same(t, s, load(t, s, renewed), *rec)
	wantGone(t, s, old, "of the old token")
}

func testOwnership(t *testing.T, s session.Store) {
	rec := record("1", "v")
	want := *rec
	token := save(t, s, "", rec)
	*rec = *record("2", "changed")
	same(t, s, load(t, s, token), want)
}

func testExpired(t *testing.T, s session.Store) {
	rec := record("1", "v")
	rec.Expires, rec.Fixed = now().Add(-time.Minute), true
	token := save(t, s, "", rec)
	switch got, err := s.Load(t.Context(), token); {
	case errors.Is(err, session.ErrNotFound):
	case err != nil:
		t.Errorf("Load: %v", err)
	case got.Expires.After(now()):
		t.Errorf("a session that expired at %v was loaded with Expires %v", rec.Expires, got.Expires)
	}
}

func testConcurrency(t *testing.T, s session.Store) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			name := strings.Repeat(string(rune('a'+i)), 8)
			token := ""
			for range 5 {
				rec := record(name, name)
				want := *rec
				var err error
				if token, err = s.Save(t.Context(), token, rec); err != nil {
					t.Errorf("Save: %v", err)
					return
				}
				got, err := s.Load(t.Context(), token)
				if err != nil {
					t.Errorf("Load: %v", err)
					return
				}
				if got.Data != want.Data || got.User != want.User {
					t.Errorf("got the session of %q, want that of %q", got.User, want.User)
				}
			}
		})
	}
	wg.Wait()
}

func testCancelled(t *testing.T, s session.Store) {
	token := save(t, s, "", record("1", "v"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Load(ctx, token); errors.Is(err, session.ErrNotFound) {
		t.Error("Load of a session that exists, with a cancelled context, is ErrNotFound; want another error or none")
	}
	if _, err := s.Save(ctx, token, record("1", "w")); errors.Is(err, session.ErrNotFound) {
		t.Error("Save of a session that exists, with a cancelled context, is ErrNotFound; want another error or none")
	}
}
