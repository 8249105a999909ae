package csrf

import (
	"crypto/rand"
	"crypto/subtle"
	"unicode/utf8"
)

// A secret is 32 characters of the alphabet; the cookie or the session holds it. A token is what pages hold: a fresh
// mask of 32 characters and the secret shifted by it, so that no two pages show the same bytes and a compressed
// response does not give the secret away (the BREACH attack). This is Django's form; no key is involved.
const (
	alphabet     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	secretLength = 32
	tokenLength  = 2 * secretLength
)

// index returns the place of c in the alphabet, or -1.
func index(c byte) int {
	switch {
	case 'a' <= c && c <= 'z':
		return int(c - 'a')
	case 'A' <= c && c <= 'Z':
		return int(c-'A') + 26
	case '0' <= c && c <= '9':
		return int(c-'0') + 52
	}
	return -1
}

// newSecret returns 32 random characters, which is 190 bits.
func newSecret() string {
	var s [secretLength]byte
	random(&s)
	return string(s[:])
}

// random fills s with characters of the alphabet, each as likely as the others: bytes from 248 on, the largest
// multiple of 62, are thrown away.
func random(s *[secretLength]byte) {
	var buf [secretLength + 8]byte
	for n := 0; n < len(s); {
		_, _ = rand.Read(buf[:]) // never fails: it ends the program instead
		for _, b := range buf {
			if b < 248 && n < len(s) {
				s[n] = alphabet[b%62]
				n++
			}
		}
	}
}

// mask returns a token for secret, which is well formed.
func mask(secret string) string {
	var m [secretLength]byte
	random(&m)
	return maskWith(secret, m)
}

func maskWith(secret string, m [secretLength]byte) string {
	var t [tokenLength]byte
	copy(t[:], m[:])
	for i := range secretLength {
		t[secretLength+i] = alphabet[(index(secret[i])+index(m[i]))%62]
	}
	return string(t[:])
}

// unmask returns the secret in s, which is well formed: 64 characters are masked, 32 are the secret itself.
func unmask(s string) (secret [secretLength]byte) {
	if len(s) == secretLength {
		copy(secret[:], s)
		return secret
	}
	for i := range secretLength {
		secret[i] = alphabet[(index(s[secretLength+i])-index(s[i])+62)%62]
	}
	return secret
}

// equal reports whether two well-formed values hold the same secret, in a time that depends on neither.
func equal(a, b string) bool {
	x, y := unmask(a), unmask(b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// format says what keeps s from being a secret or a token; like Django it counts characters, not bytes.
type format int

const (
	wellFormed format = iota
	wrongLength
	wrongCharacters
)

func formatOf(s string) format {
	if n := utf8.RuneCountInString(s); n != secretLength && n != tokenLength {
		return wrongLength
	}
	for i := range len(s) {
		if index(s[i]) < 0 {
			return wrongCharacters
		}
	}
	return wellFormed
}
