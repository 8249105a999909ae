//go:build !race

// The race detector makes sync.Pool, which log/slog takes its buffers from, forget at random.

package logs_test

import (
	"io"
	"log/slog"
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

// A record that is no event costs one allocation, which is the handler's room for what it adds.
func TestNoEventNoCost(t *testing.T) {
	l := mustNew(t, logs.Config{Format: logs.JSON, Output: io.Discard}).Logger()
	bare := slog.New(slog.NewJSONHandler(io.Discard, nil))
	log := func(l *slog.Logger) float64 {
		l.Info("m") // fills log/slog's pool
		return testing.AllocsPerRun(100, func() { l.LogAttrs(t.Context(), slog.LevelInfo, "m", slog.String("a", "b"), slog.Int("n", 1)) })
	}
	if got, want := log(l), log(bare); got > want+1 {
		t.Errorf("%v allocations for a record that is no event, log/slog has %v", got, want)
	}
}
