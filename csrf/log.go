package csrf

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// event is the name that Django's logger for refusals has.
const event = "django.security.csrf"

// What is logged of a flood. A kind is a reason and an Origin, so that one noisy site hides no other; whoever looks for
// one refusal among more than these finds how many were left out.
const (
	sampleEvery = time.Minute
	sampleEach  = 10
	sampleKinds = 100
)

func (g *Guard) log() *slog.Logger { return httpx.Logger(g.logger) }

// logRefusal logs a refusal, or counts it if there have been many of its kind.
func (g *Guard) logRefusal(r *http.Request, v verdict) {
	ctx, logger := r.Context(), g.log()
	if !logger.Enabled(ctx, slog.LevelWarn) {
		return
	}
	from := first(r, "Origin")
	unlogged, ok := g.sample.Take(string(v.reason), from[:min(len(from), maxLogged)])
	if !ok {
		return
	}
	ref := g.refusal(r, v)
	saw := &ref.Saw
	attrs := append(make([]slog.Attr, 0, 16),
		slog.String("event", event),
		slog.String("reason", string(ref.Reason)),
		slog.String("method", clean(saw.Method)), slog.String("path", clean(saw.Path)),
		slog.String("scheme", saw.Scheme), slog.String("host", clean(saw.Host)),
		slog.String("peer", peerText(*saw)), slog.Bool("trusted_proxy", saw.Trusted),
		slog.Bool("claims_https", saw.ClaimsHTTPS))
	for _, a := range []struct{ key, value string }{
		{"source", ref.Source}, {"origin", saw.Origin}, {"referer", saw.Referer}, {"fetch_site", saw.FetchSite},
		{"remedy", ref.Remedy()},
	} {
		if a.value == "" {
			continue
		}
		if a.key != "remedy" {
			a.value = clean(a.value)
		}
		attrs = append(attrs, slog.String(a.key, a.value))
	}
	if unlogged > 0 {
		attrs = append(attrs, slog.Uint64("unlogged", unlogged))
	}
	logger.LogAttrs(ctx, slog.LevelWarn, "request refused: "+ref.meaning(), attrs...)
}

// maxLogged is how much of a value that the client chose is logged.
const maxLogged = 200

// clean cuts s short and escapes what is not printable ASCII, so that no line is broken and no terminal obeys.
func clean(s string) string {
	cut := ""
	if len(s) > maxLogged {
		s, cut = s[:maxLogged], "..."
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			s = strings.Trim(strconv.QuoteToASCII(s), `"`)
			break
		}
	}
	return s + cut
}

func peerText(saw Saw) string {
	if !saw.Peer.IsValid() {
		return "unknown"
	}
	return saw.Peer.String()
}

var _ httpx.Hook = (*request)(nil)
