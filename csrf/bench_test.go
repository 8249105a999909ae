package csrf_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

// thousand trusted origins, so that a list walked per request would show.
func thousand() (origins []string) {
	for i := range 1000 {
		origins = append(origins, fmt.Sprintf("https://site%d.example", i), fmt.Sprintf("https://*.wild%d.example", i))
	}
	return origins
}

// hot are the requests that a site serves all day.
var hot = []struct {
	name, method string
	header       []string
	allocs       float64 // of Check, for the Refusal; of Handler there are none within a chain that has begun
}{
	{"GET", "GET", []string{"Sec-Fetch-Site: none"}, 0},
	{"POST by fetch metadata", "POST", []string{"Sec-Fetch-Site: same-origin", "Origin: https://victim.com"}, 0},
	{"POST by Origin", "POST", []string{"Origin: https://victim.com"}, 0},
	{"POST of a trusted origin", "POST", []string{"Sec-Fetch-Site: cross-site", "Origin: https://site999.example"}, 0},
	{"POST of a wildcard's", "POST", []string{"Sec-Fetch-Site: cross-site", "Origin: https://a.wild999.example"}, 0},
	{"POST by token", "POST", []string{cookie, "X-CSRFToken: " + masked}, 0},
	{"refused POST", "POST", []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.com"}, 1},
}

func TestAllocations(t *testing.T) {
	g := newGuard(t, csrf.Config{TrustedOrigins: thousand(), InsecureExempt: []string{"POST /hooks"},
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	for _, row := range hot {
		_, _, r := httpx.Begin(httptest.NewRecorder(), newRequest(row.method, site, row.header...))
		if got := testing.AllocsPerRun(100, func() { _ = g.Check(r) }); got != row.allocs {
			t.Errorf("Check, %s: got %v allocations, want %v", row.name, got, row.allocs)
		}
		h := g.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		w := nowhere{http.Header{}}
		for range 10 { // the refusals that are logged
			h.ServeHTTP(w, r)
		}
		if got := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); got != 0 {
			t.Errorf("Handler, %s: got %v allocations, want 0", row.name, got)
		}
	}
}

// nowhere is a response that keeps nothing.
type nowhere struct{ h http.Header }

func (n nowhere) Header() http.Header             { return n.h }
func (nowhere) Write(p []byte) (int, error)       { return len(p), nil }
func (nowhere) WriteHeader(int)                   {}
func (nowhere) WriteString(s string) (int, error) { return len(s), nil }

func BenchmarkHandler(b *testing.B) {
	g := newGuard(b, csrf.Config{TrustedOrigins: thousand()})
	h := g.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, row := range hot {
		b.Run(row.name, func(b *testing.B) {
			r := newRequest(row.method, site, row.header...)
			w := nowhere{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r) // with the chain's one context
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	g := newGuard(b, csrf.Config{TrustedOrigins: thousand()})
	for _, row := range hot {
		b.Run(row.name, func(b *testing.B) {
			_, _, r := httpx.Begin(nowhere{http.Header{}}, newRequest(row.method, site, row.header...))
			b.ReportAllocs()
			for b.Loop() {
				_ = g.Check(r)
			}
		})
	}
}

func BenchmarkToken(b *testing.B) {
	g := newGuard(b, csrf.Config{})
	h := g.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { csrf.Token(r.Context()) }))
	r := newRequest("GET", site, cookie)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(nowhere{http.Header{}}, r)
	}
}

// BenchmarkStandardLibrary is the limit for browsers that send fetch metadata.
func BenchmarkStandardLibrary(b *testing.B) {
	c := http.NewCrossOriginProtection()
	r := newRequest("POST", site, "Sec-Fetch-Site: same-origin", "Origin: https://victim.com")
	b.ReportAllocs()
	for b.Loop() {
		_ = c.Check(r)
	}
}
