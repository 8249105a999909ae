package formats_test

import (
	"strings"
	"testing"

	"github.com/joshdk/go-junit"

	"github.com/airworthy-go/airworthy/check"
)

func TestJUnit(t *testing.T) {
	for name, r := range reports(t) {
		t.Run(name, func(t *testing.T) {
			suites, err := junit.Ingest(text(t, r.WriteJUnit))
			if err != nil {
				t.Fatal(err)
			}
			var got junit.Totals
			passed := true
			for _, s := range suites {
				got.Tests += s.Totals.Tests
				got.Failed += s.Totals.Failed
				got.Error += s.Totals.Error
				got.Skipped += s.Totals.Skipped
				for _, c := range s.Tests {
					passed = passed && c.Error == nil
					if c.Name == "" || c.Classname == "" {
						t.Errorf("a case without a name: %+v", c)
					}
					if c.Error != nil && !strings.Contains(c.Error.Error(), ".") {
						t.Errorf("%s fails without a word: %q", c.Name, c.Error)
					}
				}
			}
			want := junit.Totals{Tests: len(r.Asked), Failed: ids(r, r.Findings), Error: len(r.NotRun), Skipped: ids(r, r.Silenced)}
			if name == "nothing" {
				want.Tests = 1 // that there are no checks is a case of its own
			}
			if got.Tests != want.Tests || got.Failed != want.Failed || got.Error != want.Error || got.Skipped != want.Skipped {
				t.Errorf("%+v, want %+v", got, want)
			}
			if passed == r.Failed() {
				t.Errorf("passed = %v, and the gate failed = %v", passed, r.Failed())
			}
		})
	}
}

// ids counts the checks whose findings fail.
func ids(r *check.Report, findings []check.Finding) int {
	seen := map[string]bool{}
	for _, f := range findings {
		if f.Level >= r.FailLevel {
			seen[f.ID] = true
		}
	}
	return len(seen)
}
