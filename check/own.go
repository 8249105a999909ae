package check

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Own returns the rules of the gate about itself: waivers, baselines and what is left to the edge. Every run applies them;
// they are listed for who asks what an ID means. They are no part of a list of checks, and cannot be set aside.
func Own() []Check { return slices.Clone(own) }

// ours reports whether the ID is one of the gate's own.
func ours(id string) bool {
	return slices.ContainsFunc(own, func(c Check) bool { return c.ID == id })
}

// applied is the Find of a rule that every run applies by itself.
func applied(context.Context) ([]Finding, error) {
	return nil, errors.New("check: only a run of the gate applies this rule")
}

const seeSuppressions = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html#_Toc34317661"

var own = withFind([]Check{{
	ID: "waiver.E001", Level: Error,
	Title: "A waiver is faulty, and waives nothing.",
	Hint:  "Give it one check's ID, a scope inside the tree, a reason, an owner and the day on which it expires.",
	Why:   "What nobody answers for, or what has no end, hides a fault for good. So a waiver that lacks one of these does not count.",
}, {
	ID: "waiver.W002", Level: Warning,
	Title: "A waiver has expired: what it covered is a finding again.",
	Hint:  "Mend what it covered and remove it. If its owner renews it, have them write why once more.",
	Why:   "A waiver is time that was asked for. When it is over, somebody has to look again, rather than nobody.",
}, {
	ID: "waiver.W003", Level: Warning,
	Title: "A waiver sets nothing aside any more.",
	Hint:  "Remove it: the fault is mended, or its scope no longer fits.",
	Why:   "A waiver that is left behind waits for the next fault of its kind, which nobody will see.",
}, {
	ID: "waiver.W004", Level: Warning,
	Title: "A waiver is broader than anybody can answer for.",
	Hint:  "Narrow its scope to a setting, a file or a fingerprint, and let it expire within a year.",
	Why:   "It also covers faults that did not exist when somebody said that they are no problem.",
}, {
	ID: "waiver.I005", Level: Info,
	Title: "The waivers stand outside the repository.",
	Hint:  "Keep the file beside the code, so that whoever reviews a change sees what it waives.",
	Why:   "A file that is not versioned with the code can waive anything, at any time, without anybody having read it.",
}, {
	ID: "baseline.W001", Level: Warning,
	Title: "The baseline holds findings of checks that do not exist.",
	Hint:  "Write it anew with --report json=FILE, by the version that is in use.",
	Why:   "A baseline of another tool or version compares nothing: its findings would count as new, or new ones as old.",
}, {
	ID: "baseline.I002", Level: Info,
	Title: "Findings of the baseline are gone.",
	Hint:  "Write the baseline anew, so that they fail the gate if they come back.",
	Why:   "As long as the baseline holds them, their return passes for old.",
}, {
	ID: "edge.E001", Level: Error, Setting: "EDGE_OWNS",
	Title: "EDGE_OWNS names a setting that no look at the live site can confirm.",
	Hint:  "Remove it, and set the variable itself.",
	Why:   "What the edge does can be seen from outside. What cannot be seen from there is not the edge's to own.",
}, {
	ID: "edge.I002", Level: Info, Setting: "EDGE_OWNS",
	Title: "A setting is left to the edge, and this run did not ask the live site whether the edge does it.",
	Hint:  "Run check --deploy --url https://… once the site is deployed.",
	Why:   "A claim that nobody confirms is a hope: the day on which somebody changes the proxy, the site is bare.",
}, {
	ID: "edge.E003", Level: Error, Setting: "EDGE_OWNS",
	Title: "A setting is left to the edge, and the live site shows that the edge does not do it.",
	Hint:  "Configure the edge, or remove the setting from EDGE_OWNS and let the application do it.",
	Why:   "Each of the two relies on the other, so that nobody does it.",
}})

func withFind(list []Check) []Check {
	for i := range list {
		label, _, _ := strings.Cut(list[i].ID, ".")
		list[i].Needs, list[i].Tags, list[i].Find, list[i].See = Settings, []string{"gate", label}, applied, seeSuppressions
	}
	return list
}
