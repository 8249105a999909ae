package hosts

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// entry is one entry of Config.Allowed: everything, a network (an address is a network of one), or a name.
type entry struct {
	any    bool
	prefix netip.Prefix
	name   string // in ASCII and lower case, without leading dot
	below  bool   // and everything below it
}

// parseEntry reads one entry. The error says what to write instead.
func parseEntry(text string) (entry, error) {
	if text == "*" {
		return entry{any: true}, nil
	}
	if err := explain(text); err != nil {
		return entry{}, err
	}
	if strings.Contains(text, "/") {
		return parseNetwork(text)
	}
	if strings.HasPrefix(text, "[") {
		h, ok := parseIPv6(text)
		if !ok || !strings.HasSuffix(text, "]") {
			return entry{}, errors.New("not an IPv6 address: write it as [2001:db8::1], without port or zone")
		}
		return entry{prefix: netip.PrefixFrom(h.addr, h.addr.BitLen())}, nil
	}
	return parseName(text)
}

// explain knows what people write where a host belongs.
func explain(text string) error {
	bare := strings.TrimSpace(text)
	switch {
	case bare == "":
		return errors.New("empty entry: remove it")
	case bare != text:
		return fmt.Errorf("spaces around it: write %q", bare)
	case strings.Contains(text, "://"):
		return errors.New("has a scheme: write the host alone, such as example.com")
	case strings.HasPrefix(text, "*."):
		return fmt.Errorf("a star is no wildcard for names: write %q, which is the name and all below it", text[1:])
	case strings.Contains(text, "@"):
		return errors.New("has user information: write the host alone, such as example.com")
	case strings.ContainsAny(text, `*^$\()|+?{}`):
		return errors.New("patterns are not supported: write each host, or .example.com for all below it")
	}
	return nil
}

// parseNetwork reads what has a slash.
func parseNetwork(text string) (entry, error) {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil && strings.ContainsAny(text[:1], "0123456789:"):
		return entry{}, errors.New("not a network: write it as 10.0.0.0/8 or 2001:db8::/32")
	case err != nil:
		return entry{}, errors.New("has a path: write the host alone, such as example.com")
	case p != p.Masked():
		return entry{}, fmt.Errorf("is an address inside a network: write the network, %s, or the address, %s",
			p.Masked(), httpx.AddrHost(p.Addr()))
	}
	return entry{prefix: p}, nil
}

// parseName reads a name or an IPv4 address.
func parseName(text string) (entry, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Is6() {
		return entry{}, fmt.Errorf("IPv6 addresses need brackets: write [%s]", a.WithZone(""))
	}
	if host, _, ok := strings.Cut(text, ":"); ok {
		return entry{}, fmt.Errorf("has a port, which is not looked at: write %q", host)
	}
	if bare, ok := strings.CutSuffix(text, "."); ok && bare != "" {
		return entry{}, fmt.Errorf("has a trailing dot, which is not looked at: write %q", bare)
	}
	bare, below := strings.CutPrefix(text, ".")
	name, err := toASCII(bare)
	if err != nil {
		return entry{}, errors.New("not a host name: labels have 1 to 63 letters, digits and hyphens, and are joined by dots")
	}
	if !endsInNumber([]byte(name)) {
		return entry{name: name, below: below}, nil
	}
	addr, err := netip.ParseAddr(name)
	if err != nil || below {
		return entry{}, errors.New("not an IPv4 address: write all four numbers, such as 192.0.2.1, or a network, 192.0.2.0/24")
	}
	return entry{prefix: netip.PrefixFrom(addr, addr.BitLen())}, nil
}

// toASCII returns the name as clients send it: in lower case, other scripts as xn--….
func toASCII(name string) (string, error) { return names.ToASCII(name) }

// names is how browsers turn a host into what they look up, with the lengths of DNS held.
var names = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckHyphens(false), idna.CheckJoiners(true),
	idna.StrictDomainName(true), idna.Transitional(false), idna.VerifyDNSLength(true))
