package httpx

import (
	"net/http"
	"net/netip"
	"slices"
)

// Networks is a set of addresses, made once from prefixes and asked per request. It is a list of ranges that neither
// overlap nor touch, in order, so that asking is one binary search however many prefixes there were. The zero Networks
// is empty. An IPv4-mapped IPv6 address is not an IPv4 address here: unmap first where the two should be one.
type Networks struct{ ranges []addressRange }

type addressRange struct{ first, last netip.Addr }

// NewNetworks returns the addresses that any of the prefixes contains. Prefixes that are not valid contain none.
func NewNetworks(prefixes []netip.Prefix) Networks {
	var ranges []addressRange
	for _, p := range prefixes {
		if p.IsValid() {
			ranges = append(ranges, addressRange{p.Masked().Addr(), lastOf(p)})
		}
	}
	slices.SortFunc(ranges, func(a, b addressRange) int { return a.first.Compare(b.first) })
	merged := ranges[:0]
	for _, r := range ranges {
		if n := len(merged); n > 0 && merged[n-1].reaches(r.first) {
			if merged[n-1].last.Less(r.last) {
				merged[n-1].last = r.last
			}
			continue
		}
		merged = append(merged, r)
	}
	return Networks{slices.Clip(merged)}
}

// reaches reports whether a lies in r or just behind it. The address after the last IPv4 address is the zero Addr.
func (r addressRange) reaches(a netip.Addr) bool {
	return a.Compare(r.last) <= 0 || a == r.last.Next()
}

// lastOf returns the last address of p.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(b); bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(b)
	return last
}

// Contains reports whether a is in the set. The zero Addr never is. Zones are ignored.
func (n Networks) Contains(a netip.Addr) bool {
	if a.Zone() != "" {
		a = a.WithZone("")
	}
	lo, hi := 0, len(n.ranges)
	for lo < hi {
		if mid := (lo + hi) / 2; n.ranges[mid].last.Less(a) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(n.ranges) && a.IsValid() && !a.Less(n.ranges[lo].first)
}

// Empty reports whether the set has no address.
func (n Networks) Empty() bool { return len(n.ranges) == 0 }

// IsPrivate reports whether a belongs to a network that the internet does not route: loopback, link-local, the
// private ranges of RFC 1918 and RFC 4193, and the shared one of RFC 6598, where cloud load balancers live.
func IsPrivate(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || sharedSpace.Contains(a)
}

var sharedSpace = netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)

// Peer returns who connected, as [State.Peer] has it: the zero Addr if that is unknown.
func Peer(r *http.Request) netip.Addr {
	if s := From(r.Context()); s != nil {
		return s.Peer()
	}
	return peer(r.RemoteAddr)
}

// Client returns who asked, as [State.Client] has it: the peer unless the proxy part settled otherwise.
func Client(r *http.Request) netip.Addr {
	if s := From(r.Context()); s != nil {
		return s.Client()
	}
	return peer(r.RemoteAddr)
}
