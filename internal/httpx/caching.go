package httpx

import (
	"net/http"
	"strings"
)

// Their capacity is their length, so that a later append copies them.
var (
	varyCookie   = []string{"Cookie"}
	cachePrivate = []string{"private"}
)

// VaryCookie adds Cookie to Vary unless it is there.
func VaryCookie(h http.Header) {
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

// Private keeps shared caches from storing an answer that is one visitor's alone, even if the application asked for
// it. Cache-Control keeps what it says besides; without one it becomes private.
func Private(h http.Header) {
	if PrivateByDefault(h) {
		return
	}
	dropOutranking(h)
	var kept []string
	private := false
	for _, line := range h["Cache-Control"] {
		for line != "" {
			var directive string
			directive, line = cutDirective(line)
			name, _, valued := strings.Cut(strings.ToLower(directive), "=")
			switch name = strings.TrimSpace(name); {
			case name == "no-store":
				return
			case name == "private" && !valued: // private="X-Header" covers that header alone
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

// PrivateByDefault does what [Private] does, and reports so, if nobody has said yet how the answer may be cached.
func PrivateByDefault(h http.Header) bool {
	if len(h["Cache-Control"]) != 0 {
		return false
	}
	dropOutranking(h)
	h["Cache-Control"] = cachePrivate
	return true
}

// dropOutranking removes what outranks Cache-Control where it is known (RFC 9213).
func dropOutranking(h http.Header) {
	delete(h, "Cdn-Cache-Control")
	delete(h, "Surrogate-Control")
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
