package password

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// cost is the work of a hash in a unit of its algorithm.
func cost(h hashed) int {
	switch h := h.(type) {
	case *argon2Hash:
		return h.params.blocks()
	case *pbkdf2Hash:
		return h.iterations
	case *scryptHash:
		return h.params.N * h.params.R * h.params.P
	case *bcryptHash:
		return 1 << h.cost
	}
	panic("unknown hash")
}

// The work of a hash with lower parameters and what is spent after it are together that of a new hash.
func TestMissingWorkIsMadeUpFor(t *testing.T) {
	argon, scrypt := func(m, tt, p int) *argon2Hash {
		return Argon2{Memory: m, Time: tt, Parallel: p}.with("saltsalt")
	}, func(n, r, p int) *scryptHash { return &scryptHash{params: Scrypt{n, r, p}} }
	for name, c := range map[string]struct {
		preferred recipe
		stored    hashed
		want      int // of all work
	}{
		"argon2, one pass fewer":         {Argon2{19456, 2, 1}, argon(19456, 1, 1), Argon2{19456, 2, 1}.blocks()},
		"argon2, less memory":            {Argon2{19456, 2, 1}, argon(8192, 2, 1), Argon2{19456, 2, 1}.blocks()},
		"argon2, least of all":           {Argon2{102400, 2, 8}, argon(8, 1, 1), Argon2{102400, 2, 8}.blocks()},
		"argon2, more memory, less work": {Argon2{19456, 3, 1}, argon(32768, 1, 1), Argon2{19456, 3, 1}.blocks()},
		"argon2, more of both":           {Argon2{19456, 2, 1}, argon(102400, 2, 8), Argon2{102400, 2, 8}.blocks()},
		"argon2, the same":               {Argon2{19456, 2, 1}, argon(19456, 2, 1), Argon2{19456, 2, 1}.blocks()},
		"PBKDF2, fewer":                  {pbkdf2Recipe{PBKDF2{1_000_000}, false}, &pbkdf2Hash{iterations: 260_000}, 1_000_000},
		"PBKDF2, more":                   {pbkdf2Recipe{PBKDF2{1_000_000}, false}, &pbkdf2Hash{iterations: 1_500_000}, 1_500_000},
		"PBKDF2 with SHA-1":              {pbkdf2Recipe{PBKDF2{1_000_000}, true}, &pbkdf2Hash{iterations: 1, sha1: true}, 1_000_000},
		"scrypt, one part":               {Scrypt{16384, 8, 5}, scrypt(16384, 8, 1), 16384 * 8 * 5},
		"scrypt, half of each":           {Scrypt{16384, 8, 5}, scrypt(8192, 8, 5), 16384 * 8 * 5},
		"scrypt, least of all":           {Scrypt{16384, 8, 5}, scrypt(2, 1, 1), 16384 * 8 * 5},
		"scrypt, more":                   {Scrypt{16384, 8, 5}, scrypt(32768, 8, 5), 32768 * 8 * 5},
		"bcrypt, two lower":              {bcryptRecipe{Bcrypt{12}, true}, &bcryptHash{sha256: true, cost: 10}, 1 << 12},
		"bcrypt, lowest":                 {bcryptRecipe{Bcrypt{12}, true}, &bcryptHash{sha256: true, cost: 4}, 1 << 12},
		"bcrypt, higher":                 {bcryptRecipe{Bcrypt{12}, true}, &bcryptHash{sha256: true, cost: 13}, 1 << 13},
	} {
		sum := cost(c.stored)
		for _, extra := range c.preferred.missing(c.stored) {
			if extra.algorithm() != c.preferred.algorithm() || extra.memory() > c.preferred.memory()+1<<20 {
				t.Errorf("%s: %s that takes %d bytes", name, extra.algorithm(), extra.memory())
			}
			sum += cost(extra)
		}
		if off := sum - c.want; off < -c.want/50 || off > 0 {
			t.Errorf("%s: %d, want %d", name, sum, c.want)
		}
	}
}

// spy counts what a Hasher does.
type spy struct {
	recipe
	mu    sync.Mutex
	made  int
	delay time.Duration
}

func (s *spy) make(password []byte) string {
	s.mu.Lock()
	s.made++
	s.mu.Unlock()
	time.Sleep(s.delay)
	return s.recipe.make(password)
}

func (s *spy) missing(stored hashed) []hashed {
	var out []hashed
	for _, h := range s.recipe.missing(stored) {
		out = append(out, &countedHash{h, s})
	}
	return out
}

type countedHash struct {
	hashed
	s *spy
}

func (h *countedHash) verify(password []byte) bool {
	h.s.mu.Lock()
	h.s.made += 1000
	h.s.mu.Unlock()
	return h.hashed.verify(password)
}

func spied(t *testing.T, cfg Config) (*Hasher, *spy) {
	t.Helper()
	cfg.InsecureCheap, cfg.Logger = true, slog.New(slog.DiscardHandler)
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &spy{recipe: h.preferred}
	h.preferred = s
	return h, s
}

var cheapArgon2 = Argon2{Memory: 32, Time: 2, Parallel: 1}

// What is nobody's costs exactly one new hash for each form of the password, and a hash with old parameters the
// difference, whether or not the password is right.
func TestEqualWork(t *testing.T) {
	h, s := spied(t, Config{Argon2: cheapArgon2, PBKDF2: PBKDF2{1}})
	old := Argon2{Memory: 32, Time: 1, Parallel: 1}.make([]byte("secret"))
	current := cheapArgon2.make([]byte("secret"))
	other := pbkdf2Recipe{PBKDF2{1}, false}.make([]byte("secret"))
	for name, c := range map[string]struct {
		typed, encoded string
		want           int
	}{
		"an unknown user":                        {"wrong", "", 1},
		"an unknown user, two forms":             {"wro\u0308ng", "", 2},
		"an unusable password":                   {"wrong", Unusable(), 1},
		"an unknown algorithm":                   {"wrong", "md5$a$b", 1},
		"a hostile hash":                         {"wrong", strings.Replace(current, "t=2", "t=1000000000", 1), 1},
		"a hostile hash, two forms":              {"wro\u0308ng", strings.Replace(current, "t=2", "t=1000000000", 1), 2},
		"a wrong password":                       {"wrong", current, 0}, // it is what is compared with
		"the right password":                     {"secret", current, 0},
		"a wrong password, older hash":           {"wrong", old, 1000},
		"a wrong password, older hash, two":      {"wro\u0308ng", old, 2000},
		"the right password, older hash":         {"secret", old, 1000},
		"another algorithm, nothing known":       {"wrong", other, 1},
		"another algorithm, the right password":  {"secret", other, 1},
		"text that is no password":               {"\xff", "", 0},
		"text that is no password, known user":   {"\xff", current, 0},
		"a password that is too long":            {strings.Repeat("x", MaxLength+1), "", 0},
		"a password that is too long, known one": {strings.Repeat("x", MaxLength+1), current, 0},
	} {
		s.made = 0
		h.typical = &typical{}
		if _, err := h.Verify(t.Context(), c.typed, c.encoded); err != nil {
			t.Fatal(err)
		}
		if s.made != c.want {
			t.Errorf("%s: %d, want %d", name, s.made, c.want)
		}
	}
}

// A quick hash of another algorithm is topped up to the time that ours takes, and not far beyond.
func TestAnotherAlgorithmTakesAsLong(t *testing.T) {
	const usual = 60 * time.Millisecond
	h, s := spied(t, Config{Argon2: cheapArgon2, PBKDF2: PBKDF2{1}})
	for range 3 {
		h.typical.add(usual)
	}
	other := pbkdf2Recipe{PBKDF2{1}, false}.make([]byte("secret"))
	for typed, want := range map[string]time.Duration{"wrong": usual, "wro\u0308ng": 2 * usual, "secret": usual} {
		begin := time.Now()
		if _, err := h.Verify(t.Context(), typed, other); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took < want || took > want+10*usual {
			t.Errorf("%q took %s, want %s", typed, took, want)
		}
	}
	if s.made != 0 {
		t.Errorf("%d hashes were made", s.made)
	}
}

func TestTypicalIsTheMedianOfTheLast(t *testing.T) {
	var ty typical
	if ty.get() != 0 {
		t.Error("known before anything was measured")
	}
	for _, ms := range []int{10, 9, 500, 11, 10} {
		ty.add(time.Duration(ms) * time.Millisecond)
	}
	if got := ty.get(); got != 10*time.Millisecond {
		t.Errorf("%s, want 10ms", got)
	}
	for range 8 {
		ty.add(time.Second)
	}
	for range 8 {
		ty.add(time.Second)
	}
	if got := ty.get(); got != time.Second {
		t.Errorf("%s, want 1s", got)
	}
}

// brokenRecipe makes hashes that are not what was promised.
type brokenRecipe struct {
	recipe
	made string
}

func (b brokenRecipe) make([]byte) string { return b.made }
func (b brokenRecipe) least() recipe      { return b }

func TestProve(t *testing.T) {
	h, _ := spied(t, Config{Argon2: cheapArgon2})
	const right = "a password of the checks"
	for name, c := range map[string]struct {
		made string
		want string
	}{
		"the password":      {right, "cannot be read back"},
		"unusable":          {Unusable(), "cannot be read back"},
		"another":           {pbkdf2Recipe{PBKDF2{1}, false}.make([]byte(right)), "algorithm is pbkdf2_sha256"},
		"cheaper":           {Argon2{32, 1, 1}.make([]byte(right)), "parameters are m=32 KiB, t=1, p=1"},
		"always the same":   {cheapArgon2.make([]byte(right)), "are equal"},
		"of something else": {cheapArgon2.make([]byte("x")), "are equal"},
	} {
		broken := *h
		broken.preferred = brokenRecipe{cheapArgon2, c.made}
		found := findings(t, &broken, "password.E002")
		if len(found) != 1 || !strings.Contains(found[0].Evidence, c.want) {
			t.Errorf("%s: %+v, want %q", name, found, c.want)
		}
	}
	other := *h
	other.preferred = &alternating{recipe: cheapArgon2}
	if found := findings(t, &other, "password.E002"); len(found) != 1 || !strings.Contains(found[0].Evidence, "does not fit") {
		t.Errorf("of other passwords: %+v", found)
	}
	if found := findings(t, h, "password.E002"); len(found) != 0 {
		t.Errorf("a good one: %+v", found)
	}
}

// alternating makes hashes of another password each time.
type alternating struct {
	recipe
	n byte
}

func (a *alternating) make([]byte) string {
	a.n++
	return a.recipe.make([]byte{'a' + a.n})
}

func (a *alternating) least() recipe { return a }

func findings(t *testing.T, h *Hasher, id string) []check.Finding {
	t.Helper()
	var out []check.Finding
	report := check.Run(context.Background(), h.Checks(), check.Options{Deploy: true})
	for _, f := range report.Findings {
		if f.ID == id {
			out = append(out, f)
		}
	}
	for _, n := range report.NotRun {
		if n.ID == id {
			t.Errorf("%s: %s", n.ID, n.Reason)
		}
	}
	return out
}

// What OWASP and Django recommend, as they say it.
func TestPresets(t *testing.T) {
	django := Config{Argon2: Argon2{102400, 2, 8}, PBKDF2: PBKDF2{1_000_000}, Scrypt: Scrypt{16384, 8, 5}, Bcrypt: Bcrypt{12}}
	later := django
	later.PBKDF2.Iterations = 1_500_000
	for p, want := range map[Preset]Config{
		"":           {Argon2: Argon2{19456, 2, 1}, PBKDF2: PBKDF2{600_000}, Scrypt: Scrypt{16384, 8, 5}, Bcrypt: Bcrypt{12}},
		"django-5.2": django, "django-6.1": later,
	} {
		got, err := Config{Preset: p}.complete()
		if err != nil {
			t.Fatal(err)
		}
		if got.Argon2 != want.Argon2 || got.PBKDF2 != want.PBKDF2 || got.Scrypt != want.Scrypt || got.Bcrypt != want.Bcrypt {
			t.Errorf("%q: %+v", p, got)
		}
		first := "pbkdf2_sha256"
		if p == "" {
			first = "argon2"
		}
		if got.Hashers[0] != first || len(got.Hashers) != 5 || slices.Contains(got.Hashers, "bcrypt") {
			t.Errorf("%q: %q", p, got.Hashers)
		}
	}
}

// Nobody's password costs a hash even where bcrypt would refuse it.
func TestBcryptWorksForNothing(t *testing.T) {
	if made := (bcryptRecipe{Bcrypt{4}, false}).make([]byte(strings.Repeat("x", 73) + "\x00")); !Usable(made) {
		t.Error("nothing was computed")
	}
}

// TestMemoryIsMadeUpForByTheClock: how dear new memory is depends on the process, so that no count of blocks tells it.
func TestMemoryIsMadeUpForByTheClock(t *testing.T) {
	h, s := spied(t, Config{Argon2: Argon2{64, 2, 1}})
	older := Argon2{64, 1, 1}.make([]byte("right"))
	if _, err := h.Verify(t.Context(), "wrong", older); err != nil || s.made < 1000 {
		t.Errorf("before anything was measured: made %d, %v; want the missing blocks", s.made, err)
	}
	s.made = 0
	for range 32 {
		h.typical.add(80 * time.Millisecond)
	}
	begin := time.Now()
	if _, err := h.Verify(t.Context(), "wrong", older); err != nil || s.made != 0 {
		t.Errorf("afterwards: made %d, %v; want no blocks", s.made, err)
	}
	if took := time.Since(begin); took < 80*time.Millisecond {
		t.Errorf("it took %s, want what a hash takes", took)
	}
}
