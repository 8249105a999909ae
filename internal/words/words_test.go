package words_test

import (
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/internal/words"
)

func TestSpan(t *testing.T) {
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		-time.Second: "0 minutes", 0: "0 seconds", time.Second: "1 second", 119 * time.Second: "119 seconds",
		2 * time.Minute: "2 minutes", 119 * time.Minute: "119 minutes", 2 * time.Hour: "2 hours", 47 * time.Hour: "47 hours",
		2 * day: "2 days", 400 * day: "400 days",
	} {
		if got := words.Span(d); got != want {
			t.Errorf("Span(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestDayFrom(t *testing.T) {
	midnight := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for at, want := range map[time.Time]string{midnight: "2026-03-01", midnight.Add(time.Second): "2026-03-02", midnight.Add(23 * time.Hour): "2026-03-02"} {
		if got := words.DayFrom(at); got != want {
			t.Errorf("DayFrom(%s) = %s, want %s", at, got, want)
		}
	}
}
