package admin

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// checkWithin is how long the checks may take that the checklist runs.
const checkWithin = 30 * time.Second

// ChecklistPage shows what the gate says of the site as it runs: the sixteen items, each passed, failed or not verified,
// and the evidence. It runs the checks anew each time; checks returns which these are, without running them.
func ChecklistPage(checks func() []check.Check, run func(context.Context) (*check.Report, error)) Page {
	return Page{Path: "checklist", Title: "Checklist", Show: func(ctx context.Context, _ *http.Request) (View, error) {
		ctx, cancel := context.WithTimeout(ctx, checkWithin)
		defer cancel()
		report, err := run(ctx)
		if err != nil {
			return View{}, err
		}
		return newChecklist(checks(), report).view(), nil
	}}
}

// checklist is a report sorted by item.
type checklist struct {
	report *check.Report
	states [len(items)]itemState
}

// itemState is what a report says of one item.
type itemState struct {
	checks, notes, silenced int
	failed                  bool
	rows                    []Row
}

func newChecklist(checks []check.Check, report *check.Report) *checklist {
	c := &checklist{report: report}
	for _, k := range checks {
		c.states[itemOf(k.ID)].checks++
	}
	for _, n := range report.NotRun {
		s := &c.states[itemOf(n.ID)]
		s.failed = true
		s.rows = append(s.rows, Row{Cells: []Cell{{Text: n.ID, Code: true}, {Text: "Could not look", Tone: Bad}, {Text: n.Title}, {},
			{Text: n.Reason}}})
	}
	for _, f := range report.Findings {
		s := &c.states[itemOf(f.ID)]
		s.notes++
		s.failed = s.failed || f.Level >= report.FailLevel
		s.rows = append(s.rows, c.row(f))
	}
	for _, f := range report.Silenced {
		s := &c.states[itemOf(f.ID)]
		s.silenced++
		row := c.row(f)
		row.Cells[1] = Cell{Text: "Set aside", Tone: Quiet, Note: f.Silenced}
		s.rows = append(s.rows, row)
	}
	c.states[restItem].failed = report.Failed()
	return c
}

func (c *checklist) row(f check.Finding) Row {
	tone := Quiet
	switch {
	case f.Level >= check.Error:
		tone = Bad
	case f.Level >= check.Warning || f.Level >= c.report.FailLevel:
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

// badge says what is known of an item.
func (s itemState) badge() Cell {
	switch {
	case s.failed:
		return Cell{Text: "Failed", Tone: Bad}
	case s.checks == 0:
		return Cell{Text: "Not verified", Tone: Quiet}
	}
	return Cell{Text: "Passed", Tone: Good}
}

// evidence says in words what the badge stands on.
func (s itemState) evidence() string {
	if s.checks == 0 && len(s.rows) == 0 {
		return "no check looks at it"
	}
	parts := []string{count(s.checks, "check")}
	if n := len(s.rows) - s.notes - s.silenced; n > 0 {
		parts = append(parts, fmt.Sprintf("%d could not look", n))
	}
	if s.notes > 0 {
		parts = append(parts, count(s.notes, "finding"))
	}
	if s.silenced > 0 {
		parts = append(parts, fmt.Sprintf("%d set aside", s.silenced))
	}
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (c *checklist) view() View {
	v := View{Intro: "What check --deploy says of this site as it runs. The checks ran just now."}
	table := Section{Title: "Items", Columns: []string{"Item", "State", "Evidence"}}
	var details []Section
	tally := map[Tone]int{}
	for i, s := range c.states {
		title := fmt.Sprintf("%d. %s", i+1, items[i].title)
		badge := s.badge()
		tally[badge.Tone]++
		evidence := Cell{Text: s.evidence()}
		if len(s.rows) > 0 {
			id := fmt.Sprintf("item-%d", i+1)
			evidence.Link = "#" + id
			details = append(details, Section{ID: id, Title: title, Badge: badge, Rows: s.rows,
				Columns: []string{"Check", "Level", "What is wrong", "Setting", "Evidence"}})
		}
		table.Rows = append(table.Rows, Row{Cells: []Cell{{Text: title}, badge, evidence}})
	}
	table.Facts = []Fact{
		{"Passed", Cell{Text: fmt.Sprint(tally[Good])}},
		{"Failed", Cell{Text: fmt.Sprint(tally[Bad])}},
		{"Not verified", Cell{Text: fmt.Sprint(tally[Quiet])}},
		{"Checks that looked", Cell{Text: fmt.Sprint(c.report.Ran)}},
	}
	v.Sections = append([]Section{table}, details...)
	return v
}
