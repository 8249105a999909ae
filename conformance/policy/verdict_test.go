package policy_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// Both sides with the same options: the same codes in the same order, and the same attribute.
func TestVerdicts(t *testing.T) {
	d, r := start(t), source(t)
	l := d.common()
	g := &generator{r, l.Passwords, d.characters().unassigned()}
	judged, counts := 0, map[string]int{}
	for _, o := range []options{
		{8, 0.7, ""}, {15, 0.7, ""}, {1, 0.5, ""}, {9, 0.1, ""}, {12, 1, ""}, {64, 0.333, ""}, {8, 2.0 / 3, ""}, {10, 0.9, ""},
	} {
		p := beside(t, o, l.Path)
		var cases []testCase
		for range 4000 {
			cases = append(cases, g.generate(o))
		}
		cases = append(cases, fixed...)
		faults := 0
		for i, want := range d.judge(o, cases) {
			got := ours(t, p, cases[i])
			judged++
			counts[strings.Join(got, ", ")]++
			if !slices.Equal(got, want) {
				t.Errorf("%+v, %s: we say %q, Django %q", o, describe(cases[i]), got, want)
				if faults++; faults > 10 {
					t.Fatal("and so on")
				}
			}
		}
	}
	t.Logf("%d cases, %d kinds of verdict", judged, len(counts))
	if judged < 10_000 {
		t.Errorf("only %d cases", judged)
	}
	// Each code, each attribute and the acceptance have to be there, and often, or nothing was compared.
	for _, want := range []string{"", "password_too_similar: username", "password_too_similar: first name", "password_too_similar: last name",
		"password_too_similar: email address", "password_too_short", "password_too_common", "password_entirely_numeric"} {
		n := 0
		for verdict, times := range counts {
			if verdict == want || want != "" && slices.Contains(strings.Split(verdict, ", "), want) {
				n += times
			}
		}
		t.Logf("%6d × %q", n, want)
		if n < 100 {
			t.Errorf("%q came up %d times, want 100 at least", want, n)
		}
	}
}

// fixed are judged with all options.
var fixed = []testCase{
	{"", [4]string{}}, {"", [4]string{"@", "", "", ""}}, {"", [4]string{"x", "y", "z", "x@y"}},
	{"alice1234", [4]string{"alice", "", "", ""}}, {"johndoe2024", [4]string{"", "", "", "john.doe@example.com"}},
	{"Examp1eCom", [4]string{"", "", "", "john.doe@example.com"}}, {"passw0rd", [4]string{"password", "", "", ""}},
	{"terces", [4]string{"secret", "", "", ""}}, {"aaaa", [4]string{"a", "", "", ""}}, {"ΑΣ", [4]string{"ας", "ασ", "ΑΣ'", "ΑΣ@ΑΣΑ"}},
	{"i̇stanbul", [4]string{"İSTANBUL", "", "", ""}}, {"12345678901234567890", [4]string{"1", "12", "123", "1234567890"}},
	{" \t\x1c ", [4]string{" ", "\x1c", "\u3000", "@@"}}, {strings.Repeat("a", 4096), [4]string{"a", strings.Repeat("a", 409), strings.Repeat("a", 410), ""}},
	{strings.Repeat("ab", 50), [4]string{strings.Repeat("a ", 5000), strings.Repeat("x", 60000), "", strings.Repeat("ba", 30)}},
}

func describe(c testCase) string {
	return fmt.Sprintf("password %.2000q, attributes %.2000q", c.password, c.attributes)
}

// The whole of Django's list: each of its passwords is refused by both, and so is it in capitals and with spaces.
func TestWholeList(t *testing.T) {
	d := start(t)
	l := d.common()
	o := options{8, 0.7, ""}
	p := beside(t, o, l.Path)
	var cases []testCase
	for _, password := range l.Passwords {
		cases = append(cases, testCase{password: password}, testCase{password: " " + strings.ToUpper(password) + "\u3000"}, testCase{password: password + "1"})
	}
	n := 0
	for i, want := range d.judge(o, cases) {
		if got := ours(t, p, cases[i]); !slices.Equal(got, want) {
			t.Errorf("%s: we say %q, Django %q", describe(cases[i]), got, want)
		}
		if slices.Contains(want, "password_too_common") {
			n++
		}
	}
	if n < 2*len(l.Passwords) {
		t.Errorf("%d of %d were too common", n, len(cases))
	}
}

// characters is what Python knows of single characters.
type characters struct {
	Version                           string
	Digits, Spaces, Words, Unassigned []rune
	Lower                             map[rune]string
}

func (d *django) characters() (c characters) {
	d.t.Helper()
	d.ask(map[string]any{"unicode": true}, &c)
	if len(c.Digits) < 500 || len(c.Words) < 100_000 || len(c.Lower) < 1000 || len(c.Spaces) < 20 {
		d.t.Fatalf("Python answers with %d digits, %d letters", len(c.Digits), len(c.Words))
	}
	return c
}

// unassigned returns the characters that Python or this Go does not know, because its Unicode is older.
func (c characters) unassigned() map[rune]bool {
	all := set(c.Unassigned)
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C) {
			all[r] = true
		}
	}
	return all
}

func set(runes []rune) map[rune]bool {
	m := make(map[rune]bool, len(runes))
	for _, r := range runes {
		m[r] = true
	}
	return m
}

// Every character there is: whether it is a digit, a letter or white space, and what it is in lower case. The policy is asked
// with passwords that are refused or not for that alone.
func TestCharacters(t *testing.T) {
	d := start(t)
	c := d.characters()
	unassigned, digits, words, spaces := c.unassigned(), set(c.Digits), set(c.Words), set(c.Spaces)
	p := beside(t, options{1, 1, ""}, d.common().Path)
	other, judged, differ := "~|~|~|~|~|~|~|~|", 0, 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.Is(unicode.Cs, r) {
			continue
		}
		judged++
		s := string(r)
		small, changes := c.Lower[r]
		if !changes {
			small = s
		}
		is := func(code, password, attribute string) bool {
			return slices.ContainsFunc(ours(t, p, testCase{password, [4]string{attribute}}), func(got string) bool { return strings.HasPrefix(got, code) })
		}
		for _, question := range []struct {
			name      string
			got, want bool
		}{
			{"a digit", is("password_entirely_numeric", s, ""), digits[r]},
			{"part of a word", !is("password_too_similar", "margaret", other+s+"margaret"+s+other), words[r]},
			{"white space", is("password_too_common", s+"password"+s, ""), spaces[r]},
			{"small as " + small, is("password_too_similar", small, s), true},
		} {
			if question.got == question.want {
				continue
			}
			if unassigned[r] {
				differ++ // one of the two does not know the character
				continue
			}
			t.Errorf("%U: %s: we say %t, Python %t", r, question.name, question.got, question.want)
		}
	}
	t.Logf("%d characters; Unicode %s here, %s in Python: %d answers differ for it", judged, unicode.Version, c.Version, differ)
	if (differ > 0) != (!strings.HasPrefix(unicode.Version, c.Version)) {
		t.Errorf("%d answers differ with Unicode %s here and %s in Python", differ, unicode.Version, c.Version)
	}
	if judged != unicode.MaxRune+1-2048 {
		t.Errorf("%d characters were judged", judged)
	}
}

// The largest ratio that is accepted and the smallest that is refused are neighbours in the same place.
func TestThresholds(t *testing.T) {
	d := start(t)
	path := d.common().Path
	n := 0
	for _, limit := range []float64{0.1, 0.2, 0.3, 1.0 / 3, 0.5, 0.6, 2.0 / 3, 0.7, 0.8, 0.875, 0.9, 1, math.Nextafter(0.7, 1), math.Nextafter(0.5, 0)} {
		o := options{1, limit, ""}
		p := beside(t, o, path)
		var cases []testCase
		for a := 1; a <= 24; a++ {
			for b := 1; b <= 24; b++ {
				for both := 0; both <= min(a, b); both++ {
					word := strings.Repeat("a", both) + strings.Repeat("b", a-both)
					cases = append(cases, testCase{word, [4]string{strings.Repeat("a", both) + strings.Repeat("c", b-both)}})
				}
			}
		}
		for i, want := range d.judge(o, cases) {
			n++
			if got := ours(t, p, cases[i]); !slices.Equal(got, want) {
				t.Errorf("%v, %s: we say %q, Django %q", limit, describe(cases[i]), got, want)
			}
		}
	}
	t.Logf("%d cases", n)
}
