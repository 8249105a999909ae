package policy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/password/policy"
)

// The bytes were made by another program, in Python, from the description of the format: a filter that was made once can be
// read for good.
func TestFilterFormat(t *testing.T) {
	path, _ := build(t, "one\ntwo\nthree\none\n", policy.FilterOptions{Plain: true})
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = "4157425245414348" + "00000001" + "0000000a" + "0000000000000004" + "0000000000000003" + "0000000000000001" +
		"0000000000000005" + "000000000000000000000000" + "47fb442e" +
		"0000000000000000" + "3ae1a235" + "0000000000000005" + "00000000" + "cf0532e1a0"
	if hex.EncodeToString(got) != want {
		t.Errorf("got  %x\nwant %s", got, want)
	}
	var list strings.Builder
	for i := range 1000 {
		fmt.Fprintln(&list, i)
	}
	path, _ = build(t, list.String(), policy.FilterOptions{Plain: true, Bits: 7})
	if got, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(got)); sum != "3f1f0d311842515c04c305990a2e5403706eb60e0f6753d393485ba5bdf07468" {
		t.Errorf("a filter of four buckets has the SHA-256 %s", sum)
	}
}
