package admin

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/preflight"
)

// checkWithin is how long the checks may take that the checklist runs.
const checkWithin = 30 * time.Second

// ChecklistPage shows what the gate says of the site as it runs: the sixteen items and the application's own, each passed, failed
// or not verified, and the evidence. It runs the checks anew each time.
func ChecklistPage(run func(context.Context) (*preflight.Result, error)) Page {
	return Page{Path: "checklist", Title: "Checklist", Show: func(ctx context.Context, _ *http.Request) (View, error) {
		ctx, cancel := context.WithTimeout(ctx, checkWithin)
		defer cancel()
		result, err := run(ctx)
		if err != nil {
			return View{}, err
		}
		return checklist(result), nil
	}}
}

// The kinds of evidence, as the console calls them.
var evidence = map[check.Evidence]string{
	check.Settings: "Settings", check.Handler: "Application", check.Repository: "Repository", check.URL: "Live site",
}

// badges say how an item, or a kind of its evidence, stands.
var badges = map[preflight.State]Cell{
	preflight.Passed:     {Text: "Passed", Tone: Good},
	preflight.Failed:     {Text: "Failed", Tone: Bad},
	preflight.Unverified: {Text: "Not verified", Tone: Quiet},
	preflight.Unlooked:   {Text: "Not looked at", Tone: Quiet},
	preflight.Unable:     {Text: "Could not look", Tone: Bad},
}

func checklist(r *preflight.Result) View {
	v := View{Intro: "What the gate says of this site as it runs. The checks ran just now."}
	table := Section{Title: "Items", Columns: []string{"Item", "State", "Evidence"}}
	var details []Section
	for _, o := range r.Items {
		id, title := fmt.Sprintf("item-%d", o.Number), fmt.Sprintf("%d. %s", o.Number, o.Title)
		table.Rows = append(table.Rows, Row{Cells: []Cell{{Text: title}, badges[o.State], {Text: counts(o), Link: "#" + id}}})
		details = append(details, detail(o, id, title))
	}
	table.Facts = []Fact{
		{"Passed", Cell{Text: fmt.Sprint(r.Count(preflight.Passed))}},
		{"Failed", Cell{Text: fmt.Sprint(r.Count(preflight.Failed))}},
		{"Not verified", Cell{Text: fmt.Sprint(r.Count(preflight.Unverified))}},
	}
	v.Sections = append([]Section{table}, details...)
	return v
}

// detail shows the evidence of one item: a row for each kind, and below it one for each thing that was found.
func detail(o preflight.Outcome, id, title string) Section {
	s := Section{ID: id, Title: title, Intro: o.Note, Badge: badges[o.State],
		Columns: []string{"Evidence", "State", "What", "Setting", "Seen"}}
	for _, p := range o.Proofs {
		what := Cell{Text: sentence(p.Shows)}
		switch n := len(p.Checks); {
		case p.State == preflight.Unlooked && p.Command == "":
			what.Note = "no check looks at it"
		case p.State == preflight.Unlooked:
			what.Note = "look with: " + p.Command
		case n > 0:
			what.Note = count(n, "check") + " passed"
		}
		s.Rows = append(s.Rows, Row{Cells: []Cell{{Text: evidence[p.Needs]}, badges[p.State], what, {}, {}}})
		for _, n := range p.NotRun {
			s.Rows = append(s.Rows, Row{Cells: []Cell{{Text: n.ID, Code: true}, {Text: "Could not look", Tone: Bad}, {Text: n.Title}, {},
				{Text: n.Reason}}})
		}
		for _, f := range p.Findings {
			s.Rows = append(s.Rows, row(f))
		}
		for _, f := range p.Waived {
			r := row(f)
			r.Cells[1] = Cell{Text: "Set aside", Tone: Quiet, Note: f.Silenced}
			s.Rows = append(s.Rows, r)
		}
	}
	if o.ByHand != "" && o.State == preflight.Unverified {
		s.Rows = append(s.Rows, Row{Cells: []Cell{{Text: "By hand"}, {}, {Text: o.ByHand}, {}, {}}})
	}
	return s
}

func row(f check.Finding) Row {
	tone := Quiet
	switch {
	case f.Level >= check.Error:
		tone = Bad
	case f.Level >= check.Warning:
		tone = Warn
	}
	level := f.Level.String()
	return Row{Cells: []Cell{
		{Text: f.ID, Code: true},
		{Text: level[:1] + strings.ToLower(level[1:]), Tone: tone},
		{Text: f.Title, Note: f.Hint},
		{Text: f.Setting, Code: f.Setting != "", Note: f.Source},
		{Text: f.Evidence},
	}}
}

// counts says in words what an item's badge stands on.
func counts(o preflight.Outcome) string {
	var passed, unable, found, aside int
	for _, p := range o.Proofs {
		passed, unable = passed+len(p.Checks), unable+len(p.NotRun)
		found, aside = found+len(p.Findings), aside+len(p.Waived)
	}
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, what)
		}
	}
	add(unable, fmt.Sprintf("%d could not look", unable))
	add(found, count(found, "finding"))
	add(aside, fmt.Sprintf("%d set aside", aside))
	add(passed, count(passed, "check")+" passed")
	if len(parts) == 0 {
		return "nobody looked"
	}
	return strings.Join(parts, ", ")
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
