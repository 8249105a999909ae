package airworthy_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

// notebook is a ledger that keeps every report, and fails while it is told to.
type notebook struct {
	*keyring.MemoryLedger
	mu      sync.Mutex
	reports []keyring.Report
	err     error
	hangs   bool
}

func (n *notebook) Report(ctx context.Context, r keyring.Report) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n.mu.Lock()
	hangs, err := n.hangs, n.err
	n.reports = append(n.reports, r)
	n.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

func (n *notebook) all() []keyring.Report {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]keyring.Report(nil), n.reports...)
}

func (n *notebook) fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err = err
}

// reporting returns an application that reports to a notebook, and its log.
func reporting(t *testing.T) (*airworthy.App, *notebook, *syncBuffer) {
	t.Helper()
	s := good()
	n, log := &notebook{MemoryLedger: keyring.NewMemoryLedger()}, &syncBuffer{}
	s.KeyLedger, s.Logs.Output = n, log
	app, err := airworthy.New(s, http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	return app, n, log
}

func TestAnInstanceReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, n, _ := reporting(t)
		start := time.Now()
		app.Serving()
		app.Serving()
		synctest.Wait()
		first := n.all()
		if len(first) != 1 || first[0].Gone || len(first[0].Keys) != 1 || first[0].Instance == "" || !first[0].At.Equal(start) {
			t.Fatalf("at the start: %+v, want one report", first)
		}
		time.Sleep(10 * time.Minute)
		if got := len(n.all()); got < 9 || got > 12 {
			t.Errorf("%d reports in ten minutes, want one a minute", got)
		}
		before := len(n.all())
		former := app.Settings().Keyring.Key
		if err := app.Keyring().Swap(keyring.Config{Key: keyring.Generate(), Fallbacks: []secret.Text{former}}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := n.all(); len(got) != before+1 || len(got[before].Keys) != 2 || got[before].Keys[1].Fingerprint != former.Fingerprint() {
			t.Errorf("a swap is not reported at once: %+v", got[before:])
		}
		if err := app.Close(); err != nil {
			t.Error(err)
		}
		got := n.all()
		if last := got[len(got)-1]; !last.Gone || last.Instance != first[0].Instance {
			t.Errorf("the last report is %+v, want a farewell of the same instance", last)
		}
		if err := app.Close(); err != nil || len(n.all()) != len(got) {
			t.Errorf("a second Close: %v, %d more reports", err, len(n.all())-len(got))
		}
		app.Serving()
		synctest.Wait()
		if len(n.all()) != len(got) {
			t.Error("a closed application reports")
		}
	})
}

// Commands and the gate build the application too, and are no instances of the site.
func TestOnlyAServedInstanceReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, n, _ := reporting(t)
		if report := app.Check(t.Context()); len(report.NotRun) > 0 {
			t.Error("checks could not run")
		}
		if err := app.Close(); err != nil {
			t.Error(err)
		}
		if got := n.all(); len(got) != 0 {
			t.Errorf("the gate is reported: %+v", got)
		}
		app, n, _ = reporting(t)
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "https://example.com/", nil))
		synctest.Wait()
		if got := n.all(); len(got) != 1 {
			t.Errorf("%d reports after the first request, want 1", len(got))
		}
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A ledger that fails or hangs disturbs nobody, and is mentioned once in an hour.
func TestALedgerThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, n, log := reporting(t)
		n.fail(errors.New("no such table"))
		app.Serving()
		time.Sleep(59 * time.Minute)
		synctest.Wait() // for who writes the log
		mentions := func() int { return strings.Count(log.String(), "airworthy.keys.LedgerFailed") }
		if mentions() != 1 || !strings.Contains(log.String(), "no such table") {
			t.Errorf("%d mentions in an hour, want 1:\n%s", mentions(), log)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if mentions() != 2 {
			t.Errorf("%d mentions in the second hour, want 2", mentions())
		}
		n.mu.Lock()
		n.hangs = true
		n.mu.Unlock()
		start := time.Now()
		if err := app.Close(); err != nil || time.Since(start) > 10*time.Second {
			t.Errorf("Close took %s: %v", time.Since(start), err)
		}
	})
}

// The settings say for which environment the keys are, and how long what they sign is valid.
func TestKeysKnowTheirEnvironment(t *testing.T) {
	stage, err := keyring.GenerateFor("staging", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, ringFirst := range map[string]bool{"New makes the ring": false, "the ring was made before": true} {
		t.Run(name, func(t *testing.T) {
			s := good()
			s.Loaded.Environment, s.Keyring.Key = "production", stage
			if ringFirst {
				if s.Ring, err = keyring.New(s.Keyring); err != nil {
					t.Fatal(err)
				}
			}
			_, err := airworthy.New(s, http.NotFoundHandler())
			if err == nil || !strings.Contains(err.Error(), `SECRET_KEY: it was made for the environment "staging", and this is "production"`) {
				t.Errorf("New = %v, want a refusal that names both", err)
			}
			s.Loaded.Environment = "staging"
			app := mustNew(t, s)
			if got := app.Settings().Keyring; got.Environment != "staging" || got.Longest != 14*24*time.Hour {
				t.Errorf("environment %q, longest %s, want staging and two weeks", got.Environment, got.Longest)
			}
		})
	}
	s := good()
	s.Session.Age, s.Keyring.Longest = time.Hour, 48*time.Hour
	if got := mustNew(t, s).Settings().Keyring.Longest; got != 48*time.Hour {
		t.Errorf("longest %s, want what code says, 48h", got)
	}
	s.Session.InsecureOff, s.Keyring.Longest = true, 0
	if got := mustNew(t, s).Settings().Keyring.Longest; got != 0 {
		t.Errorf("longest %s, want nothing without sessions", got)
	}
}
