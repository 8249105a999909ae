package csrf

import (
	"net/netip"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// origin is a scheme, a host and a port in the one form in which two are compared: lower case, the port spelled out
// where the scheme has a default. The zero origin is none.
type origin struct{ scheme, host, port string }

// maxAuthority is what host and port can have at most: a name of 253 bytes, perhaps with a dot behind it, and a port.
const maxAuthority = 260

// parseOrigin reads what a browser writes into Origin, strictly: no user, no path, nothing that two parsers could read
// in two ways. It allocates nothing for what is in lower case.
func parseOrigin(s string) (origin, bool) {
	scheme, authority, ok := strings.Cut(s, "://")
	if !ok || !validScheme(scheme) {
		return origin{}, false
	}
	return newOrigin(scheme, authority)
}

// newOrigin is the origin of a scheme and what Host holds.
func newOrigin(scheme, authority string) (origin, bool) {
	if len(authority) > maxAuthority {
		return origin{}, false
	}
	host, port, ok := cutPort(authority)
	if !ok || !validHost(host) {
		return origin{}, false
	}
	scheme = strings.ToLower(scheme)
	if port == "" {
		port = defaultPort(scheme)
	}
	return origin{scheme, strings.ToLower(host), port}, true
}

// String returns the origin as browsers write it.
func (o origin) String() string {
	if o.port == defaultPort(o.scheme) {
		return o.scheme + "://" + o.host
	}
	return o.scheme + "://" + o.host + ":" + o.port
}

// authority is host and port as browsers write them.
func (o origin) authority() string { return strings.TrimPrefix(o.String(), o.scheme+"://") }

func defaultPort(scheme string) string {
	switch scheme {
	case "https":
		return "443"
	case "http":
		return "80"
	}
	return ""
}

// cutPort splits host and port. The brackets of an IPv6 address stay on the host.
func cutPort(authority string) (host, port string, ok bool) {
	i := strings.LastIndexByte(authority, ':')
	if i < 0 || strings.HasSuffix(authority, "]") {
		return authority, "", true
	}
	return authority[:i], authority[i+1:], httpx.IsPort(authority[i+1:])
}

// validScheme is RFC 3986 section 3.1.
func validScheme(s string) bool {
	for i := range len(s) {
		if c := s[i]; !letter(c) && (i == 0 || !digit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// validHost accepts names of letters, digits, hyphens, underscores and dots, and IPv6 addresses in brackets. Browsers
// send international names in their xn-- form.
func validHost(s string) bool {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		addr, err := netip.ParseAddr(s[1 : len(s)-1])
		return err == nil && addr.Is6() && addr.Zone() == ""
	}
	for i := range len(s) {
		if c := s[i]; !letter(c) && !digit(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return s != "" && s[0] != '.' && !strings.Contains(s, "..")
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func digit(c byte) bool  { return '0' <= c && c <= '9' }

// refererOrigin cuts the origin out of a URL, as it stands there. It is empty unless the URL has a scheme and an
// authority.
func refererOrigin(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || !validScheme(scheme) {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	if rest == "" {
		return ""
	}
	return url[:len(scheme)+len("://")+len(rest)]
}
