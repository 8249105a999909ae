package keyring_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/airworthy-go/airworthy/keyring"
)

// TestAEADFormat opens a ciphertext by what its documentation promises: AES-256-GCM under HKDF-SHA256, the nonce
// before the ciphertext and the tag behind it.
func TestAEADFormat(t *testing.T) {
	key, err := hkdf.Key(sha256.New, []byte(djangoKey), nil, "airworthy AES-256-GCM\x00purpose", 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	sealed := ring(t, djangoKey).AEAD("purpose").Seal([]byte("head"), []byte("plaintext"), []byte("additional"))
	if want := len("head") + 12 + len("plaintext") + 16; len(sealed) != want {
		t.Fatalf("%d bytes, want %d", len(sealed), want)
	}
	got, err := gcm.Open(nil, sealed[4:16], sealed[16:], []byte("additional"))
	if string(got) != "plaintext" || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, "plaintext")
	}
}

func TestAEADOpen(t *testing.T) {
	r := ring(t, djangoKey, djangoFallback)
	a := r.AEAD("purpose")
	plain, add := []byte("plaintext"), []byte("additional")
	sealed := a.Seal(nil, plain, add)
	flip := func(i int) []byte { b := bytes.Clone(sealed); b[i] ^= 1; return b }
	for _, row := range []struct {
		name    string
		a       *keyring.AEAD
		sealed  []byte
		add     []byte
		opens   bool
		current bool
	}{
		{"what was sealed", a, sealed, add, true, true},
		{"by a purpose made again", r.AEAD("purpose"), sealed, add, true, true},
		{"by the key as the second fallback", ring(t, thirdKey, djangoFallback, djangoKey).AEAD("purpose"),
			sealed, add, true, false},
		{"nothing", a, nil, add, false, false},
		{"the nonce alone", a, sealed[:12], add, false, false},
		{"one byte less than nonce and tag", a, sealed[:27], add, false, false},
		{"without its last byte", a, sealed[:len(sealed)-1], add, false, false},
		{"with a byte too many", a, append(bytes.Clone(sealed), 0), add, false, false},
		{"a change in the nonce", a, flip(0), add, false, false},
		{"a change in the ciphertext", a, flip(12), add, false, false},
		{"a change in the tag", a, flip(len(sealed) - 1), add, false, false},
		{"other additional data", a, sealed, []byte("additionam"), false, false},
		{"no additional data", a, sealed, nil, false, false},
		{"another purpose", r.AEAD("purposf"), sealed, add, false, false},
		{"another key", ring(t, thirdKey).AEAD("purpose"), sealed, add, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, current, err := row.a.Open([]byte("head"), row.sealed, row.add)
			if !row.opens {
				if got != nil || current || !errors.Is(err, keyring.ErrNotAuthentic) {
					t.Errorf("got %q, %t, %v, want ErrNotAuthentic", got, current, err)
				}
				return
			}
			if string(got) != "headplaintext" || current != row.current || err != nil {
				t.Errorf("got %q, %t, %v, want %q, %t", got, current, err, "headplaintext", row.current)
			}
		})
	}
}

func TestSealNeverRepeats(t *testing.T) {
	a := ring(t, djangoKey).AEAD("purpose")
	seen := map[string]bool{}
	for range 1000 {
		seen[string(a.Seal(nil, nil, nil)[:12])] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d nonces in 1000 messages", len(seen))
	}
}

func FuzzAEAD(f *testing.F) {
	a := ring(f, djangoKey, djangoFallback).AEAD("fuzz")
	f.Add([]byte("plaintext"), []byte("additional"), 3, byte(1))
	f.Add([]byte{}, []byte{}, 27, byte(0x80))
	f.Fuzz(func(t *testing.T, plain, add []byte, at int, change byte) {
		sealed := a.Seal(nil, plain, add)
		if got, current, err := a.Open(nil, sealed, add); !bytes.Equal(got, plain) || !current || err != nil {
			t.Fatalf("got %q, %t, %v, want %q", got, current, err, plain)
		}
		sealed[uint(at)%uint(len(sealed))] ^= change
		if _, _, err := a.Open(nil, sealed, add); (err == nil) != (change == 0) {
			t.Fatal("a changed ciphertext is opened")
		}
		if _, _, err := a.Open(nil, plain, add); err == nil {
			t.Fatal("what nobody sealed is opened")
		}
	})
}

func TestAEADAllocations(t *testing.T) {
	a := ring(t, djangoKey, djangoFallback).AEAD("purpose")
	plain, add := bytes.Repeat([]byte("p"), 56), []byte("additional")
	sealed, old := a.Seal(nil, plain, add), ring(t, djangoFallback).AEAD("purpose").Seal(nil, plain, add)
	dst := make([]byte, 0, 256)
	for name, f := range map[string]func(){
		"Seal":              func() { a.Seal(dst, plain, add) },
		"Open, current key": func() { _, _, _ = a.Open(dst, sealed, add) },
		"Open, fallback":    func() { _, _, _ = a.Open(dst, old, add) },
		"Open, refused":     func() { _, _, _ = a.Open(dst, sealed[1:], add) },
	} {
		if got := testing.AllocsPerRun(200, f); got != 0 {
			t.Errorf("%s: %v allocations, want 0", name, got)
		}
	}
}

func BenchmarkAEADOpen(b *testing.B) {
	a := ring(b, djangoKey, djangoFallback).AEAD("purpose")
	add := []byte("additional")
	sealed, dst := a.Seal(nil, bytes.Repeat([]byte("p"), 56), add), make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := a.Open(dst, sealed, add); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAEADSeal(b *testing.B) {
	a := ring(b, djangoKey).AEAD("purpose")
	plain, add, dst := bytes.Repeat([]byte("p"), 56), []byte("additional"), make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		a.Seal(dst, plain, add)
	}
}
