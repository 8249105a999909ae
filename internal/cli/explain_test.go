package cli_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/cli"
)

// lamps are rules of each kind.
func lamps() []check.Check {
	find := lamp(false)[0].Find
	return []check.Check{{
		ID: "lamp.W001", Level: check.Warning, Tags: []string{"light", "lamp"}, Needs: check.Settings, Deploy: true, Setting: "LAMP",
		Title: "It is dark.", Hint: "Switch LAMP on.", Why: strings.Repeat("Whoever walks about in the dark falls over the cat. ", 4),
		See: "https://lamp.example/dark", Find: find,
	}, {
		ID: "lamp.E002", Level: check.Error, Tags: []string{"light"}, Needs: check.Settings, Title: "It burns.", Hint: "Run.",
		Why: "Fire is hot.", See: "https://lamp.example/fire", Find: find,
	}, {
		ID: "lamp.W001", Level: check.Warning, Tags: []string{"light", "django"}, Needs: check.Settings, Deploy: true,
		Title: "LAMP is None.", Hint: "Set LAMP to True.", Why: "The cat.", See: "https://lamp.example/dark", Find: find,
	}, {
		ID: "door.I001", Level: check.Info, Tags: []string{"door"}, Needs: check.Handler, Deploy: true, Title: "It is open.", Hint: "Shut it.",
		Why: "It draws.", See: "https://door.example/", Find: find,
	}, {
		ID: "door.I001", Level: check.Warning, Tags: []string{"door"}, Needs: check.URL, Deploy: true, Title: "It is open.", Hint: "Shut it from outside.",
		Why: "It draws.", See: "https://door.example/", Find: find,
	}}
}

// ask runs explain as a shell would.
func ask(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e strings.Builder
	p := &cli.Program{Out: &o, Err: &e}
	c := cli.ExplainCommand(p, lamps)
	c.SilenceErrors, c.SilenceUsage = true, true
	p.Mark(c)
	c.SetArgs(args)
	return p.Status(c.ExecuteContext(t.Context())), o.String(), e.String()
}

func TestExplain(t *testing.T) {
	status, out, _ := ask(t, "LAMP.w001")
	if status != cli.Passed {
		t.Fatalf("status %d", status)
	}
	for _, want := range []string{"lamp.W001  WARNING\nIt is dark.\n", "Whoever walks", "what to do    Switch LAMP on.",
		"in Django     LAMP is None. The cat. Set LAMP to True.", "setting       LAMP", "looks at      the settings, with --deploy\n",
		"set aside     by a waiver (--waivers)", `SILENCED_SYSTEM_CHECKS="lamp.W001=the`, "tags          light, lamp", "source        https://lamp.example/dark\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	for line := range strings.Lines(out) {
		if n := utf8.RuneCountInString(line); n > 100 {
			t.Errorf("a line has %d columns: %q", n, line)
		}
	}
	if strings.Contains(out, "It burns.") || strings.Contains(out, "\x1b") {
		t.Errorf("it says more than it was asked for, or colours a file:\n%s", out)
	}
	if _, out, _ = ask(t, "lamp.E002"); strings.Contains(out, "Django") || strings.Contains(out, "setting ") || !strings.Contains(out, "the settings, always") {
		t.Errorf("a rule without words for Django and without a setting is explained by\n%s", out)
	}
	const both = "looks at      what the application answers and the live site (WARNING), with --deploy and by\n              probe"
	if _, out, _ = ask(t, "door.I001"); !strings.Contains(out, both) || strings.Contains(out, "in Django") {
		t.Errorf("a rule of two kinds of evidence is explained by\n%s", out)
	}
}

// TestExplainOwn holds that nobody is told to set aside what cannot be.
func TestExplainOwn(t *testing.T) {
	var out strings.Builder
	p := &cli.Program{Out: &out}
	c := cli.ExplainCommand(p, check.Own)
	c.SetArgs([]string{"waiver.W003"})
	if err := c.ExecuteContext(t.Context()); err != nil || !strings.Contains(out.String(), "set aside     not possible") || strings.Contains(out.String(), "SILENCED") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestExplainSeveral(t *testing.T) {
	status, out, _ := ask(t, "door.I001", "lamp.E002")
	if first, second := strings.Index(out, "door.I001  INFO"), strings.Index(out, "\n\nlamp.E002  ERROR"); status != cli.Passed || first != 0 || second < 0 {
		t.Errorf("status %d,\n%s", status, out)
	}
	status, out, errs := ask(t, "door.I001", "door.I002")
	if status != cli.Wrong || out != "" || !strings.Contains(errs, `"door.I002"`) {
		t.Errorf("with an unknown ID: status %d, stdout %q, stderr %q; nothing is to be explained", status, out, errs)
	}
}

// TestExplainUnknown holds what is said to somebody who mistyped.
func TestExplainUnknown(t *testing.T) {
	for args, want := range map[string]string{
		"":               "no ID: write it as",
		"lamp.W01":       "is it lamp.W001?",
		"lmap.W001":      "is it lamp.W001?",
		"lamp.W0011":     "is it lamp.W001?",
		"lamp":           "is it lamp.W001 or lamp.E002?",
		"LAMP.":          "is it lamp.W001 or lamp.E002?",
		"something.else": "--list-checks",
	} {
		status, out, errs := ask(t, strings.Fields(args)...)
		if status != cli.Wrong || out != "" || !strings.Contains(errs, want) {
			t.Errorf("explain %s: status %d, stdout %q, stderr %q; want %q", args, status, out, errs, want)
		}
	}
	var many []cli.Rule
	for _, id := range []string{"a.W001", "a.W002", "a.W003", "a.W004", "a.W005", "b.W006"} {
		many = append(many, cli.Rule{Check: check.Check{ID: id}})
	}
	if got := cli.Nearest(many, "a"); len(got) != 5 {
		t.Errorf("of the label there are %q", got)
	}
	if got := cli.Nearest(many, "c.W00x"); len(got) != 4 {
		t.Errorf("near by are %q", got)
	}
	if got := cli.Nearest(many, ""); got != nil {
		t.Errorf("of nothing there are %q", got)
	}
}

func TestRuns(t *testing.T) {
	of := func(deploy bool, tag string, needs ...check.Evidence) cli.Rule {
		r := cli.Rule{Check: check.Check{Deploy: deploy, Tags: []string{tag}, Needs: needs[0]}}
		for _, e := range needs[1:] {
			r.Also = append(r.Also, check.Check{Deploy: deploy, Needs: e})
		}
		return r
	}
	for want, r := range map[string]cli.Rule{
		"always":                        of(false, "", check.Settings),
		"with --deploy":                 of(true, "", check.Handler),
		"with --deploy and by probe":    of(true, "", check.Handler, check.URL),
		"with --deploy and by scan":     of(true, "", check.Repository),
		"whenever a live site is asked": of(true, "", check.URL),
		"in every run":                  of(false, "gate", check.Settings),
	} {
		if got := r.Runs(); got != want {
			t.Errorf("runs %q, want %q", got, want)
		}
	}
}

func TestListChecks(t *testing.T) {
	print := func(g cli.Gate, opt check.Options) string {
		var out strings.Builder
		g.ListChecks = true
		if err := g.Judge(t.Context(), &cli.Program{Out: &out}, "", lamps(), opt); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	want := `door.I001  INFO     handler   deploy  It is open.
door.I001  WARNING  url       deploy  It is open.
lamp.E002  ERROR    settings          It burns.
lamp.W001  WARNING  settings  deploy  It is dark.
lamp.W001  WARNING  settings  deploy  LAMP is None.
`
	if got := print(cli.Gate{Format: "text"}, check.Options{Deploy: true}); got != want {
		t.Errorf("the list is\n%swant\n%s", got, want)
	}
	if got := print(cli.Gate{Format: "text"}, check.Options{}); got != "lamp.E002  ERROR  settings          It burns.\n" {
		t.Errorf("without --deploy the list is\n%s", got)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(print(cli.Gate{Format: "json"}, check.Options{Deploy: true, Tags: []string{"lamp"}})), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0]["id"] != "lamp.W001" || list[0]["level"] != "WARNING" || list[0]["deploy"] != true ||
		list[0]["setting"] != "LAMP" || list[0]["see"] != "https://lamp.example/dark" {
		t.Errorf("as JSON the list is %v", list)
	}
	if got := print(cli.Gate{Format: "json"}, check.Options{Tags: []string{"door"}}); strings.TrimSpace(got) != "[]" {
		t.Errorf("as JSON no checks are %q", got)
	}
}

func TestWrap(t *testing.T) {
	for _, row := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"one two three", []string{"one two", "three"}},
		{"seven77 x", []string{"seven77", "x"}},
		{"averylongword of", []string{"averylongword", "of"}},
		{"ääää ää b", []string{"ääää ää", "b"}},
	} {
		if got := cli.Wrap(row.text, 7); !slices.Equal(got, row.want) {
			t.Errorf("Wrap(%q) = %q, want %q", row.text, got, row.want)
		}
	}
}
