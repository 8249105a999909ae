package admin_test

import (
	"os"
	"strings"
	"testing"
)

// TestGuide holds the code in docs/admin.md to the example that is built and run.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, ok := strings.Cut(string(guide), "```go\n")
	if !ok {
		t.Fatal("there is no code in the guide")
	}
	code, _, _ = strings.Cut(code, "```")
	if indented := "\t" + strings.ReplaceAll(strings.TrimSuffix(code, "\n"), "\n", "\n\t"); !strings.Contains(string(example), indented) {
		t.Errorf("the guide's code is not that of ExamplePage:\n%s", code)
	}
}
