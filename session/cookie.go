package session

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/keyring"
)

// maxCookie is how long a token may be so that browsers keep it, its name and prefix included.
const maxCookie = 4000

// cookieStore keeps each session in its cookie, encrypted.
type cookieStore struct {
	aead *keyring.AEAD
	name []byte // authenticated, so that one site's two session cookies cannot be swapped
}

var _ Store = (*cookieStore)(nil)

// NewCookie returns a Store that keeps each session in its own cookie, encrypted and authenticated under the ring's
// keys: nothing is stored anywhere, and a request costs no round trip. Cookies sealed under a fallback key are sealed
// again when they are used.
//
// What it cannot do is to end a session that somebody has a copy of: after a logout, a change of password or a newer
// version of the values, a copied cookie works until it expires, and using it keeps it going for the whole of its age.
// Nor can a user's sessions be listed. Where that matters use drivers/sqlstore. The values may take about 2900 bytes;
// what is longer is an error.
func NewCookie(ring *keyring.Ring) Store {
	return &cookieStore{aead: ring.AEAD(keyring.Context("session", "cookie"))}
}

func (c *cookieStore) bind(cfg Config) Store {
	return &cookieStore{aead: c.aead, name: []byte(cfg.CookieName)}
}

// buffers are what a Load or a Save works in: the ciphertext, the plaintext, and the token as it is read.
type buffers struct{ sealed, open, text [maxCookie]byte }

var pool = sync.Pool{New: func() any { return new(buffers) }}

// strict refuses a token whose last character has bits that decode to nothing: one session, one token.
var strict = base64.RawURLEncoding.Strict()

// Load implements [Store].
func (c *cookieStore) Load(_ context.Context, token string) (Record, error) {
	var rec record
	if c.load(token, &rec) != nil {
		return Record{}, ErrNotFound
	}
	return rec.unpack(), nil
}

// load is Load into the Session itself, for a token whose bytes nobody has looked at: the error is also
// [cookies.ErrMalformed] for one that no cookie can have. If it fails rec is worth nothing.
func (c *cookieStore) load(token string, rec *record) error {
	if len(token) > maxCookie {
		return foreign(token)
	}
	b := pool.Get().(*buffers)
	defer pool.Put(b)
	text := b.text[:copy(b.text[:], token)]
	n, err := strict.Decode(b.sealed[:], text)            // which is longer than what it decodes to
	if err != nil || strict.EncodedLen(n) != len(token) { // it skips line breaks
		return foreign(token)
	}
	open, current, err := c.aead.Open(b.open[:0], b.sealed[:n], c.name)
	if err != nil {
		return ErrNotFound
	}
	ok := unseal(open, rec)
	clear(open)
	if !ok {
		return ErrNotFound
	}
	rec.Resave = !current
	return nil
}

// foreign is the error for a token that is not in base64.
func foreign(token string) error {
	if !cookies.Valid(token) {
		return cookies.ErrMalformed
	}
	return ErrNotFound
}

// Save implements [Store]. It cannot know whether the session was ended meanwhile.
func (c *cookieStore) Save(_ context.Context, _ string, rec *Record) (string, error) {
	b := pool.Get().(*buffers)
	defer pool.Put(b)
	packed := rec.pack()
	open := seal(b.open[:0], &packed)
	defer clear(open)
	if n := base64.RawURLEncoding.EncodedLen(len(open) + keyring.AEADOverhead); n > maxCookie {
		return "", fmt.Errorf("session: the values make a cookie of %d bytes, and browsers keep %d: "+
			"store less, or use drivers/sqlstore", n, maxCookie)
	}
	return base64.RawURLEncoding.EncodeToString(c.aead.Seal(b.sealed[:0], open, c.name)), nil
}

// inCookie tells the checks that sessions cannot be ended here.
func (c *cookieStore) inCookie() {}

// Delete implements [Store]: the cookie's going is all there is.
func (c *cookieStore) Delete(context.Context, string) error { return nil }

const (
	packFixed = 1 << iota
	packTransient
	packVersion = 0 // in the upper six bits
)

// seal appends what is sealed of rec: flags, three times in seconds, the user, the values.
func seal(dst []byte, rec *record) []byte {
	flags := byte(packVersion)
	if rec.Fixed {
		flags |= packFixed
	}
	if rec.Transient {
		flags |= packTransient
	}
	dst = append(dst, flags)
	for _, m := range []moment{rec.Created, rec.Seen, rec.Expires} {
		dst = binary.BigEndian.AppendUint64(dst, uint64(m.unix()))
	}
	dst = binary.AppendUvarint(dst, uint64(len(rec.User)))
	dst = append(dst, rec.User...)
	return append(dst, rec.Data...)
}

const packHead = 1 + 3*8

// unseal reads what seal has written, with one allocation for all of it.
func unseal(p []byte, rec *record) (ok bool) {
	if len(p) <= packHead || p[0] > packFixed|packTransient {
		return false
	}
	at := func(i int) moment { return momentAt(int64(binary.BigEndian.Uint64(p[1+8*i:]))) }
	rec.Created, rec.Seen, rec.Expires = at(0), at(1), at(2)
	rec.Fixed, rec.Transient = p[0]&packFixed != 0, p[0]&packTransient != 0
	rec.User, rec.Data, ok = text(string(p[packHead:]))
	return ok
}
