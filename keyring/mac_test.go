package keyring_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

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
			mac, err := hex.DecodeString(row.want)
			if err != nil {
				t.Fatal(err)
			}
			current, ok := ring(t, djangoKey, djangoFallback).MAC(salt).Verify(password, mac)
			if !ok || current != (row.key == djangoKey) {
				t.Errorf("Verify = %t, %t, want %t, true", current, ok, row.key == djangoKey)
			}
		})
	}
}

// TestMACPrefixIsDjangos holds the prefix to Django's signed cookie without a salt argument, whose signature was
// decoded from base64.
func TestMACPrefixIsDjangos(t *testing.T) {
	m := ring(t, djangoKey).MACPrefix("django.http.cookies", "django.http.cookies.v2:0:name"+"signer")
	const want = "948b55cddee75e3580f8e14c923301e0f29253086c80ccea02272d1b3598c7e4"
	if got := hex.EncodeToString(m.Sign(nil, []byte("hello:1r31eq"))); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := hex.EncodeToString(m.Sign([]byte{0xff}, []byte("hello:1r31eq"))); got != "ff"+want {
		t.Errorf("appended to ff: got %s, want ff%s", got, want)
	}
}

// badinput 28: a truncated token is no token, nor is one with a different purpose, key or message.
func TestVerifyRefuses(t *testing.T) {
	r := ring(t, djangoKey, djangoFallback)
	m, msg := r.MAC("purpose"), []byte("message")
	mac := m.Sign(nil, msg)
	flip := func(i int) []byte { b := bytes.Clone(mac); b[i] ^= 1; return b }
	for _, row := range []struct {
		name     string
		m        *keyring.MAC
		msg, mac []byte
		want     bool
	}{
		{"what was signed", m, msg, mac, true},
		{"no MAC", m, msg, nil, false},
		{"a MAC without its last byte", m, msg, mac[:31], false},
		{"the first byte alone", m, msg, mac[:1], false},
		{"a MAC with a byte too many", m, msg, append(bytes.Clone(mac), 0), false},
		{"a MAC twice", m, msg, append(bytes.Clone(mac), mac...), false},
		{"a change in the first byte", m, msg, flip(0), false},
		{"a change in the last byte", m, msg, flip(31), false},
		{"another message", m, []byte("messagf"), mac, false},
		{"a longer message", m, []byte("message "), mac, false},
		{"no message", m, nil, mac, false},
		{"another purpose", r.MAC("purposf"), msg, mac, false},
		{"the purpose with a prefix", r.MACPrefix("x", "purpose"), msg, mac, false},
		{"another key", ring(t, thirdKey).MAC("purpose"), msg, mac, false},
		{"the key as a fallback", ring(t, thirdKey, djangoKey).MAC("purpose"), msg, mac, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			current, got := row.m.Verify(row.msg, row.mac)
			if got != row.want {
				t.Errorf("got %t, want %t", got, row.want)
			}
			if current && !got {
				t.Error("current although refused")
			}
		})
	}
}

// badinput 28: the parts of a context cannot be shifted.
func TestContext(t *testing.T) {
	if got, want := keyring.Context("a", "bc"), "airworthy/1:a/2:bc"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	seen := map[string]int{}
	for i, parts := range [][]string{
		nil, {""}, {"", ""}, {"a", "bc"}, {"ab", "c"}, {"abc"}, {"a", "b", "c"}, {"a/2:bc"}, {"a", "bc", ""},
		{"1:a", "2:bc"}, {"", "a", "bc"},
	} {
		c := keyring.Context(parts...)
		if j, ok := seen[c]; ok {
			t.Errorf("rows %d and %d make the same context %q", i, j, c)
		}
		seen[c] = i
	}
}

func FuzzMAC(f *testing.F) {
	r := ring(f, djangoKey, djangoFallback)
	m := r.MAC("fuzz")
	f.Add([]byte("message"), []byte("message"), 0, byte(1))
	f.Add([]byte{}, []byte{0}, 31, byte(0x80))
	f.Fuzz(func(t *testing.T, a, b []byte, at int, change byte) {
		mac := m.Sign(nil, a)
		if current, ok := m.Verify(a, mac); !current || !ok {
			t.Fatal("what was signed is refused")
		}
		if _, ok := m.Verify(b, mac); ok != bytes.Equal(a, b) {
			t.Fatalf("the MAC of %q verifies %q: %t", a, b, ok)
		}
		mac[uint(at)%keyring.MACSize] ^= change
		if _, ok := m.Verify(a, mac); ok != (change == 0) {
			t.Fatal("a changed MAC is accepted")
		}
	})
}

// skipUnderRace skips a test that counts allocations: the race detector has sync.Pool drop what it is given.
func skipUnderRace(t *testing.T) {
	t.Helper()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("no build information")
	}
	if slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector changes what is allocated")
	}
}

func TestMACAllocations(t *testing.T) {
	skipUnderRace(t)
	fallbacks := []string{djangoFallback, thirdKey, keyring.Generate().Reveal()}
	m := ring(t, djangoKey, fallbacks...).MAC("purpose")
	old := ring(t, fallbacks[2]).MAC("purpose")
	msg := []byte("a value of the usual length, which a cookie may have")
	mac, oldMAC, dst := m.Sign(nil, msg), old.Sign(nil, msg), make([]byte, 0, keyring.MACSize)
	for name, f := range map[string]func(){
		"Sign":                   func() { m.Sign(dst, msg) },
		"Verify, current key":    func() { m.Verify(msg, mac) },
		"Verify, fallback":       func() { m.Verify(msg, oldMAC) },
		"Verify, refused":        func() { m.Verify(msg, dst[:keyring.MACSize]) },
		"Verify, wrongly length": func() { m.Verify(msg, nil) },
	} {
		if got := testing.AllocsPerRun(200, f); got != 0 {
			t.Errorf("%s: %v allocations, want 0", name, got)
		}
	}
}

// Fallbacks cost nothing while the current key matches.
func BenchmarkMACVerify(b *testing.B) {
	fallbacks := []string{djangoFallback, thirdKey, keyring.Generate().Reveal()}
	for _, n := range []int{0, 1, 3} {
		b.Run(fmt.Sprintf("%d fallbacks", n), func(b *testing.B) {
			m := ring(b, djangoKey, fallbacks[:n]...).MAC("purpose")
			msg := []byte("a value of the usual length, which a cookie may have")
			mac := m.Sign(nil, msg)
			b.ReportAllocs()
			for b.Loop() {
				if current, _ := m.Verify(msg, mac); !current {
					b.Fatal("refused")
				}
			}
		})
	}
}

func BenchmarkMACSign(b *testing.B) {
	m := ring(b, djangoKey).MAC("purpose")
	msg, dst := []byte("a value of the usual length, which a cookie may have"), make([]byte, 0, keyring.MACSize)
	b.ReportAllocs()
	for b.Loop() {
		m.Sign(dst, msg)
	}
}

func TestVerifyFuncAsksWithEachKey(t *testing.T) {
	old, now := keyring.Generate(), keyring.Generate()
	former, err := keyring.New(keyring.Config{Key: old})
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.New(keyring.Config{Key: now, Fallbacks: []secret.Text{old}})
	if err != nil {
		t.Fatal(err)
	}
	half := former.MAC("x").Sign(nil, []byte("message"))[:16]
	equal := func(mac []byte) bool { return bytes.Equal(mac[:16], half) }
	if current, ok := ring.MAC("x").VerifyFunc([]byte("message"), equal); current || !ok {
		t.Errorf("VerifyFunc of what a fallback signed = %v, %v, want false, true", current, ok)
	}
	if current, ok := former.MAC("x").VerifyFunc([]byte("message"), equal); !current || !ok {
		t.Errorf("VerifyFunc of what the current key signed = %v, %v, want true, true", current, ok)
	}
	if _, ok := ring.MAC("x").VerifyFunc([]byte("another"), equal); ok {
		t.Error("VerifyFunc of another message = true")
	}
}
