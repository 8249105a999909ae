package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"sync/atomic"
)

// ErrNotAuthentic is returned for a ciphertext that none of the keys made, for this purpose and these additional data,
// or that has been changed since.
var ErrNotAuthentic = errors.New("keyring: the ciphertext is not authentic")

// AEADOverhead is how much longer a ciphertext is than its plaintext, in bytes.
const AEADOverhead = 12 + 16 // nonce and tag

// AEAD encrypts and authenticates for one purpose, by AES-256-GCM with random nonces. It is safe for concurrent use
// and follows the ring's swaps.
//
// A key should not seal more than 2³² messages for one purpose, which is a thousand a second for seven weeks: random
// nonces of 96 bits could then begin to repeat.
type AEAD struct {
	ring    *Ring
	context string
	derived atomic.Pointer[aeadSet]
}

type aeadSet struct {
	from *keySet
	keys []aeadKey
}

type aeadKey struct {
	cipher.AEAD
	uses *uses
}

// AEAD returns the purpose that context names. Its keys are derived by HKDF-SHA256 and have nothing in common with
// those of the MAC of the same context. Make it once and keep it.
func (r *Ring) AEAD(context string) *AEAD {
	a := &AEAD{ring: r, context: context}
	a.current()
	return a
}

// current returns the ciphers for the ring's present set.
func (a *AEAD) current() *aeadSet {
	from := a.ring.set.Load()
	if have := a.derived.Load(); have != nil && have.from == from {
		return have
	}
	set := &aeadSet{from: from, keys: make([]aeadKey, len(from.keys))}
	for i, k := range from.keys {
		set.keys[i] = aeadKey{newGCM(k.secret.Reveal(), a.context), k.uses}
	}
	a.derived.Store(set)
	return set
}

// newGCM panics on errors that the lengths below rule out.
func newGCM(secret, context string) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "airworthy AES-256-GCM\x00"+context, 32)
	if err != nil {
		panic("keyring: HKDF refuses 32 bytes")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("keyring: AES refuses 32 bytes")
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("keyring: GCM refuses AES")
	}
	return gcm
}

// Seal appends the encrypted plaintext to dst, which may be nil. The additional data are authenticated, not sent: Open
// has to be given the same ones. What is appended is AEADOverhead longer than the plaintext.
func (a *AEAD) Seal(dst, plaintext, additional []byte) []byte {
	return a.current().keys[0].Seal(dst, nil, plaintext, additional)
}

// Open appends the decrypted ciphertext to dst and reports whether the current key sealed it rather than a fallback.
// The error is [ErrNotAuthentic]. The room behind dst must not overlap the ciphertext, which a second key may have to
// read.
func (a *AEAD) Open(dst, ciphertext, additional []byte) (plaintext []byte, current bool, err error) {
	if len(ciphertext) < AEADOverhead {
		return nil, false, ErrNotAuthentic
	}
	for i, k := range a.current().keys {
		if plaintext, err = k.Open(dst, nil, ciphertext, additional); err == nil {
			k.uses.record()
			return plaintext, i == 0, nil
		}
	}
	return nil, false, ErrNotAuthentic
}
