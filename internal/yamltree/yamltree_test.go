package yamltree_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/internal/yamltree"
)

// walk writes a value as one line of text, as deep as it goes.
func walk(v yamltree.Value) string {
	switch {
	case v.IsMap():
		var all []string
		for _, f := range v.Fields() {
			all = append(all, fmt.Sprintf("%s@%d:%s", f.Name, f.Line, walk(f.Value)))
		}
		return "{" + strings.Join(all, " ") + "}"
	case v.IsList():
		var all []string
		for _, item := range v.Items() {
			all = append(all, walk(item))
		}
		return "[" + strings.Join(all, " ") + "]"
	}
	text, _ := v.Text()
	return v.Tag() + text
}

func TestParse(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"a: 1\nb:\n  - x\n  - y: z\n", "{a@1:1 b@2:[x {y@4:z}]}"},
		{"a: &x {k: 1}\nb: *x\n", "{a@1:{k@1:1} b@2:{k@1:1}}"},
		{"base: &b {k: 1, l: 2}\nc:\n  <<: *b\n  k: 3\n", "{base@1:{k@1:1 l@1:2} c@2:{k@4:3 l@1:2}}"},
		{"base: &b {k: 1}\nc:\n  <<: [*b, {m: 2}]\n", "{base@1:{k@1:1} c@2:{k@1:1 m@3:2}}"},
		{"a: 1\na: 2\n", "{a@1:1 a@2:2}"},
		{"a: !vault secret\nb: !!python/object:os.system x\n", "{a@1:!vaultsecret b@2:!!python/object:os.systemx}"},
		{"a: ~\nb: yes\nc: 0x1F\nd: 2026-01-01\n", "{a@1: b@2:yes c@3:0x1F d@4:2026-01-01}"},
		{"a: |\n  x\n  y\n", "{a@1:x\ny\n}"},
		{"? [x]\n: 1\n", "{@1:1}"},
		{"", ""},
		{"a: 1\n---\nb: 2\n", "{a@1:1}{b@3:2}"},
	} {
		tree, err := yamltree.Parse([]byte(row.text))
		if err != nil {
			t.Errorf("%q: %v", row.text, err)
			continue
		}
		got := ""
		for _, doc := range tree.Documents {
			got += walk(doc)
		}
		if got != row.want || tree.Err() != nil {
			t.Errorf("%q = %q, %v; want %q", row.text, got, tree.Err(), row.want)
		}
	}
}

func TestGet(t *testing.T) {
	tree, err := yamltree.Parse([]byte("a:\n  b:\n    c: deep\n  b2: x\n"))
	if err != nil {
		t.Fatal(err)
	}
	if v := tree.Documents[0].Get("a", "b", "c"); v.Line() != 3 || walk(v) != "deep" {
		t.Errorf("a.b.c = %q at line %d, want deep at 3", walk(v), v.Line())
	}
	if v := tree.Documents[0].Get("a", "no", "c"); v.Exists() || v.Line() != 0 || v.Fields() != nil || v.Items() != nil {
		t.Error("what does not exist exists")
	}
	tree, err = yamltree.Parse([]byte("a: 1\nb: 2\na: 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	if all := tree.Documents[0].All("a"); len(all) != 2 || walk(all[0]) != "1" || walk(tree.Documents[0].Get("a")) != "3" {
		t.Errorf("All = %v, want both; Get the last", all)
	}
}

// TestErrorsQuoteNothing: what stands in a file may be a secret.
func TestErrorsQuoteNothing(t *testing.T) {
	for _, text := range []string{"a: 'hunter2\n", "a: [hunter2\n", "hunter2: : x: y\n", "\thunter2: 1", "a: *hunter2\n", "a: \"\\hunter2\"", "%hunter2\n---\n", "a: @hunter2"} {
		_, err := yamltree.Parse([]byte(text))
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.HasPrefix(err.Error(), "yaml: ") {
			t.Errorf("%q: error = %v, want one without what stands there", text, err)
		}
	}
}

// TestHostile: each ends, soon, and says that it was too much.
func TestHostile(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'z'; c++ {
		p := string(c - 1)
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+p+",", 9), ","))
	}
	merges := "a: &a {k0: 1}\n"
	for i := 1; i < 40; i++ {
		merges += fmt.Sprintf("m%d: &m%d\n  <<: [*%s, *%s]\n  k%d: 1\n", i, i, prev(i), prev(i), i)
	}
	for name, text := range map[string]string{
		"alias bomb": bomb,
		"merge bomb": merges,
		"self":       "a: &a [*a]\n",
		"self merge": "a: &a\n  <<: *a\n  k: 1\n",
		"deep":       strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
	} {
		start := time.Now()
		tree, err := yamltree.Parse([]byte(text))
		for _, doc := range tree.Documents {
			walk(doc)
		}
		if err == nil && tree.Err() == nil {
			t.Errorf("%s: nothing was said", name)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
	anchors := strings.Repeat("- &a x\n", 300_000)
	if tree, err := yamltree.Parse([]byte(anchors)); err != nil || len(tree.Documents[0].Items()) != 300_000 {
		t.Errorf("many anchors: %v", err)
	}
	if _, err := yamltree.Parse(make([]byte, yamltree.MaxBytes+1)); err == nil {
		t.Error("a file that is too long was read")
	}
	if _, err := yamltree.Parse([]byte(strings.Repeat("---\na\n", 20_000))); err == nil {
		t.Error("too many documents were read")
	}
}

func prev(i int) string {
	if i == 1 {
		return "a"
	}
	return fmt.Sprintf("m%d", i-1)
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: 1", "a: &x [*x]", "- a\n- {b: c}", "<<: {a: b}", "a: |\n  b", "? a\n: b", "--- !x\n...\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		tree, err := yamltree.Parse(text)
		if tree == nil {
			t.Fatal("no tree")
		}
		lines := strings.Count(string(text), "\n") + strings.Count(string(text), "\r") + 1 + strings.Count(string(text), "\u0085") + strings.Count(string(text), "\u2028") + strings.Count(string(text), "\u2029")
		for _, doc := range tree.Documents {
			walk(doc)
			if doc.Line() < 1 || doc.Line() > lines+1 {
				t.Errorf("line %d of %d", doc.Line(), lines)
			}
		}
		if err != nil && !strings.HasPrefix(err.Error(), "yaml: ") {
			t.Errorf("error = %v", err)
		}
	})
}
