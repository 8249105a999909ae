package catalog_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/catalog"
)

// TestRules holds the list to one entry for each ID, from every kind of evidence.
func TestRules(t *testing.T) {
	rules := catalog.Rules()
	seen := map[string]bool{}
	kinds := map[check.Evidence]int{}
	for _, c := range rules {
		if seen[c.ID] {
			t.Errorf("%s is listed twice", c.ID)
		}
		seen[c.ID] = true
		kinds[c.Needs]++
	}
	if kinds[check.Settings] < 50 || kinds[check.Handler] < 20 || kinds[check.Repository] < 3 {
		t.Errorf("checks by evidence = %v, want some of each", kinds)
	}
	if err := check.Validate(rules); err != nil {
		t.Error(err)
	}
}
