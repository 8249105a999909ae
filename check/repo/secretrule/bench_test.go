package secretrule

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkGo is the speed on the Go sources, in which the words for secrets are as frequent as in other code: what a rule
// costs shows here.
func BenchmarkGo(b *testing.B) {
	s, err := New(All())
	if err != nil {
		b.Fatal(err)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Skip("there is no Go")
	}
	var files []*File
	size := int64(0)
	err = filepath.WalkDir(filepath.Join(strings.TrimSpace(string(root)), "src", "cmd"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(path, ".go") {
			return err
		}
		data, err := os.ReadFile(path)
		files, size = append(files, &File{Data: data, Kinds: Go}), size+int64(len(data))
		return err
	})
	if err != nil || size == 0 {
		b.Skip("there are no Go sources here")
	}
	b.SetBytes(size)
	for b.Loop() {
		for _, f := range files {
			s.Scan(f)
		}
	}
}
