package hosts_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/hosts"
)

// A Ready that hangs must not take a connection for each question with it, and one that panics not the program.
func TestReadinessThatHangsOrPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan bool)
		var asked atomic.Int32
		for name, ready := range map[string]func(context.Context) error{
			"hangs":  func(context.Context) error { asked.Add(1); <-release; return nil },
			"panics": func(context.Context) error { panic("a bug") },
		} {
			g, err := hosts.New(hosts.Config{Allowed: []string{"good.com"}, HealthPath: "/healthz", Ready: ready,
				Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			codes := make(chan int, 3)
			for range cap(codes) {
				go func() {
					w := httptest.NewRecorder()
					g.Handler(reached).ServeHTTP(w, httptest.NewRequest("GET", "http://10.0.0.5/healthz", nil))
					codes <- w.Code
				}()
			}
			for range cap(codes) {
				if code := <-codes; code != 503 {
					t.Errorf("%s: %d, want 503", name, code)
				}
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("%s: answered after %s", name, took)
			}
		}
		if asked.Load() != 1 {
			t.Errorf("asked %d times at once, want once", asked.Load())
		}
		close(release)
	})
}
