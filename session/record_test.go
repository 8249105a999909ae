package session

import (
	"math"
	"reflect"
	"testing"
	"time"
)

func TestMoment(t *testing.T) {
	for _, row := range []struct {
		name     string
		in, want time.Time
	}{
		{"the zero time", time.Time{}, time.Time{}},
		{"1970", time.Unix(0, 0), time.Unix(0, 0)},
		{"now, to the millisecond", time.Unix(1800000000, 123456789), time.Unix(1800000000, 123000000)},
		{"in three hundred years", time.Unix(11300000000, 0), time.Unix(11300000000, 0)},
		{"before the zero time", time.Unix(math.MinInt64/2, 0), time.Time{}},
		{"after the last", time.Unix(math.MaxInt64, 0), time.Unix(maxUnix, 0)},
	} {
		if got := momentOf(row.in).time(); !got.Equal(row.want) || got.IsZero() != row.want.IsZero() {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
	if got := momentOf(time.Unix(1800000000, 0)).add(90 * time.Minute).time(); !got.Equal(time.Unix(1800005400, 0)) {
		t.Errorf("ninety minutes later it is %s, want %s", got, time.Unix(1800005400, 0))
	}
}

// TestSize holds what a request pays that reads its session.
func TestSize(t *testing.T) {
	if got := reflect.TypeFor[Session]().Size(); got > 128 {
		t.Errorf("a Session has %d bytes, want at most 128", got)
	}
}
