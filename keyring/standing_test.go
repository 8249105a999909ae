package keyring_test

import (
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

func TestStandings(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	make := func(ago time.Duration) secret.Text {
		k, err := keyring.GenerateFor("production", now.Add(-ago))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	const day = 24 * time.Hour
	current, former, oldest := make(30*day), make(60*day), make(90*day)
	cfg := keyring.Config{Key: current, Fallbacks: []secret.Text{former, oldest}, Longest: 14 * day}
	ring, err := keyring.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	uses := ring.Uses()
	elsewhere := keyring.Use{Fingerprint: make(2 * day).Fingerprint()}
	needed := uses[1]
	needed.Verified, needed.Last = 3, now.Add(-day)
	reports := []keyring.Report{
		{Instance: "a", At: now.Add(-time.Minute), Keys: []keyring.Use{uses[0], needed}},
		{Instance: "b", At: now.Add(-time.Minute), Keys: []keyring.Use{elsewhere}},
		{Instance: "c", At: now.Add(-time.Hour), Keys: []keyring.Use{uses[0]}}, // silent for too long
		{Instance: "d", At: now, Gone: true},
	}
	states := keyring.Standings(cfg, uses, reports, now)
	if len(states) != 4 {
		t.Fatalf("%d keys, want the three of the settings and one that only an instance has", len(states))
	}
	for i, want := range []struct {
		role             string
		signing, holding int
		may              bool
	}{
		{"current", 1, 0, false},
		{"fallback 1", 0, 1, false}, // needed yesterday, by what is valid for two weeks
		{"fallback 2", 0, 0, true},
		{"", 1, 0, false},
	} {
		s := states[i]
		if s.Role != want.role || s.Signing != want.signing || s.Holding != want.holding || s.May != want.may || s.Next == "" {
			t.Errorf("key %d: role %q, %d sign, %d hold, may go %v (%s); want %+v", i, s.Role, s.Signing, s.Holding, s.May, s.Next, want)
		}
	}
	if got := len(keyring.Running(reports, keyring.Live, now)); got != 2 {
		t.Errorf("%d instances run, want 2", got)
	}
}
