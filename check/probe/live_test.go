package probe_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// TestLive probes a site over TCP and TLS, with net/http's own transport.
func TestLive(t *testing.T) {
	var secure, plain *httptest.Server
	site := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch "http://" + r.Host {
		case plain.URL:
			http.Redirect(w, r, secure.URL+r.RequestURI, http.StatusPermanentRedirect)
			return
		case strings.Replace(secure.URL, "https", "http", 1):
			r.Host = own
		}
		safe(w, r)
	})
	secure, plain = httptest.NewTLSServer(site), httptest.NewServer(site)
	defer secure.Close()
	defer plain.Close()

	r := check.Run(t.Context(), probe.Checks(secure.Client().Transport, probe.Claims{
		Host: strings.TrimPrefix(secure.URL, "https://"), PlainHost: strings.TrimPrefix(plain.URL, "http://"), Outside: true,
	}), check.Options{Deploy: true})
	if len(r.Findings)+len(r.NotRun) > 0 || r.Ran < 40 {
		t.Errorf("findings = %+v, not run = %+v, want none", r.Findings, r.NotRun)
	}
}

// BenchmarkChecks is the whole probe of one site.
func BenchmarkChecks(b *testing.B) {
	for b.Loop() {
		r := check.Run(b.Context(), site{claims: promises()}.checks(), check.Options{Deploy: true})
		if r.Failed() {
			b.Fatal("a safe site fails")
		}
	}
}
