package checktest

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
)

// bad is a check that finds a file with the name bad.
func bad(files fs.FS) []check.Check {
	return []check.Check{{
		ID: "test.W001", Level: check.Warning, Tags: []string{"t"}, Needs: check.Settings, Title: "A.", Hint: "B.",
		Find: func(context.Context) ([]check.Finding, error) {
			_, err := fs.Stat(files, "bad")
			return check.When(err == nil, check.Finding{})
		},
	}}
}

func TestGoldenFile(t *testing.T) {
	for _, row := range []struct{ name, id, text, want string }{
		{"good", "test.W001", "why\n-- raises/bad --\n-- clean/good --\n", ""},
		{"several", "test.W001", "why\n-- raises/bad --\n-- raises-2/bad --\n-- clean/good --\n", ""},
		{"not raised", "test.W001", "why\n-- raises/good --\n-- clean/good --\n", "found = false, want true"},
		{"raised", "test.W001", "why\n-- raises/bad --\n-- clean/bad --\n", "found = true, want false"},
		{"no clean case", "test.W001", "why\n-- raises/bad --\n", "needs a case"},
		{"no raising case", "test.W001", "why\n-- clean/good --\n", "needs a case"},
		{"no comment", "test.W001", "-- raises/bad --\n-- clean/good --\n", "no comment"},
		{"another folder", "test.W001", "why\n-- raises/bad --\n-- clean/good --\n-- other/x --\n", "neither"},
		{"another check", "test.W002", "why\n-- raises/bad --\n-- clean/good --\n", "no check has the ID"},
	} {
		_, faults := goldenFile(t.Context(), row.id, []byte(row.text), bad)
		got := strings.Join(faults, "; ")
		if row.want == "" && got != "" || !strings.Contains(got, row.want) {
			t.Errorf("%s: faults = %q, want %q", row.name, got, row.want)
		}
	}
}

func TestGoldenReadsFiles(t *testing.T) {
	got := Golden(t, "testdata", func(_ *testing.T, files fs.FS) []check.Check { return bad(files) })
	if len(got) != 1 || got[0] != "test.W001" {
		t.Errorf("Golden = %q, want the one ID", got)
	}
}
