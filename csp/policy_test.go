package csp_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/csp"
)

// list saves the rows below from repeating the type.
func list(sources ...csp.Source) []csp.Source { return sources }

var validPolicies = []struct {
	name, in, want string
}{
	{"nothing", "", ""},
	{"separators alone", " ; ;", ""},
	{"one directive", "default-src 'self'", "default-src 'self'"},
	{"a trailing semicolon", "default-src 'self';", "default-src 'self'"},
	{"directives come in a fixed order", "img-src data:; default-src 'none'", "default-src 'none'; img-src data:"},
	{"spaces and tabs", " script-src\t'self'   https://a.example ;img-src *", "script-src 'self' https://a.example; img-src *"},
	{"names and keywords in any case", "Default-Src 'SELF' 'Unsafe-Inline'", "default-src 'self' 'unsafe-inline'"},
	{"a source given twice", "img-src a.example a.example", "img-src a.example"},
	{"no source is 'none'", "img-src", "img-src 'none'"},
	{"the nonce's place", "script-src 'nonce' 'strict-dynamic'", "script-src 'nonce' 'strict-dynamic'"},
	{"a nonce as sent", "script-src 'nonce-3q2-7wAAAAAAAAAAAAAAAA'", "script-src 'nonce-3q2-7wAAAAAAAAAAAAAAAA'"},
	{"a hash", "script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
		"script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"},
	{"hosts of every shape", "connect-src * *.a.example a.example:8080 a.example:* wss://a.example https://*.a.example/p/",
		"connect-src * *.a.example a.example:8080 a.example:* wss://a.example https://*.a.example/p/"},
	{"schemes", "img-src https: data: blob: mediastream:", "img-src https: data: blob: mediastream:"},
	{"schemes in capitals", "img-src HTTPS: https: Data:", "img-src https: data:"},
	{"a port without a scheme is no scheme", "connect-src localhost:8080", "connect-src localhost:8080"},
	{"bare sandbox", "sandbox", "sandbox"},
	{"sandbox with tokens", "sandbox allow-forms allow-scripts", "sandbox allow-forms allow-scripts"},
	{"trusted types", "require-trusted-types-for 'script'; trusted-types a#b default 'allow-duplicates'",
		"require-trusted-types-for 'script'; trusted-types a#b default 'allow-duplicates'"},
	{"the flag", "upgrade-insecure-requests", "upgrade-insecure-requests"},
	{"reports go last", "report-to main; report-uri /r https://c.example/r; default-src 'self'",
		"default-src 'self'; report-uri /r https://c.example/r; report-to main"},
}

func TestParse(t *testing.T) {
	for _, tt := range validPolicies {
		p, err := csp.Parse(tt.in)
		if got := p.String(); err != nil || got != tt.want {
			t.Errorf("%s: Parse(%q) = %q, %v, want %q", tt.name, tt.in, got, err, tt.want)
		}
	}
}

// invalidPolicies are refused; the error says what is meant, and rest is what was understood.
var invalidPolicies = []struct {
	name, in, mention, rest string
}{
	{"an unknown directive", "scrip-src 'self'; img-src *", "scrip-src", "img-src *"},
	{"a removed directive", "block-all-mixed-content", "remove it", ""},
	{"the same directive twice", "img-src a.example; img-src *", "twice", "img-src a.example"},
	{"two policies (badinput 45)", "img-src a.example, img-src *", "comma", ""},
	{"a line break (badinput 45)", "img-src a.example\r\nSet-Cookie: a=b", "character", "img-src 'none'"},
	{"NUL (badinput 45)", "img-src a\x00.example", "character", "img-src 'none'"},
	{"a keyword without quotes", "script-src self", "single quotes", "script-src 'none'"},
	{"a keyword without quotes in capitals", "script-src None", "single quotes", "script-src 'none'"},
	{"a nonce without quotes", "script-src nonce-3q2+7w==", "single quotes", "script-src 'none'"},
	{"a hash without quotes", "script-src sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "single quotes", "script-src 'none'"},
	{"a hash of the wrong length without quotes", "script-src sha256-AAAA", "single quotes", "script-src 'none'"},
	{"no semicolon before the next directive", "default-src 'self' Script-Src a.example", "semicolon", "default-src 'self' a.example"},
	{"no semicolon before a removed directive", "img-src a.example plugin-types", "semicolon", "img-src a.example"},
	{"no semicolon after names", "trusted-types a object-src", "semicolon", "trusted-types a"},
	{"a directive that browsers never had", "webrtc 'block'", "remove it", ""},
	{"double quotes", `script-src "self"`, "no keyword", "script-src 'none'"},
	{"a missing quote", "script-src 'self", "no keyword", "script-src 'none'"},
	{"a misspelled keyword", "script-src 'unsafe-inlines' 'self'", "unsafe-inlines", "script-src 'self'"},
	{"a hash of the wrong length", "script-src 'sha256-AAAA'", "no keyword", "script-src 'none'"},
	{"'none' beside others", "img-src 'none' a.example", "'none'", "img-src a.example"},
	{"a keyword for code where there is none", "img-src 'unsafe-inline'", "means nothing here", "img-src 'none'"},
	{"a nonce in base-uri", "base-uri 'nonce'", "means nothing here", "base-uri 'none'"},
	{"a query", "img-src https://a.example/p?q", "query", "img-src 'none'"},
	{"an IPv6 address", "img-src https://[::1]", "IPv6", "img-src 'none'"},
	{"an IDN in Unicode", "img-src https://bücher.example", "character", "img-src 'none'"},
	{"a wildcard that is not the first label", "img-src a.*.example", "first label", "img-src 'none'"},
	{"port 0", "img-src a.example:0", "port", "img-src 'none'"},
	{"port 65536", "img-src a.example:65536", "port", "img-src 'none'"},
	{"a colon without a port", "img-src https://a.example:", "port", "img-src 'none'"},
	{"one slash after the scheme", "img-src https:/a.example", "port", "img-src 'none'"},
	{"a port that is no number", "img-src a.example:+80", "port", "img-src 'none'"},
	{"no host", "img-src ://", "host", "img-src 'none'"},
	{"no host after the scheme", "img-src https://", "host", "img-src 'none'"},
	{"a bad sandbox token", "sandbox allow-everything", "sandbox", "sandbox"},
	{"a value of the flag", "upgrade-insecure-requests 1", "no value", ""},
	{"no address", "report-uri", "no value", ""},
	{"a relative address", "report-uri r", "report-uri", ""},
	{"two endpoints", "report-to a b", "one endpoint", "report-to a"},
	{"trusted types for styles", "require-trusted-types-for 'style'", "'script'", ""},
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range invalidPolicies {
		p, err := csp.Parse(tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.mention) {
			t.Errorf("%s: Parse(%q): error %v, want one that mentions %q", tt.name, tt.in, err, tt.mention)
		}
		if got := p.String(); got != tt.rest {
			t.Errorf("%s: Parse(%q) understood %q, want %q", tt.name, tt.in, got, tt.rest)
		}
	}
}

func TestParseReportsEveryMistake(t *testing.T) {
	_, err := csp.Parse("scrip-src 'self'; img-src self 'x'; sandbox a")
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 4 {
		t.Errorf("%d mistakes, want 4:\n%v", len(lines), err)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "csp: ") {
			t.Errorf("%q does not begin with its part", line)
		}
	}
}

func TestStringOfPolicy(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    csp.Policy
		want string
	}{
		{"the zero Policy", csp.Policy{}, ""},
		{"an empty list allows nothing and does not vanish", csp.Policy{ImgSrc: []csp.Source{}}, "img-src 'none'"},
		{"an empty sandbox takes everything away", csp.Policy{Sandbox: []csp.Source{}}, "sandbox"},
		{"an empty list of collectors is left out", csp.Policy{ReportURI: []csp.Source{}, ImgSrc: list("*")}, "img-src *"},
		{"the strict policy", csp.Strict(), "default-src 'self'; script-src 'self' 'nonce'; style-src 'self' 'nonce'; " +
			"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; upgrade-insecure-requests"},
	} {
		if got := tt.p.String(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestStrictIsFresh(t *testing.T) {
	p := csp.Strict()
	p.ScriptSrc[0] = "*"
	if got := csp.Strict().ScriptSrc[0]; got != "'self'" {
		t.Errorf("after a change of one copy the next begins with %s", got)
	}
}

func TestText(t *testing.T) {
	var p csp.Policy
	if err := p.UnmarshalText([]byte("img-src 'self'")); err != nil {
		t.Fatal(err)
	}
	if b, err := p.MarshalText(); err != nil || string(b) != "img-src 'self'" {
		t.Errorf("MarshalText = %q, %v", b, err)
	}
	if err := p.UnmarshalText([]byte("img-src self")); err == nil {
		t.Error("a mistake was accepted")
	}
	if got := p.String(); got != "img-src 'self'" {
		t.Errorf("a refused text changed the policy to %q", got)
	}
	if err := p.UnmarshalText(nil); err != nil || !p.IsZero() {
		t.Errorf("blank text: %v, %q", err, p)
	}
}

func TestWith(t *testing.T) {
	for _, tt := range []struct{ name, policy, extra, want string }{
		{"a list grows", "img-src 'self'", "img-src a.example", "img-src 'self' a.example"},
		{"a new list begins with its fallback", "default-src 'self'", "frame-src a.example",
			"default-src 'self'; frame-src 'self' a.example"},
		{"the nearest fallback counts", "default-src 'self'; child-src c.example", "frame-src a.example",
			"default-src 'self'; child-src c.example; frame-src c.example a.example"},
		{"'none' gives way", "default-src 'none'; img-src 'none'", "img-src a.example", "default-src 'none'; img-src a.example"},
		{"'none' as a fallback gives way", "default-src 'none'", "img-src a.example", "default-src 'none'; img-src a.example"},
		{"adding nothing changes nothing", "img-src 'none'", "img-src 'none'", "img-src 'none'"},
		{"a directive without fallback is set as given", "img-src *", "form-action 'self'", "img-src *; form-action 'self'"},
		{"keywords for code do not spread to images", "default-src 'self' 'nonce' 'unsafe-eval'", "img-src data:",
			"default-src 'self' 'nonce' 'unsafe-eval'; img-src 'self' data:"},
		{"keywords for code stay with code", "default-src 'self' 'nonce'", "script-src a.example",
			"default-src 'self' 'nonce'; script-src 'self' 'nonce' a.example"},
		{"the flag is added", "img-src *", "upgrade-insecure-requests", "img-src *; upgrade-insecure-requests"},
	} {
		p, err := csp.Parse(tt.policy)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		extra, err := csp.Parse(tt.extra)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got := p.With(extra).String(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if got := p.String(); got != tt.policy {
			t.Errorf("%s: With changed its receiver to %q", tt.name, got)
		}
	}
}

func TestHash(t *testing.T) {
	// The SHA-256 of nothing, as in FIPS 180-4's examples, in base64.
	if got, want := csp.Hash(""), csp.Source("'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"); got != want {
		t.Errorf("Hash of nothing = %s, want %s", got, want)
	}
	if _, err := csp.Compile(csp.Policy{ScriptSrc: list(csp.Hash("alert(1)"))}); err != nil {
		t.Error(err)
	}
}

// TestEveryDirective holds the struct, the table and the text together: each list's name is the directive's.
func TestEveryDirective(t *testing.T) {
	typ := reflect.TypeFor[csp.Policy]()
	lists := 0
	for i := range typ.NumField() {
		if typ.Field(i).Type != reflect.TypeFor[[]csp.Source]() {
			continue
		}
		lists++
		var p csp.Policy
		reflect.ValueOf(&p).Elem().Field(i).Set(reflect.ValueOf(list("x")))
		name, _, _ := strings.Cut(p.String(), " ")
		if got := strings.ReplaceAll(name, "-", ""); got != strings.ToLower(typ.Field(i).Name) {
			t.Errorf("%s is sent as %q", typ.Field(i).Name, name)
		}
	}
	if lists < 20 {
		t.Fatalf("only %d lists found", lists)
	}
}

// FuzzParse holds Parse and String to each other: what is accepted, and what is understood of what is not, comes back
// unchanged, and never holds what would end a header or a policy.
func FuzzParse(f *testing.F) {
	for _, tt := range validPolicies {
		f.Add(tt.in)
	}
	for _, tt := range invalidPolicies {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, _ := csp.Parse(s)
		text := p.String()
		again, err := csp.Parse(text)
		if err != nil {
			t.Fatalf("%q was understood as %q, which is refused: %v", s, text, err)
		}
		if got := again.String(); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == ',' }) {
			t.Fatalf("%q holds a character that a policy cannot", text)
		}
		_ = csp.Grade(p)
		if sum := p.With(again).String(); sum != text && !strings.Contains(text, "'none'") {
			t.Fatalf("%q with itself is %q", text, sum)
		}
	})
}
