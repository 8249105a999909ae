package hosts

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// How often Config.Ready is asked, and how long it has. Anybody may call the health path, so it must stay cheap.
const (
	readyEvery  = time.Second
	readyWithin = 5 * time.Second
)

// health answers the health path.
type health struct {
	path   string
	ready  func(context.Context) error
	logger *slog.Logger

	mu    sync.Mutex // held while ready runs: the others wait for its answer
	asked time.Time
	err   error
}

// checkHealthPath refuses what could not be matched exactly, or would take the place of the whole site.
func checkHealthPath(p string) error {
	if p == "/" || !strings.HasPrefix(p, "/") || path.Clean(p) != p || strings.ContainsAny(p, "?#%*{} \\") {
		return fmt.Errorf("hosts: HEALTH_PATH: %q is not a plain path: write one such as /healthz", p)
	}
	return nil
}

// matches reports whether r asks for the health path, spelled exactly so: RawPath is set where something was escaped
// that need not be.
func (h *health) matches(r *http.Request) bool {
	return r.URL.Path == h.path && r.URL.RawPath == "" && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// ServeHTTP answers "ok" with 200, or "unavailable" with 503. The reason goes to the log only.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, body := http.StatusOK, "ok\n"
	if h.ask(r.Context()) != nil {
		status, body = http.StatusServiceUnavailable, "unavailable\n"
	}
	head := w.Header()
	head.Set("Content-Type", "text/plain; charset=utf-8")
	head.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(body))
	}
}

// ask returns the last answer if it is fresh, and logs when the answer changes. The caller's going away does not make
// the application unready.
func (h *health) ask(ctx context.Context) error {
	if h.ready == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.asked.IsZero() && time.Since(h.asked) < readyEvery {
		return h.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyWithin)
	defer cancel()
	before := h.err
	h.err = h.ready(ctx)
	h.asked = time.Now()
	switch {
	case h.err != nil && before == nil:
		httpx.Logger(h.logger).WarnContext(ctx, "the application is not ready", "error", h.err)
	case h.err == nil && before != nil:
		httpx.Logger(h.logger).InfoContext(ctx, "the application is ready again")
	}
	return h.err
}
