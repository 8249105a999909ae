package csp_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestGuide holds the code and the headers that docs/csp.md shows to those of the examples, indentation aside.
func TestGuide(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	guide, examples := read("../docs/csp.md"), flat(read("example_test.go"))
	blocks := regexp.MustCompile("(?s)```(?:go|http)\n(.*?)```").FindAllStringSubmatch(guide, -1)
	if len(blocks) < 5 {
		t.Fatalf("%d pieces of code in the guide, want at least 5", len(blocks))
	}
	for _, b := range blocks {
		if !strings.Contains(examples, flat(b[1])) {
			t.Errorf("no example has this piece of the guide:\n%s", b[1])
		}
	}
	if n := strings.Count(guide, "\n"); n >= 120 {
		t.Errorf("the guide has %d lines, want fewer than 120", n)
	}
}

// flat returns the lines of s, each without indentation and without the slashes of a comment.
func flat(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimPrefix(strings.TrimSpace(line), "// ") + "\n")
	}
	return b.String()
}
