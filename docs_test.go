package airworthy_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocs demands of every package a package comment, a test and, if it is public, an example, and of every exported
// name a comment that starts with the name.
func TestDocs(t *testing.T) {
	n := 0
	for _, p := range list(t) {
		n++
		t.Run(short(p.ImportPath), func(t *testing.T) { checkDocs(t, p) })
	}
	if n == 0 {
		t.Fatal("no packages found")
	}
}

func checkDocs(t *testing.T, p pkg) {
	fset := token.NewFileSet()
	files, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no Go files in %s: %v", p.ImportPath, err)
	}
	var parsed []*ast.File
	tests, examples, isMain := 0, 0, false
	for _, file := range files {
		f, err := parser.ParseFile(fset, file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		isMain = isMain || f.Name.Name == "main"
		parsed = append(parsed, f)
		if strings.HasSuffix(file, "_test.go") {
			tests++
			examples += len(doc.Examples(f))
		}
	}
	d, err := doc.NewFromFiles(fset, parsed, p.ImportPath)
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(d.Doc) == "" {
		t.Error("no package comment")
	}
	if tests == 0 {
		t.Error("no test")
	}
	if examples == 0 && !isMain && !strings.Contains(p.ImportPath, "/internal/") {
		t.Error("no example")
	}
	if isMain {
		return
	}
	for _, name := range undocumented(d) {
		t.Errorf("%s: no comment that starts with its name", name)
	}
}

// undocumented returns the exported names without a comment of their own. A group of constants or variables may share
// one comment, and a method that an interface of the standard library names may say what it does as it likes.
func undocumented(d *doc.Package) []string {
	var bad []string
	named := func(name, text string) {
		text = strings.TrimPrefix(strings.TrimPrefix(text, "A "), "An ")
		if ast.IsExported(name) && !strings.HasPrefix(text, name) {
			bad = append(bad, name)
		}
	}
	values := func(vs []*doc.Value) {
		for _, v := range vs {
			if v.Doc != "" {
				continue
			}
			for _, spec := range v.Decl.Specs {
				if vs := spec.(*ast.ValueSpec); vs.Doc == nil && vs.Comment == nil && vs.Names[0].IsExported() {
					bad = append(bad, vs.Names[0].Name)
				}
			}
		}
	}
	values(d.Consts)
	values(d.Vars)
	for _, f := range d.Funcs {
		named(f.Name, f.Doc)
	}
	for _, typ := range d.Types {
		if !ast.IsExported(typ.Name) {
			continue
		}
		named(typ.Name, typ.Doc)
		values(typ.Consts)
		values(typ.Vars)
		for _, f := range append(typ.Funcs, typ.Methods...) {
			named(f.Name, f.Doc)
		}
	}
	return bad
}

// TestProse looks for what must not stand in what we publish.
func TestProse(t *testing.T) {
	text := map[string]bool{".go": true, ".md": true, ".html": true, ".css": true, ".yml": true, ".sh": true, ".py": true}
	seen := 0
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(".", func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if e.Name() == ".git" {
				return filepath.SkipDir
			}
			return nil
		}
		if !text[filepath.Ext(path)] || path == "docs_test.go" {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		for _, word := range []string{"TODO", "FIXME", here} {
			if strings.Contains(string(b), word) {
				t.Errorf("%s contains %q", path, word)
			}
		}
		if lines := strings.Count(string(b), "\n"); strings.HasSuffix(path, ".go") && lines > 600 {
			t.Errorf("%s has %d lines: files stay under 600", path, lines)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 10 {
		t.Fatalf("only %d files read", seen)
	}
}
