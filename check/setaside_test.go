package check_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// today is the day of the runs here.
var today = time.Date(2026, 3, 10, 15, 0, 0, 0, time.UTC)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// door finds what it is given.
func door(needs check.Evidence, findings ...check.Finding) check.Check {
	c := rule("door.W001", check.Warning, findings...)
	c.Needs = needs
	return c
}

// brief writes a report's findings and what was set aside, IDs only.
func brief(r *check.Report) string {
	ids := func(list []check.Finding) string {
		var all []string
		for _, f := range list {
			all = append(all, f.ID)
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	return ids(r.Findings) + " | " + ids(r.Silenced)
}

func TestWaivers(t *testing.T) {
	found := check.Finding{File: "a/b.yaml", Line: 3, Setting: "KEY", Key: "k"}
	print := check.Run(t.Context(), []check.Check{door(check.Repository, found)}, check.Options{}).Findings[0].Fingerprint
	good := check.Waiver{ID: "door.W001", Scope: "KEY", Reason: "r", Owner: "o", Expires: day("2026-06-01"), Place: "w.yaml:2"}
	with := func(change func(*check.Waiver)) check.Waiver {
		w := good
		change(&w)
		return w
	}
	scope := func(s string) check.Waiver { return with(func(w *check.Waiver) { w.Scope = s }) }
	for _, row := range []struct {
		name string
		w    check.Waiver
		want string // IDs that stand | IDs set aside
	}{
		{"the setting", good, " | door.W001"},
		{"the file", scope("a/b.yaml"), " | door.W001"},
		{"a pattern", scope("a/*.yaml"), " | door.W001"},
		{"the folder", scope("a/"), " | door.W001"},
		{"the fingerprint", scope(print), " | door.W001"},
		{"the evidence", scope("repository"), " | door.W001"},
		{"another setting", scope("KEYS"), "door.W001 waiver.W003 | "},
		{"another folder", scope("b/"), "door.W001 waiver.W003 | "},
		{"a pattern that stops at slashes", scope("*.yaml"), "door.W001 waiver.W003 | "},
		{"the last day", with(func(w *check.Waiver) { w.Expires = day("2026-03-10") }), " | door.W001"},
		{"expired yesterday", with(func(w *check.Waiver) { w.Expires = day("2026-03-09") }), "door.W001 waiver.W002 | "},
		{"more than a year", with(func(w *check.Waiver) { w.Expires = day("2027-03-20") }), "waiver.W004 | door.W001"},
		{"everything", scope("*"), "waiver.W004 | door.W001"},
		{"everything below", scope("**/*"), "waiver.W004 | door.W001"},
		{"the whole tree", scope("./"), "waiver.W004 | door.W001"},
		{"no ID", with(func(w *check.Waiver) { w.ID = "" }), "door.W001 waiver.E001 | "},
		{"a pattern of IDs", with(func(w *check.Waiver) { w.ID = "door.*" }), "door.W001 waiver.E001 | "},
		{"all IDs", with(func(w *check.Waiver) { w.ID = "*" }), "door.W001 waiver.E001 | "},
		{"an unknown ID", with(func(w *check.Waiver) { w.ID = "door.W002" }), "door.W001 waiver.E001 | "},
		{"the gate's own ID", with(func(w *check.Waiver) { w.ID = "waiver.W003" }), "door.W001 waiver.E001 | "},
		{"an ID of another command", with(func(w *check.Waiver) { w.ID = "roof.W001" }), "door.W001 | "},
		{"no scope", scope(" "), "door.W001 waiver.E001 | "},
		{"no reason", with(func(w *check.Waiver) { w.Reason = "\t" }), "door.W001 waiver.E001 | "},
		{"no owner", with(func(w *check.Waiver) { w.Owner = "" }), "door.W001 waiver.E001 | "},
		{"no end", with(func(w *check.Waiver) { w.Expires = time.Time{} }), "door.W001 waiver.E001 | "},
		{"out of the tree", scope("../a/"), "door.W001 waiver.E001 | "},
		{"out of the tree, inside", scope("a/../../b.yaml"), "door.W001 waiver.E001 | "},
		{"an absolute path", scope("/etc/passwd"), "door.W001 waiver.E001 | "},
		{"a drive", scope(`C:\a`), "door.W001 waiver.E001 | "},
		{"no pattern", scope("a/[b"), "door.W001 waiver.E001 | "},
		{"faulty as written", with(func(w *check.Waiver) { w.Fault = "expires: no day" }), "door.W001 waiver.E001 | "},
	} {
		r := check.Run(t.Context(), []check.Check{door(check.Repository, found)}, check.Options{
			Waivers: []check.Waiver{row.w}, Now: today, Rules: []check.Check{rule("roof.W001", check.Warning)},
		})
		if got := brief(r); got != row.want || len(r.NotRun) > 0 {
			t.Errorf("%s: %q, not run %v; want %q", row.name, got, r.NotRun, row.want)
		}
		for _, f := range r.Findings {
			if strings.HasPrefix(f.ID, "waiver.") && (f.Source != "w.yaml:2" || f.Title == "" || f.Hint == "" || f.Evidence == "") {
				t.Errorf("%s: %+v does not say where, what and what to do", row.name, f)
			}
		}
	}
}

func TestAWaiverOfManyIsTooBroad(t *testing.T) {
	var many []check.Finding
	for i := range 11 {
		many = append(many, check.Finding{File: fmt.Sprintf("a/%d", i)})
	}
	w := []check.Waiver{{ID: "door.W001", Scope: "a/", Reason: "r", Owner: "o", Expires: day("2026-06-01")}}
	if got := brief(check.Run(t.Context(), []check.Check{door(check.Repository, many...)}, check.Options{Waivers: w, Now: today})); !strings.HasPrefix(got, "waiver.W004 |") {
		t.Errorf("eleven findings: %q, want waiver.W004", got)
	}
	if got := brief(check.Run(t.Context(), []check.Check{door(check.Repository, many[:10]...)}, check.Options{Waivers: w, Now: today})); !strings.HasPrefix(got, " |") {
		t.Errorf("ten findings: %q, want none", got)
	}
}

// TestWhatDidNotLookIsNotUnused: a waiver is of use to other runs, and to one in which its check failed.
func TestWhatDidNotLookIsNotUnused(t *testing.T) {
	w := []check.Waiver{{ID: "door.W001", Scope: "KEY", Reason: "r", Owner: "o", Expires: day("2026-06-01")}}
	broken := door(check.Settings)
	broken.Find = func(context.Context) ([]check.Finding, error) { return nil, errors.New("no light") }
	deploy := door(check.Settings)
	deploy.Deploy = true
	for name, c := range map[string]check.Check{"could not look": broken, "was not asked": deploy} {
		if r := check.Run(t.Context(), []check.Check{c}, check.Options{Waivers: w, Now: today}); len(r.Findings) > 0 {
			t.Errorf("%s: %+v, want nothing said of the waiver", name, r.Findings)
		}
	}
}

// TestTheGateCannotBeSilencedAboutItself tries to silence what it says of waivers.
func TestTheGateCannotBeSilencedAboutItself(t *testing.T) {
	r := check.Run(t.Context(), []check.Check{door(check.Settings)}, check.Options{
		Waivers:  []check.Waiver{{ID: "*", Scope: "*"}},
		Silenced: []check.Silence{{ID: "waiver.E001", Reason: "hush"}}, Now: today,
	})
	if got := brief(r); got != "waiver.E001 | " || len(r.NotRun) == 0 {
		t.Errorf("%q, not run %v; want the finding, and the silence refused", got, r.NotRun)
	}
}

// TestBaseline writes a report, changes the world, and compares.
func TestBaseline(t *testing.T) {
	a := check.Finding{File: "a", Evidence: "e"}
	b := check.Finding{File: "b", Evidence: "e"}
	before := check.Run(t.Context(), []check.Check{door(check.Repository, a, b)}, check.Options{})
	read := func(r *check.Report) *check.Baseline {
		t.Helper()
		var buf bytes.Buffer
		if err := r.WriteJSON(&buf); err != nil {
			t.Fatal(err)
		}
		got, err := check.ReadBaseline(&buf)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	worse, moved, c := a, a, check.Finding{File: "c"}
	worse.Level, moved.Line = check.Critical, 9
	for _, row := range []struct {
		name  string
		found []check.Finding
		want  string
	}{
		{"the same", []check.Finding{a, b}, " | door.W001 door.W001"},
		{"one moved", []check.Finding{moved, b}, " | door.W001 door.W001"},
		{"a new one", []check.Finding{a, b, c}, "door.W001 | door.W001 door.W001"},
		{"one mended", []check.Finding{a}, "baseline.I002 | door.W001"},
		{"one worse", []check.Finding{worse, b}, "door.W001 | door.W001"},
	} {
		opt := check.Options{Baseline: read(before), NewOnly: true}
		r := check.Run(t.Context(), []check.Check{door(check.Repository, row.found...)}, opt)
		if got := brief(r); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
		if again := check.Run(t.Context(), []check.Check{door(check.Repository, row.found...)}, check.Options{Baseline: read(r), NewOnly: true}); strings.HasPrefix(row.name, "the same") && brief(again) != row.want {
			t.Errorf("%s: a baseline of a run with a baseline gives %q, want %q", row.name, brief(again), row.want)
		}
	}
	r := check.Run(t.Context(), []check.Check{door(check.Repository, a, c)}, check.Options{Baseline: read(before)})
	if got := brief(r); got != "baseline.I002 door.W001 door.W001 | " || !r.Findings[0].Known && !r.Findings[1].Known {
		t.Errorf("without NewOnly: %q, %+v; want all, the old one known", got, r.Findings)
	}
	waived := check.Run(t.Context(), []check.Check{door(check.Repository, a)}, check.Options{Silenced: []check.Silence{{ID: "door.W001", Reason: "r"}}})
	if got := brief(check.Run(t.Context(), []check.Check{door(check.Repository, a)}, check.Options{Baseline: read(waived), NewOnly: true})); got != "door.W001 | " {
		t.Errorf("what was silenced for a reason is in the baseline: %q", got)
	}
	other := check.Run(t.Context(), []check.Check{rule("lamp.W001", check.Warning)}, check.Options{Baseline: read(before)})
	if got := brief(other); got != "baseline.W001 | " {
		t.Errorf("IDs that nobody knows: %q, want baseline.W001", got)
	}
}

func TestReadBaselineRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "no report": `{"a": 1}`, "no JSON": "findings", "a list": `[]`,
		"another version": `{"version": 9, "findings": []}`, "no fingerprint": `{"version": 1, "findings": [{"id": "door.W001", "level": "ERROR", "title": "t"}]}`,
	} {
		if _, err := check.ReadBaseline(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "baseline") {
			t.Errorf("%s: error = %v, want one", name, err)
		}
	}
}

// TestEdge leaves a setting to the edge.
func TestEdge(t *testing.T) {
	hsts := check.Finding{Setting: "HSTS"}
	live := func(findings ...check.Finding) check.Check {
		c := rule("probe.W005", check.Warning, findings...)
		c.Needs, c.Setting = check.URL, "HSTS"
		return c
	}
	broken := live()
	broken.Find = func(context.Context) ([]check.Finding, error) { return nil, errors.New("no answer") }
	minor := check.Finding{Level: check.Info}
	for _, row := range []struct {
		name   string
		checks []check.Check
		rules  []check.Check
		edge   []string
		want   string
	}{
		{"not the edge's", []check.Check{door(check.Settings, hsts), live()}, nil, nil, "door.W001 | "},
		{"confirmed", []check.Check{door(check.Settings, hsts), live()}, nil, []string{"HSTS"}, " | door.W001"},
		{"confirmed, with a remark", []check.Check{door(check.Settings, hsts), live(minor)}, nil, []string{"HSTS"}, "probe.W005 | door.W001"},
		{"refuted", []check.Check{door(check.Settings, hsts), live(check.Finding{})}, nil, []string{"HSTS"}, "door.W001 edge.E003 probe.W005 | "},
		{"nobody asked", []check.Check{door(check.Settings, hsts)}, []check.Check{live()}, []string{"HSTS"}, "edge.I002 | door.W001"},
		{"no answer", []check.Check{door(check.Settings, hsts), broken}, nil, []string{"HSTS"}, "edge.I002 | door.W001"},
		{"nothing shows it", []check.Check{door(check.Settings, check.Finding{Setting: "KEY"})}, []check.Check{live()}, []string{"KEY"}, "door.W001 edge.E001 | "},
		{"in process too", []check.Check{door(check.Handler, hsts), live()}, nil, []string{"HSTS"}, " | door.W001"},
	} {
		r := check.Run(t.Context(), row.checks, check.Options{Edge: row.edge, Rules: row.rules})
		if got := brief(r); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
	// What is waived on the live site refutes the claim all the same.
	r := check.Run(t.Context(), []check.Check{door(check.Settings, hsts), live(check.Finding{})}, check.Options{
		Edge: []string{"HSTS"}, Silenced: []check.Silence{{ID: "probe.W005", Reason: "r"}}})
	if got := brief(r); got != "door.W001 edge.E003 | probe.W005" {
		t.Errorf("waived on the live site: %q, want the claim refuted", got)
	}
}
