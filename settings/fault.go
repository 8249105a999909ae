package settings

import "strings"

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

// Warning is something that works and is probably not meant. Like a [Fault] it holds no value.
type Warning struct {
	Variable string // the variable it is about; empty if the name itself might be part of a value
	Origin   string // where it stands
	Text     string // what is odd
	Hint     string // what to do
}

// String returns the warning in one line.
func (w Warning) String() string {
	return strings.TrimPrefix((&Fault{w.Variable, w.Origin, w.Text, w.Hint}).Error(), "settings: ")
}
