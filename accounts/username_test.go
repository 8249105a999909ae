package accounts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/accounts"
)

func ExampleCanonicalUsername() {
	fmt.Println(accounts.CanonicalUsername("Ａlice") == accounts.CanonicalUsername("aLICE"))
	// Output: true
}

func TestUsernames(t *testing.T) {
	for _, c := range []struct {
		name, canonical string
		valid           bool
	}{
		{"alice", "alice", true},
		{"Alice", "alice", true},
		{"ａｌｉｃｅ", "alice", false},        // full width: another spelling of alice
		{"stra\u00dfe", "strasse", true}, // folding is more than lower case
		{"o\u0308zg\u00fcr", "\u00f6zg\u00fcr", false},
		{"\u00f6zg\u00fcr", "\u00f6zg\u00fcr", true},
		{"a.b+c-d_e@f", "a.b+c-d_e@f", true},
		{"", "", false},
		{"a b", "a b", false},
		{"a\x00", "a\x00", false},
		{"a\xff", "a\xff", false},
		{"a\u200b", "a\u200b", false}, // zero width: looks like a
		{strings.Repeat("x", accounts.MaxUsername), strings.Repeat("x", accounts.MaxUsername), true},
		{strings.Repeat("x", accounts.MaxUsername+1), strings.Repeat("x", accounts.MaxUsername+1), false},
	} {
		if got := accounts.ValidUsername(c.name); got != c.valid {
			t.Errorf("ValidUsername(%q) = %v, want %v", c.name, got, c.valid)
		}
		if got := accounts.CanonicalUsername(c.name); got != c.canonical {
			t.Errorf("CanonicalUsername(%q) = %q, want %q", c.name, got, c.canonical)
		}
	}
}
