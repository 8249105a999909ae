package proxy

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// element is one element of Forwarded: what one proxy says. An empty field was not said.
type element struct {
	node, host, proto string
}

// readForwarded is read for the Forwarded header. One mistake in it anywhere, and nothing of it is believed: where a
// quoted string does not end, it cannot be told which part our proxy wrote.
func (g *Guard) readForwarded(h http.Header, o origin) (origin, error) {
	var elements [maxEntries]element
	n, err := parseForwarded(h["Forwarded"], &elements)
	if err != nil {
		return o, err
	}
	var outermost element // what that proxy says whom the client reached
	hops := 1
	for ; hops <= n; hops++ {
		outermost = elements[n-hops]
		addr, ok := parseForNode(outermost.node)
		if !ok {
			break
		}
		o.client = addr
		if g.isClient(addr, hops) {
			break
		}
	}
	switch {
	case g.ssl.Name != "":
		o.scheme, err = g.readScheme(h, hops, o.scheme)
	case strings.EqualFold(outermost.proto, "https"):
		o.scheme = "https"
	case outermost.proto != "":
		o.scheme = "http"
	}
	if g.useHost && outermost.host != "" {
		if !plausibleHost(outermost.host) {
			return o, errHost
		}
		o.host = outermost.host
	}
	return o, err
}

// parseForwarded parses the lines of the header strictly by RFC 7239, section 4, into elements and returns how many
// there are. Names are case-insensitive and stand at most once in an element; there is no white space but around
// commas. Empty elements are skipped, as RFC 9110, section 5.6.1.2, demands: nginx makes one where it appends to a
// header that the client did not send.
func parseForwarded(lines []string, elements *[maxEntries]element) (n int, err error) {
	size := 0
	for _, line := range lines {
		if size += len(line); size > maxBytes {
			return 0, errTooLong
		}
		for rest := skipEmpty(line); rest != ""; n++ {
			if n == maxEntries {
				return 0, errTooLong
			}
			var ok bool
			if rest, ok = parseElement(rest, &elements[n]); !ok {
				return 0, errForwarded
			}
			if rest = trim(rest); rest != "" && rest[0] != ',' {
				return 0, errForwarded
			}
			rest = skipEmpty(rest)
		}
	}
	return n, nil
}

// skipEmpty returns s from its first element on.
func skipEmpty(s string) string { return strings.TrimLeft(s, ", \t") }

// parseElement parses name=value pairs joined by semicolons and returns what follows them.
func parseElement(s string, e *element) (rest string, ok bool) {
	seen := make([]string, 0, 8)
	for {
		i := strings.IndexByte(s, '=')
		if i < 0 || !httpx.IsToken(s[:i]) {
			return "", false
		}
		name, value := s[:i], ""
		for _, other := range seen {
			if strings.EqualFold(other, name) {
				return "", false
			}
		}
		seen = append(seen, name)
		if value, s, ok = parseValue(s[i+1:]); !ok {
			return "", false
		}
		switch {
		case strings.EqualFold(name, "for"):
			e.node = value
		case strings.EqualFold(name, "host"):
			e.host = value
		case strings.EqualFold(name, "proto"):
			e.proto = value
		}
		if s == "" || s[0] != ';' {
			return s, true
		}
		s = s[1:]
	}
}

// parseValue parses a token or a quoted string.
func parseValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		n := 0
		for n < len(s) && httpx.TokenByte(s[n]) {
			n++
		}
		return s[:n], s[n:], n > 0
	}
	var unescaped []byte // nil while nothing was escaped
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '"' && unescaped == nil:
			return s[1:i], s[i+1:], true
		case c == '"':
			return string(unescaped), s[i+1:], true
		case c == '\\':
			if unescaped == nil {
				unescaped = append(make([]byte, 0, len(s)), s[1:i]...)
			}
			if i++; i == len(s) {
				return "", "", false
			}
			c = s[i]
		}
		if c < ' ' && c != '\t' || c == 0x7f {
			return "", "", false
		}
		if unescaped != nil {
			unescaped = append(unescaped, c)
		}
	}
	return "", "", false
}

// parseForNode reads the value of for: as in X-Forwarded-For, but IPv6 addresses stand in brackets. The words unknown
// and _hidden are no addresses.
func parseForNode(s string) (netip.Addr, bool) {
	if strings.Count(s, ":") > 1 && !strings.HasPrefix(s, "[") {
		return netip.Addr{}, false
	}
	return parseNode(s)
}
