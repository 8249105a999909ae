package manage_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
)

// A key from a machine whose clock was days ahead, or one that is rotated on a machine whose clock is days behind: its
// successor is newer all the same. Else, once the date is believed, the former key would count as staged, and the next
// rotation would have it sign again or drop it, with the sessions that it signed.
func TestAKeyFromTheFuture(t *testing.T) {
	for _, later := range []time.Duration{0, 30 * time.Hour, 96 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			ahead, err := keyring.GenerateFor("production", time.Now().Add(48*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			s := newSite(t, ahead)
			s.expect(0, "warning: the present key says that it was made at 2000-01-03 00:00 UTC", "key", "rotate", "--wait", "0s")
			rotated(t, s.safe, ahead)
			first := s.safe.now().current
			time.Sleep(later)
			s.expect(0, "nothing to retire", "key", "retire", "--expired")
			s.expect(0, "rotated", "key", "rotate", "--wait", "0s")
			if got := s.safe.now(); got.current == ahead.Reveal() || got.current == first || !got.has(ahead.Reveal()) || !got.has(first) {
				t.Errorf("%v later the keys are %s, want a new one before both", later, fingerprints(got))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // who revokes starts anew
		ahead, err := keyring.GenerateFor("production", time.Now().Add(48*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		s := newSite(t, ahead)
		s.expect(0, "revoked", "key", "rotate", "--revoke", "--yes")
		s.expect(0, "2000-01-01", "key", "status")
	})
}
