package accountstest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/accounts"
)

// testTwins tests names that are equal but for their case, in so far as the store lets them be made.
func testTwins(t *testing.T, s accounts.Store) {
	create(t, s, somebody("bystander"))
	for _, row := range []struct{ twins, asked []string }{
		{[]string{"alice", "Alice", "ALICE"}, []string{"alice", "aLiCe", "ALICE", "ａlice"}},
		{[]string{"straße", "STRASSE", "Straße"}, []string{"straße", "strasse", "STRASSE", "STRAẞE"}},
		{[]string{"σίσυφος", "ΣΊΣΥΦΟΣ", "Σίσυφοσ"}, []string{"σίσυφος", "ΣΊΣΥΦΟΣ", "σίσυφοσ"}},
		{[]string{"özgür", "ÖZGÜR"}, []string{"ÖZgür", "o\u0308zgu\u0308r", "özgür"}},
		{[]string{"Kelvin", "kelvin"}, []string{"\u212aelvin", "KELVIN"}}, // the Kelvin sign folds to k
		{capitalisations("abcd"), []string{"abcd", "ABCD", "aBcD"}},
	} {
		made := []string{create(t, s, somebody(row.twins[0])).Username}
		for _, twin := range row.twins[1:] {
			u := somebody(twin)
			u.Email = ""
			switch got, err := s.Create(t.Context(), u); {
			case err == nil:
				made = append(made, got.Username)
			case !errors.Is(err, accounts.ErrTaken):
				t.Errorf("Create(%q) beside its twin = %v, want ErrTaken or none", twin, err)
			}
		}
		for _, name := range append(row.asked, made...) {
			got, err := s.Twins(t.Context(), name)
			if err != nil {
				t.Fatalf("Twins: %v", err)
			}
			if len(made) <= 10 && !slices.Equal(sorted(names(got)), sorted(made)) {
				t.Errorf("Twins(%q) = %q, want %q", name, names(got), made)
			}
			if len(made) > 10 && (len(got) != 10 || slices.Contains(made, name) && !slices.Contains(names(got), name)) {
				t.Errorf("Twins(%q) = %q, want 10 of %q, itself included", name, names(got), made)
			}
			for _, u := range got {
				same(t, "Twins", u, byID(t, s, u.ID))
			}
		}
	}
	for _, name := range []string{"", "nobody", "alic", "alice1", "al_ce", "%", "bystander "} {
		if got, err := s.Twins(t.Context(), name); len(got) != 0 || err != nil {
			t.Errorf("Twins(%q) = %q, %v, want nobody", name, names(got), err)
		}
	}
}

// capitalisations returns all of them.
func capitalisations(lower string) []string {
	var all []string
	for bits := range 1 << len(lower) {
		name := []byte(lower)
		for i := range name {
			if bits>>i&1 == 1 {
				name[i] -= 'a' - 'A'
			}
		}
		all = append(all, string(name))
	}
	return all
}

func testEmail(t *testing.T, s accounts.Store) {
	for i, row := range []struct {
		stored []string // with an owner each
		asked  []string // which find them all
	}{
		{[]string{"alice@example.org"}, []string{"alice@example.org", "ALICE@example.org", "Alice@EXAMPLE.Org"}},
		{[]string{"BOB@Example.ORG", "bob@example.org", "Bob@example.org"}, []string{"bob@example.org", "BOB@EXAMPLE.ORG"}},
		{[]string{"åsa@example.org", "ÅSA@EXAMPLE.ORG"}, []string{"Åsa@example.org", "A\u030asa@example.org", "åSA@Example.org"}},
		{[]string{"straße@example.org"}, []string{"STRASSE@example.org", "Straße@example.org", "strasse@example.org"}},
		{[]string{"σίσυφος@example.org"}, []string{"ΣΊΣΥΦΟΣ@EXAMPLE.ORG"}},
		{[]string{"mike@example.org", "mi\u212ae@example.org"}, []string{"MIKE@example.org", "mi\u212ae@example.org"}},
		{[]string{`100%_\@example.org`}, []string{`100%_\@example.org`, `100%_\@EXAMPLE.org`}},
		{[]string{strings.Repeat("a", 242) + "@example.org"}, []string{strings.Repeat("A", 242) + "@Example.Org"}},
	} {
		var want []string
		for j, address := range row.stored {
			u := somebody(fmt.Sprintf("user-%d-%d", i, j))
			u.Email = address
			want = append(want, create(t, s, u).Username)
		}
		for _, address := range row.asked {
			got, err := s.ByEmail(t.Context(), address)
			if err != nil {
				t.Fatalf("ByEmail: %v", err)
			}
			for _, name := range want {
				if !slices.Contains(names(got), name) {
					t.Errorf("ByEmail(%q) lacks %s, whose address is one of %q", brief(address), name, row.stored)
				}
			}
			for _, u := range got {
				same(t, "ByEmail", u, byID(t, s, u.ID)) // the address as its owner wrote it: mail goes there
			}
		}
	}
	nobody := somebody("without-an-address")
	nobody.Email = ""
	create(t, s, nobody)
	if got, err := s.ByEmail(t.Context(), ""); len(got) != 0 || err != nil {
		t.Errorf("ByEmail of no address = %q, %v, want nobody", names(got), err)
	}
}

// testLookalikes is about what a query for something similar does: patterns that match too much, and a limit that counts
// who is compared away afterwards (CVE-2019-19844 is what happens if they are not).
func testLookalikes(t *testing.T, s accounts.Store) {
	for i := range 120 {
		u := somebody(fmt.Sprintf("lookalike%d", i))
		u.Email = "a" + strconv.FormatInt(int64(36+i), 36) + "b@example.org" // two characters: patterns have a sign for any
		create(t, s, u)
	}
	owner := somebody("owner")
	owner.Email = "A__b@example.org"
	create(t, s, owner)
	got, err := s.ByEmail(t.Context(), "a__b@example.org")
	if err != nil || !slices.Contains(names(got), "owner") || len(got) > 100 {
		t.Errorf("ByEmail = %d users, %v, want 100 at most and the owner of the address among them", len(got), err)
	}
	oldest := somebody("oldest")
	oldest.Email = "shared@example.org"
	create(t, s, oldest)
	for i := range 105 {
		u := somebody(fmt.Sprintf("late%d", i))
		u.Email, u.Joined = []string{"shared@example.org", "Shared@example.org"}[i%2], now()
		create(t, s, u)
	}
	got, err = s.ByEmail(t.Context(), "SHARED@example.org")
	if err != nil || len(got) != 100 || !slices.Contains(names(got), "oldest") {
		t.Errorf("ByEmail of an address of 106 = %d users, %v, want 100, who joined first among them", len(got), err)
	}
}
