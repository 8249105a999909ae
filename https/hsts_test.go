package https_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/https"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Bad input 46: the header goes out over HTTPS, however the request is known to be that, and on errors too.
func TestHSTS(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  https.Config
		want string
	}{
		{"the default is one hour", https.Config{}, "max-age=3600"},
		{"a year", https.Config{HSTS: https.Year}, "max-age=31536000"},
		{"with subdomains", https.Config{HSTS: 60, IncludeSubdomains: true}, "max-age=60; includeSubDomains"},
		{"with preload", https.Config{HSTS: 63072000, IncludeSubdomains: true, Preload: true}, "max-age=63072000; includeSubDomains; preload"},
		{"off", https.Config{HSTS: https.Off}, ""},
		{"off with subdomains", https.Config{HSTS: https.Off, IncludeSubdomains: true}, ""},
		{"without redirects", https.Config{InsecureHTTP: true}, "max-age=3600"},
		{"the part is off", https.Config{InsecureOff: true}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			site := newGuard(t, row.cfg).Handler(http.NotFoundHandler())
			tlsRequest := httptest.NewRequest("GET", "http://example.com/", nil)
			tlsRequest.TLS = &tls.ConnectionState{}
			_, _, proxied := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "http://example.com/", nil))
			httpx.From(proxied.Context()).HTTPS = true
			for name, r := range map[string]*http.Request{"46: over TLS": tlsRequest, "46: behind a trusted proxy": proxied} {
				w := httptest.NewRecorder()
				site.ServeHTTP(w, r)
				if got := w.Header().Get("Strict-Transport-Security"); w.Code != 404 || got != row.want {
					t.Errorf("%s: %d with HSTS %q, want 404 with %q", name, w.Code, got, row.want)
				}
			}
		})
	}
}

func TestHSTSIsNotSentInTheClear(t *testing.T) {
	site := newGuard(t, https.Config{InsecureHTTP: true}).Handler(reached)
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("GET", "http://example.com/", nil))
	if got := w.Header().Get("Strict-Transport-Security"); w.Code != 200 || got != "" {
		t.Errorf("%d with HSTS %q, want 200 without (RFC 6797, 7.2)", w.Code, got)
	}
}

func TestHSTSThatIsSetAlreadyStays(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Strict-Transport-Security", "max-age=5")
	newGuard(t, https.Config{}).Handler(reached).ServeHTTP(w, httptest.NewRequest("GET", "https://example.com/", nil))
	if got := w.Header()["Strict-Transport-Security"]; len(got) != 1 || got[0] != "max-age=5" {
		t.Errorf("HSTS = %q, want the one that was there", got)
	}
}

func TestOneAnswerCannotChangeTheNext(t *testing.T) {
	site := newGuard(t, https.Config{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Strict-Transport-Security", "max-age=0")
	}))
	for range 2 {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest("GET", "https://example.com/", nil))
		if got := w.Header()["Strict-Transport-Security"]; len(got) != 2 || got[0] != "max-age=3600" {
			t.Errorf("HSTS = %q, want the guard's and the application's", got)
		}
	}
}

func TestMaxAgeText(t *testing.T) {
	for text, want := range map[string]https.MaxAge{
		"0": https.Off, "00": https.Off, "1": 1, "3600": 3600, "31536000": https.Year, "63072000": 2 * https.Year,
	} {
		var got https.MaxAge
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
		if back, _ := got.MarshalText(); strings.TrimLeft(string(back), "0") != strings.TrimLeft(text, "0") {
			t.Errorf("%q is written as %q", text, back)
		}
	}
	for _, text := range []string{"", " ", "-1", "+1", "1h", "1.5", "1e6", "0x10", "1_000", " 60", "60\n", "99999999999999999999", "31536000000000000"} {
		got := https.MaxAge(7)
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken as %d, want an error", text, got)
		}
		if got != 7 {
			t.Errorf("%q changed the value to %d", text, got)
		}
	}
	if got := https.MaxAge(0).String(); got != "3600" {
		t.Errorf("the default is written as %q, want 3600", got)
	}
}
