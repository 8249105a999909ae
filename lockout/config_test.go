package lockout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/lockout"
)

func TestOff(t *testing.T) {
	g := newGuard(t, lockout.Config{InsecureOff: true})
	if n := fail(t, g, 1000, lockout.Attempt{Account: "alice", Client: evil}); n != 1000 {
		t.Errorf("%d attempts are let through, want all", n)
	}
	if !login(t, g, lockout.Attempt{Account: "alice", Client: evil}) {
		t.Error("nobody gets in")
	}
	if try, err := g.Take(t.Context(), lockout.Key{Kind: "x", Subject: "y"}, lockout.Budget{Failures: 1}, home); err != nil || try.Refused {
		t.Error(try, err)
	}
}

func TestNewSaysAllThatIsWrong(t *testing.T) {
	_, err := lockout.New(lockout.Config{
		Account: lockout.Budget{Failures: -1}, Network: lockout.Budget{Window: time.Millisecond},
		Pair: lockout.Budget{CoolOff: -time.Hour}, Device: lockout.Budget{MaxCoolOff: 10 * 366 * 24 * time.Hour},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"lockout: LOCKOUT_ACCOUNT: -1 failures: allow", "lockout: LOCKOUT_NETWORK: a window of 1ms: use",
		"lockout: LOCKOUT_PAIR: a cool-off of", "lockout: LOCKOUT_DEVICE: a longest cool-off of"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestBudgetText(t *testing.T) {
	for text, want := range map[string]lockout.Budget{
		"20/6h":         {Failures: 20, Window: 6 * time.Hour},
		"5/90m/15m/4h":  {Failures: 5, Window: 90 * time.Minute, CoolOff: 15 * time.Minute, MaxCoolOff: 4 * time.Hour},
		" 5 / 1h30m ":   {Failures: 5, Window: 90 * time.Minute},
		"5/1h/90s/1h1s": {Failures: 5, Window: time.Hour, CoolOff: 90 * time.Second, MaxCoolOff: time.Hour + time.Second},
	} {
		if got := budget(t, text); got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
	for b, want := range map[lockout.Budget]string{
		{}: "", {Failures: 20, Window: 6 * time.Hour}: "20/6h",
		{Failures: 5, Window: 90 * time.Minute, CoolOff: 10 * time.Second, MaxCoolOff: 100 * time.Hour}: "5/1h30m/10s/100h",
	} {
		if got := b.String(); got != want {
			t.Errorf("%+v is written %q, want %q", b, got, want)
		}
	}
	for _, text := range []string{"", "20", "20/6h/15m", "20/6h/15m/4h/1h", "/6h", "x/6h", "0/6h", "-5/6h", "5/6", "5/-6h", "5/0s", "5 6h", "5/6h/0s/1h"} {
		var b lockout.Budget
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read as %+v", text, b)
		}
	}
}
