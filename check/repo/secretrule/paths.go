package secretrule

import (
	"slices"
	"strings"
)

// testWords are, beside those that begin with "test", parts of a path that say that what is in it is made up: tests, examples, documentation.
var testWords = []string{
	"spec", "specs", "fixture", "fixtures", "mock", "mocks", "fake", "fakes", "dummy",
	"e2e", "cypress", "example", "examples", "sample", "samples", "demo", "demos", "doc", "docs", "documentation", "tutorial",
	"tutorials", "swagger", "openapi", "oas", "oasv3", "insecure", "conformance", "benchmark", "benchmarks", "bench", "conftest", "mirage",
}

// InTests reports whether a path, with slashes and from the top of the tree, is one of tests, examples or documentation,
// by its words: tests/, testdata/, user_test.go, settings.test.py, README.md, server.env.template.
func InTests(path string) bool {
	path = strings.ToLower(path)
	base := path[strings.LastIndexByte(path, '/')+1:]
	for _, end := range []string{".template", ".tmpl", ".dist", ".tpl"} {
		if strings.HasSuffix(base, end) {
			return true
		}
	}
	if KindsOf(base)&Docs != 0 {
		return true
	}
	words := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '_' || r == '-' || r == '.' })
	return slices.ContainsFunc(words, func(w string) bool {
		return strings.HasPrefix(w, "test") || slices.Contains(testWords, w)
	})
}

// inTestCode is InTests without documentation, where what people copy and paste stands.
func inTestCode(path string) bool {
	name := path[strings.LastIndexByte(path, '/')+1:]
	return InTests(path) && KindsOf(name)&Docs == 0 || vendored(path)
}

// vendored reports whether a path is one of code that others wrote.
func vendored(path string) bool {
	for _, dir := range []string{"node_modules", "vendor", "third_party", "site-packages", "bower_components", "dist-packages"} {
		if strings.HasPrefix(path, dir+"/") || strings.Contains(path, "/"+dir+"/") {
			return true
		}
	}
	return false
}
