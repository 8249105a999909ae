package https

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

const (
	maxTarget     = 16384 // as in Django; longer targets are refused
	maxExempt     = 100   // patterns
	maxPattern    = 1000  // bytes of a pattern
	maxExemptPath = 8192  // bytes of a path; longer ones are never exempt
)

// Target returns where r is redirected to if it names host, and with which status; or with which status it is refused
// and why. It is always https, an authority and an absolute path: the path and the query cannot change the authority.
//
// The port of host is kept, as Django keeps it, save 80, where nobody speaks HTTPS. If HTTPS has a port of its own,
// Config.Host says so.
func (g *Guard) Target(host string, r *http.Request) (target string, status int, err error) {
	if g.host != "" {
		host = g.host
	}
	host = strings.TrimSuffix(host, ":80")
	if !validHost(host) {
		return "", http.StatusBadRequest, errors.New("https: the request names no valid host to redirect to")
	}
	path := r.URL.EscapedPath()
	if path == "" && r.URL.Host != "" && r.Method != http.MethodConnect { // GET http://example.com HTTP/1.1
		path = "/"
	}
	if !strings.HasPrefix(path, "/") {
		return "", http.StatusBadRequest, errors.New("https: the request target is not a path")
	}
	// A second slash is escaped, so that no later hop can take the path alone for a host: /%2Fevil.com.
	if strings.HasPrefix(path, "//") {
		path = "/%2F" + path[2:]
	}
	target = "https://" + host + path
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		target += "?" + escapeQuery(r.URL.RawQuery)
	}
	if len(target) > maxTarget {
		return "", http.StatusRequestURITooLong, errors.New("https: the request target is too long to redirect to")
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return target, http.StatusMovedPermanently, nil
	}
	return target, http.StatusPermanentRedirect, nil
}

// escapeQuery escapes what may not stand in a header or would end the query; %-escapes stay as they are.
func escapeQuery(q string) string {
	if strings.IndexFunc(q, func(c rune) bool { return !plain(c) }) < 0 {
		return q
	}
	var b strings.Builder
	for i := range len(q) {
		if plain(rune(q[i])) {
			b.WriteByte(q[i])
			continue
		}
		fmt.Fprintf(&b, "%%%02X", q[i])
	}
	return b.String()
}

// plain reports whether c may stand in a query as it is.
func plain(c rune) bool { return c > ' ' && c < 0x7f && !strings.ContainsRune("\"#<>\\^`{|}", c) }

// validHost reports whether host is a name or an address, perhaps with a port, and nothing else: no user information,
// no path, no zone, nothing that needs escaping.
func validHost(host string) bool {
	name, port := host, ""
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 {
			return false
		}
		addr, err := netip.ParseAddr(host[1:end])
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return false
		}
		return end+1 == len(host) || host[end+1] == ':' && validPort(host[end+2:])
	}
	if i := strings.IndexByte(host, ':'); i >= 0 {
		if name, port = host[:i], host[i+1:]; !validPort(port) {
			return false
		}
	}
	return strings.Trim(name, ".") != "" && len(name) <= 255 && strings.IndexFunc(name, notName) < 0
}

func notName(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-')
}

// validPort reports whether s is a port in digits.
func validPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// checkHost refuses a Config.Host that no redirect can lead to.
func checkHost(host string) error {
	if host == "" || validHost(host) {
		return nil
	}
	return fmt.Errorf("https: SECURE_SSL_HOST: %q is not a host: write a name, perhaps with a port,"+
		" such as example.com:8443", host)
}

// compileExempt compiles the patterns and refuses those that can never match what they are matched against.
func compileExempt(patterns []string) ([]*regexp.Regexp, error) {
	var errs []error
	bad := func(p, why string) { errs = append(errs, fmt.Errorf("https: SECURE_REDIRECT_EXEMPT: %q: %s", p, why)) }
	if len(patterns) > maxExempt {
		errs = append(errs, fmt.Errorf("https: SECURE_REDIRECT_EXEMPT: %d patterns: write at most %d",
			len(patterns), maxExempt))
		patterns = patterns[:maxExempt]
	}
	var compiled []*regexp.Regexp
	for _, p := range patterns {
		re, err := regexp.Compile(p)
		switch {
		case p == "":
			bad(p, "an empty pattern exempts every path: remove it")
		case len(p) > maxPattern:
			bad(p[:20]+"…", fmt.Sprintf("longer than %d bytes: split it", maxPattern))
		case strings.Contains(p, "://"):
			bad(p, "names a host, but only paths are matched: write the path without its leading slash")
		case strings.HasPrefix(p, "/"), strings.HasPrefix(p, "^/"):
			bad(p, "can never match, because the path has lost its leading slash: remove the slash from the pattern")
		case err != nil:
			bad(p, "not a regular expression that Go knows (there is no lookaround): "+err.Error())
		default:
			compiled = append(compiled, re)
		}
	}
	return compiled, errors.Join(errs...)
}
