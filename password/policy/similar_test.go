package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/password/policy"
)

// tooSimilar reports whether a password is refused for its likeness, by the rule of Django alone.
func tooSimilar(t testing.TB, limit float64, password, attribute string) bool {
	t.Helper()
	p := mustNew(t, policy.Config{MinLength: 1, MaxSimilarity: limit, AsTyped: true})
	return slices.Contains(codes(t, p, password, policy.Attribute{Label: "name", Value: attribute}), "password_too_similar")
}

// The ratios are those that Python computes.
func TestRatio(t *testing.T) {
	for _, test := range []struct {
		password, attribute string
		least, above        float64 // a limit that the ratio reaches, and one that it does not
	}{
		{"password", "passw0rd", 0.875, 0.8751},
		{"alice123", "alice", 0.769, 0.770},
		{"johndoe99", "john.doe@example.com", 0.6153, 0.6154}, // the word "john": 8/13; the whole address is at 0.483
		{"secret", "terces", 1, 0},
		{"aaaa", "a", 0.4, 0.41},
		{"Σ", "σ", 1, 0},
		{"0123456789", "0", 0.1, 0.19}, // ten times as long, but not far below the limit
		{"abcdefghij", "jklmnopqrs", 0.1, 0.11},
	} {
		if !tooSimilar(t, test.least, test.password, test.attribute) {
			t.Errorf("%q is not like %q at %v, want it to be", test.password, test.attribute, test.least)
		}
		if test.above != 0 && tooSimilar(t, test.above, test.password, test.attribute) {
			t.Errorf("%q is like %q at %v, want it not to be", test.password, test.attribute, test.above)
		}
	}
}

func TestSimilar(t *testing.T) {
	for _, test := range []struct {
		name, password, attribute string
		want                      bool
	}{
		{"the name with digits", "alice1234", "alice", true},
		{"half of an address", "johndoe2024", "john.doe@example.com", false},
		{"the name of the host in an address", "Examp1eCom", "john.doe@example.com", true},
		{"case does not matter", "ALICE1234", "aLiCe", true},
		{"order does not matter", "4321ecila", "alice", true},
		{"a word of an address", "margaret1", "m@margaret.example", true},
		{"the last word", "margaret1", "m@example.margaret", true},
		{"letters of any script are words", "Μαργαρίτα1", "x Μαργαρίτα x", true},
		{"a combining mark ends a word", "margaret1", "xxxxxxxxxx\u0301margaret\u0301xxxxxxxxxx", true},
		{"an underscore does not", "margaret1", "xxxxxxxxxx_margaret_xxxxxxxxxx", false},
		{"a letter that becomes two", "i\u0307stanbul", "İSTANBUL", true},
		{"a sigma at the end of a word", "ΟΔΥΣΣΕΥΣ", "οδυσσευς", true},
		{"no attribute", "margaret1", "", false},
		{"an attribute of separators only", "margaret1", "@@@", false},
		{"a word of an attribute that is far longer", "margaret1", strings.Repeat("x", 5000) + " margaret", true},
		{"far shorter", strings.Repeat("a", 50), "aaaaa", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := tooSimilar(t, 0.7, test.password, test.attribute); got != test.want {
				t.Errorf("similar = %t, want %t", got, test.want)
			}
		})
	}
}

func TestSimilarToSeveral(t *testing.T) {
	p := mustNew(t, policy.Config{MinLength: 1, Attributes: []policy.Attribute{{Label: "name of the site", Value: "Bulletin"}}})
	err := p.Validate(t.Context(), "bulletin1", policy.Attribute{Label: "username", Value: "bulletins"})
	refusal, ok := err.(*policy.Refusal)
	if !ok || len(refusal.Problems) != 1 {
		t.Fatalf("got %v, want one problem", err)
	}
	if got, want := refusal.Problems[0].Message, "This password is too similar to the username."; got != want {
		t.Errorf("message = %q, want %q: the user's own attributes come first", got, want)
	}
	if got := codes(t, p, "bulletin1"); !slices.Equal(got, []string{"password_too_similar"}) {
		t.Errorf("got %v, want the name of the site to count without a user", got)
	}
}

// What was typed and what is hashed may differ: package password hashes the NFKC form.
func TestForms(t *testing.T) {
	for _, test := range []struct {
		name, password, attribute string
		want, typed               []string // by default, and AsTyped
	}{
		{"full-width letters", "ｐａｓｓｗｏｒｄ", "", []string{"password_too_common"}, nil},
		{"a name in full-width letters", "kmargaret", "ｋｍａｒｇａｒｅｔ", []string{"password_too_similar"}, nil},
		{"months in one character", "㋀㋁㋂", "", nil, nil}, // 1月2月3月
		{"digits in one character", "⑩⑪⑫⑬⑭⑮", "", []string{"password_entirely_numeric"}, nil},
		{"bold digits", "𝟕𝟏𝟗𝟒𝟎𝟐𝟖𝟔𝟓", "", []string{"password_entirely_numeric"}, []string{"password_entirely_numeric"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			user := policy.Attribute{Label: "name", Value: test.attribute}
			if got := codes(t, mustNew(t, short), test.password, user); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			typed := short
			typed.AsTyped = true
			if got := codes(t, mustNew(t, typed), test.password, user); !slices.Equal(got, test.typed) {
				t.Errorf("as typed: got %v, want %v", got, test.typed)
			}
		})
	}
	// Eight code points that become four, and one that becomes 18.
	p := mustNew(t, policy.Config{SecondFactor: true})
	for _, password := range []string{"e\u0301o\u0301a\u0301u\u0301", "ﷺ"} {
		if got := codes(t, p, password); !slices.Equal(got, []string{"password_too_short"}) {
			t.Errorf("%+q: got %v, want it to be too short", password, got)
		}
	}
}

// badinput 37, CVE-2021-45115: the work grows with the length of the attribute and not with its square, and it ends.
func TestSimilarityIsBounded(t *testing.T) {
	p := mustNew(t, policy.Config{})
	password := strings.Repeat("kx3-wq9 ", 500)
	judge := func(attribute string) time.Duration {
		best := time.Hour
		for range 3 {
			start := time.Now()
			_ = p.Validate(t.Context(), password, policy.Attribute{Label: "name", Value: attribute})
			best = min(best, time.Since(start))
		}
		return best
	}
	for name, unit := range map[string]string{
		"one word": "x", "many words": "x ", "long words": strings.Repeat("kx3wq9", 300) + " ", "sigmas": "Σ'", "separators": "@",
		"marks": "\u0301", "invalid": "\xff", "ligatures": "ﷺ",
	} {
		short, long := judge(strings.Repeat(unit, 30_000/len(unit))), judge(strings.Repeat(unit, 60_000/len(unit)))
		huge := judge(strings.Repeat(unit, 50_000_000/len(unit)))
		t.Logf("%s: 30 kB %v, 60 kB %v, 50 MB %v", name, short, long, huge)
		if huge > 20*long+50*time.Millisecond || long > 8*short+20*time.Millisecond {
			t.Errorf("%s: 30 kB took %v, 60 kB %v, 50 MB %v: want the work to be bounded", name, short, long, huge)
		}
	}
}
