package lockout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/settings"
)

// site is an application's settings.
type site struct{ Lockout lockout.Config }

func TestVariables(t *testing.T) {
	got, err := settings.Load(t.Context(), site{}, settings.Map("test", map[string]string{
		"LOCKOUT_ACCOUNT": "30/12h", "LOCKOUT_NETWORK": "200/1h/1m/30m", "LOCKOUT_PAIR": "6/1h", "LOCKOUT_DEVICE": "12/1h",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := lockout.Config{
		Account: lockout.Budget{Failures: 30, Window: 12 * time.Hour},
		Network: lockout.Budget{Failures: 200, Window: time.Hour, CoolOff: time.Minute, MaxCoolOff: 30 * time.Minute},
		Pair:    lockout.Budget{Failures: 6, Window: time.Hour}, Device: lockout.Budget{Failures: 12, Window: time.Hour},
	}
	if got.Lockout != want {
		t.Errorf("%+v, want %+v", got.Lockout, want)
	}
	_, err = settings.Load(t.Context(), site{}, settings.Map("test", map[string]string{"LOCKOUT_ACCOUNT": "many"}))
	if err == nil || !strings.Contains(err.Error(), "LOCKOUT_ACCOUNT") || !strings.Contains(err.Error(), "20/6h") {
		t.Errorf("%v, want the variable and how it is written", err)
	}
}
