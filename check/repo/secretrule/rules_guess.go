package secretrule

import (
	"bytes"

	"github.com/airworthy-go/airworthy/check"
)

// guesses is the rule for what no other knows: a random text that is given to a secret's name.
func guesses() []*Rule {
	return []*Rule{{
		ID: "secret-assignment", Name: "random value under a secret's name", Level: check.Warning, Revoke: revokeLogin, Skip: inTestCode, Tests: check.Info,
		Literals: []string{
			"secret", "passw", "passphrase", "pwd", "token", "credential", "apikey", "_key", "-key", "accesskey", "privatekey", "signingkey", "encryptionkey",
			"authkey", "masterkey", "servicekey", "sharedkey", "sessionkey", "jwtkey", "hmackey", "appkey", "storagekey", "accountkey", "_pass", "cookie_salt",
		},
		Match: guess,
	}}
}

// guess finds a random text that a secret's name is given. A long or mixed one only: words, paths and identifiers are no
// secrets, and sums of files have names that say so.
func guess(f *File, at int) (found []Match) {
	if f.Kinds&Noise != 0 {
		return nil
	}
	a, ok := f.assigned(at)
	if !ok || !isSecretName(a.name) {
		return nil
	}
	if start, end := f.Line(at); end-start > MaxLine/2 {
		return nil // nobody typed that
	}
	for _, v := range a.values {
		if _, ok := isJWT(v.text); ok {
			continue // the rules for these judge it
		}
		if !v.field && random(v.text, 20) && !Placeholder(v.text) && !Published(v.text) && !isReference(v.text) && !wrapsPlaceholder(v.text) {
			found = append(found, Match{Start: v.start, End: v.end, Name: a.name, Secret: bytes.Clone(v.text)})
		}
	}
	return found
}

// wrapsPlaceholder reports whether a value is base64 of a text that only stands for a secret.
func wrapsPlaceholder(v []byte) bool {
	plain := decode64(v)
	if len(plain) < len(v)*3/4-3 || len(plain) == 0 {
		return false
	}
	for _, b := range plain {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return Placeholder(plain) || readsLikeName(plain)
}

// isReference reports whether a value says where something is, or is what only looks like a secret: an address, a path, a
// regular expression, a public key, a hash of a password, the sum of a file.
func isReference(v []byte) bool {
	for _, mark := range []string{"://", "\\", "=>", "&&", "()", "[0-9", "[a-z", "[A-Z", "A-Za", "a-f0", "(?:", "|[", "]|", "([", ".*"} {
		if bytes.Contains(v, []byte(mark)) {
			return true
		}
	}
	for _, start := range []string{
		"/", "./", "../", "^", "sha1-", "sha256", "sha384", "sha512", "$argon2", "$2y$", "$2b$", "$2a$", "pbkdf2_", "scrypt", "ssh-", "MII", "-----BEGIN", "data:",
		"ENC[", "AgA", "AgB", "AgC", "AgD", "vault:", "$ANSIBLE", "age1", "arn:", "op:", "sealed:", "enc:", "AQICAH", "gAAAAA",
	} {
		if bytes.HasPrefix(v, []byte(start)) {
			return true
		}
	}
	return bytes.Count(v, []byte("/")) > 3+len(v)/20 || bytes.Count(v, []byte(".")) > 3
}
