package scan

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestClean scans real code in which no secret is, and wants nothing to be found that fails a gate. What stands in tests and
// documentation may be named for information.
func TestClean(t *testing.T) {
	golang := sources(t, goSource(t), func(name string) bool {
		// The private key of a root that Go's tests install lies beside the code: it is a finding, and a right one.
		return !strings.HasPrefix(name, "crypto/x509/platform_root_key.pem")
	})
	trees := []map[string][]byte{golang}
	for i, dir := range filepath.SplitList(os.Getenv("AIRWORTHY_CLEAN")) {
		tree := map[string][]byte{}
		for name, text := range sources(t, dir, func(string) bool { return true }) {
			tree[string(rune('a'+i))+"/"+name] = text
		}
		trees = append(trees, tree)
	}
	if os.Getenv("CI") != "" && len(trees) < 3 {
		t.Fatal("AIRWORTHY_CLEAN names no further code: run run.sh")
	}
	files := 0
	for _, tree := range trees {
		files += len(tree)
	}
	if files < 2000 {
		t.Fatalf("%d files, want 2,000", files)
	}
	dir := filepath.Join(t.TempDir(), "clean")
	history(t, dir, trees, 20, 20)
	found := scanned(t, dir, nil, "--no-cache")
	informs := len(found)
	found = slices.DeleteFunc(found, func(f finding) bool { return f.Level == "INFO" || f.Level == "DEBUG" })
	for _, f := range found {
		t.Errorf("%s %s %s:%d %s", f.ID, f.Level, f.File, f.Line, f.Evidence)
	}
	t.Logf("%d files, nothing found, %d for information", files, informs-len(found))
}
