package password_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/password"
)

// cheap are the parameters of most tests.
func cheap(preferred string, more ...func(*password.Config)) password.Config {
	all := []string{"argon2", "pbkdf2_sha256", "pbkdf2_sha1", "scrypt", "bcrypt_sha256", "bcrypt"}
	cfg := password.Config{
		Hashers: append([]string{preferred}, slices.DeleteFunc(all, func(name string) bool { return name == preferred })...),
		Argon2:  password.Argon2{Memory: 32, Time: 1, Parallel: 1},
		PBKDF2:  password.PBKDF2{Iterations: 20},
		Scrypt:  password.Scrypt{N: 16, R: 8, P: 1},
		Bcrypt:  password.Bcrypt{Cost: 4},

		InsecureCheap: true,
	}
	for _, f := range more {
		f(&cfg)
	}
	return cfg
}

func newHasher(t testing.TB, cfg password.Config) *password.Hasher {
	t.Helper()
	h, err := password.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func hash(t testing.TB, h *password.Hasher, text string) string {
	t.Helper()
	encoded, err := h.Hash(t.Context(), text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return encoded
}

func verify(t testing.TB, h *password.Hasher, text, encoded string) password.Verdict {
	t.Helper()
	verdict, err := h.Verify(t.Context(), text, encoded)
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

var algorithms = []string{"argon2", "pbkdf2_sha256", "pbkdf2_sha1", "scrypt", "bcrypt_sha256", "bcrypt"}

var (
	fine    = password.Verdict{OK: true}
	upgrade = password.Verdict{OK: true, Upgrade: true}
	wrong   = password.Verdict{}
)

// The beginnings and lengths are those that Django writes: section 7 of its documentation, and its column has 128.
func TestEachAlgorithmWritesDjangosFormat(t *testing.T) {
	formats := map[string]struct {
		prefix string
		length int
	}{
		"argon2":        {"argon2$argon2id$v=19$m=32,t=1,p=1$", 108},
		"pbkdf2_sha256": {"pbkdf2_sha256$20$", 84},
		"pbkdf2_sha1":   {"pbkdf2_sha1$20$", 66},
		"scrypt":        {"scrypt$16$", 125},
		"bcrypt_sha256": {"bcrypt_sha256$$2b$04$", 74},
		"bcrypt":        {"bcrypt$$2b$04$", 67},
	}
	for _, name := range algorithms {
		h := newHasher(t, cheap(name))
		encoded, again := hash(t, h, "correct horse"), hash(t, h, "correct horse")
		if f := formats[name]; !strings.HasPrefix(encoded, f.prefix) || len(encoded) != f.length {
			t.Errorf("%s: %q... of %d bytes, want %q and %d", name, encoded[:20], len(encoded), f.prefix, f.length)
		}
		if encoded == again {
			t.Errorf("%s: two hashes are equal", name)
		}
		if got := verify(t, h, "correct horse", encoded); got != fine {
			t.Errorf("%s: %+v", name, got)
		}
		for _, other := range []string{"correct hors", "correct horse ", " correct horse", "Correct horse", "correct\x00horse", "x"} {
			if got := verify(t, h, other, encoded); got != wrong {
				t.Errorf("%s: %q fits: %+v", name, other, got)
			}
		}
		for _, second := range algorithms {
			if got := verify(t, newHasher(t, cheap(second)), "correct horse", encoded); got != (password.Verdict{OK: true, Upgrade: second != name}) {
				t.Errorf("%s at a site that prefers %s: %+v", name, second, got)
			}
		}
	}
}

// Django's rules for must_update: any difference counts, a higher cost too; scrypt's salt and bcrypt's version do not.
func TestUpgrade(t *testing.T) {
	made := map[string]string{}
	for name, h := range map[string]*password.Hasher{
		"argon2 t=2":    newHasher(t, cheap("argon2", func(c *password.Config) { c.Argon2.Time = 2 })),
		"argon2 m=64":   newHasher(t, cheap("argon2", func(c *password.Config) { c.Argon2.Memory = 64 })),
		"argon2 p=2":    newHasher(t, cheap("argon2", func(c *password.Config) { c.Argon2.Parallel = 2 })),
		"pbkdf2 19":     newHasher(t, cheap("pbkdf2_sha256", func(c *password.Config) { c.PBKDF2.Iterations = 19 })),
		"pbkdf2 21":     newHasher(t, cheap("pbkdf2_sha256", func(c *password.Config) { c.PBKDF2.Iterations = 21 })),
		"pbkdf2 sha1 1": newHasher(t, cheap("pbkdf2_sha1", func(c *password.Config) { c.PBKDF2.Iterations = 1 })),
		"scrypt N":      newHasher(t, cheap("scrypt", func(c *password.Config) { c.Scrypt.N = 8 })),
		"scrypt r":      newHasher(t, cheap("scrypt", func(c *password.Config) { c.Scrypt.R = 4 })),
		"scrypt p":      newHasher(t, cheap("scrypt", func(c *password.Config) { c.Scrypt.P = 2 })),
		"bcrypt 5":      newHasher(t, cheap("bcrypt", func(c *password.Config) { c.Bcrypt.Cost = 5 })),
		"bcrypt sha256": newHasher(t, cheap("bcrypt_sha256", func(c *password.Config) { c.Bcrypt.Cost = 5 })),
	} {
		made[name] = hash(t, h, "secret")
	}
	for name, encoded := range made {
		preferred, _, _ := strings.Cut(encoded, "$")
		h := newHasher(t, cheap(preferred))
		if got := verify(t, h, "secret", encoded); got != upgrade {
			t.Errorf("%s: %+v, want an upgrade", name, got)
		}
		if got := verify(t, h, "secre", encoded); got != wrong {
			t.Errorf("%s, wrong password: %+v", name, got)
		}
	}
}

// The hashes are of Django 5.2.19 and of argon2-cffi 25.1.0.
func TestUpgradeOfWhatDjangoMade(t *testing.T) {
	for _, c := range []struct {
		name, preferred, encoded string
		want                     password.Verdict
	}{
		{"pbkdf2 with 22 characters of salt", "pbkdf2_sha256", "pbkdf2_sha256$20$abcdefghijklmnopqrstuv$kobA9t3mVxpaH12podtpJniLFmFAdDeWKeFYavywYXM=", fine},
		{"pbkdf2 with 21", "pbkdf2_sha256", "pbkdf2_sha256$20$abcdefghijklmnopqrstu$rFWNE1bCEa95K6NIVfVijGi/WjuMVunANNlZ1SwR7Gk=", upgrade},
		{"pbkdf2 with 11 characters, 22 bytes", "pbkdf2_sha256", "pbkdf2_sha256$20$äöüäöüäöüäö$EQ/asdgqA3tpy5F1GsuN978MS24s7nShz/A4R+/s0gE=", upgrade},
		{"argon2 as ours", "argon2", "argon2$argon2id$v=19$m=32,t=1,p=1$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$EX3xIdiQ24RLpw+wsDS0+sD8dh4myKE9otB7OD9EAeU", fine},
		{"argon2i", "argon2", "argon2$argon2i$v=19$m=32,t=1,p=1$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$+pAYTEDJ85T9YKXoC1sK4IJ0nibjtNwyuRvts5jaVeY", upgrade},
		{"argon2 with a digest of 16 bytes", "argon2", "argon2$argon2id$v=19$m=32,t=1,p=1$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$eUJEX0bApm5PekYHLqf5xQ", upgrade},
		{"argon2 with 21 characters", "argon2", "argon2$argon2id$v=19$m=32,t=1,p=1$YWJjZGVmZ2hpamtsbW5vcHFyc3R1$bxfhYnom3RLOH0Vw5fVgQBVGkfo7rV7ALThmocKKbko", upgrade},
		{"scrypt with 12", "scrypt", "scrypt$16$abcdefghijkl$8$1$MlPojSbLL7M4SVkx8B5UZET/OXAoo8Ih0fU04E+qAdd42PGeffn4r2P9nv6sIOHIEI1pt6xTUMjtR90ltIvaLQ==", fine},
	} {
		if got := verify(t, newHasher(t, cheap(c.preferred)), "secret", c.encoded); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// Nobody's password is verified, whatever it is.
func TestNobody(t *testing.T) {
	var log bytes.Buffer
	h := newHasher(t, cheap("argon2", func(c *password.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) }))
	for _, encoded := range []string{"", "!", password.Unusable(), "!" + hash(t, h, "secret")} {
		for _, text := range []string{"secret", "!", "x"} {
			if got := verify(t, h, text, encoded); got != wrong {
				t.Errorf("%q fits %q", text, encoded)
			}
		}
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s", &log)
	}
}

func TestUsable(t *testing.T) {
	one, two := password.Unusable(), password.Unusable()
	if one == two || len(one) != 41 || password.Usable(one) {
		t.Errorf("%q, %q", one, two)
	}
	for encoded, want := range map[string]bool{"": true, "!": false, "argon2$": true, " !": true, "x": true} {
		if got := password.Usable(encoded); got != want {
			t.Errorf("Usable(%q) = %t", encoded, got)
		}
	}
}

func TestTextThatIsNoPassword(t *testing.T) {
	h := newHasher(t, cheap("argon2"))
	long := strings.Repeat("x", password.MaxLength)
	encoded := hash(t, h, long)
	if got := verify(t, h, long, encoded); got != fine {
		t.Errorf("the longest password: %+v", got)
	}
	for text, want := range map[string]error{
		"": password.ErrEmpty, long + "x": password.ErrTooLong, strings.Repeat("ä", 1<<20): password.ErrTooLong,
		"secret\xff": password.ErrText, "\xed\xa0\x80": password.ErrText, // a lone surrogate
	} {
		_, err := h.Hash(t.Context(), text)
		if !errors.Is(err, want) {
			t.Errorf("%.20q...: %v, want %v", text, err, want)
		}
		if len(text) > 3 && strings.Contains(err.Error(), text[:4]) {
			t.Errorf("%.20q... is quoted", text)
		}
		if got := verify(t, h, text, encoded); got != wrong {
			t.Errorf("%.20q...: %+v", text, got)
		}
	}
	// Django has hashes of the empty password; nobody logs in with it.
	if got := verify(t, newHasher(t, cheap("pbkdf2_sha256")), "", "pbkdf2_sha256$20$abcdefghijklmnopqrstuv$uLiwDCe1CpUUfVlxoJxy2MKt6wQICctX/SlAt099cUY="); got != wrong {
		t.Errorf("the empty password: %+v", got)
	}
}

// What bcrypt would cut off is not hashed; what another program cut off is verified as that program does.
func TestBcryptCutsNothingOff(t *testing.T) {
	h := newHasher(t, cheap("bcrypt"))
	full := strings.Repeat("x", 72)
	encoded := hash(t, h, full)
	if got := verify(t, h, full, encoded); got != fine {
		t.Errorf("72 bytes: %+v", got)
	}
	if got := verify(t, h, full+"y", encoded); got != fine { // as Django's
		t.Errorf("73 bytes: %+v", got)
	}
	if got := verify(t, h, full[:71], encoded); got != wrong {
		t.Errorf("71 bytes: %+v", got)
	}
	for text, want := range map[string]error{full + "y": password.ErrTooLong, strings.Repeat("ä", 37): password.ErrTooLong, "a\x00b": password.ErrText} {
		if _, err := h.Hash(t.Context(), text); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	other := newHasher(t, cheap("bcrypt_sha256"))
	encoded = hash(t, other, full+"y\x00z")
	for text, want := range map[string]password.Verdict{full + "y\x00z": fine, full + "y\x00": wrong, full + "y": wrong, full: wrong} {
		if got := verify(t, other, text, encoded); got != want {
			t.Errorf("bcrypt_sha256, %q: %+v", text, got)
		}
	}
}

func TestNormalisation(t *testing.T) {
	const composed, decomposed, wide = "Zürich", "Zu\u0308rich", "Ｚü\u200brich"
	owasp, django := newHasher(t, cheap("argon2")), newHasher(t, cheap("argon2", func(c *password.Config) { c.Preset = password.Django52 }))
	for _, c := range []struct {
		name        string
		made, asked *password.Hasher
		text, typed string
		want        password.Verdict
	}{
		{"typed on another keyboard", owasp, owasp, composed, decomposed, fine},
		{"chosen on another keyboard", owasp, owasp, decomposed, composed, fine},
		{"wide letters", owasp, owasp, "ＡＢＣ", "ABC", fine},
		{"a ligature", owasp, owasp, "ﬁne", "fine", fine},
		{"what NFKC keeps apart", owasp, owasp, wide, composed, wrong},
		{"made by Django of what was typed", django, owasp, decomposed, decomposed, upgrade},
		{"made by Django of another form", django, owasp, decomposed, composed, wrong},
		{"made by Django of the common form", django, owasp, composed, decomposed, fine},
		{"Django does not", django, django, composed, decomposed, wrong},
		{"Django verifies what was typed", django, django, decomposed, decomposed, fine},
		{"spaces are kept", owasp, owasp, " two  spaces ", "two spaces", wrong},
		{"a no-break space is a space", owasp, owasp, "two\u00a0words", "two words", fine},
		{"case is kept", owasp, owasp, "Straße", "STRASSE", wrong},
	} {
		if got := verify(t, c.asked, c.typed, hash(t, c.made, c.text)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestConfigIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  password.Config
		want []string
	}{
		"an unknown preset":    {password.Config{Preset: "django-9"}, []string{`password: PASSWORD_PRESET: "django-9" is no preset: use owasp`}},
		"md5":                  {password.Config{Hashers: []string{"md5"}}, []string{`password: PASSWORD_HASHERS: "md5" is no algorithm: use argon2`}},
		"twice":                {password.Config{Hashers: []string{"argon2", "argon2"}}, []string{`password: PASSWORD_HASHERS: "argon2" is listed twice`}},
		"cheap argon2":         {password.Config{Argon2: password.Argon2{Memory: 19455}}, []string{"password: PASSWORD_ARGON2_MEMORY: argon2id with 19455 KiB and t=2 is below the least that OWASP recommends"}},
		"one pass":             {password.Config{Argon2: password.Argon2{Time: 1}}, []string{"PASSWORD_ARGON2_MEMORY"}},
		"cheap PBKDF2":         {password.Config{Hashers: []string{"pbkdf2_sha256"}, PBKDF2: password.PBKDF2{Iterations: 599_999}}, []string{"PASSWORD_PBKDF2_ITERATIONS"}},
		"cheap SHA-1":          {password.Config{Preset: password.Django52, Hashers: []string{"pbkdf2_sha1"}}, []string{"PASSWORD_PBKDF2_ITERATIONS"}},
		"cheap bcrypt":         {password.Config{Hashers: []string{"bcrypt_sha256"}, Bcrypt: password.Bcrypt{Cost: 9}}, []string{"PASSWORD_BCRYPT_COST"}},
		"cheap scrypt":         {password.Config{Hashers: []string{"scrypt"}, Scrypt: password.Scrypt{P: 4}}, []string{"PASSWORD_SCRYPT_N"}},
		"small blocks":         {password.Config{Hashers: []string{"scrypt"}, Scrypt: password.Scrypt{R: 4}}, []string{"PASSWORD_SCRYPT_N"}},
		"no power of two":      {password.Config{Scrypt: password.Scrypt{N: 16385}}, []string{"password: PASSWORD_SCRYPT_N: 16385 is no power of two"}},
		"negative":             {password.Config{Argon2: password.Argon2{Memory: -1, Time: -1, Parallel: -1}}, []string{"PASSWORD_ARGON2_MEMORY", "PASSWORD_ARGON2_TIME", "PASSWORD_ARGON2_PARALLEL"}},
		"never verified":       {password.Config{Argon2: password.Argon2{Memory: 512<<10 + 1}}, []string{"PASSWORD_ARGON2_MEMORY"}},
		"too many passes":      {password.Config{Argon2: password.Argon2{Time: 1_000_000}}, []string{"PASSWORD_ARGON2_TIME"}},
		"never done":           {password.Config{PBKDF2: password.PBKDF2{Iterations: password.MaxIterations + 1}}, []string{"PASSWORD_PBKDF2_ITERATIONS"}},
		"a cost of 31":         {password.Config{Bcrypt: password.Bcrypt{Cost: 31}}, []string{"PASSWORD_BCRYPT_COST"}},
		"more scrypt":          {password.Config{Scrypt: password.Scrypt{N: 1 << 40}}, []string{"PASSWORD_SCRYPT_N"}},
		"scrypt of many parts": {password.Config{Scrypt: password.Scrypt{R: 65, P: 65}}, []string{"PASSWORD_SCRYPT_R", "PASSWORD_SCRYPT_P"}},
		"too little memory":    {password.Config{Memory: 19 << 20}, []string{"password: PASSWORD_MEMORY: 19MiB is not enough for one hash, which takes 19464KiB: raise it"}},
		"negative parallel":    {password.Config{Parallel: -1, Wait: -1}, []string{"PASSWORD_PARALLEL", "PASSWORD_WAIT"}},
		"an hour":              {password.Config{Wait: time.Hour}, []string{"PASSWORD_WAIT"}},
		"everything at once": {password.Config{Preset: "x", Hashers: []string{"y"}, Wait: -1, Bcrypt: password.Bcrypt{Cost: 3}},
			[]string{"PASSWORD_PRESET", "PASSWORD_HASHERS", "PASSWORD_WAIT", "PASSWORD_BCRYPT_COST"}},
	} {
		h, err := password.New(c.cfg)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if name == "too many passes" && strings.Contains(err.Error(), "PASSWORD_ARGON2_MEMORY") {
			t.Errorf("%s: the memory is blamed too: %v", name, err)
		}
		if h != nil {
			t.Errorf("%s: a Hasher besides the error", name)
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
		if lines := strings.Count(err.Error(), "\n") + 1; lines != len(c.want) {
			t.Errorf("%s: %d mistakes in %v, want %d", name, lines, err, len(c.want))
		}
	}
}

func TestConfigIsAccepted(t *testing.T) {
	for name, cfg := range map[string]password.Config{
		"zero":              {},
		"owasp":             {Preset: password.OWASP},
		"Django 5.2":        {Preset: password.Django52},
		"Django 6.1":        {Preset: password.Django61},
		"more memory once":  {Argon2: password.Argon2{Memory: 47104, Time: 1}},
		"less, more often":  {Argon2: password.Argon2{Memory: 7168, Time: 5}},
		"scrypt":            {Hashers: []string{"scrypt"}},
		"bcrypt":            {Hashers: []string{"bcrypt"}, Bcrypt: password.Bcrypt{Cost: 10}},
		"SHA-1 done right":  {Hashers: []string{"pbkdf2_sha1"}, PBKDF2: password.PBKDF2{Iterations: 1_300_000}},
		"one at a time":     {Parallel: 1, Memory: 20 << 20},
		"more than fit":     {Parallel: 1024, Memory: 20 << 20},
		"a wait of seconds": {Wait: 30 * time.Second},
	} {
		if _, err := password.New(cfg); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestContext(t *testing.T) {
	h := newHasher(t, cheap("argon2"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, "secret"); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash: %v", err)
	}
	if got, err := h.Verify(ctx, "secret", ""); !errors.Is(err, context.Canceled) || got != wrong {
		t.Errorf("Verify: %+v, %v", got, err)
	}
}
