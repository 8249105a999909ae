package airworthy_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// emitted finds the names of events where parts log them: after "event", and as the argument of a function or the value
// of a constant that is called so.
var emitted = regexp.MustCompile(`(?:"event", |\bevent = |\bevent\([^"\n]*, |\bwarn\([^"\n]*, )"([A-Za-z]+\.[A-Za-z_.]+)"`)

// Alerts are written by the list of events in package logs, so it has to name them all, and none that nobody logs.
func TestEventsAreListed(t *testing.T) {
	list, err := os.ReadFile("logs/logs.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^//\t([a-z]+\.[A-Za-z_.]+) `).FindAllStringSubmatch(string(list), -1) {
		listed[m[1]] = false
		if !strings.Contains(string(list), `= "`+m[1]+`"`) {
			t.Errorf("%s is listed and has no constant", m[1])
		}
	}
	err = fs.WalkDir(os.DirFS("."), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.HasPrefix(path, "conformance/") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range emitted.FindAllStringSubmatch(string(text), -1) {
			if _, ok := listed[m[1]]; !ok {
				t.Errorf("%s logs %s, which package logs does not list", path, m[1])
			}
			listed[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(listed, "airworthy.access") // package logs writes it itself, by its constant
	for name, found := range listed {
		if !found {
			t.Errorf("package logs lists %s, which nobody logs", name)
		}
	}
	if len(listed) < 10 {
		t.Errorf("%d events found, want more than ten", len(listed))
	}
}
