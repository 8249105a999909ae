package cli

import (
	"context"
	"io"

	"github.com/spf13/pflag"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/deployment"
	"github.com/airworthy-go/airworthy/check/preflight"
	"github.com/airworthy-go/airworthy/check/repo"
)

// Checklist is how a command is asked that shows the items of package preflight. Every such command has these flags.
type Checklist struct {
	Site
	URL     string
	Strict  bool
	Format  string
	Output  string
	Reports []string
	Waivers string
	Edge    []string
}

// Flags adds the flags to a command's.
func (l *Checklist) Flags(fs *pflag.FlagSet) {
	fs.StringVar(&l.URL, "url", "", "look at the live site at this `URL` too")
	fs.BoolVar(&l.Strict, "strict", false, "fail if an item is not verified, too")
	fs.StringVar(&l.Format, "format", "text", names(checklists))
	fs.StringVarP(&l.Output, "output", "o", "", "write the checklist to this `file` instead of stdout")
	fs.StringArrayVar(&l.Reports, "report", nil, "write the checklist once more, as `FORMAT=FILE`; may be repeated")
	asideFlags(fs, &l.Waivers, &l.Edge)
	l.Site.Flags(fs)
}

// checklists are the forms of a checklist.
var checklists = []format[*preflight.Result]{
	{"text", func(r *preflight.Result, w io.Writer, color bool) error {
		return r.WriteText(w, preflight.TextOptions{Color: color})
	}},
	{"json", func(r *preflight.Result, w io.Writer, _ bool) error { return r.WriteJSON(w) }},
	{"html", func(r *preflight.Result, w io.Writer, _ bool) error { return r.WriteHTML(w) }},
}

// Options returns what the flags ask of [check.Run]. Its error is one of usage: call it before any work is done.
func (l *Checklist) Options(p *Program) (check.Options, error) {
	if _, err := outputs(checklists, l.Format, l.Output, l.Reports); err != nil {
		return check.Options{}, err
	}
	gate := Gate{Format: "text", Waivers: l.Waivers, Edge: l.Edge}
	opt, err := gate.Options(p)
	opt.Deploy = true
	return opt, err
}

// Judge runs the checks, writes the checklist and returns a [Failure] if it fails. opt is what Options returned, with what the
// command adds.
func (l *Checklist) Judge(ctx context.Context, p *Program, checks []check.Check, opt check.Options, fold preflight.Options) error {
	all, err := outputs(checklists, l.Format, l.Output, l.Reports)
	if err != nil {
		return err
	}
	fold.Strict = l.Strict
	result := preflight.Fold(fold, check.Run(ctx, checks, opt))
	result.Redact(opt.Redact)
	if err := write(p, all, result); err != nil {
		return err
	}
	if result.Failed() {
		return &Failure{Status: Refused}
	}
	return nil
}

// TreeChecks are the checks of a tree of files and of the repository that it may be in: which secrets are in it, what git
// ignores, and what the files say that deploy it. All commands that look at a tree ask these.
func TreeChecks(c repo.Config) []check.Check {
	var checks []check.Check
	if repo.Exists(c.Dir) {
		checks = c.Checks()
	}
	checks = append(checks, c.ScanChecks()...)
	return append(checks, deployment.In(c.Dir).Checks()...)
}
