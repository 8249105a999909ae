package repo

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestReadGoesOn breaks one object after the other, and wants all others to be read, wherever they stand in the list.
func TestReadGoesOn(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := &store{dir: dir, hash: 20}
	for _, text := range []string{"one", "two", "three", "four", "five"} {
		cmd := exec.Command("git", "hash-object", "-w", "--stdin")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	var unread atomic.Int64
	blobs, _, _, err := s.list(t.Context(), &unread)
	if err != nil || blobs.len() != 5 || unread.Load() != 0 {
		t.Fatalf("%d blobs, %d unread, %v", blobs.len(), unread.Load(), err)
	}
	var short bytes.Buffer // a content that is shorter than it says ends git; one that is none does not
	w := zlib.NewWriter(&short)
	_, _ = w.Write([]byte("blob 500\x00short"))
	_ = w.Close()
	for n := range 10 {
		broken := n / 2
		var unread atomic.Int64
		read := map[int]bool{}
		path, change := objectFile(dir, blobs.id(broken)), [][]byte{short.Bytes(), []byte("x\x9cbroken")}[n%2]
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		overwrite(t, path, change)
		err = s.read(t.Context(), blobs, []uint32{0, 1, 2, 3, 4}, &unread, func(i int, size int64, r *bufio.Reader) error {
			read[i] = true
			if _, err := io.CopyN(io.Discard, r, size); err != nil {
				delete(read, i)
				return errCut
			}
			return nil
		})
		if err != nil || len(read) != 4 || read[broken] || unread.Load() != 1 {
			t.Errorf("number %d broken: read %v, %d unread, %v", broken, read, unread.Load(), err)
		}
		overwrite(t, path, good)
	}
}

func objectFile(dir string, id []byte) string {
	name := hex.EncodeToString(id)
	return filepath.Join(dir, ".git", "objects", name[:2], name[2:])
}

func overwrite(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil { // git makes them unwritable
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
