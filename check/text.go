package check

import (
	"fmt"
	"io"
	"strings"

	"github.com/airworthy-go/airworthy/internal/sheet"
)

// TextOptions say how WriteText writes. The zero value writes plain text.
type TextOptions struct {
	Color bool // use ANSI colours; whether w is a terminal is the caller's to know
}

// What WriteText shows. Evidence may be whatever a server sent.
const (
	maxLines = 40  // of one reason
	width    = 110 // characters of a line, unless a word is longer
)

var groupNames = map[Level]string{
	Debug: "DEBUG", Info: "INFO", Warning: "WARNINGS", Error: "ERRORS", Critical: "CRITICAL",
}

// WriteText writes the report for people: what was judged, if that is known; the findings grouped by level, worst first,
// each with where it is, what was seen and what to do; then what could not be checked, what was silenced and why, and a
// line that counts and tells whether the gate opens.
//
// Each field stands on lines of its own, indented below what it belongs to. Control characters, and whatever else could
// move the cursor or reorder the text, are written as escapes, so that evidence taken from a hostile server cannot forge
// the report around it.
func (r *Report) WriteText(w io.Writer, opt TextOptions) error {
	t := &text{color: opt.Color}
	if r.Subject != "" {
		t.WriteString(t.paint(bold, sheet.Line(r.Subject)) + "\n")
	}
	for _, group := range byLevel(r.Findings) {
		level := group[0].Level
		t.group(groupName(level), levelColor(level))
		for _, f := range group {
			t.finding(f)
		}
	}
	if len(r.NotRun) > 0 {
		t.group("NOT RUN", red)
		for _, n := range r.NotRun {
			t.head(n.ID, n.Title)
			for _, l := range sheet.Lines(n.Reason, maxLines) {
				t.line("", plain, l)
			}
		}
	}
	if len(r.Silenced) > 0 {
		t.group("SILENCED", dim)
		for _, f := range r.Silenced {
			t.head(f.ID, f.Title)
			t.line("", plain, distinction(f))
			t.line("REASON: ", dim, f.Silenced)
		}
	}
	t.trailer(r)
	_, err := io.WriteString(w, t.String())
	return err
}

// byLevel cuts findings, which are sorted, into those of each level.
func byLevel(findings []Finding) (groups [][]Finding) {
	for rest := findings; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Level == rest[0].Level {
			n++
		}
		groups, rest = append(groups, rest[:n]), rest[n:]
	}
	return groups
}

// The colours, as SGR parameters.
const (
	plain  = ""
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	yellow = "1;33"
	cyan   = "36"
	green  = "32"
)

func levelColor(l Level) string {
	switch {
	case l >= Error:
		return red
	case l >= Warning:
		return yellow
	}
	return bold
}

func groupName(l Level) string {
	if name, ok := groupNames[l]; ok {
		return name
	}
	return l.String()
}

type text struct {
	strings.Builder
	color bool
}

func (t *text) paint(sgr, s string) string {
	if !t.color || sgr == plain {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

func (t *text) group(name, sgr string) {
	if t.Len() > 0 {
		t.WriteByte('\n')
	}
	t.WriteString(t.paint(sgr, name) + "\n")
}

func (t *text) head(id, title string) {
	id = sheet.Line(id)
	for i, part := range sheet.Wrap(id+"  "+sheet.Line(title), width-2) {
		switch rest, ok := strings.CutPrefix(part, id); {
		case i == 0 && ok:
			t.WriteString("  " + t.paint(bold, id) + rest + "\n")
		default:
			t.WriteString("    " + part + "\n")
		}
	}
}

// line writes one field below a head, or nothing if it is empty. What does not fit stands under its beginning.
func (t *text) line(label, sgr, value string) {
	if value == "" {
		return
	}
	t.wrap(label, sgr, sheet.Line(value))
}

// wrap writes a field that is safe to show.
func (t *text) wrap(label, sgr, value string) {
	for i, part := range sheet.Wrap(value, width-6-len(label)) {
		begin := t.paint(sgr, label)
		if i > 0 {
			begin = strings.Repeat(" ", len(label))
		}
		t.WriteString("      " + begin + part + "\n")
	}
}

func (t *text) finding(f Finding) {
	t.head(f.ID, f.Title)
	t.line("", plain, f.where())
	t.line("", plain, f.Evidence)
	if f.Hint != "" {
		t.wrap("HINT: ", cyan, sheet.Advice(f.Hint))
	}
}

// distinction is what distinguishes a silenced finding from others of its check.
func distinction(f Finding) string {
	if f.Evidence == "" {
		return f.where()
	}
	return f.Evidence
}

func (t *text) trailer(r *Report) {
	if t.Len() > 0 {
		t.WriteByte('\n')
	}
	t.WriteString(r.counts())
	switch {
	case r.Failed():
		t.WriteString(" " + t.paint(red, "Failed") + why(r))
	default:
		t.WriteString(" " + t.paint(green, "Passed") + ".")
	}
	t.WriteByte('\n')
}

// counts says in one sentence how much there is of what.
func (r *Report) counts() string {
	findings := sheet.Count(len(r.Findings), "finding")
	if len(r.Findings) == 0 {
		findings = "No findings"
	}
	return fmt.Sprintf("%s, %d silenced, %d not run, %s ran.", findings, len(r.Silenced), len(r.NotRun),
		sheet.Count(r.Ran, "check"))
}

// failing is how many findings stand at or above the fail level.
func (r *Report) failing() (n int) {
	for _, f := range r.Findings {
		if f.Level >= r.FailLevel {
			n++
		}
	}
	return n
}

// why says which of the two reasons keeps the gate shut.
func why(r *Report) string {
	n := r.failing()
	if n == 0 {
		return ": what could not be checked has not passed."
	}
	return fmt.Sprintf(": %d at level %s or above.", n, r.FailLevel)
}
