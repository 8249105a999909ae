package keyring_test

import (
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

// verdict says whether mac and sealed, made from "m", are good for the two purposes.
func verdict(t *testing.T, m *keyring.MAC, a *keyring.AEAD, mac, sealed []byte) string {
	t.Helper()
	current, ok := m.Verify([]byte("m"), mac)
	plain, currentToo, err := a.Open(nil, sealed, nil)
	if ok != (err == nil) || current != currentToo || ok && string(plain) != "m" {
		t.Fatalf("MAC and AEAD disagree: %t, %t and %q, %t, %v", current, ok, plain, currentToo, err)
	}
	switch {
	case current:
		return "current"
	case ok:
		return "fallback"
	}
	return "refused"
}

func TestPurposesFollowSwaps(t *testing.T) {
	r := ring(t, djangoKey)
	m, a := r.MAC("c"), r.AEAD("c")
	mac, sealed := m.Sign(nil, []byte("m")), a.Seal(nil, []byte("m"), nil)
	for _, step := range []struct {
		name string
		cfg  keyring.Config
		old  string
	}{
		{"the same keys", config(djangoKey), "current"},
		{"a new key, the former one a fallback", config(thirdKey, djangoKey), "fallback"},
		{"the fallback dropped", config(thirdKey), "refused"},
		{"and taken back", config(thirdKey, djangoFallback, djangoKey), "fallback"},
		{"and current again", config(djangoKey), "current"},
	} {
		if err := r.Swap(step.cfg); err != nil {
			t.Fatal(err)
		}
		if got := verdict(t, m, a, mac, sealed); got != step.old {
			t.Errorf("%s: what was signed before is %s, want %s", step.name, got, step.old)
		}
		got := verdict(t, m, a, m.Sign(nil, []byte("m")), a.Seal(nil, []byte("m"), nil))
		if got != "current" {
			t.Errorf("%s: what is signed after is %s, want current", step.name, got)
		}
	}
}

func TestRefusedSwapChangesNothing(t *testing.T) {
	r := ring(t, djangoKey)
	m, a := r.MAC("c"), r.AEAD("c")
	mac, sealed := m.Sign(nil, []byte("m")), a.Seal(nil, []byte("m"), nil)
	for _, cfg := range []keyring.Config{{}, config("short"), config(thirdKey, "short")} {
		if err := r.Swap(cfg); err == nil {
			t.Error("Swap accepts a weak key")
		}
		if got := verdict(t, m, a, mac, sealed); got != "current" {
			t.Errorf("what was signed before is %s, want current", got)
		}
	}
}

func TestUses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := ring(t, djangoKey, djangoFallback, djangoKey, djangoFallback)
		m, a, msg := r.MAC("c"), r.AEAD("c"), []byte("m")
		old := ring(t, djangoFallback).MAC("c").Sign(nil, msg)
		m.Verify(msg, m.Sign(nil, msg))
		m.Verify(msg, old[1:])
		_, _, _ = a.Open(nil, a.Seal(nil, msg, nil), nil)
		time.Sleep(90 * time.Second)
		m.Verify(msg, old)
		keyPrint, oldPrint := secret.New(djangoKey).Fingerprint(), secret.New(djangoFallback).Fingerprint()
		expect := func(step string, want []keyring.Use) {
			t.Helper()
			if got := r.Uses(); !reflect.DeepEqual(got, want) {
				t.Errorf("%s:\ngot  %+v\nwant %+v", step, got, want)
			}
		}
		used := start.Add(time.Minute).Local()
		expect("keys that are listed twice count once", []keyring.Use{
			{Fingerprint: keyPrint, Since: start, Verified: 2},
			{Fingerprint: oldPrint, Since: start, Verified: 1, Fallback: true, Last: time.Unix(used.Unix(), 0)},
		})
		swapped := time.Now()
		if err := r.Swap(config(thirdKey, djangoKey, djangoFallback)); err != nil {
			t.Fatal(err)
		}
		expect("a key that becomes a fallback starts at zero, one that stays does not", []keyring.Use{
			{Fingerprint: secret.New(thirdKey).Fingerprint(), Since: swapped},
			{Fingerprint: keyPrint, Since: swapped, Fallback: true},
			{Fingerprint: oldPrint, Since: start, Verified: 1, Fallback: true, Last: time.Unix(used.Unix(), 0)},
		})
	})
}

// TestSwapWhileVerifying changes the roles of two keys while many goroutines verify what both made. Both are in the
// ring at all times, so nothing may be refused.
func TestSwapWhileVerifying(t *testing.T) {
	configs := []keyring.Config{config(djangoKey, djangoFallback), config(djangoFallback, djangoKey)}
	r := ring(t, djangoKey, djangoFallback)
	m, a, msg := r.MAC("c"), r.AEAD("c"), []byte("m")
	var macs, sealed [][]byte
	for _, cfg := range configs {
		one, err := keyring.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		macs = append(macs, one.MAC("c").Sign(nil, msg))
		sealed = append(sealed, one.AEAD("c").Seal(nil, msg, nil))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 300 {
				if _, ok := m.Verify(msg, macs[i%2]); !ok {
					t.Error("a MAC is refused")
				}
				if _, _, err := a.Open(nil, sealed[i%2], nil); err != nil {
					t.Error(err)
				}
				if _, ok := m.Verify(msg, m.Sign(nil, msg)); !ok {
					t.Error("a fresh MAC is refused")
				}
				if len(r.Uses()) != 2 {
					t.Error("not two keys")
				}
			}
		})
	}
	for i := range 300 {
		if err := r.Swap(configs[i%2]); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}
