package preflight

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/sheet"
)

// TextOptions say how WriteText writes. The zero value writes plain text.
type TextOptions struct {
	Color bool // use ANSI colours; whether w is a terminal is the caller's to know
}

const (
	width    = 110 // characters of a line
	maxLines = 40  // of one reason
	maxShown = 20  // findings of one kind of evidence
)

// names say what a kind of evidence is, for people.
var names = map[check.Evidence]string{
	check.Settings: "settings", check.Handler: "application", check.Repository: "repository", check.URL: "live site",
}

// WriteText writes the checklist for people: each item with its state and its evidence, then how many there are of each and
// whether the checklist fails. What others wrote is made visible, as in [check.Report.WriteText].
func (r *Result) WriteText(w io.Writer, opt TextOptions) error {
	t := &text{color: opt.Color}
	if r.Subject != "" {
		t.WriteString(t.paint("1", sheet.Line(r.Subject)) + "\n\n")
	}
	for _, o := range r.Items {
		t.item(o)
	}
	t.commands(r)
	fmt.Fprintf(t, "\n%s. ", r.counts())
	switch {
	case !r.Failed():
		t.WriteString(t.paint("32", "Passed") + ".\n")
	case r.Count(Failed) == 0:
		t.WriteString(t.paint("1;31", "Failed") + ": what is not verified has not passed.\n")
	default:
		t.WriteString(t.paint("1;31", "Failed") + ".\n")
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// counts says how many items stand like what.
func (r *Result) counts() string {
	return fmt.Sprintf("%d passed, %d failed, %d not verified", r.Count(Passed), r.Count(Failed), r.Count(Unverified))
}

func checks(n int) string { return sheet.Count(n, "check") }

type text struct {
	strings.Builder
	color bool
}

func (t *text) paint(sgr, s string) string {
	if !t.color {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

var colors = map[State]string{Passed: "32", Failed: "1;31", Unverified: "33"}

func (t *text) item(o Outcome) {
	state := fmt.Sprintf("%-12s", strings.ToUpper(string(o.State)))
	fmt.Fprintf(t, "%s %2d  %s\n", t.paint(colors[o.State], state), o.Number, t.paint("1", sheet.Line(o.Title)))
	t.line(0, o.Note)
	var unlooked []string
	for _, p := range o.Proofs {
		if p.State == Unlooked {
			unlooked = append(unlooked, p.name())
			continue
		}
		t.proof(p)
	}
	switch {
	case o.ByHand != "" && o.State == Unverified:
		t.line(0, "No check looks at it. By hand: "+o.ByHand)
	case len(unlooked) > 0:
		t.line(0, "not looked at: "+strings.Join(unlooked, ", "))
	}
}

// line writes a line below an item, in steps deep, and what does not fit of it under that.
func (t *text) line(deep int, s string) {
	if s != "" {
		t.wrap(deep, sheet.Line(s))
	}
}

// wrap writes a line that is safe to show.
func (t *text) wrap(deep int, s string) {
	indent := strings.Repeat(" ", 17+2*deep)
	for _, part := range sheet.Wrap(s, width-len(indent)) {
		t.WriteString(indent + part + "\n")
	}
}

func (t *text) proof(p Proof) {
	t.line(0, p.name()+": "+p.tally())
	for _, n := range p.NotRun {
		t.line(1, n.ID+"  "+n.Title)
		for _, l := range sheet.Lines(n.Reason, maxLines) {
			t.line(2, l)
		}
	}
	for _, f := range p.Findings[:min(len(p.Findings), maxShown)] {
		t.line(1, f.ID+"  "+f.Title)
		t.line(2, where(f))
		t.line(2, f.Evidence)
		if f.Hint != "" {
			t.wrap(2, "HINT: "+sheet.Advice(f.Hint))
		}
	}
	if more := len(p.Findings) - maxShown; more > 0 {
		t.line(1, fmt.Sprintf("… and %d more", more))
	}
	for _, f := range p.Waived {
		t.line(1, f.ID+"  "+f.Title)
		t.line(2, where(f))
		t.line(2, "set aside: "+f.Silenced)
	}
}

// name says which kind of evidence it is, and what it can show.
func (p Proof) name() string {
	if p.Shows == "" {
		return names[p.Needs]
	}
	return names[p.Needs] + " (" + p.Shows + ")"
}

// commands lists the commands that look at what was not looked at, by kind of evidence, each once. None is broken into lines, so
// that it can be copied.
func (t *text) commands(r *Result) {
	var lines []string
	for _, kind := range kinds {
		for _, o := range r.Items {
			for _, p := range o.Proofs {
				line := fmt.Sprintf("  %-13s%s\n", names[kind], sheet.Line(p.Command))
				if p.Needs == kind && p.State == Unlooked && p.Command != "" && !slices.Contains(lines, line) {
					lines = append(lines, line)
				}
			}
		}
	}
	if len(lines) > 0 {
		t.WriteString("\nWhat was not looked at is looked at by\n" + strings.Join(lines, ""))
	}
}

// tally counts what came of a kind of evidence that was looked at.
func (p Proof) tally() string {
	var parts []string
	if n := len(p.NotRun); n > 0 {
		parts = append(parts, checks(n)+" could not look")
	}
	failing := 0
	for _, f := range p.Findings {
		if f.Level >= check.Warning {
			failing++
		}
	}
	if failing > 0 {
		parts = append(parts, sheet.Count(failing, "finding"))
	}
	if n := len(p.Findings) - failing; n > 0 {
		parts = append(parts, sheet.Count(n, "remark"))
	}
	if n := len(p.Waived); n > 0 {
		parts = append(parts, fmt.Sprintf("%d set aside", n))
	}
	if n := len(p.Checks); n > 0 {
		parts = append(parts, checks(n)+" passed")
	}
	return strings.Join(parts, ", ")
}

// where says what a finding is about.
func where(f check.Finding) string {
	switch {
	case f.Setting == "":
		return f.Source
	case f.Source == "":
		return f.Setting
	}
	return f.Setting + " (" + f.Source + ")"
}
