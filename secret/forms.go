package secret

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxParts is how many bytes of one value are known by their parts.
const maxParts = 8 << 10

// add adds the forms of a value, and those of its pieces that look random.
func (b *builder) add(s string) {
	for _, text := range forms(s) {
		if len(text) >= window {
			b.forms = append(b.forms, form{text: text})
		}
	}
	left := maxParts
	for piece := range strings.FieldsFuncSeq(s, parts) {
		if len(piece) > left {
			return
		}
		if label, ok := random(piece); ok {
			left -= len(piece)
			b.addParts(piece, label)
		}
	}
}

// forms returns s in the ways in which libraries print a text.
func forms(s string) []string {
	all := []string{strings.ToLower(s), strings.ToUpper(s), hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s)))}
	for _, escaped := range escapes {
		all = append(all, escaped(s))
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		all = append(all, e.EncodeToString([]byte(s)))
	}
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			all = append(all, within64(e, s, before))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// escapes are the ways in which a text is written character by character.
var escapes = []func(string) string{
	func(s string) string { return s },
	url.QueryEscape,
	url.PathEscape,
	func(s string) string { return url.UserPassword("", s).String()[1:] },
	func(s string) string { return unquoted(strconv.Quote(s)) },
	func(s string) string { return unquoted(strconv.QuoteToASCII(s)) },
	func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			return s
		}
		return unquoted(string(b))
	},
}

func unquoted(s string) string { return s[1 : len(s)-1] }

// within64 returns the base64 of s as it stands in that of a longer text, if so many bytes more than a multiple of three
// stand before s: without the characters at both ends which depend on what stands there.
func within64(e *base64.Encoding, s string, before int) string {
	text := e.EncodeToString(append(make([]byte, before, before+len(s)), s...))
	first, end := (8*before+5)/6, 8*(before+len(s))/6
	return text[first:max(first, end)]
}

// addParts adds the windows of a piece that looks random behind its label. Those within the label are left out.
func (b *builder) addParts(piece string, label int) {
	var known []string
	piece = piece[max(0, label-window+1):]
	once := func(text string, need func(at int) int) {
		if slices.Contains(known, text) {
			return
		}
		known = append(known, text)
		f := form{text: text}
		for at := 0; at+window <= len(text); at++ {
			n := need(at)
			if at+n > len(text) || n >= never || wordy(text[at:at+window]) {
				n = never
			}
			f.need = append(f.need, uint16(n))
		}
		if f.need != nil {
			b.forms = append(b.forms, f)
		}
	}
	for _, escaped := range escapes {
		if len(known) > 0 && !strings.ContainsFunc(piece, func(c rune) bool { return c >= utf8.RuneSelf || !plain(byte(c)) }) {
			break // escaped or not, it is the same
		}
		text, need := spread(piece, escaped)
		once(text, func(at int) int { return need[at] })
	}
	for _, text := range []string{strings.ToLower(piece), strings.ToUpper(piece)} {
		once(text, func(int) int { return window })
	}
	lower := hex.EncodeToString([]byte(piece))
	for _, text := range []string{lower, strings.ToUpper(lower)} {
		once(text, func(int) int { return 2 * window })
	}
	for before := range 3 {
		// Eight bytes are at least ten whole characters.
		ten := func(int) int { return 10 }
		once(within64(base64.RawStdEncoding, piece, before), ten)
		once(within64(base64.RawURLEncoding, piece, before), ten)
	}
}

// plain reports whether every escape leaves c alone.
func plain(c byte) bool { return letter(c) || '0' <= c && c <= '9' }

// spread writes piece character by character. Need says for each place of the text how many bytes from there on eight
// whole bytes of the piece take.
func spread(piece string, escaped func(string) string) (text string, need []int) {
	var b strings.Builder
	begins := make([]int, 0, len(piece)+1) // where each byte of the piece begins in the text
	for i := 0; i < len(piece); {
		_, size := utf8.DecodeRuneInString(piece[i:])
		for range size {
			begins = append(begins, b.Len())
		}
		if plain(piece[i]) {
			b.WriteByte(piece[i])
		} else {
			b.WriteString(escaped(piece[i : i+size]))
		}
		i += size
	}
	begins = append(begins, b.Len())
	from := 0
	for at := range b.Len() {
		for begins[from] < at {
			from++
		}
		if from+window < len(begins) {
			need = append(need, begins[from+window]-at)
		} else {
			need = append(need, never)
		}
	}
	return b.String(), need
}
