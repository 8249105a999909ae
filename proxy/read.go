package proxy

import (
	"errors"
	"net/http"
	"net/netip"
	"net/textproto"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Caps on one list. Whoever sends more is not believed at all.
const (
	maxEntries = 64
	maxBytes   = 4096
)

// Why a trusted peer is not believed.
var (
	errTooLong   = errors.New("a forwarding header has more than 64 entries or 4096 bytes")
	errHost      = errors.New("the forwarded host is not exactly one host")
	errPort      = errors.New("X-Forwarded-Port is not exactly one port")
	errForwarded = errors.New("the Forwarded header does not follow RFC 7239")
)

// origin is where a request comes from and what it names.
type origin struct {
	client netip.Addr
	host   string
	scheme string
}

// read returns o, which is as the connection has it, with what the headers of a trusted peer say instead.
func (g *Guard) read(h http.Header, o origin) (origin, error) {
	if g.header == Forwarded {
		return g.readForwarded(h, o)
	}
	return g.readXForwarded(h, o)
}

func (g *Guard) readXForwarded(h http.Header, o origin) (origin, error) {
	entries, err := newList(h["X-Forwarded-For"])
	if err != nil {
		return o, err
	}
	hops := 1
	for ; ; hops++ {
		text, more := entries.next()
		addr, ok := parseNode(text)
		if !more || !ok {
			break
		}
		o.client = addr
		if g.isClient(addr, hops) {
			break
		}
	}
	if o.scheme, err = g.readScheme(h, hops, o.scheme); err != nil {
		return o, err
	}
	if g.useHost {
		if o.host, err = readHost(h["X-Forwarded-Host"], o.host); err != nil {
			return o, err
		}
	}
	if g.usePort {
		o.host, err = readPort(h["X-Forwarded-Port"], o)
	}
	return o, err
}

// isClient reports whether addr, which stands hops from the right, is the client and no proxy of ours.
func (g *Guard) isClient(addr netip.Addr, hops int) bool {
	switch {
	case g.hops > 0 && hops >= g.hops:
		return true
	case g.listed || g.hops == 0: // without list and hops there is one proxy, at the other end of a Unix socket
		return !g.trusted.Contains(addr)
	}
	return false
}

// readScheme compares the header that means HTTPS with its value, exactly. Each proxy that appends adds an entry; the
// one that counts was written by the outermost of the proxies that the request passed, hops from the right, or by
// whoever is next to it if some replace the header. Entries further left are the client's own invention.
//
// Where the header is there it decides, even against TLS: a proxy may itself use TLS to bring us a request that it got
// in the clear, and that one must be redirected (CVE-2019-12781).
func (g *Guard) readScheme(h http.Header, hops int, scheme string) (string, error) {
	lines := h[g.ssl.Name]
	if len(lines) == 0 {
		return scheme, nil
	}
	entries, err := newList(lines)
	if err != nil {
		return "", err
	}
	value := ""
	for range hops {
		text, more := entries.next()
		if !more {
			break
		}
		value = text
	}
	if value == g.ssl.Value {
		return "https", nil
	}
	return "http", nil
}

// readHost takes the host if there is exactly one. Lists are not guessed about.
func readHost(lines []string, host string) (string, error) {
	switch {
	case len(lines) == 0:
		return host, nil
	case len(lines) > 1 || !plausibleHost(trim(lines[0])):
		return "", errHost
	}
	return trim(lines[0]), nil
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

// readPort returns the host with the port that the proxy was reached at; the scheme's own port is left out.
func readPort(lines []string, o origin) (string, error) {
	if len(lines) == 0 || o.host == "" {
		return o.host, nil
	}
	port := trim(lines[0])
	if len(lines) > 1 || !httpx.IsPort(port) {
		return "", errPort
	}
	bare := o.host
	if i := strings.LastIndexByte(bare, ':'); i > strings.LastIndexByte(bare, ']') {
		bare = bare[:i]
	}
	if port == "443" && o.scheme == "https" || port == "80" && o.scheme == "http" {
		return bare, nil
	}
	if o.host[len(bare):] == ":"+port {
		return o.host, nil
	}
	return bare + ":" + port, nil
}

// list is the entries of a header that may be repeated, from the right.
type list struct {
	lines []string // those not begun
	rest  string   // of the line that is being read
	begun bool
}

// newList refuses lines that exceed the caps.
func newList(lines []string) (list, error) {
	entries, size := 0, 0
	for _, line := range lines {
		size += len(line)
		entries += 1 + strings.Count(line, ",")
	}
	if entries > maxEntries || size > maxBytes {
		return list{}, errTooLong
	}
	return list{lines: lines}, nil
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
		if !ok || port != "" && (port[0] != ':' || !httpx.IsPort(port[1:])) || !strings.Contains(inside, ":") {
			return netip.Addr{}, false
		}
		return parseAddr(inside)
	}
	if host, port, ok := strings.Cut(s, ":"); ok && !strings.Contains(port, ":") {
		if !httpx.IsPort(port) {
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

// unsaid reports whether a claim of HTTPS can be the trusted peer's, because the header that is read for the scheme is
// the one with the claim or says nothing. If it says http, the claim is the client's, in a header that our proxy passes on.
func (g *Guard) unsaid(h http.Header) bool {
	switch lines := h["Forwarded"]; {
	case g.ssl.Name == "X-Forwarded-Proto":
		return true
	case g.ssl.Name != "":
		return h[g.ssl.Name] == nil
	default:
		return len(lines) == 0 || !strings.Contains(strings.ToLower(lines[len(lines)-1]), "proto=")
	}
}
