package hosts

import (
	"context"
	"errors"
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

	mu     sync.Mutex
	asked  time.Time
	err    error
	asking chan struct{} // closed when the answer is there; nil while nobody asks
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

var errLate = errors.New("hosts: Ready has not answered in time")

// ask returns the last answer if it is fresh, and otherwise waits for the next one, which all that ask at the same time
// share. A Ready that heeds no context keeps one goroutine, and nobody waiting.
func (h *health) ask(ctx context.Context) error {
	if h.ready == nil {
		return nil
	}
	h.mu.Lock()
	if !h.asked.IsZero() && time.Since(h.asked) < readyEvery {
		defer h.mu.Unlock()
		return h.err
	}
	if h.asking == nil {
		h.asking = make(chan struct{})
		go h.answer(context.WithoutCancel(ctx)) // whoever asks may go away: the others wait for the answer too
	}
	asking := h.asking
	h.mu.Unlock()

	late := time.NewTimer(readyWithin + readyEvery)
	defer late.Stop()
	select {
	case <-asking:
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.err
	case <-late.C:
		return errLate
	}
}

// answer asks Ready and logs when the answer changes.
func (h *health) answer(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	err := h.try(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err != nil && h.err == nil:
		httpx.Logger(h.logger).WarnContext(ctx, "the application is not ready", "error", err)
	case err == nil && h.err != nil:
		httpx.Logger(h.logger).InfoContext(ctx, "the application is ready again")
	}
	h.err, h.asked = err, time.Now()
	close(h.asking)
	h.asking = nil
}

// try calls Ready. Its panic, here where no request's recovery stands around it, would end the program.
func (h *health) try(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("hosts: Ready panicked: %v", v)
		}
	}()
	return h.ready(ctx)
}
