package secretrule

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// marks is a rule that finds each of its literals.
func marks(id string, literals ...string) *Rule {
	return &Rule{ID: id, Name: id, Literals: literals, Match: func(f *File, at int) []Match {
		for _, l := range literals {
			if len(f.Data) >= at+len(l) && strings.EqualFold(string(f.Data[at:at+len(l)]), l) {
				return []Match{{Start: at, End: at + len(l)}}
			}
		}
		return nil
	}}
}

// TestMachine compares the machine with a search for one literal after the other, on texts that are made to be hard: few
// letters, literals that are parts of each other.
func TestMachine(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "ab\xff"[r.IntN(3)]
		}
		return string(b)
	}
	for range 2000 {
		var literals []string
		for range 1 + r.IntN(6) {
			if w := word(3 + r.IntN(4)); !slices.Contains(literals, w) {
				literals = append(literals, w)
			}
		}
		m, err := compile(literals)
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(strings.ReplaceAll(word(r.IntN(60)), "a", []string{"a", "A"}[r.IntN(2)]))
		from := r.IntN(len(text) + 1)
		to := from + r.IntN(len(text)-from+1)
		var got, want []string
		m.run(text, from, to, func(l, at int) { got = append(got, fmt.Sprint(at, literals[l])) })
		for at := from; at < to; at++ {
			for _, l := range literals {
				if bytes.HasPrefix(bytes.ToLower(bytes.ReplaceAll(text[at:], []byte{0xff}, []byte("z"))), bytes.ReplaceAll([]byte(l), []byte{0xff}, []byte("z"))) {
					want = append(want, fmt.Sprint(at, l))
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%q in %q[%d:%d]: got %q, want %q", literals, text, from, to, got, want)
		}
	}
}

func TestScan(t *testing.T) {
	s, err := New([]*Rule{marks("a-rule", "token", "secret-token"), marks("b-rule", "token")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range s.Scan(&File{Data: []byte("one\r\na Secret-TOKEN,\n\ntoken")}) {
		got = append(got, fmt.Sprintf("%s %d %s", m.Rule.ID, m.Line, m.Secret))
	}
	want := []string{"a-rule 2 Secret-TOKEN", "a-rule 4 token"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// One secret is one finding, that of the rule that is listed first, wherever each begins.
func TestOverlap(t *testing.T) {
	s, err := New([]*Rule{marks("precise", "token-x"), marks("guess", "secret-token-x", "token-x-y")})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"a secret-token-x": "precise 9", "token-x-y": "precise 0", "secret-token-x token-x": "precise 7 precise 15"} {
		var got []string
		for _, m := range s.Scan(&File{Data: []byte(text)}) {
			got = append(got, fmt.Sprint(m.Rule.ID, " ", m.Start))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// What is compared with the values in use is the secret itself, not how a file writes it.
func TestDecoded(t *testing.T) {
	s, err := New(All())
	if err != nil {
		t.Fatal(err)
	}
	const key = "k3v9/0q2+z8r4t7y\"w5p6s0d2f4g8h1j"
	for name, text := range map[string]string{
		"JSON":            `{"api_key": "k3v9\/0q2\u002bz8r4t7y\"w5p6s0d2f4g8h1j"}`,
		"joined":          "api_key = 'k3v9/0q2+z8r4t7y\"' \\\n  'w5p6s0d2f4g8h1j'",
		"percent-encoded": `api: https://club:k3v9%2F0q2%2Bz8r4t7y%22w5p6s0d2f4g8h1j` + "@api.club.se/",
	} {
		found := s.Scan(&File{Data: []byte(text), Kinds: Python | YAML})
		if len(found) != 1 || string(found[0].Secret) != key {
			t.Errorf("%s: %d found, not what was written", name, len(found))
		}
	}
}

func TestKinds(t *testing.T) {
	only := marks("only", "token")
	only.Kinds = Env | Python
	s, err := New([]*Rule{only})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{".env": 1, "PROD.ENV": 1, "settings.py": 1, "main.go": 0, "": 0} {
		if got := s.Scan(&File{Data: []byte("token"), Kinds: KindsOf(name)}); len(got) != want {
			t.Errorf("%q: %d matches, want %d", name, len(got), want)
		}
	}
}

func TestFaultyRules(t *testing.T) {
	for want, rules := range map[string][]*Rule{
		"no literals":     {{ID: "x", Name: "x", Match: marks("x").Match}},
		"in lower case":   {marks("x", "Token")},
		"three bytes":     {marks("x", "to")},
		"listed twice":    {marks("x", "token"), marks("x", "token")},
		"needs an ID":     {marks("", "token")},
		"are too long to": {marks("x", strings.Repeat("x", maxStates))},
	} {
		if _, err := New(rules); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestAll(t *testing.T) {
	if _, err := New(All()); err != nil {
		t.Fatal(err)
	}
}

func TestLine(t *testing.T) {
	f := &File{Data: []byte("one\r\ntwo\n" + strings.Repeat("x", 3*MaxLine))}
	for at, want := range map[int]string{1: "one", 5: "two", 7: "two", 8: "two", 9: strings.Repeat("x", MaxLine)} {
		if start, end := f.Line(at); string(f.Data[start:end]) != want {
			t.Errorf("at %d: %q, want %q", at, f.Data[start:end], want)
		}
	}
	if start, end := f.Line(len(f.Data)); end-start != MaxLine {
		t.Errorf("at the end: %d bytes, want %d", end-start, MaxLine)
	}
}

// BenchmarkScan is the speed on text in which nothing is found.
func BenchmarkScan(b *testing.B) {
	s, err := New(All())
	if err != nil {
		b.Fatal(err)
	}
	f := &File{Data: bytes.Repeat([]byte("func (s *Scanner) Scan(f *File) []Match { return s.ScanPart(f, 0, len(f.Data)) }\n"), 1<<14)}
	b.SetBytes(int64(len(f.Data)))
	for b.Loop() {
		s.Scan(f)
	}
}
