package sessiontest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/session"
)

func testTouch(t *testing.T, s session.Store) {
	toucher, ok := s.(session.Toucher)
	if !ok {
		t.Skip("the store is no session.Toucher")
	}
	token, other := save(t, s, "", record("1", "v")), save(t, s, "", record("1", "w"))
	want, untouched := *record("1", "changed meanwhile"), load(t, s, other)
	changed := want
	save(t, s, token, &changed)
	want.Seen, want.Expires = now().Add(time.Minute), now().Add(2*time.Hour)
	if err := toucher.Touch(t.Context(), token, want.Seen, want.Expires); err != nil {
		t.Fatalf("Touch: %v", err)
	}
	same(t, s, load(t, s, token), want)
	same(t, s, load(t, s, other), untouched)
	if err := s.Delete(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if err := toucher.Touch(t.Context(), token, want.Seen, want.Expires); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Touch after Delete = %v, want ErrNotFound", err)
	}
	wantGone(t, s, token, "after a Touch that came after Delete")
	for _, unknown := range []string{"", "\x00", "x"} {
		if err := toucher.Touch(t.Context(), unknown, want.Seen, want.Expires); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("Touch(%q) = %v, want ErrNotFound", unknown, err)
		}
	}
}

func testDeleteExpired(t *testing.T, s session.Store) {
	expirer, ok := s.(session.Expirer)
	if !ok {
		t.Skip("the store is no session.Expirer")
	}
	at := now().Add(24 * time.Hour) // the clock of the test
	var tokens []string
	for _, left := range []time.Duration{-time.Hour, -time.Second, time.Second, time.Hour} {
		rec := record("1", "v")
		rec.Expires, rec.Fixed = at.Add(left), true
		tokens = append(tokens, save(t, s, "", rec))
	}
	for i, want := range []int{2, 0} {
		if got, err := expirer.DeleteExpired(t.Context(), at); got != want || err != nil {
			t.Errorf("cleaning up, time %d: %d, %v, want %d", i+1, got, err, want)
		}
	}
	wantGone(t, s, tokens[0], "of what expired an hour ago")
	wantGone(t, s, tokens[1], "of what expired a second ago")
	load(t, s, tokens[2])
	load(t, s, tokens[3])
}

// users returns s as a store that knows users, with two sessions of alice's, one of hers that has expired, one of
// bob's and one of nobody's.
func users(t *testing.T, s session.Store) (u session.UserStore, alice, bob, nobody []string) {
	t.Helper()
	u, ok := s.(session.UserStore)
	if !ok {
		t.Skip("the store is no session.UserStore")
	}
	over := record("alice", "expired")
	over.Expires = now().Add(-time.Hour)
	save(t, s, "", over)
	alice = []string{save(t, s, "", record("alice", "1")), save(t, s, "", record("alice", "2"))}
	bob = []string{save(t, s, "", record("bob", "3"))}
	nobody = []string{save(t, s, "", record("", "4"))}
	return u, alice, bob, nobody
}

func list(t *testing.T, u session.UserStore, user string) []string {
	t.Helper()
	entries, err := u.ListByUser(t.Context(), user, now())
	if err != nil {
		t.Fatalf("ListByUser(%q): %v", user, err)
	}
	var ids []string
	for _, e := range entries {
		if e.User != user {
			t.Errorf("the list of %q holds a session of %q", user, e.User)
		}
		ids = append(ids, e.ID)
	}
	slices.Sort(ids)
	return ids
}

func ids(u session.UserStore, tokens []string) []string {
	var ids []string
	for _, token := range tokens {
		ids = append(ids, u.EntryID(token))
	}
	slices.Sort(ids)
	return ids
}

func testList(t *testing.T, s session.Store) {
	u, alice, bob, _ := users(t, s)
	for user, want := range map[string][]string{
		"alice": ids(u, alice), "bob": ids(u, bob), "": nil, "carol": nil, "ALICE": nil, "%": nil,
	} {
		if got := list(t, u, user); !slices.Equal(got, want) {
			t.Errorf("ListByUser(%q) = %d sessions, want %d, with the IDs that EntryID gives", user, len(got), len(want))
		}
	}
	for _, token := range append(alice, bob...) {
		if id := u.EntryID(token); id == "" || strings.Contains(id, token) || strings.Contains(token, id) {
			t.Error("an ID shows the token")
		} else {
			wantGone(t, s, id, "of an ID as if it were a token")
		}
	}
	// A session that changes hands changes lists.
	save(t, s, bob[0], record("carol", "3"))
	if b, c := list(t, u, "bob"), list(t, u, "carol"); len(b) != 0 || len(c) != 1 {
		t.Errorf("after bob's session became carol's they have %d and %d, want 0 and 1", len(b), len(c))
	}
}

func testDeleteByUser(t *testing.T, s session.Store) {
	u, alice, bob, nobody := users(t, s)
	if n, err := u.DeleteByUser(t.Context(), "", ""); n != 0 || err != nil {
		t.Errorf("DeleteByUser of the empty user = %d, %v, want 0", n, err)
	}
	if _, err := u.DeleteByUser(t.Context(), "alice", alice[1]); err != nil {
		t.Fatalf("DeleteByUser: %v", err)
	}
	wantGone(t, s, alice[0], "of alice's other session")
	load(t, s, alice[1])
	load(t, s, bob[0])
	load(t, s, nobody[0])
	if n, err := u.DeleteByUser(t.Context(), "alice", ""); n != 1 || err != nil {
		t.Errorf("DeleteByUser that keeps none = %d, %v, want 1", n, err)
	}
	wantGone(t, s, alice[1], "of alice's last session")
	load(t, s, bob[0])
	// To keep a session of another user's keeps none of one's own.
	if n, err := u.DeleteByUser(t.Context(), "bob", nobody[0]); n != 1 || err != nil {
		t.Errorf("DeleteByUser that keeps somebody else's = %d, %v, want 1", n, err)
	}
}

func testDeleteEntry(t *testing.T, s session.Store) {
	u, alice, bob, _ := users(t, s)
	for _, id := range []string{u.EntryID(bob[0]), "", "x", "\x00", alice[0], strings.Repeat("0", 64)} {
		if err := u.DeleteEntry(t.Context(), "alice", id); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("DeleteEntry of what is not alice's = %v, want ErrNotFound", err)
		}
	}
	load(t, s, alice[0])
	load(t, s, bob[0])
	if err := u.DeleteEntry(t.Context(), "alice", u.EntryID(alice[0])); err != nil {
		t.Errorf("DeleteEntry: %v", err)
	}
	wantGone(t, s, alice[0], "after DeleteEntry")
	load(t, s, alice[1])
}
