package proxy

import (
	"net/http"
	"net/netip"
	"net/textproto"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Caps on one list of addresses. Whoever sends more is not believed at all.
const (
	maxEntries = 64
	maxBytes   = 4096
)

// origin is what a trusted peer tells about a request.
type origin struct {
	client netip.Addr
	host   string
	scheme string
}

// read returns what the trusted peer of r says; what it says nothing about is as the connection has it. It reports
// false if the headers are too long or make no sense.
func (g *Guard) read(r *http.Request, s *httpx.State) (o origin, ok bool) {
	o = origin{client: s.Peer, host: s.Host, scheme: s.Scheme}
	if g.header == Forwarded {
		ok = g.readForwarded(r.Header, &o)
	} else {
		ok = g.readXForwarded(r.Header, &o)
	}
	return o, ok
}

// readXForwarded reads the X-Forwarded headers into o.
func (g *Guard) readXForwarded(h http.Header, o *origin) bool {
	list, ok := newList(h["X-Forwarded-For"])
	if !ok {
		return false
	}
	hops := 1 // proxies passed, from ours outwards
	for ; ; hops++ {
		text, more := list.next()
		if !more {
			break
		}
		addr, ok := parseNode(text)
		if !ok {
			break
		}
		o.client = addr
		if g.isClient(addr, hops) {
			break
		}
	}
	if !g.readScheme(h, hops, o) {
		return false
	}
	if g.useHost && !readHost(h["X-Forwarded-Host"], o) {
		return false
	}
	return !g.usePort || readPort(h["X-Forwarded-Port"], o)
}

// isClient reports whether addr, which stands hops from the right, is the client and no proxy of ours.
func (g *Guard) isClient(addr netip.Addr, hops int) bool {
	return g.hops > 0 && hops >= g.hops || g.listed && !g.trusted.Contains(addr) || !g.listed && g.hops == 0
}

// readScheme compares the header that means HTTPS. It has one entry for each proxy that appended to it. The one that
// counts was written by the outermost of the proxies passed, whom the client reached; entries further left are the
// client's own invention. The comparison is exact, and a header that is there decides even against TLS: a proxy may
// itself use TLS to tell us about a request in the clear.
func (g *Guard) readScheme(h http.Header, hops int, o *origin) bool {
	if g.ssl.Name == "" {
		return true
	}
	lines := h[g.ssl.Name]
	if len(lines) == 0 {
		return true
	}
	list, ok := newList(lines)
	if !ok {
		return false
	}
	value := ""
	for range hops {
		text, more := list.next()
		if !more {
			break
		}
		value = text
	}
	o.scheme = "http"
	if value == g.ssl.Value {
		o.scheme = "https"
	}
	return true
}

// readHost takes the host if there is exactly one. Lists are not guessed about.
func readHost(lines []string, o *origin) bool {
	if len(lines) == 0 {
		return true
	}
	host := trim(lines[0])
	if len(lines) > 1 || !plausibleHost(host) {
		return false
	}
	o.host = host
	return true
}

// plausibleHost reports whether host could be one. Whether it is ours the hosts part says.
func plausibleHost(host string) bool {
	if host == "" || len(host) > 300 {
		return false
	}
	for i := range len(host) {
		c := host[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(".-:[]", c) >= 0) {
			return false
		}
	}
	return true
}

// readPort gives the host the port that the proxy was reached at; the scheme's own port is left out.
func readPort(lines []string, o *origin) bool {
	if len(lines) == 0 {
		return true
	}
	port := trim(lines[0])
	if len(lines) > 1 || !validPort(port) {
		return false
	}
	bare := o.host
	if i := strings.LastIndexByte(bare, ':'); i > strings.LastIndexByte(bare, ']') {
		bare = bare[:i]
	}
	if port == "443" && o.scheme == "https" || port == "80" && o.scheme == "http" {
		o.host = bare
	} else if o.host != "" {
		o.host = bare + ":" + port
	}
	return true
}

// list is the entries of a header that may be repeated, from the right.
type list struct {
	lines []string // those not begun
	rest  string   // of the line that is being read
	begun bool
}

// newList reports false if the lines exceed the caps.
func newList(lines []string) (l list, ok bool) {
	entries, size := 0, 0
	for _, line := range lines {
		size += len(line)
		entries += 1 + strings.Count(line, ",")
	}
	return list{lines: lines}, entries <= maxEntries && size <= maxBytes
}

// next returns the next entry leftwards, without the space around it.
func (l *list) next() (entry string, ok bool) {
	if !l.begun {
		if len(l.lines) == 0 {
			return "", false
		}
		l.rest, l.begun = l.lines[len(l.lines)-1], true
		l.lines = l.lines[:len(l.lines)-1]
	}
	i := strings.LastIndexByte(l.rest, ',')
	entry = trim(l.rest[i+1:])
	if i < 0 {
		l.begun = false
	} else {
		l.rest = l.rest[:i]
	}
	return entry, true
}

// parseNode reads the address of one entry: 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1], [2001:db8::1]:80.
// Zones mean nothing beyond the machine that wrote them and are cut off. Everything else is no address.
func parseNode(s string) (netip.Addr, bool) {
	if bracketed, ok := strings.CutPrefix(s, "["); ok {
		inside, port, ok := strings.Cut(bracketed, "]")
		if !ok || port != "" && (port[0] != ':' || !validPort(port[1:])) || !strings.Contains(inside, ":") {
			return netip.Addr{}, false
		}
		return parseAddr(inside)
	}
	if host, port, ok := strings.Cut(s, ":"); ok && !strings.Contains(port, ":") {
		if !validPort(port) {
			return netip.Addr{}, false
		}
		s = host
	}
	return parseAddr(s)
}

// parseAddr parses an address without brackets or port.
func parseAddr(s string) (netip.Addr, bool) {
	bare, zone, hasZone := strings.Cut(s, "%")
	if hasZone && (zone == "" || !strings.Contains(bare, ":")) || len(bare) < 2 || len(bare) > 45 {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(bare)
	return addr.Unmap(), err == nil
}

// validPort reports whether s is a port: 1 to 65535, without leading zeros.
func validPort(s string) bool {
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

// trim removes the optional white space of RFC 9110, which is spaces and tabs.
func trim(s string) string { return strings.Trim(s, " \t") }

func canonical(name string) string { return textproto.CanonicalMIMEHeaderKey(name) }

// claimsHTTPS reports whether the peer, whose entry is the last, calls the request HTTPS. Only for diagnosis.
func claimsHTTPS(h http.Header) bool {
	if lines := h["X-Forwarded-Proto"]; len(lines) > 0 {
		last := lines[len(lines)-1]
		return strings.EqualFold(trim(last[strings.LastIndexByte(last, ',')+1:]), "https")
	}
	if lines := h["Forwarded"]; len(lines) > 0 {
		last := lines[len(lines)-1]
		return strings.Contains(strings.ToLower(last[max(0, len(last)-maxBytes):]), "proto=https")
	}
	return false
}
