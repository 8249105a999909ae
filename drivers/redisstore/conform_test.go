package redisstore_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/keyring/ledgertest"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/lockout/lockouttest"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/session/sessiontest"
)

func TestSessionsConform(t *testing.T) {
	sessiontest.TestStore(t, func(t *testing.T) session.Store { return redisstore.NewSessions(fresh(t)) })
}

func TestLedgerConforms(t *testing.T) {
	ledgertest.TestLedger(t, func(t *testing.T) keyring.Ledger { return redisstore.NewKeyLedger(fresh(t)) })
}

func TestLockoutConforms(t *testing.T) {
	lockouttest.TestStore(t, func(t *testing.T) lockout.Store { return redisstore.NewLockout(fresh(t)) })
}
