package password

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// Bcrypt has the parameters of new bcrypt hashes. Zero fields are the preset's.
type Bcrypt struct {
	Cost int `env:"PASSWORD_BCRYPT_COST" doc:"Cost of bcrypt, each step twice the work; the preset's if 0."`
}

const (
	bcryptVariable = "PASSWORD_BCRYPT_COST"
	bcryptFloor    = 10 // OWASP's
	bcryptInput    = 72 // bytes that bcrypt looks at
	bcryptSalt     = 22 // characters, and the next
	bcryptDigest   = 31
	bcryptLetters  = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

func (p Bcrypt) validate() error {
	if p.Cost < bcrypt.MinCost || p.Cost > MaxCost {
		return fmt.Errorf("password: %s: %d is not between %d and %d: leave it unset for the preset's",
			bcryptVariable, p.Cost, bcrypt.MinCost, MaxCost)
	}
	return nil
}

// bcryptRecipe makes hashes of the password, or of its SHA-256.
type bcryptRecipe struct {
	Bcrypt
	sha256 bool
}

func (r bcryptRecipe) algorithm() string { return bcryptName(r.sha256) }
func (r bcryptRecipe) memory() int64     { return 0 }
func (r bcryptRecipe) variable() string  { return bcryptVariable }
func (r bcryptRecipe) cheap() string     { return bcryptCheap(r.Cost) }

func (r bcryptRecipe) least() recipe { return bcryptRecipe{Bcrypt{bcrypt.MinCost}, r.sha256} }

func bcryptCheap(cost int) string {
	if cost >= bcryptFloor {
		return ""
	}
	return fmt.Sprintf("bcrypt with a cost of %d is "+belowFloor, cost)
}

func bcryptName(sha256 bool) string {
	if sha256 {
		return nameBcryptSHA256
	}
	return nameBcrypt
}

// accepts refuses what bcrypt alone would cut off: what is behind 72 bytes, and in other implementations a zero byte.
func (r bcryptRecipe) accepts(password []byte) error {
	switch {
	case r.sha256:
		return nil
	case len(password) > bcryptInput:
		return fmt.Errorf("%w: bcrypt takes %d bytes", ErrTooLong, bcryptInput)
	case bytes.IndexByte(password, 0) >= 0:
		return fmt.Errorf("%w: bcrypt takes no zero byte", ErrText)
	}
	return nil
}

// bcryptInputOf returns what bcrypt itself is given. Of what is too long it looks at the first 72 bytes: no hash is made of such
// a password, but one that another program made can be verified.
func bcryptInputOf(password []byte, hashed bool) []byte {
	if hashed {
		sum := sha256.Sum256(password)
		return []byte(hex.EncodeToString(sum[:]))
	}
	return password[:min(len(password), bcryptInput)]
}

func (r bcryptRecipe) make(password []byte) string {
	made, err := bcrypt.GenerateFromPassword(bcryptInputOf(password, r.sha256), r.Cost)
	if err != nil { // the cost is within bounds and the password is not too long
		return Unusable()
	}
	made[2] = 'b' // x/crypto writes 2a and has none of the faults for which 2b was introduced
	return r.algorithm() + "$" + string(made)
}

// current does not look at the version, as Django does not.
func (r bcryptRecipe) current(stored hashed) bool {
	h, ok := stored.(*bcryptHash)
	return ok && h.sha256 == r.sha256 && h.cost == r.Cost
}

// missing doubles: 2^c and 2^c, 2^(c+1) and so on up to the cost before ours are together 2^ours.
func (r bcryptRecipe) missing(stored hashed) (work []hashed) {
	h, ok := stored.(*bcryptHash)
	if !ok {
		return nil
	}
	for cost := h.cost; cost < r.Cost; cost++ {
		extra := *h
		extra.cost = cost
		work = append(work, &extra)
	}
	return work
}

// bcryptHash is one hash. Salt and digest are as they are written.
type bcryptHash struct {
	sha256       bool
	version      string // 2a, 2b or 2y
	cost         int
	salt, digest string
}

func parseBcrypt(name, rest string) (hashed, error) {
	bad := func(why string) (hashed, error) { return nil, refused(name, why) }
	fields := strings.Split(rest, "$") // "", version, cost, salt and digest
	if len(fields) != 4 || fields[0] != "" {
		return bad("is malformed")
	}
	h := &bcryptHash{sha256: name == nameBcryptSHA256, version: fields[1]}
	if h.version != "2a" && h.version != "2b" && h.version != "2y" {
		return bad("is of an unknown version")
	}
	cost, ok := number(strings.TrimPrefix(fields[2], "0"), MaxCost)
	if !ok || len(fields[2]) != 2 || cost < bcrypt.MinCost {
		return bad("has malformed or excessive parameters")
	}
	h.cost = cost
	if len(fields[3]) != bcryptSalt+bcryptDigest || strings.Trim(fields[3], bcryptLetters) != "" {
		return bad("has a malformed, short or long salt or digest")
	}
	h.salt, h.digest = fields[3][:bcryptSalt], fields[3][bcryptSalt:]
	// The last character of each has bits that mean nothing and are zero.
	last := func(s string) int { return strings.IndexByte(bcryptLetters, s[len(s)-1]) }
	if last(h.salt)%16 != 0 || last(h.digest)%4 != 0 {
		return bad("has a malformed, short or long salt or digest")
	}
	return h, nil
}

func (h *bcryptHash) algorithm() string { return bcryptName(h.sha256) }
func (h *bcryptHash) memory() int64     { return 0 }
func (h *bcryptHash) plain() string {
	return fmt.Sprintf("$%s$%02d$%s%s", h.version, h.cost, h.salt, h.digest)
}
func (h *bcryptHash) encode() string { return h.algorithm() + "$" + h.plain() }

func (h *bcryptHash) verify(password []byte) bool {
	return bcrypt.CompareHashAndPassword([]byte(h.plain()), bcryptInputOf(password, h.sha256)) == nil
}

func (h *bcryptHash) info() Info {
	info := Info{
		Algorithm: h.algorithm(), Variety: h.version, Weak: bcryptCheap(h.cost), Salt: 16,
		Parameters: fmt.Sprintf("cost %d", h.cost),
	}
	if info.Weak == "" && !h.sha256 {
		info.Weak = "bcrypt looks at the first 72 bytes of a password only"
	}
	return info
}
