package checktest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
)

// rule is a check that finds something if wrong is set.
func rule(id string, wrong bool) check.Check {
	return check.Check{
		ID: id, Level: check.Warning, Tags: []string{"security"}, Deploy: true, Needs: check.Settings,
		Title: "the light is off", Hint: "switch it on",
		Find: func(context.Context) ([]check.Finding, error) { return check.When(wrong, check.Finding{}) },
	}
}

func TestRunAcceptsACompleteTable(t *testing.T) {
	Run(t, func(off bool) []check.Check { return []check.Check{rule("lamp.W001", off)} },
		[]Case[bool]{{ID: "lamp.W001", Raises: true, Clean: false}})
}

func TestProblems(t *testing.T) {
	one := func(off bool) []check.Check { return []check.Check{rule("lamp.W001", off)} }
	with := func(edit func(*check.Check)) func(bool) []check.Check {
		return func(off bool) []check.Check {
			c := rule("lamp.W001", off)
			edit(&c)
			return []check.Check{c}
		}
	}
	full := []Case[bool]{{ID: "lamp.W001", Raises: true}}
	for _, test := range []struct {
		name   string
		checks func(bool) []check.Check
		cases  []Case[bool]
		want   string
	}{
		{"a table without rows", one, nil, "no cases"},
		{"a list without checks", func(bool) []check.Check { return nil }, full, "no checks"},
		{"a row whose Raises is clean", one, []Case[bool]{{ID: "lamp.W001"}}, "Raises: lamp.W001 found = false, want true"},
		{"a row whose Clean raises", one, []Case[bool]{{"lamp.W001", true, true}}, "Clean: lamp.W001 found = true, want false"},
		{"an ID without a row", func(off bool) []check.Check {
			return append(one(off), rule("lamp.W002", off))
		}, full, "lamp.W002 has no case"},
		{"an ID that only one configuration lists", func(off bool) []check.Check {
			if off {
				return append(one(off), rule("lamp.W002", off))
			}
			return one(off)
		}, full, "lamp.W002 has no case"},
		{"a row for an ID that no list has", one,
			append(full, Case[bool]{ID: "lamp.W009", Raises: true}), "lamp.W009 found = false, want true"},
		{"a doubled ID", func(off bool) []check.Check { return append(one(off), one(off)...) }, full, "listed twice"},
		{"a check without a title", with(func(c *check.Check) { c.Title = "" }), full, "needs Title"},
		{"a finding without a hint", with(func(c *check.Check) { c.Hint = "" }), full, "without title or hint"},
		{"a check that cannot look", with(func(c *check.Check) {
			c.Find = func(context.Context) ([]check.Finding, error) { return nil, errors.New("dark") }
		}), full, "could not look: dark"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := problems(t.Context(), test.checks, test.cases)
			if !slices.ContainsFunc(got, func(p string) bool { return strings.Contains(p, test.want) }) {
				t.Errorf("problems = %q, want one with %q", got, test.want)
			}
		})
	}
}
