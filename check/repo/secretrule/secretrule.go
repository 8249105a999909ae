// Package secretrule knows what secrets look like: one [Rule] for each kind, and a [Scanner] that asks all of them at once.
//
// It protects a scan from being slow, and from being right by chance only. A rule names text of which some must stand in a
// file before the rule is worth asking, and one pass over the file finds that text for all rules, so that nearly every
// file is done with at the speed of memory. Then the rule decides, with all of the file at hand.
//
//	scanner, err := secretrule.New(secretrule.All())
//	for _, m := range scanner.Scan(&secretrule.File{Data: data, Kinds: secretrule.KindsOf("settings.py")}) {
//		fmt.Println(m.Rule.Name, m.Line)
//	}
//
// It reads no files, knows nothing of git and asks nobody whether a secret is still good. A secret leaves it in
// [Match.Secret] only, for a comparison in memory; it is not for output.
package secretrule

import (
	"bytes"
	"cmp"

	"github.com/airworthy-go/airworthy/check"
)

// Rule finds one kind of secret.
type Rule struct {
	ID   string // lower case with hyphens, such as "aws-access-key"; never renamed, for fingerprints are made of it
	Name string // as a report says it, such as "AWS access key"

	// Literals is text in lower case of which one must stand in the file, in whatever case, before Match is asked. The
	// longer and the rarer the better: three bytes at least. Letters beyond ASCII are compared as they are.
	Literals []string

	// Kinds are the kinds of files that the rule is about. Match is asked if the file is of one of them; zero means every
	// file.
	Kinds Kind

	// Match decides, once for each place at which a literal begins. It returns what it found there,
	// usually nothing; the same secret found from two literals counts once. It must not keep or change f.Data.
	Match func(f *File, at int) []Match

	// Skip reports whether a path, with slashes and from the top of the tree, is of no interest, such as one of tests. A
	// secret is set aside only if every path at which its file is known is to be skipped. Nil skips none.
	Skip func(path string) bool

	// Level is the level of what it finds; zero means Error. Tests is that of what it finds in files that are known only
	// under paths for which [InTests] is true, where most of it is made up; zero means Level.
	Level, Tests check.Level

	Variable string // the variable that usually holds it, for the remedy; empty if none is usual
	Revoke   string // the address at which its issuer says how to revoke or rotate it; empty if nobody issued it
}

// File is what a rule looks at.
type File struct {
	Data  []byte // in UTF-8 if it is text; a part with what surrounds it, of a file that is large
	Kinds Kind   // of all names under which this content is known
}

// Match is one secret that was found.
type Match struct {
	Rule       *Rule  // the scanner fills it in
	Start, End int    // the secret in File.Data, as it is written there; no two matches of a rule begin at one place
	Name       string // the variable or field that it is given to; empty if there is none
	Secret     []byte // the secret itself, decoded; the scanner makes it of Data[Start:End] if nil
	Line       int    // in Data, counted from 1; the scanner fills it in

	// Level is the level of this match if it is not its rule's: of a key for tests only, of one that everybody knows. Zero
	// means the rule's.
	Level check.Level
}

// LevelAt returns the level of what was found; tests says that [InTests] is true for every path of the file.
func (m Match) LevelAt(tests bool) check.Level {
	level := cmp.Or(m.Level, m.Rule.Level, check.Error)
	if tests {
		level = min(level, cmp.Or(m.Rule.Tests, level))
	}
	return level
}

// MaxLine is how much of a line is looked at, in bytes, on each side of a literal. Longer lines are not written by people.
const MaxLine = 4 << 10

// Line returns where the line around at begins and ends, without its end of line and at most [MaxLine] away.
func (f *File) Line(at int) (start, end int) {
	low, high := max(0, at-MaxLine), min(len(f.Data), at+MaxLine)
	start, end = low, high
	if i := bytes.LastIndexByte(f.Data[low:at], '\n'); i >= 0 {
		start = low + i + 1
	}
	if i := bytes.IndexByte(f.Data[at:high], '\n'); i >= 0 {
		end = at + i
	}
	if end > start && f.Data[end-1] == '\r' {
		end--
	}
	return start, end
}
