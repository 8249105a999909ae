package settings

import (
	"errors"
	"strings"
)

// Fault is one mistake in what the sources said. Its texts are made from names, places and rules and never from the
// value, so that an error can be logged: strconv and url errors, which quote what they refuse, are not wrapped.
type Fault struct {
	Variable string // the variable; empty if the fault lies in a source as a whole
	Origin   string // where the value stands, such as ".env:3"; empty if it stands nowhere
	Rule     string // what is wrong
	Remedy   string // what to do
}

// Error returns the fault in one line.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString("settings: ")
	switch {
	case f.Variable != "" && f.Origin != "":
		b.WriteString(f.Variable + " (" + f.Origin + "): ")
	case f.Variable != "" || f.Origin != "":
		b.WriteString(f.Variable + f.Origin + ": ")
	}
	b.WriteString(f.Rule)
	if f.Remedy != "" {
		b.WriteString(": " + f.Remedy)
	}
	return b.String()
}

// at returns f with the variable and the place that it lacks.
func (f *Fault) at(variable, origin string) *Fault {
	g := *f
	if g.Variable == "" {
		g.Variable = variable
	}
	if g.Origin == "" {
		g.Origin = origin
	}
	return &g
}

// fault returns a Fault that does not know yet where it stands.
func fault(rule, remedy string) *Fault { return &Fault{Rule: rule, Remedy: remedy} }

// Located is an error of a [Validator] about a variable that a source set, with the place where it stands.
type Located struct {
	Origin string
	Err    error // in the form that [About] reads
}

// Error returns the error with the place behind the variable.
func (l *Located) Error() string {
	text := l.Err.Error()
	_, at := subject(text)
	return text[:at] + " (" + l.Origin + ")" + text[at:]
}

// Unwrap returns the error without the place.
func (l *Located) Unwrap() error { return l.Err }

// About takes apart what a fault says: which variable it is about, where that stands, what is wrong with it, and what to
// do if that is told by itself. It reads a [Fault], a [Located], and errors of the form that the parts give theirs:
// "part: VARIABLE: what is wrong: what to do". Of any other error the whole text is what is wrong.
func About(err error) (variable, origin, wrong, remedy string) {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Variable, f.Origin, f.Rule, f.Remedy
	}
	if l, ok := errors.AsType[*Located](err); ok {
		origin, err = l.Origin, l.Err
	}
	text := err.Error()
	variable, at := subject(text)
	if origin == "" && !strings.Contains(variable, "_") { // a library's error, such as "pgx: FATAL: no such database"
		return "", "", text, ""
	}
	return variable, origin, text[at+len(": "):], ""
}

// subject returns the variable in "part: VARIABLE: …", or "part: VARIABLE[2]: …", and where what names it ends.
func subject(text string) (variable string, at int) {
	part, rest, _ := strings.Cut(text, ": ")
	name, _, ok := strings.Cut(rest, ": ")
	variable, _, _ = strings.Cut(name, "[")
	if !ok || !printable(variable) {
		return "", 0
	}
	return variable, len(part) + len(": ") + len(name)
}

// Warning is something that works and is probably not meant. Like a [Fault] it holds no value.
type Warning struct {
	Variable string // the variable it is about; empty if the name itself might be part of a value
	Origin   string // where it stands
	Text     string // what is odd
	Hint     string // what to do
	Note     bool   // only the command settings says it: files from editors and tools end so
}

// String returns the warning in one line.
func (w Warning) String() string {
	return strings.TrimPrefix((&Fault{w.Variable, w.Origin, w.Text, w.Hint}).Error(), "settings: ")
}
