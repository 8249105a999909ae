// Package signing makes and verifies Django's signed values, so that a Go and a Django site can read each other's
// links, cookies and sessions.
//
// It protects values that a client keeps from being changed by the client, and from being used for anything but what
// they were signed for: that is what the salt says.
//
//	links, err := signing.NewTimestamp(ring, signing.Options{Salt: "accounts.unsubscribe"})
//	…
//	token := links.Sign("alice@example.com")
//	address, err := links.Unsign(token, 48*time.Hour)
//
// [Dumps] and [Loads] do the same for whatever can be written as JSON, and a [CookieSigner] for Django's signed
// cookies.
//
// A signed value is not encrypted: the client can read it. Nothing in a token chooses a key or an algorithm, which is
// HMAC-SHA256. Whoever has a token can use it as often as its age allows.
package signing

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/airworthy-go/airworthy/keyring"
)

// ErrBadSignature is returned for whatever was not signed with one of the ring's keys for this purpose, or was changed.
var ErrBadSignature = errors.New("signing: bad signature")

// ErrExpired is returned for an authentic value that is too old, or that claims to come from the future. It is also
// an [ErrBadSignature], as in Django, so that a caller who asks for that alone refuses both.
var ErrExpired error = expired{}

type expired struct{}

func (expired) Error() string        { return "signing: the signature has expired" }
func (expired) Is(target error) bool { return target == ErrBadSignature }

// Django's salts: the defaults, and those of the framework's own values.
const (
	SaltSigner         = "django.core.signing.Signer"
	SaltTimestamp      = "django.core.signing.TimestampSigner"
	SaltDumps          = "django.core.signing"
	SaltSessions       = "django.contrib.sessions.SessionStore"
	SaltSignedSessions = "django.contrib.sessions.backends.signed_cookies"
	SaltMessages       = "django.contrib.messages" // with CookieKeys
)

// CookieKeys is the key prefix of what Django signs for cookies.
const CookieKeys = "django.http.cookies"

// Options says what signed values look like and what they are for.
type Options struct {
	// Salt names the purpose. If it is empty it is Django's default, the class path, which every signer without a
	// salt shares: give each purpose its own.
	Salt string

	// Sep stands before the signature: ":" if empty. It needs a character that no signature has.
	Sep string

	// KeyPrefix is put before every key: empty, or [CookieKeys].
	KeyPrefix string

	// MaxPayload is the longest payload that [Loads] reads, inflated, in bytes: 1 MiB if zero.
	MaxPayload int

	// InsecureFuture accepts values that claim to have been signed later than now, as Django does. Such a value
	// outlives its age by as much. Without it a clock may be ahead of ours by [Skew].
	InsecureFuture bool
}

const (
	suffix     = "signer" // what Django appends to every salt
	sigLength  = 43       // of a MAC in base64
	defaultSep = ":"
	maxPayload = 1 << 20
)

// encoding is base64 with the URL's alphabet and without padding, which accepts one spelling of each signature.
var encoding = base64.RawURLEncoding.Strict()

// Signer signs text without a time. It is safe for concurrent use.
type Signer struct {
	mac *keyring.MAC
	sep string
}

// New returns a signer with the keys of ring. It refuses a separator that signatures may contain.
func New(ring *keyring.Ring, opts Options) (*Signer, error) { return newSigner(ring, opts, SaltSigner) }

func newSigner(ring *keyring.Ring, opts Options, salt string) (*Signer, error) {
	if opts.Salt != "" {
		salt = opts.Salt
	}
	sep := defaultSep
	if opts.Sep != "" {
		sep = opts.Sep
	}
	if strings.IndexFunc(sep, func(r rune) bool { return !inSignature(r) }) < 0 {
		return nil, fmt.Errorf("signing: separator %q: a signature could hold it: "+
			"use one with a character that is not a letter, a digit or one of -_=[\\]^`", sep)
	}
	return &Signer{mac: ring.MACPrefix(opts.KeyPrefix, salt+suffix), sep: sep}, nil
}

// inSignature is Django's [A-z0-9-_=], which holds what stands between Z and a in ASCII too.
func inSignature(r rune) bool {
	return r >= 'A' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '='
}

// scratch is where messages are put together and read, for keyring works on bytes and not on strings.
type scratch struct {
	buf []byte
	mac [keyring.MACSize]byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// release keeps s for the next one, unless a rare long message has made it large.
func (s *scratch) release() {
	if cap(s.buf) <= 64<<10 {
		scratches.Put(s)
	}
}

// Sign returns value with its signature.
func (s *Signer) Sign(value string) string {
	st := scratches.Get().(*scratch)
	defer st.release()
	st.buf = append(st.buf[:0], value...)
	return s.finish(st)
}

// finish signs what stands in st.
func (s *Signer) finish(st *scratch) string {
	mac := s.mac.Sign(st.mac[:0], st.buf)
	st.buf = append(st.buf, s.sep...)
	st.buf = encoding.AppendEncode(st.buf, mac)
	return string(st.buf)
}

// Unsign returns the value that was signed, which is a part of token. The error is [ErrBadSignature].
func (s *Signer) Unsign(token string) (string, error) {
	value, _, err := s.unsign(token)
	return value, err
}

// unsign also reports whether the current key signed the value.
func (s *Signer) unsign(token string) (value string, current bool, err error) {
	at := strings.LastIndex(token, s.sep)
	if at < 0 {
		return "", false, ErrBadSignature
	}
	value, text := token[:at], token[at+len(s.sep):]
	if len(text) != sigLength {
		return "", false, ErrBadSignature
	}
	var source [sigLength]byte
	var mac [keyring.MACSize]byte
	copy(source[:], text)
	if n, err := encoding.Decode(mac[:], source[:]); err != nil || n != len(mac) {
		return "", false, ErrBadSignature
	}
	st := scratches.Get().(*scratch)
	defer st.release()
	st.buf = append(st.buf[:0], value...)
	current, ok := s.mac.Verify(st.buf, mac[:])
	if !ok {
		return "", false, ErrBadSignature
	}
	return value, current, nil
}
