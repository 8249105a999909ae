package check

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/airworthy-go/airworthy/internal/sheet"
)

// WriteGitHub writes the report as commands of GitHub's workflows, a line each, which become annotations of the run and
// of the lines of a change: an error for a finding at level ERROR or above and for what could not be checked, a warning,
// or a notice below that. What was silenced is only counted.
//
// GitHub shows ten annotations of each kind for a step, and drops the others: the first says how the gate stands and how
// much there is of what, and the worst findings follow. The whole list stands in the log, and in any other form of the report.
func (r *Report) WriteGitHub(w io.Writer) error {
	var b strings.Builder
	command := func(kind, title, message string, f Finding) {
		b.WriteString("::" + kind + " ")
		if file := relative(f.File); file != "" {
			b.WriteString("file=" + property(file) + ",")
			if f.Line > 0 {
				b.WriteString("line=" + strconv.Itoa(f.Line) + ",")
			}
		}
		b.WriteString("title=" + property(title) + "::" + data(message) + "\n")
	}
	subject := ""
	if r.Subject != "" {
		subject = sheet.Line(r.Subject) + ": "
	}
	if r.Failed() {
		command("error", subject+"the gate is shut", r.counts()+" Failed"+why(r), Finding{})
	} else {
		command("notice", subject+"the gate is open", r.counts()+" Passed.", Finding{})
	}
	for _, n := range r.NotRun {
		lines := append([]string{sheet.Line(n.Title)}, sheet.Lines(n.Reason, maxLines)...)
		command("error", sheet.Line(n.ID)+" could not look", strings.Join(lines, "\n"), Finding{})
	}
	for _, f := range r.Findings {
		command(annotation(f.Level), fmt.Sprintf("%s %s", sheet.Line(f.ID), f.Level), f.message(), f)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// message is all that f has to say, a line each.
func (f Finding) message() string {
	lines := []string{sheet.Line(f.Title)}
	for _, part := range []struct{ label, value string }{
		{"Where: ", f.where()}, {"Seen: ", f.Evidence},
	} {
		if part.value != "" {
			lines = append(lines, part.label+sheet.Line(part.value))
		}
	}
	if f.Hint != "" {
		lines = append(lines, "What to do: "+sheet.Advice(f.Hint))
	}
	return strings.Join(lines, "\n")
}

func annotation(l Level) string {
	switch {
	case l >= Error:
		return "error"
	case l >= Warning:
		return "warning"
	}
	return "notice"
}

// data escapes what stands behind a command, and property what stands in it, as GitHub's runner reads them back.
func data(s string) string { return dataEscapes.Replace(s) }

func property(s string) string { return propertyEscapes.Replace(sheet.Visible(s)) }

var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
