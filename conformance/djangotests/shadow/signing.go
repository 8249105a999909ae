package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/signing"
)

func ring(key []byte, fallbacks ...[]byte) *keyring.Ring {
	cfg := keyring.Config{Key: secret.New(string(key)), InsecureWeak: true}
	for _, f := range fallbacks {
		cfg.Fallbacks = append(cfg.Fallbacks, secret.New(string(f)))
	}
	r, err := keyring.New(cfg)
	if err != nil {
		panic(err)
	}
	return r
}

// keys are Django's, in the order in which they are tried.
type keys struct{ Keys [][]byte }

func (k keys) ring() *keyring.Ring { return ring(k.Keys[0], k.Keys[1:]...) }

// signQuestion asks to sign, or whether something was signed.
type signQuestion struct {
	keys
	Timed     bool
	Sep, Salt string
	Name      string // of a cookie
	Legacy    bool   // accept what older versions sign for cookies
	Value     string // to sign: a text, or JSON
	Token     string
	Compress  bool
	MaxAge    *float64 // in seconds
}

func (q signQuestion) options() signing.Options { return signing.Options{Salt: q.Salt, Sep: q.Sep} }

func (q signQuestion) age() time.Duration {
	if q.MaxAge == nil || *q.MaxAge > math.MaxInt64/float64(time.Second) {
		return signing.Forever
	}
	return time.Duration(*q.MaxAge * float64(time.Second))
}

func (q signQuestion) timestamp() *signing.TimestampSigner {
	s, err := signing.NewTimestamp(q.ring(), q.options())
	if err != nil {
		panic(err)
	}
	return s
}

func (q signQuestion) plain() *signing.Signer {
	s, err := signing.New(q.ring(), q.options())
	if err != nil {
		panic(err)
	}
	return s
}

func (q signQuestion) cookie() *signing.CookieSigner {
	s, err := signing.NewCookie(q.ring(), signing.CookieOptions{Name: q.Name, Salt: q.Salt, InsecureAcceptLegacy: q.Legacy})
	if err != nil {
		panic(err)
	}
	return s
}

func (q signQuestion) separator() (string, error) {
	_, err := signing.New(q.ring(), q.options())
	return fmt.Sprint(err == nil), nil
}

func (q signQuestion) sign() (string, error) {
	if q.Timed {
		return q.timestamp().Sign(q.Value), nil
	}
	return q.plain().Sign(q.Value), nil
}

func (q signQuestion) unsign() (string, error) {
	if q.Timed {
		return verdict(q.timestamp().Unsign(q.Token, q.age()))
	}
	return verdict(q.plain().Unsign(q.Token))
}

func (q signQuestion) dumps() (string, error) {
	return signing.Dumps(q.timestamp(), json.RawMessage(q.Value), q.Compress)
}

func (q signQuestion) loads() (string, error) {
	var v json.RawMessage
	err := signing.Loads(q.timestamp(), q.Token, q.age(), &v)
	return verdict(string(v), err)
}

func (q signQuestion) signCookie() (string, error) { return q.cookie().Sign(q.Value), nil }

func (q signQuestion) unsignCookie() (string, error) {
	return verdict(q.cookie().Unsign(q.Token, q.age()))
}

func verdict(value string, err error) (string, error) {
	switch {
	case err == nil:
		return "ok: " + value, nil
	case errors.Is(err, signing.ErrExpired):
		return "expired", nil
	case errors.Is(err, signing.ErrBadSignature):
		return "bad signature", nil
	}
	return "unreadable", nil
}

// macQuestion asks for Django's salted_hmac with SHA-256.
type macQuestion struct {
	keys
	Salt, Value []byte
}

func (q macQuestion) answer() (string, error) {
	return hex.EncodeToString(q.ring().MAC(string(q.Salt)).Sign(nil, q.Value)), nil
}

// equalQuestion asks whether two secrets are the same.
type equalQuestion struct{ A, B []byte }

func (q equalQuestion) answer() (string, error) {
	return fmt.Sprint(secret.New(string(q.A)).Equal(secret.New(string(q.B)))), nil
}
