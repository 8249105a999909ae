package csrf

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// trusted is the set of trusted origins. Its size does not change what a look-up costs.
type trusted struct {
	exact map[origin]struct{} // these
	below map[origin]struct{} // whatever is one label below these

	// Django compares text, and looks at any depth and, in a Referer, at the host alone.
	texts, netlocs           map[string]struct{}
	textsBelow, netlocsBelow map[string]struct{}
}

// pattern is one valid entry.
type pattern struct {
	origin
	wildcard bool
}

const originsSetting = "CSRF_TRUSTED_ORIGINS"

// newTrusted returns the set of entries, or every mistake in them.
func newTrusted(entries []string, django bool) (*trusted, error) {
	t := &trusted{exact: map[origin]struct{}{}, below: map[origin]struct{}{},
		texts: map[string]struct{}{}, netlocs: map[string]struct{}{},
		textsBelow: map[string]struct{}{}, netlocsBelow: map[string]struct{}{}}
	var errs []error
	for i, entry := range entries {
		p, fault := parsePattern(entry, django)
		if fault != "" {
			errs = append(errs, fmt.Errorf("csrf: %s: entry %d: %s", originsSetting, i+1, fault))
			continue
		}
		t.add(p)
	}
	return t, errors.Join(errs...)
}

func (t *trusted) add(p pattern) {
	if p.wildcard {
		t.below[p.origin] = struct{}{}
		t.textsBelow[p.String()] = struct{}{}
		t.netlocsBelow[p.authority()] = struct{}{}
		return
	}
	t.exact[p.origin] = struct{}{}
	t.texts[p.String()] = struct{}{}
	t.netlocs[p.authority()] = struct{}{}
}

// empty reports whether no origin is trusted.
func (t *trusted) empty() bool { return len(t.exact) == 0 && len(t.below) == 0 }

// has reports whether o is trusted: itself, or because it stands one label below a wildcard's domain.
func (t *trusted) has(o origin) bool {
	if _, ok := t.exact[o]; ok {
		return true
	}
	if len(t.below) == 0 {
		return false
	}
	label, parent, _ := strings.Cut(o.host, ".")
	_, ok := t.below[origin{o.scheme, parent, o.port}]
	return ok && label != ""
}

// parsePattern returns what an entry means, or what is wrong with it and what to do.
func parsePattern(entry string, django bool) (p pattern, fault string) {
	if strings.Contains(entry, "@") {
		return p, "it holds a user name or a password: leave out everything up to the @" // and do not repeat it
	}
	scheme, authority, ok := strings.Cut(entry, "://")
	if !ok {
		return p, noScheme(entry)
	}
	if p.wildcard = strings.HasPrefix(authority, "*."); p.wildcard {
		authority = authority[2:]
	}
	if fault := faultOfEntry(entry, scheme, authority); fault != "" {
		return p, fault
	}
	p.origin, ok = newOrigin(scheme, authority)
	switch {
	case !ok:
		return p, fmt.Sprintf("%q is not an origin: write scheme, host and, if it is not the default, port, "+
			"such as https://example.com:8443", entry)
	case !p.wildcard:
		return p, ""
	case p.isAddr():
		return p, fmt.Sprintf("%q: nothing stands below an address: list the origins one by one", entry)
	case django:
		return p, ""
	case p.scheme != "https":
		return p, fmt.Sprintf("%q: a wildcard needs https, because anybody on the network can answer for any "+
			"name over http: write \"https://*.%s\"", entry, p.authority())
	}
	return p, ""
}

func noScheme(entry string) string {
	switch {
	case entry == "":
		return "it is empty: remove it"
	case entry == "null":
		return `"null" is what every sandboxed page sends: list the site's real origin`
	case strings.Trim(entry, "*.") == "":
		return fmt.Sprintf("%q would trust every site: list the origins one by one", entry)
	}
	return fmt.Sprintf("%q has no scheme: write %q", entry, "https://"+entry)
}

// faultOfEntry names the mistakes that have a remedy of their own.
func faultOfEntry(entry, scheme, authority string) string {
	path := strings.IndexAny(authority, `/?#\`)
	switch {
	case !validScheme(scheme):
		return fmt.Sprintf("%q: %q is not a scheme: write https", entry, scheme)
	case path > 0:
		return fmt.Sprintf("%q holds more than an origin: write %q", entry, entry[:len(entry)-len(authority)+path])
	case authority == "" || strings.Trim(authority, "*.") == "":
		return fmt.Sprintf("%q names no host: write one, such as https://example.com", entry)
	case strings.HasPrefix(authority, "*"):
		return fmt.Sprintf("%q: a wildcard stands for a whole label: write %q for what is below it, or %q",
			entry, scheme+"://*."+strings.TrimLeft(authority, "*."), scheme+"://"+strings.TrimLeft(authority, "*."))
	case strings.Contains(authority, "*"):
		return fmt.Sprintf("%q: a wildcard can only be the first label: list the origins one by one, or write "+
			"https://*.example.com", entry)
	}
	for i := range len(authority) {
		if authority[i] >= 0x80 {
			return fmt.Sprintf("%q: browsers send international names in their xn-- form: write that", entry)
		}
	}
	return ""
}

func (o origin) isAddr() bool {
	_, err := netip.ParseAddr(strings.Trim(o.host, "[]"))
	return err == nil
}
