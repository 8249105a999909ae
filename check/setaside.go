package check

import (
	"slices"
	"strings"
	"time"
)

// Silence sets the findings of a check aside, with a reason that the report repeats. What could not be checked cannot be
// silenced, nor can what the gate says of itself.
type Silence struct {
	ID     string // exactly one check's ID; there are no patterns
	Reason string // why this is no problem here; required
}

func (s Silence) valid() bool { return strings.TrimSpace(s.Reason) != "" }

// run is one run of the gate: the report as it grows, and what sets findings aside.
type run struct {
	*Report
	Options
	checks []Check
	found  []Finding      // everything, before any of it is set aside
	broken map[asked]bool // the checks that could not look
}

// asked names a check: one rule may look at the application and at the live site.
type asked struct {
	id    string
	needs Evidence
}

// setAside takes findings out of the report for which somebody answers, and says of each who and why. What sets aside
// more than it may is a finding itself.
func (r *run) setAside() {
	r.Findings = []Finding{}
	waived := make([]int, len(r.Waivers))
	for _, f := range r.found {
		if reason, ok := r.silence(f); ok {
			f.Silenced = reason
		} else if reason, ok := r.edge(f); ok {
			f.Silenced = reason
		} else if i := r.waiver(f); i >= 0 {
			waived[i]++
			f.Silenced = r.Waivers[i].answer()
		} else if r.Baseline.holds(f) {
			f.Known = true
			if r.NewOnly {
				f.Silenced = "known: it stands in the baseline"
			}
		}
		if f.Silenced != "" {
			r.Report.Silenced = append(r.Report.Silenced, f)
		} else {
			r.Findings = append(r.Findings, f)
		}
	}
	r.judgeWaivers(waived)
	r.judgeEdge()
	r.judgeBaseline()
}

// silence returns the reason for which a setting silences f.
func (r *run) silence(f Finding) (string, bool) {
	i := slices.IndexFunc(r.Options.Silenced, func(s Silence) bool { return s.ID == f.ID && s.valid() })
	if i < 0 {
		return "", false
	}
	return r.Options.Silenced[i].Reason, true
}

// now is the time of the run.
func (o Options) now() time.Time {
	if o.Now.IsZero() {
		return time.Now()
	}
	return o.Now
}

// knows reports whether there is a check with the ID, in this run or in another command's.
func (r *run) knows(id string) bool {
	is := func(c Check) bool { return c.ID == id }
	return slices.ContainsFunc(r.checks, is) || slices.ContainsFunc(r.Rules, is) || slices.ContainsFunc(own, is)
}

// looked reports whether a check with the ID was asked and could look, everywhere where it was asked.
func (r *run) looked(id string) bool {
	did := false
	for _, c := range r.Asked {
		if c.ID == id {
			if r.broken[asked{c.ID, c.Needs}] {
				return false
			}
			did = true
		}
	}
	return did
}

// say adds a finding of the gate's own.
func (r *run) say(id string, f Finding) {
	c := own[slices.IndexFunc(own, func(c Check) bool { return c.ID == id })]
	r.Findings = append(r.Findings, c.fill(f))
}
