package secretrule

import (
	"slices"
	"strings"
)

// testWords are parts of a path that say that what is in it is made up: tests, examples, documentation.
var testWords = []string{
	"test", "tests", "testing", "testdata", "testutil", "testutils", "spec", "specs", "fixture", "fixtures", "mock", "mocks",
	"e2e", "cypress", "example", "examples", "sample", "samples", "demo", "demos", "doc", "docs", "documentation", "tutorial",
	"tutorials", "conformance", "benchmark", "benchmarks", "bench", "conftest",
}

// InTests reports whether a path, with slashes and from the top of the tree, is one of tests, examples or documentation,
// by its words: tests/, testdata/, user_test.go, settings.test.py, README.md.
func InTests(path string) bool {
	path = strings.ToLower(path)
	if KindsOf(path[strings.LastIndexByte(path, '/')+1:])&Docs != 0 {
		return true
	}
	words := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '_' || r == '-' || r == '.' })
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(testWords, w) })
}
