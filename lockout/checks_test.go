package lockout_test

import (
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/lockout"
)

// shared is a store that is not in memory, to the checks.
type shared struct{ lockout.Store }

func budget(t *testing.T, text string) (b lockout.Budget) {
	t.Helper()
	if err := b.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestChecks(t *testing.T) {
	type config = lockout.Config
	b := func(text string) lockout.Budget { return budget(t, text) }
	checktest.Run(t, config.Checks, []checktest.Case[config]{
		{ID: "lockout.W001", Raises: config{InsecureOff: true}, Clean: config{}},
		{ID: "lockout.W002", Raises: config{}, Clean: config{Store: shared{}}},
		{ID: "lockout.W002", Raises: config{Store: lockout.NewMemory(lockout.MemoryOptions{})}, Clean: config{InsecureOff: true}},
		{ID: "lockout.W003", Raises: config{Account: b("100/1h/15m/1h")}, Clean: config{Account: b("30/1h/15m/1h")}},
		{ID: "lockout.W003", Raises: config{Device: b("10/1h/1s/1s")}, Clean: config{Device: b("10/1h/1s/4h")}},
		{ID: "lockout.W003", Raises: config{Network: b("500/1h")}, Clean: config{Network: b("300/1h")}}, // a large office
		{ID: "lockout.W003", Raises: config{Pair: b("1000/1h")}, Clean: config{Pair: b("1000/1h"), InsecureOff: true}},
		{ID: "lockout.W004", Raises: config{Pair: b("2/6h")}, Clean: config{Pair: b("3/6h")}},
		{ID: "lockout.W004", Raises: config{Device: b("2/6h")}, Clean: config{Device: b("3/6h")}},
		{ID: "lockout.W004", Raises: config{Network: b("19/1h")}, Clean: config{Network: b("20/1h")}},
		{ID: "lockout.W004", Raises: config{Account: b("9/6h")}, Clean: config{Account: b("10/6h")}},
		{ID: "lockout.W005", Raises: config{Account: b("20/6h/15m/25h")}, Clean: config{Account: b("20/6h/15m/24h")}},
		{ID: "lockout.W006", Raises: config{Pair: b("20/6h")}, Clean: config{}},
		{ID: "lockout.W006", Raises: config{Pair: b("5/6h/1m/4h")}, Clean: config{Pair: b("5/6h/1m/4h"), Account: b("40/6h")}},
		{ID: "lockout.E001", Raises: config{Network: lockout.Budget{Failures: -1}}, Clean: config{Network: lockout.Budget{Failures: 1}}},
		{ID: "lockout.E001", Raises: config{Pair: lockout.Budget{Window: time.Second - 1}}, Clean: config{Pair: lockout.Budget{Window: time.Second}}},
		{ID: "lockout.E001", Raises: config{Pair: lockout.Budget{CoolOff: 367 * 24 * time.Hour}}, Clean: config{Pair: lockout.Budget{CoolOff: 366 * 24 * time.Hour}}},
		{ID: "lockout.E001", Raises: config{Device: lockout.Budget{MaxCoolOff: -1}}, Clean: config{Device: lockout.Budget{MaxCoolOff: time.Second}}},
	})
}
