package signing

import "testing"

func TestBase62(t *testing.T) {
	for _, row := range []struct {
		n    int64
		want string
	}{
		{0, "0"}, {9, "9"}, {10, "A"}, {35, "Z"}, {36, "a"}, {61, "z"}, {62, "10"}, {-5, "-5"}, {-62, "-10"},
		{1700000000, "1r31eq"}, {1 << 40, "JMAIjoW"},
	} {
		if got := string(appendBase62(nil, row.n)); got != row.want {
			t.Errorf("appendBase62(%d) = %q, want %q", row.n, got, row.want)
		}
		if got, ok := parseBase62(row.want); got != row.n || !ok {
			t.Errorf("parseBase62(%q) = %d, %t, want %d", row.want, got, ok, row.n)
		}
	}
}

func TestParseBase62Refuses(t *testing.T) {
	for _, s := range []string{
		"", "-", "--5", "-0", "00", "01r31eq", "+5", " 5", "5 ", "1r_31", "1r31e\u00e9", "1.5", "JMAIjoX", "-JMAIjoX",
		"zzzzzzzzzzz", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
	} {
		if got, ok := parseBase62(s); ok {
			t.Errorf("parseBase62(%q) = %d, want a refusal", s, got)
		}
	}
}

// FuzzBase62: each number has one spelling, and no spelling is accepted beside it.
func FuzzBase62(f *testing.F) {
	f.Add(int64(1700000000), "1r31eq")
	f.Add(int64(-5), "-5")
	f.Add(int64(1)<<40, "JMAIjoW")
	f.Fuzz(func(t *testing.T, n int64, s string) {
		text := string(appendBase62(nil, n))
		got, ok := parseBase62(text)
		if inRange := n >= -maxSeconds && n <= maxSeconds; ok != inRange || ok && got != n {
			t.Fatalf("%d is written %q and read %d, %t", n, text, got, ok)
		}
		if got, ok := parseBase62(s); ok && string(appendBase62(nil, got)) != s {
			t.Fatalf("%q is read %d, which is written %q", s, got, appendBase62(nil, got))
		}
	})
}
