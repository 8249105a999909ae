package session_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/session"
)

// nothing is a response that costs nothing.
type nothing struct{ h http.Header }

func (n *nothing) Header() http.Header         { return n.h }
func (n *nothing) Write(p []byte) (int, error) { return len(p), nil }
func (n *nothing) WriteHeader(int)             {}

// visit returns what serves one request with the handler f, and with a cookie if cookie is set. The request's state is
// made by a part before sessions, as in a chain, so that its cost is not counted here but in base.
func visit(tb testing.TB, store session.Store, cookie bool, f func(*session.Session)) (run, base func()) {
	tb.Helper()
	s := newSite(tb, session.Config{Store: store})
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		if err := s.Set("theme", "dark"); err != nil {
			tb.Fatal(err)
		}
		if err := s.SetUser("42"); err != nil {
			tb.Fatal(err)
		}
	})
	r := httptest.NewRequest("GET", "https://example.com/", nil)
	if cookie {
		r.Header.Set("Cookie", cookieName+"="+s.jar[cookieName])
	}
	outer := func(next http.Handler) func() {
		w := &nothing{h: http.Header{}}
		return func() {
			clear(w.h)
			_, w, r := httpx.Begin(w, r)
			next.ServeHTTP(w, r)
		}
	}
	run = outer(s.m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f != nil {
			f(session.From(r.Context()))
		}
		w.WriteHeader(http.StatusOK)
	})))
	base = outer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusOK) }))
	return run, base
}

var visits = []struct {
	name   string
	store  func(testing.TB) session.Store
	cookie bool
	read   bool
	want   float64 // allocations
}{
	{"a request that asks for nothing", cookieStore, true, false, 0},
	{"a request without a session that asks", cookieStore, false, true, 1},
	{"a value from a sealed cookie", cookieStore, true, true, 2},
	{"a value from memory", memoryStore, true, true, 2},
}

func cookieStore(tb testing.TB) session.Store { return session.NewCookie(newRing(tb, testKey)) }
func memoryStore(tb testing.TB) session.Store { return newMemory(tb) }

func readOne(tb testing.TB, cookie bool) func(*session.Session) {
	want := map[bool]string{true: "dark"}[cookie]
	return func(s *session.Session) {
		if got := s.String("theme"); got != want {
			tb.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("allocations are counted without the race detector")
	}
	for _, row := range visits {
		t.Run(row.name, func(t *testing.T) {
			var f func(*session.Session)
			if row.read {
				f = readOne(t, row.cookie)
			}
			run, base := visit(t, row.store(t), row.cookie, f)
			if got := testing.AllocsPerRun(200, run) - testing.AllocsPerRun(200, base); got > row.want {
				t.Errorf("%v allocations, want at most %v", got, row.want)
			}
		})
	}
}

func BenchmarkHandler(b *testing.B) {
	for _, row := range visits {
		b.Run(row.name, func(b *testing.B) {
			var f func(*session.Session)
			if row.read {
				f = readOne(b, row.cookie)
			}
			run, _ := visit(b, row.store(b), row.cookie, f)
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
	b.Run("the state alone", func(b *testing.B) {
		_, base := visit(b, cookieStore(b), false, nil)
		b.ReportAllocs()
		for b.Loop() {
			base()
		}
	})
}
