package proxy

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Header is a family of forwarding headers.
type Header string

// The families. Empty means XForwarded.
const (
	XForwarded Header = "x-forwarded" // X-Forwarded-For, -Proto, -Host, -Port
	Forwarded  Header = "forwarded"   // Forwarded, RFC 7239
)

// Choices returns the families by name.
func (Header) Choices() []string { return []string{string(XForwarded), string(Forwarded)} }

// SSLHeader is a header with the value that means HTTPS. The zero SSLHeader is none.
type SSLHeader struct {
	Name  string // as sent: X-Forwarded-Proto
	Value string // exactly as sent: https
}

// UnmarshalText reads X-Forwarded-Proto=https, or Django's HTTP_X_FORWARDED_PROTO with a comma or an equals sign.
// Empty text means none.
func (s *SSLHeader) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = SSLHeader{}
		return nil
	}
	i := strings.IndexAny(string(text), "=,")
	if i < 0 {
		return errors.New("proxy: SSL header: no value: write name and value, such as X-Forwarded-Proto=https")
	}
	name, value := strings.TrimSpace(string(text[:i])), strings.TrimSpace(string(text[i+1:]))
	if meta, ok := strings.CutPrefix(name, "HTTP_"); ok {
		name = strings.ReplaceAll(meta, "_", "-")
	}
	parsed := SSLHeader{Name: canonical(name), Value: value}
	if err := parsed.validate(); err != nil {
		return fmt.Errorf("proxy: SSL header: %w", err)
	}
	*s = parsed
	return nil
}

// Form returns how the setting is written, for errors and documents.
func (SSLHeader) Form() string { return "a header and its value, such as X-Forwarded-Proto=https" }

// MarshalText writes what UnmarshalText reads.
func (s SSLHeader) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns Name=Value, empty for none.
func (s SSLHeader) String() string {
	if s == (SSLHeader{}) {
		return ""
	}
	return s.Name + "=" + s.Value
}

func (s SSLHeader) validate() error {
	switch {
	case s == SSLHeader{}:
		return nil
	case !httpx.IsToken(s.Name) || strings.Contains(s.Name, "_"):
		return fmt.Errorf("%q is not the name of a header: write it as sent, such as X-Forwarded-Proto=https", s.Name)
	case s.Value == "" || strings.ContainsAny(s.Value, ", \t\r\n"):
		return fmt.Errorf("%q is not a value that can be compared: write one word, such as https", s.Value)
	}
	return nil
}

const maxHops = 16

// validate reports every mistake in c.
func (c Config) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("proxy: "+format, args...)) }
	for _, p := range c.Trusted {
		switch {
		case !p.IsValid():
			bad("TRUSTED_PROXIES: not a network: write it as 10.0.0.0/24, or 10.0.0.5/32 for one address")
		case p != p.Masked():
			bad("TRUSTED_PROXIES: %s is an address inside a network: write %s for the network or %s for the address",
				p, p.Masked(), netip.PrefixFrom(p.Addr(), p.Addr().BitLen()))
		}
	}
	if c.Hops < 0 || c.Hops > maxHops {
		bad("TRUSTED_PROXY_HOPS: %d: write how many proxies a request passes, at most %d", c.Hops, maxHops)
	}
	if c.Header != "" && c.Header != XForwarded && c.Header != Forwarded {
		bad("TRUSTED_PROXY_HEADER: unknown family %q: use %q or %q", c.Header, XForwarded, Forwarded)
	}
	if c.Header == Forwarded && c.UsePort {
		bad("USE_X_FORWARDED_PORT: the Forwarded header has no port of its own: unset it; the port is part of its host")
	}
	if err := c.SSLHeader.validate(); err != nil {
		bad("SECURE_PROXY_SSL_HEADER: %w", err)
	}
	for _, name := range c.Identity {
		if !httpx.IsToken(strings.TrimSuffix(name, "*")) || strings.Contains(name, "_") {
			bad("TRUSTED_PROXY_IDENTITY: %q is not the name of a header: write it as sent,"+
				" such as X-Company-User or X-Company-*", name)
		}
	}
	return errors.Join(errs...)
}

// unmapped returns the prefixes with those of IPv4-mapped addresses as IPv4, as peers are.
func unmapped(prefixes []netip.Prefix) []netip.Prefix {
	out := make([]netip.Prefix, 0, len(prefixes))
	for _, p := range prefixes {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		out = append(out, p)
	}
	return out
}
