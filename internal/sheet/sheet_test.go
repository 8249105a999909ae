package sheet_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/internal/sheet"
)

func TestLineShowsWhatCannotBeSeen(t *testing.T) {
	for name, row := range map[string]struct{ in, want string }{
		"plain text stays":               {"Server: nginx é 漢", "Server: nginx é 漢"},
		"a terminal's commands":          {"\x1b[2J\u009b1m", `\x1b[2J\u009b1m`},
		"line ends":                      {"a\r\nb\u2028", `a\r\nb\u2028`},
		"text that runs the other way":   {"\u202egpj.exe", `\u202egpj.exe`},
		"bytes that are no characters":   {"\xff\xc0\xaf", `\xff\xc0\xaf`},
		"characters of no width":         {"a\u200bb\ufeff", `a\u200bb\ufeff`},
		"as much as there is room for":   {strings.Repeat("a", 400), strings.Repeat("a", 400)},
		"a byte more":                    {strings.Repeat("a", 401), strings.Repeat("a", 400) + " … (1 bytes more)"},
		"never half a character":         {strings.Repeat("a", 399) + "é", strings.Repeat("a", 399) + " … (2 bytes more)"},
		"continuation bytes without end": {strings.Repeat("\x80", 500), strings.Repeat(`\x80`, 396) + " … (104 bytes more)"},
	} {
		if got := sheet.Line(row.in); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestLines(t *testing.T) {
	if got, want := sheet.Lines("a\nb\r\nc\n\n", 2), []string{"a", `b\r`, "… (1 lines more)"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := sheet.Lines("", 2); !slices.Equal(got, []string{""}) {
		t.Errorf("%q", got)
	}
}

func TestWrap(t *testing.T) {
	for name, row := range map[string]struct {
		in   string
		want []string
	}{
		"nothing is one part":        {"", []string{""}},
		"what fits stays whole":      {"0123 56789", []string{"0123 56789"}},
		"one more breaks":            {"0123 567890", []string{"0123", "567890"}},
		"a long word stays whole":    {"a 0123456789012 b", []string{"a", "0123456789012", "b"}},
		"characters, not bytes":      {"éééé ééééé", []string{"éééé ééééé"}},
		"no part ends with a space":  {"0123  456789", []string{"0123", "456789"}},
		"spaces inside a part stand": {"a  b", []string{"a  b"}},
	} {
		if got := sheet.Wrap(row.in, 10); !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestCount(t *testing.T) {
	if got := fmt.Sprint(sheet.Count(0, "check"), ", ", sheet.Count(1, "check"), ", ", sheet.Count(2, "check")); got != "0 checks, 1 check, 2 checks" {
		t.Error(got)
	}
}

func ExampleLine() {
	fmt.Println(sheet.Line("Server: \x1b[31mnginx"))
	// Output: Server: \x1b[31mnginx
}
