package pyliteral

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescape returns what the escapes in a string literal stand for. Those that Python does not know stay.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		i += escape(&b, s[i+1:]) + 1
	}
	return b.String()
}

var simple = map[byte]string{'\n': "", '\\': `\`, '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v"}

// escape writes what stands behind a backslash and returns how many bytes that was.
func escape(b *strings.Builder, s string) int {
	if text, ok := simple[s[0]]; ok {
		b.WriteString(text)
		return 1
	}
	width := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if width > 0 && len(s) > width {
		if n, err := strconv.ParseUint(s[1:1+width], 16, 32); err == nil && n <= utf8.MaxRune {
			b.WriteRune(rune(n))
			return 1 + width
		}
	}
	n := 0
	for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
		n++
	}
	if n > 0 {
		v, _ := strconv.ParseUint(s[:n], 8, 32)
		b.WriteRune(rune(v))
		return n
	}
	b.WriteByte('\\')
	_, size := utf8.DecodeRuneInString(s)
	b.WriteString(s[:size])
	return size
}
