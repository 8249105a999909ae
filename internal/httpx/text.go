package httpx

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// Truncate cuts s to n bytes, at the end of a character, and marks the place. What is secret is masked before: half of
// it matches no known value.
func Truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// IsToken reports whether s is a token of RFC 9110, section 5.6.2, as the names of headers and cookies are.
func IsToken(s string) bool {
	for i := range len(s) {
		if !TokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// TokenByte reports whether c may stand in a token.
func TokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// IsPort reports whether s is a port as browsers and proxies write it: 1 to 65535, without leading zeros.
func IsPort(s string) bool {
	if s == "" || len(s) > 5 || s[0] == '0' {
		return false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n <= 65535
}

// AddrHost returns an address as a URL or a Host header names it: IPv6 in brackets.
func AddrHost(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}
