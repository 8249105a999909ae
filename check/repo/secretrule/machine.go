package secretrule

import (
	"errors"
	"slices"
)

// machine finds all literals in one pass, one step of a table for each byte, letters of ASCII in whatever case: the automaton
// of Aho and Corasick (1975, https://doi.org/10.1145/360825.360855), with the steps for a mismatch written into the table.
type machine struct {
	class   [256]uint16 // bytes that no literal has share one
	next    []uint32    // row of a state + class of a byte: row of the next state; the highest bit marks that a literal ends
	classes int
	ends    [][]int32 // by state: the literals that end in it
	length  []int32   // of each literal
	longest int       // of all
}

const (
	hit       = 1 << 31
	maxStates = 1 << 20 // about all literals' bytes together
)

func compile(literals []string) (*machine, error) {
	m := &machine{classes: 1}
	total := 1
	for _, l := range literals {
		total += len(l)
		m.length = append(m.length, int32(len(l)))
		m.longest = max(m.longest, len(l))
		for _, b := range lower([]byte(l)) {
			if m.class[b] == 0 {
				m.class[b] = uint16(m.classes)
				m.classes++
			}
		}
	}
	if total > maxStates {
		return nil, errors.New("secretrule: the literals are too long together")
	}
	for b := 'A'; b <= 'Z'; b++ {
		m.class[b] = m.class[b+'a'-'A']
	}
	m.build(literals)
	return m, nil
}

// build makes the tree of the literals and then, state by state in the order of their depth, its steps for a mismatch.
func (m *machine) build(literals []string) {
	grow := func() int {
		m.next = append(m.next, make([]uint32, m.classes)...)
		m.ends = append(m.ends, nil)
		return len(m.ends) - 1
	}
	grow()
	for i, l := range literals {
		state := 0
		for _, b := range lower([]byte(l)) {
			at := state*m.classes + int(m.class[b])
			if m.next[at] == 0 {
				m.next[at] = uint32(grow())
			}
			state = int(m.next[at])
		}
		m.ends[state] = append(m.ends[state], int32(i))
	}
	fail := make([]int, len(m.ends))
	queue := []int{0}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		for c := range m.classes {
			at := state*m.classes + c
			after := 0
			if state != 0 {
				after = int(m.next[fail[state]*m.classes+c])
			}
			if child := int(m.next[at]); child != 0 {
				fail[child] = after
				m.ends[child] = append(slices.Clip(m.ends[child]), m.ends[after]...)
				queue = append(queue, child)
			} else {
				m.next[at] = uint32(after)
			}
		}
	}
	for i, state := range m.next {
		m.next[i] = state * uint32(m.classes)
		if len(m.ends[state]) > 0 {
			m.next[i] |= hit
		}
	}
}

// run calls found with each literal and the place at which it begins, for those that begin in data[from:to].
func (m *machine) run(data []byte, from, to int, found func(literal, at int)) {
	if len(m.ends) == 1 {
		return
	}
	next, class := m.next, &m.class
	state := uint32(0)
	for i, b := range data[from:min(len(data), to+m.longest-1)] { // where what began before to has ended
		state = next[state+uint32(class[b])]
		if state&hit == 0 {
			continue
		}
		state &^= hit
		for _, l := range m.ends[state/uint32(m.classes)] {
			if at := from + i + 1 - int(m.length[l]); at < to {
				found(int(l), at)
			}
		}
	}
}

// lower returns b with ASCII letters in lower case.
func lower(b []byte) []byte {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}
