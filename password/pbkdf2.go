package password

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"hash"
	"strings"
	"unicode/utf8"
)

// PBKDF2 has the parameters of new PBKDF2 hashes, with SHA-256 and SHA-1 alike. Zero fields are the preset's.
type PBKDF2 struct {
	Iterations int `env:"PASSWORD_PBKDF2_ITERATIONS" doc:"Iterations of PBKDF2; the preset's if 0."`
}

const pbkdf2Variable = "PASSWORD_PBKDF2_ITERATIONS"

func (p PBKDF2) validate() error {
	if p.Iterations < 1 || p.Iterations > MaxIterations {
		return fmt.Errorf("password: %s: %d is not between 1 and %d: leave it unset for the preset's",
			pbkdf2Variable, p.Iterations, MaxIterations)
	}
	return nil
}

// OWASP's least iterations.
const (
	pbkdf2FloorSHA256 = 600_000
	pbkdf2FloorSHA1   = 1_300_000
)

// pbkdf2Recipe makes hashes with either digest.
type pbkdf2Recipe struct {
	PBKDF2
	sha1 bool
}

func (r pbkdf2Recipe) algorithm() string    { return pbkdf2Name(r.sha1) }
func (r pbkdf2Recipe) accepts([]byte) error { return nil }
func (r pbkdf2Recipe) memory() int64        { return 0 }
func (r pbkdf2Recipe) variable() string     { return pbkdf2Variable }
func (r pbkdf2Recipe) cheap() string        { return pbkdf2Cheap(r.sha1, r.Iterations) }

func (r pbkdf2Recipe) least() recipe { return pbkdf2Recipe{PBKDF2{1}, r.sha1} }

func pbkdf2Cheap(sha1 bool, iterations int) string {
	floor := pbkdf2FloorSHA256
	if sha1 {
		floor = pbkdf2FloorSHA1
	}
	if iterations >= floor {
		return ""
	}
	return fmt.Sprintf("%s with %d iterations is "+belowFloor, pbkdf2Name(sha1), iterations)
}

func pbkdf2Name(sha1 bool) string {
	if sha1 {
		return namePBKDF2SHA1
	}
	return namePBKDF2SHA256
}

func (r pbkdf2Recipe) make(password []byte) string {
	h := &pbkdf2Hash{sha1: r.sha1, iterations: r.Iterations, salt: newSalt()}
	h.digest = h.derive(password)
	return h.encode()
}

func (r pbkdf2Recipe) current(stored hashed) bool {
	h, ok := stored.(*pbkdf2Hash)
	return ok && h.sha1 == r.sha1 && h.iterations == r.Iterations && !shortSalt(utf8.RuneCountInString(h.salt))
}

func (r pbkdf2Recipe) missing(stored hashed) []hashed {
	h, ok := stored.(*pbkdf2Hash)
	if !ok || h.iterations >= r.Iterations {
		return nil
	}
	extra := *h
	extra.iterations = r.Iterations - h.iterations
	return []hashed{&extra}
}

// pbkdf2Hash is one hash.
type pbkdf2Hash struct {
	sha1       bool
	iterations int
	salt       string
	digest     []byte
}

func parsePBKDF2(name, rest string) (hashed, error) {
	fields := strings.Split(rest, "$")
	if len(fields) != 3 {
		return nil, refused(name, "is malformed")
	}
	h := &pbkdf2Hash{sha1: name == namePBKDF2SHA1, salt: fields[1]}
	var ok bool
	if h.iterations, ok = number(fields[0], MaxIterations); !ok {
		return nil, refused(name, "has malformed or excessive parameters")
	}
	if !validSalt(h.salt) {
		return nil, refused(name, "has a malformed, short or long salt")
	}
	if h.digest, ok = decode(padded, fields[2]); !ok || len(h.digest) != h.size() {
		return nil, refused(name, "has a malformed, short or long digest")
	}
	return h, nil
}

func (h *pbkdf2Hash) size() int {
	if h.sha1 {
		return sha1.Size
	}
	return sha256.Size
}

func (h *pbkdf2Hash) algorithm() string { return pbkdf2Name(h.sha1) }
func (h *pbkdf2Hash) memory() int64     { return 0 }

func (h *pbkdf2Hash) encode() string {
	return fmt.Sprintf("%s$%d$%s$%s", h.algorithm(), h.iterations, h.salt, padded.EncodeToString(h.digest))
}

func (h *pbkdf2Hash) derive(password []byte) []byte {
	digest := func() hash.Hash { return sha256.New() }
	if h.sha1 {
		digest = func() hash.Hash { return sha1.New() }
	}
	key, err := pbkdf2.Key(digest, string(password), []byte(h.salt), h.iterations, h.size())
	if err != nil { // in FIPS mode alone: then nothing is verified
		return nil
	}
	return key
}

func (h *pbkdf2Hash) verify(password []byte) bool {
	return subtle.ConstantTimeCompare(h.derive(password), h.digest) == 1
}

func (h *pbkdf2Hash) info() Info {
	return Info{
		Algorithm: h.algorithm(), Weak: pbkdf2Cheap(h.sha1, h.iterations), Salt: len(h.salt),
		Parameters: fmt.Sprintf("%d iterations", h.iterations),
	}
}
