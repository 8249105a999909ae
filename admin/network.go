package admin

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// inside reports whether r comes from where the console may be seen.
func (g *Guard) inside(r *http.Request) bool {
	if g.networks.Empty() && !g.cfg.VPNOnly {
		return true
	}
	client := httpx.Client(r)
	if !g.networks.Empty() && !g.networks.Contains(client) || g.cfg.VPNOnly && !vpn(client) {
		return false
	}
	return !relayed(r, client)
}

// vpn reports whether a belongs to a network that is not routed on the internet: RFC 1918, RFC 4193, RFC 6598, loopback.
// Link-local addresses are not among them: these are neighbours of this machine, whoever they are.
func vpn(a netip.Addr) bool { return httpx.IsPrivate(a) && !a.IsLinkLocalUnicast() }

// relayed reports whether the address that r comes from may be that of a proxy which nobody trusts: then all its clients
// would look like insiders. Such a proxy gives itself away by what it forwards; whoever forges that keeps nobody out
// but himself.
func relayed(r *http.Request, client netip.Addr) bool {
	s := httpx.From(r.Context())
	if s != nil && (s.Disbelieved() || s.Garbled) {
		return true
	}
	trusted := s != nil && s.Trusted
	for _, name := range forwarding {
		for _, line := range r.Header[name] {
			if !trusted || httpx.IsPrivate(client) && namesOutsider(line) {
				return true
			}
		}
	}
	return false
}

// forwarding are the headers of proxies. Where there is a proxy part, those of peers that are not trusted are gone.
var forwarding = []string{"X-Forwarded-For", "Forwarded", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip"}

// namesOutsider reports whether a forwarding header has an address of the internet in it. The client is the right-most
// address that is no trusted proxy's; if it is private and one further left is not, it is a proxy that the list lacks.
func namesOutsider(line string) bool {
	for word := range strings.FieldsFuncSeq(line, func(c rune) bool { return strings.ContainsRune(",;= \t\"", c) }) {
		a, err := netip.ParseAddr(strings.Trim(word, "[]"))
		if err != nil {
			ap, err := netip.ParseAddrPort(word)
			if err != nil {
				continue
			}
			a = ap.Addr()
		}
		if !httpx.IsPrivate(a.Unmap()) {
			return true
		}
	}
	return false
}
