package logs_test

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/secret"
)

var answer = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) })

type nothing struct{ h http.Header }

func (n *nothing) Header() http.Header         { return n.h }
func (n *nothing) Write(p []byte) (int, error) { return len(p), nil }
func (n *nothing) WriteHeader(int)             {}

func ordinary() *http.Request {
	r := httptest.NewRequest("GET", "/posts/42/edit", nil)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36")
	return r
}

func masks(n int) func() secret.Mask {
	var all []secret.Text
	for range n {
		all = append(all, secret.New(rand.Text()+rand.Text()))
	}
	m := secret.NewMask(all...)
	return func() secret.Mask { return m }
}

func BenchmarkHandler(b *testing.B) {
	for _, row := range []struct {
		name string
		cfg  logs.Config
	}{
		{"off", logs.Config{AccessLog: logs.AccessOff}},
		{"json", logs.Config{Format: logs.JSON}},
		{"json, 1 secret", logs.Config{Format: logs.JSON, Mask: masks(1)}},
		{"json, 8 secrets", logs.Config{Format: logs.JSON, Mask: masks(8)}},
		{"text", logs.Config{Format: logs.Text}},
	} {
		b.Run(row.name, func(b *testing.B) {
			row.cfg.Output = io.Discard
			h := mustNew(b, row.cfg).Handler(answer)
			w, r := &nothing{h: http.Header{}}, ordinary()
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

func BenchmarkLogger(b *testing.B) {
	l := mustNew(b, logs.Config{Format: logs.JSON, Output: io.Discard, Mask: masks(8)}).Logger()
	b.ReportAllocs()
	for b.Loop() {
		l.Warn("refused a request", "event", "x", "host", "example.com", "n", 3)
	}
}
