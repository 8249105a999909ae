package secret

import "strings"

// MinMasked is the length in bytes from which a [Mask] replaces a value. Shorter ones would blacken ordinary words
// and, by doing so, tell what they are.
const MinMasked = 8

// Mask replaces known secret values wherever they stand in a text, for places that print what others wrote: a panic
// value, a stack, a library's error. It is the last net, not the first: what is known to be secret is a [Text].
//
// A value is found as it is, in lower case and in capitals, and as it stands quoted in Go or JSON, escaped in a URL, in
// base64 (wherever in a longer text that was encoded) and in hexadecimal. Of a value that looks random every part of eight bytes or more is found
// too, since what truncates or quotes a part prints a part. One made of words is replaced only whole: its parts are
// words, which stand in every log, and to blacken them would tell what they are.
//
// What looks random: white space, quotes, backslashes, commas and semicolons part a value into pieces, so that the
// lines of a PEM file count one by one. A piece counts if, behind a label such as "sk_live_" or "aw1_production_", it has
// at least 16 bytes, a letter, six different characters, no "://", and if fewer than half of its neighbouring characters
// are pairs that are common in words. Parts that are all label, or that read like a word, are left alone, and of a value
// longer than 8 KiB so are the parts behind that.
//
// The zero Mask replaces nothing. A Mask is immutable and safe for concurrent use; where the values change, make another
// one. It takes memory for its values alone,
// some 400 bytes for each byte of a random one; a text without a secret costs no allocation.
type Mask struct {
	// Two pointers, because fmt follows one to a struct for a verb that it takes for a mistake.
	t **table
}

// NewMask returns a Mask for the given values. Those shorter than [MinMasked] are left out.
func NewMask(values ...Text) Mask {
	var b builder
	known := map[string]bool{}
	for _, v := range values {
		if s := v.Reveal(); len(s) >= MinMasked && !known[s] {
			known[s] = true
			b.add(s)
		}
	}
	t := b.table()
	if t == nil {
		return Mask{}
	}
	return Mask{&t}
}

// String returns s with every known value replaced by [Redacted].
func (m Mask) String(s string) string {
	if m.t == nil {
		return s
	}
	t := *m.t
	for i := t.skip(s, 0); i+window <= len(s); i = t.skip(s, i+1) {
		if end, _ := t.at(s, i, true); end > 0 {
			dst := make([]byte, 0, len(s)+len(Redacted))
			dst, _, _ = t.run(append(dst, s[:i]...), s[i:], 0, true)
			return string(dst)
		}
	}
	return s
}

// run appends s, masked, to dst. Of s all before end is masked already. It returns how many bytes of s it has dealt with: all
// of them if s is the final piece of a text, otherwise those of which no later piece can change what becomes of them; and
// until where, from there on, bytes are masked.
func (t *table) run(dst []byte, s string, end int, final bool) (out []byte, n, rest int) {
	i := 0
	copied := end // s[copied:i] is to be copied
	for i < len(s) {
		if i >= end {
			i = t.skip(s, i)
		}
		if final && i+window > len(s) {
			i = len(s)
			break
		}
		until, wait := t.at(s, i, final)
		if wait {
			break
		}
		if until > end {
			if i >= end {
				dst = append(append(dst, s[copied:i]...), Redacted...)
			}
			end, copied = until, until
		}
		i++
	}
	if copied < i {
		dst = append(dst, s[copied:i]...)
	}
	return dst, i, max(0, end-i)
}

// at says until where the bytes of s from i on are masked, zero if they are not. If that depends on what follows s, and s is
// not final, wait is true.
func (t *table) at(s string, i int, final bool) (end int, wait bool) {
	if i+window > len(s) {
		return 0, !final
	}
	e := t.find(load64(s, i))
	if e == nil {
		return 0, false
	}
	if e.need != 0 && e.need != never {
		n := i + int(e.need)
		k := i + 1
		for ; k+window <= min(n, len(s)) && t.part(s, k); k++ {
		}
		switch {
		case k+window > n:
			end = n
		case k+window > len(s) && !final:
			return 0, true
		}
	}
	if e.whole != 0 {
		rest := s[i:]
		for _, form := range t.whole[e.whole] {
			if strings.HasPrefix(rest, form) {
				end = max(end, i+len(form))
				break
			}
			if !final && strings.HasPrefix(form, rest) {
				return 0, true
			}
		}
	}
	return end, false
}

// part reports whether the window at i is of a part.
func (t *table) part(s string, i int) bool {
	e := t.find(load64(s, i))
	return e != nil && e.need != 0
}

// skip returns the first place from i on at which a known window stands, or at which no whole window is left.
//
// It looks at four bytes in every five: of any window it meets four that stand in it.
func (t *table) skip(s string, i int) int {
	last := len(s) - window
	for p := i + stride - 1; p+gram <= len(s); p += stride {
		if !t.hasGram(load32(s, p)) {
			continue
		}
		for r := max(i, p-stride+1); r <= min(p, last); r++ {
			if t.find(load64(s, r)) != nil {
				return r
			}
		}
	}
	return max(i, last+1)
}
