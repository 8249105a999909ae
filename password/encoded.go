package password

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of what is read. A hash beyond them is refused before anything is computed: it would take more than about
// eight times what Django's default does, or more memory than a login is worth, and no hasher in use has written it.
const (
	MaxEncoded    = 512        // bytes of an encoded hash
	MinSalt       = 8          // bytes; Django wrote 12 and more
	MaxSalt       = 128        // bytes
	MinDigest     = 16         // bytes, of argon2
	MaxDigest     = 64         // bytes, of argon2
	MaxIterations = 12_000_000 // of PBKDF2
	MaxArgon2     = 1_638_400  // KiB times passes
	MaxPasses     = 100        // of argon2
	MaxLanes      = 64         // of argon2
	MaxScrypt     = 5_242_880  // N times r times p
	MaxMemory     = 512 << 20  // bytes that one hash takes
	MaxCost       = 15         // of bcrypt
)

// belowFloor ends every sentence about parameters that are too cheap.
const belowFloor = "below the least that OWASP recommends"

// hashed is one encoded hash, taken apart and within the bounds.
type hashed interface {
	algorithm() string
	verify(password []byte) bool // in constant time; costs what the parameters say
	memory() int64               // bytes that verify takes
	encode() string              // what was parsed
	info() Info
}

// recipe is how new hashes are made: an algorithm with its parameters.
type recipe interface {
	algorithm() string
	accepts(password []byte) error
	make(password []byte) string // of a password that is accepted, or for nothing
	memory() int64
	current(stored hashed) bool     // whether stored is what make would have made
	missing(stored hashed) []hashed // work for as much as stored, of the same algorithm, costs less than make
	least() recipe                  // the same at the least cost, which shows what the algorithm does
	cheap() string                  // why the parameters are below OWASP's floor; empty if they are not
	variable() string               // the setting to change
}

// refusal is why an encoding is refused. It holds nothing of the hash.
type refusal struct{ algorithm, why string }

func (r *refusal) Error() string {
	if r.algorithm == "" {
		return "password: a stored hash " + r.why
	}
	return fmt.Sprintf("password: a stored hash of %s %s", r.algorithm, r.why)
}

func refused(algorithm, why string) error { return &refusal{algorithm, why} }

// parse takes an encoding apart.
func parse(encoded string) (hashed, error) {
	if len(encoded) > MaxEncoded {
		return nil, refused("", "is too long")
	}
	name, rest, ok := strings.Cut(encoded, "$")
	if !ok {
		return nil, refused("", "has no algorithm")
	}
	switch name {
	case nameArgon2:
		return parseArgon2(rest)
	case namePBKDF2SHA256, namePBKDF2SHA1:
		return parsePBKDF2(name, rest)
	case nameScrypt:
		return parseScrypt(rest)
	case nameBcryptSHA256, nameBcrypt:
		return parseBcrypt(name, rest)
	}
	return nil, refused("", "is of an unknown algorithm")
}

// number reads a number from 1 to limit as it is rendered: digits without a sign or leading zeros.
func number(text string, limit int) (int, bool) {
	if len(text) == 0 || len(text) > 10 || text[0] == '0' {
		return 0, false
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n <= limit
}

// validSalt reports whether a salt that stands in the text as it is may be one.
func validSalt(salt string) bool {
	return MinSalt <= len(salt) && len(salt) <= MaxSalt && utf8.ValidString(salt) &&
		!strings.ContainsFunc(salt, func(r rune) bool { return r == '$' || unicode.IsControl(r) })
}

// shortSalt is Django's rule for when a salt is worth a new hash: fewer than 128 bits, if its characters were chosen
// from letters and digits.
func shortSalt(characters int) bool { return characters < saltLength }

var (
	padded   = base64.StdEncoding.Strict()
	unpadded = base64.RawStdEncoding.Strict()
)

// decode reads base64 that is exactly what encoding would write.
func decode(b64 *base64.Encoding, text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") { // which the decoder skips
		return nil, false
	}
	data, err := b64.DecodeString(text)
	return data, err == nil
}

// saltLength and saltLetters are Django's: 22 letters and digits are 130 bits.
const (
	saltLength  = 22
	saltLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

func newSalt() string { return randomString(saltLength) }

// randomString returns n letters and digits, each as likely as the others.
func randomString(n int) string {
	out := make([]byte, 0, n)
	var buf [64]byte
	for {
		rand.Read(buf[:])
		for _, b := range buf {
			if int(b) >= 256/len(saltLetters)*len(saltLetters) {
				continue
			}
			if out = append(out, saltLetters[int(b)%len(saltLetters)]); len(out) == n {
				return string(out)
			}
		}
	}
}

// forms returns the texts to hash for a password as it was typed: the one to make new hashes of, and another that
// counts when it is verified.
func (h *Hasher) forms(password string) ([]string, error) {
	switch {
	case len(password) > MaxLength:
		return nil, ErrTooLong
	case !utf8.ValidString(password):
		return nil, ErrText
	case !h.nfkc:
		return []string{password}, nil
	}
	if composed := norm.NFKC.String(password); composed != password {
		return []string{composed, password}, nil
	}
	return []string{password}, nil
}
