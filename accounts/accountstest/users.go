package accountstest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
)

func testRoundTrip(t *testing.T, s accounts.Store) {
	odd := somebody("zoë-日本.1+2@x_y")
	odd.Email = `"o'brien\" OR 1=1 --"@bücher.example`
	odd.FirstName, odd.LastName = "Robert'); DROP TABLE users;-- \\ %_", "\u202eevil\u202c 👩‍👩‍👧 \r\n\t<b>"
	longest := accounts.User{
		Username: strings.Repeat("é", accounts.MaxUsername), Email: strings.Repeat("ü", accounts.MaxEmail),
		FirstName: strings.Repeat("日", 150), LastName: strings.Repeat("😀", 150), Password: strings.Repeat("p", 128),
		Joined: now(), LastLogin: now(),
	}
	for name, u := range map[string]accounts.User{
		"a user":            somebody("alice"),
		"an odd user":       odd,
		"the longest user":  longest,
		"the shortest user": {Username: "b", Joined: now()},
		"the staff":         {Username: "c", Staff: true, Joined: now()},
		"a superuser":       {Username: "d", Superuser: true, Joined: now()},
		"an active user":    {Username: "e", Active: true, Joined: now()},
		"who logged in":     {Username: "f", Joined: now().Add(-time.Hour), LastLogin: now()},
	} {
		t.Run(name, func(t *testing.T) {
			want := create(t, s, u)
			u.ID = want.ID
			same(t, "Create", want, u)
			same(t, "ByID", byID(t, s, want.ID), want)
			got, err := s.ByUsername(t.Context(), u.Username)
			if err != nil {
				t.Fatalf("ByUsername: %v", err)
			}
			same(t, "ByUsername", got, want)
		})
	}
	before := now()
	if u := create(t, s, accounts.User{Username: "today"}); u.Joined.Before(before) || u.Joined.After(time.Now()) {
		t.Errorf("a user without Joined joined at %v, want now", u.Joined)
	}
}

func testIDs(t *testing.T, s accounts.Store) {
	seen := map[string]bool{}
	for i := range 50 {
		u := somebody(fmt.Sprintf("user%d", i))
		u.ID = "1"
		if i%2 == 0 {
			u.ID = "chosen"
		}
		got := create(t, s, u)
		if got.ID == "" || seen[got.ID] || got.ID == "chosen" {
			t.Fatalf("user %d has the ID %q: want one that the store gives, and nobody else has", i, got.ID)
		}
		seen[got.ID] = true
		same(t, "ByID", byID(t, s, got.ID), got)
	}
}

func testExactNames(t *testing.T, s accounts.Store) {
	alice := create(t, s, somebody("Alice"))
	for _, name := range []string{"alice", "ALICE", "Alice ", " Alice", "Ａlice", "Alic", "Alice1", "Ali_e", "A%", "%", "", "Alice\u200b",
		alice.ID, alice.Email} {
		_, err := s.ByUsername(t.Context(), name)
		wantErr(t, fmt.Sprintf("ByUsername(%q) beside Alice", name), err, accounts.ErrNotFound)
	}
	if got, err := s.ByUsername(t.Context(), "Alice"); err != nil || got.ID != alice.ID {
		t.Errorf("ByUsername = the user %q, %v, want %q", got.ID, err, alice.ID)
	}
}

func testTaken(t *testing.T, s accounts.Store) {
	alice := create(t, s, somebody("alice"))
	second := somebody("alice")
	second.Email, second.Password = "mallory@example.org", "another"
	_, err := s.Create(t.Context(), second)
	wantErr(t, "Create of a name that is taken", err, accounts.ErrTaken)
	same(t, "after that", byID(t, s, alice.ID), alice)
	if got, err := s.ByEmail(t.Context(), second.Email); len(got) != 0 || err != nil {
		t.Errorf("the one who came late has an account: %q, %v", names(got), err)
	}
	sameAddress := somebody("bob")
	sameAddress.Email = alice.Email
	create(t, s, sameAddress)
}

func testUpdate(t *testing.T, s accounts.Store) {
	alice, bob := create(t, s, somebody("alice")), create(t, s, somebody("bob"))
	if err := s.SetLastLogin(t.Context(), alice.ID, now()); err != nil {
		t.Fatalf("SetLastLogin: %v", err)
	}
	want := byID(t, s, alice.ID)
	want.Email, want.FirstName, want.LastName = "Other@example.org", "O", ""
	want.Active, want.Staff, want.Superuser = false, true, true
	change := want
	change.Username, change.Password, change.Joined, change.LastLogin = "mallory", "forged", now().Add(time.Hour), time.Time{}
	if err := s.Update(t.Context(), change); err != nil {
		t.Fatalf("Update: %v", err)
	}
	same(t, "after Update", byID(t, s, alice.ID), want)
	same(t, "after Update of another", byID(t, s, bob.ID), bob)
	if _, err := s.ByUsername(t.Context(), "mallory"); !errors.Is(err, accounts.ErrNotFound) {
		t.Errorf("Update changed the name: %v", err)
	}
	if got, err := s.ByEmail(t.Context(), "other@EXAMPLE.org"); err != nil || !slices.Contains(names(got), "alice") {
		t.Errorf("by her new address: %q, %v, want alice", names(got), err)
	}
	if got, err := s.ByEmail(t.Context(), alice.Email); err != nil || len(got) != 0 {
		t.Errorf("by her former address: %q, %v, want nobody", names(got), err)
	}
	change.ID = alice.ID + "0"
	wantErr(t, "Update of nobody", s.Update(t.Context(), change), accounts.ErrNotFound)
	change.ID = ""
	wantErr(t, "Update without an ID", s.Update(t.Context(), change), accounts.ErrNotFound)
}

func testSetters(t *testing.T, s accounts.Store) {
	alice, bob := create(t, s, somebody("alice")), create(t, s, somebody("bob"))
	want := byID(t, s, alice.ID)
	for i, active := range []bool{false, true, false} {
		want.Active, want.Email = active, fmt.Sprintf("Other%d@example.org", i)
		if err := errors.Join(s.SetActive(t.Context(), alice.ID, active), s.SetEmail(t.Context(), alice.ID, want.Email)); err != nil {
			t.Fatalf("SetActive and SetEmail: %v", err)
		}
		same(t, "after SetActive and SetEmail", byID(t, s, alice.ID), want)
		if got, err := s.ByEmail(t.Context(), strings.ToUpper(want.Email)); err != nil || !slices.Contains(names(got), "alice") {
			t.Errorf("by her new address: %q, %v, want alice", names(got), err)
		}
	}
	if got, err := s.ByEmail(t.Context(), alice.Email); err != nil || len(got) != 0 {
		t.Errorf("by her former address: %q, %v, want nobody", names(got), err)
	}
	same(t, "another, after that", byID(t, s, bob.ID), bob)
	for _, id := range []string{"", alice.ID + "0", "\x00", "\xff", strings.Repeat("1", 1000)} {
		wantErr(t, "SetEmail of nobody", s.SetEmail(t.Context(), id, "a@example.org"), accounts.ErrNotFound)
		wantErr(t, "SetActive of nobody", s.SetActive(t.Context(), id, false), accounts.ErrNotFound)
	}
	for _, email := range []string{"a\x00@example.org", "a\xff@example.org", strings.Repeat("a", accounts.MaxEmail+1)} {
		wantErr(t, fmt.Sprintf("SetEmail to %d bytes that cannot be kept", len(email)), s.SetEmail(t.Context(), alice.ID, email), accounts.ErrInvalid)
	}
	same(t, "after what was refused", byID(t, s, alice.ID), want)
}

func testSetPassword(t *testing.T, s accounts.Store) {
	alice, bob := create(t, s, somebody("alice")), create(t, s, somebody("bob"))
	for _, was := range []string{"", "another", bob.Password, alice.Password + " ", strings.ToUpper(alice.Password), "\x00", "\xff",
		alice.Password + "\x00", strings.Repeat("x", 1<<20)} {
		wantErr(t, fmt.Sprintf("SetPassword in place of another than the present one (%d bytes)", len(was)),
			s.SetPassword(t.Context(), alice.ID, was, "new"), accounts.ErrConflict)
	}
	same(t, "after conflicts", byID(t, s, alice.ID), alice)
	want := alice
	for _, encoded := range []string{"argon2$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA", "!unusable", "", strings.Repeat("é", 128)} {
		if err := s.SetPassword(t.Context(), alice.ID, want.Password, encoded); err != nil {
			t.Fatalf("SetPassword: %v", err)
		}
		want.Password = encoded
		same(t, "after SetPassword", byID(t, s, alice.ID), want)
	}
	same(t, "after SetPassword of another", byID(t, s, bob.ID), bob)
	wantErr(t, "SetPassword of nobody", s.SetPassword(t.Context(), alice.ID+"0", "", "new"), accounts.ErrNotFound)
}

func testLastLogin(t *testing.T, s accounts.Store) {
	alice, bob := create(t, s, somebody("alice")), create(t, s, somebody("bob"))
	for _, at := range []time.Time{now(), now().Add(-time.Minute), now().Add(time.Hour), {}, now()} {
		if err := s.SetLastLogin(t.Context(), alice.ID, at); err != nil {
			t.Fatalf("SetLastLogin: %v", err)
		}
		alice.LastLogin = at
		same(t, "after SetLastLogin", byID(t, s, alice.ID), alice)
	}
	same(t, "after SetLastLogin of another", byID(t, s, bob.ID), bob)
	wantErr(t, "SetLastLogin of nobody", s.SetLastLogin(t.Context(), alice.ID+"0", now()), accounts.ErrNotFound)
}

func testTimes(t *testing.T, s accounts.Store) {
	zone := time.FixedZone("far", 13*3600+1800)
	for i, at := range []time.Time{
		time.Date(2024, 2, 29, 23, 59, 59, 999_999_999, time.UTC),
		time.Date(2024, 2, 29, 23, 59, 59, 123_456_789, zone),
		time.Date(2024, 12, 31, 23, 59, 59, 1, time.FixedZone("west", -8*3600)),
		time.Date(2024, 3, 31, 1, 30, 0, 500, time.Local),
		time.Date(1999, 1, 2, 3, 4, 5, 600_000_000, time.UTC),
		time.Date(2999, 1, 2, 3, 4, 5, 10_000, zone),
		time.Now(),
	} {
		u := somebody(fmt.Sprintf("user%d", i))
		u.Joined, u.LastLogin = at, at
		got := create(t, s, u)
		if !cutOff(got.Joined, at) || !cutOff(got.LastLogin, at) {
			t.Errorf("of %v became %v and %v: only less than a second may be cut off", at, got.Joined, got.LastLogin)
		}
		same(t, "as Create says", byID(t, s, got.ID), got)
		if err := s.SetLastLogin(t.Context(), got.ID, at.Add(time.Hour)); err != nil {
			t.Fatalf("SetLastLogin: %v", err)
		}
		first := byID(t, s, got.ID)
		if !cutOff(first.LastLogin, at.Add(time.Hour)) {
			t.Errorf("SetLastLogin made %v of %v: only less than a second may be cut off", first.LastLogin, at.Add(time.Hour))
		}
		same(t, "asked again", byID(t, s, got.ID), first)
	}
}

func testList(t *testing.T, s accounts.Store) {
	var want []string
	for _, name := range []string{"zoe", "Adam", "adam", "ADAM", "_x", "é1", "日本", "a.b", "a-b", "a@b", "A1", "b1", "B2", "10", "9", "ab", "a"} {
		u, err := s.Create(t.Context(), somebody(name))
		if err == nil {
			want = append(want, u.Username)
		} else if !errors.Is(err, accounts.ErrTaken) {
			t.Fatalf("Create(%q): %v", name, err)
		}
	}
	slices.Sort(want) // by bytes
	for _, size := range []int{1, 2, 3, 7, 1000} {
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			page, err := s.List(t.Context(), after, size)
			if err != nil || len(page) > size {
				t.Fatalf("List(%q, %d) = %d users, %v", after, size, len(page), err)
			}
			for _, u := range page {
				same(t, "List", u, byID(t, s, u.ID))
			}
			if got = append(got, names(page)...); len(page) == 0 || len(got) > len(want) {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %q, want %q", size, got, want)
		}
	}
	for _, after := range []string{"a", "a-", "A1x", "aa", "Z", "é", "é1", "日本", "\U0010ffff"} {
		behind, _ := slices.BinarySearch(want, after+"\x00")
		next := want[behind:min(behind+2, len(want))]
		if got, err := s.List(t.Context(), after, 2); err != nil || !slices.Equal(names(got), next) {
			t.Errorf("List(%q, 2) = %q, %v, want %q", after, names(got), err, next)
		}
	}
	for _, limit := range []int{0, -1} {
		if got, err := s.List(t.Context(), "", limit); len(got) != 0 || err != nil {
			t.Errorf("List of at most %d users = %q, %v, want none", limit, names(got), err)
		}
	}
}
