package logs

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// handler adds to each record what is known about its request. It stands around a handler of log/slog, which writes.
type handler struct {
	inner  slog.Handler
	recent *recent

	// What came after the first WithGroup. It is applied to each record anew, after the request's attributes, which
	// belong to the record and not to a group.
	grouped []func(slog.Handler) slog.Handler
}

// Enabled is as the level says, but for the gate's own requests: of these only errors are logged.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.inner.Enabled(ctx, level) && (level >= slog.LevelError || !httpx.Probing(ctx))
}

func (h *handler) Handle(ctx context.Context, rec slog.Record) error {
	h.recent.note(ctx, rec)
	var room [2]slog.Attr
	known := appendRequest(room[:0], httpx.From(ctx))
	if len(h.grouped) == 0 {
		if len(known) > 0 {
			rec = rec.Clone()
			rec.AddAttrs(known...)
		}
		return h.inner.Handle(ctx, rec)
	}
	inner := h.inner.WithAttrs(slices.Clone(known))
	for _, with := range h.grouped {
		inner = with(inner)
	}
	return inner.Handle(ctx, rec)
}

// appendRequest appends what is known about the request; s may be nil.
func appendRequest(attrs []slog.Attr, s *httpx.State) []slog.Attr {
	if s == nil {
		return attrs
	}
	if id := s.ID(); id != "" {
		attrs = append(attrs, slog.String("request_id", id))
	}
	if client := s.Client(); client.IsValid() {
		attrs = append(attrs, slog.String("client", client.String()))
	}
	return attrs
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(h.grouped) == 0 {
		return &handler{inner: h.inner.WithAttrs(attrs), recent: h.recent}
	}
	return h.with(func(inner slog.Handler) slog.Handler { return inner.WithAttrs(attrs) })
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(func(inner slog.Handler) slog.Handler { return inner.WithGroup(name) })
}

func (h *handler) with(op func(slog.Handler) slog.Handler) slog.Handler {
	grouped := append(h.grouped[:len(h.grouped):len(h.grouped)], op)
	return &handler{inner: h.inner, recent: h.recent, grouped: grouped}
}

// lineWriter gets one record in one Write from log/slog and makes sure that it is one line of harmless characters.
// log/slog escapes most of what is harmful; its JSON leaves the invisible and the reversing characters of Unicode alone.
type lineWriter struct {
	mu      sync.Mutex
	out     io.Writer
	scratch []byte
}

func (l *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	if n == 0 {
		return 0, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !plain(p[:n-1]) || p[n-1] != '\n' {
		l.scratch = escape(l.scratch[:0], p)
		p = l.scratch
	}
	if _, err := l.out.Write(p); err != nil {
		return 0, err
	}
	return n, nil
}

func plain(p []byte) bool {
	for _, c := range p {
		if c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// escape appends the line p with what does not print replaced by \uXXXX, which is an escape of JSON too: there such
// characters stand only within strings.
func escape(dst, p []byte) []byte {
	if n := len(p); p[n-1] == '\n' {
		p = p[:n-1]
	}
	for len(p) > 0 {
		r, size := utf8.DecodeRune(p)
		switch {
		case r == utf8.RuneError && size == 1:
			dst = appendEscape(dst, utf8.RuneError)
		case unicode.IsPrint(r):
			dst = append(dst, p[:size]...)
		default:
			dst = appendEscape(dst, r)
		}
		p = p[size:]
	}
	return append(dst, '\n')
}
