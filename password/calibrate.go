package password

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// CalibrateOptions says what Calibrate looks for, and within what.
type CalibrateOptions struct {
	// Config is the one to be calibrated: its Memory and Parallel are what the site will have. The parameters of the
	// algorithm are replaced.
	Config Config

	// Algorithm is "argon2", or "pbkdf2_sha256"; argon2 if empty.
	Algorithm string

	// Progress, if set, is told of each measurement, in a line without its end.
	Progress func(line string)
}

// Calibration is what Calibrate found.
type Calibration struct {
	Config    Config        // the options' with the parameters and, if it was another, the algorithm
	Each      time.Duration // that one hash takes, alone
	Memory    Bytes         // that one hash takes
	Parallel  int           // hashes at a time
	PerSecond float64       // logins in a second, with as many at a time as that
	Limit     string        // why Each is not about what was asked for; empty if it is
	Variables []string      // lines for .env that say what Config does
}

// Calibrate looks for the parameters with which a hash takes about as long as target on this machine, by hashing for a
// few seconds. They are never below OWASP's least, however slow the machine is. Run it where and as the site runs: what
// else the machine does counts.
func Calibrate(ctx context.Context, target time.Duration, opts CalibrateOptions) (Calibration, error) {
	atFull := func(ctx context.Context, cfg Config) (float64, error) { return flood(ctx, cfg, 2*time.Second) }
	return calibrator{measure: measure, flood: atFull}.run(ctx, target, opts)
}

// calibrator decides; what it asks of the machine can be replaced.
type calibrator struct {
	measure func(r recipe) time.Duration
	flood   func(ctx context.Context, cfg Config) (perSecond float64, err error)
}

const (
	minTarget = 10 * time.Millisecond
	maxTarget = 5 * time.Second
)

func (c calibrator) run(ctx context.Context, target time.Duration, opts CalibrateOptions) (Calibration, error) {
	if target < minTarget || target > maxTarget {
		return Calibration{}, fmt.Errorf("password: calibrate: %s is not between %s and %s: ask for 250ms or so",
			target, minTarget, maxTarget)
	}
	cfg := opts.Config
	if opts.Algorithm == "" {
		opts.Algorithm = nameArgon2
	}
	if opts.Algorithm != nameArgon2 && opts.Algorithm != namePBKDF2SHA256 {
		return Calibration{}, fmt.Errorf("password: calibrate: %q cannot be calibrated: use %s or %s",
			opts.Algorithm, nameArgon2, namePBKDF2SHA256)
	}
	cfg.Argon2, cfg.PBKDF2 = Argon2{}, PBKDF2{}
	full, err := cfg.complete()
	if err != nil {
		return Calibration{}, err
	}
	out := Calibration{}
	if full.Hashers[0] != opts.Algorithm {
		others := slices.DeleteFunc(slices.Clone(full.Hashers), func(name string) bool { return name == opts.Algorithm })
		cfg.Hashers = append([]string{opts.Algorithm}, others...)
		out.Variables = append(out.Variables, "PASSWORD_HASHERS="+strings.Join(cfg.Hashers, ","))
	}
	m := &measurements{c.measure, ctx, opts.Progress}
	if opts.Algorithm == nameArgon2 {
		// Half of a share, so that a hash need not wait until what the one before it left has been collected.
		share := int(full.Memory) / max(full.Parallel, 1) / 2 >> 10
		cfg.Argon2, out.Each, out.Limit, err = m.argon2(target, share)
		out.Variables = append(out.Variables,
			fmt.Sprintf("PASSWORD_ARGON2_MEMORY=%d", cfg.Argon2.Memory),
			fmt.Sprintf("PASSWORD_ARGON2_TIME=%d", cfg.Argon2.Time),
			fmt.Sprintf("PASSWORD_ARGON2_PARALLEL=%d", cfg.Argon2.Parallel))
	} else {
		cfg.PBKDF2, out.Each, out.Limit, err = m.pbkdf2(target)
		out.Variables = append(out.Variables, fmt.Sprintf("%s=%d", pbkdf2Variable, cfg.PBKDF2.Iterations))
	}
	if err != nil {
		return Calibration{}, err
	}
	if full, err = cfg.complete(); err != nil {
		return Calibration{}, err
	}
	out.Config, out.Memory, out.Parallel = cfg, Bytes(full.recipe().memory()), full.Parallel
	out.PerSecond, err = c.flood(ctx, cfg)
	return out, err
}

// measurements are taken until the context ends.
type measurements struct {
	take     func(recipe) time.Duration
	ctx      context.Context
	progress func(string)
}

func (m *measurements) of(r recipe, what string) (time.Duration, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	d := m.take(r)
	if m.progress != nil {
		m.progress(fmt.Sprintf("%s takes %s", what, d.Round(100*time.Microsecond)))
	}
	return max(d, time.Microsecond), nil
}

const mib = 1 << 10 // in KiB

// Why a target is missed.
const (
	slowMachine = "the least that OWASP recommends takes longer on this machine"
	tooDear     = "more is beyond what a hash may cost"
	busyMachine = "the machine does something else too: measure again when it does not"
)

// argon2 raises the memory, of which guessing machines have least, up to limit KiB, and then the passes.
func (m *measurements) argon2(target time.Duration, limit int) (Argon2, time.Duration, string, error) {
	base, _ := preset(OWASP)
	p := base.Argon2
	of := func() (time.Duration, error) {
		return m.of(p, fmt.Sprintf("argon2id with %d MiB and t=%d", p.Memory/mib, p.Time))
	}
	d, err := of()
	if err != nil || d >= target {
		return p, d, unmet(d, target, slowMachine), err
	}
	limit = min(limit, MaxMemory>>10)
	for range 6 { // more memory is dearer than in proportion, as caches have it, and a busy machine errs
		next := p
		switch {
		case d > target+target/10 && p.Time > base.Argon2.Time:
			next.Time = max(min(scale(p.Time, target, d), p.Time-1), base.Argon2.Time)
		case d > target+target/10:
			next.Memory = max(scale(p.Memory, target, d)/mib*mib, base.Argon2.Memory)
		case d < target-target/10:
			next.Memory = max(min(scale(p.Memory, target, d), limit, MaxArgon2/p.Time)/mib*mib, p.Memory)
			if next.Memory == p.Memory {
				next.Time = max(min(scale(p.Time, target, d), MaxPasses, MaxArgon2/p.Memory), p.Time)
			}
		}
		if next == p {
			break
		}
		p = next
		if d, err = of(); err != nil {
			return p, d, "", err
		}
	}
	why := busyMachine
	if d < target && (p.Time >= MaxPasses || (p.Time+1)*p.Memory > MaxArgon2) {
		why = tooDear
	}
	return p, d, unmet(d, target, why), nil
}

// pbkdf2 rounds down to ten thousands.
func (m *measurements) pbkdf2(target time.Duration) (PBKDF2, time.Duration, string, error) {
	const step = 10_000
	p, limit := PBKDF2{pbkdf2FloorSHA256}, slowMachine
	of := func() (time.Duration, error) {
		return m.of(pbkdf2Recipe{p, false}, fmt.Sprintf("PBKDF2-SHA256 with %d iterations", p.Iterations))
	}
	d, err := of()
	if err != nil {
		return p, d, "", err
	}
	if want := min(scale(p.Iterations, target, d)/step*step, MaxIterations); want > p.Iterations {
		p.Iterations, limit = want, busyMachine
		if want == MaxIterations {
			limit = tooDear
		}
		d, err = of()
	}
	return p, d, unmet(d, target, limit), err
}

// scale returns n in the proportion of what is wanted to what was measured.
func scale(n int, want, got time.Duration) int { return int(float64(n) * float64(want) / float64(got)) }

// unmet returns why d is more than a quarter off the target, nothing if it is not.
func unmet(d, target time.Duration, why string) string {
	if d > target+target/4 || d < target-target/4 {
		return why
	}
	return ""
}

// measure returns the least time of five hashes: whatever else the machine does only makes them longer.
func measure(r recipe) time.Duration {
	least := time.Duration(math.MaxInt64)
	for range 5 {
		begin := time.Now()
		r.make([]byte("a password to measure by"))
		least = min(least, time.Since(begin))
	}
	return least
}

// flood hashes as many at a time as cfg allows, for so long, or two rounds if those take longer.
func flood(ctx context.Context, cfg Config, long time.Duration) (perSecond float64, err error) {
	full, err := cfg.complete()
	if err != nil {
		return 0, err
	}
	cfg.Wait = maxWait
	h, err := New(cfg)
	if err != nil {
		return 0, err
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		count int
		first error
		begin = time.Now()
	)
	for range full.Parallel {
		wg.Go(func() {
			for i := 0; i < 2 || time.Since(begin) < long; i++ {
				_, err := h.Hash(ctx, "a password to measure by")
				mu.Lock()
				if err != nil {
					first = err
				}
				count++
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(count) / time.Since(begin).Seconds(), first
}
