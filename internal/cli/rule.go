package cli

import (
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// Rule is what there is to say of one ID. A list of checks may have it several times: for each kind of evidence that the rule
// looks at, and in other words for Django projects.
type Rule struct {
	check.Check               // as the list has it first
	Also        []check.Check // as the list has it further on
}

// Merge returns the rules of a list, in its order.
func Merge(checks []check.Check) (rules []Rule) {
	at := map[string]int{}
	for _, c := range checks {
		if i, ok := at[c.ID]; ok {
			rules[i].Also = append(rules[i].Also, c)
			continue
		}
		at[c.ID] = len(rules)
		rules = append(rules, Rule{Check: c})
	}
	return rules
}

// looks says at what a kind of evidence looks.
var looks = map[check.Evidence]string{
	check.Settings:   "the settings",
	check.Handler:    "what the application answers",
	check.Repository: "the repository",
	check.URL:        "the live site",
}

// LooksAt says in words what the rule looks at, and at which level where that depends on it.
func (r Rule) LooksAt() string {
	var places []string
	for _, c := range append([]check.Check{r.Check}, r.Also...) {
		place := looks[c.Needs]
		if c.Level != r.Level {
			place += " (" + c.Level.String() + ")"
		}
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return strings.Join(places, " and ")
}

// Runs says when the rule is asked.
func (r Rule) Runs() string {
	needs := []check.Evidence{r.Needs}
	for _, c := range r.Also {
		needs = append(needs, c.Needs)
	}
	when := "always"
	if r.Deploy {
		when = "with --deploy"
	}
	switch {
	case slices.Contains(r.Tags, "gate"):
		return "in every run"
	case !slices.ContainsFunc(needs, func(e check.Evidence) bool { return e != check.URL }):
		return "whenever a live site is asked"
	case slices.Contains(needs, check.URL):
		return when + " and by probe"
	case slices.Contains(needs, check.Repository):
		return when + " and by scan"
	}
	return when
}

// SetAside says how a team lives with a finding of the rule.
func (r Rule) SetAside() string {
	if slices.Contains(r.Tags, "gate") {
		return "not possible"
	}
	return `by a waiver (--waivers), or in an application's settings: SILENCED_SYSTEM_CHECKS="` + r.ID + `=the reason"`
}

// Django returns what is said of the rule in other words for a Django project, what to do at the end; empty if nothing is.
func (r Rule) Django() string {
	i := slices.IndexFunc(r.Also, func(c check.Check) bool {
		return slices.Contains(c.Tags, "django") && (c.Title != r.Title || c.Why != r.Why || c.Hint != r.Hint)
	})
	if i < 0 {
		return ""
	}
	c := r.Also[i]
	text := c.Hint
	if c.Why != r.Why {
		text = c.Why + " " + text
	}
	if c.Title != r.Title {
		text = c.Title + " " + text
	}
	return text
}

// Nearest returns the IDs that somebody who wrote id may have meant: all that begin like it, or a few with the fewest
// letters in another place. There may be none.
func Nearest(rules []Rule, id string) (ids []string) {
	id = strings.ToLower(strings.TrimSpace(id))
	for _, r := range rules {
		if id != "" && strings.HasPrefix(strings.ToLower(r.ID), id) {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) > 0 {
		return ids
	}
	best := max(1, len(id)/3) // what is further away is another word
	for _, r := range rules {
		switch d := distance(id, strings.ToLower(r.ID)); {
		case d < best:
			best, ids = d, []string{r.ID}
		case d == best && len(ids) < 4:
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// distance is how many letters have to be put in, taken out or replaced to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := min(row[j+1], row[j]) + 1
			if replaced := before; a[i] == b[j] {
				next = min(next, replaced)
			} else {
				next = min(next, replaced+1)
			}
			before, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
