// Package ledgertest holds implementations of [keyring.Ledger] to their contract. It protects a rotation from a ledger
// that takes an instance for another, or forgets that a key was needed.
//
//	func TestLedger(t *testing.T) {
//		ledgertest.TestLedger(t, func(t *testing.T) keyring.Ledger { return newLedger(openDatabase(t)) })
//	}
//
// It does not test what becomes of a ledger whose server goes away.
package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
)

// TestLedger runs the contract of [keyring.Ledger]. New returns an empty ledger.
func TestLedger(t *testing.T, new func(t *testing.T) keyring.Ledger) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, l keyring.Ledger)
	}{
		{"an empty one has no reports", func(t *testing.T, l keyring.Ledger) { holds(t, l) }},
		{"it keeps all that a report says", keepsAll},
		{"it keeps what each instance said last", keepsLast},
		{"it does not share what it keeps", shares},
		{"it folds those that are forgotten, and loses no count", folds},
		{"it folds what it has folded", foldsAgain},
		{"it refuses a report of nobody", refuses},
		{"it can be used by several at once", together},
		{"it ends with its context and says so", cancelled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, new(t)) })
	}
}

var start = time.Date(2026, 11, 22, 19, 30, 0, 0, time.UTC)

// use returns a fallback that verified so often, the last time so many hours after the start.
func use(fingerprint string, verified uint64, last int) keyring.Use {
	u := keyring.Use{Fingerprint: fingerprint, Environment: "production", Made: start.Add(-24 * time.Hour), Since: start,
		Fallback: true, Verified: verified}
	if last > 0 {
		u.Last = start.Add(time.Duration(last) * time.Hour)
	}
	return u
}

func report(instance string, at time.Duration, keys ...keyring.Use) keyring.Report {
	return keyring.Report{Instance: instance, At: start.Add(at), Keys: keys}
}

func add(t *testing.T, l keyring.Ledger, reports ...keyring.Report) {
	t.Helper()
	for _, r := range reports {
		if err := l.Report(t.Context(), r); err != nil {
			t.Fatalf("Report failed: %v", err)
		}
	}
}

// holds compares all reports with what the contract says.
func holds(t *testing.T, l keyring.Ledger, want ...keyring.Report) {
	t.Helper()
	got, err := l.Reports(t.Context())
	if err != nil {
		t.Fatalf("Reports failed: %v", err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d reports, want %d:\ngot  %+v\nwant %+v", len(got), len(want), got, want)
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("report %d:\ngot  %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

func keepsAll(t *testing.T, l keyring.Ledger) {
	current := keyring.Use{Fingerprint: "ffff00000000", Since: start, Verified: math.MaxInt64}
	staged := use("000011111111", 0, 0)
	staged.Staged = true
	plain := keyring.Use{Fingerprint: "888822222222", Since: start, Fallback: true, Last: start.Add(time.Minute)}
	r := report("web-1 ä", 0, current, staged, use("444433333333", 12, 3), plain)
	r.At = r.At.Add(999 * time.Millisecond).In(time.FixedZone("west", -8*3600))
	gone := report("web-2", 0, current)
	gone.Gone = true
	add(t, l, gone, r)
	r.At = start
	holds(t, l, r, gone)
}

func keepsLast(t *testing.T, l keyring.Ledger) {
	a, b := use("aaaaaaaaaaaa", 1, 0), use("bbbbbbbbbbbb", 2, 1)
	again := report("web-1", time.Minute, b)
	other := report("web-2", time.Second, a, b)
	add(t, l, report("web-1", 0, a, b), other, again)
	holds(t, l, again, other)
	b.Fallback, b.Verified, b.Last = false, 0, time.Time{}
	again = report("web-1", 2*time.Minute, b, a)
	add(t, l, again)
	holds(t, l, again, other)
}

func shares(t *testing.T, l keyring.Ledger) {
	r := report("web-1", 0, use("aaaaaaaaaaaa", 1, 0))
	add(t, l, r)
	r.Keys[0].Verified = 7
	got, err := l.Reports(t.Context())
	if err != nil || len(got) != 1 {
		t.Fatalf("Reports = %d, %v, want 1", len(got), err)
	}
	got[0].Keys[0].Verified = 8
	holds(t, l, report("web-1", 0, use("aaaaaaaaaaaa", 1, 0)))
}

// tally is what the reports say of a key, folded or not.
func tally(t *testing.T, l keyring.Ledger) (map[string]keyring.Use, []string) {
	t.Helper()
	all, err := l.Reports(t.Context())
	if err != nil {
		t.Fatalf("Reports failed: %v", err)
	}
	sum := map[string]keyring.Use{}
	var names []string
	for _, r := range all {
		names = append(names, r.Instance)
		if r.Instance == "" && !r.Gone {
			t.Error("those that are forgotten are not gone")
		}
	}
	for _, u := range keyring.Fold(all...).Keys {
		sum[u.Fingerprint] = u
	}
	return sum, names
}

func folds(t *testing.T, l keyring.Ledger) {
	a, b := use("aaaaaaaaaaaa", 1, 3), use("bbbbbbbbbbbb", 2, 0)
	late := keyring.Forgotten + time.Minute
	add(t, l,
		report("old-1", 0, a, b), report("old-2", time.Second, a), report("young", 2*time.Minute, b),
		report("new", late, a))
	sum, names := tally(t, l)
	if !slices.Contains(names, "young") || !slices.Contains(names, "new") {
		t.Errorf("the instances are %q: one that is not forgotten is missing", names)
	}
	if slices.Contains(names, "old-1") != slices.Contains(names, "old-2") {
		t.Errorf("the instances are %q: of two that are forgotten one is left", names)
	}
	if x, y := sum["aaaaaaaaaaaa"], sum["bbbbbbbbbbbb"]; x.Verified != 3 || y.Verified != 4 || !x.Last.Equal(start.Add(3*time.Hour)) || !y.Last.IsZero() {
		t.Errorf("the counts are %+v and %+v, want 3 and 4", x, y)
	}
}

func foldsAgain(t *testing.T, l keyring.Ledger) {
	const rounds = 5
	for i := range rounds {
		add(t, l, report(fmt.Sprintf("web-%d", i), time.Duration(i)*2*keyring.Forgotten, use("aaaaaaaaaaaa", 10, i)))
	}
	sum, names := tally(t, l)
	if got := sum["aaaaaaaaaaaa"]; got.Verified != 10*rounds || !got.Last.Equal(start.Add((rounds-1)*time.Hour)) || !got.Since.Equal(start) {
		t.Errorf("the counts are %+v, want %d", got, 10*rounds)
	}
	if !slices.Contains(names, "web-4") {
		t.Errorf("the instances are %q: the last one is missing", names)
	}
}

func refuses(t *testing.T, l keyring.Ledger) {
	for name, r := range map[string]keyring.Report{
		"without an instance": report("", 0, use("aaaaaaaaaaaa", 1, 0)), "without keys": report("web-1", 0),
	} {
		if err := l.Report(t.Context(), r); err == nil {
			t.Errorf("a report %s is accepted", name)
		}
	}
	holds(t, l)
}

func together(t *testing.T, l keyring.Ledger) {
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 10 {
				r := report(fmt.Sprintf("web-%d", n), time.Duration(i)*keyring.Forgotten/4, use("aaaaaaaaaaaa", 1, 0), use("bbbbbbbbbbbb", 1, 0))
				if err := l.Report(t.Context(), r); err != nil {
					t.Errorf("Report failed: %v", err)
				}
				if _, err := l.Reports(t.Context()); err != nil {
					t.Errorf("Reports failed: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func cancelled(t *testing.T, l keyring.Ledger) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Report(ctx, report("web-1", 0, use("aaaaaaaaaaaa", 1, 0))); !errors.Is(err, context.Canceled) {
		t.Errorf("Report under a cancelled context returned %v, want one that wraps context.Canceled", err)
	}
	if _, err := l.Reports(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Reports under a cancelled context returned %v, want one that wraps context.Canceled", err)
	}
	holds(t, l)
}
