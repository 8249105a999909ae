package csp_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/csp"
)

var nonceInHeader = regexp.MustCompile(`'nonce-[A-Za-z0-9_-]{22}'`)

func TestOverride(t *testing.T) {
	site := csp.Config{Enforce: parse(t, "img-src 'self'"), ReportOnly: parse(t, "img-src 'none'")}
	page := parse(t, "script-src 'nonce'")
	for _, tt := range []struct {
		name            string
		cfg             csp.Config
		change          func(*http.Request) error
		enforce, report string
	}{
		{"the first policy", site, func(r *http.Request) error { return csp.Override(r.Context(), page) },
			"script-src 'none'", "img-src 'none'"},
		{"the second policy", site, func(r *http.Request) error { return csp.OverrideReportOnly(r.Context(), page) },
			"img-src 'self'", "script-src 'none'"},
		{"a second policy where there is none", csp.Config{Enforce: site.Enforce},
			func(r *http.Request) error { return csp.OverrideReportOnly(r.Context(), page) }, "img-src 'self'", "script-src 'none'"},
		{"then the nonce", site, func(r *http.Request) error {
			err := csp.Override(r.Context(), page)
			_ = csp.Nonce(r.Context())
			return err
		}, "script-src 'nonce-N'", "img-src 'none'"},
		{"after the nonce", csp.Config{}, func(r *http.Request) error {
			_ = csp.Nonce(r.Context())
			return csp.Override(r.Context(), page)
		}, "script-src 'nonce-N'", ""},
		{"by a policy without a nonce after the nonce", csp.Config{}, func(r *http.Request) error {
			_ = csp.Nonce(r.Context())
			return csp.Override(r.Context(), site.Enforce)
		}, "img-src 'self'", ""},
		{"twice", site, func(r *http.Request) error {
			_ = csp.Override(r.Context(), page)
			return csp.Override(r.Context(), parse(t, "img-src *"))
		}, "img-src *", "img-src 'none'"},
		{"while all is report-only", csp.Config{InsecureReportOnly: true},
			func(r *http.Request) error { return csp.Override(r.Context(), page) }, "", "script-src 'none'"},
		{"reports go on", csp.Config{ReportPath: "/csp"},
			func(r *http.Request) error { return csp.Override(r.Context(), page) }, "script-src 'none'; report-uri /csp", ""},
		{"more sources for both", site,
			func(r *http.Request) error { return csp.Extend(r.Context(), csp.Policy{ImgSrc: list("a.example")}) },
			"img-src 'self' a.example", "img-src a.example"},
		{"more sources, then the nonce", csp.Config{Enforce: page}, func(r *http.Request) error {
			err := csp.Extend(r.Context(), csp.Policy{ScriptSrc: list("a.example")})
			_ = csp.Nonce(r.Context())
			return err
		}, "script-src 'nonce-N' a.example", ""},
		{"more sources twice", csp.Config{Enforce: site.Enforce}, func(r *http.Request) error {
			_ = csp.Extend(r.Context(), csp.Policy{ImgSrc: list("a.example")})
			return csp.Extend(r.Context(), csp.Policy{ImgSrc: list("b.example")})
		}, "img-src 'self' a.example b.example", ""},
		{"switched off", csp.Config{InsecureOff: true}, func(r *http.Request) error {
			if err := csp.Extend(r.Context(), page); err != nil {
				return err
			}
			return csp.Override(r.Context(), page)
		}, "", ""},
	} {
		w, _ := run(t, tt.cfg, "http://a.example/", func(_ http.ResponseWriter, r *http.Request) {
			if err := tt.change(r); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		})
		for header, want := range map[string]string{enforce: tt.enforce, reportOnly: tt.report} {
			if got := nonceInHeader.ReplaceAllString(one(t, w, header), "'nonce-N'"); got != want {
				t.Errorf("%s: %s: %q, want %q", tt.name, header, got, want)
			}
		}
	}
}

// TestOverrideFails closed: the policy that was there stays.
func TestOverrideFails(t *testing.T) {
	for name, p := range map[string]csp.Policy{
		"no policy":     {},
		"injection":     {ImgSrc: list("a; script-src *")},
		"a fixed nonce": {ScriptSrc: list("'nonce-AAAAAAAAAAAAAAAAAAAAAA'")},
	} {
		w, _ := run(t, csp.Config{}, "http://a.example/", func(_ http.ResponseWriter, r *http.Request) {
			if err := csp.Override(r.Context(), p); err == nil || !strings.HasPrefix(err.Error(), "csp: ") {
				t.Errorf("%s: Override: %v", name, err)
			}
			if err := csp.OverrideReportOnly(r.Context(), p); err == nil {
				t.Errorf("%s: OverrideReportOnly: no error", name)
			}
		})
		if got := one(t, w, enforce); got != strictPlain || w.Header().Get(reportOnly) != "" {
			t.Errorf("%s: %q, want %q", name, got, strictPlain)
		}
		if _, err := csp.Compile(p); err == nil {
			t.Errorf("%s: Compile: no error", name)
		}
	}
	if err := csp.Override(t.Context(), csp.Strict()); err == nil {
		t.Error("Override without a CSP: no error")
	}
	if err := csp.Extend(t.Context(), csp.Strict()); err == nil {
		t.Error("Extend without a CSP: no error")
	}
	_, _ = run(t, csp.Config{InsecureReportOnly: true}, "http://a.example/", func(_ http.ResponseWriter, r *http.Request) {
		if err := csp.OverrideReportOnly(r.Context(), csp.Strict()); err == nil {
			t.Error("OverrideReportOnly while all is report-only: no error")
		}
	})
}

func TestCompiled(t *testing.T) {
	c := csp.MustCompile(parse(t, "script-src 'nonce'; upgrade-insecure-requests"))
	for range 2 { // the second answer finds what the first has rendered
		for _, path := range []string{"/a", "/b"} { // and two CSPs do not find each other's
			w, _ := run(t, csp.Config{ReportPath: path}, "https://x.example/", c.Handler(http.HandlerFunc(withNonce)).ServeHTTP)
			want := "script-src 'nonce-" + w.Body.String() + "'; upgrade-insecure-requests; report-uri " + path + "; report-to csp"
			if got := one(t, w, enforce); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
	w, _ := run(t, csp.Config{}, "https://x.example/", func(_ http.ResponseWriter, r *http.Request) {
		if err := c.OverrideReportOnly(r.Context()); err != nil {
			t.Error(err)
		}
	})
	if got, want := one(t, w, reportOnly), "script-src 'none'"; got != want {
		t.Errorf("report-only: %q, want %q", got, want)
	}
}

func TestCompiledHandlerWithoutCSP(t *testing.T) {
	old := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // it logs the mistake
	defer slog.SetDefault(old)
	w := httptest.NewRecorder()
	csp.MustCompile(csp.Strict()).Handler(http.HandlerFunc(plain)).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "ok") {
		t.Errorf("without a CSP around it: %d %q, want a refusal", w.Code, w.Body)
	}
	w, _ = run(t, csp.Config{InsecureOff: true}, "/", csp.MustCompile(csp.Strict()).Handler(http.HandlerFunc(plain)).ServeHTTP)
	if w.Body.String() != "ok" || w.Header().Get(enforce) != "" {
		t.Errorf("with the part switched off: %d %q %q", w.Code, w.Body, w.Header().Get(enforce))
	}
}

func TestMustCompilePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a policy with a mistake was compiled")
		}
	}()
	csp.MustCompile(csp.Policy{})
}
