package httpx_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		name string
		s    string
		n    int
		want string
	}{
		{"what fits stays", "abc", 3, "abc"},
		{"what does not is cut", "abcd", 3, "abc…"},
		{"no character is halved", "ab€d", 4, "ab…"},
		{"a character that fits stays whole", "ab€d", 5, "ab€…"},
		{"nothing is left of one that is too long", "€", 2, "…"},
		{"bytes that begin no character go with the one before them", "ba\x80\x80\x80", 3, "b…"},
		{"nothing", "", 0, ""},
	} {
		if got := httpx.Truncate(c.s, c.n); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// RFC 9110, section 5.6.2: tchar.
func TestIsToken(t *testing.T) {
	const tchar = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for c := range 256 {
		if got, want := httpx.TokenByte(byte(c)), strings.IndexByte(tchar, byte(c)) >= 0; got != want {
			t.Errorf("TokenByte(%q) = %t, want %t", rune(c), got, want)
		}
	}
	for s, want := range map[string]bool{"X-Forwarded-For": true, tchar: true, "": false, "a b": false, "a:": false, "ä": false} {
		if got := httpx.IsToken(s); got != want {
			t.Errorf("IsToken(%q) = %t, want %t", s, got, want)
		}
	}
}

func TestIsPort(t *testing.T) {
	for s, want := range map[string]bool{
		"1": true, "80": true, "65535": true,
		"": false, "0": false, "080": false, "65536": false, "99999": false, "100000": false, "+80": false, "-1": false,
		"8 0": false, "８０": false, "http": false, "4294967376": false,
	} {
		if got := httpx.IsPort(s); got != want {
			t.Errorf("IsPort(%q) = %t, want %t", s, got, want)
		}
	}
}

func TestAddrHost(t *testing.T) {
	for addr, want := range map[string]string{"192.0.2.1": "192.0.2.1", "2001:db8::1": "[2001:db8::1]", "::1": "[::1]"} {
		if got := httpx.AddrHost(netip.MustParseAddr(addr)); got != want {
			t.Errorf("AddrHost(%s) = %q, want %q", addr, got, want)
		}
	}
}
