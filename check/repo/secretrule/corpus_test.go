package secretrule

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/airworthy-go/airworthy/check"
)

// TestCorpus holds each rule to the files that stand in testdata/rules/<ID>.txtar. In true/ each holds one secret, which
// this rule finds and no other does; in true2/ two; in true+1/ one beside another rule's. In false/ there is nothing, and in
// other/ nothing for this rule. The secrets are made when the test runs: see expand.
func TestCorpus(t *testing.T) {
	rules := All()
	scanner, err := New(rules)
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join("testdata", "rules", "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases (%v)", err)
	}
	for _, r := range rules {
		if name := filepath.Join("testdata", "rules", r.ID+".txtar"); !slices.Contains(names, name) {
			t.Errorf("%s has no cases in %s", r.ID, name)
		}
	}
	for _, name := range names {
		id := strings.TrimSuffix(filepath.Base(name), ".txtar")
		t.Run(id, func(t *testing.T) {
			if !slices.ContainsFunc(rules, func(r *Rule) bool { return r.ID == id }) {
				t.Fatal("no rule has this ID")
			}
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if len(bytes.TrimSpace(archive.Comment)) == 0 {
				t.Error("the file has no comment")
			}
			sides := map[string]int{}
			for _, f := range archive.Files {
				side, _, _ := strings.Cut(f.Name, "/")
				sides[side[:4]]++
				judge(t, scanner, id, f.Name, expand(id+"/"+f.Name, f.Data))
			}
			if sides["true"] < 2 || sides["fals"]+sides["othe"] < 3 {
				t.Errorf("%d true and %d false cases: it needs 2 and 3", sides["true"], sides["fals"]+sides["othe"])
			}
		})
	}
}

// judge asks about one file, as it is and with the line ends of Windows.
func judge(t *testing.T, s *Scanner, id, name string, data []byte) {
	t.Helper()
	side, _, _ := strings.Cut(name, "/")
	for _, ends := range []string{"\n", "\r\n"} {
		text := data
		if ends != "\n" && !bytes.ContainsAny(data, "\x00\xff") {
			text = bytes.ReplaceAll(data, []byte("\n"), []byte(ends))
		}
		var mine, others []string
		for _, m := range s.Scan(&File{Data: text, Kinds: KindsOf(path.Base(name))}) {
			if m.Rule.ID == id {
				mine = append(mine, strconv.Itoa(m.Line))
			} else {
				others = append(others, m.Rule.ID)
			}
		}
		want, alone := 0, true
		switch {
		case side == "other" || side == "true+1":
			alone = false
		case side != "true" && side != "false":
			want, _ = strconv.Atoi(strings.TrimPrefix(side, "true"))
		}
		if side == "true" || side == "true+1" {
			want = 1
		}
		if len(mine) != want || alone && len(others) > 0 {
			t.Errorf("%s (%q): found in lines %v, want %d; other rules found %v", name, ends, mine, want, others)
		}
	}
}

// TestRules holds all rules to what a report needs of them.
func TestRules(t *testing.T) {
	for _, r := range All() {
		if !strings.HasPrefix(r.Revoke, "https://") {
			t.Errorf("%s: %q is no address", r.ID, r.Revoke)
		}
		if r.Level != 0 && r.Level != check.Warning && r.Level != check.Info {
			t.Errorf("%s: level %s", r.ID, r.Level)
		}
		if strings.HasSuffix(r.Name, ".") || r.Name == "" {
			t.Errorf("%s: the name %q is no part of a sentence", r.ID, r.Name)
		}
	}
}

// TestNotLive shows that what stands in the corpus looks like no secret as long as it is not expanded, so that neither this
// project's own scan nor that of a hosting service stops at it.
func TestNotLive(t *testing.T) {
	scanner, err := New(All())
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join("testdata", "rules", "*"))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range scanner.Scan(&File{Data: data, Kinds: KindsOf(name)}) {
			t.Errorf("%s:%d: %s", name, m.Line, m.Rule.ID)
		}
	}
	if len(names) < 100 {
		t.Errorf("only %d files", len(names))
	}
}
