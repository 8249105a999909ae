package accountstest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
)

// maxData is how much a store has to keep.
const maxData = 64 << 10

// factor returns a factor of user with data in which each byte occurs.
func factor(user, name string) accounts.Factor {
	f := accounts.Factor{User: user, Kind: accounts.TOTP, Name: name, Created: now().Add(-time.Hour)}
	for i := range 512 {
		f.Data = append(f.Data, byte(i))
	}
	return f
}

func add(t *testing.T, s accounts.FactorStore, f accounts.Factor) accounts.Factor {
	t.Helper()
	got, err := s.AddFactor(t.Context(), f)
	if err != nil {
		t.Fatalf("AddFactor: %v", err)
	}
	return got
}

func factorsOf(t *testing.T, s accounts.FactorStore, user string) []accounts.Factor {
	t.Helper()
	all, err := s.Factors(t.Context(), user)
	if err != nil {
		t.Fatalf("Factors: %v", err)
	}
	return all
}

// wantFactors fails unless the user has these and no others, in this order.
func wantFactors(t *testing.T, s accounts.FactorStore, when, user string, want ...accounts.Factor) {
	t.Helper()
	got := factorsOf(t, s, user)
	if len(got) != len(want) {
		t.Errorf("%s: %d factors, want %d", when, len(got), len(want))
		return
	}
	for i := range got {
		sameFactor(t, when, got[i], want[i])
	}
}

func sameFactor(t *testing.T, when string, got, want accounts.Factor) {
	t.Helper()
	var differ []string
	for field, equal := range map[string]bool{
		"ID": got.ID == want.ID, "User": got.User == want.User, "Kind": got.Kind == want.Kind, "Name": got.Name == want.Name,
		"Confirmed": got.Confirmed == want.Confirmed, "Data": bytes.Equal(got.Data, want.Data), "Version": got.Version == want.Version,
		"Created": got.Created.Equal(want.Created), "Used": got.Used.Equal(want.Used) && got.Used.IsZero() == want.Used.IsZero(),
	} {
		if !equal {
			differ = append(differ, field)
		}
	}
	slices.Sort(differ)
	if len(differ) > 0 {
		t.Errorf("%s: other than it should be: %s of factor %q", when, strings.Join(differ, ", "), brief(want.Name))
	}
}

func testFactorRoundTrip(t *testing.T, s accounts.FactorStore, user, _ string) {
	odd := factor(user, "Zoë's 📱 \u202e'; DROP TABLE factors;-- \r\n %_\\")
	odd.Kind = "passkey"
	large := factor(user, strings.Repeat("日", 150))
	large.Data = bytes.Repeat([]byte{0, 0xff, '\'', 0x80}, maxData/4)
	want := []accounts.Factor{factor(user, "plain"), odd, large,
		{User: user, Kind: accounts.RecoveryCodes, Created: now()},
		{User: user, Kind: accounts.TOTP, Created: now(), Confirmed: true},
		{User: user, Kind: accounts.TOTP, Created: now(), Used: now(), Data: []byte{0}},
	}
	seen := map[string]bool{}
	for i, f := range want {
		f.ID, f.Version, f.Created = "chosen", 99, now().Add(time.Duration(i-len(want))*time.Minute)
		got := add(t, s, f)
		if got.ID == "" || got.ID == "chosen" || seen[got.ID] {
			t.Fatalf("factor %d has the ID %q: want one that the store gives, and no other factor has", i, got.ID)
		}
		seen[got.ID] = true
		f.ID, f.Version = got.ID, got.Version
		sameFactor(t, "AddFactor", got, f)
		want[i] = got
	}
	wantFactors(t, s, "Factors", user, want...)
	before := now()
	f := factor(user, "today")
	f.Created = time.Time{}
	if f = add(t, s, f); f.Created.Before(before) || f.Created.After(time.Now()) {
		t.Errorf("a factor without Created was created at %v, want now", f.Created)
	}
	fine := factor(user, "fine")
	fine.Created = time.Date(2024, 2, 29, 23, 59, 59, 999_999_999, time.FixedZone("far", 13*3600))
	fine.Used = fine.Created.Add(time.Hour)
	if got := add(t, s, fine); !cutOff(got.Created, fine.Created) || !cutOff(got.Used, fine.Used) {
		t.Errorf("of %v became %v, and of %v %v: only less than a second may be cut off", fine.Created, got.Created, fine.Used, got.Used)
	}
}

func testFactorOrder(t *testing.T, s accounts.FactorStore, user, _ string) {
	for _, hours := range []int{5, 2, 9, 1, 7} {
		f := factor(user, fmt.Sprintf("%d hours old", hours))
		f.Created = now().Add(-time.Duration(hours) * time.Hour)
		add(t, s, f)
	}
	var got []string
	for _, f := range factorsOf(t, s, user) {
		got = append(got, f.Name[:1])
	}
	if want := []string{"9", "7", "5", "2", "1"}; !slices.Equal(got, want) {
		t.Errorf("the factors are %q hours old, want %q", got, want)
	}
}

func testOthersFactors(t *testing.T, s accounts.FactorStore, user, other string) {
	mine, theirs := add(t, s, factor(user, "mine")), add(t, s, factor(other, "theirs"))
	stolen := theirs
	stolen.User, stolen.Data, stolen.Confirmed = user, []byte("forged"), true
	_, err := s.UpdateFactor(t.Context(), stolen)
	wantErr(t, "UpdateFactor of another user's", err, accounts.ErrNotFound)
	wantErr(t, "DeleteFactor of another user's", s.DeleteFactor(t.Context(), user, theirs.ID), accounts.ErrNotFound)
	wantFactors(t, s, "the user's own", user, mine)
	wantFactors(t, s, "the other user's", other, theirs)
}

func testUpdateFactor(t *testing.T, s accounts.FactorStore, user, other string) {
	first, second := add(t, s, factor(user, "first")), add(t, s, factor(other, "second"))
	want := first
	for i, data := range [][]byte{[]byte("changed \x00"), nil, bytes.Repeat([]byte{7}, maxData)} {
		was := want.Version
		want.Name, want.Confirmed, want.Data, want.Used = fmt.Sprintf("name %d", i), i%2 == 0, data, now().Add(time.Duration(i)*time.Minute)
		if i == 1 {
			want.Used = time.Time{}
		}
		change := want
		change.Kind, change.Created = "forged", now().Add(time.Hour) // neither is replaced
		got, err := s.UpdateFactor(t.Context(), change)
		if err != nil {
			t.Fatalf("UpdateFactor: %v", err)
		}
		if got.Version <= was {
			t.Errorf("the version %d follows %d, want a greater one", got.Version, was)
		}
		want.Version = got.Version
		sameFactor(t, "UpdateFactor", got, want)
		wantFactors(t, s, "after UpdateFactor", user, want)
		for _, version := range []int64{was, first.Version, got.Version + 1, 0, -1} {
			late := want
			late.Version, late.Data = version, []byte("too late")
			_, err := s.UpdateFactor(t.Context(), late)
			wantErr(t, fmt.Sprintf("UpdateFactor of version %d where it is %d", version, got.Version), err, accounts.ErrConflict)
		}
		wantFactors(t, s, "after conflicts", user, want)
	}
	wantFactors(t, s, "another factor", other, second)
}

func testUpdateFactorAtOnce(t *testing.T, s accounts.FactorStore, user, _ string) {
	f := add(t, s, factor(user, "phone"))
	for range 5 {
		next := make([]accounts.Factor, 20)
		won := atOnce(t, len(next), accounts.ErrConflict, func(i int) (err error) {
			change := f
			change.Data = []byte{byte(i)}
			next[i], err = s.UpdateFactor(t.Context(), change)
			return err
		})
		if len(won) != 1 {
			t.Fatalf("%d of %d updates of one version went through, want 1", len(won), len(next))
		}
		f = next[won[0]]
		wantFactors(t, s, "who won", user, f)
	}
}

func testDeleteFactor(t *testing.T, s accounts.FactorStore, user, other string) {
	f, kept, theirs := add(t, s, factor(user, "a")), add(t, s, factor(user, "b")), add(t, s, factor(other, "c"))
	won := atOnce(t, 10, accounts.ErrNotFound, func(int) error { return s.DeleteFactor(t.Context(), user, f.ID) })
	if len(won) != 1 {
		t.Errorf("%d of 10 deleted one factor, want 1", len(won))
	}
	_, err := s.UpdateFactor(t.Context(), f)
	wantErr(t, "UpdateFactor of one that is deleted", err, accounts.ErrNotFound)
	wantFactors(t, s, "after DeleteFactor", user, kept)
	wantFactors(t, s, "after another user's DeleteFactor", other, theirs)
}
