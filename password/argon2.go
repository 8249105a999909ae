package password

import (
	"cmp"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Argon2 has the parameters of new argon2id hashes. Zero fields are the preset's.
type Argon2 struct {
	Memory   int `env:"PASSWORD_ARGON2_MEMORY" doc:"KiB of memory that one argon2id hash takes; the preset's if 0."`
	Time     int `env:"PASSWORD_ARGON2_TIME" doc:"Passes of argon2id over its memory; the preset's if 0."`
	Parallel int `env:"PASSWORD_ARGON2_PARALLEL" doc:"Lanes of argon2id; the preset's if 0."`
}

const (
	argon2Digest = 32 // bytes, as argon2-cffi writes since 21.2
	argon2id     = "argon2id"
	argon2i      = "argon2i"
	minLaneKiB   = 8 // blocks of a KiB that argon2 needs for each lane
)

func (p *Argon2) fill(base Argon2) {
	fill(&p.Memory, base.Memory)
	fill(&p.Time, base.Time)
	fill(&p.Parallel, base.Parallel)
}

func (p Argon2) validate() error {
	var errs []error
	check := func(variable string, n, low, high int) {
		if n < low || n > high {
			errs = append(errs, fmt.Errorf("password: %s: %d is not between %d and %d: leave it unset for the preset's",
				variable, n, low, high))
		}
	}
	check("PASSWORD_ARGON2_TIME", p.Time, 1, MaxPasses)
	check("PASSWORD_ARGON2_PARALLEL", p.Parallel, 1, MaxLanes)
	least, most := minLaneKiB*max(1, min(p.Parallel, MaxLanes)), MaxMemory>>10
	if p.Time >= 1 && p.Time <= MaxPasses { // others are a fault by themselves, which is not the memory's
		most = min(most, MaxArgon2/p.Time)
	}
	check("PASSWORD_ARGON2_MEMORY", p.Memory, least, most)
	return errors.Join(errs...)
}

func (p Argon2) algorithm() string    { return nameArgon2 }
func (p Argon2) accepts([]byte) error { return nil }
func (p Argon2) variable() string     { return "PASSWORD_ARGON2_MEMORY" }
func (p Argon2) memory() int64        { return argon2Memory(p.Memory, p.Parallel) }

// argon2Memory returns what a hash takes: its blocks, and three more on the stack of each lane.
func argon2Memory(kib, lanes int) int64 { return int64(kib+8*lanes) << 10 }

// argon2Floor are the pairs of memory in KiB and passes of which OWASP wants one to be met.
var argon2Floor = [][2]int{{47104, 1}, {19456, 2}, {12288, 3}, {9216, 4}, {7168, 5}}

func (p Argon2) least() recipe { return Argon2{minLaneKiB * p.Parallel, 1, p.Parallel} }

func (p Argon2) cheap() string {
	for _, least := range argon2Floor {
		if p.Memory >= least[0] && p.Time >= least[1] {
			return ""
		}
	}
	return fmt.Sprintf("argon2id with %d KiB and t=%d is "+belowFloor, p.Memory, p.Time)
}

func (p Argon2) with(salt string) *argon2Hash {
	return &argon2Hash{variety: argon2id, params: p, salt: salt}
}

func (p Argon2) make(password []byte) string {
	h := p.with(newSalt())
	h.digest = h.derive(password, argon2Digest)
	return h.encode()
}

func (p Argon2) current(stored hashed) bool {
	h, ok := stored.(*argon2Hash)
	return ok && h.variety == argon2id && h.params == p && len(h.digest) == argon2Digest && !shortSalt(len(h.salt))
}

// freshMemory is the part of a pass that it costs to get the memory for a hash from the system and to clear it, as was
// measured in a server under load. Two hashes pay for it twice.
const freshMemory = 0.1

// blocks is the time of a hash, in KiB that are passed over once.
func (p Argon2) blocks() int { return p.Memory*p.Time + int(freshMemory*float64(p.Memory)) }

// missing counts blocks: the time of argon2 grows with memory times passes.
func (p Argon2) missing(stored hashed) (work []hashed) {
	h, ok := stored.(*argon2Hash)
	if !ok {
		return nil
	}
	rest := p.blocks() - h.params.blocks()
	spend := func(part Argon2) {
		if part.Time > 0 && part.Memory >= minLaneKiB*part.Parallel {
			extra := part.with(h.salt)
			extra.digest = make([]byte, argon2Digest)
			work = append(work, extra)
			rest -= part.blocks()
		}
	}
	spend(Argon2{p.Memory, int(float64(rest)/float64(p.Memory) - freshMemory), p.Parallel})
	spend(Argon2{int(float64(rest) / (1 + freshMemory)), 1, p.Parallel})
	return work
}

// argon2Hash is one hash. The salt is that of the computation, not its base64.
type argon2Hash struct {
	variety string
	params  Argon2
	salt    string
	digest  []byte
}

func parseArgon2(rest string) (hashed, error) {
	bad := func(why string) (hashed, error) { return nil, refused(nameArgon2, why) }
	fields := strings.Split(rest, "$")
	if len(fields) != 5 {
		return bad("is malformed")
	}
	h := &argon2Hash{variety: fields[0]}
	if h.variety != argon2id && h.variety != argon2i {
		return bad("is neither argon2id nor argon2i")
	}
	if fields[1] != "v=19" {
		return bad("is of another version than 19")
	}
	if !h.params.parse(fields[2]) {
		return bad("has malformed or excessive parameters")
	}
	salt, ok := decode(unpadded, fields[3])
	if !ok || len(salt) < MinSalt || len(salt) > MaxSalt {
		return bad("has a malformed, short or long salt")
	}
	h.salt = string(salt)
	if h.digest, ok = decode(unpadded, fields[4]); !ok || len(h.digest) < MinDigest || len(h.digest) > MaxDigest {
		return bad("has a malformed, short or long digest")
	}
	return h, nil
}

// parse reads m=…,t=…,p=… and reports whether it is within the bounds.
func (p *Argon2) parse(text string) bool {
	values := strings.Split(text, ",")
	if len(values) != 3 {
		return false
	}
	read := func(i int, name string, limit int) (n int) {
		if text, ok := strings.CutPrefix(values[i], name); ok {
			if n, ok := number(text, limit); ok {
				return n
			}
		}
		return 0
	}
	*p = Argon2{Memory: read(0, "m=", MaxMemory>>10), Time: read(1, "t=", MaxPasses), Parallel: read(2, "p=", MaxLanes)}
	return p.Memory > 0 && p.Time > 0 && p.Parallel > 0 && p.validate() == nil
}

func (h *argon2Hash) algorithm() string { return nameArgon2 }
func (h *argon2Hash) memory() int64     { return h.params.memory() }

func (h *argon2Hash) encode() string {
	salt, digest := unpadded.EncodeToString([]byte(h.salt)), unpadded.EncodeToString(h.digest)
	return fmt.Sprintf("argon2$%s$v=%d$m=%d,t=%d,p=%d$%s$%s",
		h.variety, argon2.Version, h.params.Memory, h.params.Time, h.params.Parallel, salt, digest)
}

func (h *argon2Hash) derive(password []byte, length int) []byte {
	key := argon2.IDKey
	if h.variety == argon2i {
		key = argon2.Key
	}
	p := h.params
	return key(password, []byte(h.salt), uint32(p.Time), uint32(p.Memory), uint8(p.Parallel), uint32(length))
}

func (h *argon2Hash) verify(password []byte) bool {
	return subtle.ConstantTimeCompare(h.derive(password, len(h.digest)), h.digest) == 1
}

func (h *argon2Hash) info() Info {
	weak := h.params.cheap()
	if h.variety == argon2i {
		weak = cmp.Or(weak, "argon2i withstands graphics processors less than argon2id")
	}
	return Info{
		Algorithm: nameArgon2, Variety: h.variety, Weak: weak, Salt: len(h.salt),
		Parameters: fmt.Sprintf("m=%d KiB, t=%d, p=%d", h.params.Memory, h.params.Time, h.params.Parallel),
	}
}
