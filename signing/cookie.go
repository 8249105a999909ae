package signing

import (
	"errors"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/keyring"
)

// CookieOptions describes one of Django's signed cookies.
type CookieOptions struct {
	Name string // of the cookie, as Django knows it
	Salt string // the salt argument of set_signed_cookie

	// InsecureAcceptLegacy also accepts what Django before 5.2.15 and 6.0.6 signs. There the cookie "a" with the salt
	// "bc" and the cookie "ab" with the salt "c" are worth the same (CVE-2026-6873).
	InsecureAcceptLegacy bool

	// InsecureWriteLegacy writes what those versions can read, and accepts it.
	InsecureWriteLegacy bool

	// InsecureFuture is that of [Options].
	InsecureFuture bool
}

// CookieSigner signs the value of one cookie, as Django's set_signed_cookie does. It is safe for concurrent use.
type CookieSigner struct {
	v2, legacy *TimestampSigner // legacy is nil if it is not accepted
	write      *TimestampSigner
}

// NewCookie returns the signer of the cookie that opts describes.
func NewCookie(ring *keyring.Ring, opts CookieOptions) (*CookieSigner, error) {
	if opts.Name == "" {
		return nil, errors.New("signing: a signed cookie has no name: give it the one that it is sent under")
	}
	salt := "django.http.cookies.v2:" + strconv.Itoa(utf8.RuneCountInString(opts.Salt)) + ":" + opts.Salt + opts.Name
	timestamp := func(salt string) *TimestampSigner {
		s, _ := NewTimestamp(ring, Options{Salt: salt, KeyPrefix: CookieKeys, InsecureFuture: opts.InsecureFuture})
		return s // the only error is that of a separator
	}
	c := &CookieSigner{v2: timestamp(salt)}
	c.write = c.v2
	if opts.InsecureAcceptLegacy || opts.InsecureWriteLegacy {
		c.legacy = timestamp(opts.Name + opts.Salt)
	}
	if opts.InsecureWriteLegacy {
		c.write = c.legacy
	}
	return c, nil
}

// Sign returns value with the time and the signature of both.
func (c *CookieSigner) Sign(value string) string { return c.write.Sign(value) }

// Unsign returns the value that was signed: see [TimestampSigner.Unsign].
func (c *CookieSigner) Unsign(token string, maxAge time.Duration) (string, error) {
	t, err := c.Parse(token, maxAge)
	return t.Value, err
}

// Parse is Unsign that tells more. The Token is Current if it is what Sign would write, legacy or not.
func (c *CookieSigner) Parse(token string, maxAge time.Duration) (Token, error) {
	by := c.v2
	t, err := by.Parse(token, maxAge)
	if err != nil && c.legacy != nil && !errors.Is(err, ErrExpired) {
		by = c.legacy
		t, err = by.Parse(token, maxAge)
	}
	t.Current = t.Current && by == c.write
	return t, err
}
