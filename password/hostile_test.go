package password_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/password"
)

const (
	salt22   = "abcdefghijklmnopqrstuv"
	argonTag = "c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ"
	digest32 = "ErO1VD9TkRd3kL2qZg7rSy60rN+UHOnLsAxpEZnsCqI"
	bcrypt53 = "abcdefghijklmnopqrstuurByPinJWI/V/0c5apkEb2KJQv7f.gZO"
	digest64 = "VwdzdxUx4tWHAOTk/PIGWW0PmMn9SMLH3+ON9iI/25nN8gG8ATA7kF6N3PYDdG4BXYka21e8Z9mdRk+A7z+KQg=="
)

func argon2With(params string) string {
	return "argon2$argon2id$v=19$" + params + "$" + argonTag + "$" + digest32
}

// hostile are encodings that somebody may have put into a database, or that a mistake has. The work that they ask for
// would take minutes to years, or more memory than there is.
var hostile = map[string]string{
	"4 GiB":                           argon2With("m=4194304,t=2,p=1"),
	"more than 32 bits":               argon2With("m=4294967297,t=2,p=1"),
	"10^9 passes":                     argon2With("m=19456,t=1000000000,p=1"),
	"101 passes":                      argon2With("m=64,t=101,p=1"),
	"too many passes for the memory":  argon2With("m=524288,t=4,p=1"),
	"10^9 lanes":                      argon2With("m=19456,t=2,p=1000000000"),
	"256 lanes":                       argon2With("m=19456,t=2,p=256"),
	"no passes":                       argon2With("m=19456,t=0,p=1"),
	"no lanes":                        argon2With("m=19456,t=2,p=0"),
	"no memory":                       argon2With("m=0,t=2,p=1"),
	"less memory than lanes need":     argon2With("m=15,t=2,p=2"),
	"leading zeros":                   argon2With("m=019456,t=2,p=1"),
	"a sign":                          argon2With("m=+19456,t=2,p=1"),
	"negative":                        argon2With("m=-1,t=2,p=1"),
	"another order":                   argon2With("t=2,m=19456,p=1"),
	"a parameter less":                argon2With("m=19456,t=2"),
	"a parameter more":                argon2With("m=19456,t=2,p=1,x=1"),
	"a parameter twice":               argon2With("m=19456,m=19456,p=1"),
	"spaces":                          argon2With("m=19456, t=2, p=1"),
	"digits of another script":        argon2With("m=１９４５６,t=2,p=1"),
	"no parameters":                   argon2With(""),
	"argon2d":                         "argon2$argon2d$v=19$m=64,t=1,p=1$" + argonTag + "$" + digest32,
	"capitals":                        "argon2$ARGON2ID$v=19$m=64,t=1,p=1$" + argonTag + "$" + digest32,
	"argon2 version 16":               "argon2$argon2id$v=16$m=64,t=1,p=1$" + argonTag + "$" + digest32,
	"argon2 without version":          "argon2$argon2id$m=64,t=1,p=1$" + argonTag + "$" + digest32,
	"argon2 without salt":             "argon2$argon2id$v=19$m=64,t=1,p=1$$" + digest32,
	"argon2 with a short salt":        "argon2$argon2id$v=19$m=64,t=1,p=1$c2FsdA$" + digest32,
	"argon2 with a long salt":         "argon2$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("YWFh", 43) + "$" + digest32,
	"argon2 without digest":           "argon2$argon2id$v=19$m=64,t=1,p=1$" + argonTag + "$",
	"argon2 with a short digest":      "argon2$argon2id$v=19$m=64,t=1,p=1$" + argonTag + "$ErO1",
	"argon2 with a long digest":       "argon2$argon2id$v=19$m=64,t=1,p=1$" + argonTag + "$" + strings.Repeat("YWFh", 22),
	"argon2 with padding":             "argon2$argon2id$v=19$m=64,t=1,p=1$" + argonTag + "==$" + digest32,
	"argon2 with loose bits":          "argon2$argon2id$v=19$m=64,t=1,p=1$" + argonTag + "$" + digest32[:42] + "J",
	"argon2 in URL-safe base64":       "argon2$argon2id$v=19$m=64,t=1,p=1$" + argonTag + "$" + strings.ReplaceAll(digest32, "+", "-"),
	"argon2 with a line break":        "argon2$argon2id$v=19$m=64,t=1,p=1$" + argonTag + "$" + digest32 + "\n",
	"argon2 with one more part":       argon2With("m=64,t=1,p=1") + "$x",
	"argon2 with an end":              argon2With("m=64,t=1,p=1") + "$",
	"argon2 as others write it":       "$argon2id$v=19$m=64,t=1,p=1$" + argonTag + "$" + digest32,
	"10^9 iterations":                 "pbkdf2_sha256$1000000000$" + salt22 + "$" + digest32 + "=",
	"one iteration too many":          "pbkdf2_sha256$12000001$" + salt22 + "$" + digest32 + "=",
	"10^30 iterations":                "pbkdf2_sha256$1" + strings.Repeat("0", 30) + "$" + salt22 + "$" + digest32 + "=",
	"no iterations":                   "pbkdf2_sha256$0$" + salt22 + "$" + digest32 + "=",
	"empty iterations":                "pbkdf2_sha256$$" + salt22 + "$" + digest32 + "=",
	"Python's underscore":             "pbkdf2_sha256$1_0$" + salt22 + "$" + digest32 + "=",
	"hexadecimal":                     "pbkdf2_sha256$0x10$" + salt22 + "$" + digest32 + "=",
	"PBKDF2 with leading zeros":       "pbkdf2_sha256$020$" + salt22 + "$" + digest32 + "=",
	"PBKDF2 with an empty salt":       "pbkdf2_sha256$20$$" + digest32 + "=",
	"PBKDF2 with a short salt":        "pbkdf2_sha256$20$abcdefg$" + digest32 + "=",
	"PBKDF2 with a long salt":         "pbkdf2_sha256$20$" + strings.Repeat("a", 129) + "$" + digest32 + "=",
	"PBKDF2 with controls":            "pbkdf2_sha256$20$abcdefgh\x00ijklm$" + digest32 + "=",
	"PBKDF2 with bytes":               "pbkdf2_sha256$20$abcdefgh\xffijklm$" + digest32 + "=",
	"PBKDF2 without digest":           "pbkdf2_sha256$20$" + salt22 + "$",
	"PBKDF2 without padding":          "pbkdf2_sha256$20$" + salt22 + "$" + digest32,
	"PBKDF2 with loose bits":          "pbkdf2_sha256$20$" + salt22 + "$" + digest32[:42] + "J=",
	"PBKDF2 with the other's digest":  "pbkdf2_sha1$20$" + salt22 + "$" + digest32 + "=",
	"PBKDF2 with one more part":       "pbkdf2_sha256$20$" + salt22 + "$x$" + digest32 + "=",
	"PBKDF2 cut off":                  "pbkdf2_sha256$20$" + salt22,
	"PBKDF2 with SHA-512":             "pbkdf2_sha512$20$" + salt22 + "$" + digest64,
	"scrypt of 4 GiB":                 "scrypt$4194304$" + salt22 + "$8$1$" + digest64,
	"scrypt of 2^62":                  "scrypt$4611686018427387904$" + salt22 + "$8$1$" + digest64,
	"scrypt with 10^9 parts":          "scrypt$16$" + salt22 + "$8$1000000000$" + digest64,
	"scrypt with huge blocks":         "scrypt$16$" + salt22 + "$1073741824$1$" + digest64,
	"scrypt of more than 8 times":     "scrypt$16384$" + salt22 + "$8$41$" + digest64,
	"scrypt of no power of two":       "scrypt$17$" + salt22 + "$8$1$" + digest64,
	"scrypt of one":                   "scrypt$1$" + salt22 + "$8$1$" + digest64,
	"scrypt with no blocks":           "scrypt$16$" + salt22 + "$0$1$" + digest64,
	"scrypt with no parts":            "scrypt$16$" + salt22 + "$8$0$" + digest64,
	"scrypt without salt":             "scrypt$16$$8$1$" + digest64,
	"scrypt without digest":           "scrypt$16$" + salt22 + "$8$1$",
	"scrypt with half a digest":       "scrypt$16$" + salt22 + "$8$1$" + digest32 + "=",
	"scrypt with one more part":       "scrypt$16$" + salt22 + "$8$1$" + digest64 + "$",
	"a cost of 31":                    "bcrypt_sha256$$2b$31$" + bcrypt53,
	"a cost of 16":                    "bcrypt$$2b$16$" + bcrypt53,
	"a cost of 3":                     "bcrypt$$2b$03$" + bcrypt53,
	"a cost of 99":                    "bcrypt$$2b$99$" + bcrypt53,
	"a cost of one digit":             "bcrypt$$2b$4$" + bcrypt53,
	"a cost of three":                 "bcrypt$$2b$004$" + bcrypt53,
	"a cost with a sign":              "bcrypt$$2b$+4$" + bcrypt53,
	"bcrypt 2x":                       "bcrypt$$2x$04$" + bcrypt53,
	"bcrypt 2":                        "bcrypt$$2$04$" + bcrypt53,
	"bcrypt with one dollar":          "bcrypt$2b$04$" + bcrypt53,
	"bcrypt with three":               "bcrypt$$$2b$04$" + bcrypt53,
	"bcrypt cut off":                  "bcrypt$$2b$04$" + bcrypt53[:52],
	"bcrypt with one byte more":       "bcrypt$$2b$04$" + bcrypt53 + "a",
	"bcrypt without digest":           "bcrypt$$2b$04$" + bcrypt53[:22],
	"bcrypt with other base64":        "bcrypt$$2b$04$" + bcrypt53[:30] + "+" + bcrypt53[31:],
	"bcrypt with loose bits, salt":    "bcrypt$$2b$04$" + bcrypt53[:21] + "v" + bcrypt53[22:],
	"bcrypt with loose bits, digest":  "bcrypt$$2b$04$" + bcrypt53[:52] + "P",
	"bcrypt as others write it":       "$2b$04$" + bcrypt53,
	"md5":                             "md5$saltsaltsaltsaltsaltsa$70e272e886c10bbe4147337b34f38c30",
	"md5 without salt":                "70e272e886c10bbe4147337b34f38c30",
	"sha1 of old":                     "sha1$$8843d7f92416211de9ebb963ff4ce28125932878",
	"the password itself":             "correct horse",
	"an unknown algorithm":            "nobodys$1$" + salt22 + "$" + digest32,
	"nothing but a dollar":            "$",
	"dollars":                         strings.Repeat("$", 400),
	"an algorithm alone":              "argon2",
	"an algorithm in capitals":        "ARGON2$argon2id$v=19$m=64,t=1,p=1$" + argonTag + "$" + digest32,
	"a space before":                  " " + argon2With("m=64,t=1,p=1"),
	"a megabyte":                      "pbkdf2_sha256$20$" + strings.Repeat("a", 1<<20),
	"a zero byte":                     "argon2\x00$argon2id$v=19$m=64,t=1,p=1$" + argonTag + "$" + digest32,
	"a column that cut it off at 128": ("scrypt$131072$" + salt22 + "$8$1$" + digest64)[:128],
}

// A hash that cannot be verified costs what nobody's does, is logged, and nothing of it gets into the log.
func TestHostileHashesAreRefused(t *testing.T) {
	var log bytes.Buffer
	for name, encoded := range hostile {
		log.Reset()
		h := newHasher(t, cheap("argon2", func(c *password.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) }))
		begin := time.Now()
		for _, text := range []string{"correct horse", encoded} {
			if got := verify(t, h, text, encoded); got != wrong {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%s: took %s", name, took)
		}
		_, err := password.Inspect(encoded)
		if err == nil {
			t.Errorf("%s: Inspect finds nothing wrong", name)
			continue
		}
		if !strings.Contains(log.String(), "event=airworthy.security.HashRefused") || !strings.Contains(log.String(), "level=WARN") {
			t.Errorf("%s: logged %q", name, log.String())
		}
		for _, part := range strings.FieldsFunc(encoded, func(r rune) bool { return strings.ContainsRune("$,= ", r) }) {
			if len(part) > 6 && !known(part) && (strings.Contains(log.String(), part) || strings.Contains(err.Error(), part)) {
				t.Errorf("%s: %.20q of the hash is in %q or %q", name, part, log.String(), err)
			}
		}
	}
	if len(hostile) < 80 {
		t.Errorf("only %d encodings", len(hostile))
	}
}

// known are the words of an encoding that errors may name.
func known(word string) bool {
	return strings.Contains("argon2 argon2id argon2i pbkdf2_sha256 pbkdf2_sha1 scrypt bcrypt_sha256 bcrypt", word)
}

// Each has the nearest hash that is not refused.
func TestBoundsAreReached(t *testing.T) {
	for name, encoded := range map[string]string{
		"memory":             argon2With("m=524288,t=3,p=1"),
		"passes":             argon2With("m=64,t=100,p=1"),
		"lanes":              argon2With("m=512,t=1,p=64"),
		"least memory":       argon2With("m=16,t=2,p=2"),
		"argon2i":            strings.Replace(argon2With("m=64,t=1,p=1"), "argon2id", "argon2i", 1),
		"a digest of 16":     "argon2$argon2id$v=19$m=102400,t=2,p=8$" + argonTag + "$cRx8R6uYfOV0j4iELBihFg",
		"a salt of 8":        "pbkdf2_sha256$20$abcdefgh$" + digest32 + "=",
		"a salt of 128":      "pbkdf2_sha256$20$" + strings.Repeat("a", 128) + "$" + digest32 + "=",
		"iterations":         fmt.Sprintf("pbkdf2_sha256$%d$%s$%s=", password.MaxIterations, salt22, digest32),
		"scrypt's parts":     "scrypt$16384$" + salt22 + "$8$40$" + digest64,
		"OWASP's scrypt":     "scrypt$131072$" + salt22 + "$8$1$" + digest64,
		"a cost of 15":       "bcrypt_sha256$$2b$15$" + bcrypt53,
		"a cost of 4":        "bcrypt$$2a$04$" + bcrypt53,
		"bcrypt of PHP":      "bcrypt$$2y$10$" + bcrypt53,
		"Django 6.1's":       "pbkdf2_sha256$1500000$" + salt22 + "$" + digest32 + "=",
		"an umlaut in salts": "pbkdf2_sha256$20$abcdefghä$" + digest32 + "=",
	} {
		if _, err := password.Inspect(encoded); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A Hasher refuses what it was not told to accept, and what does not fit into its memory.
func TestRefusedByConfig(t *testing.T) {
	all := cheap("argon2")
	made := hash(t, newHasher(t, cheap("bcrypt")), "secret")
	for name, c := range map[string]struct {
		cfg     func(*password.Config)
		encoded string
		reason  string
	}{
		"bcrypt is not in the preset":  {func(c *password.Config) { c.Hashers = nil }, made, "is not among PASSWORD_HASHERS"},
		"bcrypt is not among ours":     {func(c *password.Config) { c.Hashers = []string{"argon2"} }, made, "is not among PASSWORD_HASHERS"},
		"Django's argon2 does not fit": {func(c *password.Config) { c.Memory = 100 << 20 }, vectors["argon2"], "needs more than PASSWORD_MEMORY"},
	} {
		cfg := all
		c.cfg(&cfg)
		var log bytes.Buffer
		cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
		h := newHasher(t, cfg)
		for _, text := range []string{"secret", "correct horse"} {
			if got := verify(t, h, text, c.encoded); got != wrong {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if !strings.Contains(log.String(), c.reason) || !strings.Contains(log.String(), "HashRefused") {
			t.Errorf("%s: logged %q", name, log.String())
		}
	}
}

// A database full of such hashes does not fill the log.
func TestRefusalsAreSampled(t *testing.T) {
	var log bytes.Buffer
	h := newHasher(t, cheap("argon2", func(c *password.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) }))
	for range 100 {
		verify(t, h, "secret", "md5$x$y")
	}
	if n := strings.Count(log.String(), "\n"); n < 1 || n > 10 {
		t.Errorf("%d records", n)
	}
}

func TestInspect(t *testing.T) {
	const below = " below the least that OWASP recommends"
	for encoded, want := range map[string]password.Info{
		vectors["argon2"]:                          {Algorithm: "argon2", Variety: "argon2id", Parameters: "m=102400 KiB, t=2, p=8", Salt: 22},
		argon2With("m=64,t=1,p=1"):                 {Algorithm: "argon2", Variety: "argon2id", Parameters: "m=64 KiB, t=1, p=1", Salt: 22, Weak: "argon2id with 64 KiB and t=1 is" + below},
		vectors["pbkdf2_sha256"]:                   {Algorithm: "pbkdf2_sha256", Parameters: "1000000 iterations", Salt: 22},
		vectors["pbkdf2_sha1"]:                     {Algorithm: "pbkdf2_sha1", Parameters: "1000000 iterations", Salt: 22, Weak: "pbkdf2_sha1 with 1000000 iterations is" + below},
		vectors["scrypt"]:                          {Algorithm: "scrypt", Parameters: "N=16384, r=8, p=5", Salt: 22},
		vectors["bcrypt_sha256"]:                   {Algorithm: "bcrypt_sha256", Variety: "2b", Parameters: "cost 12", Salt: 16},
		"bcrypt_sha256$$2a$09$" + bcrypt53:         {Algorithm: "bcrypt_sha256", Variety: "2a", Parameters: "cost 9", Salt: 16, Weak: "bcrypt with a cost of 9 is" + below},
		"bcrypt$$2b$12$" + bcrypt53:                {Algorithm: "bcrypt", Variety: "2b", Parameters: "cost 12", Salt: 16, Weak: "bcrypt looks at the first 72 bytes of a password only"},
		"scrypt$16$" + salt22 + "$8$1$" + digest64: {Algorithm: "scrypt", Parameters: "N=16, r=8, p=1", Salt: 22, Weak: "scrypt with N=16, r=8, p=1 is" + below},
	} {
		got, err := password.Inspect(encoded)
		if err != nil || got != want {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
	if _, err := password.Inspect(argon2With("m=64,t=1,p=1") + strings.Repeat("$", 512)); err == nil || !strings.HasSuffix(err.Error(), "is too long") {
		t.Errorf("513 bytes and more: %v", err)
	}
	for _, encoded := range []string{"", "!", password.Unusable()} {
		if got, err := password.Inspect(encoded); err == nil || got != (password.Info{}) {
			t.Errorf("%q: %+v, %v", encoded, got, err)
		}
	}
}
