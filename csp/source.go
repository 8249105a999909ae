package csp

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Source is one expression of a directive's value: a keyword in single quotes, a scheme with its colon, a host, or,
// in the directives that list something else, a token.
type Source string

// The keywords. [NonceSource] is a placeholder: an answer that asks for a nonce gets its own in its place.
const (
	Self                   Source = "'self'"
	None                   Source = "'none'"
	NonceSource            Source = "'nonce'"
	StrictDynamic          Source = "'strict-dynamic'"
	UnsafeInline           Source = "'unsafe-inline'"
	UnsafeEval             Source = "'unsafe-eval'"
	UnsafeHashes           Source = "'unsafe-hashes'"
	WasmUnsafeEval         Source = "'wasm-unsafe-eval'"
	TrustedTypesEval       Source = "'trusted-types-eval'"
	InlineSpeculationRules Source = "'inline-speculation-rules'"
	ReportSample           Source = "'report-sample'"
)

// The scheme sources that are asked for most. Allowing one for scripts allows every script; [Grade] says so.
const (
	HTTPS Source = "https:"
	Data  Source = "data:"
	Blob  Source = "blob:"
)

// Hash returns the source that allows exactly this inline script or style: what stands between the tags, byte by byte.
func Hash(inline string) Source {
	sum := sha256.Sum256([]byte(inline))
	return Source("'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
}

// keywords says which quoted words there are, and whether they mean something only where code is listed.
var keywords = map[Source]kind{
	Self: fetch, None: fetch,
	NonceSource: code, StrictDynamic: code, UnsafeInline: code, UnsafeEval: code, UnsafeHashes: code,
	WasmUnsafeEval: code, TrustedTypesEval: code, InlineSpeculationRules: code, ReportSample: code,
	"'report-sha256'": code, "'report-sha384'": code, "'report-sha512'": code,
}

var sandboxTokens = words(`allow-downloads allow-forms allow-modals allow-orientation-lock allow-pointer-lock
	allow-popups allow-popups-to-escape-sandbox allow-presentation allow-same-origin allow-scripts
	allow-storage-access-by-user-activation allow-top-navigation allow-top-navigation-by-user-activation
	allow-top-navigation-to-custom-protocols`)

func words(s string) map[Source]bool {
	m := map[Source]bool{}
	for w := range strings.FieldsSeq(s) {
		m[Source(w)] = true
	}
	return m
}

// problem says what is wrong with s in a directive of kind k and what to do, or nothing.
func (s Source) problem(k kind) string {
	if s == "" || strings.ContainsFunc(string(s), func(r rune) bool { return r <= ' ' || r > '~' || r == ';' || r == ',' }) {
		return "is empty or holds a character that a policy cannot: write %3B for a semicolon and %2C for a comma"
	}
	if name := string(s.lower()); byName(name) != nil || removed[name] != "" {
		return "is a directive: put a semicolon before it"
	}
	switch k {
	case sandbox:
		if !sandboxTokens[s] {
			return "is no token of sandbox: see the HTML specification"
		}
		return ""
	case trustedTypesFor:
		if s != "'script'" {
			return "is not 'script', the only value there is"
		}
		return ""
	case trustedTypes:
		return s.trustedTypesProblem()
	case reportURI, reportTo:
		return s.reportProblem(k)
	}
	if strings.ContainsAny(string(s), "'\"") {
		return s.quotedProblem(k)
	}
	if q := Source("'" + string(s) + "'"); keywords[q.lower()] != 0 || q.isNonce() || q.looksLikeHash() {
		return "is taken for a host: write it in single quotes"
	}
	return s.hostProblem()
}

func (s Source) lower() Source { return Source(strings.ToLower(string(s))) }

func (s Source) quotedProblem(k kind) string {
	need, known := keywords[s]
	switch {
	case known && (need == fetch || k == code), k == code && (s.isNonce() || s.isHash()):
		return ""
	case known || s.isNonce() || s.isHash():
		return "means nothing here: it belongs to default-src, script-src or style-src"
	}
	return "is no keyword: see the constants of package csp for those there are"
}

// isNonce reports whether s is a nonce already made, as in the header of an answer.
func (s Source) isNonce() bool {
	v, a := strings.CutPrefix(string(s), "'nonce-")
	v, b := strings.CutSuffix(v, "'")
	return a && b && base64Value(v)
}

// looksLikeHash reports whether s is a hash, be it of the wrong length.
func (s Source) looksLikeHash() bool {
	algorithm, v, _ := strings.Cut(strings.TrimSuffix(string(s), "'"), "-")
	return slices.Contains([]string{"'sha256", "'sha384", "'sha512"}, algorithm) && base64Value(v)
}

// isHash reports whether s is a hash of the right length for its algorithm.
func (s Source) isHash() bool {
	for prefix, size := range map[string]int{"'sha256-": 32, "'sha384-": 48, "'sha512-": 64} {
		v, a := strings.CutPrefix(string(s), prefix)
		v, b := strings.CutSuffix(v, "'")
		if a && b && base64Value(v) && len(strings.TrimRight(v, "=")) == base64.RawStdEncoding.EncodedLen(size) {
			return true
		}
	}
	return false
}

// base64Value reports whether s is what the specification calls base64-value: either alphabet, padding optional.
func base64Value(s string) bool {
	body := strings.TrimRight(s, "=")
	return body != "" && len(s)-len(body) <= 2 && !strings.ContainsFunc(body, func(r rune) bool {
		return !alphanumeric(r) && !strings.ContainsRune("+/-_", r)
	})
}

func alphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

func (s Source) trustedTypesProblem() string {
	if s == None || s == "'allow-duplicates'" || s == "*" {
		return ""
	}
	if strings.ContainsFunc(string(s), func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune("-#=_/@.%", r) }) {
		return "is no name of a Trusted Types policy"
	}
	return ""
}

func (s Source) reportProblem(k kind) string {
	if k == reportTo {
		if strings.ContainsFunc(string(s), func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune("-_.*", r) }) {
			return "is no name of an endpoint: use letters, digits and hyphens"
		}
		return ""
	}
	if strings.HasPrefix(string(s), "/") || strings.HasPrefix(string(s), "https://") || strings.HasPrefix(string(s), "http://") {
		return ""
	}
	return "is no address to report to: use a path or https://"
}

// host is a host source in its pieces.
type host struct{ scheme, name, port, path string }

// split cuts s into pieces. A scheme source, such as https:, has a scheme and no name.
func (s Source) split() host {
	var h host
	rest := string(s)
	if scheme, after, ok := strings.Cut(rest, "://"); ok {
		h.scheme, rest = scheme, after
	} else if scheme, ok := strings.CutSuffix(rest, ":"); ok {
		return host{scheme: scheme}
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		rest, h.path = rest[:i], rest[i:]
	}
	name, port, colon := strings.Cut(rest, ":")
	if colon && port == "" {
		port = ":" // no number: a colon alone is no port
	}
	h.name, h.port, h.scheme = strings.ToLower(name), port, strings.ToLower(h.scheme)
	return h
}

func (s Source) hostProblem() string {
	h := s.split()
	switch {
	case h.scheme != "" && !schemeName(h.scheme):
		return "has no valid scheme: write it as https: or https://host"
	case h.name == "" && (h.scheme == "" || !strings.HasSuffix(string(s), ":")):
		return "names no host: write it as example.com, *.example.com or https://example.com"
	case h.name != "" && h.name != "*" && !hostName(strings.TrimPrefix(h.name, "*.")):
		return "is no host that a policy can hold: use a name in ASCII (punycode), * only as its first label, no IPv6 address"
	case h.port != "" && h.port != "*" && !portNumber(h.port):
		return "has no valid port"
	case strings.ContainsAny(h.path, "?#"):
		return "has a query or a fragment, which browsers ignore: end it with the path"
	}
	return ""
}

func schemeName(s string) bool {
	return s != "" && alphanumeric(rune(s[0])) && (s[0] < '0' || s[0] > '9') && !strings.ContainsFunc(s, func(r rune) bool {
		return !alphanumeric(r) && !strings.ContainsRune("+-.", r)
	})
}

func hostName(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool { return !alphanumeric(r) && r != '-' && r != '_' }) {
			return false
		}
	}
	return true
}

func portNumber(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s == fmt.Sprint(n)
}
