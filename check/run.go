package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what to run and what fails. The zero Options run every check that is not for deployment only and fail
// at [Error].
type Options struct {
	Deploy    bool      // run the deployment checks too
	Tags      []string  // run only checks with one of these tags; none means all
	FailLevel Level     // a finding at or above it fails; zero means Warning with Deploy, Error without
	Silenced  []Silence // findings to set aside, as a setting says

	Waivers        []Waiver // findings to set aside, as a file says
	WaiversOutside bool     // the file is no part of the repository that is judged

	Baseline *Baseline // what an earlier run found; nil if there was none
	NewOnly  bool      // set aside what the baseline holds, too

	// Edge are the settings that a proxy or a CDN before the application looks after. Findings about them turn into claims,
	// which the checks of the live site must confirm.
	Edge []string

	Rules []Check   // rules that other runs ask: a waiver may name them, the live site's may confirm a claim
	Now   time.Time // the time of the run; zero means now

	// Redact takes secrets, and what differs from machine to machine, out of texts before a fingerprint is made of them. Nil
	// leaves them. [Report.Redact] does it to a report afterwards.
	Redact func(string) string
}

// Asks reports whether a run with these options asks c.
func (o Options) Asks(c Check) bool {
	return c.Find != nil && (o.Deploy || !c.Deploy) && tagged(c, o.Tags)
}

// Report is what a run found.
type Report struct {
	Subject   string    `json:"subject,omitempty"` // what was judged, such as a URL or the name of a program; whoever runs the gate sets it
	FailLevel Level     `json:"fail_level"`
	Ran       int       `json:"checks"`   // how many checks could look
	Findings  []Finding `json:"findings"` // worst first, then by ID; not those that were silenced
	Silenced  []Finding `json:"silenced"` // each with its reason
	NotRun    []NotRun  `json:"not_run"`  // checks that could not look
	Asked     []Check   `json:"-"`        // every check that was asked, in the list's order
}

// NotRun is a check that could not look, or, with the ID "check", a fault of the question itself.
type NotRun struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	Reason string   `json:"reason"`
	Needs  Evidence `json:"needs,omitempty"` // what it would have looked at; empty for a fault of the question
}

// Failed reports whether the gate stays shut: a finding stands at or above the fail level, or a check could not run.
func (r *Report) Failed() bool {
	return len(r.NotRun) > 0 || slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Level >= r.FailLevel })
}

// Redact replaces every text of the report by what redact makes of it. Evidence is what a server sent or a library
// said: whoever knows the secrets that may stand there takes them out before the report is written.
func (r *Report) Redact(redact func(string) string) {
	for _, list := range [][]Finding{r.Findings, r.Silenced} {
		for i := range list {
			f := &list[i]
			for _, text := range []*string{&f.Title, &f.Hint, &f.Setting, &f.Source, &f.Evidence, &f.Silenced, &f.File} {
				*text = redact(*text)
			}
		}
	}
	for i := range r.NotRun {
		n := &r.NotRun[i]
		for _, text := range []*string{&n.Title, &n.Reason} {
			*text = redact(*text)
		}
	}
}

// Tags returns the sorted tags of the checks that would run.
func Tags(checks []Check, deploy bool) []string {
	var tags []string
	for _, c := range checks {
		if deploy || !c.Deploy {
			tags = append(tags, c.Tags...)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// Run asks the checks, those of one label one after the other, and reports. It never fails itself: a faulty or empty list, an unknown tag
// and a silence that names no check or gives no reason are reported like a check that could not run.
func Run(ctx context.Context, checks []Check, opt Options) *Report {
	r := &Report{FailLevel: opt.FailLevel, Findings: []Finding{}, Silenced: []Finding{}, NotRun: []NotRun{}}
	if r.FailLevel == 0 {
		r.FailLevel = Error
		if opt.Deploy {
			r.FailLevel = Warning
		}
	}
	r.refuse(checks, opt)
	g := &run{Report: r, Options: opt, checks: checks, broken: map[asked]bool{}}
	for _, c := range checks {
		if opt.Asks(c) {
			r.Asked = append(r.Asked, c)
		}
	}
	for i, a := range ask(ctx, r.Asked) {
		g.take(r.Asked[i], a)
	}
	r.fingerprint()
	g.found = r.Findings
	g.setAside()
	r.fingerprint()
	worstFirst := func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Level, a.Level), cmp.Compare(a.ID, b.ID))
	}
	slices.SortStableFunc(r.Findings, worstFirst)
	slices.SortStableFunc(r.Silenced, worstFirst)
	return r
}

// refuse reports what is wrong with the question itself. A gate that was asked wrongly must not open.
func (r *Report) refuse(checks []Check, opt Options) {
	bad := func(id, title, reason string) {
		r.NotRun = append(r.NotRun, NotRun{ID: id, Title: title, Reason: reason})
	}
	if err := Validate(checks); err != nil {
		bad("check", "The list of checks is faulty.", err.Error())
	}
	if len(checks) == 0 {
		bad("check", "There are no checks.", "a gate that looks at nothing must not open")
	}
	known := Tags(checks, opt.Deploy)
	for _, tag := range opt.Tags {
		if slices.Contains(known, tag) {
			continue
		}
		reason := fmt.Sprintf("no check has the tag %q: use one of %s", tag, strings.Join(known, ", "))
		if slices.Contains(Tags(checks, true), tag) {
			reason = fmt.Sprintf("only deployment checks have the tag %q: ask for those too", tag)
		}
		bad("check", "An unknown tag was asked for.", reason)
	}
	for _, s := range opt.Silenced {
		if !slices.ContainsFunc(checks, func(c Check) bool { return c.ID == s.ID }) {
			bad("check", "An unknown check is silenced.", fmt.Sprintf("no check has the ID %q", s.ID))
		} else if !s.valid() {
			bad(s.ID, "A check is silenced without a reason.", "write why, as in "+s.ID+"=the proxy does it")
		}
	}
}

func tagged(c Check, tags []string) bool {
	return len(tags) == 0 || slices.ContainsFunc(tags, func(t string) bool { return slices.Contains(c.Tags, t) })
}

// answer is what a check's Find returned.
type answer struct {
	findings []Finding
	err      error
}

// errEnded stands for the answer that never came: Find ended its goroutine, and those of its label after it were not asked.
var errEnded = errors.New("the check, or one of its label before it, ended its goroutine and has not answered")

// ask asks all checks. Those of one label are asked one after the other, in their order, and different labels at the same
// time: a check that waits for git or a server leaves the processor to one that counts.
func ask(ctx context.Context, checks []Check) []answer {
	answers := make([]answer, len(checks))
	for i := range answers {
		answers[i].err = errEnded
	}
	labels := map[string][]int{}
	var order []string
	for i, c := range checks {
		label, _, _ := strings.Cut(c.ID, ".")
		if labels[label] == nil {
			order = append(order, label)
		}
		labels[label] = append(labels[label], i)
	}
	var wg sync.WaitGroup
	free := make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))
	for _, label := range order {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			for _, i := range labels[label] {
				answers[i].findings, answers[i].err = look(ctx, checks[i])
			}
		})
	}
	wg.Wait()
	return answers
}

// take adds what a check answered to the report.
func (r *run) take(c Check, a answer) {
	if a.err != nil {
		r.broken[asked{c.ID, c.Needs}] = true
		r.NotRun = append(r.NotRun, NotRun{c.ID, c.Title, a.err.Error(), c.Needs})
		return
	}
	r.Ran++
	for _, f := range a.findings {
		f = c.fill(f)
		if r.Options.Redact != nil {
			f.Evidence, f.Key = r.Options.Redact(f.Evidence), r.Options.Redact(f.Key)
		}
		f.Silenced, f.Known, f.Fingerprint = "", false, ""
		r.Findings = append(r.Findings, f)
	}
}

// fill returns f with what it left empty filled in from the check that found it.
func (c Check) fill(f Finding) Finding {
	f.ID, f.Needs = c.ID, c.Needs
	f.Level = cmp.Or(f.Level, c.Level)
	f.Title = cmp.Or(f.Title, c.Title)
	f.Hint = cmp.Or(f.Hint, c.Hint)
	f.Setting = cmp.Or(f.Setting, c.Setting)
	f.Source = cmp.Or(f.Source, f.place())
	return f
}

// look calls Find and turns a panic into "could not look". The panic's value stays out: it may hold anything.
func look(ctx context.Context, c Check) (findings []Finding, err error) {
	defer func() {
		if v := recover(); v != nil {
			findings, err = nil, fmt.Errorf("the check panicked (%T)", v)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("stopped before it ran: %w", err)
	}
	return c.Find(ctx)
}
