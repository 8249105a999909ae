//go:build !race

// The race detector makes sync.Pool, which log/slog takes its buffers from, forget at random.

package logs_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/logs"
)

func TestAllocations(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  logs.Config
		most float64
	}{
		{"off", logs.Config{AccessLog: logs.AccessOff}, 0},
		{"errors only, and none", logs.Config{AccessLog: logs.AccessErrors}, 0},
		{"a quiet path", logs.Config{Quiet: []string{"/posts/42/edit"}}, 0},
		{"JSON", logs.Config{Format: logs.JSON}, 4},
		{"text", logs.Config{Format: logs.Text}, 4},
	} {
		row.cfg.Output = io.Discard
		h := mustNew(t, row.cfg).Handler(answer)
		w, r := &nothing{h: http.Header{}}, ordinary()
		begin := testing.AllocsPerRun(100, func() { httpx.Begin(w, r) })
		if got := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }) - begin; got > row.most {
			t.Errorf("%s: %v allocations beside those of Begin, want at most %v", row.name, got, row.most)
		}
	}
}
