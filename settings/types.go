package settings

import (
	"math/big"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Size is a number of bytes. As a setting it is written 1048576, 10MB (a million bytes each) or 2.5MiB.
type Size int64

// The binary units.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
)

var units = []struct {
	name string
	size Size
}{
	{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", GiB}, {"GB", 1e9}, {"MiB", MiB}, {"MB", 1e6}, {"KiB", KiB}, {"KB", 1e3}, {"B", 1},
}

// UnmarshalText reads a size. It refuses a negative one and a part of a byte.
func (s *Size) UnmarshalText(b []byte) error {
	bad := fault("is not a size", "write a number of bytes, or like 10MB or 2.5MiB")
	number, unit := strings.TrimSpace(string(b)), Size(1)
	for _, u := range units {
		if i := len(number) - len(u.name); i >= 0 && strings.EqualFold(number[i:], u.name) {
			number, unit = strings.TrimSpace(number[:i]), u.size
			break
		}
	}
	if number == "" || len(number) > 24 || strings.Trim(number, "0123456789.") != "" || number[0] == '.' {
		return bad
	}
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		return bad
	}
	r.Mul(r, new(big.Rat).SetInt64(int64(unit)))
	if !r.IsInt() {
		return fault("is not a whole number of bytes", "write a number of bytes")
	}
	if !r.Num().IsInt64() {
		return fault("is too large a size", "give a smaller one")
	}
	*s = Size(r.Num().Int64())
	return nil
}

// String returns the size in the largest unit that says it in whole numbers.
func (s Size) String() string {
	for _, u := range units {
		if s != 0 && s%u.size == 0 && u.size > 1 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// MarshalText returns what String does.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Origin is a web origin, scheme://host[:port], in the form that browsers send: lower case, without the scheme's own
// port. As a setting it may be written in other forms of the same.
type Origin string

// ParseOrigin reads an origin. It refuses a path, a user name, a wildcard and every scheme but http and https. Its
// error is a *Fault that holds nothing of the text.
func ParseOrigin(text string) (Origin, error) {
	bad := fault("is not an origin", "write it like https://www.example.com or http://localhost:8000, without a path")
	scheme, rest, ok := strings.Cut(strings.ToLower(strings.TrimSpace(text)), "://")
	if !ok || scheme != "http" && scheme != "https" || strings.ContainsAny(rest, "/?#@,%_") {
		return "", bad
	}
	host, port, f := splitHost(rest)
	if f != nil || !isDomain(host) {
		return "", bad
	}
	if port == map[string]string{"http": "80", "https": "443"}[scheme] {
		port = ""
	}
	if port != "" {
		n, _ := strconv.Atoi(port)
		return Origin(scheme + "://" + net.JoinHostPort(host, strconv.Itoa(n))), nil
	}
	return Origin(scheme + "://" + hostText(host, "")), nil
}

// isDomain reports whether host is an address or a name without empty labels. A name that ends in a number is an
// address to a browser, and then a wrong one.
func isDomain(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// UnmarshalText is ParseOrigin.
func (o *Origin) UnmarshalText(b []byte) (err error) {
	*o, err = ParseOrigin(string(b))
	return err
}
