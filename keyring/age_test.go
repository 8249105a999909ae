package keyring_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/keyring"
)

const (
	oneDay = 24 * time.Hour
	none   = time.Duration(-1) // no label
)

// aged returns a Config for production whose keys were made so long ago, the current one first. What they sign is
// valid for ten days.
func aged(t testing.TB, ages ...time.Duration) keyring.Config {
	t.Helper()
	cfg := keyring.Config{Longest: 10 * oneDay, Environment: "production"}
	for i, age := range ages {
		k := keyring.Generate()
		if age != none {
			k = made(t, "production", time.Now().Add(-age))
		}
		if i == 0 {
			cfg.Key = k
		} else {
			cfg.Fallbacks = append(cfg.Fallbacks, k)
		}
	}
	return cfg
}

// ageChecks are the checks that look at labels.
func ageChecks(c keyring.Config) []check.Check {
	return slices.DeleteFunc(c.Checks(), func(k check.Check) bool {
		return !slices.Contains([]string{"keyring.W004", "keyring.W005", "keyring.W006", "keyring.E002", "keyring.I001"}, k.ID)
	})
}

func TestAgeChecks(t *testing.T) {
	limited := func(limit time.Duration, cfg keyring.Config) keyring.Config { cfg.MaxAge = limit; return cfg }
	lasting := func(longest time.Duration, cfg keyring.Config) keyring.Config { cfg.Longest = longest; return cfg }
	in := func(environment string, cfg keyring.Config) keyring.Config { cfg.Environment = environment; return cfg }
	const old, minute = 100 * oneDay, time.Minute
	checktest.Run(t, ageChecks, []checktest.Case[keyring.Config]{
		// The successor's age counts, and the day in which the former key may still have signed.
		{ID: "keyring.W004", Raises: aged(t, 11*oneDay+minute, old), Clean: aged(t, 11*oneDay-minute, old)},
		{ID: "keyring.W004", Raises: aged(t, 11*oneDay+minute, none), Clean: aged(t, none, none)},
		{ID: "keyring.W004", Raises: aged(t, oneDay, 11*oneDay+minute, old), Clean: aged(t, oneDay, 11*oneDay-minute, old)},
		{ID: "keyring.W004", Raises: aged(t, oneDay, 12*oneDay, old), Clean: aged(t, oneDay, none, old)},
		{ID: "keyring.W004", Raises: lasting(oneDay, aged(t, 3*oneDay, old)), Clean: lasting(0, aged(t, old, old+minute))},
		// A staged key has no successor, and is none: the current key succeeds the second fallback.
		{ID: "keyring.W004", Raises: aged(t, 20*oneDay, 15*oneDay, old), Clean: aged(t, 20*oneDay, 15*oneDay)},
		{ID: "keyring.W004", Raises: aged(t, 20*oneDay, minute, old), Clean: aged(t, 2*oneDay, minute, old)},

		{ID: "keyring.W005", Raises: aged(t, 365*oneDay+minute), Clean: aged(t, 365*oneDay-minute)},
		{ID: "keyring.W005", Raises: limited(oneDay, aged(t, oneDay+minute)), Clean: limited(oneDay, aged(t, oneDay-minute))},
		{ID: "keyring.W005", Raises: limited(time.Hour, aged(t, oneDay)), Clean: limited(time.Hour, aged(t, none, oneDay))},

		{ID: "keyring.W006", Raises: aged(t, old, oneDay+minute), Clean: aged(t, old, oneDay-minute)},
		{ID: "keyring.W006", Raises: aged(t, none, oneDay+minute), Clean: aged(t, oneDay+minute, old)},
		{ID: "keyring.W006", Raises: aged(t, old, 2*oneDay, none), Clean: aged(t, old)},

		{ID: "keyring.E002", Raises: in("staging", aged(t, oneDay)), Clean: aged(t, oneDay)},
		{ID: "keyring.E002", Raises: in("staging", aged(t, none, oneDay)), Clean: in("", aged(t, none, oneDay))},
		{ID: "keyring.E002", Raises: in("staging", aged(t, oneDay, oneDay)), Clean: in("staging", aged(t, none, none))},

		{ID: "keyring.I001", Raises: aged(t, none), Clean: aged(t, oneDay, none)},
		{ID: "keyring.I001", Raises: config(djangoKey), Clean: config("short")},
	})
}

func TestAgeChecksSayWhat(t *testing.T) {
	day := func(age time.Duration) string { return time.Now().Add(-age).UTC().Format("2006-01-02") }
	cfg := aged(t, 400*oneDay, oneDay*2, 500*oneDay)
	cfg.Environment = "staging"
	want := map[string]string{
		"keyring.W004": "SECRET_KEY_FALLBACKS[1]: its successor was made on " + day(400*oneDay) +
			", and what it signed was valid until " + day(389*oneDay),
		"keyring.W005": "made on " + day(400*oneDay) + ", 400 days ago; the limit is 365 days",
		"keyring.W006": "SECRET_KEY_FALLBACKS[0]: it was made on " + day(2*oneDay),
	}
	for _, c := range ageChecks(cfg) {
		found, err := c.Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if c.ID == "keyring.E002" && (len(found) != 3 || !strings.Contains(found[0].Evidence, `"production", and this is "staging"`)) {
			t.Errorf("%s: got %+v", c.ID, found)
		}
		if text, ok := want[c.ID]; ok && (len(found) != 1 || found[0].Evidence != text) {
			t.Errorf("%s:\ngot  %+v\nwant %s", c.ID, found, text)
		}
	}
}

func TestUntil(t *testing.T) {
	for _, row := range []struct {
		name      string
		successor time.Time
		longest   time.Duration
		want      time.Time
	}{
		{"ten days and the day of grace", noon, 10 * oneDay, noon.Add(11 * oneDay)},
		{"a successor without a date", time.Time{}, 10 * oneDay, time.Time{}},
		{"sessions of unknown length", noon, 0, time.Time{}},
	} {
		if got, ok := keyring.Until(row.successor, row.longest); !got.Equal(row.want) || ok == row.want.IsZero() {
			t.Errorf("%s: got %v, %t, want %v", row.name, got, ok, row.want)
		}
	}
}

func TestANegativeAgeIsRefused(t *testing.T) {
	cfg := config(djangoKey)
	cfg.MaxAge = -1
	if _, err := keyring.New(cfg); err == nil || !strings.Contains(err.Error(), "keyring: SECRET_KEY_MAX_AGE: -1ns is negative") {
		t.Errorf("got %v", err)
	}
}
