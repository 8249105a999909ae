package pages

import (
	"net/http/httptest"
	"testing"
	"time"
)

func TestAgo(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for d, want := range map[time.Duration]string{
		-time.Hour: "just now", 0: "just now", 119 * time.Second: "just now", 2 * time.Minute: "2 minutes ago",
		59 * time.Minute: "59 minutes ago", time.Hour: "1 hour ago", 23 * time.Hour: "23 hours ago", 24 * time.Hour: "1 day ago", 240 * time.Hour: "10 days ago",
	} {
		if got := ago(now.Add(-d), now); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	if got := ago(time.Time{}, now); got != "never" {
		t.Errorf("the zero time: %q", got)
	}
}

func TestNetwork(t *testing.T) {
	for s, want := range map[string]string{
		"192.0.2.7/32": "192.0.2.7", "2001:db8:1:2::/64": "2001:db8:1:2::/64", "": "unknown", "invalid Prefix": "unknown", "<b>": "unknown",
	} {
		if got := network(s); got != want {
			t.Errorf("network(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for d, want := range map[time.Duration]struct{ header, words string }{
		-time.Second: {"1", "in 1 second"}, 1: {"1", "in 1 second"}, 1500 * time.Millisecond: {"2", "in 2 seconds"}, 89 * time.Second: {"89", "in 89 seconds"},
		90 * time.Second: {"90", "in 2 minutes"}, time.Hour: {"3600", "in 60 minutes"}, 4 * time.Hour: {"14400", "in 4 hours"},
	} {
		w := httptest.NewRecorder()
		if got := retryAfter(w, d); got != want.words || w.Header().Get("Retry-After") != want.header {
			t.Errorf("%v: %q and %q, want %q and %q", d, got, w.Header().Get("Retry-After"), want.words, want.header)
		}
	}
}

func TestResetLink(t *testing.T) {
	for path, want := range map[string]struct {
		user, token string
		ok          bool
	}{
		"reset/MQ/abc-def/":      {"MQ", "abc-def", true},
		"reset/MQ/set-password/": {"MQ", "set-password", true},
		"reset/MQ/abc":           {},
		"reset/MQ/":              {},
		"reset//abc/":            {},
		"reset/MQ//":             {},
		"reset/a/b/c/":           {},
		"login/MQ/abc/":          {},
	} {
		user, token, ok := resetLink(path)
		if ok != want.ok || ok && (user != want.user || token != want.token) {
			t.Errorf("resetLink(%q) = %q, %q, %v", path, user, token, ok)
		}
	}
}
