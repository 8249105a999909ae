package probe

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// internal are the networks that no public site stands in, with what they are (IANA's special-purpose registries, RFC 6890).
var internal = []struct {
	what     string
	prefixes []netip.Prefix
}{
	{"this machine", prefixes("127.0.0.0/8", "0.0.0.0/8", "::1/128", "::/128")},
	// Clouds answer with a machine's credentials here. 169.254.169.254 and fd00:ec2::254 are in networks below as well.
	{"a cloud's metadata service", prefixes("169.254.169.254/32", "169.254.170.2/32", "fd00:ec2::/32", "168.63.129.16/32", "100.100.100.200/32",
		"192.0.0.192/32")},
	{"link-local", prefixes("169.254.0.0/16", "fe80::/10")},
	{"a private network", prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")},
	{"a provider's inner network", prefixes("100.64.0.0/10")},
	{"multicast", prefixes("224.0.0.0/4", "ff00::/8")},
	{"kept for special purposes", prefixes("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"240.0.0.0/4", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16")},
}

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

// The forms in which an IPv6 address leads to an IPv4 address, and the byte at which that begins.
var carriers = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("::ffff:0:0/96"), 12},   // IPv4-mapped
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12}, // IPv4-translated (RFC 2765)
	{netip.MustParsePrefix("::/96"), 12},           // IPv4-compatible
	{netip.MustParsePrefix("64:ff9b::/96"), 12},    // NAT64 (RFC 6052)
	{netip.MustParsePrefix("2002::/16"), 2},        // 6to4 (RFC 3056)
}

// global is what is given out of IPv6 so far.
var global = netip.MustParsePrefix("2000::/3")

// inside says why an address is none of a public site, and nothing if it may be one.
func inside(a netip.Addr) string {
	a = a.WithZone("")
	for _, n := range internal {
		for _, p := range n.prefixes {
			if p.Contains(a) {
				return n.what
			}
		}
	}
	if !a.Is6() {
		return ""
	}
	for _, c := range carriers {
		if bytes := a.As16(); c.prefix.Contains(a) || c.prefix.Addr().Is4In6() && a.Is4In6() {
			return inside(netip.AddrFrom4([4]byte(bytes[c.at : c.at+4])))
		}
	}
	// An address of an ISATAP tunnel names an IPv4 address in its last half (RFC 5214).
	if b := a.As16(); b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe {
		if what := inside(netip.AddrFrom4([4]byte(b[12:]))); what != "" {
			return what
		}
	}
	if !global.Contains(a) {
		return "kept for special purposes"
	}
	return ""
}

// hostOf returns a host as it stands in requests: ASCII, lower case, an IPv6 address without brackets.
func hostOf(host string) (string, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Zone() != "" {
			return "", fmt.Errorf("%q: an address with a zone", host)
		}
		return a.String(), nil
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || strings.Contains(name, "xn--") {
		ascii, err := idna.Lookup.ToASCII(name)
		if err == nil { // what it makes must be a name itself
			ascii, err = idna.Lookup.ToASCII(ascii)
		}
		if err != nil || !utf8.ValidString(host) {
			return "", fmt.Errorf("%q is no name of a host", host)
		}
		name = ascii
	}
	long := func(label string) bool { return label == "" || len(label) > 63 }
	if len(name) > 253 || slices.ContainsFunc(strings.Split(name, "."), long) {
		return "", fmt.Errorf("%q is no name of a host", host)
	}
	return name, nil
}

// counterpart returns the name that is host's with or without "www.", and nothing if there is none that surely belongs to
// the same site: www.co.uk would be the neighbour of every site of Britain.
func counterpart(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return ""
	}
	other, bare := strings.CutPrefix(host, "www.")
	if !bare {
		other = "www." + host
	}
	apex := host
	if bare {
		apex = other
	}
	if _, err := publicsuffix.EffectiveTLDPlusOne(apex); err != nil { // it is a public suffix itself
		return ""
	}
	return other
}
