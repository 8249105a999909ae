package catalog_test

import (
	"net/url"
	"slices"
	"strings"
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
	for _, id := range []string{"hosts.W001", "accounts.W001", "admin.W001", "policy.W007", "repo.E001", "django.W006", "probe.W030", "waiver.E001"} {
		if !seen[id] {
			t.Errorf("%s is not listed", id)
		}
	}
}

// TestTexts holds that every check says what is wrong, why that matters, what to do, and where the rule comes from, each
// for itself: whoever reads a finding in a failing run has nothing else.
func TestTexts(t *testing.T) {
	known := catalog.Known()
	for _, c := range known {
		for name, text := range map[string]string{"Title": c.Title, "Why": c.Why, "Hint": c.Hint} {
			switch {
			case !strings.HasSuffix(text, "."):
				t.Errorf("%s: %s is no sentence with a full stop: %q", c.ID, name, text)
			case strings.Contains(text, "  ") || strings.Contains(text, "\n") || text != strings.TrimSpace(text):
				t.Errorf("%s: %s has blanks that are too many: %q", c.ID, name, text)
			}
		}
		if c.Why == c.Title || c.Why == c.Hint || c.Title == c.Hint {
			t.Errorf("%s says one thing twice", c.ID)
		}
		see, err := url.Parse(c.See)
		if err != nil || see.Scheme != "https" || !strings.Contains(see.Host, ".") || strings.ContainsAny(c.See, " <>\"") {
			t.Errorf("%s: See is no https address: %q", c.ID, c.See)
		}
		if strings.ToUpper(c.Setting) != c.Setting {
			t.Errorf("%s: Setting is no variable: %q", c.ID, c.Setting)
		}
	}
	if len(known) < 200 {
		t.Fatalf("only %d checks", len(known))
	}
}

// TestGroups holds that each ID stands in one group.
func TestGroups(t *testing.T) {
	var ids, want []string
	for _, g := range catalog.Groups() {
		if g.Title == "" || !strings.HasSuffix(g.About, ".") || len(g.IDs) == 0 {
			t.Errorf("the group %q says %q of %d checks", g.Title, g.About, len(g.IDs))
		}
		ids = append(ids, g.IDs...)
	}
	for _, c := range catalog.Rules() {
		want = append(want, c.ID)
	}
	if slices.Sort(ids); !slices.Equal(ids, want) {
		t.Errorf("the groups hold %d IDs, want the %d of the rules", len(ids), len(want))
	}
	for id, title := range map[string]string{"hosts.W001": "Settings", "security.W018": "Settings", "airworthy.E001": "Settings", "probe.W030": "Application and live site",
		"repo.E001": "Repository", "django.W006": "Django", "security.W027": "Django", "waiver.W003": "The gate itself"} {
		i := slices.IndexFunc(catalog.Groups(), func(g catalog.Group) bool { return slices.Contains(g.IDs, id) })
		if i < 0 || catalog.Groups()[i].Title != title {
			t.Errorf("%s does not stand under %q", id, title)
		}
	}
}
