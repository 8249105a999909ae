// Package checktest holds the checks of a part to their promise: every ID has a configuration that raises it and one
// that does not.
//
//	checktest.Run(t, hosts.Config.Checks, []checktest.Case[hosts.Config]{
//		{ID: "security.W020", Raises: hosts.Config{}, Clean: hosts.Config{Allowed: []string{"example.com"}}},
//	})
//
// It does not judge whether the rule is a good one; the rows do, when they stand close to its boundary.
package checktest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/airworthy-go/airworthy/check"
)

// Case is one ID with a configuration that raises it and the nearest one that does not. An ID may have several.
type Case[C any] struct {
	ID     string
	Raises C // yields at least one finding with the ID
	Clean  C // yields none with the ID; it may yield others
}

// Run fails t unless the list of checks is valid for every configuration, each of its IDs has a case, and each case
// holds. It also fails if a finding lacks a title or a hint, if a check could not look, and if there are no cases.
// Deployment checks are included.
func Run[C any](t *testing.T, checks func(C) []check.Check, cases []Case[C]) {
	t.Helper()
	for _, p := range problems(t.Context(), checks, cases) {
		t.Error(p)
	}
}

// problems returns what Run reports. An unmet row is named by its place among the cases, counted from 0.
func problems[C any](ctx context.Context, checks func(C) []check.Check, cases []Case[C]) []string {
	if len(cases) == 0 {
		return []string{"no cases"}
	}
	var out []string
	bad := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }

	var zero C
	listed := ids(checks(zero))
	covered := map[string]bool{}
	for i, c := range cases {
		covered[c.ID] = true
		for _, side := range []struct {
			name   string
			config C
			want   bool
		}{{"Raises", c.Raises, true}, {"Clean", c.Clean, false}} {
			list := checks(side.config)
			listed = append(listed, ids(list)...)
			where := fmt.Sprintf("case %d (%s), %s", i, c.ID, side.name)
			findings, faults := judge(ctx, list)
			for _, fault := range faults {
				bad("%s: %s", where, fault)
			}
			if got := slices.ContainsFunc(findings, func(f check.Finding) bool { return f.ID == c.ID }); got != side.want {
				bad("%s: %s found = %t, want %t; all findings: %q", where, c.ID, got, side.want, found(findings))
			}
		}
	}
	return append(out, uncovered(listed, covered)...)
}

// judge runs one list and returns its findings, and whatever is wrong with the list or with a finding.
func judge(ctx context.Context, list []check.Check) (findings []check.Finding, faults []string) {
	if err := check.Validate(list); err != nil {
		faults = append(faults, err.Error())
	}
	report := check.Run(ctx, list, check.Options{Deploy: true})
	for _, n := range report.NotRun {
		faults = append(faults, fmt.Sprintf("%s could not look: %s", n.ID, n.Reason))
	}
	for _, f := range report.Findings {
		if f.Title == "" || f.Hint == "" {
			faults = append(faults, fmt.Sprintf("%s has a finding without title or hint", f.ID))
		}
	}
	return report.Findings, faults
}

// uncovered compares the IDs that the lists hold with those that the cases name.
func uncovered(listed []string, covered map[string]bool) (out []string) {
	slices.Sort(listed)
	listed = slices.Compact(listed)
	if len(listed) == 0 {
		return []string{"no checks"}
	}
	for _, id := range listed {
		if !covered[id] {
			out = append(out, id+" has no case")
		}
	}
	return out
}

func ids(list []check.Check) (out []string) {
	for _, c := range list {
		out = append(out, c.ID)
	}
	return out
}

func found(findings []check.Finding) (out []string) {
	for _, f := range findings {
		out = append(out, f.ID)
	}
	return out
}
