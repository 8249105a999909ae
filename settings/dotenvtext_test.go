package settings_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/settings"
)

func TestDotEnvText(t *testing.T) {
	t.Setenv("HOME", "/home/somebody")
	s := settings.DotEnvText("sealed", "# keys\nA=x\nB=\"${A}y\"\nA_FILE=/etc/passwd\n")
	got, err := s.Lookup(t.Context(), []string{"A", "B", "C"})
	if err != nil || len(got) != 2 || got["A"].Text != "x" || got["B"].Text != "xy" || got["B"].Origin != "sealed:3" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := settings.DotEnvText("sealed", "A=$HOME").Lookup(t.Context(), []string{"A"}); err == nil {
		t.Error("a value was completed from the process environment")
	}
	if out := fmt.Sprintf("%v %+v %#v %s", s, s, s, s); strings.Contains(out, "keys") {
		t.Errorf("the text is printed")
	}
}

func TestDotEnvNames(t *testing.T) {
	names, err := settings.DotEnvNames("sealed", "B=1\n#C=2\nA='x\ny'\n")
	if err != nil || !slices.Equal(names, []string{"B", "A"}) {
		t.Errorf("got %v, %v", names, err)
	}
}

func TestEditDotEnv(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "A=1\nB='two words'\n"},
		{"# head\n\nexport A='old\nlines' # why\nC=3", "# head\n\nA=1\nC=3\nB='two words'\n"},
		{"\ufeffB=x\r\nA=y\r\n# end\r\n", "B='two words'\nA=1\n# end\n"},
	} {
		got, err := settings.EditDotEnv("sealed", test.text, map[string]string{"A": "1", "B": "two words"})
		if err != nil || got != test.want {
			t.Errorf("%q: got %q, %v, want %q", test.text, got, err, test.want)
		}
	}
	for _, test := range []struct{ text, name, value, want string }{
		{"nonsense", "A", "x", "is not NAME=value"},
		{"", "A B", "x", "not named like a variable"},
		{"", "A", "hunter2\xff", "A (sealed): is not UTF-8"},
		{"", "A", "hunter2\x00", "A (sealed): holds control characters"},
		{"A=1\nA=2\n", "A", "3", "is set twice"},
	} {
		_, err := settings.EditDotEnv("sealed", test.text, map[string]string{test.name: test.value})
		if _, ok := errors.AsType[*settings.Fault](err); !ok || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want a fault: %s", test.text, err, test.want)
		}
	}
}

// FuzzEditDotEnv: what was set is read back, and what was not is as it was.
func FuzzEditDotEnv(f *testing.F) {
	f.Add("A=1\n# comment\nB='x\ny'\n", "a $ ' \" \\ # \n\t")
	f.Add("export A=${B:-x}\n", "")
	f.Add("B=1\nA=$B\n", "$B")
	f.Fuzz(func(t *testing.T, text, value string) {
		names, err := settings.DotEnvNames("x", text)
		if err != nil || !utf8.ValidString(value) {
			return
		}
		edited, err := settings.EditDotEnv("x", text, map[string]string{"AIRWORTHY_SET": value})
		if err != nil {
			return
		}
		names = append(slices.DeleteFunc(names, func(n string) bool { return n == "AIRWORTHY_SET" }), "AIRWORTHY_SET")
		before, err := settings.DotEnvText("x", text).Lookup(t.Context(), names)
		if err != nil {
			t.Fatal(err)
		}
		after, err := settings.DotEnvText("x", edited).Lookup(t.Context(), names)
		if err != nil {
			t.Fatalf("what EditDotEnv made cannot be read: %v", err)
		}
		for _, name := range names {
			want := before[name].Text
			if name == "AIRWORTHY_SET" {
				want = value
			} else if strings.Contains(text, "AIRWORTHY_SET") {
				continue // it may refer to what was set
			}
			if after[name].Text != want {
				t.Errorf("%s: got %q, want %q", name, after[name].Text, want)
			}
		}
	})
}
