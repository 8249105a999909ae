package check

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// place returns the file and line that f is about, as compilers write them; empty if it is about none.
func (f Finding) place() string {
	if f.File == "" || f.Line == 0 {
		return f.File
	}
	return f.File + ":" + strconv.Itoa(f.Line)
}

// fingerprint gives every finding that has none its fingerprint. Findings that would have the same one are counted in the order in which
// they were found.
func (r *Report) fingerprint() {
	seen := map[string]int{}
	for _, list := range [][]Finding{r.Findings, r.Silenced} {
		for i := range list {
			f := &list[i]
			if f.Fingerprint != "" {
				continue
			}
			name := f.digest(0)
			f.Fingerprint = f.digest(seen[name])
			seen[name]++
		}
	}
}

// digest is the fingerprint of the nth finding that cannot be told from f otherwise. Each part is written with its length,
// so that no two lists of parts are one text.
func (f *Finding) digest(n int) string {
	h := sha256.New()
	for _, part := range []string{f.ID, string(f.Needs), f.Setting, f.File, cmp.Or(f.Key, f.Evidence), strconv.Itoa(n)} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
