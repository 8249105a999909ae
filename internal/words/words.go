// Package words says numbers and times as people do, in what commands and the console print.
package words

import (
	"fmt"
	"time"
)

// Count returns "1 key", or "2 keys".
func Count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// Span returns a length of time in the greatest unit that fits.
func Span(d time.Duration) string {
	switch day := 24 * time.Hour; {
	case d < 0:
		return "0 minutes"
	case d >= 2*day:
		return Count(int(d/day), "day")
	case d >= 2*time.Hour:
		return Count(int(d/time.Hour), "hour")
	case d >= 2*time.Minute:
		return Count(int(d/time.Minute), "minute")
	}
	return Count(int(d/time.Second), "second")
}

// DayFrom returns the first day on all of which t has passed.
func DayFrom(t time.Time) string {
	return t.Add(24*time.Hour - time.Second).UTC().Format(time.DateOnly)
}
