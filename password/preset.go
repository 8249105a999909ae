package password

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Preset names a set of algorithms and parameters.
type Preset string

// The presets. Those of Django are exactly that version's, so that neither side undoes what the other has upgraded.
const (
	OWASP    Preset = "owasp"      // argon2id, 19 MiB, two passes, one lane; the default
	Django52 Preset = "django-5.2" // PBKDF2-SHA256, 1,000,000 iterations
	Django61 Preset = "django-6.1" // PBKDF2-SHA256, 1,500,000 iterations
)

// Choices lists the presets.
func (Preset) Choices() []string { return []string{string(OWASP), string(Django52), string(Django61)} }

// The names of the algorithms, which are Django's, in Config.Hashers and at the beginning of every encoding.
const (
	nameArgon2       = "argon2"
	namePBKDF2SHA256 = "pbkdf2_sha256"
	namePBKDF2SHA1   = "pbkdf2_sha1"
	nameScrypt       = "scrypt"
	nameBcryptSHA256 = "bcrypt_sha256"
	nameBcrypt       = "bcrypt"
)

var names = []string{nameArgon2, namePBKDF2SHA256, namePBKDF2SHA1, nameScrypt, nameBcryptSHA256, nameBcrypt}

// Defaults of a Config.
const (
	DefaultMemory Bytes = 256 << 20
	DefaultWait         = 2 * time.Second
)

const (
	maxParallel = 1024
	maxWait     = 30 * time.Second
)

// Config says how passwords are hashed. The zero Config is OWASP's choice within 256 MiB of memory.
type Config struct {
	// Preset is what the fields below say where they are zero; OWASP if empty. Whoever shares a table of users with a
	// Django chooses that Django's.
	Preset Preset `env:"PASSWORD_PRESET" doc:"Algorithms and parameters for passwords; a site that shares its users with a Django takes Django's."`

	// Hashers are the algorithms that are known: the first makes new hashes, the others are verified only. Empty for the
	// preset's: all but "bcrypt", which cuts passwords off after 72 bytes.
	Hashers []string `env:"PASSWORD_HASHERS" doc:"Algorithms, the first for new hashes: argon2, pbkdf2_sha256, pbkdf2_sha1, scrypt, bcrypt_sha256, bcrypt; the preset's if empty."`

	// The parameters of new hashes, each the preset's where it is 0. They are also those that an older hash is
	// upgraded to.
	Argon2 Argon2
	PBKDF2 PBKDF2
	Scrypt Scrypt
	Bcrypt Bcrypt

	// Parallel is how many passwords are hashed at a time; 0 for one less than there are processors, at least one, and no
	// more than fit into Memory. The others queue.
	Parallel int `env:"PASSWORD_PARALLEL" doc:"How many passwords are hashed at a time; one less than there are processors if 0."`

	// Memory bounds what all hashing at a time may take, with what the garbage collector has yet to free; 0 for 256 MiB.
	// A stored hash that needs more is refused.
	Memory Bytes `env:"PASSWORD_MEMORY" doc:"Memory that all hashing at a time may take, such as 256MiB, which it is if 0."`

	// Wait is how long a password may queue before it is refused with a [BusyError]; 0 for two seconds. The queue is
	// never longer than can be worked off in that time.
	Wait time.Duration `env:"PASSWORD_WAIT" doc:"How long a login may wait for its turn before it is answered with 503; 2s if 0."`

	// InsecureCheap accepts parameters for new hashes below the least that OWASP recommends: for tests.
	InsecureCheap bool

	// Logger gets the security events; nil for slog.Default().
	Logger *slog.Logger
}

// presets are the parameters of the presets, without what concerns this machine.
func preset(p Preset) (Config, bool) {
	django := Config{
		Preset:  p,
		Hashers: []string{namePBKDF2SHA256, namePBKDF2SHA1, nameArgon2, nameBcryptSHA256, nameScrypt},
		Argon2:  Argon2{Memory: 100 << 10, Time: 2, Parallel: 8},
		PBKDF2:  PBKDF2{Iterations: 1_000_000},
		Scrypt:  Scrypt{N: 1 << 14, R: 8, P: 5},
		Bcrypt:  Bcrypt{Cost: 12},
	}
	switch p {
	case OWASP, "":
		return Config{
			Preset:  OWASP,
			Hashers: []string{nameArgon2, namePBKDF2SHA256, namePBKDF2SHA1, nameBcryptSHA256, nameScrypt},
			Argon2:  Argon2{Memory: 19 << 10, Time: 2, Parallel: 1},
			PBKDF2:  PBKDF2{Iterations: 600_000},
			Scrypt:  Scrypt{N: 1 << 14, R: 8, P: 5}, // more memory at a time is more than Django's Python can verify
			Bcrypt:  Bcrypt{Cost: 12},
		}, true
	case Django52:
		return django, true
	case Django61:
		django.PBKDF2.Iterations = 1_500_000
		return django, true
	}
	return Config{}, false
}

// complete returns c with everything filled in, or every mistake.
func (c Config) complete() (Config, error) {
	var errs []error
	bad := func(variable, format string, args ...any) {
		errs = append(errs, fmt.Errorf("password: "+variable+": "+format, args...))
	}
	base, ok := preset(c.Preset)
	if !ok {
		bad("PASSWORD_PRESET", "%q is no preset: use %s", c.Preset, strings.Join(c.Preset.Choices(), ", "))
		base, _ = preset(OWASP)
	}
	c.Preset = base.Preset
	c.Hashers = slices.Clone(c.Hashers)
	if len(c.Hashers) == 0 {
		c.Hashers = base.Hashers
	}
	c.Argon2.fill(base.Argon2)
	c.Scrypt.fill(base.Scrypt)
	fill(&c.PBKDF2.Iterations, base.PBKDF2.Iterations)
	fill(&c.Bcrypt.Cost, base.Bcrypt.Cost)
	fill(&c.Memory, DefaultMemory)
	fill(&c.Wait, DefaultWait)

	for i, name := range c.Hashers {
		switch {
		case !slices.Contains(names, name):
			bad("PASSWORD_HASHERS", "%q is no algorithm: use %s", name, strings.Join(names, ", "))
		case slices.Contains(c.Hashers[:i], name):
			bad("PASSWORD_HASHERS", "%q is listed twice: list it once, first if it is to make new hashes", name)
		}
	}
	errs = append(errs, c.Argon2.validate(), c.PBKDF2.validate(), c.Scrypt.validate(), c.Bcrypt.validate())
	if c.Parallel < 0 || c.Parallel > maxParallel {
		bad("PASSWORD_PARALLEL", "%d is not between 0 and %d: leave it at 0", c.Parallel, maxParallel)
	}
	if c.Wait < 0 || c.Wait > maxWait {
		bad("PASSWORD_WAIT", "%s is not between 0 and %s: use a few seconds", c.Wait, maxWait)
	}
	if len(errs) == 0 || errors.Join(errs...) == nil {
		c.fit(bad)
	}
	return c, errors.Join(errs...)
}

// fit judges what depends on the preferred algorithm, in a c that is otherwise in order.
func (c *Config) fit(bad func(variable, format string, args ...any)) {
	r := c.recipe()
	if why := r.cheap(); why != "" && !c.InsecureCheap {
		bad(r.variable(), "%s: leave it unset, or see \"password calibrate\"", why)
	}
	if s, ok := r.(Scrypt); ok {
		if n := s.length(); n > maxStored {
			bad(r.variable(), "a hash would have %d characters, and tables of users hold %d: use 65536 with a PASSWORD_SCRYPT_P of 2, or leave it unset", n, maxStored)
		}
	}
	need := r.memory()
	if int64(c.Memory) < need {
		bad("PASSWORD_MEMORY", "%s is not enough for one hash, which takes %s: raise it", c.Memory, Bytes(need))
		return
	}
	if c.Parallel == 0 {
		c.Parallel = max(1, runtime.GOMAXPROCS(0)-1)
	}
	if need > 0 {
		c.Parallel = int(min(int64(c.Parallel), int64(c.Memory)/need))
	}
}

// recipe returns what the preferred algorithm does with c's parameters.
func (c Config) recipe() recipe {
	switch c.Hashers[0] {
	case nameArgon2:
		return c.Argon2
	case namePBKDF2SHA256:
		return pbkdf2Recipe{c.PBKDF2, false}
	case namePBKDF2SHA1:
		return pbkdf2Recipe{c.PBKDF2, true}
	case nameScrypt:
		return c.Scrypt
	case nameBcryptSHA256:
		return bcryptRecipe{c.Bcrypt, true}
	default:
		return bcryptRecipe{c.Bcrypt, false}
	}
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
