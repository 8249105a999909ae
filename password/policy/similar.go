package policy

import "unicode/utf8"

// defaultSimilarity and minSimilarity are Django's.
const (
	defaultSimilarity = 0.7
	minSimilarity     = 0.1
)

// maxAttribute is how many bytes of an attribute are looked at. No name or address is as long.
const maxAttribute = 64 << 10

// similar returns the first attribute that the password is too similar to.
//
// The rule is Django's UserAttributeSimilarityValidator. Both sides are lower-cased; the attribute is compared as a whole
// and in its words; the ratio is twice the number of characters that both have, in any order, of all characters of
// both. Django compares with each word anew (CVE-2021-45115); here the characters of the password are counted once, so
// that the work grows with the length of the attribute and no faster.
func similar(password string, attributes []Attribute, limit float64) (Attribute, bool) {
	var c *comparison
	for _, a := range attributes {
		if a.Value == "" {
			continue
		}
		if c == nil {
			c = newComparison(lower(password), limit)
		}
		if c.matches(lower(a.Value[:min(len(a.Value), maxAttribute)])) {
			return a, true
		}
	}
	return Attribute{}, false
}

// comparison is a password whose characters are counted.
type comparison struct {
	limit  float64
	length int          // of the password, in code points
	chars  map[rune]int // how often the password has each
	seen   map[rune]int // how often the present candidate has each of those
}

func newComparison(password string, limit float64) *comparison {
	c := &comparison{limit: limit, length: utf8.RuneCountInString(password), chars: map[rune]int{}, seen: map[rune]int{}}
	for _, r := range password {
		c.chars[r]++
	}
	return c
}

// matches reports whether value or one of its words is too similar. Empty words count, as they do in Django: an empty
// password is similar to them.
func (c *comparison) matches(value string) bool {
	start, inWord := 0, true
	for i, r := range value {
		switch word := isWord(r); {
		case inWord && !word:
			if c.close(value[start:i]) {
				return true
			}
			inWord = false
		case !inWord && word:
			start, inWord = i, true
		}
	}
	if !inWord {
		start = len(value)
	}
	return c.close(value[start:]) || c.close(value)
}

// close reports whether the ratio of one candidate reaches the limit.
func (c *comparison) close(candidate string) bool {
	length := utf8.RuneCountInString(candidate)
	if c.length >= 10*length && float64(length) < c.limit/2*float64(c.length) {
		return false // far shorter than the password: cannot reach the limit
	}
	total := c.length + length
	if total == 0 {
		return true
	}
	if 2*float64(min(c.length, length))/float64(total) < c.limit {
		return false // nor can it if all characters of the shorter are in the longer
	}
	clear(c.seen)
	both := 0
	for _, r := range candidate {
		if n := c.chars[r]; n > c.seen[r] {
			c.seen[r]++
			both++
		}
	}
	return 2*float64(both)/float64(total) >= c.limit
}
