package otp

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"strings"
	"unicode"
)

// letters are Crockford's: without i, l, o and u, of which the first three are read as the digits that they look like, and
// the last makes words.
const letters = "0123456789abcdefghjkmnpqrstvwxyz"

// Of a recovery code: its length without hyphens, at 5 bits a letter, and that of its groups.
const (
	codeLength  = 16
	groupLength = 4
)

var crockford = base32.NewEncoding(letters).WithPadding(base32.NoPadding)

// NewRecoveryCodes returns n new recovery codes, such as "7k3m-0wxq-9dfa-tb52", of 80 random bits each. Show them
// once, keep what [HashRecoveryCode] makes of them, and forget each when it is used.
func NewRecoveryCodes(n int) []string {
	codes := make([]string, max(n, 0))
	for i := range codes {
		var b [codeLength * 5 / 8]byte
		_, _ = rand.Read(b[:]) // never fails: it ends the program instead
		code := crockford.EncodeToString(b[:])
		groups := make([]string, 0, codeLength/groupLength)
		for at := 0; at < codeLength; at += groupLength {
			groups = append(groups, code[at:at+groupLength])
		}
		codes[i] = strings.Join(groups, "-")
	}
	return codes
}

// HashRecoveryCode returns what to keep of a recovery code, in 64 hexadecimal digits, and the same for the code as
// people type it: in capitals, with spaces or without hyphens, with an o for a zero. It returns "" for what is no
// recovery code, which is to be kept by nobody.
//
// It is a plain SHA-256. A slow hash is for passwords, which people choose; nobody tries 2^80 codes however fast they
// can be tried.
func HashRecoveryCode(code string) string {
	code, ok := normalize(code)
	if !ok {
		return ""
	}
	sum := sha256.Sum256([]byte("airworthy recovery code\x00" + code))
	return hex.EncodeToString(sum[:])
}

// MatchRecoveryCode returns the index of the hash that belongs to a code that somebody typed, and whether there is one; -1 if not.
// How long it takes does not say which. Delete the hash before the code has any effect.
func MatchRecoveryCode(hashes []string, code string) (int, bool) {
	typed, found := HashRecoveryCode(code), -1
	if typed == "" {
		return -1, false
	}
	for i, hash := range hashes {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare([]byte(hash), []byte(typed)), i, found)
	}
	return found, found >= 0
}

// normalize returns the 16 letters of a code.
func normalize(code string) (string, bool) {
	if len(code) > maxTyped {
		return "", false
	}
	code = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r): // hyphens and the dashes that text programs make of them
			return -1
		case r == 'o' || r == 'O':
			return '0'
		case strings.ContainsRune("iIlL", r):
			return '1'
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, code)
	return code, len(code) == codeLength && strings.Trim(code, letters) == ""
}
