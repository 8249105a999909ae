package headers_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/headers"
)

// answer returns the headers of one answer under cfg, without those of the answer itself.
func answer(t *testing.T, cfg headers.Config, h http.HandlerFunc) http.Header {
	t.Helper()
	p, err := headers.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	p.Handler(h).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return w.Header()
}

func nothing(http.ResponseWriter, *http.Request) {}

const denied = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), " +
	"hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), " +
	"window-management=(), xr-spatial-tracking=()"

func TestZeroConfig(t *testing.T) {
	want := http.Header{
		"X-Content-Type-Options":       {"nosniff"},
		"Referrer-Policy":              {"same-origin"},
		"X-Frame-Options":              {"DENY"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Permissions-Policy":           {denied},
	}
	got := answer(t, headers.Config{}, nothing)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%v, want\n%v", got, want)
	}
}

func TestValues(t *testing.T) {
	for _, tt := range []struct {
		name, header, want string
		cfg                headers.Config
	}{
		{"Django sends a list without blanks", "Referrer-Policy", "no-referrer,strict-origin",
			headers.Config{ReferrerPolicy: "no-referrer , strict-origin"}},
		{"no referrer policy", "Referrer-Policy", "", headers.Config{ReferrerPolicy: headers.InsecureNone}},
		{"Django sends frame options in capitals", "X-Frame-Options", "SAMEORIGIN", headers.Config{FrameOptions: "sameorigin"}},
		{"no frame options", "X-Frame-Options", "", headers.Config{FrameOptions: headers.InsecureNone}},
		{"popups", "Cross-Origin-Opener-Policy", "same-origin-allow-popups",
			headers.Config{CrossOriginOpenerPolicy: "same-origin-allow-popups"}},
		{"no opener policy", "Cross-Origin-Opener-Policy", "", headers.Config{CrossOriginOpenerPolicy: headers.InsecureNone}},
		{"resources for the site", "Cross-Origin-Resource-Policy", "same-site", headers.Config{CrossOriginResourcePolicy: "same-site"}},
		{"no resource policy", "Cross-Origin-Resource-Policy", "", headers.Config{CrossOriginResourcePolicy: headers.InsecureNone}},
		{"isolation", "Cross-Origin-Embedder-Policy", "require-corp", headers.Config{CrossOriginEmbedderPolicy: "require-corp"}},
		{"no embedder policy", "Cross-Origin-Embedder-Policy", "", headers.Config{CrossOriginEmbedderPolicy: headers.InsecureNone}},
		{"sniffing", "X-Content-Type-Options", "", headers.Config{InsecureSniff: true}},
		{"no permissions policy", "Permissions-Policy", "", headers.Config{InsecureNoPermissionsPolicy: true}},
		{"one feature, the others stay denied", "Permissions-Policy", strings.Replace(denied, "camera=()", "camera=(self)", 1),
			headers.Config{PermissionsPolicy: headers.Permissions{"camera": {"self"}}}},
		{"a feature of the application's own", "Permissions-Policy", strings.Replace(denied, "geolocation", "fullscreen=(), geolocation", 1),
			headers.Config{PermissionsPolicy: headers.Permissions{"fullscreen": nil}}},
		{"an extra header", "Origin-Agent-Cluster", "?1", headers.Config{Extra: map[string]string{"origin-agent-cluster": "?1"}}},
		{"switched off", "X-Frame-Options", "", headers.Config{InsecureOff: true, Extra: map[string]string{"X-Frame-Options2": "x"}}},
	} {
		h := answer(t, tt.cfg, nothing)
		if got := h.Get(tt.header); got != tt.want || len(h[tt.header]) > 1 {
			t.Errorf("%s: %s: %q, want %q", tt.name, tt.header, h[tt.header], tt.want)
		}
	}
}

// TestEveryAnswer is badinput 46 and demand 17: what is not a page carries the headers too.
func TestEveryAnswer(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"404":             http.NotFound,
		"redirect":        func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) },
		"500":             func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "x", http.StatusInternalServerError) },
		"JSON":            func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "application/json") },
		"nothing written": nothing,
		"204":             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"a file that is not there": func(w http.ResponseWriter, r *http.Request) {
			http.FileServer(http.Dir(t.TempDir())).ServeHTTP(w, r)
		},
	} {
		got := answer(t, headers.Config{}, h)
		for _, header := range []string{"X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options", "Cross-Origin-Opener-Policy",
			"Cross-Origin-Resource-Policy", "Permissions-Policy"} {
			if len(got[header]) != 1 {
				t.Errorf("%s: %s is %q, want one value", name, header, got[header])
			}
		}
	}
}

// TestPanic is badinput 46 for a handler that panics: whoever recovers outside finds the headers set.
func TestPanic(t *testing.T) {
	p, err := headers.New(headers.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	func() {
		defer func() { _ = recover() }()
		p.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") })).
			ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		t.Error("the panic was swallowed")
	}()
	if got := w.Header().Get("X-Frame-Options"); got != "DENY" {
		t.Errorf("X-Frame-Options after a panic: %q, want DENY", got)
	}
}

func TestApplicationHasTheLastWord(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(http.Header)
		want   []string
	}{
		"set":     {func(h http.Header) { h.Set("X-Frame-Options", "SAMEORIGIN") }, []string{"SAMEORIGIN"}},
		"deleted": {func(h http.Header) { h.Del("X-Frame-Options") }, nil},
		"added":   {func(h http.Header) { h.Add("X-Frame-Options", "x") }, []string{"DENY", "x"}},
	} {
		p, err := headers.New(headers.Config{})
		if err != nil {
			t.Fatal(err)
		}
		change := p.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/change" {
				tt.change(w.Header())
			}
		}))
		w := httptest.NewRecorder()
		change.ServeHTTP(w, httptest.NewRequest("GET", "/change", nil))
		if got := w.Header()["X-Frame-Options"]; !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		w = httptest.NewRecorder()
		change.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if got := w.Header()["X-Frame-Options"]; !slices.Equal(got, []string{"DENY"}) {
			t.Errorf("%s in one answer made the next %q", name, got)
		}
	}
}

// TestNewRefuses is badinput 45: what cannot be sent, or means nothing to a browser, stops the start.
func TestNewRefuses(t *testing.T) {
	extra := func(name, value string) headers.Config {
		return headers.Config{Extra: map[string]string{name: value}}
	}
	for _, tt := range []struct {
		name, want string
		cfg        headers.Config
	}{
		{"CR and LF", "SECURE_REFERRER_POLICY", headers.Config{ReferrerPolicy: "origin\r\nSet-Cookie: a=b"}},
		{"NUL", "SECURE_REFERRER_POLICY", headers.Config{ReferrerPolicy: "origin\x00"}},
		{"blank", "SECURE_REFERRER_POLICY", headers.Config{ReferrerPolicy: "  "}},
		{"Python's None", "SECURE_REFERRER_POLICY", headers.Config{ReferrerPolicy: "None"}},
		{"ALLOW-FROM, which browsers have forgotten", "X_FRAME_OPTIONS", headers.Config{FrameOptions: "ALLOW-FROM https://a.example"}},
		{"a Turkish letter that becomes I", "X_FRAME_OPTIONS", headers.Config{FrameOptions: "SAMEORıGIN"}},
		{"LF in frame options", "X_FRAME_OPTIONS", headers.Config{FrameOptions: "DENY\n"}},
		{"an opener policy of another header", "SECURE_CROSS_ORIGIN_OPENER_POLICY", headers.Config{CrossOriginOpenerPolicy: "same-site"}},
		{"an opener policy with a parameter", "SECURE_CROSS_ORIGIN_OPENER_POLICY",
			headers.Config{CrossOriginOpenerPolicy: "same-origin; report-to=x"}},
		{"a resource policy of another header", "SECURE_CROSS_ORIGIN_RESOURCE_POLICY", headers.Config{CrossOriginResourcePolicy: "unsafe-none"}},
		{"an embedder policy of another header", "SECURE_CROSS_ORIGIN_EMBEDDER_POLICY", headers.Config{CrossOriginEmbedderPolicy: "same-origin"}},
		{"a feature in capitals", "PERMISSIONS_POLICY", headers.Config{PermissionsPolicy: headers.Permissions{"Camera": nil}}},
		{"a feature that ends the header", "PERMISSIONS_POLICY", headers.Config{PermissionsPolicy: headers.Permissions{"a\r\nb": nil}}},
		{"an origin that ends its quotes", "PERMISSIONS_POLICY", headers.Config{PermissionsPolicy: headers.Permissions{"camera": {`https://a" *`}}}},
		{"an origin with a path", "PERMISSIONS_POLICY", headers.Config{PermissionsPolicy: headers.Permissions{"camera": {"https://a.example/"}}}},
		{"a host without scheme", "PERMISSIONS_POLICY", headers.Config{PermissionsPolicy: headers.Permissions{"camera": {"a.example"}}}},
		{"* beside others", "PERMISSIONS_POLICY", headers.Config{PermissionsPolicy: headers.Permissions{"camera": {"self", "*"}}}},
		{"an extra value with LF", "X-A", extra("X-A", "a\nb")},
		{"an extra value with CR", "X-A", extra("X-A", "a\rb")},
		{"an extra value with NUL", "X-A", extra("X-A", "a\x00")},
		{"an extra value outside ASCII", "X-A", extra("X-A", "é")},
		{"an empty extra value", "X-A", extra("X-A", "")},
		{"an extra name with a colon", "X-A:", extra("X-A:", "b")},
		{"an extra name with LF", "header name", extra("X-A\r\nB", "b")},
		{"no extra name", "header name", extra("", "b")},
		{"an extra name twice", "twice", headers.Config{Extra: map[string]string{"X-A": "b", "x-a": "c"}}},
		{"a field's own header", "set FrameOptions", extra("x-frame-options", "DENY")},
		{"another part's header", "package csp", extra("Content-Security-Policy", "default-src *")},
		{"a cookie", "Set-Cookie", extra("Set-Cookie", "a=b")},
		{"a mistake while switched off", "X_FRAME_OPTIONS", headers.Config{FrameOptions: "x", InsecureOff: true}},
	} {
		_, err := headers.New(tt.cfg)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want mention of %q", tt.name, err, tt.want)
		}
	}
}

func TestNewRefusesAllAtOnce(t *testing.T) {
	_, err := headers.New(headers.Config{ReferrerPolicy: "x", FrameOptions: "x", CrossOriginOpenerPolicy: "x",
		CrossOriginResourcePolicy: "x", CrossOriginEmbedderPolicy: "x", PermissionsPolicy: headers.Permissions{"X": nil},
		Extra: map[string]string{"Set-Cookie": "secret-value-1", "X-B": "secret-value-2\n"}})
	if err == nil {
		t.Fatal("accepted")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 8 {
		t.Errorf("%d mistakes, want 8:\n%v", len(lines), err)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "headers: ") {
			t.Errorf("%q does not begin with its part", line)
		}
	}
	if strings.Contains(err.Error(), "secret-value") { // an extra header's value may be a secret
		t.Errorf("the value of an extra header is told: %v", err)
	}
}

func TestNewCopies(t *testing.T) {
	cfg := headers.Config{Extra: map[string]string{"X-A": "b"}, PermissionsPolicy: headers.Permissions{"camera": {"self"}}}
	p, err := headers.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Extra["X-A"] = "c"
	cfg.PermissionsPolicy["camera"][0] = "*"
	w := httptest.NewRecorder()
	p.Handler(http.HandlerFunc(nothing)).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got := w.Header().Get("X-A"); got != "b" {
		t.Errorf("X-A: %q, want b", got)
	}
	if got := w.Header().Get("Permissions-Policy"); !strings.Contains(got, "camera=(self)") {
		t.Errorf("Permissions-Policy: %q, want camera=(self)", got)
	}
}

func TestClearSiteData(t *testing.T) {
	w := httptest.NewRecorder()
	headers.ClearSiteData(w)
	if got, want := w.Header()["Clear-Site-Data"], []string{`"cache", "cookies", "storage"`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

var permissionTexts = []struct{ in, want string }{
	{"", ""},
	{" ", ""},
	{"camera=()", "camera=()"},
	{"camera=*", "camera=*"},
	{"camera=(*)", "camera=*"},
	{"camera=self", "camera=(self)"},
	{" usb=( self ) , camera=() ", "camera=(), usb=(self)"},
	{`camera=(self "https://a.example" "https://*.b.example:8443")`, `camera=(self "https://a.example" "https://*.b.example:8443")`},
}

func TestPermissionsText(t *testing.T) {
	for _, tt := range permissionTexts {
		var p headers.Permissions
		err := p.UnmarshalText([]byte(tt.in))
		got, _ := p.MarshalText()
		if err != nil || string(got) != tt.want {
			t.Errorf("%q: %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"camera", "camera=", "camera=(", "camera=)", "camera='none'", "camera 'none'", "camera=(),", "=()",
		"camera=(),camera=(self)", "camera=(https://a.example)", `camera=("self)`, "camera=(x)", "Camera=()", "camera=()\n;x=()"} {
		var p headers.Permissions
		if err := p.UnmarshalText([]byte(in)); err == nil || !strings.Contains(err.Error(), "PERMISSIONS_POLICY") {
			t.Errorf("%q: error %v, want one that names PERMISSIONS_POLICY", in, err)
		}
	}
}

func TestDefaultPermissionsIsFresh(t *testing.T) {
	p := headers.DefaultPermissions()
	clear(p)
	if got := slices.Sorted(maps.Keys(headers.DefaultPermissions())); len(got) < 10 {
		t.Errorf("after a change of one copy the next is %q", got)
	}
}

// FuzzPermissions holds the two directions to each other: what is accepted comes back unchanged, and is a header.
func FuzzPermissions(f *testing.F) {
	for _, tt := range permissionTexts {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var p headers.Permissions
		if p.UnmarshalText([]byte(s)) != nil {
			return
		}
		text := p.String()
		var again headers.Permissions
		if err := again.UnmarshalText([]byte(text)); err != nil || again.String() != text {
			t.Fatalf("%q was read as %q, which comes back as %q, %v", s, text, again, err)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q cannot be sent", text)
		}
		if _, err := headers.New(headers.Config{PermissionsPolicy: p}); err != nil {
			t.Fatalf("%q is read and then refused: %v", s, err)
		}
	})
}

// sink is a ResponseWriter whose own work is nothing, so that the part's is what is measured.
type sink struct{ h http.Header }

func (s sink) Header() http.Header         { return s.h }
func (s sink) Write(p []byte) (int, error) { return len(p), nil }
func (s sink) WriteHeader(int)             {}

func TestAllocations(t *testing.T) {
	p, err := headers.New(headers.Config{})
	if err != nil {
		t.Fatal(err)
	}
	h := p.Handler(http.HandlerFunc(nothing))
	w, r := sink{http.Header{}}, httptest.NewRequest("GET", "/", nil)
	if got := testing.AllocsPerRun(1000, func() { clear(w.h); h.ServeHTTP(w, r) }); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func BenchmarkHandler(b *testing.B) {
	p, err := headers.New(headers.Config{})
	if err != nil {
		b.Fatal(err)
	}
	h := p.Handler(http.HandlerFunc(nothing))
	w, r := sink{http.Header{}}, httptest.NewRequest("GET", "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		h.ServeHTTP(w, r)
	}
}
