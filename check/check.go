// Package check is the gate's engine: what a check is, how checks are run and how the findings are reported.
//
// A [Check] is a value that stands beside the code it judges; a program is a list of them. [Run] judges, the [Report]
// says what was found and whether the gate stays shut:
//
//	report := check.Run(ctx, checks, check.Options{Deploy: true})
//	if err := report.WriteText(os.Stdout, check.TextOptions{}); err != nil {
//		return err
//	}
//	if report.Failed() {
//		return errGate
//	}
//
// A check that could not run has not passed: it is reported and fails the gate at every fail level. So does a question
// that was asked wrongly, such as an unknown tag.
//
// The package knows no rule and looks at nothing itself. It does not detect terminals, write files or exit.
package check

import (
	"context"
	"fmt"
	"strings"
)

// Level says how bad a finding is. The values are those of Django's system check framework.
type Level int

// The levels, from the least to the worst.
const (
	Debug    Level = 10
	Info     Level = 20
	Warning  Level = 30
	Error    Level = 40
	Critical Level = 50
)

var levelNames = map[Level]string{
	Debug: "DEBUG", Info: "INFO", Warning: "WARNING", Error: "ERROR", Critical: "CRITICAL",
}

// String returns Django's word for the level, such as WARNING.
func (l Level) String() string {
	if name, ok := levelNames[l]; ok {
		return name
	}
	return fmt.Sprintf("LEVEL(%d)", int(l))
}

// MarshalText returns the level's word.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText sets l to the level that a word names, as in a report that was written as JSON.
func (l *Level) UnmarshalText(word []byte) (err error) {
	*l, err = ParseLevel(string(word))
	return err
}

// ParseLevel returns the level that word names, in any case. The error lists the words.
func ParseLevel(word string) (Level, error) {
	for level, name := range levelNames {
		if strings.EqualFold(word, name) {
			return level, nil
		}
	}
	return 0, fmt.Errorf("check: unknown level %q: use CRITICAL, ERROR, WARNING, INFO or DEBUG", word)
}

// Evidence names what a check looks at.
type Evidence string

// The four kinds of evidence.
const (
	Settings   Evidence = "settings"   // what the application was told
	Handler    Evidence = "handler"    // what the application answers, in process
	Repository Evidence = "repository" // the source tree and its history
	URL        Evidence = "url"        // what the live site answers
)

// Check is one rule.
type Check struct {
	ID     string   // label.Xnnn, X one of C E W I D: Django's where the rule is Django's; never renamed, never reused
	Level  Level    // the level of its findings, unless a finding sets its own
	Tags   []string // "security" and whatever else it can be asked for by
	Deploy bool     // run only when Options.Deploy is set
	Title  string   // what is wrong, for somebody who did not read our source
	Hint   string   // what to do about it
	Why    string   // what can happen and to whom, in a sentence or two; explain and the generated page print it
	See    string   // where the rule comes from: the address of an RFC, a specification, Django's documentation
	Needs  Evidence // what it looks at

	// Setting is the variable that the check judges, for findings that name none. A check of a live site that has one
	// confirms what Options.Edge claims of it.
	Setting string

	// Find looks and returns what it found, nothing if all is well. An error means that it could not look, which
	// fails the gate. What a Finding leaves empty is filled in from the check. Run may ask checks with another label
	// meanwhile, in other goroutines, and those with the same label before or after.
	Find func(context.Context) ([]Finding, error)
}

// Finding is one thing that a check found wrong. No field ever holds a secret.
type Finding struct {
	ID       string `json:"id"`
	Level    Level  `json:"level"`
	Title    string `json:"title"`
	Hint     string `json:"hint,omitempty"`
	Setting  string `json:"setting,omitempty"`  // the variable to change, such as ALLOWED_HOSTS
	Source   string `json:"source,omitempty"`   // where its value came from, such as ".env:3"
	Evidence string `json:"evidence,omitempty"` // what was seen, such as the header that was sent
	Silenced string `json:"silenced,omitempty"` // the reason, if somebody silenced it

	Needs Evidence `json:"needs,omitempty"` // what the check looked at; Run fills it in
	File  string   `json:"file,omitempty"`  // the file that it is about, from the top of the tree that was judged, with slashes
	Line  int      `json:"line,omitempty"`  // the line in it, counted from 1; 0 if it is about the whole file

	// Key tells this finding from others of its check about the same setting and file, in a way that stays the same
	// from one run to the next while the fault does. Empty means the evidence.
	Key string `json:"-"`

	Known bool `json:"known,omitempty"` // it stands in the baseline; Run fills it in

	// Fingerprint names the fault across runs: it depends on the ID, the setting, the file and the key, and neither on the
	// line nor on wording. Run fills it in. It is of no use to who wants to learn a secret.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// When returns the findings of a check that has only one thing to say: none, or one with the given evidence.
//
//	Find: func(context.Context) ([]check.Finding, error) { return check.When(len(c.Allowed) == 0, f) }
func When(wrong bool, f Finding) ([]Finding, error) {
	if !wrong {
		return nil, nil
	}
	return []Finding{f}, nil
}
