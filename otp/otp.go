// Package otp is the arithmetic of second factors: codes that an authenticator app shows (TOTP, RFC 6238) and recovery
// codes for the day on which the app is lost.
//
// It protects from a code that is used twice, from digits of other scripts that a careless parser takes for numbers,
// and from guessing, as far as arithmetic can: [BackOff] says how long to wait after failures, and of a million codes at
// most three are right at a time.
//
//	var totp otp.TOTP // 6 digits, 30 seconds, one step of tolerance
//
//	sec := otp.NewSecret()
//	uri := totp.URI(sec, "Bulletin", "alice") // show it as a QR code
//
//	device, ok := totp.Verify(sec, code, time.Now(), device) // keep the device that is returned
//
// It keeps nothing. Whoever calls it stores the secret sealed, stores the [Device] so that of two requests with one code
// one loses, and counts failures; package accounts does all of that. A code that is typed into a false site is
// lost to that site: TOTP does not protect from phishing.
package otp

import "time"

// MaxBackOff is the longest time that BackOff returns.
const MaxBackOff = 24 * time.Hour

// BackOff returns how long a device takes no code after the last of so many failures in a row: nothing after none,
// then 1, 2, 4 seconds and so on, as django-otp does it, up to MaxBackOff.
//
// So whoever has somebody's password and guesses codes for a year gets 18 tries in the first day and a half, and then
// one a day: 381 tries with 3 right codes in a million each, a chance of 0.11 percent. Attempts within the time
// have to fail untested and must not count, or requests alone would keep the owner out for good.
func BackOff(failures int) time.Duration {
	switch {
	case failures <= 0:
		return 0
	case failures > 17: // then it is 2^17 seconds or more, which is over a day
		return MaxBackOff
	}
	return min(time.Second<<(failures-1), MaxBackOff)
}
