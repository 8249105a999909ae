package passwords

import (
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/password"
)

const each = 220 // hashes of each algorithm in each direction

// What Go makes Django verifies, and would not make anew.
func TestGoMakesDjangoVerifies(t *testing.T) {
	d, r := newDjango(t), newRand(t)
	for _, name := range algorithms {
		s := quick(name)
		h := s.hasher(t)
		for range each {
			typed := text(r, name == "bcrypt")
			encoded := hash(t, h, typed)
			if v := d.verify(s, typed, encoded); v != (verdict{Correct: true}) {
				t.Errorf("%s: %+v", describe(s, typed, encoded), v)
			}
			for _, other := range mistyped(r, typed) {
				if v := d.verify(s, other, encoded); v.Correct {
					t.Errorf("%s: Django accepts %+q", describe(s, typed, encoded), other)
				}
			}
		}
		t.Logf("%s: %d", name, each)
	}
}

// What Django makes Go verifies, and would not make anew.
func TestDjangoMakesGoVerifies(t *testing.T) {
	d, r := newDjango(t), newRand(t)
	for _, name := range algorithms {
		s := quick(name)
		h := s.hasher(t)
		for range each {
			typed := text(r, name == "bcrypt")
			encoded := d.make(s, typed)
			if v := verify(t, h, typed, encoded); v != (password.Verdict{OK: true}) {
				t.Errorf("%s: %+v", describe(s, typed, encoded), v)
			}
			for _, other := range mistyped(r, typed) {
				if v := verify(t, h, other, encoded); v != (password.Verdict{}) {
					t.Errorf("%s: Go accepts %+q", describe(s, typed, encoded), other)
				}
			}
		}
		t.Logf("%s: %d", name, each)
	}
}

// The same at the parameters that Django 5.2 has when nobody sets any, and the preset has.
func TestRealParameters(t *testing.T) {
	d, r := newDjango(t), newRand(t)
	for _, name := range algorithms {
		s := real(name)
		h := s.hasher(t)
		typed := text(r, name == "bcrypt")
		for who, encoded := range map[string]string{"Go": hash(t, h, typed), "Django": d.make(s, typed)} {
			if len(encoded) > 128 {
				t.Errorf("%s by %s: %d bytes do not fit into Django's column", name, who, len(encoded))
			}
			if v := verify(t, h, typed, encoded); v != (password.Verdict{OK: true}) {
				t.Errorf("by %s, %s: Go says %+v", who, describe(s, typed, encoded), v)
			}
			if v := d.verify(s, typed, encoded); v != (verdict{Correct: true}) {
				t.Errorf("by %s, %s: Django says %+v", who, describe(s, typed, encoded), v)
			}
		}
	}
	// The default of Go is a hash that Django reads, and makes anew with its own hasher.
	h := newHasher(t, password.Config{})
	if v := d.verify(real("pbkdf2_sha256"), "correct horse", hash(t, h, "correct horse")); v != (verdict{Correct: true, Update: true}) {
		t.Errorf("OWASP's: %+v", v)
	}
}

// Django 6.1's preset is that Django's: fewer iterations are upgraded, and more.
func TestIterationsOfDjango61(t *testing.T) {
	d := newDjango(t)
	h := newHasher(t, password.Config{Preset: password.Django61})
	s := real("pbkdf2_sha256")
	s.pbkdf2.Iterations = 1_500_000
	if v := d.verify(s, "correct horse", hash(t, h, "correct horse")); v != (verdict{Correct: true}) {
		t.Errorf("%+v", v)
	}
	if v := verify(t, h, "correct horse", d.make(real("pbkdf2_sha256"), "correct horse")); v != (password.Verdict{OK: true, Upgrade: true}) {
		t.Errorf("%+v", v)
	}
}

// Whatever parameters a hash has and a site asks for, both say the same about the password and about a new hash.
func TestUpgradesAgree(t *testing.T) {
	d, r := newDjango(t), newRand(t)
	pick := func(from ...int) int { return from[r.IntN(len(from))] }
	random := func(preferred string) site {
		return site{preferred,
			password.Argon2{Memory: pick(32, 32, 64), Time: pick(1, 1, 2), Parallel: pick(1, 1, 2)},
			password.PBKDF2{Iterations: pick(10, 10, 11, 20)},
			password.Scrypt{N: pick(16, 16, 8), R: pick(8, 8, 4), P: pick(1, 1, 2)},
			password.Bcrypt{Cost: pick(4, 4, 5)}}
	}
	seen := map[string]map[bool]int{}
	for i := range 2400 {
		maker := algorithms[i%len(algorithms)]
		asker := maker
		if r.IntN(5) == 0 {
			asker = algorithms[r.IntN(len(algorithms))]
		}
		from, at := random(maker), random(asker)
		typed := text(r, maker == "bcrypt")
		var encoded string
		switch salted := maker != "bcrypt" && maker != "bcrypt_sha256"; {
		case r.IntN(2) == 0:
			encoded = hash(t, from.hasher(t), typed)
		case salted && r.IntN(2) == 0:
			salt := strings.Repeat("aé"[:1+r.IntN(2)*2], 8+r.IntN(20))
			d.must("make", map[string]any{"hashers_": from.django(), "password": typed, "salt": salt}, &encoded)
		default:
			encoded = d.make(from, typed)
		}
		tried := typed
		if r.IntN(4) == 0 {
			if maker == "bcrypt" { // which takes no zero that mistyped may make
				tried = "x" + typed[:min(len(typed), 40)]
				tried = strings.ToValidUTF8(tried, "")
			} else {
				tried = mistyped(r, typed)[0]
			}
		}
		theirs, ours := d.verify(at, tried, encoded), verify(t, at.hasher(t), tried, encoded)
		if theirs.raised != "" || theirs.Correct != ours.OK {
			t.Errorf("%s, tried %+q: Django says %+v, Go %+v", describe(at, typed, encoded), tried, theirs, ours)
			continue
		}
		if !ours.OK {
			continue
		}
		if theirs.Update != ours.Upgrade {
			t.Errorf("%s: Django says %+v, Go %+v", describe(at, typed, encoded), theirs, ours)
		}
		if seen[maker] == nil {
			seen[maker] = map[bool]int{}
		}
		seen[maker][ours.Upgrade]++
	}
	for _, name := range algorithms {
		t.Logf("%s: %d to be upgraded, %d not", name, seen[name][true], seen[name][false])
		if seen[name][true] < 40 || seen[name][false] < 10 {
			t.Errorf("%s: too few of one kind", name)
		}
	}
}

// Unusable passwords of each side are the other's too.
func TestUnusable(t *testing.T) {
	d := newDjango(t)
	s := quick("argon2")
	h := s.hasher(t)
	var theirs string
	d.must("unusable", nil, &theirs)
	for _, encoded := range []string{theirs, password.Unusable(), "!", ""} {
		var usable bool
		d.must("usable", map[string]any{"encoded": encoded}, &usable)
		if usable != password.Usable(encoded) {
			t.Errorf("%q: Django says %t", encoded, usable)
		}
		if len(theirs) != len(password.Unusable()) {
			t.Errorf("%d characters, Django has %d", len(password.Unusable()), len(theirs))
		}
		for _, typed := range []string{encoded, "x", "!"} {
			if v := d.verify(s, typed, encoded); v.Correct {
				t.Errorf("Django accepts %q", encoded)
			}
			if v := verify(t, h, typed, encoded); v.OK {
				t.Errorf("Go accepts %q", encoded)
			}
		}
	}
}
