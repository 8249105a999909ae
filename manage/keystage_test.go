package manage_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/logs"
)

// Of two who rotate at once in a place that cannot compare, one overwrites what the other has staged. Whoever waits for
// the overwritten key is told so long before his time is up.
func TestRotateLooksForItsKeyWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, theirs := keyAt(t, 100*day), keyAt(t, 0)
		s := newSite(t, old)
		s.ledger = keyring.NewMemoryLedger()
		defer s.fleet(instance{name: "slow", delay: -1})()
		go func() {
			time.Sleep(time.Minute)
			s.safe.mu.Lock()
			defer s.safe.mu.Unlock()
			s.safe.put("SECRET_KEY_FALLBACKS", theirs)
		}()
		start := time.Now()
		s.expect(1, "somebody else is changing the keys", "key", "rotate")
		if waited := time.Since(start); waited < time.Minute || waited > time.Minute+15*time.Second {
			t.Errorf("waited %s, want no more than some seconds after the minute", waited)
		}
		if got := s.safe.now(); len(got.fallbacks) != 1 || got.fallbacks[0] != theirs.Reveal() || got.current != old.Reveal() {
			t.Errorf("the keys are %s", fingerprints(got))
		}
	})
}

// The two steps apart, for keys that a deployment carries: neither waits, and the second takes the key of the first.
func TestRotateInTwoRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := keyAt(t, 100*day)
		s := newSite(t, old)
		s.ledger = keyring.NewMemoryLedger()
		start := time.Now()
		s.expect(0, "staged: ", "key", "rotate", "--stage")
		staged := s.safe.now()
		if len(staged.fallbacks) != 1 || staged.current != old.Reveal() {
			t.Fatalf("the keys are %s", fingerprints(staged))
		}
		s.expect(0, "going on with it", "key", "rotate", "--stage")
		if got := s.safe.now(); !slices.Equal(got.fallbacks, staged.fallbacks) || time.Since(start) != 0 {
			t.Errorf("staged again, after %s: %s", time.Since(start), fingerprints(got))
		}
		time.Sleep(time.Hour)
		start = time.Now()
		s.expect(0, "rotated: ", "key", "rotate")
		if rotated(t, s.safe, old); s.safe.now().current != staged.fallbacks[0] || time.Since(start) != 0 {
			t.Errorf("another key was promoted, or after %s", time.Since(start))
		}
	})
}

// What a command says beside its own words: in words too, whatever the site's format is, and each reading once.
func TestCommandsLogBriefly(t *testing.T) {
	s := newSite(t, keyAt(t, 100*day))
	var log strings.Builder
	s.built = func(cfg *airworthy.Settings) { cfg.Logs = logs.Config{Format: logs.JSON, Output: &log} }
	if status, _, errs := s.run("key", "rotate", "--wait", "0s"); status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	if got, want := log.String(), "read SECRET_KEY from safe SECRET_KEY\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestServeLogsAsTheSiteDoes(t *testing.T) {
	s := newSite(t, keyAt(t, 100*day))
	var log strings.Builder
	s.built = func(cfg *airworthy.Settings) { cfg.Logs = logs.Config{Format: logs.JSON, Output: &log} }
	s.expect(1, "is not an address", "serve", "--addr", "foo")
	if got := log.String(); !strings.HasPrefix(got, `{"time":`) || !strings.Contains(got, `"event":"airworthy.secrets.Read"`) {
		t.Errorf("got %s, want JSON", got)
	}
}
