package hosts

import (
	"net/netip"
	"strings"
)

// maxName is the longest name that is looked at. DNS has 253 bytes and a dot.
const maxName = 255

// parsed is a host in the one form in which hosts are compared: an address, or a name in lower case. Port and trailing
// dot are gone.
type parsed struct {
	addr netip.Addr // valid if the host is an address
	name []byte     // otherwise
}

// parse splits a Host header's value. The name is written to buf, so that common hosts cost no allocation.
func parse(host string, buf *[maxName]byte) (h parsed, ok bool) {
	if strings.HasPrefix(host, "[") {
		return parseIPv6(host)
	}
	name, port, hasPort := strings.Cut(host, ":")
	if hasPort && !validPort(port) {
		return parsed{}, false
	}
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > maxName {
		return parsed{}, false
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '.', c == '-':
		default:
			return parsed{}, false
		}
		buf[i] = c
	}
	if !endsInNumber(buf[:len(name)]) {
		return parsed{name: buf[:len(name)]}, true
	}
	addr, err := netip.ParseAddr(name)
	return parsed{addr: addr}, err == nil
}

// parseIPv6 reads an address in brackets, perhaps with a port. Zones are local to one machine and no host.
func parseIPv6(host string) (parsed, bool) {
	text, port, ok := strings.Cut(host[1:], "]")
	if !ok || port != "" && (port[0] != ':' || !validPort(port[1:])) || !looksLikeIPv6(text) {
		return parsed{}, false
	}
	addr, err := netip.ParseAddr(text)
	return parsed{addr: addr}, err == nil && addr.Is6() && addr.Zone() == ""
}

// looksLikeIPv6 spares netip the making of an error about junk.
func looksLikeIPv6(s string) bool {
	return len(s) <= len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255") &&
		strings.Trim(s, "0123456789abcdefABCDEF:.") == "" && strings.Contains(s, ":")
}

// validPort reports whether s is one or more digits worth at most 65535.
func validPort(s string) bool {
	if s == "" {
		return false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		if n = 10*n + int(s[i]-'0'); n > 65535 {
			return false
		}
	}
	return true
}

// endsInNumber reports whether URL parsers take name for an IPv4 address: its last label that is not empty is made of
// digits, or is 0x with hexadecimal digits or none (WHATWG URL, "ends in a number").
func endsInNumber(name []byte) bool {
	end := len(name)
	for end > 0 && name[end-1] == '.' {
		end--
	}
	start := end
	for start > 0 && name[start-1] != '.' {
		start--
	}
	label := name[start:end]
	if len(label) >= 2 && label[0] == '0' && label[1] == 'x' {
		return all(label[2:], isHex)
	}
	return len(label) > 0 && all(label, isDigit)
}

func all(b []byte, is func(byte) bool) bool {
	for _, c := range b {
		if !is(c) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= c && c <= 'f' }
