package policy

import (
	"strings"
	"testing"
)

// What Python answers.
func TestPython(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "PaSS": "pass", "İ": "i\u0307", "IJ": "ij", "Σ": "σ", "ΑΣ": "ας", "ΑΣ ΑΣ": "ας ας", "ΑΣΑ": "ασα", "ΑΣ'": "ας'",
		"ΑΣ'Α": "ασ'α", "'Σ": "'σ", "Α'Σ": "α'ς", "Α\u0301Σ\u0301": "α\u0301ς\u0301", "1Σ": "1σ", "ΣΣ": "σς",
		"Ǆ": "ǆ", "ǅ": "ǆ", "ẞ": "ß", "Ⓐ": "ⓐ", "𐐀": "𐐨", "Ω": "ω", "K": "k",
	} {
		if got := lower(in); got != want {
			t.Errorf("lower(%+q) = %+q, want %+q", in, got, want)
		}
	}
	for in, want := range map[string]bool{
		"": false, "0": true, "0123456789": true, "٣٤": true, "²": true, "①": true, "½": false, "Ⅷ": false, "ⅷ": false, "-1": false,
		"1.0": false, " 1": false, "1\n": false, "一": false, "𝟘": true, "⒈": true, "㉈": false, "⑩": false, "\xff": false, "1\x00": false,
		"᧚": true, "𐩀": true, "🄀": true, "🄋": false,
	} {
		if got := allDigits(in); got != want {
			t.Errorf("allDigits(%+q) = %t, want %t", in, got, want)
		}
	}
	for in, want := range map[rune]bool{
		'a': true, '_': true, '0': true, '-': false, 'é': true, '\u0301': false, '½': true, 'Ⅷ': true, '一': true, 'ª': true, '€': false,
		'\u200d': false, '²': true, 'ー': true, '·': false,
	} {
		if got := isWord(in); got != want {
			t.Errorf("isWord(%q) = %t, want %t", in, got, want)
		}
	}
	const spaces = "\t\n\v\f\r\x1c\x1d\x1e\x1f \u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
	if got := strip(spaces + "a b" + spaces); got != "a b" {
		t.Errorf("strip = %+q, want what is between the spaces", got)
	}
	for _, no := range []string{"\u200b", "\ufeff", "\x00", "\u180e"} {
		if got := strip(no); got != no {
			t.Errorf("strip(%+q) = %+q, want it to stay", no, got)
		}
	}
}

// A text of sigmas and ignorable characters is looked at a few times, not once for each of them.
func TestLowerIsBounded(t *testing.T) {
	text := strings.Repeat("Σ", 1000) + strings.Repeat("'", 1000) + strings.Repeat("Σ", 1000)
	if got, want := lower(text), strings.Repeat("σ", 1000); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "ς") {
		t.Errorf("lower = %.20s… %d bytes", got, len(got))
	}
}
