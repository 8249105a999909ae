package https

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

const hstsKey = "Strict-Transport-Security"

// MaxAge is for how long HSTS holds, in whole seconds. Zero means the default of one hour: long enough to show that
// everything works, short enough to take back. Raise it in steps (a day, a week, a month) to a year.
type MaxAge int64

const (
	// Off sends no HSTS header. It does not take back what browsers have: for that, send a short one for a while.
	Off MaxAge = -1

	// Year is what a site should arrive at, and the least that preloading takes.
	Year MaxAge = 365 * 24 * 60 * 60

	defaultMaxAge MaxAge = 60 * 60
	maxMaxAge     MaxAge = 100 * Year
)

// UnmarshalText reads seconds in digits; 0 means Off.
func (m *MaxAge) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 63)
	if err != nil || MaxAge(n) > maxMaxAge {
		return errors.New("https: HSTS: not a number of seconds: write digits alone, such as 31536000, or 0 for no HSTS")
	}
	*m = MaxAge(n)
	if n == 0 {
		*m = Off
	}
	return nil
}

// Form returns how an age is written, for errors and documents.
func (MaxAge) Form() string { return "a number of seconds (31536000 is a year, 0 is off)" }

// MarshalText writes what UnmarshalText reads: the seconds, 0 for Off. The default is written out.
func (m MaxAge) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// String returns the seconds in digits, 0 for Off.
func (m MaxAge) String() string { return strconv.FormatInt(m.Seconds(), 10) }

// Seconds returns the max-age that is sent, 0 if none is.
func (m MaxAge) Seconds() int64 {
	switch {
	case m == 0:
		return int64(defaultMaxAge)
	case m < 0:
		return 0
	}
	return int64(m)
}

// Duration returns Seconds as a duration.
func (m MaxAge) Duration() time.Duration { return time.Duration(m.Seconds()) * time.Second }

// header returns the header's value, empty if HSTS is off.
func (c Config) header() string {
	if c.HSTS.Seconds() == 0 {
		return ""
	}
	value := "max-age=" + c.HSTS.String()
	if c.IncludeSubdomains {
		value += "; includeSubDomains"
	}
	if c.Preload {
		value += "; preload"
	}
	return value
}

// checkHSTS refuses values out of range and a request for preloading that the list would refuse.
func (c Config) checkHSTS() error {
	errs := c.preloadMistakes()
	if c.HSTS < Off || c.HSTS > maxMaxAge {
		errs = append(errs, fmt.Errorf("https: SECURE_HSTS_SECONDS: %d is out of range: use https.Off or up to 100 years",
			int64(c.HSTS)))
	}
	return errors.Join(errs...)
}

// preloadMistakes says why the preload list would refuse the header (hstspreload.org, submission requirements).
func (c Config) preloadMistakes() (errs []error) {
	if c.Preload && !c.IncludeSubdomains {
		errs = append(errs, errors.New("https: SECURE_HSTS_PRELOAD: the preload list takes no host without its subdomains:"+
			" set SECURE_HSTS_INCLUDE_SUBDOMAINS too, or preload nothing"))
	}
	if c.Preload && c.HSTS.Seconds() < Year.Seconds() {
		errs = append(errs, fmt.Errorf("https: SECURE_HSTS_PRELOAD: the preload list takes no max-age below %d:"+
			" set SECURE_HSTS_SECONDS to that, or preload nothing", Year.Seconds()))
	}
	return errs
}
