package manage

import (
	"errors"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/password"
)

// machine hashes two at a time, and no hash takes less than floor.
type machine struct {
	floor time.Duration
	asked []time.Duration
}

func (m *machine) calibrate(target time.Duration) (password.Calibration, error) {
	m.asked = append(m.asked, target)
	each := max(target, m.floor)
	return password.Calibration{Each: each, PerSecond: 2 / each.Seconds()}, nil
}

func TestCalibratingForLogins(t *testing.T) {
	for _, tt := range []struct {
		name   string
		floor  time.Duration
		logins int
		enough bool
		asked  int
	}{
		{"not asked for", 0, 0, true, 1},
		{"enough at once", 0, 8, true, 1},
		{"less costly ones", 0, 40, true, 2},
		{"a slow machine", 100 * time.Millisecond, 30, false, 3},
		{"more than any machine can", 0, 10_000, false, 2},
	} {
		m := &machine{floor: tt.floor}
		found, enough, err := wanted{250 * time.Millisecond, tt.logins}.find(m.calibrate)
		if enough != tt.enough || err != nil || len(m.asked) != tt.asked || enough && found.PerSecond < float64(tt.logins) {
			t.Errorf("%s: %.1f logins a second, enough %t, %v, after asking for %v; want %t after %d", tt.name, found.PerSecond, enough, err, m.asked, tt.enough, tt.asked)
		}
	}
	broken := errors.New("broken")
	if _, enough, err := (wanted{time.Second, 0}).find(func(time.Duration) (password.Calibration, error) { return password.Calibration{}, broken }); enough || !errors.Is(err, broken) {
		t.Errorf("enough %t, %v, want the error", enough, err)
	}
}
