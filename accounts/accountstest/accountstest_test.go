package accountstest_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/accounts/accountstest"
)

func twoUsers(t *testing.T, s accounts.Store) []string {
	t.Helper()
	var ids []string
	for _, name := range []string{"alice", "bob"} {
		u, err := s.Create(t.Context(), accounts.User{Username: name})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, u.ID)
	}
	return ids
}

func Example() {
	// In a file of tests:
	_ = func(t *testing.T) {
		accountstest.TestStore(t, func(*testing.T) accounts.Store { return accounts.NewMemory() })
		accountstest.TestFactors(t, func(t *testing.T) (accounts.FactorStore, []string) {
			store := accounts.NewMemory()
			return store, twoUsers(t, store)
		})
	}
	// Output:
}

func TestAGoodStorePasses(t *testing.T) {
	accountstest.TestStore(t, func(*testing.T) accounts.Store { return accounts.NewMemory() })
	accountstest.TestFactors(t, func(t *testing.T) (accounts.FactorStore, []string) {
		m := accounts.NewMemory()
		return m, twoUsers(t, m)
	})
}
