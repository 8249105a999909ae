package policy

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// words decodes the whole of commonList, the plain way.
func words(t *testing.T) (all []string) {
	t.Helper()
	blocks := number(0)
	for at, before := number(1), ""; at < len(commonList); {
		shared, rest, next := entry(at)
		if slices.Contains([]int{number(1), number(2), number(blocks)}, at) && shared != 0 {
			t.Fatalf("the first entry of a block shares %d bytes", shared)
		}
		before = before[:shared] + rest
		all = append(all, before)
		at = next
	}
	return all
}

func TestCommonList(t *testing.T) {
	all := words(t)
	if len(all) != 36699 || !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Fatalf("%d entries, want 36,699 in order, each once", len(all))
	}
	if len(commonList) > 150_000 {
		t.Errorf("the list takes %d bytes of each program, want 150,000 at most", len(commonList))
	}
	in := map[string]bool{}
	for _, word := range all {
		in[word] = true
		if strip(lower(word)) != word {
			t.Errorf("%q is in the list and is never found", word)
		}
	}
	for _, word := range []string{"123456", "password", "qwerty", "letmein", "iloveyou", "alexander", "administrator",
		"aaaaaaaaaaaaaaa", "abcdefghijklmno", "zyxwvuts", "123456789012345", "passwordpassword", "qwertyqwertyqwerty",
		"1q2w3e4r5t6y7u8", "qwertyuiopasdfg", all[0], all[len(all)-1]} {
		if !in[word] {
			t.Errorf("%q is not in the list", word)
		}
	}
	for _, word := range all {
		if !isCommon(word) {
			t.Errorf("%q is in the list and is not found", word)
		}
		for _, near := range []string{word + "\x00", word[:len(word)-1], word + "~", "~" + word, word[1:], "\x00" + word} {
			if isCommon(near) != in[near] {
				t.Errorf("isCommon(%q) = %t, want %t", near, !in[near], in[near])
			}
		}
	}
	for _, word := range []string{"", "\xff", "\x00", strings.Repeat("z", 5000), "zzzzzzzzzzzzzzz", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"} {
		if isCommon(word) != in[word] {
			t.Errorf("isCommon(%.20q) = %t", word, !in[word])
		}
	}
	if n := testing.AllocsPerRun(100, func() { isCommon("trustno1"); isCommon("zebrafish-not-there") }); n != 0 {
		t.Errorf("a question allocates %v times, want never: the list is searched where it lies", n)
	}
}

func TestCommon(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(file, []byte("hunter-of-ducks\n  spaces around \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	both, err := New(Config{MinLength: 1, CommonFile: file})
	if err != nil {
		t.Fatal(err)
	}
	only, err := New(Config{MinLength: 1, CommonFile: file, InsecureCommonFileOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		password   string
		both, only bool
	}{
		{"trustno1", true, false},
		{" \x1fTrustNo1\u3000", true, false},
		{"trustno1!", false, false},
		{"Hunter-Of-Ducks", true, true},
		{"spaces around", true, true},
		{"spacesaround", false, false},
	} {
		for p, want := range map[*Policy]bool{both: test.both, only: test.only} {
			err := p.Validate(t.Context(), test.password)
			if got := err != nil && strings.Contains(err.Error(), CodeTooCommon); got != want {
				t.Errorf("%q: too common = %t, want %t", test.password, got, want)
			}
		}
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCommonFile(t *testing.T) {
	list := zipped(t, strings.Repeat("one\ntwo\n", 1000))
	for _, test := range []struct {
		name, text string
		want       int    // entries
		fault      string // or part of the error
	}{
		{"text", "one\ntwo\none\n", 2, ""},
		{"without a newline at the end", "one\ntwo", 2, ""},
		{"lines of Windows and of old Macs", "one\r\ntwo\rthree\r\n", 3, ""},
		{"an empty line is an entry, as it is in Django", "one\n\ntwo\n", 3, ""},
		{"gzip", list, 2, ""},
		{"spaces and other scripts", "пароль\nblue sky\n", 2, ""},
		{"nothing", "", 0, "has no passwords in it"},
		{"only spaces", "\n \n", 0, "has no passwords in it"},
		{"capitals", "one\nTwo\n", 0, "line 2 has capital letters"},
		{"Latin-1", "caf\xe9\n", 0, "is not UTF-8"},
		{"gzip that is cut short", list[:len(list)-9], 0, "is damaged gzip"},
		{"gzip without its sum", list[:len(list)-4], 0, "is damaged gzip"},
		{"gzip with other bytes", list[:12] + "\xff\xff\xff" + list[15:], 0, "is damaged gzip"},
		{"the magic of gzip alone", "\x1f\x8b", 0, "is damaged gzip"},
		{"a bomb", zipped(t, strings.Repeat("a", 40<<20)), 0, "has more than 16 MiB"},
		{"a list of breached passwords", strings.Repeat("a\n", 9<<20), 0, "has more than 16 MiB"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "list")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := readCommon(path)
			if len(got) != test.want || (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
				t.Errorf("%d entries, error %v, want %d, %q", len(got), err, test.want, test.fault)
			}
			if _, err := New(Config{CommonFile: path}); err != nil &&
				!strings.HasPrefix(err.Error(), "policy: PASSWORD_COMMON_FILE: the file cannot be used: "+test.fault) {
				t.Errorf("New = %v, want the setting and what is wrong", err)
			}
		})
	}
	for name, path := range map[string]string{"a directory": t.TempDir(), "no file": filepath.Join(t.TempDir(), "x"), "a device": os.DevNull} {
		if _, err := readCommon(path); err == nil {
			t.Errorf("%s is taken for a list", name)
		}
	}
}
