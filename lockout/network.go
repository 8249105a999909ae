package lockout

import "net/netip"

// Networks in which an IPv6 address holds an IPv4 one: NAT64 (RFC 6052, RFC 8215) and 6to4 (RFC 3056).
var (
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48")
	sixToFour  = netip.MustParsePrefix("2002::/16")
)

// NetworkOf returns what stands for a client's address where failures are counted: an IPv4 address itself, of an IPv6
// address its /64, which is the least that one customer has. An IPv4 address within an IPv6 one, as behind NAT64, is
// taken out first. The zero Prefix stands for an unknown address.
func NetworkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	if !a.IsValid() {
		return netip.Prefix{}
	}
	if a.Is6() {
		b := a.As16()
		switch {
		case nat64.Contains(a), nat64Local.Contains(a):
			a = netip.AddrFrom4([4]byte(b[12:16]))
		case sixToFour.Contains(a):
			a = netip.AddrFrom4([4]byte(b[2:6]))
		}
	}
	bits := 64
	if a.Is4() {
		bits = 32
	}
	return netip.PrefixFrom(a, bits).Masked()
}
