// Package accountstest holds implementations of accounts.Store and accounts.FactorStore to the contracts in their comments.
//
//	func TestStore(t *testing.T) {
//		accountstest.TestStore(t, func(t *testing.T) accounts.Store { return open(t) })
//		accountstest.TestFactors(t, func(t *testing.T) (accounts.FactorStore, []string) {
//			return openWithUsers(t) // and the IDs of two users
//		})
//	}
//
// Each test asks for a store of its own, which must be empty, apart from the two users, and is closed by the caller, with
// t.Cleanup. No test waits. Up to a hundred calls are made at once: a pool of connections has to have a bound.
//
// Twins are refused or found: which of the two is the store's affair. The package cannot see what a store costs with a
// million users, nor what happens when its server dies: that is for the store's own tests.
package accountstest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
)

// Open returns a new, empty store that lasts until t ends.
type Open func(t *testing.T) accounts.Store

// OpenFactors returns a new store without factors that lasts until t ends, and the IDs of two users.
type OpenFactors func(t *testing.T) (s accounts.FactorStore, users []string)

// TestStore tests a store of users.
func TestStore(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, accounts.Store)
	}{
		{"a user comes back as it was created", testRoundTrip},
		{"the store gives the IDs, and none twice", testIDs},
		{"a name finds whoever has exactly it", testExactNames},
		{"twins are refused or found", testTwins},
		{"a name is given once", testTaken},
		{"of a hundred who want one name one gets it", testTakenAtOnce},
		{"an address finds whoever may have it", testEmail},
		{"look-alikes of an address hide nobody", testLookalikes},
		{"an update replaces what it may and nothing else", testUpdate},
		{"an address and a lock are set alone", testSetters},
		{"a password is replaced if it is the one that was meant", testSetPassword},
		{"of many changes of one password one wins", testSetPasswordAtOnce},
		{"an update does not bring back a former password", testUpdateAndPassword},
		{"the last login is noted and nothing else", testLastLogin},
		{"times come back to the second whatever their zone", testTimes},
		{"all users are listed in order and each once", testList},
		{"text that nobody can have finds nobody", testHostile},
		{"text that cannot be kept is refused", testInvalid},
		{"many at once do not mix", testConcurrency},
		{"a store that cannot look does not say that there is nobody", testCancelled},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// TestFactors tests a store of second factors.
func TestFactors(t *testing.T, open OpenFactors) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, accounts.FactorStore, string, string)
	}{
		{"a factor comes back as it was added", testFactorRoundTrip},
		{"the oldest factor comes first", testFactorOrder},
		{"nobody reaches another user's factors", testOthersFactors},
		{"an update replaces what it may if the version is still that", testUpdateFactor},
		{"of many updates of one version one wins", testUpdateFactorAtOnce},
		{"a deleted factor is gone", testDeleteFactor},
		{"all factors are listed and each once", testAllFactors},
		{"all factors are listed while they change", testAllFactorsMeanwhile},
		{"text that no factor has finds none", testHostileFactors},
		{"a factor that cannot be kept is refused", testInvalidFactors},
		{"the store does not keep the caller's bytes", testFactorOwnership},
		{"a store that cannot look does not say that there is no factor", testCancelledFactors},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, users := open(t)
			if len(users) != 2 || users[0] == users[1] {
				t.Fatalf("the test needs two users, got the IDs %q", users)
			}
			test.run(t, s, users[0], users[1])
		})
	}
}

// now is a whole second, which every store can keep.
func now() time.Time { return time.Now().Truncate(time.Second) }

// somebody returns a user of that name in whom no two fields are alike.
func somebody(name string) accounts.User {
	return accounts.User{
		Username: name, Email: name + "@example.org", FirstName: "First of " + name, LastName: "Last of " + name,
		Password: "pbkdf2_sha256$1$salt$" + name, Active: true, Joined: now().Add(-time.Hour),
	}
}

func create(t *testing.T, s accounts.Store, u accounts.User) accounts.User {
	t.Helper()
	got, err := s.Create(t.Context(), u)
	if err != nil {
		t.Fatalf("Create(%q): %v", u.Username, err)
	}
	return got
}

func byID(t *testing.T, s accounts.Store, id string) accounts.User {
	t.Helper()
	u, err := s.ByID(t.Context(), id)
	if err != nil {
		t.Fatalf("ByID: %v", err)
	}
	return u
}

// wantErr fails unless err is want.
func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", what, err, want)
	}
}

// same fails unless got is want, and names the fields that differ: a hash has no place in a log.
func same(t *testing.T, when string, got, want accounts.User) {
	t.Helper()
	var differ []string
	for field, equal := range map[string]bool{
		"ID": got.ID == want.ID, "Username": got.Username == want.Username, "Email": got.Email == want.Email,
		"FirstName": got.FirstName == want.FirstName, "LastName": got.LastName == want.LastName,
		"Password": got.Password == want.Password, "Active": got.Active == want.Active, "Staff": got.Staff == want.Staff,
		"Superuser": got.Superuser == want.Superuser, "Joined": got.Joined.Equal(want.Joined),
		"LastLogin": got.LastLogin.Equal(want.LastLogin) && got.LastLogin.IsZero() == want.LastLogin.IsZero(),
	} {
		if !equal {
			differ = append(differ, field)
		}
	}
	slices.Sort(differ)
	if len(differ) > 0 {
		t.Errorf("%s: other than it should be: %s of user %q", when, strings.Join(differ, ", "), want.Username)
	}
}

// cutOff reports whether got is at, exact to the second at least, and not later: a store cuts off and does not round.
func cutOff(got, at time.Time) bool { return !got.After(at) && at.Sub(got) < time.Second }

func names(users []accounts.User) []string {
	var names []string
	for _, u := range users {
		names = append(names, u.Username)
	}
	return names
}

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return names
}

// brief returns what of a hostile text fits into a line.
func brief(s string) string { return s[:min(len(s), 40)] }
