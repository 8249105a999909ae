package checktest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/airworthy-go/airworthy/check"
)

// Golden runs the cases that stand in files. Each file of dir is a txtar archive named after an ID, such as
// hosts.W001.txtar, or hosts.W001-suffix.txtar for a second one. Its first folders are the cases: those whose names begin
// with "raises" hold what raises the check, those that begin with "clean" the nearest that does not. Each file has at
// least one of both, and its comment says what the rule is after.
//
// checks makes the checks that judge one case, of which the file's is one. As with [Run], the lists are held to be
// valid, and every ID that a list has needs a file. Golden returns the IDs that have one.
func Golden(t *testing.T, dir string, checks func(t *testing.T, files fs.FS) []check.Check) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases in %s (%v)", dir, err)
	}
	covered, listed := map[string]bool{}, []string{}
	for _, name := range names {
		id, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".txtar"), "-")
		covered[id] = true
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			build := func(files fs.FS) []check.Check { return checks(t, files) }
			ids, faults := goldenFile(t.Context(), id, text, build)
			listed = append(listed, ids...)
			for _, fault := range faults {
				t.Error(fault)
			}
		})
	}
	for _, fault := range uncovered(listed, covered) {
		t.Error(fault)
	}
	have := []string{}
	for id := range covered {
		have = append(have, id)
	}
	slices.Sort(have)
	return have
}

// goldenFile judges each case of one file. It returns the IDs of all checks that were listed.
func goldenFile(ctx context.Context, id string, text []byte, checks func(fs.FS) []check.Check) (listed, faults []string) {
	bad := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	archive := txtar.Parse(text)
	if len(strings.TrimSpace(string(archive.Comment))) == 0 {
		bad("the file has no comment that says what the rule is after")
	}
	tree, err := txtar.FS(archive)
	if err != nil {
		return nil, append(faults, err.Error())
	}
	entries, err := fs.ReadDir(tree, ".")
	if err != nil {
		return nil, append(faults, err.Error())
	}
	sides := map[bool]int{}
	for _, e := range entries {
		raises := strings.HasPrefix(e.Name(), "raises")
		if !e.IsDir() || !raises && !strings.HasPrefix(e.Name(), "clean") {
			bad("%s is neither a folder raises… nor a folder clean…", e.Name())
			continue
		}
		sides[raises]++
		files, err := fs.Sub(tree, e.Name())
		if err != nil {
			return listed, append(faults, err.Error())
		}
		list := checks(files)
		listed = append(listed, ids(list)...)
		findings, wrong := judge(ctx, list)
		for _, w := range wrong {
			bad("%s: %s", e.Name(), w)
		}
		if got := slices.ContainsFunc(findings, func(f check.Finding) bool { return f.ID == id }); got != raises {
			bad("%s: %s found = %t, want %t; all findings: %q", e.Name(), id, got, raises, found(findings))
		}
		if !slices.Contains(ids(list), id) {
			bad("%s: no check has the ID %s", e.Name(), id)
		}
	}
	if sides[true] == 0 || sides[false] == 0 {
		bad("the file needs a case that raises and one that is clean")
	}
	return listed, faults
}
