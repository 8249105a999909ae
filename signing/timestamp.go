package signing

import (
	"math"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
)

// Forever is the age that nothing exceeds: a signature that never expires.
const Forever time.Duration = math.MaxInt64

// Skew is how far ahead of ours the clock of another server may be.
const Skew = time.Minute

// TimestampSigner signs text and the time. It is safe for concurrent use.
type TimestampSigner struct {
	signer     *Signer
	maxPayload int
	future     bool
}

// Token is what was found in an authentic token.
type Token struct {
	Value   string
	Signed  time.Time // in whole seconds
	Current bool      // signed with the current key; if not, sign it again, so that the fallback can be dropped
}

// NewTimestamp returns a signer with the keys of ring. It refuses what [New] does.
func NewTimestamp(ring *keyring.Ring, opts Options) (*TimestampSigner, error) {
	s, err := newSigner(ring, opts, SaltTimestamp)
	if err != nil {
		return nil, err
	}
	limit := opts.MaxPayload
	if limit <= 0 {
		limit = maxPayload
	}
	return &TimestampSigner{signer: s, maxPayload: limit, future: opts.InsecureFuture}, nil
}

// Sign returns value with the time and the signature of both.
func (s *TimestampSigner) Sign(value string) string {
	st := scratches.Get().(*scratch)
	defer st.release()
	st.buf = append(st.buf[:0], value...)
	st.buf = append(st.buf, s.signer.sep...)
	st.buf = appendBase62(st.buf, time.Now().Unix())
	return s.signer.finish(st)
}

// Unsign returns the value that was signed, which is a part of token. The error is [ErrBadSignature], or [ErrExpired]
// if the value is older than maxAge. The time of signing is in whole seconds, so that a value may look up to a second
// older than it is.
//
// A maxAge of zero, or below, accepts what was signed within this very instant, or nothing; for any age say [Forever],
// which does not ask for the time at all.
func (s *TimestampSigner) Unsign(token string, maxAge time.Duration) (string, error) {
	t, err := s.Parse(token, maxAge)
	return t.Value, err
}

// Parse is Unsign that tells more. With an error the Token is zero.
func (s *TimestampSigner) Parse(token string, maxAge time.Duration) (Token, error) {
	text, current, err := s.signer.unsign(token)
	if err != nil {
		return Token{}, err
	}
	at := strings.LastIndex(text, s.signer.sep)
	if at < 0 {
		return Token{}, ErrBadSignature
	}
	seconds, ok := parseBase62(text[at+len(s.signer.sep):])
	if !ok {
		return Token{}, ErrBadSignature
	}
	signed := time.Unix(seconds, 0)
	if maxAge != Forever {
		age := time.Since(signed)
		if age > maxAge || age < -Skew && !s.future {
			return Token{}, ErrExpired
		}
	}
	return Token{Value: text[:at], Signed: signed, Current: current}, nil
}
