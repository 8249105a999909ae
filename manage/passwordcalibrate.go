package manage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/settings"
)

type calibrateFlags struct {
	target    time.Duration
	logins    int
	algorithm string
}

func (p *program) passwordCalibrateCommand() *cobra.Command {
	var f calibrateFlags
	c := &cobra.Command{
		Use:   "calibrate",
		Short: "Find what a password hash may cost on this machine",
		Long: `Find the parameters with which a password hash takes about as long as --target on this machine, and say how many logins a
second that allows. It prints the settings to paste; what they change is said beside them in lines that begin with #.

It computes for some seconds. Run it where the site runs, with the memory and the processors that the site will have:
PASSWORD_MEMORY, PASSWORD_PARALLEL and PASSWORD_PRESET are read from the environment and from .env.

Exits with 0 when the parameters are found, with 1 when they are not, or allow fewer logins than --logins, and with 2 for
wrong usage.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case f.target < 10*time.Millisecond || f.target > 5*time.Second:
				return cli.Usage("--target: %s is not between 10ms and 5s: 250ms is a good one", f.target)
			case f.logins < 0:
				return cli.Usage("--logins: %d is negative", f.logins)
			case f.algorithm != "argon2" && f.algorithm != "pbkdf2_sha256":
				return cli.Usage("--algorithm: unknown algorithm %q: use argon2 or pbkdf2_sha256", f.algorithm)
			}
			return p.calibrate(cmd.Context(), f)
		},
	}
	c.Flags().DurationVar(&f.target, "target", 250*time.Millisecond, "how long a hash is to take: as long as people do not mind to wait")
	c.Flags().IntVar(&f.logins, "logins", 0, "how many logins a `second` there have to be at least: a hash then costs less than --target if need be")
	c.Flags().StringVar(&f.algorithm, "algorithm", "argon2", "argon2, or pbkdf2_sha256 for a Django without argon2")
	return c
}

// hashing is what calibrating needs to know, from the same places as the application's settings.
type hashing struct {
	Passwords password.Config
}

// calibrations is how often the target is lowered to reach the number of logins.
const calibrations = 3

func (p *program) calibrate(ctx context.Context, f calibrateFlags) error {
	cfg, err := settings.Load(ctx, hashing{}, settings.Env(), settings.DotEnv(".env"))
	if err != nil {
		return err
	}
	opts := password.CalibrateOptions{Config: cfg.Passwords, Algorithm: f.algorithm}
	if terminal(p.err) {
		opts.Progress = func(line string) { fmt.Fprintln(p.err, line) }
	}
	found, enough, err := wanted{f.target, f.logins}.find(func(target time.Duration) (password.Calibration, error) {
		return password.Calibrate(ctx, target, opts)
	})
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil:
		return err
	}
	return p.calibrated(found, f, enough)
}

// wanted is how long a hash may take, and how many logins a second there have to be.
type wanted struct {
	target time.Duration
	logins int
}

// find calibrates for the target, and for a lower one as often as need be and helps while there are too few logins.
func (w wanted) find(calibrate func(time.Duration) (password.Calibration, error)) (found password.Calibration, enough bool, err error) {
	const least = 10 * time.Millisecond
	target := w.target
	for range calibrations {
		if found, err = calibrate(target); err != nil {
			return found, false, err
		}
		enough = found.PerSecond >= float64(w.logins)
		if enough || target == least {
			break
		}
		lower := time.Duration(float64(found.Each) * found.PerSecond / float64(w.logins) * 0.9)
		target = max(least, lower)
	}
	return found, enough, nil
}

func (p *program) calibrated(found password.Calibration, f calibrateFlags, enough bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s and %.1f MiB for a hash, %d at a time: %.1f logins a second, and no more\n",
		found.Each.Round(time.Millisecond), float64(found.Memory)/(1<<20), found.Parallel, found.PerSecond)
	if found.Limit != "" {
		fmt.Fprintf(&b, "# not %s: %s\n", f.target, found.Limit)
	}
	for _, line := range found.Variables {
		b.WriteString(line + "\n")
	}
	if _, err := fmt.Fprint(p.out, b.String()); err != nil {
		return err
	}
	if !enough {
		return fmt.Errorf("%.1f logins a second are fewer than --logins=%d: give the site more processors, or more memory by PASSWORD_MEMORY", found.PerSecond, f.logins)
	}
	return nil
}
