package check

import (
	"cmp"
	"slices"
	"strings"
)

// kinds are the kinds of evidence in the order in which reports name them.
var kinds = []Evidence{Settings, Handler, Repository, URL}

// rule returns the check that a finding came from: one that was asked, or one of the gate's own. What neither knows is made of
// the finding.
func (r *Report) rule(f Finding) Check {
	for _, list := range [][]Check{r.Asked, own} {
		if i := slices.IndexFunc(list, func(c Check) bool { return c.ID == f.ID }); i >= 0 {
			return list[i]
		}
	}
	return Check{ID: f.ID, Level: f.Level, Title: f.Title, Hint: f.Hint, Needs: f.Needs}
}

// rules returns one check for each ID that the report names, in the order of what was asked.
func (r *Report) rules() []Check {
	rules := slices.Clone(r.Asked)
	for _, f := range slices.Concat(r.Findings, r.Silenced) {
		rules = append(rules, r.rule(f))
	}
	for _, n := range r.NotRun {
		if validID(n.ID) {
			rules = append(rules, Check{ID: n.ID, Level: Error, Title: n.Title, Needs: n.Needs})
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(rules, func(c Check) bool {
		again := seen[c.ID]
		seen[c.ID] = true
		return again
	})
}

// question is what one check asks of one kind of evidence, and what came of it.
type question struct {
	Check
	found, silenced []Finding
	notRun          []NotRun
}

func (q *question) is(id string, needs Evidence) bool { return q.ID == id && q.Needs == needs }

// questions returns what came of each check, by kind of evidence, in the order of what was asked. Faults of the question
// itself come last.
func (r *Report) questions() []question {
	var all []question
	of := func(c Check) *question {
		i := slices.IndexFunc(all, func(q question) bool { return q.is(c.ID, c.Needs) })
		if i < 0 {
			i, all = len(all), append(all, question{Check: c})
		}
		return &all[i]
	}
	for _, c := range r.Asked {
		of(c)
	}
	for _, f := range r.Findings {
		q := of(Check{ID: f.ID, Level: f.Level, Title: f.Title, Hint: f.Hint, Needs: f.Needs})
		q.found = append(q.found, f)
	}
	for _, f := range r.Silenced {
		q := of(Check{ID: f.ID, Level: f.Level, Title: f.Title, Hint: f.Hint, Needs: f.Needs})
		q.silenced = append(q.silenced, f)
	}
	for _, n := range r.NotRun {
		q := of(Check{ID: n.ID, Title: n.Title, Needs: n.Needs})
		q.notRun = append(q.notRun, n)
	}
	slices.SortStableFunc(all, func(a, b question) int { return cmp.Compare(rank(a.Needs), rank(b.Needs)) })
	return all
}

// rank orders kinds of evidence; what is of none comes last.
func rank(e Evidence) int {
	if i := slices.Index(kinds, e); i >= 0 {
		return i
	}
	return len(kinds)
}

// label is the part of an ID that says whose rule it is.
func label(id string) string {
	part, _, _ := strings.Cut(id, ".")
	return part
}

// where says what f is about, in words: the setting and where its value came from, the file and line.
func (f Finding) where() string {
	var parts []string
	for _, part := range []string{f.Source, f.place()} {
		if part != "" && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	from := strings.Join(parts, ", ")
	switch {
	case f.Setting == "":
		return from
	case from == "":
		return f.Setting
	}
	return f.Setting + " (" + from + ")"
}
