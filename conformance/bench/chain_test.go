package bench

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/session"
)

// discard is a response that costs nothing. Its header is emptied for each request, as net/http's is new.
type discard struct {
	h      http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

func request(method, path string, header ...string) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	r.Host = "example.com"
	r.URL.Host, r.URL.Scheme = "", ""
	r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// run measures h on r and fails if the answer is not what the benchmark is about.
func run(b *testing.B, h http.Handler, r *http.Request, status int) {
	b.Helper()
	w := &discard{h: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		w.status = http.StatusOK
		h.ServeHTTP(w, r)
	}
	if w.status != status {
		b.Fatalf("status %d, want %d", w.status, status)
	}
}

var bare = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(nil) })

// ours is the application with everything on, and page around nothing.
func ours(b *testing.B, app http.Handler) *airworthy.App {
	b.Helper()
	s := airworthy.Production()
	s.Keyring.Key = keyring.Generate()
	s.Hosts.Allowed = []string{"example.com", "www.example.com"}
	s.HTTPS.HSTS, s.HTTPS.IncludeSubdomains = 31536000, true
	s.Logs = logs.Config{Output: io.Discard, AccessLog: logs.AccessOff}
	a, err := airworthy.New(s, app)
	if err != nil {
		b.Fatal(err)
	}
	return a
}

func BenchmarkGETWithoutSession(b *testing.B) {
	r := request("GET", "/")
	b.Run("bare", func(b *testing.B) { run(b, bare, r, 200) })
	b.Run("limit", func(b *testing.B) { run(b, newLimit(bare, make([]byte, 32), false), r, 200) })
	b.Run("airworthy", func(b *testing.B) { run(b, ours(b, bare), r, 200) })
	b.Run("peers", func(b *testing.B) { h, _ := peers(bare); run(b, h, r, 200) })
}

func BenchmarkGETWithSession(b *testing.B) {
	b.Run("limit", func(b *testing.B) {
		l := newLimit(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s := r.Context().Value(limitKey{}).(*limitState); s.n == 0 {
				panic("no session")
			}
		}), make([]byte, 32), false)
		run(b, l, request("GET", "/", "Cookie", "__Host-sessionid="+l.seal(`name "Ada Lovelace" theme "dark"`)), 200)
	})
	b.Run("airworthy", func(b *testing.B) {
		app := ours(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := session.From(r.Context())
			if r.Method == "POST" {
				_ = s.Set("name", "Ada Lovelace")
				_ = s.Set("theme", "dark")
			} else if s.String("name") != "Ada Lovelace" {
				panic("no session")
			}
		}))
		rec := httptest.NewRecorder()
		app.ServeHTTP(rec, request("POST", "/", "Sec-Fetch-Site", "same-origin"))
		c := rec.Result().Cookies()[0]
		run(b, app, request("GET", "/", "Cookie", c.Name+"="+c.Value), 200)
	})
	b.Run("peers", func(b *testing.B) {
		var m *scs.SessionManager
		h, m := peers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if m.GetString(r.Context(), "name") != "Ada Lovelace" {
				panic("no session")
			}
		}))
		ctx, err := m.Load(context.Background(), "")
		if err != nil {
			b.Fatal(err)
		}
		m.Put(ctx, "name", "Ada Lovelace")
		m.Put(ctx, "theme", "dark")
		token, _, err := m.Commit(ctx)
		if err != nil {
			b.Fatal(err)
		}
		run(b, h, request("GET", "/", "Cookie", m.Cookie.Name+"="+token), 200)
	})
}

func BenchmarkRefusedPOST(b *testing.B) {
	r := request("POST", "/", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	b.Run("limit", func(b *testing.B) { run(b, newLimit(bare, make([]byte, 32), false), r, 403) })
	b.Run("airworthy", func(b *testing.B) { run(b, ours(b, bare), r, 403) })
	b.Run("peers", func(b *testing.B) { h, _ := peers(bare); run(b, h, r, 400) })
}

func BenchmarkGETWithNonce(b *testing.B) {
	r := request("GET", "/")
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = csp.Nonce(r.Context()) })
	b.Run("limit", func(b *testing.B) { run(b, newLimit(bare, make([]byte, 32), true), r, 200) })
	b.Run("airworthy", func(b *testing.B) { run(b, ours(b, page), r, 200) })
	b.Run("peer", func(b *testing.B) { run(b, peerHeadersNonce(bare), r, 200) })
}
