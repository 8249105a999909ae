package repo

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"github.com/airworthy-go/airworthy/check/repo/secretrule"
)

const sample = "AKIA" + "QYLPMN5HFIQR7XYA"

func search(t *testing.T, data []byte) []sighting {
	t.Helper()
	s, err := Config{}.newScan()
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(data), strings.NewReader("\nbehind")), window)
	found, err := s.marks().blob(t.Context(), r, int64(len(data)), 0)
	if err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(r); err != nil || string(rest) != "\nbehind" {
		t.Errorf("%d bytes are left, want those behind the content", len(rest))
	}
	return found
}

// TestWindows looks for a secret at every edge of what is looked at at once, in the file's own bytes and in UTF-16.
func TestWindows(t *testing.T) {
	for _, at := range []int{0, 1, window - ahead - 1, window - ahead, window - ahead + 1, window - 21, window - 20, window - 1, window, window + 1,
		2*window - ahead - behind, 2*window - ahead, 2*window + 5} {
		for _, size := range []int{at + 20, at + 21, 3 * window} {
			if size < at+20 {
				continue
			}
			data := bytes.Repeat([]byte("\n"), size)
			copy(data[at:], sample)
			found := search(t, data)
			if len(found) != 1 || found[0].line != at+1 || found[0].size != 20 {
				t.Fatalf("at %d of %d: %v, want one in line %d", at, size, found, at+1)
			}
			for _, order := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian}[at%2 : at%2+1] {
				wide, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().Bytes(data)
				if err != nil {
					t.Fatal(err)
				}
				if found := search(t, wide); len(found) != 1 || found[0].line != at+1 {
					t.Fatalf("at %d of %d, wide: %v, want one in line %d", at, size, found, at+1)
				}
			}
		}
	}
}

func TestWide(t *testing.T) {
	for data, want := range map[string]bool{
		"": false, "abc": false, "a\x00b\x00": true, "\x00a\x00b": true, "\xff\xfea\x00": true, "\xfe\xff\x00a": true, "abcd": false,
		"\xff\xfe\x00\x00a\x00\x00\x00": false, "\x00\x00\x00\x00": false, "a\x00\x00\x00": false, "\xef\xbb\xbfabc": false,
	} {
		if _, got := wide([]byte(data)); got != want {
			t.Errorf("%q: %t, want %t", data, got, want)
		}
	}
}

// A file of nothing but secrets is a list of them: its findings are bounded.
func TestMostOfAContent(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "AKIA%s\n", strings.ToUpper(strings.NewReplacer("0", "a", "1", "b", "8", "c", "9", "d").Replace(fmt.Sprintf("%016d", 7654321*(i+1)))))
	}
	if got := len(search(t, []byte(b.String()))); got > most {
		t.Errorf("%d are noted, want %d at most", got, most)
	}
}

// FuzzTree gives trees that nobody made to the reader of names: it reads exactly what belongs to the tree, or says that it is cut.
func FuzzTree(f *testing.F) {
	id := sha1.Sum([]byte("x"))
	f.Add([]byte("100644 .env\x00" + string(id[:]) + "40000 d\x00" + string(id[:])))
	f.Add([]byte("100644 x\x00abc"))
	f.Add([]byte("40000 " + strings.Repeat("n", 5000) + "\x00" + string(id[:])))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := &objects{hash: 20}
		o.add(id[:], 1)
		o.index()
		r := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(data), strings.NewReader("\nnext")), 4096)
		err := o.name(r, int64(len(data)), &kindsOf{})
		if err != nil {
			return
		}
		if rest, _ := io.ReadAll(r); string(rest) != "\nnext" {
			t.Errorf("%q are left of %q", rest, data)
		}
		named := bytes.Contains(data, append([]byte(" .env\x00"), id[:]...)) && bytes.HasPrefix(data, []byte("1"))
		if named && bytes.Count(data, id[:]) == 1 && len(data) == 12+20 && secretrule.Kind(o.kinds[0])&secretrule.Env == 0 {
			t.Errorf("%q: the kinds are %b", data, o.kinds[0])
		}
	})
}

func FuzzDiffLine(f *testing.F) {
	f.Add([]byte(":000000 100644 0000000000000000000000000000000000000000 6178079822" + "8d17af2d34fce4cfbdf35556832472 A"))
	f.Add([]byte("::100644 100644 100644 00 01 02 MM"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if id := result(line); id != nothing && !bytes.Contains(bytes.ToLower(line), fmt.Appendf(nil, "%x", id)) {
			t.Errorf("%q: the name %x does not stand in it", line, id)
		}
		if name, kind, size, ok := header(line); ok && (size < 0 || len(name)+len(kind) > len(line)) {
			t.Errorf("%q: %q %q %d", line, name, kind, size)
		}
		committed(append([]byte("committer "), line...))
	})
}
