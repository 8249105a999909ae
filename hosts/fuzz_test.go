package hosts_test

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/hosts"
)

// The reference is Django's rule, written down from its documentation as plainly as possible.
var (
	djangoHost = regexp.MustCompile(`\A([a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9.:]+\])(?::([0-9]+))?\z`)
	lastNumber = regexp.MustCompile(`(\A|\.)([0-9]+|0x[0-9a-f]*)\.*\z`)
)

// django reports whether Django allows host.
func django(host string, allowed []string) bool {
	m := djangoHost.FindStringSubmatch(asciiLower(host))
	if m == nil {
		return false
	}
	domain := strings.TrimSuffix(m[1], ".")
	for _, pattern := range allowed {
		pattern = strings.ToLower(pattern)
		if domain == "" {
			return false
		}
		if pattern == "*" || pattern == domain ||
			strings.HasPrefix(pattern, ".") && (strings.HasSuffix(domain, pattern) || domain == pattern[1:]) {
			return true
		}
	}
	return false
}

// asciiLower lowers A to Z only: Python's lower() turns a few letters of other scripts into ASCII (the Kelvin sign),
// which a server never gets to see.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// stricter reports whether host is one of those that only we refuse.
func stricter(host string) bool {
	m := djangoHost.FindStringSubmatch(asciiLower(host))
	if m == nil {
		return false
	}
	if port, err := strconv.Atoi(m[2]); m[2] != "" && (err != nil || port > 65535) {
		return true
	}
	if strings.HasPrefix(m[1], "[") {
		_, err := netip.ParseAddr(strings.Trim(m[1], "[]"))
		return err != nil
	}
	domain := strings.TrimSuffix(m[1], ".")
	if len(domain) > 255 {
		return true
	}
	if lastNumber.MatchString(domain) {
		_, err := netip.ParseAddr(domain)
		return err != nil
	}
	return false
}

// canonicalIPv6 writes an address in brackets in its one form, so that the reference can compare it as text.
func canonicalIPv6(host string) string {
	if end := strings.IndexByte(host, ']'); strings.HasPrefix(host, "[") && end > 0 {
		if a, err := netip.ParseAddr(host[1:end]); err == nil && a.Zone() == "" {
			return "[" + a.String() + "]" + host[end+1:]
		}
	}
	return host
}

var fuzzAllowed = []string{"example.com", ".example.org", "1.2.3.4", "[::1]", "[2001:db8::a]", "-foo-", "localhost"}

// The laws: we decide as Django does, save on hosts that only we refuse; and what does not matter does not matter.
func FuzzCheck(f *testing.F) {
	for _, host := range []string{
		"example.com", "EXAMPLE.com:8000", "example.com.", "example.com.:80", "example.com..", "a.example.org", ".example.org",
		"evilexample.org", "1.2.3.4", "1.2.3.4:99999999", "[::1]:80", "[0:0:0:0:0:0:0:1]", "[::ffff:1.2.3.4]", "[:]", "[1:2]", "::1",
		"127.1", "0x7f.1", "a..b", "-foo-", ".", "", "u@h", "h/", "a b", "a_b", "xn--zz--zz", "example.com\n", "localhost:0",
		"[2001:DB8:0::a]", "2130706433", "1.2.3.4.", "0x.", "K",
	} {
		f.Add(host)
	}
	listed, err := hosts.New(hosts.Config{Allowed: fuzzAllowed})
	if err != nil {
		f.Fatal(err)
	}
	open, err := hosts.New(hosts.Config{Allowed: []string{"*"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, host string) {
		for _, c := range []struct {
			guard   *hosts.Guard
			allowed []string
		}{{listed, fuzzAllowed}, {open, []string{"*"}}} {
			got := c.guard.Check(host) == nil
			want := django(canonicalIPv6(host), c.allowed) && !stricter(host)
			if got != want {
				t.Errorf("%q with %q: allowed = %t, want %t", host, c.allowed, got, want)
			}
			if got != (c.guard.Check(strings.ToUpper(host)) == nil) && isASCII(host) {
				t.Errorf("%q: case matters", host)
			}
			if got && !strings.Contains(host, ":") && (c.guard.Check(host+":80") != nil) {
				t.Errorf("%q is allowed, but not with a port", host)
			}
			if got && !strings.HasSuffix(host, ".") && !strings.Contains(host, ":") && c.guard.Check(host+".") != nil {
				t.Errorf("%q is allowed, but not with a trailing dot", host)
			}
		}
	})
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(c rune) bool { return c > 0x7e }) < 0 }

// The law: an entry that is taken matches itself, if it names one host, and a list never matches what Django would
// not, but for networks, names in other scripts and spellings of IPv6 addresses.
func FuzzEntry(f *testing.F) {
	for _, entry := range []string{
		"example.com", ".example.com", "*", "10.0.0.0/8", "[::1]", "münchen.de", "http://x", "*.x", "a..b", "1.2.3.4", "127.1", "x:80", "ß.de",
	} {
		f.Add(entry, "example.com")
	}
	f.Fuzz(func(t *testing.T, entry, host string) {
		g, err := hosts.New(hosts.Config{Allowed: []string{entry}})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "hosts: ALLOWED_HOSTS: ") {
				t.Errorf("%q: error %q does not name the setting", entry, err)
			}
			return
		}
		if isASCII(entry) && entry != "*" && !strings.Contains(entry, "/") {
			if err := g.Check(strings.TrimPrefix(entry, ".")); err != nil {
				t.Errorf("%q does not match itself: %v", entry, err)
			}
			if got, want := g.Check(host) == nil, django(canonicalIPv6(host), []string{canonicalIPv6(entry)}) && !stricter(host); got != want {
				t.Errorf("%q with %q: allowed = %t, want %t", host, entry, got, want)
			}
		}
	})
}
