package https_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/https"
)

var reached = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "reached") })

func newGuard(t testing.TB, cfg https.Config) *https.Guard {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	g, err := https.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestMistakes(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  https.Config
		want string
	}{
		{"preload without subdomains", https.Config{HSTS: https.Year, Preload: true}, "https: SECURE_HSTS_PRELOAD: the preload list takes no host without"},
		{"preload with the default age", https.Config{IncludeSubdomains: true, Preload: true}, "https: SECURE_HSTS_PRELOAD: the preload list takes no max-age below 31536000"},
		{"preload with a second less than a year", https.Config{HSTS: 31535999, IncludeSubdomains: true, Preload: true}, "no max-age below 31536000"},
		{"preload without HSTS", https.Config{HSTS: https.Off, IncludeSubdomains: true, Preload: true}, "no max-age below 31536000"},
		{"negative age", https.Config{HSTS: -2}, "https: SECURE_HSTS_SECONDS: -2 is out of range"},
		{"an age in nanoseconds", https.Config{HSTS: 31536000e9}, "https: SECURE_HSTS_SECONDS"},
		{"host with scheme", https.Config{Host: "https://example.com"}, "https: SECURE_SSL_HOST: "},
		{"host with path", https.Config{Host: "example.com/x"}, "https: SECURE_SSL_HOST: "},
		{"host with user", https.Config{Host: "a@example.com"}, "https: SECURE_SSL_HOST: "},
		{"host with a star", https.Config{Host: "*.example.com"}, "https: SECURE_SSL_HOST: "},
		{"host with a bad port", https.Config{Host: "example.com:70000"}, "https: SECURE_SSL_HOST: "},
		{"no regular expression", https.Config{Exempt: []string{"("}}, "https: SECURE_REDIRECT_EXEMPT: \"(\""},
		{"lookaround", https.Config{Exempt: []string{"(?!admin)"}}, "there is no lookaround"},
		{"empty pattern", https.Config{Exempt: []string{""}}, "an empty pattern exempts every path"},
		{"leading slash", https.Config{Exempt: []string{"/healthz"}}, "remove the slash"},
		{"anchored leading slash", https.Config{Exempt: []string{"^/healthz$"}}, "remove the slash"},
		{"pattern with a host", https.Config{Exempt: []string{"http://example.com/x"}}, "names a host"},
		{"long pattern", https.Config{Exempt: []string{strings.Repeat("x", 1001)}}, "longer than 1000 bytes"},
		{"many patterns", https.Config{Exempt: strings.Split(strings.Repeat("x ", 101), " ")[:101]}, "at most 100"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := https.New(row.cfg)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error is %v, want it to say %q", err, row.want)
			}
		})
	}
	_, err := https.New(https.Config{Host: "a/b", Exempt: []string{"("}, Preload: true})
	for _, want := range []string{"SECURE_SSL_HOST", "SECURE_REDIRECT_EXEMPT", "INCLUDE_SUBDOMAINS", "31536000"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want it to hold %s too", err, want)
		}
	}
}

func TestSecureRequestsAllocateNothing(t *testing.T) {
	site := newGuard(t, https.Config{HSTS: https.Year}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest("GET", "https://example.com/", nil)
	w := httptest.NewRecorder()
	if got := testing.AllocsPerRun(100, func() { clear(w.Header()); site.ServeHTTP(w, r) }); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func TestChecks(t *testing.T) {
	best := https.Config{HSTS: https.Year, IncludeSubdomains: true, Preload: true}
	off := https.Config{InsecureOff: true, InsecureHTTP: true, HSTS: https.Off}
	checktest.Run(t, https.Config.Checks, []checktest.Case[https.Config]{
		{ID: "security.W004", Raises: https.Config{HSTS: https.Off}, Clean: https.Config{}},
		{ID: "security.W004", Raises: https.Config{HSTS: https.Off}, Clean: off},
		{ID: "security.W005", Raises: https.Config{}, Clean: best},
		{ID: "security.W005", Raises: https.Config{HSTS: 1}, Clean: https.Config{HSTS: https.Off}},
		{ID: "security.W008", Raises: https.Config{InsecureHTTP: true}, Clean: https.Config{}},
		{ID: "security.W008", Raises: https.Config{InsecureHTTP: true}, Clean: off},
		{ID: "security.W021", Raises: https.Config{HSTS: https.Year}, Clean: best},
		{ID: "security.W021", Raises: https.Config{}, Clean: https.Config{HSTS: https.Off}},
		{ID: "https.E001", Raises: https.Config{HSTS: 1, IncludeSubdomains: true, Preload: true}, Clean: best},
		{ID: "https.E001", Raises: https.Config{HSTS: https.Year, Preload: true}, Clean: https.Config{HSTS: 1, IncludeSubdomains: true}},
		{ID: "https.I001", Raises: https.Config{HSTS: https.Year - 1}, Clean: https.Config{HSTS: https.Year}},
		{ID: "https.I001", Raises: https.Config{}, Clean: https.Config{HSTS: https.Off}},
		{ID: "https.W001", Raises: https.Config{Exempt: []string{".*"}}, Clean: https.Config{Exempt: []string{"^healthz$"}}},
		{ID: "https.W001", Raises: https.Config{Exempt: []string{"^(x|)"}}, Clean: https.Config{Exempt: []string{"^$"}}},
		{ID: "https.W002", Raises: with(best, "example.com"), Clean: best},
		{ID: "https.W002", Raises: with(best, "example.com"), Clean: https.Config{Host: "example.com"}},
		{ID: "https.W003", Raises: off, Clean: https.Config{InsecureHTTP: true, HSTS: https.Off}},
	})
}

func with(c https.Config, host string) https.Config {
	c.Host = host
	return c
}

func BenchmarkHandler(b *testing.B) {
	site := newGuard(b, https.Config{HSTS: https.Year}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for name, url := range map[string]string{"https": "https://example.com/", "redirect": "http://example.com/a?b"} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", url, nil)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				clear(w.Header())
				site.ServeHTTP(w, r)
			}
		})
	}
}
