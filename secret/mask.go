package secret

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// MinMasked is the length in bytes from which a [Mask] replaces a value. Shorter ones would blacken ordinary words
// and, by doing so, tell what they are.
const MinMasked = 8

// Mask replaces known secret values wherever they stand in a text, for places that print what others wrote: a panic
// value, a stack, a library's error. It is the last net, not the first: what is known to be secret is a [Text].
//
// A value is found as it is and as it stands quoted in Go or JSON, escaped in a URL, or in base64. The zero Mask replaces
// nothing. A Mask is immutable and safe for concurrent use; a text without a secret costs no allocation.
type Mask struct {
	known    []string
	replacer *strings.Replacer
}

// NewMask returns a Mask for the given values. Those shorter than [MinMasked] are left out.
func NewMask(values ...Text) Mask {
	var known []string
	for _, v := range values {
		if s := v.Reveal(); len(s) >= MinMasked {
			known = append(known, forms(s)...)
		}
	}
	if len(known) == 0 {
		return Mask{}
	}
	// Longest first: of two values that begin alike, the longer is replaced whole.
	slices.SortFunc(known, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	known = slices.Compact(known)
	pairs := make([]string, 0, 2*len(known))
	for _, k := range known {
		pairs = append(pairs, k, Redacted)
	}
	return Mask{known, strings.NewReplacer(pairs...)}
}

// forms returns s in the ways in which libraries print a text.
func forms(s string) []string {
	all := []string{s, url.QueryEscape(s), url.PathEscape(s), url.UserPassword("", s).String()[1:]}
	quoted := []string{strconv.Quote(s), strconv.QuoteToASCII(s)}
	if b, err := json.Marshal(s); err == nil {
		quoted = append(quoted, string(b))
	}
	for _, q := range quoted {
		all = append(all, q[1:len(q)-1])
	}
	return append(all, base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)))
}

// String returns s with every known value replaced by [Redacted].
func (m Mask) String(s string) string {
	for _, k := range m.known {
		if strings.Contains(s, k) {
			return m.replacer.Replace(s)
		}
	}
	return s
}
