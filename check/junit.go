package check

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/airworthy-go/airworthy/internal/sheet"
)

// WriteJUnit writes the report as JUnit's XML, which every CI server reads: a suite for each kind of evidence, and in it a
// test case for each check that was asked.
//
//   - A finding at or above the fail level is a failure, which says what was seen and what to do. The findings of one check are
//     one failure, since most readers show only the first.
//   - A finding below the fail level does not fail the gate and so is no failure: it stands in the case's output.
//   - A check that could not look is an error, and one whose findings are all silenced is skipped, with the reason.
//
// There are no times: a check's time says nothing about the site, and the same report is the same bytes.
func (r *Report) WriteJUnit(w io.Writer) error {
	all := junitSuites{Name: cmp.Or(sheet.Line(r.Subject), "airworthy")}
	for _, q := range r.questions() {
		name := cmp.Or(string(q.Needs), "gate")
		n := len(all.Suites)
		if n == 0 || all.Suites[n-1].Name != name {
			all.Suites = append(all.Suites, junitSuite{Name: name, Time: "0"})
			n++
		}
		all.Suites[n-1].add(r.junitCase(q, name))
	}
	for _, s := range all.Suites {
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
	}
	b, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("check: JUnit: %w", err)
	}
	// No attribute has a line end in it, and a text may have one as it is.
	_, err = io.WriteString(w, xml.Header+strings.ReplaceAll(string(b), "&#xA;", "\n")+"\n")
	return err
}

func (r *Report) junitCase(q question, suite string) junitCase {
	c := junitCase{Class: "airworthy." + suite + "." + label(sheet.Line(q.ID)), Name: sheet.Line(q.ID), Time: "0"}
	out := []string{"Looks for: " + sheet.Line(q.Title)}
	var failing []Finding
	for _, f := range q.found {
		if f.Level >= r.FailLevel {
			failing = append(failing, f)
			continue
		}
		out = append(out, f.Level.String()+", which does not fail the gate:\n"+f.message())
	}
	for _, f := range q.silenced {
		out = append(out, "Silenced: "+sheet.Line(f.Silenced)+"\n"+f.message())
	}
	switch {
	case len(q.notRun) > 0:
		var reasons []string
		for _, n := range q.notRun {
			reasons = append(reasons, sheet.Line(n.Title)+"\n"+strings.Join(sheet.Lines(n.Reason, maxLines), "\n"))
		}
		c.Error = &junitProblem{Message: "The check could not look.", Type: "not run", Text: strings.Join(reasons, "\n\n")}
	case len(failing) > 0:
		c.Failure = newJUnitFailure(failing)
		if f := failing[0]; relative(f.File) != "" {
			c.File, c.Line = sheet.Visible(relative(f.File)), f.Line
		}
	case len(q.silenced) > 0 && len(q.found) == 0:
		c.Skipped = &junitSkipped{Message: sheet.Line(q.silenced[0].Silenced)}
	}
	c.Out = strings.Join(out, "\n\n")
	return c
}

// newJUnitFailure makes one failure of the findings of a check, which are sorted.
func newJUnitFailure(findings []Finding) *junitProblem {
	message := sheet.Line(findings[0].Title)
	if n := len(findings); n > 1 {
		message = fmt.Sprintf("%s (%d findings)", message, n)
	}
	var texts []string
	for _, f := range findings {
		texts = append(texts, f.message())
	}
	return &junitProblem{Message: message, Type: findings[0].Level.String(), Text: strings.Join(texts, "\n\n")}
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Error != nil:
		s.Errors++
	case c.Failure != nil:
		s.Failures++
	case c.Skipped != nil:
		s.Skipped++
	}
}

type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCounts
	Suites []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name string `xml:"name,attr"`
	junitCounts
	Time  string      `xml:"time,attr"`
	Cases []junitCase `xml:"testcase"`
}

type junitCounts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Skipped *junitSkipped `xml:"skipped"`
	Error   *junitProblem `xml:"error"`
	Failure *junitProblem `xml:"failure"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}
