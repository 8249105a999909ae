package keyring_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

// The keys of Django's known answers.
const (
	djangoKey      = "airworthy-test-secret-key-0123456789-abcdefghijklmnop-XYZ"
	djangoFallback = "old-airworthy-secret-key-9876543210-zyxwvutsrqponmlk"
)

func ring(t testing.TB, key string, fallbacks ...string) *keyring.Ring {
	t.Helper()
	r, err := keyring.New(config(key, fallbacks...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func config(key string, fallbacks ...string) keyring.Config {
	cfg := keyring.Config{Key: secret.New(key)}
	for _, f := range fallbacks {
		cfg.Fallbacks = append(cfg.Fallbacks, secret.New(f))
	}
	return cfg
}

// TestMACIsDjangos holds the MAC to what Django 5.2 computes as a user's session auth hash.
func TestMACIsDjangos(t *testing.T) {
	const salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
	password := []byte("pbkdf2_sha256$1000000$saltsaltsaltsaltsaltsa$" + strings.Repeat("A", 43) + "=")
	for _, row := range []struct{ name, key, want string }{
		{"current key", djangoKey, "321af06e1af459c0b126a2b7b4404078835d2223bc32abb0be71b1336fcdb2cd"},
		{"fallback key", djangoFallback, "1da9380b33d452958f20484bf99c40b1aebc169dc7ac5152410514539f441300"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := hex.EncodeToString(ring(t, row.key).MAC(salt).Sign(nil, password))
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
			mac, _ := hex.DecodeString(row.want)
			current, ok := ring(t, djangoKey, djangoFallback).MAC(salt).Verify(password, mac)
			if !ok || current != (row.key == djangoKey) {
				t.Errorf("Verify = %t, %t", current, ok)
			}
		})
	}
}
