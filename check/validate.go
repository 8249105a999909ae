package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Validate reports every mistake in a list of checks: an ID that is missing, misshapen or doubled, and a check without
// title, level, evidence, tags or Find.
func Validate(checks []Check) error {
	var errs []error
	type kind struct {
		id    string
		needs Evidence
	}
	seen := map[kind]bool{} // one rule may look at the application and at the live site
	for i, c := range checks {
		switch {
		case !validID(c.ID):
			errs = append(errs, fmt.Errorf("check: number %d: the ID is %q: it must look like part.W001", i, c.ID))
		case seen[kind{c.ID, c.Needs}]:
			errs = append(errs, fmt.Errorf("check: %s: listed twice", c.ID))
		}
		seen[kind{c.ID, c.Needs}] = true
		if what := c.missing(); len(what) > 0 {
			errs = append(errs, fmt.Errorf("check: %s: needs %s", c.ID, strings.Join(what, ", ")))
		}
	}
	return errors.Join(errs...)
}

// missing names the fields of c that are not filled in, or not with one of their values.
func (c Check) missing() (fields []string) {
	need := func(ok bool, field string) {
		if !ok {
			fields = append(fields, field)
		}
	}
	_, level := levelNames[c.Level]
	need(strings.TrimSpace(c.Title) != "", "Title")
	need(level, "Level")
	need(slices.Contains([]Evidence{Settings, Handler, Repository, URL}, c.Needs), "Needs")
	need(len(c.Tags) > 0 && !slices.Contains(c.Tags, ""), "Tags")
	need(c.Find != nil, "Find")
	return fields
}

// validID reports whether id is label.Xnnn. The letter is the level that the rule had when it was named.
func validID(id string) bool {
	label, rule, ok := strings.Cut(id, ".")
	if !ok || label == "" || len(rule) != 4 || !strings.ContainsRune("CEWID", rune(rule[0])) {
		return false
	}
	return all(label, func(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' }) &&
		all(rule[1:], func(c byte) bool { return '0' <= c && c <= '9' })
}

func all(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}
