package csp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

// sink is a ResponseWriter whose own work is nothing, so that the part's is what is measured.
type sink struct{ h http.Header }

func (s sink) Header() http.Header         { return s.h }
func (s sink) Write(p []byte) (int, error) { return len(p), nil }
func (s sink) WriteHeader(int)             {}

func handler(t testing.TB, cfg csp.Config, h http.HandlerFunc) http.Handler {
	c, err := csp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c.Handler(h)
}

func nothing(http.ResponseWriter, *http.Request) {}

func askNonce(_ http.ResponseWriter, r *http.Request) { _ = csp.Nonce(r.Context()) }

var both = csp.Config{ReportOnly: csp.Strict(), ReportPath: "/csp"}

// allocs returns what one answer allocates, the request's state included.
func allocs(h http.Handler) float64 {
	w, r := sink{http.Header{}}, httptest.NewRequest("GET", "https://a.example/", nil)
	return testing.AllocsPerRun(1000, func() { clear(w.h); h.ServeHTTP(w, r) })
}

// begun makes the request's state, as the parts outside this one do, and then calls h.
func begun(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, w, r = httpx.Begin(w, r)
		h.ServeHTTP(w, r)
	})
}

func TestAllocations(t *testing.T) {
	state := allocs(begun(http.HandlerFunc(nothing)))
	page := csp.MustCompile(csp.Strict())
	for _, tt := range []struct {
		name string
		h    http.Handler
		want float64
	}{
		{"no nonce", handler(t, csp.Config{}, nothing), 0},
		{"no nonce, two policies and reports", handler(t, both, nothing), 0},
		{"a nonce", handler(t, csp.Config{}, askNonce), 2 + raceDetector},
		{"a nonce, two policies and reports", handler(t, both, askNonce), 2 + raceDetector},
		{"a compiled policy", handler(t, csp.Config{}, page.Handler(http.HandlerFunc(nothing)).ServeHTTP), 1},
	} {
		if got := allocs(begun(tt.h)) - state; got != tt.want {
			t.Errorf("%s: %v allocations, want %v", tt.name, got, tt.want)
		}
	}
}

func bench(b *testing.B, h http.Handler) {
	w, r := sink{http.Header{}}, httptest.NewRequest("GET", "https://a.example/", nil)
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		h.ServeHTTP(w, r)
	}
}

// BenchmarkState is what the others include: the request's state, which the chain makes once.
func BenchmarkState(b *testing.B)    { bench(b, begun(http.HandlerFunc(nothing))) }
func BenchmarkNoNonce(b *testing.B)  { bench(b, handler(b, csp.Config{}, nothing)) }
func BenchmarkNonce(b *testing.B)    { bench(b, handler(b, csp.Config{}, askNonce)) }
func BenchmarkNonceTwo(b *testing.B) { bench(b, handler(b, both, askNonce)) }

func BenchmarkCompiled(b *testing.B) {
	page := csp.MustCompile(csp.Strict())
	bench(b, handler(b, csp.Config{}, page.Handler(http.HandlerFunc(askNonce)).ServeHTTP))
}

func BenchmarkOverride(b *testing.B) {
	p := csp.Strict()
	bench(b, handler(b, csp.Config{}, func(_ http.ResponseWriter, r *http.Request) { _ = csp.Override(r.Context(), p) }))
}

func BenchmarkExtend(b *testing.B) {
	extra := csp.Policy{FrameSrc: list("https://www.youtube-nocookie.com")}
	bench(b, handler(b, csp.Config{}, func(_ http.ResponseWriter, r *http.Request) { _ = csp.Extend(r.Context(), extra) }))
}
