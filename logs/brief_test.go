package logs_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/secret"
)

func briefly(t *testing.T, cfg logs.Config, write func(*slog.Logger)) string {
	t.Helper()
	var out strings.Builder
	cfg.Brief, cfg.Output = true, &out
	l, err := logs.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	write(l.Logger())
	return out.String()
}

func TestBrief(t *testing.T) {
	const canary = "canary-8J2kQ0zR4vX7"
	mask := func() secret.Mask { return secret.NewMask(secret.New(canary)) }
	write := func(l *slog.Logger) {
		read := func(name, version, source string) {
			l.Info("read a secret", "event", "airworthy.secrets.Read", "name", name, "version", version, "source", source)
		}
		read("A", "1", "/run/secrets/A")
		read("A", "2", "/run/secrets/A")
		read("A", "", "environment")
		read("B", canary, "x\ny")
		l.Info("read the secrets again", "event", "airworthy.secrets.Read", "names", 2)
		l.Info("a secret has changed", "event", "airworthy.secrets.Changed", "name", "A")
		l.Debug("detail", "n", 1)
		l.Warn("it fails "+canary, "event", "airworthy.secrets.Stale", "error", "is "+canary)
		l.With("a", canary).WithGroup("g").Error("worse", "token", "abc", "b", 1)
	}
	const reads = "read A from /run/secrets/A, version 1\nread A from environment\nread B from x\\u000ay, version [redacted]\n"
	const faults = "warning: it fails [redacted]: error=\"is [redacted]\"\nerror: worse: a=[redacted] g.token=[redacted] g.b=1\n"
	for level, want := range map[logs.Level]string{
		"":           reads + faults,
		logs.Info:    reads + faults,
		logs.Warning: faults,
		logs.Error:   faults[strings.Index(faults, "error: worse"):],
		logs.Debug: reads + "info: read the secrets again: names=2\ninfo: a secret has changed: name=A\ndebug: detail: n=1\n" +
			faults,
	} {
		for _, format := range []logs.Format{logs.Text, logs.JSON} {
			if got := briefly(t, logs.Config{Level: level, Format: format, Mask: mask}, write); got != want {
				t.Errorf("at %q in %s got\n%swant\n%s", level, format, got, want)
			}
		}
	}
}
