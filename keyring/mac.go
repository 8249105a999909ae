package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// MACSize is how long a MAC is, in bytes.
const MACSize = sha256.Size

// Context joins parts to a context that no other parts make: "a", "bc" and "ab", "c" differ. Contexts of one's own
// that hold more than a constant are to be made with it.
func Context(parts ...string) string {
	var b strings.Builder
	b.WriteString("airworthy")
	for _, part := range parts {
		b.WriteByte('/')
		b.WriteString(strconv.Itoa(len(part)))
		b.WriteByte(':')
		b.WriteString(part)
	}
	return b.String()
}

// MAC signs and verifies for one purpose. It is safe for concurrent use and follows the ring's swaps.
type MAC struct {
	ring    *Ring
	salt    string
	derived atomic.Pointer[macSet]
}

// macSet holds what was derived from one set of keys.
type macSet struct {
	from *keySet
	keys []macKey
}

// macKey has HMAC states at hand: to make one costs three times as much as to use one again.
type macKey struct {
	states sync.Pool // of *macState
	uses   *uses
}

type macState struct {
	hash.Hash
	sum [MACSize]byte
}

// MAC returns the purpose that context names. It is Django's salted_hmac with SHA-256, context being the salt: the key
// is SHA-256(context ‖ secret). Make it once and keep it.
func (r *Ring) MAC(context string) *MAC { return r.MACPrefix("", context) }

// MACPrefix is MAC with prefix put before every secret, as Django does for cookies: the key is
// SHA-256(context ‖ prefix ‖ secret).
func (r *Ring) MACPrefix(prefix, context string) *MAC {
	m := &MAC{ring: r, salt: context + prefix}
	m.current()
	return m
}

// current returns the keys derived from the ring's present set. Two requests that meet a swap may both derive; either
// result is right.
func (m *MAC) current() *macSet {
	from := m.ring.set.Load()
	if have := m.derived.Load(); have != nil && have.from == from {
		return have
	}
	set := &macSet{from: from, keys: make([]macKey, len(from.keys))}
	for i, k := range from.keys {
		derived := sha256.Sum256([]byte(m.salt + k.secret.Reveal()))
		set.keys[i].uses = k.uses
		set.keys[i].states.New = func() any { return &macState{Hash: hmac.New(sha256.New, derived[:])} }
	}
	m.derived.Store(set)
	return set
}

// Sign appends the MAC of msg to dst, which may be nil.
func (m *MAC) Sign(dst, msg []byte) []byte {
	k := &m.current().keys[0]
	st := k.states.Get().(*macState)
	dst = append(dst, st.of(msg)...)
	k.states.Put(st)
	return dst
}

// Verify reports whether mac is the MAC of msg, and whether the current key made it rather than a fallback. The time
// that it takes tells no more than that. A mac that is not exactly MACSize long is not one.
func (m *MAC) Verify(msg, mac []byte) (current, ok bool) {
	if len(mac) != MACSize {
		return false, false
	}
	return m.VerifyFunc(msg, func(want []byte) bool { return subtle.ConstantTimeCompare(want, mac) == 1 })
}

// VerifyFunc is Verify for a format that keeps less than the whole MAC, such as Django's reset tokens. It calls equal
// with the MAC of msg under one key after the other until that reports true. The bytes are good until equal returns,
// and equal has to take the same time wherever they differ from what it compares them with.
func (m *MAC) VerifyFunc(msg []byte, equal func(mac []byte) bool) (current, ok bool) {
	keys := m.current().keys
	for i := range keys {
		k := &keys[i]
		st := k.states.Get().(*macState)
		ok := equal(st.of(msg))
		k.states.Put(st)
		if ok {
			k.uses.record()
			return i == 0, true
		}
	}
	return false, false
}

// of returns the MAC of msg, which is good until st is used again.
func (st *macState) of(msg []byte) []byte {
	st.Reset()
	st.Write(msg)
	return st.Sum(st.sum[:0])
}
