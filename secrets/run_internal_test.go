package secrets

import (
	"testing"
	"time"
)

func TestPause(t *testing.T) {
	for _, test := range []struct {
		every    time.Duration
		failures int
		want     time.Duration
	}{
		{5 * time.Minute, 0, 5 * time.Minute}, {5 * time.Minute, 1, 5 * time.Second}, {5 * time.Minute, 3, 20 * time.Second},
		{5 * time.Minute, 7, 5 * time.Minute}, {5 * time.Minute, 1 << 40, 5 * time.Minute},
		{time.Second, 0, time.Second}, {time.Second, 1, time.Second}, {time.Second, 4, 8 * time.Second}, {time.Second, 99, 5 * time.Minute},
		{time.Hour, 1, 5 * time.Second}, {time.Hour, 99, time.Hour},
	} {
		least, most := time.Duration(1<<62), time.Duration(0)
		for range 2000 {
			d := pause(test.every, test.failures)
			least, most = min(least, d), max(most, d)
		}
		if least < test.want*8/10 || least > test.want*82/100 || most > test.want*12/10 || most < test.want*118/100 {
			t.Errorf("every %v, %d failures: %v to %v, want %v give or take a fifth", test.every, test.failures, least, most, test.want)
		}
	}
}
