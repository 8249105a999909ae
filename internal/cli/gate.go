package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/airworthy-go/airworthy/check"
)

// Gate is how a command that judges is asked. Every such command has these flags.
type Gate struct {
	Tags       []string
	ListTags   bool
	ListChecks bool
	FailLevel  string
	Format     string   // of what goes to stdout, or to Output
	Output     string   // a file; stdout if empty
	Reports    []string // further reports, each FORMAT=FILE
	Waivers    string   // a file
	Baseline   string   // a report in JSON of an earlier run
	NewOnly    bool     // set aside what is in the baseline
	Edge       []string // settings that the edge looks after, beside those of the application
}

// Flags adds the flags to a command's.
func (g *Gate) Flags(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&g.Tags, "tag", "t", nil, "run only checks with this `tag`; may be repeated")
	fs.BoolVar(&g.ListTags, "list-tags", false, "print the tags and exit")
	fs.BoolVar(&g.ListChecks, "list-checks", false, "print the checks that would run and exit; with --format json for programs")
	fs.StringVar(&g.FailLevel, "fail-level", "",
		"the `level` from which a finding fails: CRITICAL, ERROR, WARNING, INFO or DEBUG\n"+
			"(default WARNING with --deploy, ERROR without)")
	fs.StringVar(&g.Format, "format", "text", names(formats))
	fs.StringVarP(&g.Output, "output", "o", "", "write the report to this `file` instead of stdout")
	fs.StringArrayVar(&g.Reports, "report", nil, "write one more report, as `FORMAT=FILE`; may be repeated")
	asideFlags(fs, &g.Waivers, &g.Edge)
	fs.StringVar(&g.Baseline, "baseline", "", "compare with this `file`, an earlier report in JSON")
	fs.BoolVar(&g.NewOnly, "new-only", false, "with --baseline: set aside what it holds already")
}

// formats are the forms of a report, the first being what people read.
var formats = []format[*check.Report]{
	{"text", func(r *check.Report, w io.Writer, color bool) error {
		return r.WriteText(w, check.TextOptions{Color: color})
	}},
	{"json", func(r *check.Report, w io.Writer, _ bool) error { return r.WriteJSON(w) }},
	{"sarif", func(r *check.Report, w io.Writer, _ bool) error { return r.WriteSARIF(w) }},
	{"junit", func(r *check.Report, w io.Writer, _ bool) error { return r.WriteJUnit(w) }},
	{"html", func(r *check.Report, w io.Writer, _ bool) error { return r.WriteHTML(w) }},
	{"github", func(r *check.Report, w io.Writer, _ bool) error { return r.WriteGitHub(w) }},
}

func (g *Gate) outputs() ([]output[*check.Report], error) {
	return outputs(formats, g.Format, g.Output, g.Reports)
}

// Options returns what the flags ask of [check.Run]. Its error is one of usage: call it before any work is done.
func (g *Gate) Options(p *Program) (check.Options, error) {
	opt := check.Options{Tags: g.Tags, NewOnly: g.NewOnly, Edge: g.Edge}
	if g.FailLevel != "" {
		level, err := check.ParseLevel(g.FailLevel)
		if err != nil {
			return opt, Usage("--fail-level: %v", err)
		}
		opt.FailLevel = level
	}
	if _, err := g.outputs(); err != nil {
		return opt, err
	}
	if err := g.readWaivers(&opt); err != nil {
		return opt, err
	}
	if err := g.readBaseline(&opt); err != nil {
		return opt, err
	}
	if p.Rules != nil {
		opt.Rules = p.Rules()
	}
	here := Here()
	opt.Redact = func(text string) string { return here(p.redact(text)) }
	return opt, nil
}

// Judge runs the checks, writes the reports and returns a [Failure] if the gate stays shut. Every report is written before
// that is decided. subject is what is judged, such as a URL; opt is what Options returned, with what the command adds.
func (g *Gate) Judge(ctx context.Context, p *Program, subject string, checks []check.Check, opt check.Options) error {
	switch {
	case g.ListTags:
		_, err := fmt.Fprintln(p.Out, strings.Join(check.Tags(checks, opt.Deploy), "\n"))
		return err
	case g.ListChecks:
		return writeList(p.Out, checks, opt, g.Format)
	}
	known := check.Tags(checks, true)
	for _, tag := range g.Tags {
		if !slices.Contains(known, tag) {
			return Usage("--tag: no check has the tag %q: use %s", tag, strings.Join(known, ", "))
		}
	}
	all, err := g.outputs()
	if err != nil {
		return err
	}
	report := check.Run(ctx, checks, opt)
	report.Subject = subject
	report.Redact(opt.Redact)
	if err := write(p, all, report); err != nil {
		return err
	}
	if report.Failed() {
		return &Failure{Status: Refused}
	}
	return nil
}
