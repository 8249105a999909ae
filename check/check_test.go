package check_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
)

// rule is a check that finds what it is given.
func rule(id string, level check.Level, findings ...check.Finding) check.Check {
	return check.Check{
		ID: id, Level: level, Tags: []string{"security", "lamp"}, Needs: check.Settings,
		Title: "The light is off.", Hint: "Switch it on.",
		Find: func(context.Context) ([]check.Finding, error) { return findings, nil },
	}
}

func deploy(c check.Check) check.Check {
	c.Deploy = true
	return c
}

func finding(f func(context.Context) ([]check.Finding, error)) check.Check {
	c := rule("lamp.W001", check.Warning)
	c.Find = f
	return c
}

func TestLevelWords(t *testing.T) {
	for word, want := range map[string]check.Level{
		"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50, "warning": 30, "Error": 40,
	} {
		got, err := check.ParseLevel(word)
		if err != nil || got != want {
			t.Errorf("ParseLevel(%q) = %d, %v, want %d", word, got, err, want)
		}
		if !strings.EqualFold(got.String(), word) {
			t.Errorf("ParseLevel(%q).String() = %q", word, got.String())
		}
	}
	for _, word := range []string{"", "WARN", "30", "WARNING "} {
		if _, err := check.ParseLevel(word); err == nil || !strings.Contains(err.Error(), "WARNING, INFO or DEBUG") {
			t.Errorf("ParseLevel(%q) error = %v, want one that lists the words", word, err)
		}
	}
	if got := check.Level(35).String(); got != "LEVEL(35)" {
		t.Errorf("Level(35) = %q, want LEVEL(35)", got)
	}
}

func TestFailed(t *testing.T) {
	one := []check.Finding{{}}
	broken := finding(func(context.Context) ([]check.Finding, error) { return nil, errors.New("no connection") })
	panics := finding(func(context.Context) ([]check.Finding, error) { panic("s3cr3t-in-a-panic") })
	silence := func(id, reason string) check.Options {
		return check.Options{Deploy: true, Silenced: []check.Silence{{ID: id, Reason: reason}}}
	}
	for _, test := range []struct {
		name   string
		checks []check.Check
		opt    check.Options
		want   bool
	}{
		{"nothing found", []check.Check{rule("lamp.W001", check.Warning)}, check.Options{}, false},
		{"a warning passes without deploy", []check.Check{rule("lamp.W001", check.Warning, one...)}, check.Options{}, false},
		{"a warning fails with deploy", []check.Check{rule("lamp.W001", check.Warning, one...)}, check.Options{Deploy: true}, true},
		{"an information passes with deploy", []check.Check{rule("lamp.I001", check.Info, one...)}, check.Options{Deploy: true}, false},
		{"an error fails without deploy", []check.Check{rule("lamp.E001", check.Error, one...)}, check.Options{}, true},
		{"an error passes if only critical fails", []check.Check{rule("lamp.E001", check.Error, one...)},
			check.Options{FailLevel: check.Critical}, false},
		{"a finding's own level counts", []check.Check{rule("lamp.W001", check.Info, check.Finding{Level: check.Error})},
			check.Options{}, true},
		{"a deployment check is left out without deploy", []check.Check{deploy(rule("lamp.E001", check.Error, one...))},
			check.Options{}, false},
		{"a check that could not look fails at every level", []check.Check{broken}, check.Options{FailLevel: check.Critical}, true},
		{"a check that could not look cannot be silenced", []check.Check{broken}, silence("lamp.W001", "flaky"), true},
		{"a panic is a check that could not look", []check.Check{panics}, check.Options{FailLevel: check.Critical}, true},
		{"no checks at all", nil, check.Options{}, true},
		{"silenced with a reason", []check.Check{rule("lamp.W001", check.Warning, one...)}, silence("lamp.W001", "daylight"), false},
		{"silenced with a blank reason", []check.Check{rule("lamp.W001", check.Warning, one...)}, silence("lamp.W001", " "), true},
		// badinput 60: somebody waives everything, or what does not exist
		{"a silence is no pattern", []check.Check{rule("lamp.W001", check.Warning)}, silence("*", "all of it"), true},
		{"an unknown ID is silenced", []check.Check{rule("lamp.W001", check.Warning)}, silence("lamp.W002", "typo"), true},
		{"an unknown tag", []check.Check{rule("lamp.W001", check.Warning)}, check.Options{Tags: []string{"lmap"}}, true},
		{"a known tag", []check.Check{rule("lamp.W001", check.Warning)}, check.Options{Tags: []string{"lamp"}}, false},
		{"a tag of deployment checks only", []check.Check{deploy(rule("lamp.W001", check.Warning))},
			check.Options{Tags: []string{"lamp"}}, true},
		{"a faulty list", []check.Check{{ID: "lamp.W001"}}, check.Options{}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := check.Run(t.Context(), test.checks, test.opt)
			if got := r.Failed(); got != test.want {
				t.Errorf("Failed() = %t, want %t; report %+v", got, test.want, r)
			}
			for _, n := range r.NotRun {
				if strings.Contains(n.Reason, "s3cr3t") {
					t.Error("the panic's value stands in the report") // badinput 53
				}
			}
		})
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := check.Run(ctx, []check.Check{rule("lamp.W001", check.Warning)}, check.Options{})
	if r.Ran != 0 || len(r.NotRun) != 1 || !strings.Contains(r.NotRun[0].Reason, "stopped") {
		t.Errorf("report = %+v, want one check that was stopped before it ran", r)
	}
}

// TestRunMissesNoAnswer holds that a check whose goroutine ends, as by runtime.Goexit in a handler that it asks, has not passed,
// nor have those of its label after it.
func TestRunMissesNoAnswer(t *testing.T) {
	one := func(id string, find func(context.Context) ([]check.Finding, error)) check.Check {
		return check.Check{ID: id, Level: check.Error, Title: "It is.", Tags: []string{"x"}, Needs: check.Settings, Find: find}
	}
	fine := func(context.Context) ([]check.Finding, error) { return nil, nil }
	ends := func(context.Context) ([]check.Finding, error) { runtime.Goexit(); return nil, nil }
	r := check.Run(t.Context(), []check.Check{one("a.E001", fine), one("a.E002", ends), one("a.E003", fine), one("b.E001", fine)}, check.Options{})
	if !r.Failed() || r.Ran != 2 || len(r.NotRun) != 2 || r.NotRun[0].ID != "a.E002" || r.NotRun[1].ID != "a.E003" {
		t.Errorf("failed %v, %d ran, not run %+v", r.Failed(), r.Ran, r.NotRun)
	}
}

func TestRunFillsInAndSorts(t *testing.T) {
	r := check.Run(t.Context(), []check.Check{
		rule("lamp.W002", check.Warning, check.Finding{Title: "Flickers."}, check.Finding{Hint: "Change it."}),
		rule("lamp.W001", check.Warning, check.Finding{ID: "forged.W999", Silenced: "forged"}),
		rule("lamp.E003", check.Error, check.Finding{}),
	}, check.Options{Silenced: []check.Silence{{ID: "lamp.E003", Reason: "daylight"}}})
	want := []check.Finding{
		{ID: "lamp.W001", Level: check.Warning, Title: "The light is off.", Hint: "Switch it on."},
		{ID: "lamp.W002", Level: check.Warning, Title: "Flickers.", Hint: "Switch it on."},
		{ID: "lamp.W002", Level: check.Warning, Title: "The light is off.", Hint: "Change it."},
	}
	if len(r.Findings) != len(want) || r.Ran != 3 {
		t.Fatalf("findings = %+v, ran %d, want %+v, ran 3", r.Findings, r.Ran, want)
	}
	for i := range want {
		got := r.Findings[i]
		if got.Needs != check.Settings || got.Fingerprint == "" {
			t.Errorf("finding %d = %+v, want what was looked at and a fingerprint", i, got)
		}
		got.Needs, got.Fingerprint = "", ""
		if got != want[i] {
			t.Errorf("finding %d = %+v, want %+v", i, got, want[i])
		}
	}
	if len(r.Silenced) != 1 || r.Silenced[0].ID != "lamp.E003" || r.Silenced[0].Silenced != "daylight" {
		t.Errorf("silenced = %+v, want lamp.E003 with its reason", r.Silenced)
	}
}

func TestValidate(t *testing.T) {
	with := func(edit func(*check.Check)) []check.Check {
		c := rule("lamp.W001", check.Warning)
		edit(&c)
		return []check.Check{c}
	}
	id := func(id string) []check.Check { return with(func(c *check.Check) { c.ID = id }) }
	for _, test := range []struct {
		name   string
		checks []check.Check
		want   string // part of the error; "" for none
	}{
		{"an ID of our own", id("lamp.W001"), ""},
		{"Django's ID that starts with a digit", id("4_0.E001"), ""},
		{"a critical rule of Django", id("auth.C009"), ""},
		{"an information", id("lamp.I001"), ""},
		{"no ID", id(""), `the ID is ""`},
		{"no label", id(".W001"), "must look like"},
		{"no letter", id("lamp.001"), "must look like"},
		{"an unknown letter", id("lamp.X001"), "must look like"},
		{"two digits", id("lamp.W01"), "must look like"},
		{"four digits", id("lamp.W0001"), "must look like"},
		{"a digit of another script", id("lamp.W00٣"), "must look like"},
		{"upper case", id("Lamp.W001"), "must look like"},
		{"a pattern", id("*"), "must look like"},
		{"two dots", id("a.b.W001"), "must look like"},
		{"a line end", id("lamp\n.W001"), "must look like"},
		{"listed twice", append(id("lamp.W001"), id("lamp.W001")...), "listed twice"},
		{"a blank title", with(func(c *check.Check) { c.Title = " " }), "needs Title"},
		{"no level", with(func(c *check.Check) { c.Level = 0 }), "needs Level"},
		{"a level between two", with(func(c *check.Check) { c.Level = 35 }), "needs Level"},
		{"unknown evidence", with(func(c *check.Check) { c.Needs = "hearsay" }), "needs Needs"},
		{"no tags", with(func(c *check.Check) { c.Tags = nil }), "needs Tags"},
		{"an empty tag", with(func(c *check.Check) { c.Tags = []string{""} }), "needs Tags"},
		{"no Find", with(func(c *check.Check) { c.Find = nil }), "needs Find"},
		{"several mistakes at once", []check.Check{{ID: "lamp.W001"}}, "needs Title, Level, Needs, Tags, Find"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := check.Validate(test.checks)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("Validate = %v, want %q", err, test.want)
			}
		})
	}
}

func TestTags(t *testing.T) {
	checks := []check.Check{rule("lamp.W001", check.Warning), deploy(rule("lamp.W002", check.Warning))}
	checks[1].Tags = []string{"night"}
	if got := strings.Join(check.Tags(checks, false), " "); got != "lamp security" {
		t.Errorf("Tags without deploy = %q, want %q", got, "lamp security")
	}
	if got := strings.Join(check.Tags(checks, true), " "); got != "lamp night security" {
		t.Errorf("Tags with deploy = %q, want %q", got, "lamp night security")
	}
}

func TestRedact(t *testing.T) {
	r := check.Run(t.Context(), []check.Check{
		{ID: "a.W001", Level: check.Warning, Tags: []string{"x"}, Title: "XX.", Hint: "XX.", Needs: check.Settings,
			Find: func(context.Context) ([]check.Finding, error) {
				return []check.Finding{{Setting: "XX", Source: "XX", Evidence: "XX"}}, nil
			}},
		{ID: "b.W001", Level: check.Warning, Tags: []string{"x"}, Title: "XX.", Hint: "XX.", Needs: check.Settings,
			Find: func(context.Context) ([]check.Finding, error) { return []check.Finding{{Evidence: "XX"}}, nil }},
		{ID: "c.W001", Level: check.Warning, Tags: []string{"x"}, Title: "XX.", Hint: "XX.", Needs: check.Settings,
			Find: func(context.Context) ([]check.Finding, error) { return nil, errors.New("XX") }},
	}, check.Options{Silenced: []check.Silence{{ID: "b.W001", Reason: "XX"}}})
	if len(r.Findings) != 1 || len(r.Silenced) != 1 || len(r.NotRun) != 1 {
		t.Fatalf("%+v", r)
	}
	r.Redact(func(s string) string { return strings.ReplaceAll(s, "XX", "[redacted]") })
	var text, json strings.Builder
	if err := errors.Join(r.WriteText(&text, check.TextOptions{}), r.WriteJSON(&json)); err != nil {
		t.Fatal(err)
	}
	if got := text.String() + json.String(); strings.Contains(got, "XX") || strings.Count(json.String(), "[redacted]") != 11 {
		t.Errorf("got\n%s", got)
	}
}
