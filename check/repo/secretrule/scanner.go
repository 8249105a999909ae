package secretrule

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Scanner asks a list of rules at once. It can be used by several goroutines.
type Scanner struct {
	machine *machine
	of      [][]*Rule     // the rules of each literal
	rank    map[*Rule]int // where each rule stands in the list
}

// New makes a scanner of rules, the most precise ones first. Its error names every rule that cannot be asked.
func New(rules []*Rule) (*Scanner, error) {
	var errs []error
	var literals []string
	s := &Scanner{rank: map[*Rule]int{}}
	index := map[string]int{}
	ids := map[string]bool{}
	for i, r := range rules {
		if err := r.valid(); err != nil {
			errs = append(errs, err)
		}
		if ids[r.ID] {
			errs = append(errs, fmt.Errorf("secretrule: %s: listed twice", r.ID))
		}
		ids[r.ID] = true
		s.rank[r] = i
		for _, l := range r.Literals {
			n, ok := index[l]
			if !ok {
				n = len(literals)
				index[l] = n
				literals, s.of = append(literals, l), append(s.of, nil)
			}
			if !slices.Contains(s.of[n], r) {
				s.of[n] = append(s.of[n], r)
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	machine, err := compile(literals)
	if err != nil {
		return nil, err
	}
	s.machine = machine
	return s, nil
}

func (r *Rule) valid() error {
	switch {
	case r.ID == "" || r.Name == "" || r.Match == nil:
		return fmt.Errorf("secretrule: %q needs an ID, a name and Match", r.ID)
	case len(r.Literals) == 0:
		return fmt.Errorf("secretrule: %s: has no literals: it would be asked about every file", r.ID)
	}
	for _, l := range r.Literals {
		if len(l) < 3 || l != string(lower([]byte(l))) {
			return fmt.Errorf("secretrule: %s: the literal %q must be three bytes or more, in lower case", r.ID, l)
		}
	}
	return nil
}

// Scan returns the secrets that f holds, in the order in which they begin.
func (s *Scanner) Scan(f *File) []Match { return s.ScanPart(f, 0, len(f.Data)) }

// ScanPart is Scan for a part of f.Data: for literals that begin at from or behind it and before to. What surrounds the part
// is there for the rules to look at.
func (s *Scanner) ScanPart(f *File, from, to int) []Match {
	var found []Match
	s.machine.run(f.Data, from, to, func(literal, at int) { found = s.ask(found, f, literal, at) })
	if len(found) == 0 {
		return nil
	}
	return s.finish(f, found)
}

// ask adds what the rules of a literal find at a place.
func (s *Scanner) ask(found []Match, f *File, literal, at int) []Match {
	for _, r := range s.of[literal] {
		if r.Kinds != 0 && r.Kinds&f.Kinds == 0 {
			continue
		}
		for _, m := range r.Match(f, at) {
			m.Rule = r
			found = append(found, m)
		}
	}
	return found
}

// finish keeps one match where several overlap, sorts them and fills in what can be known of the place.
func (s *Scanner) finish(f *File, found []Match) []Match {
	slices.SortStableFunc(found, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(s.rank[a.Rule], s.rank[b.Rule]), cmp.Compare(b.End, a.End))
	})
	found = s.distinct(found)
	line, counted := 1, 0
	for i := range found {
		m := &found[i]
		line += bytes.Count(f.Data[counted:m.Start], []byte("\n"))
		counted = m.Start
		m.Line = line
		if m.Secret == nil {
			m.Secret = bytes.Clone(f.Data[m.Start:m.End])
		}
	}
	return found
}

// distinct keeps of matches that overlap the one of the rule that is listed first: one secret is one finding, and has the
// most precise name that there is for it.
func (s *Scanner) distinct(found []Match) []Match {
	kept := found[:0]
	for _, m := range found {
		if len(kept) == 0 || kept[len(kept)-1].End <= m.Start {
			kept = append(kept, m)
			continue
		}
		last := &kept[len(kept)-1]
		if s.rank[m.Rule] < s.rank[last.Rule] {
			*last = m
		}
	}
	return kept
}
