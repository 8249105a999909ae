package check

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TextOptions say how WriteText writes. The zero value writes plain text.
type TextOptions struct {
	Color bool // use ANSI colours; whether w is a terminal is the caller's to know
}

// What WriteText shows of one field. Evidence may be whatever a server sent.
const (
	maxText  = 400 // bytes of a line
	maxLines = 40
)

var groupNames = map[Level]string{
	Debug: "DEBUG", Info: "INFO", Warning: "WARNINGS", Error: "ERRORS", Critical: "CRITICAL",
}

// WriteText writes the report for people: the findings grouped by level, worst first, each with its hint; then what
// could not be checked, what was silenced and why, and a line that counts and tells whether the gate opens.
//
// Each field stands on one line, save reasons, which may be a list of errors. Control characters, and whatever else
// could move the cursor or reorder the text, are written as escapes, so that evidence taken from a hostile server cannot
// forge the report around it.
func (r *Report) WriteText(w io.Writer, opt TextOptions) error {
	t := &text{color: opt.Color}
	for rest := r.Findings; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Level == rest[0].Level {
			n++
		}
		t.group(groupName(rest[0].Level), levelColor(rest[0].Level))
		for _, f := range rest[:n] {
			t.finding(f)
		}
		rest = rest[n:]
	}
	if len(r.NotRun) > 0 {
		t.group("NOT RUN", red)
		for _, n := range r.NotRun {
			t.head(n.ID, n.Title)
			t.lines(n.Reason)
		}
	}
	if len(r.Silenced) > 0 {
		t.group("SILENCED", plain)
		for _, f := range r.Silenced {
			t.head(f.ID, f.Title)
			t.line("", evidence(f))
			t.line("REASON: ", f.Silenced)
		}
	}
	t.trailer(r)
	_, err := io.WriteString(w, t.String())
	return err
}

// The colours, as SGR parameters.
const (
	plain  = ""
	bold   = "1"
	red    = "1;31"
	yellow = "1;33"
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
	t.WriteString("  " + t.paint(bold, printable(id)) + "  " + printable(title) + "\n")
}

// line writes one field below a head, or nothing if it is empty.
func (t *text) line(label, value string) {
	if value != "" {
		t.WriteString("      " + label + printable(value) + "\n")
	}
}

// lines writes a reason, which may be several errors joined. They stay indented, so that none looks like a heading.
func (t *text) lines(reason string) {
	all := strings.Split(reason, "\n")
	for _, l := range all[:min(len(all), maxLines)] {
		t.line("", l)
	}
	if len(all) > maxLines {
		t.line("", fmt.Sprintf("… (%d lines more)", len(all)-maxLines))
	}
}

func (t *text) finding(f Finding) {
	t.head(f.ID, f.Title)
	where := f.Setting
	if f.Source != "" {
		where = strings.TrimSpace(where + " (" + f.Source + ")")
	}
	t.line("", where)
	t.line("", f.Evidence)
	t.line("HINT: ", f.Hint)
}

// evidence is what distinguishes a silenced finding from others of its check.
func evidence(f Finding) string {
	if f.Evidence == "" {
		return f.Setting
	}
	return f.Evidence
}

func (t *text) trailer(r *Report) {
	if t.Len() > 0 {
		t.WriteByte('\n')
	}
	findings := plural(len(r.Findings), "finding")
	if len(r.Findings) == 0 {
		findings = "No findings"
	}
	fmt.Fprintf(t, "%s, %d silenced, %d not run, %s ran.", findings, len(r.Silenced), len(r.NotRun), plural(r.Ran, "check"))
	switch {
	case r.Failed():
		t.WriteString(" " + t.paint(red, "Failed") + why(r))
	default:
		t.WriteString(" " + t.paint(green, "Passed") + ".")
	}
	t.WriteByte('\n')
}

// why says which of the two reasons keeps the gate shut.
func why(r *Report) string {
	n := 0
	for _, f := range r.Findings {
		if f.Level >= r.FailLevel {
			n++
		}
	}
	if n == 0 {
		return ": what could not be checked has not passed."
	}
	return fmt.Sprintf(": %d at level %s or above.", n, r.FailLevel)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// printable returns s on one line, with everything that is not plainly visible written as Go would escape it, and cut
// after maxText bytes.
func printable(s string) string {
	s, cut := truncate(s)
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return b.String() + cut
}

// truncate cuts s at a character's border and says how much is missing.
func truncate(s string) (kept, note string) {
	if len(s) <= maxText {
		return s, ""
	}
	n := maxText
	for n > maxText-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], fmt.Sprintf(" … (%d bytes more)", len(s)-n)
}
