package logs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/logs"
)

func TestEvents(t *testing.T) {
	for _, format := range []logs.Format{logs.Text, logs.JSON} {
		l := mustNew(t, logs.Config{Format: format, Output: io.Discard, Mask: mask})
		log := l.Logger()
		if got := l.Events(10); len(got) != 0 {
			t.Fatalf("%d events before any, want none", len(got))
		}
		handler := l.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			httpx.From(r.Context()).Forwarded = netip.MustParseAddr("198.51.100.7")
			httpx.From(r.Context()).SetID("id-1")
			log.WarnContext(r.Context(), "first", "event", "a.b", "host", "x.example", "n", 3, "err", errors.New("no"))
		}))
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		log.Info("no event")
		log.Info("not named so", "Event", "a.c")
		log.With("part", "x").Error("second", "event", "a.d")
		log.WithGroup("g").Warn("third", "event", "a.e")

		got := l.Events(0)
		if len(got) != 3 || got[2].Name != "a.b" || got[1].Name != "a.d" || got[0].Name != "a.e" {
			t.Fatalf("events %+v, want three, the newest first", got)
		}
		e := got[2]
		if e.Message != "first" || e.Level != slog.LevelWarn || e.RequestID != "id-1" || e.Client != "198.51.100.7" ||
			e.Details != "host=x.example n=3 err=no" || e.Time.IsZero() {
			t.Errorf("event %+v is not what was logged", e)
		}
		if got := l.Events(1); len(got) != 1 || got[0].Name != "a.e" {
			t.Errorf("the newest event is %+v, want a.e", got)
		}
	}
}

// What the level keeps out of the log is not kept either, and the gate's own requests provoke none.
func TestEventsFollowTheLevel(t *testing.T) {
	l := mustNew(t, logs.Config{Level: logs.Error, Output: io.Discard})
	l.Logger().Warn("below", "event", "a.b")
	if got := l.Events(0); len(got) != 0 {
		t.Errorf("%+v, want none", got)
	}
	l = mustNew(t, logs.Config{Output: io.Discard})
	l.Logger().WarnContext(httpx.WithProbe(t.Context()), "probe", "event", "a.b")
	if got := l.Events(0); len(got) != 0 {
		t.Errorf("%+v, want none", got)
	}
}

func TestEventsAreMaskedAndHarmless(t *testing.T) {
	l := mustNew(t, logs.Config{Output: io.Discard, Mask: mask})
	for _, s := range append([]string{canary}, hostile...) {
		l.Logger().Warn("m"+s+canary, "event", "e"+s+canary, "k"+s, "v"+s+canary, "password", "opaque-value",
			"err", errors.New(s+canary), "list", []string{canary, s})
	}
	for _, e := range l.Events(0) {
		text := e.Name + " " + e.Message + " " + e.Details
		if leaked(text) || strings.Contains(text, "opaque-value") {
			t.Fatalf("part of a secret is kept in an event of %d bytes", len(text))
		}
		if got := oneLineEach(append([]byte(text), '\n'), 1); got != "" {
			t.Fatalf("%s in %q", got, text)
		}
	}
}

func TestEventsAreBounded(t *testing.T) {
	l := mustNew(t, logs.Config{Output: io.Discard, Mask: mask})
	long := strings.Repeat("x", 1000) + canary + strings.Repeat("y", 100_000)
	for i := range 2500 {
		l.Logger().Warn(fmt.Sprint(i), "event", "a.b", "n", i)
	}
	l.Logger().Warn(long, "event", long, "detail", long)
	got := l.Events(0)
	if len(got) != 1000 || got[1].Message != "2499" || got[999].Message != "1501" {
		t.Fatalf("%d events from %.10q to %.10q, want 1000, the latest", len(got), got[1].Message, got[len(got)-1].Message)
	}
	e := got[0]
	if leaked(e.Name + e.Message + e.Details) {
		t.Error("a cut leaves part of a secret")
	}
	if len(e.Name) > 1100 || len(e.Message) > 1100 || len(e.Details) > 1100 {
		t.Errorf("an event has %d, %d and %d bytes, want about 1024 each at most", len(e.Name), len(e.Message), len(e.Details))
	}
	if got := l.Events(5000); len(got) != 1000 {
		t.Errorf("%d events for a limit above what is kept, want 1000", len(got))
	}
}

func TestEventsOfManyGoroutines(t *testing.T) {
	l := mustNew(t, logs.Config{Output: &bytes.Buffer{}})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 300 {
				l.Logger().Warn("m", "event", "a.b", "n", i)
				_ = l.Events(3)
			}
		})
	}
	wg.Wait()
	if got := len(l.Events(0)); got != 1000 {
		t.Errorf("%d events, want 1000", got)
	}
}
