package logs

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
)

// brief writes records for somebody who has given a command and waits for its answer: warnings and errors in words, and
// for each secret one line that it was read. It writes through the same redaction as the others.
type brief struct {
	attrs  slog.Handler // writes a record's attributes into said.buf
	all    bool         // the level is DEBUG: whoever asks for everything gets it
	redact func(string) string
	said   *said
}

// said is shared by a brief and those that WithAttrs and WithGroup make of it.
type said struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	out  io.Writer
	read map[string]bool // secrets by name and source
}

func newBrief(cfg Config, out io.Writer, red redactor) *brief {
	b := &brief{all: cfg.Level == Debug, redact: red.text, said: &said{out: out, read: map[string]bool{}}}
	replace := func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey || a.Key == "event") {
			return slog.Attr{}
		}
		return red.attr(groups, a)
	}
	b.attrs = slog.NewTextHandler(&b.said.buf, &slog.HandlerOptions{Level: levels[cfg.Level], ReplaceAttr: replace})
	return b
}

func (b *brief) Enabled(ctx context.Context, level slog.Level) bool {
	return b.attrs.Enabled(ctx, level)
}

func (b *brief) Handle(ctx context.Context, rec slog.Record) error {
	name, line := audited(rec)
	b.said.mu.Lock()
	defer b.said.mu.Unlock()
	switch {
	case line != "" && !b.said.read[name]:
		b.said.read[name] = true
	case line == "" && (b.all || rec.Level >= slog.LevelWarn):
		b.said.buf.Reset()
		if err := b.attrs.Handle(ctx, rec); err != nil {
			return err
		}
		line = kind(rec.Level) + ": " + rec.Message
		if attrs := bytes.TrimSpace(b.said.buf.Bytes()); len(attrs) > 0 {
			line += ": " + string(attrs)
		}
	default:
		return nil
	}
	_, err := io.WriteString(b.said.out, b.redact(line)+"\n")
	return err
}

// audited returns what identifies the secret that rec says was read, and the line for it; nothing if rec says something
// else. A command that writes a secret reads it again in its new version, which is no news.
func audited(rec slog.Record) (id, line string) {
	var event, name, version, source string
	rec.Attrs(func(a slog.Attr) bool {
		for key, to := range map[string]*string{"event": &event, "name": &name, "version": &version, "source": &source} {
			if a.Key == key {
				*to = a.Value.String()
			}
		}
		return true
	})
	if event != EventSecretsRead || name == "" {
		return "", ""
	}
	line = "read " + name + " from " + source
	if version != "" {
		line += ", version " + version
	}
	return name + " " + source, line
}

func kind(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "error"
	case level >= slog.LevelWarn:
		return "warning"
	case level >= slog.LevelInfo:
		return "info"
	}
	return "debug"
}

func (b *brief) WithAttrs(attrs []slog.Attr) slog.Handler { return b.with(b.attrs.WithAttrs(attrs)) }

func (b *brief) WithGroup(name string) slog.Handler { return b.with(b.attrs.WithGroup(name)) }

func (b *brief) with(attrs slog.Handler) *brief {
	other := *b
	other.attrs = attrs
	return &other
}
