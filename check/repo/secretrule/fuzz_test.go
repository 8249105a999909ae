package secretrule

import (
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"
)

// FuzzScan holds all rules to what the engine relies on, whatever stands in a file: no panic, matches within the data, in
// their order and apart from each other.
func FuzzScan(f *testing.F) {
	scanner, err := New(All())
	if err != nil {
		f.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join("testdata", "rules", "*.txtar"))
	for i, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(expand(name, file.Data), uint32(1)<<(i%14))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, kinds uint32) {
		end := 0
		for _, m := range scanner.Scan(&File{Data: data, Kinds: Kind(kinds)}) {
			if m.Start < end || m.End <= m.Start || m.End > len(data) || m.Line < 1 || len(m.Secret) == 0 || m.Rule == nil {
				t.Fatalf("%s: [%d:%d] behind %d in %d bytes, line %d", m.Rule.ID, m.Start, m.End, end, len(data), m.Line)
			}
			end = m.End
		}
	})
}
