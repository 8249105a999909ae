package session

import (
	"net/http"
	"strings"
)

// Constant headers. Their capacity is their length, so that a later Add copies them.
var (
	varyCookie   = []string{"Cookie"}
	cachePrivate = []string{"private"}
)

// cacheHeaders keeps shared caches from handing one visitor's answer, or session cookie, to another.
func (s *Session) cacheHeaders(h http.Header) {
	addVary(h)
	switch {
	case s.token == "" && len(h["Set-Cookie"]) == 0:
	case len(h["Cache-Control"]) == 0:
		h["Cache-Control"] = cachePrivate
	case len(h["Set-Cookie"]) != 0:
		makePrivate(h)
	}
}

// addVary adds Cookie to Vary unless it is there.
func addVary(h http.Header) {
	have := h["Vary"]
	for _, line := range have {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, "Cookie") {
				return
			}
		}
	}
	if have == nil {
		h["Vary"] = varyCookie
		return
	}
	h["Vary"] = append(have, "Cookie")
}

// makePrivate replaces what lets a shared cache keep an answer that sets a cookie, even if the application asked for
// it: everybody would get this visitor's session. The field forms of private and no-cache, which name a header, are
// understood by too few caches to count.
func makePrivate(h http.Header) {
	h.Del("Cdn-Cache-Control") // RFC 9213: these outrank Cache-Control where they are known
	h.Del("Surrogate-Control")
	var kept []string
	private := false
	for _, line := range h["Cache-Control"] {
		for line != "" {
			var directive string
			directive, line = cutDirective(line)
			name, _, field := strings.Cut(strings.ToLower(directive), "=")
			switch name = strings.TrimSpace(name); {
			case name == "no-store":
				return
			case name == "private" && !field:
				private = true
			case name == "", name == "public", name == "s-maxage", name == "proxy-revalidate", name == "private":
				continue
			}
			kept = append(kept, directive)
		}
	}
	if !private {
		kept = append(kept, "private")
	}
	h["Cache-Control"] = []string{strings.Join(kept, ", ")}
}

// cutDirective cuts a Cache-Control line at its first comma outside quotes.
func cutDirective(line string) (directive, rest string) {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return strings.TrimSpace(line[:i]), line[i+1:]
		}
	}
	return strings.TrimSpace(line), ""
}
