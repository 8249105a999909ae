package policy_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// generator makes cases. Everything that the four rules look at has a place in it.
type generator struct {
	*rand.Rand
	common     []string
	unassigned map[rune]bool // by one side or the other, whose Unicode is older
}

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

var (
	names = []string{"alice", "Margaret", "john.doe", "o'brien", "Müller-Lüdenscheidt", "Ödön", "İlknur", "IŞIK", "ΟΔΥΣΣΕΑΣ", "Σίσυφος",
		"Иван", "محمد", "李小龍", "x", "_under_score_", "van der Berg", "ﬀoulkes", "ǅemal", "straße", "STRASSE", "j\u0308rg", "a1b2c3", "१२३", "Ⅷ", "Jr."}
	domains = []string{"example.com", "apollo.example", "mail.example.co.uk", "bücher.example", "EXAMPLE.ORG", "x.y"}
	// Characters that lower-casing, \w, isdigit and strip treat in a way of their own.
	specials = []rune("ΣσςİıIiẞßǅǆΩKÅⒶⓐ\u0301\u0307\u0345'’·.:_-@ \t\x00\x1c\x1f\u0085\u00a0\u2003\u3000\u200b\ufeff²³¹①⑨⑩½¼ⅧⅷⅫ〇一٣७๕𝟘𝟗🄀🄁᧚፩𐩀😀ªºʰˇʼｱ")
	digits   = []string{"0123456789", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９", "𝟎𝟏𝟐𝟑", "²³¹⁴⁵", "①②③④", "½⅓", "ⅠⅡⅢ", "፩፪፫", "一二三"}
	spaces   = []string{"", "", "", " ", "\t", "\x1c", "\u00a0", "\u3000", "\u200b", "\n", "\u2028", "\x85"}
)

// letter returns any letter, mark, number or sign that both sides know.
func (g *generator) letter() rune {
	if g.IntN(3) == 0 {
		return pick(g, specials)
	}
	for {
		r := rune(g.IntN(0x20000))
		if g.IntN(2) == 0 {
			r = rune(g.IntN(0x600))
		}
		if !g.unassigned[r] && !unicode.Is(unicode.Cs, r) {
			return r
		}
	}
}

func (g *generator) text(least, most int) string {
	var b strings.Builder
	for range least + g.IntN(most-least+1) {
		if g.IntN(2) == 0 {
			b.WriteByte(byte(' ' + g.IntN(95)))
		} else {
			b.WriteRune(g.letter())
		}
	}
	return b.String()
}

func (g *generator) number() string {
	var b strings.Builder
	script := pick(g, digits)
	for range 1 + g.IntN(20) {
		if g.IntN(30) == 0 {
			script = pick(g, digits)
		}
		b.WriteRune(pick(g, []rune(script)))
	}
	return b.String()
}

// user returns four attributes, some of them empty, long, or of the same words.
func (g *generator) user() (a [4]string) {
	first, last := pick(g, names), pick(g, names)
	a = [4]string{first, first, last, first + pick(g, []string{".", "_", "-", ""}) + last + "@" + pick(g, domains)}
	switch g.IntN(8) {
	case 0:
		a[0] = a[3]
	case 1:
		a[0] = last + g.number()
	case 2:
		a[g.IntN(4)] = ""
	case 3:
		a[g.IntN(4)] = g.text(0, 30)
	case 4:
		a[g.IntN(4)] = strings.Repeat(g.text(1, 8)+pick(g, []string{" ", "", "@"}), 1+g.IntN(40))
	case 5:
		a = [4]string{}
	}
	return a
}

// mutate changes a text a little.
func (g *generator) mutate(s string) string {
	runes := []rune(s)
	for range 1 + g.IntN(4) {
		i := g.IntN(len(runes) + 1)
		switch g.IntN(9) {
		case 0:
			runes = slices.Insert(runes, i, []rune(g.number())...)
		case 1:
			runes = slices.Insert(runes, i, g.letter())
		case 2:
			if i < len(runes) {
				runes = slices.Delete(runes, i, i+1)
			}
		case 3:
			slices.Reverse(runes)
		case 4:
			g.Shuffle(len(runes), func(i, j int) { runes[i], runes[j] = runes[j], runes[i] })
		case 5:
			if i < len(runes) {
				runes[i] = unicode.ToUpper(runes[i])
			}
		case 6:
			runes = []rune(strings.ToUpper(string(runes)))
		case 7:
			runes = []rune(pick(g, spaces) + string(runes) + pick(g, spaces))
		case 8:
			runes = append(runes, runes[:i]...)
		}
	}
	return string(runes)
}

// near returns a password that shares so many characters with an attribute that its ratio lies about the limit.
func (g *generator) near(attribute string, limit float64) string {
	words := strings.FieldsFunc(attribute, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N) && r != '_' })
	word := []rune(attribute)[:min(300, utf8.RuneCountInString(attribute))]
	if len(words) > 0 && g.IntN(2) == 0 {
		word = []rune(pick(g, words))
	}
	if len(word) == 0 {
		return g.text(0, 5)
	}
	// 2·shared/(shared+other+word) is about the limit.
	shared := 1 + g.IntN(len(word))
	other := int(2*float64(shared)/limit) - shared - len(word) + g.IntN(3) - 1
	g.Shuffle(len(word), func(i, j int) { word[i], word[j] = word[j], word[i] })
	out := slices.Clone(word[:shared])
	for range min(max(0, other), 1000) {
		out = append(out, pick(g, []rune("~^|\\{}")))
	}
	return string(out)
}

func (g *generator) generate(o options) testCase {
	c := testCase{attributes: g.user()}
	switch g.IntN(10) {
	case 0:
		c.password = g.text(0, 30)
	case 1:
		c.password = g.number()
	case 2:
		c.password = pick(g, spaces) + pick(g, g.common) + pick(g, spaces)
	case 3:
		c.password = g.mutate(pick(g, g.common))
	case 4:
		c.password = g.mutate(pick(g, c.attributes[:]))
	case 5, 6:
		c.password = g.near(pick(g, c.attributes[:]), o.MaxSimilarity)
	case 7: // about the least length
		c.password = strings.Repeat(string(g.letter()), max(0, o.MinLength-2+g.IntN(4)))
	case 8: // far longer than an attribute
		c.password = strings.Repeat(g.text(1, 5), 1+g.IntN(60))
	case 9:
		c.password = g.mutate(pick(g, c.attributes[:]) + pick(g, g.common))
	}
	return c
}
