package logs

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// How many events are kept, and how much of each text.
const (
	maxKept   = 1000
	maxDetail = 1 << 10
)

// Event is a record with an attribute "event", as it went into the log: masked, and without characters that do not print.
type Event struct {
	Time      time.Time
	Level     slog.Level
	Name      string // such as django.security.csrf
	Message   string
	Details   string // the other attributes, as key=value
	RequestID string // of the request that brought it about; empty if none did
	Client    string // who sent that request
}

// Events returns the latest events of this process, the newest first: up to limit, all that are kept for 0. The last
// thousand are, in memory: other instances and former runs have theirs in their logs. An event that the level keeps out
// of the log is not among them, nor is the access log.
func (l *Logs) Events(limit int) []Event { return l.recent.newest(limit) }

// recent is a ring of events. A nil recent keeps none.
type recent struct {
	redact func(string) string
	detail slog.Handler // writes a record's attributes into buf

	mu   sync.Mutex
	buf  bytes.Buffer
	kept []Event
	next int // where the next one goes, once the ring is full
}

func newRecent(red redactor) *recent {
	r := &recent{redact: red.text}
	replace := func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey || a.Key == "event") {
			return slog.Attr{}
		}
		return red.attr(groups, a)
	}
	r.detail = slog.NewTextHandler(&r.buf, &slog.HandlerOptions{Level: slog.Level(-1 << 10), ReplaceAttr: replace})
	return r
}

// note keeps rec if it is an event. Most records are not, and cost a look at the names of their attributes.
func (r *recent) note(ctx context.Context, rec slog.Record) {
	if name := nameOf(rec); name != "" && r != nil {
		r.keep(ctx, name, rec)
	}
}

func nameOf(rec slog.Record) (name string) {
	rec.Attrs(func(a slog.Attr) bool {
		if a.Key == "event" && a.Value.Kind() == slog.KindString {
			name = a.Value.String()
		}
		return name == ""
	})
	return name
}

func (r *recent) keep(ctx context.Context, name string, rec slog.Record) {
	e := Event{Time: rec.Time, Level: rec.Level, Name: r.text(name), Message: r.text(rec.Message)}
	if s := httpx.From(ctx); s != nil {
		e.RequestID = s.ID()
		if client := s.Client(); client.IsValid() {
			e.Client = client.String()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.buf.Reset()
	if err := r.detail.Handle(ctx, rec); err == nil {
		e.Details = cut(r.buf.String())
	}
	if r.buf.Cap() > 16*maxDetail {
		r.buf = bytes.Buffer{}
	}
	if len(r.kept) < maxKept {
		r.kept = append(r.kept, e)
		return
	}
	r.kept[r.next] = e
	r.next = (r.next + 1) % maxKept
}

// text masks and cuts.
func (r *recent) text(s string) string { return cut(r.redact(s)) }

// cut returns what is kept of a masked text, as the log would write it.
func cut(s string) string {
	if s = strings.TrimSuffix(s, "\n"); s == "" {
		return ""
	}
	line := escape(nil, []byte(httpx.Truncate(s, maxDetail)))
	return string(line[:len(line)-1])
}

func (r *recent) newest(limit int) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.kept)
	if limit <= 0 || limit > n {
		limit = n
	}
	out := make([]Event, limit)
	for i := range out {
		out[i] = r.kept[(r.next+2*n-1-i)%n]
	}
	return out
}
