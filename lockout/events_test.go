package lockout_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/lockout"
)

// record is what a test reads of the log.
type record struct {
	Event, Kind, Subject, Reason, Network, By string
	Locks                                     int
	For                                       time.Duration
}

func logged(t *testing.T, out *bytes.Buffer) (all []record) {
	t.Helper()
	for dec := json.NewDecoder(out); dec.More(); {
		var r record
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// badinput 52: what a name holds does not get into the log as it is.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		g := newGuard(t, lockout.Config{Logger: slog.New(slog.NewJSONHandler(&out, nil))})
		name := "alice\n\x1b[31m\u202e\xff " + strings.Repeat("x", 400)
		if fail(t, g, 5, lockout.Attempt{Account: name, Client: evil}); out.Len() > 0 {
			t.Errorf("failures are logged that lock nobody: %s", &out)
		}
		fail(t, g, 30, lockout.Attempt{Account: name, Client: evil})
		all := logged(t, &out)
		if len(all) != 1 {
			t.Fatalf("one lock is logged %d times: %+v", len(all), all)
		}
		r := all[0]
		if r.Event != "airworthy.security.Locked" || r.Kind != "pair" || r.Network != "203.0.113.9/32" || r.Locks != 1 || r.For != 15*time.Minute ||
			r.Reason == "" || !strings.HasPrefix(r.Subject, `203.0.113.9/32 alice\n\x1b[31m\u202e\xff x`) || len(r.Subject) > 150 {
			t.Errorf("%+v", r)
		}
		entries, err := g.Locked(t.Context(), 10)
		if err != nil || len(entries) != 1 || len(entries[0].Subject) > 512 {
			t.Fatalf("%v, %v", entries, err)
		}
		if err := g.Unlock(t.Context(), entries[0].Key, "root\n"); err != nil {
			t.Fatal(err)
		}
		all = logged(t, &out)
		if len(all) != 1 || all[0].Event != "airworthy.security.Unlocked" || all[0].By != `root\n` || all[0].Kind != "pair" {
			t.Errorf("%+v", all)
		}
		if n := fail(t, g, 10, lockout.Attempt{Account: name, Client: evil}); n != 5 {
			t.Errorf("%d guesses after it was unlocked, want 5", n)
		}
		if all := logged(t, &out); len(all) != 1 {
			t.Errorf("the next lock is logged %d times", len(all))
		}
	})
}

// A lock that stood on attempts which proved to be right ends, and the log says so.
func TestAttemptsUnderWayThatAreRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		g := newGuard(t, lockout.Config{Logger: slog.New(slog.NewJSONHandler(&out, nil))})
		var under []*lockout.Try
		for i := range 50 { // a whole office at the same moment
			under = append(under, begin(t, g, lockout.Attempt{Account: fmt.Sprint("user", i), Client: office}))
		}
		if try := begin(t, g, lockout.Attempt{Account: "late", Client: office}); !try.Refused {
			t.Fatal("more than 50 at once are verified")
		}
		time.Sleep(time.Second)
		if err := under[0].Succeed(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !login(t, g, lockout.Attempt{Account: "late", Client: office}) {
			t.Error("the network stays locked although an attempt under way was right")
		}
		all := logged(t, &out)
		if len(all) != 2 || all[0].Event != "airworthy.security.Locked" || all[1].Event != "airworthy.security.Unlocked" || all[1].Kind != "network" {
			t.Errorf("%+v", all)
		}
	})
}

func TestFloodOfLocksIsSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		g := newGuard(t, lockout.Config{Logger: slog.New(slog.NewJSONHandler(&out, nil))})
		for i := range 1000 {
			fail(t, g, 6, lockout.Attempt{Account: fmt.Sprint("user", i), Client: bot(i)})
		}
		if n := len(logged(t, &out)); n < 100 || n > 300 {
			t.Errorf("%d of 1000 locks in a moment are logged", n)
		}
		time.Sleep(time.Minute)
		fail(t, g, 6, lockout.Attempt{Account: "alice", Client: evil})
		if text := out.String(); !strings.Contains(text, `"unlogged":700`) {
			t.Errorf("the next one does not say how many were not: %s", text)
		}
	})
}
