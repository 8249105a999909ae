package otp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/airworthy-go/airworthy/secret"
)

// Bounds of a TOTP's fields, outside of which codes are too easy to guess or to miss.
const (
	minDigits, maxDigits = 6, 8 // RFC 4226, section 5.3, and what four bytes can fill
	minPeriod, maxPeriod = 15 * time.Second, 5 * time.Minute
	maxSkew              = 10
)

// secretBytes is what RFC 4226, section 4, recommends: as much as SHA-1 returns.
const secretBytes = 20

// minSecretBytes is what RFC 4226, section 4, demands.
const minSecretBytes = 16

// maxTyped bounds what is looked at of a code or a secret that somebody typed.
const maxTyped = 256

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret returns a new secret to be shared with an authenticator app: 160 random bits in 32 letters and digits of
// base32, without padding, which some apps do not take.
func NewSecret() secret.Text {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return secret.New(encoding.EncodeToString(b))
}

// TOTP says what codes look like. The zero TOTP is what every authenticator app understands, and some apps silently
// understand no other. It uses HMAC-SHA1, which apps expect and which is sound: what is known against SHA-1 are
// collisions, and they help nobody to a MAC.
type TOTP struct {
	Digits int           // 6 to 8; 6 if 0
	Period time.Duration // whole seconds, 15 s to 5 min; 30 s if 0
	Skew   int           // how many periods a device may be early or late, up to 10; 1 if 0, none if negative
}

// Device is what has to be remembered of one device between its codes. The zero Device is one that never sent any.
type Device struct {
	// Last is the period, counted from 1970, of the last code that was taken. No code of it or of one before is taken
	// again (RFC 6238, section 5.2).
	Last int64

	// Drift is by how many periods the device's clock seemed to be ahead then, or behind if negative. It never exceeds
	// Skew, so that a code in its right time is always taken: whoever was slow twice is not taken for a late clock.
	Drift int
}

// Validate returns what is wrong with t's fields. A TOTP with a wrong one takes no code.
func (t TOTP) Validate() error {
	_, err := t.filled()
	return err
}

// filled returns t with defaults in place of zeros.
func (t TOTP) filled() (TOTP, error) {
	if t.Digits == 0 {
		t.Digits = 6
	}
	if t.Period == 0 {
		t.Period = 30 * time.Second
	}
	switch {
	case t.Skew == 0:
		t.Skew = 1
	case t.Skew < 0:
		t.Skew = 0
	}
	var errs []error
	if t.Digits < minDigits || t.Digits > maxDigits {
		errs = append(errs, fmt.Errorf("otp: Digits: %d is not from %d to %d", t.Digits, minDigits, maxDigits))
	}
	if t.Period < minPeriod || t.Period > maxPeriod || t.Period%time.Second != 0 {
		errs = append(errs, fmt.Errorf("otp: Period: %v is not whole seconds from %v to %v", t.Period, minPeriod, maxPeriod))
	}
	if t.Skew > maxSkew {
		errs = append(errs, fmt.Errorf("otp: Skew: %d is over %d", t.Skew, maxSkew))
	}
	return t, errors.Join(errs...)
}

// Code returns the code that a device with the secret shows at that time; "" if t is not valid or sec no secret.
func (t TOTP) Code(sec secret.Text, at time.Time) string {
	t, err := t.filled()
	key, ok := decode(sec)
	if err != nil || !ok {
		return ""
	}
	return t.code(key, t.step(at))
}

// Verify reports whether code is one that a device with the secret shows at now, give or take Skew periods, and that
// it did not show at or before d.Last. It returns the device as it has to be kept from now on; unchanged if the code is wrong.
//
// Spaces that people type are left out. What remains has to be as many of the digits 0 to 9 as a code has: not
// digits of other scripts, and no fewer for a code that begins with zeros. The time it takes says nothing of how near
// a code was.
func (t TOTP) Verify(sec secret.Text, code string, now time.Time, d Device) (Device, bool) {
	t, err := t.filled()
	key, ok := decode(sec)
	if err != nil || !ok {
		return d, false
	}
	typed, ok := t.typed(code)
	if !ok {
		return d, false
	}
	at := t.step(now)
	middle := at + int64(min(max(d.Drift, -t.Skew), t.Skew))
	found, match := 0, int64(0)
	for step := middle - int64(t.Skew); step <= middle+int64(t.Skew); step++ {
		equal := subtle.ConstantTimeCompare([]byte(t.code(key, step)), typed)
		if step <= d.Last {
			equal = 0
		}
		// Of two periods with the same code the later one counts, so that the code cannot be used once more.
		match += int64(equal) * (step - match)
		found |= equal
	}
	if found == 0 {
		return d, false
	}
	drift := min(max(match-at, -int64(t.Skew)), int64(t.Skew))
	return Device{Last: match, Drift: int(drift)}, true
}

// typed returns the digits of a code that somebody typed.
func (t TOTP) typed(code string) ([]byte, bool) {
	if len(code) > maxTyped {
		return nil, false
	}
	code = withoutSpaces(code)
	if len(code) != t.Digits || strings.Trim(code, "0123456789") != "" {
		return nil, false
	}
	return []byte(code), true
}

// step counts periods from 1970. Before that it is negative, and no code is taken.
func (t TOTP) step(at time.Time) int64 { return at.Unix() / int64(t.Period/time.Second) }

// code is HOTP of RFC 4226, section 5.3.
func (t TOTP) code(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[offset:]) &^ (1 << 31)
	digits := make([]byte, t.Digits)
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = '0' + byte(n%10)
		n /= 10
	}
	return string(digits)
}

// decode returns the bytes of a secret. It takes lower case, spaces and padding, as secrets from elsewhere have them.
func decode(sec secret.Text) ([]byte, bool) {
	text := sec.Reveal()
	if len(text) > maxTyped {
		return nil, false
	}
	key, err := encoding.DecodeString(strings.TrimRight(strings.ToUpper(withoutSpaces(text)), "="))
	return key, err == nil && len(key) >= minSecretBytes
}

// URI returns the address that authenticator apps read from a QR code, of the form
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format. It holds the secret; issuer is the site's name and
// account the user's, from both of which colons and control characters are left out, since a colon parts the two.
func (t TOTP) URI(sec secret.Text, issuer, account string) secret.Text {
	t, err := t.filled()
	key, ok := decode(sec)
	if err != nil || !ok {
		return secret.Text{}
	}
	issuer, account = label(issuer), label(account)
	name := url.PathEscape(account)
	if issuer != "" {
		name = url.PathEscape(issuer) + ":" + name
	}
	uri := fmt.Sprintf("otpauth://totp/%s?secret=%s&algorithm=SHA1&digits=%d&period=%d", name, encoding.EncodeToString(key), t.Digits, t.Period/time.Second)
	if issuer != "" {
		uri += "&issuer=" + strings.ReplaceAll(url.QueryEscape(issuer), "+", "%20") // apps show a + as it is
	}
	return secret.New(uri)
}

// label returns what may stand in the label of an otpauth address.
func label(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == ':' || r == unicode.ReplacementChar || unicode.IsControl(r) {
			return -1
		}
		return r
	}, s))
}

func withoutSpaces(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
