package secrets

import (
	"context"
	"log/slog"
	"math/bits"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/secret"
)

const (
	maxKnown = 8        // values of one name that masks know,
	maxBytes = 64 << 10 // and how long they are together, but for the one in use and the newest
	maxEarly = 1000     // records that wait for a logger
	maxText  = 500      // runes of what a source says
)

// Secrets returns, by name, the values that the keeper holds and the last few that it held or refused, for a mask. Not
// each need be a secret: a manager may hold any setting.
func (k *Keeper) Secrets() map[string][]secret.Text {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := make(map[string][]secret.Text, len(k.known))
	for name, texts := range k.known {
		all[name] = slices.Clone(texts)
	}
	return all
}

// Generation is another number whenever [Keeper.Secrets] returns something else. It is an atomic load.
func (k *Keeper) Generation() uint64 { return k.generation.Load() }

// remember has a value masked from now on, whether or not it will be taken over.
func (k *Keeper) remember(name, text string) {
	if text == "" || len(text) > maxValue {
		return
	}
	t := secret.New(text)
	k.mu.Lock()
	defer k.mu.Unlock()
	if slices.ContainsFunc(k.known[name], t.Equal) {
		return
	}
	texts, size := slices.Clone(k.known[name]), len(text)
	for _, have := range texts {
		size += len(have.Reveal())
	}
	for current := k.cell(name).text(); len(texts) >= maxKnown || size > maxBytes; {
		at := slices.IndexFunc(texts, func(t secret.Text) bool { return !t.Equal(current) })
		if at < 0 {
			break
		}
		size -= len(texts[at].Reveal())
		texts = slices.Delete(texts, at, at+1)
	}
	k.known[name] = append(texts, t)
	k.generation.Add(1)
	k.forgetMask()
}

// clean returns what a source or a callback said in one line of bounded length, without any value that is known.
func (k *Keeper) clean(text string) string {
	if text == "" {
		return ""
	}
	return oneLine(httpx.RedactUserinfo(k.masked().String(text)))
}

// forgetMask has the next text cleaned by what is known now. The caller holds mu.
func (k *Keeper) forgetMask() {
	k.cleaner = nil
	k.stamp++
}

// masked returns the mask of all values that are known, credentials for the sources included. To make one takes long if
// a value is large, so it is kept until another value is known.
func (k *Keeper) masked() secret.Mask {
	k.mu.Lock()
	if k.cleaner != nil {
		defer k.mu.Unlock()
		return *k.cleaner
	}
	var known []secret.Text
	for _, texts := range k.known {
		known = append(known, texts...)
	}
	for _, need := range k.Needs() {
		if k.given == nil {
			break
		}
		if v, ok := k.given()[need.Name]; ok && need.Secret {
			known = append(known, secret.New(v.Text))
		}
	}
	stamp := k.stamp
	k.mu.Unlock()
	mask := secret.NewMask(known...)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stamp == stamp { // else somebody knows more by now
		k.cleaner = &mask
	}
	return mask
}

func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText]) + "…"
	}
	return text
}

// log writes a record, or keeps it until there is a logger.
func (k *Keeper) log(level slog.Level, message string, attrs ...slog.Attr) {
	r := slog.NewRecord(time.Now(), level, message, 0)
	r.AddAttrs(attrs...)
	k.logging.Lock()
	defer k.logging.Unlock()
	if k.logger != nil {
		emit(k.logger, r)
	} else if len(k.early) < maxEarly {
		k.early = append(k.early, r)
	}
}

func emit(l *slog.Logger, r slog.Record) {
	if ctx := context.Background(); l.Enabled(ctx, r.Level) {
		_ = l.Handler().Handle(ctx, r) // a log that cannot be written stops nothing
	}
}

// event logs a record for machines.
func (k *Keeper) event(level slog.Level, name, message string, attrs ...slog.Attr) {
	k.log(level, message, append([]slog.Attr{slog.String("event", name)}, attrs...)...)
}

// logTo gives the keeper the logger for what it had to say and will have.
func (k *Keeper) logTo(l *slog.Logger) {
	k.logging.Lock()
	defer k.logging.Unlock()
	if k.logger == nil {
		k.logger = httpx.Logger(l)
	}
	for _, r := range k.early {
		emit(k.logger, r)
	}
	k.early = nil
}

// audit logs that values were read, a line for each.
func (k *Keeper) audit(names []string, values map[string]read) {
	slices.Sort(names)
	for _, name := range names {
		v := values[name]
		k.event(slog.LevelInfo, "airworthy.secrets.Read", "read a secret",
			slog.String("name", name), slog.String("version", v.Version), slog.String("source", v.Origin))
	}
}

// judge notes how a source did. It logs the first failure, then the second, the fourth, the eighth: a long outage
// fills no disk.
func (k *Keeper) judge(s *source, err error) {
	now := time.Now()
	k.mu.Lock()
	if err == nil {
		failures, since := s.failures, s.since
		s.success, s.failures, s.problem, s.since = now, 0, "", time.Time{}
		k.mu.Unlock()
		if failures > 0 {
			k.event(slog.LevelInfo, "airworthy.secrets.Recovered", "a source of secrets answers again",
				slog.String("source", s.label), slog.Int("failures", failures), slog.String("stale_for", now.Sub(since).Round(time.Second).String()))
		}
		return
	}
	s.failures++
	if s.failures == 1 {
		s.since = now
		if !s.success.IsZero() {
			s.since = s.success
		}
	}
	s.problem = err.Error()
	failures, since := s.failures, s.since
	k.mu.Unlock()
	if sampled(failures) {
		k.event(slog.LevelWarn, "airworthy.secrets.Stale", "a source of secrets cannot be read; the last good values stay in use",
			slog.String("source", s.label), slog.Int("failures", failures), slog.String("stale_for", now.Sub(since).Round(time.Second).String()),
			slog.String("error", oneLine(err.Error())))
	}
}

// sampled reports whether the nth of a row is logged.
func sampled(n int) bool { return bits.OnesCount(uint(n)) == 1 }
