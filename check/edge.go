package check

import (
	"fmt"
	"slices"
	"strings"
)

// edge decides about a finding on a setting that is left to the edge: a proxy, a CDN. What is left to it turns into a claim,
// which the live site confirms: then the finding is set aside. It stands where the live site refutes the claim, and is set
// aside, with a finding that says so, where nobody has asked the live site.
func (r *run) edge(f Finding) (string, bool) {
	if f.Needs == URL || f.Setting == "" || !slices.Contains(r.Edge, f.Setting) {
		return "", false
	}
	switch state, by := r.claim(f.Setting); state {
	case confirmed:
		return "owner: edge, confirmed on the live site by " + strings.Join(by, ", "), true
	case unasked:
		return "owner: edge, to be confirmed on the live site by " + strings.Join(by, ", "), true
	}
	return "", false
}

// What became of a claim.
const (
	impossible = iota // no check of a live site could confirm it
	unasked           // none was asked, or not all could look
	refuted
	confirmed
)

// claim returns what became of the claim that the edge looks after a setting, and which checks tell.
func (r *run) claim(setting string) (state int, by []string) {
	judges := func(c Check) bool { return c.Needs == URL && c.Setting == setting }
	for _, c := range slices.Concat(r.checks, r.Rules) {
		if judges(c) && !slices.Contains(by, c.ID) {
			by = append(by, c.ID)
		}
	}
	if len(by) == 0 {
		return impossible, nil
	}
	for _, id := range by {
		if !slices.ContainsFunc(r.Asked, func(c Check) bool { return c.ID == id && judges(c) }) || r.broken[asked{id, URL}] {
			state = unasked
			return state, by
		}
	}
	for _, f := range r.found {
		if f.Needs == URL && f.Level >= Warning && slices.Contains(by, f.ID) {
			return refuted, by
		}
	}
	return confirmed, by
}

// judgeEdge finds claims that nobody could confirm, nobody has, or the live site has refuted.
func (r *run) judgeEdge() {
	for _, setting := range r.Edge {
		f := Finding{Setting: setting, Key: setting}
		switch state, by := r.claim(setting); state {
		case impossible:
			f.Evidence = "nothing on a live site shows " + setting
			r.say("edge.E001", f)
		case unasked:
			f.Evidence = fmt.Sprintf("it is for %s to confirm", strings.Join(by, ", "))
			r.say("edge.I002", f)
		case refuted:
			f.Evidence = fmt.Sprintf("see the findings of %s", strings.Join(by, ", "))
			r.say("edge.E003", f)
		}
	}
}
