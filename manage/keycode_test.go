package manage_test

import (
	"testing"

	"github.com/airworthy-go/airworthy"
)

// A fallback that only code adds is not in the list that a rotation writes, which would take its place in every
// instance: what it signed would be refused.
func TestAFallbackInCode(t *testing.T) {
	current, coded := keyAt(t, 20*day), keyAt(t, 100*day)
	newSite := func() *site {
		s := newSite(t, current)
		s.built = func(cfg *airworthy.Settings) { cfg.Keyring.Fallbacks = append(cfg.Keyring.Fallbacks, coded) }
		return s
	}
	s := newSite()
	s.expect(1, coded.Fingerprint()+" is a fallback only in code", "key", "rotate", "--wait", "0s")
	if s.safe.steps != 0 {
		t.Error("something was written")
	}
	s.expect(1, "stands in code: remove it there", "key", "retire", "--force", coded.Fingerprint())
	if s.safe.steps != 0 {
		t.Error("something was written")
	}
	s.expect(0, "fallback 1", "key", "status")
	s = newSite()
	s.expect(0, "warning: "+coded.Fingerprint()+" is a fallback only in code", "key", "rotate", "--revoke", "--yes")
	rotated(t, s.safe)
}
