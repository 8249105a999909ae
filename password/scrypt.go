package password

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// Scrypt has the parameters of new scrypt hashes. Zero fields are the preset's.
type Scrypt struct {
	N int `env:"PASSWORD_SCRYPT_N" doc:"Cost of scrypt, a power of two; the preset's if 0."`
	R int `env:"PASSWORD_SCRYPT_R" doc:"Block size of scrypt; the preset's if 0."`
	P int `env:"PASSWORD_SCRYPT_P" doc:"Parallelism of scrypt; the preset's if 0."`
}

const (
	scryptDigest = 64 // bytes
	maxScryptR   = 64
	maxScryptP   = 64
)

func (p *Scrypt) fill(base Scrypt) {
	fill(&p.N, base.N)
	fill(&p.R, base.R)
	fill(&p.P, base.P)
}

func (p Scrypt) validate() error {
	var errs []error
	bad := func(variable, format string, args ...any) {
		errs = append(errs, fmt.Errorf("password: "+variable+": "+format+": leave it unset for the preset's", args...))
	}
	if p.R < 1 || p.R > maxScryptR {
		bad("PASSWORD_SCRYPT_R", "%d is not between 1 and %d", p.R, maxScryptR)
	}
	if p.P < 1 || p.P > maxScryptP {
		bad("PASSWORD_SCRYPT_P", "%d is not between 1 and %d", p.P, maxScryptP)
	}
	if p.N < 2 || bits.OnesCount(uint(p.N)) != 1 {
		bad("PASSWORD_SCRYPT_N", "%d is no power of two", p.N)
	}
	if len(errs) == 0 && (p.N > MaxScrypt || p.N*p.R*p.P > MaxScrypt || p.memory() > MaxMemory) {
		bad("PASSWORD_SCRYPT_N", "%d with %d and %d is more than is ever verified", p.N, p.R, p.P)
	}
	return errors.Join(errs...)
}

func (p Scrypt) algorithm() string    { return nameScrypt }
func (p Scrypt) accepts([]byte) error { return nil }
func (p Scrypt) variable() string     { return "PASSWORD_SCRYPT_N" }
func (p Scrypt) memory() int64        { return int64(128*p.R*(p.N+p.P) + 256*p.R) }

// scryptFloor are the pairs of N and p, with an r of 8, of which OWASP wants one to be met.
var scryptFloor = [][2]int{{1 << 17, 1}, {1 << 16, 2}, {1 << 15, 3}, {1 << 14, 5}, {1 << 13, 10}}

func (p Scrypt) least() recipe { return Scrypt{2, 1, 1} }

func (p Scrypt) cheap() string {
	for _, least := range scryptFloor {
		if p.R >= 8 && p.N >= least[0] && p.P >= least[1] {
			return ""
		}
	}
	return fmt.Sprintf("scrypt with N=%d, r=%d, p=%d is "+belowFloor, p.N, p.R, p.P)
}

// maxStored is how many characters Django's column for a hash holds, and every accounts.Store.
const maxStored = 128

// length returns how many characters a hash has. Those of other algorithms are never too long.
func (p Scrypt) length() int {
	return len((&scryptHash{params: p, salt: strings.Repeat("s", saltLength), digest: make([]byte, scryptDigest)}).encode())
}

func (p Scrypt) make(password []byte) string {
	h := &scryptHash{params: p, salt: newSalt()}
	h.digest = h.derive(password)
	return h.encode()
}

// current does not look at the salt, as Django does not.
func (p Scrypt) current(stored hashed) bool {
	h, ok := stored.(*scryptHash)
	return ok && h.params == p
}

// missing counts blocks, and makes up for them with as large powers of two as fit.
func (p Scrypt) missing(stored hashed) (work []hashed) {
	h, ok := stored.(*scryptHash)
	if !ok {
		return nil
	}
	rest := p.N*p.P*p.R - h.params.N*h.params.P*h.params.R
	for n := p.N; n >= 2 && rest > p.N*p.P*p.R/64; n /= 2 {
		if times := min(rest/(n*p.R), maxScryptP); times > 0 {
			work = append(work, &scryptHash{params: Scrypt{n, p.R, times}, salt: h.salt, digest: make([]byte, scryptDigest)})
			rest -= n * p.R * times
		}
	}
	return work
}

// scryptHash is one hash.
type scryptHash struct {
	params Scrypt
	salt   string
	digest []byte
}

func parseScrypt(rest string) (hashed, error) {
	bad := func(why string) (hashed, error) { return nil, refused(nameScrypt, why) }
	fields := strings.Split(rest, "$")
	if len(fields) != 5 {
		return bad("is malformed")
	}
	n, okN := number(fields[0], MaxScrypt)
	r, okR := number(fields[2], maxScryptR)
	p, okP := number(fields[3], maxScryptP)
	h := &scryptHash{params: Scrypt{N: n, R: r, P: p}, salt: fields[1]}
	if !okN || !okR || !okP || h.params.validate() != nil {
		return bad("has malformed or excessive parameters")
	}
	if !validSalt(h.salt) {
		return bad("has a malformed, short or long salt")
	}
	var ok bool
	if h.digest, ok = decode(padded, fields[4]); !ok || len(h.digest) != scryptDigest {
		return bad("has a malformed, short or long digest")
	}
	return h, nil
}

func (h *scryptHash) algorithm() string { return nameScrypt }
func (h *scryptHash) memory() int64     { return h.params.memory() }

func (h *scryptHash) encode() string {
	return fmt.Sprintf("scrypt$%d$%s$%d$%d$%s", h.params.N, h.salt, h.params.R, h.params.P, padded.EncodeToString(h.digest))
}

func (h *scryptHash) derive(password []byte) []byte {
	key, err := scrypt.Key(password, []byte(h.salt), h.params.N, h.params.R, h.params.P, scryptDigest)
	if err != nil { // not within the bounds
		return nil
	}
	return key
}

func (h *scryptHash) verify(password []byte) bool {
	return subtle.ConstantTimeCompare(h.derive(password), h.digest) == 1
}

func (h *scryptHash) info() Info {
	return Info{
		Algorithm: nameScrypt, Weak: h.params.cheap(), Salt: len(h.salt),
		Parameters: fmt.Sprintf("N=%d, r=%d, p=%d", h.params.N, h.params.R, h.params.P),
	}
}
