package bench

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

// contest is one piece of work and those who do it.
type contest struct {
	name   string
	allocs float64 // that airworthy may make; run.sh fails if it makes more
	budget float64 // of the limit's time, that airworthy should need at most; 0 for none
	of     []contestant
}

// contestant does the work once.
type contestant struct {
	name string
	work func()
}

// The names of the contestants that have a role; all others are peers.
const (
	limitName = "limit"
	ours      = "airworthy"
	bareName  = "bare"
)

// contests are all of them, prepared.
func contests(tb testing.TB) []contest {
	return slices.Concat(wholeChain(tb), someParts(tb), values(tb), logging(tb))
}

// Benchmark is every contestant of every contest, for go test -bench and pprof.
func Benchmark(b *testing.B) {
	for _, c := range contests(b) {
		for _, who := range c.of {
			b.Run(c.name+"/"+who.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					who.work()
				}
			})
		}
	}
}

// TestAllocations holds airworthy to its allocation budgets, and nobody to a time.
func TestAllocations(t *testing.T) {
	for _, c := range contests(t) {
		i := slices.IndexFunc(c.of, func(who contestant) bool { return who.name == ours })
		if i < 0 {
			t.Errorf("%s: airworthy does not take part", c.name)
			continue
		}
		if got := testing.AllocsPerRun(500, c.of[i].work); got > c.allocs {
			t.Errorf("%s: %v allocations, want at most %v", c.name, got, c.allocs)
		}
	}
}

// discard is a response that costs nothing. Its header is emptied for each request, as net/http's is new.
type discard struct {
	h      http.Header
	status int
	size   int
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { d.size += len(p); return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

func (d *discard) WriteString(s string) (int, error) { d.size += len(s); return len(s), nil }

// serving is h answering r again and again. It fails at once if the answer is not what the contest is about.
func serving(tb testing.TB, name string, h http.Handler, r *http.Request, status int) contestant {
	tb.Helper()
	w := &discard{h: http.Header{}}
	work := func() {
		clear(w.h)
		w.status = http.StatusOK
		h.ServeHTTP(w, r)
	}
	work()
	if w.status != status {
		tb.Fatalf("%s: status %d, want %d", name, w.status, status)
	}
	return contestant{name, work}
}

// request is one that came by HTTPS, with what browsers send of interest here.
func request(method string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "https://example.com/path", nil)
	r.URL.Host, r.URL.Scheme = "", ""
	r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	r.Header.Set("Accept-Language", "en")
	r.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}
