package csp_test

import (
	"encoding/base64"
	"math/rand/v2"
	"slices"
	"strings"
)

// generator makes policies: right ones, weak ones and ones with mistakes.
type generator struct {
	*rand.Rand
	listed []string // sources that allow, or nearly allow, what the evaluator lists
}

func newGenerator(r *rand.Rand, l lists) *generator {
	g := &generator{Rand: r}
	for _, url := range slices.Concat(l.Angular, l.JSONP) {
		address := strings.TrimPrefix(url, "//")
		host, path, _ := strings.Cut(address, "/")
		dir := path[:strings.LastIndexByte(path, '/')+1]
		_, domain, _ := strings.Cut(host, ".")
		g.listed = append(g.listed, host, "https://"+host, address, host+"/"+dir, host+"/other/file.js", host+"/other/",
			host+":8443", "x."+host, "*."+host, "*."+domain, strings.ToUpper(host))
	}
	return g
}

func pick[T any](g *generator, values ...T) T { return values[g.IntN(len(values))] }

// odds reports true once in n times.
func (g *generator) odds(n int) bool { return g.IntN(n) == 0 }

var (
	codeDirectives = []string{"default-src", "script-src", "script-src-elem", "script-src-attr", "style-src",
		"style-src-elem", "style-src-attr"}
	fetchOnly = []string{"img-src", "font-src", "connect-src", "media-src", "manifest-src", "object-src",
		"child-src", "frame-src",
		"worker-src", "base-uri", "form-action", "frame-ancestors"}
	misspelt = []string{"script", "scripts-src", "script_src", "defaultsrc", "frame-ancestor", "img-src:", "foobar-src",
		"block-all-mixed-content", "plugin-types", "reflected-xss", "referrer", "prefetch-src", "navigate-to", "disown-opener",
		"webrtc", "require-sri-for"}
)

func (g *generator) policy() string {
	if g.odds(20) {
		return g.strict()
	}
	var parts []string
	add := func(name string, values ...string) {
		parts = append(parts, strings.Join(append([]string{g.spell(name)}, values...), pick(g, " ", " ", "  ", "\t")))
	}
	for _, name := range codeDirectives {
		if likely := name == "script-src" || name == "default-src"; likely && !g.odds(3) || g.odds(6) {
			add(name, g.sources(true)...)
		}
	}
	for _, name := range fetchOnly {
		switch likely := name == "object-src" || name == "base-uri"; {
		case likely && g.odds(3):
			add(name, pick(g, "'none'", "'self'"))
		case likely && g.odds(3) || g.odds(9):
			add(name, g.sources(false)...)
		}
	}
	g.others(add)
	if len(parts) > 0 && g.odds(8) { // the same directive again, with another list
		name, _, _ := strings.Cut(strings.Fields(parts[g.IntN(len(parts))])[0], ";")
		add(name, g.sources(true)...)
	}
	g.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	text := strings.Join(parts, pick(g, "; ", ";", " ; ", ";;"))
	switch {
	case g.odds(40): // a semicolon forgotten
		text = strings.Replace(text, ";", " ", 1)
	case g.odds(60):
		text = strings.Replace(text, ";", ",", 1)
	case g.odds(80):
		text = strings.Replace(text, " ", "\n", 1)
	}
	return text + pick(g, "", "", ";")
}

// strict makes a policy of the kind that the evaluator's authors recommend, with fallbacks for old browsers.
func (g *generator) strict() string {
	key := pick(g, "'nonce-"+g.base64(16)+"'", "'sha256-"+g.base64(32)+"'")
	return pick(g, "script-src ", "script-src ", "default-src ") + key + pick(g, " ", " 'strict-dynamic' ") +
		pick(g, "", "'unsafe-inline' ", "https: 'unsafe-inline' ", "https: http: 'unsafe-inline' 'unsafe-eval' ") +
		pick(g, "", "; object-src 'none'") + pick(g, "; base-uri 'none'", "; base-uri 'self'", "")
}

// others adds directives that list no sources, and mistakes.
func (g *generator) others(add func(string, ...string)) {
	for name, values := range map[string][]string{
		"sandbox":                   {"", "allow-forms", "allow-scripts", "allow-everything"},
		"require-trusted-types-for": {"'script'", "'style'"},
		"trusted-types":             {"", "a default", "nonce-maker", "'none'", "'allow-duplicates'", "'other'"},
		"report-uri":                {"/csp", "https://c.example/r", "http://c.example/r", "relative"},
		"report-to":                 {"csp", "a b"},
		"upgrade-insecure-requests": {"", "", "1"},
	} {
		if g.odds(8) {
			add(name, strings.Fields(pick(g, values...))...)
		}
	}
	if g.odds(12) {
		add(pick(g, misspelt...), g.sources(true)...)
	}
}

// spell writes a directive's name in some letter case.
func (g *generator) spell(name string) string {
	switch g.IntN(12) {
	case 0:
		return strings.ToUpper(name)
	case 1:
		return strings.ToUpper(name[:1]) + name[1:]
	}
	return name
}

// sources returns a list; code is whether nonces and the like belong into it.
func (g *generator) sources(code bool) []string {
	if g.odds(25) {
		return nil
	}
	if g.odds(6) {
		return []string{pick(g, "'none'", "'NONE'", "'self'")}
	}
	list := make([]string, 1+g.IntN(5))
	for i := range list {
		list[i] = g.source(code || g.odds(40))
	}
	return list
}

func (g *generator) source(code bool) string {
	if code && g.odds(2) {
		return g.codeSource()
	}
	switch g.IntN(14) {
	case 0:
		return pick(g, "*", "http://*", "https://*", "wss://*", "*:443", "*:*", "https://*:8443", "https://*/dir/")
	case 1:
		return pick(g, "https:", "http:", "data:", "HTTPS:", "Data:", "blob:", "filesystem:", "mediastream:", "wss:", "custom:")
	case 2:
		return pick(g, "http://a.example", "http://a.example/x.js", "HTTP://a.example", "http://*.a.example", "ws://a.example")
	case 3:
		return pick(g, "127.0.0.1", "192.0.2.1", "http://192.0.2.1:8080", "https://[::1]", "[::1]")
	case 4:
		return pick(g, "self", "none", "unsafe-inline", "nonce-abcdefgh", "sha256-asdf", "'self", "\"self\"",
			"'foo-bar'", "'unsafe-inlines'",
			"a..example", "a.*.example", "a.example:0", "a.example:x", "b\u00fccher.example", "https://a.example/?q",
			"//a.example", "object-src", "img-src")
	case 5:
		return pick(g, "*.github.io", "*.herokuapp.com", "*.s3.amazonaws.com", "unpkg.com", "https://esm.sh/", "*.com",
			"*.googleapis.com", "me.github.io")
	case 6, 7, 8:
		return g.listed[g.IntN(len(g.listed))]
	case 9:
		return pick(g, "'self'", "'SELF'", "'none'")
	}
	return pick(g, "", "https://", "wss://") + pick(g, "a.example", "*.a.example", "static.A.example", "localhost") +
		pick(g, "", "", ":443", ":*") + pick(g, "", "", "/", "/dir/", "/x.js")
}

func (g *generator) codeSource() string {
	switch g.IntN(12) {
	case 0, 1:
		return pick(g, "'unsafe-inline'", "'unsafe-inline'", "'Unsafe-Inline'")
	case 2:
		return pick(g, "'unsafe-eval'", "'UNSAFE-EVAL'")
	case 3, 4:
		return "'nonce-" + g.base64(16) + "'"
	case 5:
		return pick(g, "'nonce-abc'", "'nonce-abcdefgh'", "'nonce-notBase64*'", "'nonce-"+g.base64(6)+"'",
			"'nonce-"+g.base64(15)+"'")
	case 6:
		return pick(g, "'sha256-"+g.base64(32), "'sha384-"+g.base64(48), "'sha512-"+g.base64(64)) + "'"
	case 7:
		return pick(g, "'sha256-short'", "'sha256-no$'", "'sha1-"+g.base64(20)+"'")
	case 8, 9:
		return "'strict-dynamic'"
	}
	return pick(g, "'self'", "'unsafe-hashes'", "'wasm-unsafe-eval'", "'report-sample'",
		"'inline-speculation-rules'", "'trusted-types-eval'",
		"'report-sha256'", "'wasm-eval'", "'nonce'")
}

func (g *generator) base64(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return pick(g, base64.StdEncoding, base64.RawURLEncoding).EncodeToString(b)
}
