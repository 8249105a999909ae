package errorpages

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Bounds on what a panic may put into the log and onto the development page.
const (
	maxValue  = 4 << 10
	maxFrames = 64
)

// panicked is the cause that the development page gets for a panic.
type panicked struct {
	value  any
	frames []runtime.Frame
}

func (e *panicked) Error() string { return fmt.Sprintf("panic: %v", e.value) }

func (e *panicked) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// recovered is deferred around the next handler.
func (p *Pages) recovered(s *httpx.State, w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	cause := &panicked{v, stack()}
	sent := s.Status() != 0
	p.logger().ErrorContext(r.Context(), "panic while answering a request",
		"event", "django.request",
		"status", http.StatusInternalServerError,
		"method", r.Method,
		"path", httpx.Truncate(p.mask(r.URL.Path), maxValue),
		"header_sent", sent,
		"panic", httpx.Truncate(p.mask(fmt.Sprint(v)), maxValue),
		"stack", p.mask(text(cause.frames)),
	)
	if sent {
		panic(http.ErrAbortHandler)
	}
	httpx.DropBody(w.Header())
	p.ServeError(w, r, http.StatusInternalServerError, cause)
}

// stack returns the frames of the goroutine that panics, the innermost first, without the machinery of panicking. It
// holds names and places but, unlike debug.Stack, no arguments.
func stack() []runtime.Frame {
	pcs := make([]uintptr, maxFrames)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	var all []runtime.Frame
	start := 0
	for {
		f, more := frames.Next()
		all = append(all, f)
		if start == 0 && f.Function == "runtime.gopanic" {
			start = len(all) // the panic that was recovered; one that it took the place of follows further out
		}
		if !more {
			break
		}
	}
	all = all[start:]
	for len(all) > 1 && strings.HasPrefix(all[0].Function, "runtime.") {
		all = all[1:] // runtime.panicmem and the like stand between the fault and the panic
	}
	return all
}

func text(frames []runtime.Frame) string {
	var b strings.Builder
	for _, f := range frames {
		fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
	}
	return b.String()
}
