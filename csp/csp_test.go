package csp_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/csp"
)

const (
	enforce    = "Content-Security-Policy"
	reportOnly = "Content-Security-Policy-Report-Only"
)

// run answers one GET of target with h under cfg, and returns the answer and what was logged.
func run(t *testing.T, cfg csp.Config, target string, h http.HandlerFunc) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var log bytes.Buffer
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c, err := csp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	c.Handler(h).ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	return w, log.String()
}

func parse(t testing.TB, s string) csp.Policy {
	t.Helper()
	p, err := csp.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// one returns the only value of the header name.
func one(t *testing.T, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	if n := len(w.Header()[name]); n > 1 {
		t.Errorf("%s is sent %d times", name, n)
	}
	return w.Header().Get(name)
}

func plain(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }

func withNonce(w http.ResponseWriter, r *http.Request) {
	_, _ = w.Write([]byte(csp.Nonce(r.Context())))
}

const strictPlain = "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; " +
	"form-action 'self'; frame-ancestors 'none'"

func TestHeaders(t *testing.T) {
	for _, tt := range []struct {
		name, target    string
		cfg             csp.Config
		enforce, report string
	}{
		{"the zero Config is strict", "http://a.example/", csp.Config{}, strictPlain, ""},
		{"upgrade-insecure-requests on HTTPS only (demand 7)", "https://a.example/", csp.Config{},
			strictPlain + "; upgrade-insecure-requests", ""},
		{"both policies at once (demand 18)", "https://a.example/",
			csp.Config{Enforce: parse(t, "img-src 'self'"), ReportOnly: parse(t, "img-src 'none'")}, "img-src 'self'", "img-src 'none'"},
		{"report-only leaves the first policy strict", "http://a.example/", csp.Config{ReportOnly: parse(t, "img-src 'none'")},
			strictPlain, "img-src 'none'"},
		{"what means nothing in report-only is left out", "https://a.example/",
			csp.Config{InsecureReportOnly: true, Enforce: parse(t, "img-src 'self'; sandbox; upgrade-insecure-requests")},
			"", "img-src 'self'"},
		{"reports over HTTPS have both forms", "https://a.example/",
			csp.Config{Enforce: parse(t, "img-src 'self'"), ReportPath: "/csp"}, "img-src 'self'; report-uri /csp; report-to csp", ""},
		{"named endpoints need HTTPS", "http://a.example/",
			csp.Config{Enforce: parse(t, "img-src 'self'"), ReportPath: "/csp"}, "img-src 'self'; report-uri /csp", ""},
		{"a policy's own collector stays", "https://a.example/",
			csp.Config{Enforce: parse(t, "img-src 'self'; report-uri https://c.example/"), ReportPath: "/csp"},
			"img-src 'self'; report-uri https://c.example/", ""},
		{"switched off", "https://a.example/", csp.Config{InsecureOff: true}, "", ""},
	} {
		w, _ := run(t, tt.cfg, tt.target, plain)
		if got := one(t, w, enforce); got != tt.enforce {
			t.Errorf("%s: %s: %q, want %q", tt.name, enforce, got, tt.enforce)
		}
		if got := one(t, w, reportOnly); got != tt.report {
			t.Errorf("%s: %s: %q, want %q", tt.name, reportOnly, got, tt.report)
		}
	}
}

func TestReportingEndpoints(t *testing.T) {
	cfg := csp.Config{ReportPath: "/csp-reports"}
	w, _ := run(t, cfg, "https://a.example/", plain)
	if got, want := one(t, w, "Reporting-Endpoints"), `csp="/csp-reports"`; got != want {
		t.Errorf("over HTTPS: %q, want %q", got, want)
	}
	w, _ = run(t, cfg, "http://a.example/", plain)
	if got := one(t, w, "Reporting-Endpoints"); got != "" {
		t.Errorf("over HTTP: %q, want none", got)
	}
	c, err := csp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	rec.Header().Set("Reporting-Endpoints", `main="/main"`)
	c.Handler(http.HandlerFunc(plain)).ServeHTTP(rec, httptest.NewRequest("GET", "https://a.example/", nil))
	if got, want := rec.Header()["Reporting-Endpoints"], []string{`main="/main"`, `csp="/csp-reports"`}; !slices.Equal(got, want) {
		t.Errorf("beside another endpoint: %q, want %q", got, want)
	}
}

// TestEveryAnswer is badinput 46: what is not a page carries the policy too.
func TestEveryAnswer(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"404":               http.NotFound,
		"redirect":          func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) },
		"500":               func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "x", http.StatusInternalServerError) },
		"JSON":              func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "application/json") },
		"nothing written":   func(http.ResponseWriter, *http.Request) {},
		"204":               func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"an early hint too": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(200) },
	} {
		w, _ := run(t, csp.Config{}, "http://a.example/", h)
		if got := one(t, w, enforce); got != strictPlain {
			t.Errorf("%s: %q, want %q", name, got, strictPlain)
		}
	}
}

// TestPanic is badinput 46 for a handler that panics: whoever recovers outside finds the header set.
func TestPanic(t *testing.T) {
	c, err := csp.New(csp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
			http.Error(w, "x", http.StatusInternalServerError)
		}()
		c.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _ = csp.Nonce(r.Context()); panic("x") })).
			ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	}()
	if got := one(t, w, enforce); !strings.HasPrefix(got, "default-src 'self'") || w.Code != 500 {
		t.Errorf("status %d, %q", w.Code, got)
	}
}

var nonceForm = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)

func TestNonce(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		cfg := csp.Config{ReportOnly: parse(t, "script-src 'nonce'; style-src 'nonce'")}
		w, _ := run(t, cfg, "http://a.example/", func(w http.ResponseWriter, r *http.Request) {
			first := csp.Nonce(r.Context())
			if again := csp.Nonce(r.Context()); again != first {
				t.Errorf("two nonces in one answer: %q and %q", first, again)
			}
			if got, want := string(csp.Attr(r.Context())), `nonce="`+first+`"`; got != want {
				t.Errorf("Attr = %q, want %q", got, want)
			}
			_, _ = w.Write([]byte(first))
		})
		nonce := w.Body.String()
		if !nonceForm.MatchString(nonce) || seen[nonce] {
			t.Fatalf("the nonce %q is not 22 characters of base64url, or not fresh", nonce)
		}
		seen[nonce] = true
		want := strings.ReplaceAll(strictPlain, "c 'self';", "c 'self' 'nonce-"+nonce+"';")
		want = strings.Replace(want, "default-src 'self' 'nonce-"+nonce+"'", "default-src 'self'", 1)
		if got := one(t, w, enforce); got != want {
			t.Errorf("%s: %q, want %q", enforce, got, want)
		}
		want = "script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce + "'"
		if got := one(t, w, reportOnly); got != want {
			t.Errorf("%s: %q, want %q", reportOnly, got, want)
		}
	}
}

// TestUnusedNonce is where Django lets a directive vanish (django.md 10.1), so that its fallback counts.
func TestUnusedNonce(t *testing.T) {
	for _, tt := range []struct{ name, policy, want string }{
		{"other sources remain", "script-src 'self' 'nonce'", "script-src 'self'"},
		{"a directive does not vanish", "default-src *; script-src 'nonce'", "default-src *; script-src 'none'"},
		{"'unsafe-inline' does not come to life", "script-src 'nonce' 'unsafe-inline'", "script-src 'none'"},
		{"'unsafe-inline' elsewhere stays", "script-src 'nonce'; style-src 'unsafe-inline'",
			"script-src 'none'; style-src 'unsafe-inline'"},
		{"'strict-dynamic' remains", "script-src 'nonce' 'strict-dynamic'", "script-src 'strict-dynamic'"},
	} {
		w, _ := run(t, csp.Config{Enforce: parse(t, tt.policy)}, "http://a.example/", plain)
		if got := one(t, w, enforce); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestNonceIsEmpty(t *testing.T) {
	if got := csp.Nonce(context.Background()); got != "" {
		t.Errorf("without a request: %q", got)
	}
	if got := csp.Attr(context.Background()); got != "" {
		t.Errorf("Attr without a request: %q", got)
	}
	for name, cfg := range map[string]csp.Config{
		"switched off":          {InsecureOff: true},
		"a policy without one":  {Enforce: parse(t, "script-src 'self'")},
		"over a policy of hash": {Enforce: csp.Policy{ScriptSrc: list(csp.Hash("x"))}},
	} {
		w, log := run(t, cfg, "http://a.example/", withNonce)
		if w.Body.Len() > 0 || w.Header().Get("Cache-Control") != "" || log != "" {
			t.Errorf("%s: nonce %q, Cache-Control %q, log %q; want none", name, w.Body, w.Header().Get("Cache-Control"), log)
		}
	}
}

func TestLateNonce(t *testing.T) {
	w, log := run(t, csp.Config{}, "http://a.example/", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("<p>"))
		withNonce(w, r)
		if err := csp.Override(r.Context(), csp.Strict()); err == nil {
			t.Error("Override after the header: no error")
		}
	})
	if got := w.Body.String(); got != "<p>" {
		t.Errorf("a nonce that the header does not name was given: %q", got)
	}
	if !strings.Contains(log, "event=airworthy.security.NonceLate") {
		t.Errorf("log %q, want airworthy.security.NonceLate", log)
	}
	if got := one(t, w, enforce); got != strictPlain {
		t.Errorf("the header is %q, want %q", got, strictPlain)
	}
}

// TestNonceCache is badinput 26 and demand 20: an answer with a nonce is not for caches.
func TestNonceCache(t *testing.T) {
	set := func(before, after string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if before != "" {
				w.Header().Set("Cache-Control", before)
			}
			nonce := csp.Nonce(r.Context())
			switch after {
			case "":
			case "delete":
				w.Header().Del("Cache-Control")
			default:
				w.Header().Set("Cache-Control", after)
			}
			_, _ = w.Write([]byte(nonce))
		}
	}
	for _, tt := range []struct {
		name, before, after, want string
		warned                    bool
	}{
		{"nothing set", "", "", "private, no-store", false},
		{"deleted afterwards", "", "delete", "private, no-store", false},
		{"set by hand before", "no-cache", "", "no-cache", false},
		{"set by hand afterwards", "", "private, max-age=60", "private, max-age=60", false},
		{"public before", "public, max-age=60", "", "public, max-age=60", true},
		{"public afterwards", "", "public", "public", true},
		{"public in odd case", "", "max-age=60 , PUBLIC", "max-age=60 , PUBLIC", true},
		{"shared age beside private", "", "private, s-maxage=5", "private, s-maxage=5", true},
		{"an age alone is for shared caches too", "", "max-age=60", "max-age=60", true},
		{"odd case of what forbids", "", "No-Store", "No-Store", false},
		{"private for one header alone", "", `private="X-A", max-age=60`, `private="X-A", max-age=60`, true},
	} {
		w, log := run(t, csp.Config{}, "http://a.example/", set(tt.before, tt.after))
		if got := one(t, w, "Cache-Control"); got != tt.want {
			t.Errorf("%s: Cache-Control %q, want %q", tt.name, got, tt.want)
		}
		if got := strings.Contains(log, "event=airworthy.security.NonceCacheable"); got != tt.warned {
			t.Errorf("%s: warned = %t, want %t: %q", tt.name, got, tt.warned, log)
		}
	}
	for _, name := range []string{"CDN-Cache-Control", "Surrogate-Control"} {
		_, log := run(t, csp.Config{}, "http://a.example/", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(name, "max-age=60")
			withNonce(w, r)
		})
		if !strings.Contains(log, "event=airworthy.security.NonceCacheable") {
			t.Errorf("%s outranks Cache-Control, and no warning: %q", name, log)
		}
	}
	if w, _ := run(t, csp.Config{}, "http://a.example/", plain); w.Header().Get("Cache-Control") != "" {
		t.Error("an answer without a nonce got a Cache-Control")
	}
	w, _ := run(t, csp.Config{}, "http://a.example/", func(_ http.ResponseWriter, r *http.Request) { _ = csp.Nonce(r.Context()) })
	if got := one(t, w, "Cache-Control"); got != "private, no-store" || w.Code != 200 {
		t.Errorf("nothing written: Cache-Control %q, status %d", got, w.Code)
	}
}

func TestApplicationHasTheLastWord(t *testing.T) {
	own := "img-src 'self'"
	for name, tt := range map[string]struct {
		change func(http.Header)
		want   []string
	}{
		"set":     {func(h http.Header) { h.Set(enforce, own) }, []string{own}},
		"deleted": {func(h http.Header) { h.Del(enforce) }, nil},
		"added":   {func(h http.Header) { h.Add(enforce, own) }, []string{strictPlain, own}},
	} {
		w, _ := run(t, csp.Config{}, "http://a.example/", func(w http.ResponseWriter, r *http.Request) {
			tt.change(w.Header())
			withNonce(w, r)
		})
		if got := w.Header()[enforce]; !slices.Equal(got, tt.want) {
			t.Errorf("%s before the nonce: %q, want %q", name, got, tt.want)
		}
	}
	if w, _ := run(t, csp.Config{}, "http://a.example/", plain); one(t, w, enforce) != strictPlain {
		t.Error("an Add of one answer has changed the next")
	}
}

func TestNestedCSP(t *testing.T) {
	inner, err := csp.New(csp.Config{Enforce: parse(t, "script-src 'nonce'")})
	if err != nil {
		t.Fatal(err)
	}
	for name, before := range map[string]http.HandlerFunc{
		"nonce asked for inside":        func(http.ResponseWriter, *http.Request) {},
		"nonce asked for outside first": func(_ http.ResponseWriter, r *http.Request) { _ = csp.Nonce(r.Context()) },
	} {
		w, _ := run(t, csp.Config{}, "http://a.example/", func(w http.ResponseWriter, r *http.Request) {
			before(w, r)
			inner.Handler(http.HandlerFunc(withNonce)).ServeHTTP(w, r)
		})
		if got, want := one(t, w, enforce), "script-src 'nonce-"+w.Body.String()+"'"; got != want || w.Body.Len() != 22 {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// buffer is what a compressing middleware does: it passes nothing on before the handler has returned.
type buffer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (b *buffer) WriteHeader(status int)      { b.status = status }
func (b *buffer) Write(p []byte) (int, error) { return b.body.Write(p) }

// TestBuffered: a middleware between the part that made the request's state and this one may hold the answer back.
func TestBuffered(t *testing.T) {
	c, err := csp.New(csp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	inner := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		withNonce(w, r)
	}))
	w := httptest.NewRecorder()
	begun(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := &buffer{ResponseWriter: w}
		inner.ServeHTTP(b, r)
		w.Header().Set("Content-Length", "22")
		w.WriteHeader(b.status)
		_, _ = w.Write(b.body.Bytes())
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if nonce := w.Body.String(); w.Code != 404 || len(nonce) != 22 || w.Result().Header.Get("Content-Length") != "22" ||
		!strings.Contains(w.Result().Header.Get(enforce), "'nonce-"+nonce+"'") {
		t.Errorf("%d %q %q", w.Code, w.Result().Header, nonce)
	}
}

// TestServer asks a real server from many connections at once: each answer has its own nonce.
func TestServer(t *testing.T) {
	c, err := csp.New(csp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(c.Handler(http.HandlerFunc(withNonce)))
	defer srv.Close()
	var wg sync.WaitGroup
	var seen sync.Map
	for range 50 {
		wg.Go(func() {
			res, err := srv.Client().Get(srv.URL)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = res.Body.Close() }()
			body, err := io.ReadAll(res.Body)
			if _, twice := seen.LoadOrStore(string(body), true); err != nil || twice || len(body) != 22 ||
				!strings.Contains(res.Header.Get(enforce), "'nonce-"+string(body)+"'") {
				t.Errorf("nonce %q, header %q, %v", body, res.Header.Get(enforce), err)
			}
		})
	}
	wg.Wait()
}

// TestNew is badinput 45 for this part: what cannot be sent is refused, all at once, with variable and remedy.
func TestNew(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  csp.Config
		want []string
	}{
		{"a line break in a source", csp.Config{Enforce: csp.Policy{ImgSrc: list("a\r\nSet-Cookie:b")}}, []string{"SECURE_CSP", "img-src"}},
		{"a semicolon in a source", csp.Config{Enforce: csp.Policy{ImgSrc: list("a;script-src")}}, []string{"SECURE_CSP", "%3B"}},
		{"a comma in a source", csp.Config{ReportOnly: csp.Policy{ImgSrc: list("a,b")}}, []string{"SECURE_CSP_REPORT_ONLY", "%2C"}},
		{"a space in a source", csp.Config{Enforce: csp.Policy{ImgSrc: list("a 'unsafe-inline'")}}, []string{"img-src"}},
		{"a semicolon in a collector", csp.Config{Enforce: csp.Policy{ReportURI: list("/a;b")}}, []string{"report-uri"}},
		{"a fixed nonce", csp.Config{Enforce: csp.Policy{ScriptSrc: list("'nonce-AAAAAAAAAAAAAAAAAAAAAA'")}}, []string{"write 'nonce'"}},
		{"a path with a quote", csp.Config{ReportPath: `/a"b`}, []string{"CSP_REPORT_PATH"}},
		{"a path with a query", csp.Config{ReportPath: "/a?b"}, []string{"CSP_REPORT_PATH"}},
		{"a path that is all of the site", csp.Config{ReportPath: "/"}, []string{"CSP_REPORT_PATH"}},
		{"an address for a path", csp.Config{ReportPath: "//evil.example/"}, []string{"CSP_REPORT_PATH"}},
		{"a path that browsers shorten", csp.Config{ReportPath: "/a/../b"}, []string{"CSP_REPORT_PATH"}},
		{"a negative limit", csp.Config{ReportsPerMinute: -1}, []string{"CSP_REPORTS_PER_MINUTE"}},
		{"two report-only policies", csp.Config{InsecureReportOnly: true, ReportOnly: csp.Strict()}, []string{"InsecureReportOnly"}},
		{"everything at once", csp.Config{Enforce: csp.Policy{ImgSrc: list("self"), FontSrc: list("none")}, ReportPath: "x",
			ReportOnly: csp.Policy{ImgSrc: list("'x'")}, ReportsPerMinute: -1},
			[]string{"SECURE_CSP: img-src", "SECURE_CSP: font-src", "SECURE_CSP_REPORT_ONLY: img-src", "CSP_REPORT_PATH", "CSP_REPORTS_PER_MINUTE"}},
	} {
		_, err := csp.New(tt.cfg)
		if err == nil {
			t.Errorf("%s: accepted", tt.name)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q, want mention of %q", tt.name, err, want)
			}
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !strings.HasPrefix(line, "csp: ") {
				t.Errorf("%s: line %q does not begin with its part", tt.name, line)
			}
		}
	}
}

func TestNewCopies(t *testing.T) {
	p := csp.Policy{ImgSrc: list("'self'")}
	c, err := csp.New(csp.Config{Enforce: p})
	if err != nil {
		t.Fatal(err)
	}
	p.ImgSrc[0] = "*"
	w := httptest.NewRecorder()
	c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := csp.Extend(r.Context(), csp.Policy{ImgSrc: list("b.example")}); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got, want := one(t, w, enforce), "img-src 'self' b.example"; got != want {
		t.Errorf("%q, want %q; all: %q", got, want, slices.Collect(maps.Keys(w.Header())))
	}
}
