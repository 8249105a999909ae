package passwords

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/password"
)

// Where the two differ on purpose. Each is seen to occur, so that the list is neither too long nor out of date; how
// Go differs is always that nobody is let in.
func TestDifferences(t *testing.T) {
	d := newDjango(t)
	s := quick("pbkdf2_sha256")
	h := s.hasher(t)
	salted := func(salt string) (encoded string) {
		d.must("make", map[string]any{"hashers_": s.django(), "password": "secret", "salt": salt}, &encoded)
		return encoded
	}
	argon2 := func(kind string, length int) (encoded string) {
		d.must("raw_argon2", map[string]any{"password": "secret", "salt": "saltsaltsaltsaltsaltsa", "kind": kind,
			"t": 1, "m": 64, "p": 1, "length": length}, &encoded)
		return encoded
	}
	many := quick("pbkdf2_sha256")
	many.pbkdf2.Iterations = password.MaxIterations + 1
	long := strings.Repeat("x", password.MaxLength+1)
	good := salted("saltsaltsaltsaltsaltsa")
	digits := strings.Replace(good, "$100$", "$１００$", 1)

	for _, c := range []struct {
		name           string
		typed, encoded string
		django         verdict
	}{
		{"a salt of 7 characters", "secret", salted("saltsal"), verdict{Correct: true, Update: true}},
		{"a salt of 129 characters", "secret", salted(strings.Repeat("s", 129)), verdict{Correct: true}},
		{"control characters in a salt", "secret", salted("saltsaltsaltsaltsaltsa\n"), verdict{Correct: true}},
		{"argon2d", "secret", argon2("d", 32), verdict{Correct: true, Update: true}},
		{"an argon2 digest of 12 bytes", "secret", argon2("id", 12), verdict{Correct: true, Update: true}},
		{"an argon2 digest of 65 bytes", "secret", argon2("id", 65), verdict{Correct: true, Update: true}},
		{"more iterations than the bound", "secret", d.make(many, "secret"), verdict{Correct: true, Update: true}},
		{"a password of 4097 bytes", long, d.make(s, long), verdict{Correct: true}},
		{"the empty password", "", d.make(s, ""), verdict{Correct: true}},

		// What Django fails to read is a 500 there.
		{"iterations that are no number", "secret", strings.Replace(good, "$100$", "$x$", 1), verdict{raised: "ValueError"}},
		{"no iterations", "secret", strings.Replace(good, "$100$", "$-1$", 1), verdict{raised: "ValueError"}},
		{"cut off", "secret", good[:20], verdict{raised: "ValueError"}},
		{"a salt that is none", "secret", strings.Replace(good, "saltsaltsaltsaltsaltsa", "", 1), verdict{raised: "ValueError"}},
		{"a bcrypt that is none", "secret", "bcrypt$$2b$04$x", verdict{raised: "ValueError"}},
		{"a scrypt that is none", "secret", "scrypt$17$saltsaltsalt$8$1$x", verdict{raised: "ValueError"}},

		// What Django reads too, and computes, and then refuses.
		{"digits of another script", "secret", digits, verdict{}},
	} {
		if v := d.verify(s, c.typed, c.encoded); v != c.django && !(v.raised == "" && !v.Correct && c.django == verdict{}) {
			t.Errorf("%s: Django says %+v, the list %+v", c.name, v, c.django)
		}
		if v := verify(t, h, c.typed, c.encoded); v != (password.Verdict{}) {
			t.Errorf("%s: Go says %+v", c.name, v)
		}
	}
}

// Go makes no bcrypt hash of what bcrypt cuts off, and verifies those that others made as they do.
func TestBcryptDiffers(t *testing.T) {
	d := newDjango(t)
	s := quick("bcrypt")
	h := s.hasher(t)
	long := strings.Repeat("x", 73)
	encoded := d.make(s, long)
	for _, typed := range []string{long, long[:72], long + "y"} {
		if v := d.verify(s, typed, encoded); v != (verdict{Correct: true}) {
			t.Errorf("%d bytes: Django says %+v", len(typed), v)
		}
		if v := verify(t, h, typed, encoded); v != (password.Verdict{OK: true}) {
			t.Errorf("%d bytes: Go says %+v", len(typed), v)
		}
	}
	for typed, want := range map[string]error{long: password.ErrTooLong, "a\x00b": password.ErrText} {
		if _, err := h.Hash(t.Context(), typed); !errors.Is(err, want) {
			t.Errorf("%+q: %v, want %v", typed, err, want)
		}
	}
	zero := d.make(s, "a\x00b") // which this bcrypt takes as it is
	if theirs, ours := d.verify(s, "a\x00b", zero), verify(t, h, "a\x00b", zero); !theirs.Correct || !ours.OK {
		t.Errorf("a zero byte: Django says %+v, Go %+v", theirs, ours)
	}
	if theirs, ours := d.verify(s, "a\x00c", zero), verify(t, h, "a\x00c", zero); theirs.Correct || ours.OK {
		t.Errorf("another text behind a zero byte: Django says %+v, Go %+v", theirs, ours)
	}
}

// Go verifies scrypt with 32 MiB and more, which Python's OpenSSL refuses.
func TestScryptDiffers(t *testing.T) {
	d := newDjango(t)
	s := quick("scrypt")
	s.scrypt = password.Scrypt{N: 1 << 15, R: 8, P: 1}
	encoded := hash(t, s.hasher(t), "secret")
	if v := d.verify(s, "secret", encoded); v.raised != "ValueError" {
		t.Errorf("Django says %+v", v)
	}
	if v := verify(t, s.hasher(t), "secret", encoded); v != (password.Verdict{OK: true}) {
		t.Errorf("Go says %+v", v)
	}
}

// With OWASP's preset Go hashes the NFKC form. Django accepts it only if that is typed; Go accepts what Django hashed of
// what was typed.
func TestNormalisationDiffers(t *testing.T) {
	d := newDjango(t)
	s := quick("argon2")
	h := newHasher(t, s.config(password.OWASP))
	const composed, decomposed = "Zürich", "Zu\u0308rich"
	for _, c := range []struct {
		made, typed  string
		django, ours bool
	}{
		{hash(t, h, decomposed), composed, true, true},
		{hash(t, h, decomposed), decomposed, false, true},
		{d.make(s, decomposed), decomposed, true, true},
		{d.make(s, decomposed), composed, false, false},
		{d.make(s, composed), decomposed, false, true},
		{d.make(s, composed), composed, true, true},
	} {
		theirs, ours := d.verify(s, c.typed, c.made), verify(t, h, c.typed, c.made)
		if theirs.Correct != c.django || ours.OK != c.ours {
			t.Errorf("%+q, %s: Django says %+v, want %t; Go %+v, want %t", c.typed, c.made, theirs, c.django, ours, c.ours)
		}
	}
}

var digitsOf = regexp.MustCompile(`\d+`)

// affordable reports whether an encoding asks for so little that Python may be asked about it.
func affordable(encoded string) bool {
	for _, number := range digitsOf.FindAllString(encoded[:min(len(encoded), 36)], -1) {
		n, err := strconv.Atoi(number)
		if err != nil || n > 999 || strings.HasPrefix(encoded, "bcrypt") && n > 8 && n != 256 {
			return false
		}
	}
	return true
}

// Of an encoding in which something was changed, Go lets in nobody whom Django keeps out, and keeps out nobody whom Django
// lets in.
func TestMutationsAgree(t *testing.T) {
	d, r := newDjango(t), newRand(t)
	const letters = "abcXYZ019$=,.+/ -\n"
	same, accepted := 0, 0
	for i := range 3000 {
		name := algorithms[i%len(algorithms)]
		s := quick(name)
		h := s.hasher(t)
		changed := []byte(hash(t, h, "secret"))
		for range 1 + r.IntN(2) {
			at := r.IntN(len(changed))
			switch r.IntN(4) {
			case 0:
				changed = append(changed[:at], changed[at+1:]...)
			case 1:
				changed = append(changed[:at], append([]byte{letters[r.IntN(len(letters))]}, changed[at:]...)...)
			default:
				changed[at] = letters[r.IntN(len(letters))]
			}
		}
		encoded := string(changed)
		if !affordable(encoded) {
			continue
		}
		theirs, ours := d.verify(s, "secret", encoded), verify(t, h, "secret", encoded)
		same++
		if theirs.Correct != ours.OK {
			t.Errorf("%+q: Django says %+v, Go %+v", encoded, theirs, ours)
		}
		if ours.OK {
			accepted++
		}
	}
	t.Logf("%d changed encodings, of which both accept %d", same, accepted)
	if same < 1000 {
		t.Errorf("only %d", same)
	}
}
