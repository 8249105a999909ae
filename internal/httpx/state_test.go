package httpx_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

func TestBeginSettlesWhatTheConnectionTells(t *testing.T) {
	for _, row := range []struct {
		name, remote string
		tls          bool
		peer, scheme string
	}{
		{"IPv4 over plain HTTP", "192.0.2.7:4711", false, "192.0.2.7", "http"},
		{"TLS makes it https", "192.0.2.7:4711", true, "192.0.2.7", "https"},
		{"an IPv4-mapped address is unmapped", "[::ffff:192.0.2.7]:4711", false, "192.0.2.7", "http"},
		{"a zone is dropped, so that prefixes match", "[fe80::1%eth0]:4711", false, "fe80::1", "http"},
		{"a Unix socket has no peer", "@", false, "invalid IP", "http"},
		{"an empty address is no peer", "", false, "invalid IP", "http"},
		{"an address without port is no peer", "192.0.2.7", false, "invalid IP", "http"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "http://example.com:8080/", nil)
			r.RemoteAddr = row.remote
			if row.tls {
				r.TLS = &tls.ConnectionState{}
			}
			r.Header.Set("X-Forwarded-Proto", "https")
			r.Header.Set("X-Forwarded-For", "203.0.113.9")
			r.Header.Set("X-Forwarded-Host", "evil.example")
			s, _, r2 := httpx.Begin(httptest.NewRecorder(), r)
			if s.Peer().String() != row.peer || s.Client().String() != row.peer || s.Trusted {
				t.Errorf("Peer %v, Client %v, Trusted %v, want %s twice and false", s.Peer(), s.Client(), s.Trusted, row.peer)
			}
			if s.Scheme() != row.scheme || httpx.Secure(r2) != row.tls {
				t.Errorf("Scheme %q, Secure %v, want %q", s.Scheme(), httpx.Secure(r2), row.scheme)
			}
			if s.Host != "example.com:8080" || httpx.Host(r2) != "example.com:8080" {
				t.Errorf("Host %q, want example.com:8080", s.Host)
			}
		})
	}
}

func TestWithoutAState(t *testing.T) {
	r := httptest.NewRequest("GET", "https://example.com/", nil)
	if httpx.From(r.Context()) != nil {
		t.Error("From found a state where there is none")
	}
	if !httpx.Secure(r) || httpx.Host(r) != "example.com" {
		t.Errorf("Secure %v, Host %q, want those of the request", httpx.Secure(r), httpx.Host(r))
	}
}

func TestBeginTwiceIsOneState(t *testing.T) {
	w0 := httptest.NewRecorder()
	s1, w1, r1 := httpx.Begin(w0, httptest.NewRequest("GET", "/", nil))
	s1.HTTPS, s1.Host = true, "other.example"
	s2, w2, r2 := httpx.Begin(w1, r1)
	if s1 != s2 || w1 != w2 || r1 != r2 {
		t.Error("the second Begin made something of its own")
	}
	if !httpx.Secure(r2) || httpx.Host(r2) != "other.example" {
		t.Error("Secure and Host do not follow the state")
	}
	if r3 := r1.WithContext(context.WithValue(r1.Context(), key{}, 1)); httpx.From(r3.Context()) != s1 {
		t.Error("a context derived from the request's lost the state")
	}
}

type key struct{}

func TestTheContextIsTheParents(t *testing.T) {
	cause := errors.New("gone")
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "value"))
	ctx, stop := context.WithDeadline(ctx, deadline)
	defer stop()
	_, _, r := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if got, _ := r.Context().Deadline(); !got.Equal(deadline) {
		t.Errorf("Deadline %v, want %v", got, deadline)
	}
	if got := r.Context().Value(key{}); got != "value" {
		t.Errorf("Value %v, want value", got)
	}
	child, stopChild := context.WithCancel(r.Context())
	defer stopChild()
	cancel(cause)
	<-r.Context().Done()
	<-child.Done()
	if r.Context().Err() != context.Canceled || context.Cause(r.Context()) != cause || context.Cause(child) != cause {
		t.Errorf("Err %v, cause %v, cause of a child %v", r.Context().Err(), context.Cause(r.Context()), context.Cause(child))
	}
}

func TestID(t *testing.T) {
	begin := func() *httpx.State {
		s, _, _ := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		return s
	}
	if got := begin().ID(); got != "" {
		t.Errorf("ID %q without a part that gives out ids, want none", got)
	}
	s := begin()
	s.EnableID()
	s.SetID("from-the-proxy")
	if got := s.ID(); got != "from-the-proxy" {
		t.Errorf("ID %q, want the proxy's", got)
	}
	s = begin()
	s.EnableID()
	other := begin()
	other.EnableID()
	if len(s.ID()) < 22 || s.ID() == other.ID() {
		t.Errorf("IDs %q and %q, want 128 bits that differ", s.ID(), other.ID())
	}
}

func TestKnownIDMakesNone(t *testing.T) {
	s, _, _ := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	s.EnableID()
	if got := s.KnownID(); got != "" {
		t.Errorf("got %q before anybody asked for an id, want none", got)
	}
	id := s.ID()
	if got := s.KnownID(); got != id {
		t.Errorf("got %q, want the id %q", got, id)
	}
	s.SetID("from the proxy")
	if got := s.KnownID(); got != "from the proxy" {
		t.Errorf("got %q, want the proxy's", got)
	}
}

func TestOneIDForAllGoroutines(t *testing.T) {
	for range 200 {
		s, _, _ := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		s.EnableID()
		ids := make([]string, 4)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() { <-start; ids[i] = s.ID() })
		}
		close(start)
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Fatalf("ID %q beside %q, want one", id, ids[0])
			}
		}
	}
}

// TestBeginAllocations holds the price of a chain: the state, in which the copy of the request is.
func TestBeginAllocations(t *testing.T) {
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	var first, second float64
	first = testing.AllocsPerRun(100, func() { httpx.Begin(w, r) })
	_, w2, r2 := httpx.Begin(w, r)
	second = testing.AllocsPerRun(100, func() { httpx.Begin(w2, r2) })
	if first > 1 || second > 0 {
		t.Errorf("Begin allocates %v times, then %v, want 1 and 0", first, second)
	}
	own := reflect.TypeFor[httpx.State]().Size() - reflect.TypeFor[http.Request]().Size()
	if own > 208 { // 512 with the request, as long as that has 304
		t.Errorf("a State has %d bytes beside the request, want at most 208", own)
	}
}

func BenchmarkBegin(b *testing.B) {
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		httpx.Begin(w, r)
	}
}

func TestRefuse(t *testing.T) {
	t.Run("without pages the status's own text is sent", func(t *testing.T) {
		rec := httptest.NewRecorder()
		_, w, r := httpx.Begin(rec, httptest.NewRequest("GET", "/<script>", nil))
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("X-Frame-Options", "DENY")
		httpx.Refuse(w, r, http.StatusForbidden, errors.New("the cause"))
		res := rec.Result()
		if rec.Code != 403 || rec.Body.String() != "Forbidden\n" {
			t.Errorf("%d %q, want 403 Forbidden", rec.Code, rec.Body)
		}
		if res.Header.Get("Content-Length") != "" || res.Header.Get("Cache-Control") != "no-store" ||
			res.Header.Get("Content-Type") != "text/plain; charset=utf-8" || res.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("header %v", res.Header)
		}
	})
	t.Run("with pages the pages answer", func(t *testing.T) {
		rec := httptest.NewRecorder()
		s, w, r := httpx.Begin(rec, httptest.NewRequest("GET", "/", nil))
		s.Pages = &fakePages{}
		httpx.Refuse(w, r, http.StatusForbidden, nil)
		if rec.Code != 403 || rec.Body.String() != "page 403" {
			t.Errorf("%d %q, want the page", rec.Code, rec.Body)
		}
	})
	t.Run("it works on a request that no part has seen", func(t *testing.T) {
		rec := httptest.NewRecorder()
		httpx.Refuse(rec, httptest.NewRequest("GET", "/", nil), http.StatusBadRequest, nil)
		if rec.Code != 400 || rec.Body.String() != "Bad Request\n" {
			t.Errorf("%d %q, want 400 Bad Request", rec.Code, rec.Body)
		}
	})
}

// fakePages replaces what says so in its header.
type fakePages struct{ mute bool }

func (p *fakePages) ServeError(w http.ResponseWriter, _ *http.Request, status int, _ error) {
	if p.mute {
		return
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("page " + strconv.Itoa(status)))
}

func (p *fakePages) WantsCause(*http.Request) bool { return true }

func (p *fakePages) Replaces(_ *http.Request, _ int, h http.Header) bool {
	return h.Get("Replace") != ""
}
