package redisstore_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/keyring"
)

func reported(at time.Time, instance, key string) keyring.Report {
	return keyring.Report{Instance: instance, At: at, Keys: []keyring.Use{{Fingerprint: key, Since: at, Verified: 1}}}
}

// Instances that come and go every day do not fill it, and a key that nobody has had for long is dropped.
func TestTheLedgerStaysSmall(t *testing.T) {
	cfg := prefixed(t)
	l, r := redisstore.NewKeyLedger(client(t, cfg)), raw(t, cfg)
	start := time.Now()
	for day := range 450 {
		key := "former000000"
		if day > 0 {
			key = "current00000"
		}
		if err := l.Report(t.Context(), reported(start.Add(time.Duration(day)*25*time.Hour), fmt.Sprintf("web-%d", day), key)); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.HLen(t.Context(), cfg.Prefix+"keys").Val(); n != 2 {
		t.Errorf("%d fields after 450 instances, want that of the last one and one for all others", n)
	}
	all, err := l.Reports(t.Context())
	if err != nil || len(all) != 2 || len(all[0].Keys) != 1 || all[0].Keys[0].Verified != 448 || all[1].Instance != "web-449" {
		t.Errorf("got %+v, %v, want 448 uses by those that are forgotten", all, err)
	}
}

// Processes that fold at once count nothing twice and nothing not at all.
func TestSeveralFoldAtOnce(t *testing.T) {
	cfg := prefixed(t)
	start := time.Now()
	var ledgers []*redisstore.KeyLedger
	for range 4 {
		ledgers = append(ledgers, redisstore.NewKeyLedger(client(t, cfg))) // each as if in a process of its own
	}
	report := func(l *redisstore.KeyLedger, at time.Time, instance string) {
		if err := l.Report(t.Context(), reported(at, instance, "current00000")); err != nil {
			t.Error(err)
		}
	}
	for round := range 10 {
		now := start.Add(time.Duration(round) * 4 * keyring.Forgotten)
		for i := range 20 {
			report(ledgers[0], now, fmt.Sprintf("old-%d-%d", round, i))
		}
		var wg sync.WaitGroup
		for i, l := range ledgers {
			wg.Go(func() { report(l, now.Add(2*keyring.Forgotten), fmt.Sprintf("new-%d-%d", round, i)) })
		}
		wg.Wait()
		all, err := ledgers[0].Reports(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if sum := keyring.Fold(all...).Keys; len(sum) != 1 || sum[0].Verified != uint64(24*(round+1)) {
			t.Fatalf("round %d: %+v, want %d uses", round, sum, 24*(round+1))
		}
	}
}

// A process that folds what it read a while ago takes nothing away that was said since, and folds nothing twice.
func TestWhatWasReadIsNotFoldedOnceItHasChanged(t *testing.T) {
	cfg := prefixed(t)
	l, r := redisstore.NewKeyLedger(client(t, cfg)), raw(t, cfg)
	start := time.Now()
	late := start.Add(2 * keyring.Forgotten)
	report := func(at time.Time, instance string) {
		t.Helper()
		if err := l.Report(t.Context(), reported(at, instance, "current00000")); err != nil {
			t.Fatal(err)
		}
	}
	report(start, "back")
	report(start, "old")
	held := r.HGetAll(t.Context(), cfg.Prefix+"keys").Val()
	report(late, "back") // and folds old
	for range 2 {
		if err := l.Fold(t.Context(), held, late); err != nil {
			t.Fatal(err)
		}
	}
	all, err := l.Reports(t.Context())
	if err != nil || len(all) != 2 || all[0].Keys[0].Verified != 1 || all[1].Instance != "back" || all[1].Gone {
		t.Errorf("got %+v, %v, want one that is forgotten and the one that is back", all, err)
	}
}

// Whose clock is behind folds what others have folded too.
func TestAClockThatIsBehindLosesNoCount(t *testing.T) {
	l := redisstore.NewKeyLedger(fresh(t))
	start := time.Now()
	for _, r := range []struct {
		instance string
		after    time.Duration
	}{{"a", 0}, {"b", 2 * keyring.Forgotten}, {"c", -time.Hour}, {"d", keyring.Forgotten - 30*time.Minute}} {
		if err := l.Report(t.Context(), reported(start.Add(r.after), r.instance, "current00000")); err != nil {
			t.Fatal(err)
		}
	}
	all, err := l.Reports(t.Context())
	if err != nil || len(all) != 3 || keyring.Fold(all...).Keys[0].Verified != 4 {
		t.Errorf("got %+v, %v, want b, d and what is forgotten, with 4 uses", all, err)
	}
}

func TestWhatIsNoReportIsAnError(t *testing.T) {
	cfg := prefixed(t)
	l, r := redisstore.NewKeyLedger(client(t, cfg)), raw(t, cfg)
	for field, value := range map[string]string{"web": canary, "db": `{"at":1}{}`, "": `[]`} {
		r.HSet(t.Context(), cfg.Prefix+"keys", field, value)
		_, reportsErr := l.Reports(t.Context())
		for what, err := range map[string]error{"Reports": reportsErr, "Report": l.Report(t.Context(), reported(time.Now(), "a", "b"))} {
			if err == nil || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "holds something else") {
				t.Errorf("%s: %s, want an error that says so", what, safe(err))
			}
		}
		r.HDel(t.Context(), cfg.Prefix+"keys", field)
	}
}
