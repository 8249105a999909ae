package probe

import (
	"regexp/syntax"
	"strings"
	"testing"
)

// TestSignsHaveHints holds the shortcut of a sign to its promise: whatever the expression matches has a hint in it. Each
// alternative of an expression, written out with its least repetitions, is a match.
func TestSignsHaveHints(t *testing.T) {
	var all []sign
	for _, d := range details {
		all = append(all, d.in)
	}
	for _, list := range [][]tool{debugTools, toolbars} {
		for _, tool := range list {
			all = append(all, tool.says)
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d signs", len(all))
	}
	for _, s := range all {
		parsed, err := syntax.Parse(s.re.String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range samples(parsed) {
			text = "\n" + text + "\n"
			if s.re.MatchString(text) && !s.in(text) {
				t.Errorf("%s matches %q, which has none of the hints %q", s.re, text, s.hint)
			}
			if !s.re.MatchString(text) && !strings.Contains(s.re.String(), `\b`) {
				t.Errorf("%q is no sample of %s", text, s.re)
			}
		}
	}
}

// samples returns texts that an expression matches, one for each alternative in it.
func samples(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			return []string{string(re.Rune), strings.ToUpper(string(re.Rune))}
		}
		return []string{string(re.Rune)}
	case syntax.OpCharClass:
		return []string{string(re.Rune[0])}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"x"}
	case syntax.OpCapture, syntax.OpPlus:
		return samples(re.Sub[0])
	case syntax.OpStar, syntax.OpQuest:
		return []string{""}
	case syntax.OpRepeat:
		var all []string
		for _, s := range samples(re.Sub[0]) {
			all = append(all, strings.Repeat(s, re.Min))
		}
		return all
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			all = append(all, samples(sub)...)
		}
		return all
	case syntax.OpConcat:
		all := []string{""}
		for _, sub := range re.Sub {
			var next []string
			for _, head := range all {
				for _, tail := range samples(sub) {
					next = append(next, head+tail)
				}
			}
			all = next
		}
		return all
	}
	return []string{""} // what matches no characters
}
