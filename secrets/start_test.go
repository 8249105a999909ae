package secrets_test

import (
	"context"
	"errors"
	"testing"

	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

// A program that starts while two values change reads them once more: else it would hold, until the next refresh, the
// list of former keys from before a rotation beside the key from after it, and refuse what the others signed.
func TestTornStart(t *testing.T) {
	readings := 0
	m := &manager{}
	m.behave(func(context.Context, []string) (map[string]settings.Value, error) {
		readings++
		values := map[string]settings.Value{"KEY": {Text: "new"}, "FALLBACKS": {Text: "new"}}
		if readings > 1 {
			values["FALLBACKS"] = settings.Value{Text: "new,old"}
		}
		return values, nil
	})
	k := keep(t, secrets.Config{}, m)
	got := lookup(t, k, "KEY", "FALLBACKS", "ABSENT")
	if got["KEY"].Text != "new" || got["FALLBACKS"].Text != "new,old" || text(k, "FALLBACKS") != "new,old" {
		t.Errorf("the start holds what was half-written: %d readings", readings)
	}
	if readings != 3 {
		t.Errorf("%d readings, want 3: the last two agree", readings)
	}
}

// One value cannot be torn, and one that never agrees does not keep the program from starting.
func TestTheStartReadsNoMoreThanItMust(t *testing.T) {
	m := &manager{values: map[string]string{"A": "a"}}
	lookup(t, keep(t, secrets.Config{}, m), "A", "B")
	if n := m.asked(); n != 1 {
		t.Errorf("one value was read %d times", n)
	}
	readings := 0
	m = &manager{}
	m.behave(func(context.Context, []string) (map[string]settings.Value, error) {
		readings++
		return map[string]settings.Value{"A": {Text: string(rune('a' + readings))}, "B": {Text: "b"}}, nil
	})
	if got := lookup(t, keep(t, secrets.Config{}, m), "A", "B"); len(got) != 2 || readings > 5 {
		t.Errorf("%d values after %d readings", len(got), readings)
	}
}

// A manager that answers once and then dies has answered: the values are as good as those of any single reading.
func TestAManagerThatDiesAfterTheFirstReading(t *testing.T) {
	readings := 0
	m := &manager{}
	m.behave(func(context.Context, []string) (map[string]settings.Value, error) {
		if readings++; readings > 1 {
			return nil, errors.New("gone")
		}
		return map[string]settings.Value{"A": {Text: "a"}, "B": {Text: "b"}}, nil
	})
	k := keep(t, secrets.Config{}, m)
	if got := lookup(t, k, "A", "B"); len(got) != 2 || readings != 2 {
		t.Errorf("%d values after %d readings", len(got), readings)
	}
	if s := k.Status(); s[0].Failures != 1 {
		t.Error("the failure is not counted")
	}
}
