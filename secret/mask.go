package secret

import (
	"slices"
	"strings"
)

// MinMasked is the length in bytes from which a [Mask] replaces a value. Shorter ones would blacken ordinary words
// and, by doing so, tell what they are.
const MinMasked = 8

// Mask replaces known secret values wherever they stand in a text, for places that print what others wrote: a panic
// value, a stack, a library's error. It is the last net, not the first: what is known to be secret is a [Text].
//
// The zero Mask replaces nothing. A Mask is immutable and safe for concurrent use.
type Mask struct{ r *strings.Replacer }

// NewMask returns a Mask for the given values. Those shorter than [MinMasked] are left out.
func NewMask(values ...Text) Mask {
	var known []string
	for _, v := range values {
		if s := v.Reveal(); len(s) >= MinMasked {
			known = append(known, s)
		}
	}
	if len(known) == 0 {
		return Mask{}
	}
	// Longest first: of two values that begin alike, the longer is replaced whole.
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(known))
	for _, k := range known {
		pairs = append(pairs, k, Redacted)
	}
	return Mask{r: strings.NewReplacer(pairs...)}
}

// String returns s with every known value replaced by [Redacted].
func (m Mask) String(s string) string {
	if m.r == nil {
		return s
	}
	return m.r.Replace(s)
}
