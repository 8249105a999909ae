package airworthy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/internal/catalog"
)

// beside names the test that has the cases of checks which no file can raise.
var beside = map[string]string{
	"logs.W001":     "logs/logs_test.go",              // New connects the mask: only a part that is used alone can lack it
	"password.E002": "password/work_test.go",          // only a hasher with a bug raises it
	"probe.E101":    "check/probe/goldenlive_test.go", // it never finds, it cannot look
}

// TestEveryCheckHasCases holds every ID to a file of cases, in a package whose TestGolden runs them, and every file to an ID
// that there is.
func TestEveryCheckHasCases(t *testing.T) {
	files := map[string]bool{}
	for _, dir := range []string{".", "check/probe", "check/django", "check/repo", "check/deployment", "internal/cli"} {
		names, err := filepath.Glob(filepath.FromSlash(dir + "/testdata/checks/*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			id, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".txtar"), "-")
			files[id] = true
		}
	}
	if len(files) < 150 {
		t.Fatalf("only %d IDs have files: they have moved", len(files))
	}
	for _, c := range catalog.Rules() {
		test := beside[c.ID]
		switch text, err := os.ReadFile(filepath.FromSlash(test)); {
		case files[c.ID] && test != "":
			t.Errorf("%s has a file of cases, and is said to have none", c.ID)
		case !files[c.ID] && test == "":
			t.Errorf("%s has no file of cases", c.ID)
		case test != "" && (err != nil || !strings.Contains(string(text), c.ID)):
			t.Errorf("%s has its cases in %s, it says; it does not (%v)", c.ID, test, err)
		}
		delete(files, c.ID)
	}
	for id := range files {
		t.Errorf("testdata/checks has cases of %s, which no check has", id)
	}
}
