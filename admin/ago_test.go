package admin

import (
	"testing"
	"time"
)

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "now", 29 * time.Second: "now", -29 * time.Second: "now", 30 * time.Second: "1 min ago", -90 * time.Second: "in 2 min",
		59 * time.Minute: "59 min ago", 59*time.Minute + 31*time.Second: "1 h ago", 3 * time.Hour: "3 h ago", -47 * time.Hour: "in 47 h",
		48*time.Hour - time.Minute: "2 days ago", -(14*24*time.Hour - time.Second): "in 14 days", 1000 * 24 * time.Hour: "1000 days ago",
	} {
		if got := ago(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
