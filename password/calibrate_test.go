package password

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// machine takes so long for each MiB and pass of argon2 and for each 100,000 iterations of PBKDF2. bend is how much
// dearer a MiB gets with each MiB.
type machine struct {
	perMiB, perIterations time.Duration
	bend                  float64
}

func (m machine) measure(r recipe) time.Duration {
	switch r := r.(type) {
	case Argon2:
		mibs := float64(r.Memory) / 1024
		return time.Duration(float64(m.perMiB) * mibs * float64(r.Time) * (1 + m.bend*mibs))
	case pbkdf2Recipe:
		return m.perIterations * time.Duration(r.Iterations) / 100_000
	}
	panic("unknown recipe")
}

func (m machine) calibrator() calibrator {
	return calibrator{measure: m.measure, flood: func(context.Context, Config) (float64, error) { return 12.5, nil }}
}

func TestCalibrateArgon2(t *testing.T) {
	const ms = time.Millisecond
	cfg := Config{Parallel: 2, Memory: 256 << 20}
	for name, c := range map[string]struct {
		machine machine
		target  time.Duration
		want    Argon2
		limited bool
	}{
		"as fast as it gets":        {machine{perMiB: ms}, 38 * ms, Argon2{19456, 2, 1}, false},
		"more memory":               {machine{perMiB: ms}, 100 * ms, Argon2{50 << 10, 2, 1}, false},
		"as much memory as it has":  {machine{perMiB: ms}, 128 * ms, Argon2{64 << 10, 2, 1}, false},
		"then passes":               {machine{perMiB: ms}, 256 * ms, Argon2{64 << 10, 4, 1}, false},
		"too slow for OWASP's":      {machine{perMiB: 50 * ms}, 250 * ms, Argon2{19456, 2, 1}, true},
		"much too fast":             {machine{perMiB: time.Microsecond}, 4 * time.Second, Argon2{64 << 10, 25, 1}, true},
		"memory is dear":            {machine{perMiB: ms, bend: 0.02}, 150 * ms, Argon2{43 << 10, 2, 1}, false}, // 160 ms
		"never below, however dear": {machine{perMiB: ms, bend: 5}, 50 * ms, Argon2{19456, 2, 1}, true},
	} {
		var lines []string
		got, err := c.machine.calibrator().run(t.Context(), c.target, CalibrateOptions{Config: cfg, Progress: func(l string) { lines = append(lines, l) }})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Config.Argon2 != c.want || (got.Limit != "") != c.limited {
			t.Errorf("%s: %+v, %q; want %+v\n%s", name, got.Config.Argon2, got.Limit, c.want, strings.Join(lines, "\n"))
		}
		if got.Config.Argon2.cheap() != "" || got.Each != c.machine.measure(got.Config.Argon2) || got.Parallel != 2 || got.PerSecond != 12.5 {
			t.Errorf("%s: %+v", name, got)
		}
		if len(lines) == 0 || !strings.Contains(lines[0], "argon2id with 19 MiB and t=2 takes ") {
			t.Errorf("%s: progress %q", name, lines)
		}
		if _, err := New(got.Config); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCalibratePBKDF2(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		machine machine
		target  time.Duration
		want    int
		limited bool
	}{
		"rounded down":         {machine{perIterations: 33 * ms}, 250 * ms, 750_000, false},
		"too slow for OWASP's": {machine{perIterations: 100 * ms}, 250 * ms, 600_000, true},
		"much too fast":        {machine{perIterations: ms}, time.Second, MaxIterations, true},
	} {
		got, err := c.machine.calibrator().run(t.Context(), c.target, CalibrateOptions{Algorithm: "pbkdf2_sha256"})
		if err != nil || got.Config.PBKDF2.Iterations != c.want || (got.Limit != "") != c.limited {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		want := []string{"PASSWORD_HASHERS=pbkdf2_sha256,argon2,pbkdf2_sha1,bcrypt_sha256,scrypt", "PASSWORD_PBKDF2_ITERATIONS=" + itoa(c.want)}
		if !slices.Equal(got.Variables, want) {
			t.Errorf("%s: %q, want %q", name, got.Variables, want)
		}
		if h, err := New(got.Config); err != nil || h.preferred != (pbkdf2Recipe{PBKDF2{c.want}, false}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A machine that was busy while it was looked at is not one on which more would be too dear.
func TestCalibratePBKDF2OnABusyMachine(t *testing.T) {
	times := []time.Duration{160 * time.Millisecond, 142 * time.Millisecond} // for 600,000 iterations, and for more
	c := machine{}.calibrator()
	c.measure = func(recipe) (d time.Duration) { d, times = times[0], times[1:]; return d }
	got, err := c.run(t.Context(), 250*time.Millisecond, CalibrateOptions{Algorithm: "pbkdf2_sha256"})
	if err != nil || got.Limit != busyMachine {
		t.Errorf("%q, %v; want %q", got.Limit, err, busyMachine)
	}
}

func itoa(n int) string { return strings.TrimSuffix(Bytes(n).String(), "B") }

func TestCalibrateRefuses(t *testing.T) {
	m := machine{perMiB: time.Millisecond}
	for name, c := range map[string]struct {
		target time.Duration
		opts   CalibrateOptions
	}{
		"no time":     {0, CalibrateOptions{}},
		"an hour":     {time.Hour, CalibrateOptions{}},
		"bcrypt":      {time.Second, CalibrateOptions{Algorithm: "bcrypt"}},
		"bad setting": {time.Second, CalibrateOptions{Config: Config{Preset: "x"}}},
	} {
		if got, err := m.calibrator().run(t.Context(), c.target, c.opts); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	stops := m.calibrator()
	stops.measure = func(r recipe) time.Duration { cancel(); return m.measure(r) }
	if _, err := stops.run(ctx, time.Second, CalibrateOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The parameters that were set before do not count, not even cheap ones.
func TestCalibrateStartsAtTheFloor(t *testing.T) {
	cfg := Config{Argon2: Argon2{Memory: 64}} // which New would refuse
	got, err := machine{perMiB: time.Second}.calibrator().run(t.Context(), minTarget, CalibrateOptions{Config: cfg})
	if err != nil || got.Config.Argon2 != (Argon2{19456, 2, 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	if want := []string{"PASSWORD_ARGON2_MEMORY=19456", "PASSWORD_ARGON2_TIME=2", "PASSWORD_ARGON2_PARALLEL=1"}; !slices.Equal(got.Variables, want) {
		t.Errorf("%q, want %q", got.Variables, want)
	}
}

// Where a little more memory costs ten times as much it comes back to the least, and not below.
func TestCalibrateComesBack(t *testing.T) {
	cliff := calibrator{
		measure: func(r recipe) time.Duration {
			if r.(Argon2).Memory > 19456 {
				return 400 * time.Millisecond
			}
			return 40 * time.Millisecond
		},
		flood: func(context.Context, Config) (float64, error) { return 1, nil },
	}
	got, err := cliff.run(t.Context(), 50*time.Millisecond, CalibrateOptions{})
	if err != nil || got.Config.Argon2 != (Argon2{19456, 2, 1}) || got.Each != 40*time.Millisecond {
		t.Errorf("%+v, %v", got, err)
	}
}

// On this machine, with the least that there is to measure.
func TestFlood(t *testing.T) {
	perSecond, err := flood(t.Context(), Config{Argon2: cheapArgon2, InsecureCheap: true, Parallel: 2}, 50*time.Millisecond)
	if err != nil || perSecond < 10 {
		t.Errorf("%.1f in a second, %v", perSecond, err)
	}
}
