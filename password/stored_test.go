package password

import (
	"strings"
	"testing"
)

// TestHashesFitIntoTheColumn: with OWASP's first choice for scrypt nobody could sign up or change a password, since no
// table of users holds such a hash.
func TestHashesFitIntoTheColumn(t *testing.T) {
	_, err := New(Config{Hashers: []string{nameScrypt}, Scrypt: Scrypt{N: 1 << 17, R: 8, P: 1}})
	if err == nil || !strings.Contains(err.Error(), "PASSWORD_SCRYPT_N: a hash would have 129 characters") {
		t.Errorf("scrypt whose hashes no table holds: %v", err)
	}
	for _, cfg := range []Config{
		{Hashers: []string{nameScrypt}}, {Hashers: []string{nameScrypt}, Scrypt: Scrypt{N: 1 << 16, R: 8, P: 2}},
		{Hashers: []string{nameArgon2, nameScrypt}, Scrypt: Scrypt{N: 1 << 17, R: 8, P: 1}}, // which makes none
		{Hashers: []string{nameArgon2}, Argon2: Argon2{Memory: 200 << 10, Time: 8, Parallel: 64}},
	} {
		full, err := cfg.complete()
		if err != nil {
			t.Error(err)
			continue
		}
		var encoded string
		switch r := full.recipe().(type) {
		case Scrypt:
			encoded = strings.Repeat("x", r.length())
		case Argon2:
			h := r.with(newSalt())
			h.digest = make([]byte, argon2Digest)
			encoded = h.encode()
		}
		if len(encoded) == 0 || len(encoded) > maxStored {
			t.Errorf("%+v: a hash has %d characters", cfg, len(encoded))
		}
	}
}
