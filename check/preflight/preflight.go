// Package preflight folds what the gate found into the checklist of a site that goes on the internet: sixteen items, each passed,
// failed or not verified, with the evidence that says so and the command that would tell more.
//
//	report := check.Run(ctx, app.Checks(), check.Options{Deploy: true})
//	result := preflight.Fold(preflight.Options{}, report)
//	if err := result.WriteText(os.Stdout, preflight.TextOptions{}); err != nil {
//		return err
//	}
//	if result.Failed() {
//		return errNotReady
//	}
//
// It protects from a list that is ticked off from memory: an item has passed only where a check looked and found nothing, and
// says what it looked at. What nobody looked at is not verified, and so is what no check can look at.
//
// The package runs nothing and knows no rule: it sorts. An application adds [Item] values of its own.
package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// State says how an item stands.
type State string

// The states of an item.
const (
	Passed     State = "pass"         // evidence that can show it was looked at, and nothing stands against it
	Failed     State = "fail"         // a finding at level WARNING or above stands
	Unverified State = "not verified" // nobody looked, or a check could not
)

// The states of a kind of evidence of an item, besides Passed and Failed.
const (
	Unlooked State = "not looked at"  // no check was asked
	Unable   State = "could not look" // a check could not run, or somebody else is said to do it and nobody asked the live site
)

// Options say how reports are folded. The zero Options are the sixteen items and the commands of airworthy itself.
type Options struct {
	Subject string // what is judged; empty means the first report's
	Items   []Item // of the application; they come after the sixteen, in this order

	// Commands are the commands that look at each kind of evidence, such as "bulletin check --deploy". What is missing is
	// what airworthy's own command would be.
	Commands map[check.Evidence]string

	// Strict makes an item that is not verified fail the checklist. Without it only an item that fails does.
	Strict bool
}

// Result is the checklist.
type Result struct {
	Subject string    `json:"subject,omitempty"`
	Strict  bool      `json:"strict"`
	Items   []Outcome `json:"items"`
}

// Outcome is how one item stands.
type Outcome struct {
	Number int     `json:"number"` // from 1
	Title  string  `json:"title"`
	State  State   `json:"state"`
	Note   string  `json:"note,omitempty"`    // why, where the evidence does not say it
	ByHand string  `json:"by_hand,omitempty"` // how to look oneself, where no check can
	Proofs []Proof `json:"evidence"`          // by kind
}

// Proof is one kind of evidence of an item: what was looked at, and what came of it.
type Proof struct {
	Needs    check.Evidence  `json:"kind"`
	Shows    string          `json:"shows"` // what this kind of evidence can show
	Weak     bool            `json:"weak"`  // it can show that the item fails, and not that it has passed
	State    State           `json:"state"`
	Checks   []string        `json:"checks"`   // the IDs of those that looked and found nothing at level WARNING or above, waived or not
	Findings []check.Finding `json:"findings"` // what stands, worst first
	Waived   []check.Finding `json:"waived"`   // what was set aside, each with the reason
	NotRun   []check.NotRun  `json:"not_run"`  // checks that could not look

	// Command is the command that looks at it, empty if none does: there is no such check, or those that were asked do not look
	// at this item here.
	Command string `json:"command,omitempty"`
}

// Failed reports whether the checklist fails: an item does, or, if it is strict, an item is not verified.
func (r *Result) Failed() bool {
	return slices.ContainsFunc(r.Items, func(o Outcome) bool { return o.State == Failed || r.Strict && o.State != Passed })
}

// Count returns how many items stand like that.
func (r *Result) Count(s State) (n int) {
	for _, o := range r.Items {
		if o.State == s {
			n++
		}
	}
	return n
}

// Redact replaces every text that others wrote by what redact makes of it, as [check.Report.Redact] does.
func (r *Result) Redact(redact func(string) string) {
	r.Subject = redact(r.Subject)
	for i := range r.Items {
		o := &r.Items[i]
		o.Note = redact(o.Note)
		for j := range o.Proofs {
			p := &o.Proofs[j]
			p.Command = redact(p.Command)
			report := check.Report{Findings: p.Findings, Silenced: p.Waived, NotRun: p.NotRun}
			report.Redact(redact)
		}
	}
}

// Fold sorts what the reports say into items. Several reports are taken for one: of the settings, the repository, the live site.
func Fold(opt Options, reports ...*check.Report) *Result {
	f := folding{list: newList(opt), commands: opt.Commands, hoped: map[string]bool{}}
	for _, r := range reports {
		f.add(r)
		opt.Subject = cmp.Or(opt.Subject, r.Subject)
	}
	result := &Result{Subject: opt.Subject, Strict: opt.Strict}
	for i := range f.list {
		result.Items = append(result.Items, f.outcome(i))
	}
	f.judgeGate(result)
	return result
}

// folding is the work on one result.
type folding struct {
	list     []Item
	commands map[check.Evidence]string
	asked    []check.Check
	found    []check.Finding
	waived   []check.Finding
	notRun   []check.NotRun
	hoped    map[string]bool // settings that are left to the edge, which nobody has confirmed
}

func (f *folding) add(r *check.Report) {
	f.asked = append(f.asked, r.Asked...)
	f.found = append(f.found, r.Findings...)
	f.waived = append(f.waived, r.Silenced...)
	f.notRun = append(f.notRun, r.NotRun...)
	for _, finding := range r.Findings {
		if finding.ID == "edge.I002" {
			f.hoped[finding.Setting] = true
		}
	}
}

// looked reports whether a check of that kind of evidence was asked, about whatever.
func (f *folding) looked(kind check.Evidence) bool {
	return slices.ContainsFunc(f.asked, func(c check.Check) bool { return c.Needs == kind })
}

// outcome judges one item by its own evidence.
func (f *folding) outcome(i int) Outcome {
	item := f.list[i]
	o := Outcome{Number: i + 1, Title: item.Title, ByHand: item.ByHand}
	for _, e := range item.Evidence {
		o.Proofs = append(o.Proofs, f.proof(i, e))
	}
	for _, kind := range kinds { // what the item did not count on is shown too
		named := slices.ContainsFunc(item.Evidence, func(e Evidence) bool { return e.Needs == kind })
		if p := f.proof(i, Evidence{Needs: kind}); !named && p.State != Unlooked {
			o.Proofs = append(o.Proofs, p)
		}
	}
	o.State = Unverified
	have := func(s State) bool {
		return slices.ContainsFunc(o.Proofs, func(p Proof) bool { return p.State == s })
	}
	switch {
	case have(Failed):
		o.State = Failed
	case have(Unable):
	case slices.ContainsFunc(o.Proofs, func(p Proof) bool { return p.State == Passed && !p.Weak }):
		o.State = Passed
	case have(Passed):
		o.Note = "What was looked at could have shown that it fails, and cannot show that it has passed."
	case item.ByHand == "" && slices.ContainsFunc(o.Proofs, func(p Proof) bool { return f.looked(p.Needs) }):
		o.Note = "The checks that were asked do not look at it: what was judged has no such part, or has it from elsewhere."
	}
	return o
}

// proof collects what there is of one kind of evidence of the item in place i.
func (f *folding) proof(i int, e Evidence) Proof {
	p := Proof{Needs: e.Needs, Shows: e.Shows, Weak: e.Weak, State: Unlooked, Checks: []string{}, Findings: []check.Finding{},
		Waived: []check.Finding{}, NotRun: []check.NotRun{}}
	mine := func(id string, needs check.Evidence) bool { return needs == e.Needs && place(f.list, id) == i }
	bad := map[string]bool{} // checks of this kind that did not pass by themselves
	for _, finding := range f.found {
		if mine(finding.ID, finding.Needs) {
			p.Findings = append(p.Findings, finding)
		}
		if finding.Needs == e.Needs && finding.Level >= check.Warning {
			bad[finding.ID] = true
		}
	}
	for _, finding := range f.waived {
		if mine(finding.ID, finding.Needs) {
			p.Waived = append(p.Waived, finding)
		}
		if finding.Needs == e.Needs {
			bad[finding.ID] = true
		}
	}
	for _, n := range f.notRun {
		if mine(n.ID, n.Needs) {
			p.NotRun = append(p.NotRun, n)
		}
		if n.Needs == e.Needs {
			bad[n.ID] = true
		}
	}
	looked := len(p.Findings)+len(p.Waived) > 0
	hoped := slices.ContainsFunc(p.Waived, func(w check.Finding) bool { return f.hoped[w.Setting] })
	for _, c := range f.asked { // the gate is all of them
		if !mine(c.ID, c.Needs) && (!f.list[i].whole || c.Needs != e.Needs) {
			continue
		}
		looked = looked || !bad[c.ID] || f.list[i].whole
		if !bad[c.ID] && !slices.Contains(p.Checks, c.ID) {
			p.Checks = append(p.Checks, c.ID)
		}
	}
	switch {
	case slices.ContainsFunc(p.Findings, func(f check.Finding) bool { return f.Level >= check.Warning }):
		p.State = Failed
	case len(p.NotRun) > 0, hoped: // that somebody else does it is a claim, and no evidence
		p.State = Unable
	case looked:
		p.State = Passed
	}
	if f.list[i].ByHand == "" && (p.State != Unlooked || !f.looked(e.Needs)) {
		p.Command = cmp.Or(f.commands[e.Needs], commands[e.Needs])
	}
	return p
}

// judgeGate judges the item that is the whole gate. It fails wherever the gate would stay shut.
func (f *folding) judgeGate(r *Result) {
	i := slices.IndexFunc(f.list, func(item Item) bool { return item.whole })
	gate := &r.Items[i]
	var failing []string
	for _, o := range r.Items {
		if o.State == Failed && o.Number != gate.Number {
			failing = append(failing, fmt.Sprint(o.Number))
		}
	}
	var faults []string
	for _, n := range f.notRun {
		if n.Needs == "" { // the question was wrong
			faults = append(faults, n.Title+" "+n.Reason)
		}
	}
	var notes []string
	switch {
	case len(failing) == 1:
		notes = append(notes, "Item "+failing[0]+" fails.")
	case len(failing) > 1:
		last := len(failing) - 1
		notes = append(notes, "Items "+strings.Join(failing[:last], ", ")+" and "+failing[last]+" fail.")
	}
	if n := len(f.notRun) - len(faults); n > 0 {
		notes = append(notes, fmt.Sprintf("What could not be looked at has not passed: %s.", checks(n)))
	}
	notes = append(notes, faults...)
	own := gate.Proofs[slices.IndexFunc(gate.Proofs, func(p Proof) bool { return p.Needs == check.Settings })]
	switch {
	case gate.State == Failed || len(notes) > 0:
		gate.State = Failed
	case own.State == Unlooked:
		gate.State = Unverified
	}
	gate.Note = strings.Join(notes, " ")
}
