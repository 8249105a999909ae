package logs

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/secret"
)

// Bounds on what a client puts into one line, in bytes.
const (
	maxMethod = 32
	maxPath   = 1024
	maxAgent  = 256
)

// access is one request on its way to a line in the access log.
type access struct {
	logs     *Logs
	state    *httpx.State
	request  *http.Request
	start    time.Time
	returned bool // the next handler returned; otherwise it panics, and the connection is cut
}

// log is deferred. It does not recover: a panic goes on to whoever answers for it.
func (a *access) log() {
	status := a.state.Status()
	switch {
	case status == 0 && a.returned:
		status = http.StatusOK // net/http sends it
	case status == 0:
		status = http.StatusInternalServerError
	}
	failed := status >= 500 || !a.returned
	if !failed && !a.logs.lists(a.request) {
		return
	}
	level := slog.LevelInfo
	if failed {
		level = slog.LevelError
	}
	if ctx := a.request.Context(); a.logs.lines.Enabled(ctx, level) && !httpx.Probing(ctx) {
		a.write(ctx, level, status)
	}
}

// lists reports whether r gets a line even if all is well.
func (l *Logs) lists(r *http.Request) bool { return l.access != AccessErrors && !l.quiet[r.URL.Path] }

func (a *access) write(ctx context.Context, level slog.Level, status int) {
	r, end := a.request, time.Now()
	var room [10]slog.Attr
	attrs := append(room[:0],
		slog.String("event", EventAccess),
		slog.String("method", a.method()),
		slog.String("path", httpx.Truncate(a.logs.text(r.URL.Path), maxPath)),
		slog.Int("status", status),
		slog.Int64("size", a.state.Size()),
		slog.Int64("duration_us", end.Sub(a.start).Microseconds()),
		slog.String("user_agent", httpx.Truncate(a.logs.text(r.UserAgent()), maxAgent)),
	)
	if !a.returned {
		attrs = append(attrs, slog.Bool("cut_off", true))
	}
	rec := slog.NewRecord(end, level, "request", 0)
	rec.AddAttrs(appendRequest(attrs, a.state)...)
	_ = a.logs.lines.Handle(ctx, rec) // there is nowhere left to say that the log cannot be written
}

// method returns the request's method. No secret that can be masked is as short as the methods that there are.
func (a *access) method() string {
	if m := a.request.Method; len(m) >= secret.MinMasked {
		return httpx.Truncate(a.logs.text(m), maxMethod)
	}
	return a.request.Method
}
