package check

import (
	"fmt"
	"path"
	"strings"
	"time"
)

// Waiver is somebody's word that findings are no problem here, until a day. Unlike a [Silence] it says of which findings,
// who gave it and when it ends.
type Waiver struct {
	ID string // exactly one check's ID; there are no patterns

	// Scope says of which of the check's findings: the name of a setting; a file, a folder (with a slash at its end) or a
	// pattern of path.Match, from the top of the tree; a fingerprint; or a kind of evidence, such as url.
	Scope string

	Reason  string    // why this is no problem here
	Owner   string    // who answers for it
	Expires time.Time // the day on which it ends, in UTC; that day it still holds

	Place string // where it was written, such as waivers.yaml:7
	Fault string // what is wrong with how it was written; whoever reads the file sets it
}

const (
	longest  = 366 * 24 * time.Hour // for which a waiver may be given
	broadest = 10                   // findings that one waiver sets aside before it is taken for too broad
)

// waiver returns the place of the waiver that sets f aside, -1 if none does.
func (r *run) waiver(f Finding) int {
	for i, w := range r.Waivers {
		if w.ID == f.ID && len(w.faults(r)) == 0 && !w.expired(r.now()) && w.covers(f) {
			return i
		}
	}
	return -1
}

// answer is what the report says of a finding that the waiver sets aside.
func (w Waiver) answer() string {
	return fmt.Sprintf("%s (%s, until %s)", strings.TrimSpace(w.Reason), strings.TrimSpace(w.Owner), w.Expires.Format(time.DateOnly))
}

func (w Waiver) expired(now time.Time) bool {
	y, m, d := w.Expires.UTC().Date()
	return !now.Before(time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC))
}

// covers reports whether f is in the waiver's scope.
func (w Waiver) covers(f Finding) bool {
	scope := strings.TrimSpace(w.Scope)
	switch {
	case w.all(), scope == f.Setting, scope == f.Fingerprint, scope == string(f.Needs):
		return true
	case f.File == "":
		return false
	case strings.HasSuffix(scope, "/"):
		return strings.HasPrefix(f.File, scope)
	}
	matched, err := path.Match(scope, f.File)
	return err == nil && matched
}

// all reports whether the scope is everything.
func (w Waiver) all() bool {
	return strings.Trim(w.Scope, "*./ ") == "" && strings.TrimSpace(w.Scope) != ""
}

// faults says what keeps the waiver from counting.
func (w Waiver) faults(r *run) (all []string) {
	need := func(ok bool, what string) {
		if !ok {
			all = append(all, what)
		}
	}
	if w.Fault != "" {
		return []string{w.Fault}
	}
	need(r.knows(w.ID), fmt.Sprintf("no check has the ID %q, and there are no patterns", w.ID))
	need(!ours(w.ID), "what the gate says of itself cannot be waived")
	need(strings.TrimSpace(w.Scope) != "", "it has no scope")
	need(!outside(w.Scope), fmt.Sprintf("its scope %q leads out of the tree", w.Scope))
	_, err := path.Match(w.Scope, "")
	need(err == nil, fmt.Sprintf("its scope %q is no pattern", w.Scope))
	need(strings.TrimSpace(w.Reason) != "", "it has no reason")
	need(strings.TrimSpace(w.Owner) != "", "it has no owner")
	need(!w.Expires.IsZero(), "it has no day on which it expires")
	return all
}

// outside reports whether a scope that looks like a path leaves the tree.
func outside(scope string) bool {
	scope = strings.ReplaceAll(scope, `\`, "/")
	clean := path.Clean(scope)
	return strings.HasPrefix(scope, "/") && strings.Trim(scope, "/") != "" || clean == ".." || strings.HasPrefix(clean, "../") ||
		len(scope) > 1 && scope[1] == ':'
}

// judgeWaivers finds what is wrong with the waivers themselves. used counts the findings that each has set aside.
func (r *run) judgeWaivers(used []int) {
	if r.WaiversOutside {
		r.say("waiver.I005", Finding{})
	}
	for i, w := range r.Waivers {
		f := Finding{Source: w.Place, Key: w.ID + " " + w.Scope}
		name := strings.TrimSpace(w.ID + " " + w.Scope)
		if faults := w.faults(r); len(faults) > 0 {
			f.Evidence = strings.TrimPrefix(name+": "+strings.Join(faults, "; "), ": ")
			r.say("waiver.E001", f)
			continue
		}
		if w.expired(r.now()) {
			f.Evidence = fmt.Sprintf("%s expired after %s; %s answers for it", name, w.Expires.Format(time.DateOnly), w.Owner)
			r.say("waiver.W002", f)
			continue
		}
		if used[i] == 0 && r.looked(w.ID) {
			f.Evidence = name + " sets nothing aside"
			r.say("waiver.W003", f)
		}
		switch {
		case w.all():
			f.Evidence = name + " covers whatever the check will ever find"
		case used[i] > broadest:
			f.Evidence = fmt.Sprintf("%s sets %d findings aside", name, used[i])
		case w.Expires.Sub(r.now()) > longest:
			f.Evidence = fmt.Sprintf("%s holds until %s, more than a year", name, w.Expires.Format(time.DateOnly))
		default:
			continue
		}
		r.say("waiver.W004", f)
	}
}
