package pages

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNext is Django's bound of where to go after a login.
const maxNext = 2048

// safeNext returns where to go, as a path and query of this site, or "" if next is anything else. It is stricter than
// Django's url_has_allowed_host_and_scheme: an address with a host is refused even if the host is ours, because
// browsers, proxies and applications disagree on what //, \ and encoded forms of them mean, and a path is all that
// our own links need.
func safeNext(next string) string {
	// Browsers drop tabs and line ends before they read an address.
	if len(next) > maxNext || !utf8.ValidString(next) || strings.ContainsFunc(next, odd) {
		return ""
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return ""
	}
	// Of the path as an application sees it, decoded: nothing that a later redirect could make a host of.
	if !plainPath(u.Path) || strings.ContainsFunc(strings.ReplaceAll(u.Path, " ", ""), odd) {
		return ""
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: ascii(u.RawQuery)}).String()
}

// odd reports whether r is of Unicode's category C (control, format, surrogate, private use) or a space.
func odd(r rune) bool { return unicode.Is(unicode.C, r) || unicode.IsSpace(r) }

// plainPath reports whether a decoded path begins with one slash and nothing in it climbs. Browsers take \ for /.
func plainPath(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.ContainsRune(path, '\\') || strings.HasPrefix(path, "//") {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// ascii encodes what may not stand in a header, as browsers do for the query of a page in UTF-8.
func ascii(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c >= utf8.RuneSelf || strings.IndexByte("\"<>'", c) >= 0 {
			b.WriteString("%" + strings.ToUpper(string("0123456789abcdef"[c>>4])+string("0123456789abcdef"[c&15])))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
