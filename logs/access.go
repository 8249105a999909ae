package logs

import (
	"context"
	"log/slog"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/secret"
)

// Bounds on what a client puts into one line, in bytes.
const (
	maxMethod = 32
	maxPath   = 1024
	maxAgent  = 256
)

func now() time.Time { return time.Now() }

// access is one request on its way to a line in the access log.
type access struct {
	l        *Logs
	s        *httpx.State
	r        *http.Request
	start    time.Time
	returned bool // the next handler returned; otherwise it panics, and the connection is cut
}

// log is deferred. It does not recover: a panic goes on to whoever answers for it.
func (a *access) log() {
	status := a.s.Status()
	switch {
	case status == 0 && a.returned:
		status = http.StatusOK // net/http sends it
	case status == 0:
		status = http.StatusInternalServerError
	}
	failed := status >= 500 || !a.returned
	if !failed && (a.l.access == AccessErrors || a.l.quiet[a.r.URL.Path]) {
		return
	}
	level := slog.LevelInfo
	if failed {
		level = slog.LevelError
	}
	ctx := a.r.Context()
	if !a.l.logger.Enabled(ctx, level) {
		return
	}
	a.write(ctx, level, status)
}

func (a *access) write(ctx context.Context, level slog.Level, status int) {
	var mask secret.Mask
	if a.l.mask != nil {
		mask = a.l.mask()
	}
	attrs := [...]slog.Attr{
		slog.String("event", EventAccess),
		slog.String("method", cut(a.r.Method, maxMethod)),
		slog.String("path", cut(mask.String(a.r.URL.Path), maxPath)),
		slog.Int("status", status),
		slog.Int64("size", a.s.Size()),
		slog.Float64("duration_ms", float64(time.Since(a.start).Microseconds())/1000),
		slog.String("user_agent", cut(mask.String(a.r.UserAgent()), maxAgent)),
		slog.Bool("cut_off", true),
	}
	n := len(attrs)
	if a.returned {
		n--
	}
	a.l.logger.LogAttrs(ctx, level, "request", attrs[:n]...)
}

// cut shortens s to n bytes, at the end of a character. What is secret is masked before: half of it matches nothing.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
