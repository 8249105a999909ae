package secretrule

import (
	"regexp"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// token is a kind of secret that can be told by how it is written.
type token struct {
	id, name, variable, revoke string

	// pattern is the whole of it, as a regular expression that begins with a literal or, where back is set, with what may
	// stand before one.
	pattern  string
	literals []string // in lower case; what the pattern begins with, up to its first bracket, if empty
	back     int      // how many bytes before a literal it can begin

	level, tests check.Level
	valid        func(token []byte) bool // beyond the pattern: a checksum, what it says when decoded; nil for no more
	sure         bool                    // valid leaves nothing to chance, so that nothing is guessed from how random it looks
	kinds        Kind
}

// maxToken is how long a token can be. Most have less than a hundred bytes.
const maxToken = 1 << 10

func (t token) rule() *Rule {
	re := regexp.MustCompile(`\A(?:` + t.pattern + `)`)
	if len(t.literals) == 0 {
		prefix, _, _ := strings.Cut(strings.ReplaceAll(t.pattern, `\`, ""), "[")
		t.literals = []string{strings.ToLower(prefix)}
	}
	if !t.sure && t.tests == 0 {
		t.tests = check.Info // without a checksum, what stands in tests may as well be made up
	}
	return &Rule{ID: t.id, Name: t.name, Variable: t.variable, Revoke: t.revoke, Literals: t.literals, Level: t.level, Tests: t.tests,
		Kinds: t.kinds, Match: func(f *File, at int) []Match { return t.match(re, f, at) }}
}

// match looks for a token around a literal: at the first place from which one reaches it.
func (t token) match(re *regexp.Regexp, f *File, at int) []Match {
	for start := max(0, at-t.back); start <= at; start++ {
		if t.back > 0 && !isLead(f.Data[start:at]) || !f.begins(start) {
			continue
		}
		window := f.Data[start:min(len(f.Data), start+maxToken)]
		if m := re.FindSubmatchIndex(window); m != nil && start+m[1] > at && t.good(f, start, at, m) {
			return []Match{{Start: start, End: start + m[1]}}
		}
	}
	return nil
}

// isLead reports whether all of v can stand in a token before a literal.
func isLead(v []byte) bool {
	for _, b := range v {
		if !wordByte(b) && b != '-' && b != '.' && b != '~' {
			return false
		}
	}
	return true
}

// good judges what the pattern matched, m being places in f.Data from start on.
func (t token) good(f *File, start, at int, m []int) bool {
	end := start + m[1]
	if end < len(f.Data) && wordByte(f.Data[end]) && wordByte(f.Data[end-1]) {
		return false
	}
	whole := f.Data[start:end]
	body := whole
	if len(m) > 2 && m[2] >= 0 {
		body = f.Data[start+m[2] : start+m[3]]
	} else if at == start {
		body = whole[literalLength(t.literals, whole):]
	}
	if !t.sure && (Placeholder(body) || distinct(body) < 8 || randomness(body) < 0.3) || Published(whole) {
		return false
	}
	return t.valid == nil || t.valid(whole)
}

func literalLength(literals []string, whole []byte) (n int) {
	low := strings.ToLower(string(whole))
	for _, l := range literals {
		if strings.HasPrefix(low, l) {
			n = max(n, len(l))
		}
	}
	return n
}

// begins reports whether a token can begin at a place: not in the middle of a word. Behind \n and \t, as they are in texts
// of programs, it can.
func (f *File) begins(at int) bool {
	if at == 0 || !wordByte(f.Data[at-1]) || !wordByte(f.Data[at]) {
		return true
	}
	return at > 1 && f.Data[at-2] == '\\' && (f.Data[at-1] == 'n' || f.Data[at-1] == 't' || f.Data[at-1] == 'r')
}

func rulesOf(tokens []token) (all []*Rule) {
	for _, t := range tokens {
		all = append(all, t.rule())
	}
	return all
}
