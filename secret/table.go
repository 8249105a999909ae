package secret

import (
	"math"
	"math/bits"
	"slices"
	"strings"
)

// Texts are compared with what is known by windows of eight bytes, which are numbers. Each is looked up only where four
// of its bytes, every fifth four of a text, might be of a known window.
const (
	window = 8
	gram   = 4
	stride = window - gram + 1
)

// table is what is known, by its windows.
type table struct {
	slots []slot // open addressing, at most half full
	shift uint
	grams []uint64 // a bit for each four bytes in a window, by their hash
	bits  uint

	whole [][]string // forms of whole values, those that begin with one window together, the longest first
}

// slot is one window. If need and whole are zero, it is none.
type slot struct {
	window uint64
	whole  int32  // index of the forms that begin here, not 0
	need   uint16 // of a part: how many bytes from here on must belong to it for it to be masked
}

// never is the need of what belongs to parts and begins none: the end of a value, what reads like a word.
const never = math.MaxUint16

func load64(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load32(s string, i int) uint32 {
	s = s[i : i+4]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func (t *table) find(w uint64) *slot {
	for i := w * 0x9e3779b97f4a7c15 >> t.shift; ; i++ {
		e := &t.slots[i&uint64(len(t.slots)-1)]
		switch {
		case e.need == 0 && e.whole == 0:
			return nil
		case e.window == w:
			return e
		}
	}
}

func (t *table) hasGram(g uint32) bool {
	h := g * 0x9e3779b1 >> t.bits
	return t.grams[h/64]&(1<<(h%64)) != 0
}

// form is a way in which a value, or a piece of one, may be printed.
type form struct {
	text string
	need []uint16 // for each window, as in slot; nil if only all of it counts
}

// builder collects forms.
type builder struct{ forms []form }

func (b *builder) table() *table {
	windows := 0
	for _, f := range b.forms {
		windows += max(1, len(f.need))
	}
	if windows == 0 {
		return nil
	}
	size := bits.Len(uint(2*windows - 1))
	gramBits := min(max(size+3, 10), 22) // 16 bits for each window: few of other texts then hit one
	t := &table{
		slots: make([]slot, 1<<size), shift: uint(64 - size),
		grams: make([]uint64, 1<<gramBits/64), bits: uint(32 - gramBits),
		whole: [][]string{nil},
	}
	for _, f := range b.forms {
		if f.need == nil {
			t.addWhole(f.text)
		}
		for i, need := range f.need {
			e := t.insert(load64(f.text, i), f.text[i:i+window])
			if e.need == 0 || need < e.need {
				e.need = need
			}
		}
	}
	for _, forms := range t.whole {
		slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	}
	return t
}

func (t *table) addWhole(text string) {
	e := t.insert(load64(text, 0), text[:window])
	if e.whole == 0 {
		e.whole = int32(len(t.whole))
		t.whole = append(t.whole, nil)
	}
	if !slices.Contains(t.whole[e.whole], text) {
		t.whole[e.whole] = append(t.whole[e.whole], strings.Clone(text))
	}
}

// insert returns the slot of the window, which the caller gives a need or a form.
func (t *table) insert(w uint64, text string) *slot {
	for i := 0; i+gram <= window; i++ {
		h := load32(text, i) * 0x9e3779b1 >> t.bits
		t.grams[h/64] |= 1 << (h % 64)
	}
	for i := w * 0x9e3779b97f4a7c15 >> t.shift; ; i++ {
		e := &t.slots[i&uint64(len(t.slots)-1)]
		if e.need == 0 && e.whole == 0 {
			e.window = w
			return e
		}
		if e.window == w {
			return e
		}
	}
}
