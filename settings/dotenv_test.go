package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// outside is the process environment of these tests.
func outside(name string) (string, bool) {
	v, ok := map[string]string{"HOME": "/root", "EMPTY": "", "A": "outer"}[name]
	return v, ok
}

func read(text string) (map[string]string, []Warning, error) {
	entries, warnings, err := parseDotEnv(text, ".env", outside)
	m := map[string]string{}
	for _, e := range entries {
		m[e.name] = e.value
	}
	return m, warnings, err
}

// The expectations are those of Docker's documentation, "Set, use, and manage variables in a Compose file with
// interpolation", section ".env file syntax", and of the Compose specification, section "Interpolation".
func TestDotEnv(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       string // NAME="value" NAME="value", by name
		warnings   int
	}{
		{"nothing", "", ``, 0},
		{"comments and blank lines", "# a\n\n \t\n  # b\nX=1", `X="1"`, 0},
		{"a value without quotes", "VAR=VAL", `VAR="VAL"`, 0},
		{"double quotes", `VAR="VAL"`, `VAR="VAL"`, 0},
		{"single quotes", `VAR='VAL'`, `VAR="VAL"`, 0},
		{"an empty value", "VAR=", `VAR=""`, 0},
		{"an empty value in quotes", "VAR=''\nW=\"\"", `VAR="" W=""`, 0},
		{"export", "export VAR=VAL", `VAR="VAL"`, 0},
		{"a name that begins with export", "exported=1", `exported="1"`, 0},
		{"spaces around", "  VAR = VAL  ", `VAR="VAL"`, 2},
		{"a comment after a value", "VAR=VAL # comment", `VAR="VAL"`, 1},
		{"a # without a space before it", "VAR=VAL# not a comment", `VAR="VAL# not a comment"`, 2},
		{"a comment after quotes", `VAR="VAL" # comment`, `VAR="VAL"`, 0},
		{"a # in quotes", `VAR="VAL # not a comment"`, `VAR="VAL # not a comment"`, 0},
		{"single quotes are literal", `VAR='$OTHER ${OTHER} \n'`, `VAR="$OTHER ${OTHER} \\n"`, 0},
		{"an escaped single quote", `VAR='Let\'s go!'`, `VAR="Let's go!"`, 1},
		{"an escaped double quote", `VAR="{\"hello\": \"json\"}"`, `VAR="{\"hello\": \"json\"}"`, 1},
		{"escapes in double quotes", `VAR="some\tvalue\n\r\\ \$X"`, `VAR="some\tvalue\n\r\\ $X"`, 1},
		{"an escaped backslash before the end", `VAR="a\\"`, `VAR="a\\"`, 1},
		{"several lines", "KEY='-----BEGIN-----\nabc\n-----END-----'\nX=1", `KEY="-----BEGIN-----\nabc\n-----END-----" X="1"`, 1},
		{"a # on a line of several", "KEY=\"a\n# b\n\"", `KEY="a\n# b\n"`, 1},
		{"an = in the value", "VAR=a=b==", `VAR="a=b=="`, 0},
		{"quotes inside of a value", `VAR=a"b"`, `VAR="a\"b\""`, 1},
		{"spaces inside of a value", `VAR=a b`, `VAR="a b"`, 1},
		{"a variable", "X=1\nVAR=$X-${X}", `VAR="1-1" X="1"`, 1},
		{"a variable in double quotes", "X=1\nVAR=\"$X${X}\"", `VAR="11" X="1"`, 1},
		{"the environment comes first", "A=inner\nVAR=$A", `A="inner" VAR="outer"`, 1},
		{"what it holds is not replaced again", "X='$HOME'\nVAR=$X", `VAR="$HOME" X="$HOME"`, 1},
		{"a dollar", "VAR=a$$b", `VAR="a$b"`, 1},
		{"a default, unset", "VAR=${NO:-default}", `VAR="default"`, 1},
		{"a default, set", "VAR=${HOME:-default}", `VAR="/root"`, 1},
		{"a default, empty", "VAR=${EMPTY:-default}", `VAR="default"`, 1},
		{"a default for unset only, empty", "VAR=${EMPTY-default}", `VAR=""`, 1},
		{"a default for unset only, unset", "VAR=${NO-default}", `VAR="default"`, 1},
		{"an empty default", "VAR=${NO:-}", `VAR=""`, 1},
		{"required and there", "VAR=${HOME:?required}", `VAR="/root"`, 1},
		{"required, empty will do", "VAR=${EMPTY?required}", `VAR=""`, 1},
		{"replaced if set", "VAR=${HOME:+yes}${EMPTY:+yes}${EMPTY+empty}${NO+no}", `VAR="yesempty"`, 1},
		{"one in another", "VAR=${NO:-${NEITHER:-${HOME}}/x}", `VAR="/root/x"`, 1},
		{"badinput 54: byte order mark", "\uFEFFVAR=VAL", `VAR="VAL"`, 0},
		{"badinput 54: CRLF", "A=1\r\nB='2'\r\n# c\r\n\r\nC=\"3\"\r\n", `A="1" B="2" C="3"`, 0},
		{"no newline at the end, quoted", `VAR="x"`, `VAR="x"`, 0},
		{"unicode", "VAR=grüße", `VAR="grüße"`, 0},
	} {
		got, warnings, err := read(test.text)
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(got)) {
			parts = append(parts, fmt.Sprintf("%s=%q", name, got[name]))
		}
		if text := strings.Join(parts, " "); err != nil || text != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.name, text, err, test.want)
		}
		if len(warnings) != test.warnings {
			t.Errorf("%s: got %d warnings %v, want %d", test.name, len(warnings), warnings, test.warnings)
		}
	}
}

func TestDotEnvRefuses(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"no =", "SWORDFISH", ".env:1: is not NAME=value"},
		{"a colon, as in YAML", "VAR: swordfish", ".env:1: is not NAME=value"},
		{"no name", "=swordfish", ".env:1: is not NAME=value"},
		{"a digit first", "1A=swordfish", ".env:1: is not NAME=value"},
		{"a dash in the name", "\n\nA-B=swordfish", ".env:3: is not NAME=value"},
		{"a space in the name", "A B=swordfish", ".env:1: is not NAME=value"},
		{"a letter that is not ASCII", "ÄB=swordfish", ".env:1: is not NAME=value"},
		{"a line of a key that has no quotes", "KEY=-----BEGIN-----\nswordfish+/\n", ".env:2: is not NAME=value"},
		{"twice", "A=swordfish\nB=1\nA=swordfish\n", "A (.env:3): is set twice"},
		{"an open single quote", "A='swordfish\nB=1", "A (.env:1): has a quote that is not closed"},
		{"an open double quote", "A=\"swordfish\\\"", "A (.env:1): has a quote that is not closed"},
		{"text after a quote", "A='sword'fish", "A (.env:1): has text after the closing quote"},
		{"a comment right after a quote", "A='sword'#fish", "A (.env:1): has text after the closing quote"},
		{"a value that begins with #", "A=#swordfish", "A (.env:1): has a value that begins with #"},
		{"a value that is a comment", "A= # swordfish", "A (.env:1): has a value that begins with #"},
		{"an unknown escape", `A="sword\fish"`, "A (.env:1): has an unknown escape"},
		{"a password with a dollar", "A=sword$fish", "A (.env:1): refers to a variable that is not set"},
		{"a dollar alone", "A=swordfish$", "A (.env:1): has a $ that names no variable"},
		{"a dollar and a digit", "A=sword$1fish", "A (.env:1): has a $ that names no variable"},
		{"a command", "A=$(swordfish)", "A (.env:1): has a $ that names no variable"},
		{"an open brace", "A=${swordfish", "A (.env:1): has a ${ that is not closed"},
		{"an unknown operator", "A=${HOME##swordfish}", "A (.env:1): has a ${ that is none of"},
		{"an empty brace", "A=${}", "A (.env:1): has a ${ that is none of"},
		{"required and missing", "A=${NO:?swordfish}", "A (.env:1): requires a variable that is not set"},
		{"required and empty", "A=${EMPTY:?swordfish}", "A (.env:1): requires a variable that is not set"},
		{"too deep", "A=" + strings.Repeat("${NO:-", 12) + strings.Repeat("}", 12), "A (.env:1): nests variables too deeply"},
		{"a NUL", "A=sword\x00fish", ".env: holds a NUL byte"},
		{"a control character", "A=sword\x1b[31mfish", ".env: holds control characters"},
		{"a carriage return alone", "A=sword\rB=fish", ".env: holds control characters"},
		{"no UTF-8", "A=sword\xfffish", ".env: is not UTF-8"},
		{"UTF-16", "\xff\xfeA\x00=\x001\x00", ".env: holds a NUL byte"},
		{"too many lines", strings.Repeat("\n", 10_001), ".env: has more than 10000 lines"},
		{"it grows beyond measure", grow(), "is longer"},
	} {
		_, _, err := read(test.text)
		if test.name == "it grows beyond measure" {
			if err == nil || !strings.Contains(err.Error(), "becomes longer than 1 MiB") {
				t.Errorf("%s: got %v", test.name, err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), "settings: "+test.want) {
			t.Errorf("%s: got %v, want %s", test.name, err, test.want)
			continue
		}
		for _, part := range []string{"swor", "fish", "SWOR"} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error shows the value: %v", test.name, err)
			}
		}
	}
}

// grow doubles a value with each line.
func grow() string {
	var b strings.Builder
	b.WriteString("V0=" + strings.Repeat("x", 1024) + "\n")
	for i := range 40 {
		fmt.Fprintf(&b, "V%d=$V%d$V%d\n", i+1, i, i)
	}
	return b.String()
}

func TestEveryLineInErrorIsReported(t *testing.T) {
	_, _, err := read("A=1\nnot a line\nB='1' x\nC=\"\n\"\nD=$\n")
	for _, origin := range []string{".env:2", "B (.env:3)", "D (.env:6)"} {
		if !strings.Contains(fmt.Sprint(err), origin) {
			t.Errorf("%s is not in: %v", origin, err)
		}
	}
}

// A warning is about the line that it names.
func TestWarningsHaveLines(t *testing.T) {
	_, warnings, err := read("A=1\nB=x#y\nC='1\n2'\nD=\"\\n\"\n")
	var got []string
	for _, w := range warnings {
		got = append(got, w.Variable+" "+w.Origin)
	}
	if want := "[B .env:2 C .env:3 D .env:5]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
}

func FuzzDotEnv(f *testing.F) {
	for _, seed := range []string{"A=1", "A='x\ny' # c", `A="\n$B${C:-d}"`, "export A = b # c\r\n", "A=$$", "\uFEFFA=", "A=${B:?x}", "A=\x00", "A='"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		entries, warnings, err := parseDotEnv(text, ".env", outside)
		for _, e := range entries {
			if !isName(e.name) {
				t.Errorf("a name outside of the charset: %q", e.name)
			}
		}
		// What is read and written again is read alike, in quotes and without.
		var again strings.Builder
		for _, e := range entries {
			again.WriteString(e.name + "=" + quoteDotEnv(e.value) + "\n")
		}
		if err == nil {
			second, _, err := parseDotEnv(again.String(), ".env", outside)
			if err != nil || len(second) != len(entries) {
				t.Fatalf("%q was written as %q: %v", text, again.String(), err)
			}
			for i, e := range second {
				if e.name != entries[i].name || e.value != entries[i].value {
					t.Errorf("%q came back as %q", entries[i].value, e.value)
				}
			}
		}
		_ = warnings
	})
}

// Values are made of letters that no text of this package has, so that four of them in an error come from the value.
func FuzzDotEnvErrorsHoldNoValue(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
	f.Fuzz(func(t *testing.T, choice []byte) {
		text := "NAME=" + foreign(choice)
		_, warnings, err := read(text)
		out := fmt.Sprint(err, warnings)
		if part := shared(text[len("NAME="):], out); part != "" {
			t.Errorf("%q stands in %s", part, out)
		}
	})
}

// foreign makes a text of letters that no message has, and of what has a meaning to the parsers.
func foreign(choice []byte) string {
	const letters = "ЖЩЮЫЭ"
	special := []string{"'", `"`, "$", "${", "}", "\\", "#", " ", " #", "\n", "=", ":", ":-", "@", "/", "?", "%", "&", ",", "[", "]", "://", "postgres://", "\t"}
	var b strings.Builder
	for _, c := range choice {
		if int(c) < 5*len(special) && c%5 == 0 {
			b.WriteString(special[c/5])
			continue
		}
		b.WriteString(string([]rune(letters)[c%5]))
	}
	return b.String()
}

// shared returns four bytes of foreign letters, whole ones or not, that stand in value and in out.
func shared(value, out string) string {
	for i := 0; i+4 <= len(value); i++ {
		part := value[i : i+4]
		ours := strings.ContainsFunc(part, func(r rune) bool { return r < 0x80 })
		if !ours && strings.Contains(out, part) {
			return part
		}
	}
	return ""
}
