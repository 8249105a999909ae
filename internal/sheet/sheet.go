// Package sheet is what the reports of several packages have in common: text that others wrote made safe to show, and the
// look of a report as a web page.
//
// Evidence is whatever a server sent or a repository held. None of it may move a terminal's cursor, forge a line of the
// report around it, reorder what is read or end an element. The package knows no report; it does not decide what is shown.
package sheet

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Longest is how many bytes [Line] keeps.
const Longest = 400

// Visible returns s on one line, with everything that is not plainly visible written as Go would escape it: control
// characters, characters that reorder text or have no width, and bytes that are not UTF-8.
func Visible(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return b.String()
}

// Line is [Visible] of the first [Longest] bytes of s, with a note of how many more there were.
func Line(s string) string { return cut(s, Longest) }

// Advice is [Line] with room for a remedy: whoever reads the half of one may do the wrong half.
func Advice(s string) string { return cut(s, 5*Longest) }

func cut(s string, most int) string {
	if len(s) <= most {
		return Visible(s)
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return Visible(s[:n]) + fmt.Sprintf(" … (%d bytes more)", len(s)-n)
}

// Lines is [Line] of each line of s, of which it keeps the first most and says how many more there were.
func Lines(s string, most int) []string {
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	more := len(all) - most
	if more > 0 {
		all = all[:most]
	}
	out := make([]string, 0, len(all)+1)
	for _, l := range all {
		out = append(out, Line(l))
	}
	if more > 0 {
		out = append(out, fmt.Sprintf("… (%d lines more)", more))
	}
	return out
}

// Wrap breaks a line at its spaces so that no part has more than width characters, except a word that alone is longer. There
// is always one part. Characters are counted, not columns: wide scripts take more room than that.
func Wrap(line string, width int) (parts []string) {
	part, long := "", 0
	for word := range strings.SplitSeq(line, " ") {
		n := utf8.RuneCountInString(word)
		if part != "" && long+1+n > width {
			parts = append(parts, strings.TrimRight(part, " "))
			part, long = "", 0
		}
		if part != "" {
			part, long = part+" ", long+1
		}
		part, long = part+word, long+n
	}
	return append(parts, part)
}

// Count says how many there are of what, whose plural ends in s.
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
