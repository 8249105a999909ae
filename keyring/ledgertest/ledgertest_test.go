package ledgertest_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/keyring/ledgertest"
)

func TestMemory(t *testing.T) {
	ledgertest.TestLedger(t, func(*testing.T) keyring.Ledger { return keyring.NewMemoryLedger() })
}

// A ledger of one's own is tested like this.
func ExampleTestLedger() {
	_ = func(t *testing.T) {
		ledgertest.TestLedger(t, func(*testing.T) keyring.Ledger { return keyring.NewMemoryLedger() })
	}
	// Output:
}
