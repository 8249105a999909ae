package password

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
)

// seeds are one good encoding of each kind, and what is close to it.
var seeds = []string{
	"argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ$ErO1VD9TkRd3kL2qZg7rSy60rN+UHOnLsAxpEZnsCqI",
	"argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ$cRx8R6uYfOV0j4iELBihFg",
	"pbkdf2_sha256$1000000$saltsaltsaltsaltsaltsa$tsv47Yv4OdOUDhK9ftB+gNQpOdK3cDdo8RfAo3KZ5OA=",
	"pbkdf2_sha1$1$saltsaltsaltsaltsaltsa$NPRUSFMw5vuKsgxb0wVqsM8glGY=",
	"scrypt$16384$saltsaltsaltsaltsaltsa$8$5$VwdzdxUx4tWHAOTk/PIGWW0PmMn9SMLH3+ON9iI/25nN8gG8ATA7kF6N3PYDdG4BXYka21e8Z9mdRk+A7z+KQg==",
	"bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuurByPinJWI/V/0c5apkEb2KJQv7f.gZO",
	"bcrypt$$2y$04$abcdefghijklmnopqrstuurByPinJWI/V/0c5apkEb2KJQv7f.gZO",
	"argon2$argon2id$v=19$m=4294967297,t=2,p=1$c2FsdHNhbHRzYWx0$cRx8R6uYfOV0j4iELBihFg",
	"scrypt$4611686018427387904$saltsaltsalt$8$2$", "pbkdf2_sha256$012$saltsaltsalt$", "bcrypt$$2b$31$", "!", "", "md5$$",
}

// What is parsed renders to exactly what was parsed, and is within the bounds; what is not is refused without a word of it.
func FuzzParse(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		h, err := parse(encoded)
		info, inspectErr := Inspect(encoded)
		if err != nil {
			if inspectErr == nil || info != (Info{}) {
				t.Fatal("Inspect finds nothing wrong")
			}
			if len(err.Error()) > 120 {
				t.Fatalf("a long error: %d bytes", len(err.Error()))
			}
			return
		}
		if h.encode() != encoded {
			t.Fatalf("%q becomes %q", encoded, h.encode())
		}
		if inspectErr != nil || info.Algorithm != h.algorithm() || !strings.HasPrefix(encoded, info.Algorithm+"$") {
			t.Fatalf("Inspect: %+v, %v", info, inspectErr)
		}
		if h.memory() > MaxMemory+1<<20 || len(encoded) > MaxEncoded {
			t.Fatalf("%q takes %d bytes", encoded, h.memory())
		}
		limit := map[string]int{nameArgon2: MaxArgon2, nameScrypt: MaxScrypt, namePBKDF2SHA256: MaxIterations, namePBKDF2SHA1: MaxIterations}
		most, ok := limit[h.algorithm()]
		if !ok {
			most = 1 << MaxCost
		}
		if c := cost(h); c < 1 || c > most {
			t.Fatalf("%q costs %d", encoded, c)
		}
		// Nothing that is missing is more than the recipe itself.
		base, _ := preset(Django61)
		base.Hashers = []string{h.algorithm()}
		r := base.recipe()
		for _, extra := range r.missing(h) {
			if extra.memory() > r.memory()+1<<20 {
				t.Fatalf("%q is followed by %d bytes", encoded, extra.memory())
			}
		}
	})
}

// Whatever stands in the database, verification is quick, does not panic and, unless it is a hash of the password, says no.
// The bounds are lowered to those of a cheap Hasher, so that what is within them is quick too.
func FuzzVerify(f *testing.F) {
	for _, seed := range seeds {
		f.Add("correct horse", seed)
	}
	f.Add("Zu\u0308rich\x00", "argon2$")
	h, err := New(Config{Argon2: Argon2{Memory: 16, Time: 1, Parallel: 1}, InsecureCheap: true, Hashers: names, Memory: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, typed, encoded string) {
		if stored, err := parse(encoded); err == nil && cost(stored) > 2000 {
			return
		}
		begin := time.Now()
		verdict, err := h.Verify(t.Context(), typed, encoded)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Fatalf("took %s", took)
		}
		if verdict.OK {
			stored, err := parse(encoded)
			if err != nil || !stored.verify([]byte(typed)) && !stored.verify([]byte(norm.NFKC.String(typed))) {
				t.Fatalf("%q fits %q", typed, encoded)
			}
		}
		made, err := h.Hash(t.Context(), typed)
		if err != nil {
			if verdict.OK {
				t.Fatalf("%q fits, and is refused: %v", typed, err)
			}
			return
		}
		if v, err := h.Verify(t.Context(), typed, made); err != nil || v != (Verdict{OK: true}) {
			t.Fatalf("%q does not fit its own hash: %+v, %v", typed, v, err)
		}
	})
}
