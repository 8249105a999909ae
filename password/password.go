// Package password turns passwords into Django's encoded hashes and back, with a bound on how many at a time.
//
// It protects from what a stolen table of passwords gives away, from parameters that grew old, from logins that tell by
// their time which users there are, and from a flood of logins that takes all the memory.
//
//	hasher, err := password.New(password.Config{})
//	…
//	encoded, err := hasher.Hash(ctx, typed)
//	…
//	verdict, err := hasher.Verify(ctx, typed, user.Password) // "" where there is no such user
//	if verdict.Upgrade {
//		encoded, err = hasher.Hash(ctx, typed) // and keep it
//	}
//
// The formats are Django's: argon2, pbkdf2_sha256, pbkdf2_sha1, scrypt, bcrypt_sha256 and bcrypt. Whatever the database
// holds is parsed strictly and within bounds: see [Inspect] and the constants.
//
// # Text
//
// A password is UTF-8 of at most [MaxLength] bytes, in which spaces count. With the preset [OWASP] it is hashed in its
// NFKC form, as NIST SP 800-63B asks, so that it can be typed on any keyboard; where what was typed is different from
// that, verification accepts what was typed too, and always computes both. With the presets of Django it is hashed
// exactly as it was typed, as Django does.
//
// # What it does not do
//
// It does not say which passwords may be chosen (package policy does), counts no failures (package lockout does) and
// keeps nothing. It has no pepper: a hash must be readable by Django.
package password

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// MaxLength is how many bytes a password may have. Whoever lifted it would let strangers have megabytes hashed.
const MaxLength = 4096

// Errors of Hash. None of them holds the password or a part of it.
var (
	ErrEmpty   = errors.New("password: the password is empty")
	ErrTooLong = errors.New("password: the password is too long")
	ErrText    = errors.New("password: the password is not text that can be hashed")
)

// BusyError says that too many passwords are being hashed. Answer it with 503 and Retry-After.
type BusyError struct {
	RetryAfter time.Duration // whole seconds, at least one
}

// Error says when to try again.
func (e *BusyError) Error() string {
	return fmt.Sprintf("password: too many passwords are being hashed: try again in %s", e.RetryAfter)
}

// Verdict is what Verify found.
type Verdict struct {
	OK bool // the password is the one that was hashed

	// Upgrade asks for a new hash of the same password, because algorithm, parameters or salt are not those that Hash
	// would use. It is worth something only with OK. The rule is Django's, so that the two do not undo each other's.
	Upgrade bool
}

// Hasher hashes and verifies. It is made by [New] and safe for concurrent use.
type Hasher struct {
	preferred recipe
	enabled   map[string]bool
	nfkc      bool
	slots     *slots
	memory    *meter
	typical   *typical
	logger    *slog.Logger
	events    *httpx.Sampler
}

// New returns a Hasher, or every mistake in cfg.
func New(cfg Config) (*Hasher, error) {
	full, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	h := &Hasher{
		preferred: full.recipe(),
		enabled:   map[string]bool{},
		nfkc:      full.Preset == OWASP,
		memory:    newMeter(int64(full.Memory)),
		typical:   &typical{},
		logger:    cfg.Logger,
		events:    httpx.NewSampler(time.Minute, 10, 64),
	}
	for _, name := range full.Hashers {
		h.enabled[name] = true
	}
	h.slots = newSlots(full.Parallel, full.Wait, h.typical)
	return h, nil
}

// Hash returns a new encoded hash of password. The error is ErrEmpty, ErrTooLong or ErrText, a *BusyError, or ctx's.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if password == "" {
		return "", ErrEmpty
	}
	forms, err := h.forms(password)
	if err != nil {
		return "", err
	}
	chosen := []byte(forms[0])
	if err := h.preferred.accepts(chosen); err != nil {
		return "", err
	}
	release, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return h.make(chosen), nil
}

// Verify reports whether password is the one that encoded was made of. It takes as long for what can be nobody's: an
// empty encoding, by which a caller says that there is no such user, one that is not [Usable], and one that is unknown,
// malformed or beyond the bounds, which is logged besides. It also takes as long for a hash that is older and cheaper,
// whether or not the password is right; one that costs more takes longer until it is upgraded.
//
// The error is a *BusyError or ctx's. A password that Hash would refuse for its length or bytes is wrong, at once, whoever
// is asked for.
func (h *Hasher) Verify(ctx context.Context, password, encoded string) (Verdict, error) {
	forms, err := h.forms(password)
	if err != nil || password == "" {
		return Verdict{}, nil
	}
	stored := h.identify(ctx, encoded)
	release, err := h.enter(ctx)
	if err != nil {
		return Verdict{}, err
	}
	defer release()
	return h.judge(forms, stored), nil
}

// identify takes encoded apart. It returns nil for what nobody can log in with.
func (h *Hasher) identify(ctx context.Context, encoded string) hashed {
	if encoded == "" || !Usable(encoded) {
		return nil
	}
	stored, err := parse(encoded)
	switch {
	case err != nil:
	case !h.enabled[stored.algorithm()]:
		err = refused(stored.algorithm(), "is not among PASSWORD_HASHERS")
	case stored.memory() > h.memory.limit:
		err = refused(stored.algorithm(), "needs more than PASSWORD_MEMORY")
	default:
		return stored
	}
	h.event(ctx, "airworthy.security.HashRefused", err)
	return nil
}

// judge does the work of one verification. Its amount does not depend on whether the password is right: who is refused
// for another reason, such as a lock, must not learn that it was.
func (h *Hasher) judge(forms []string, stored hashed) Verdict {
	if stored == nil {
		for _, form := range forms {
			h.make([]byte(form))
		}
		return Verdict{}
	}
	begin, current := time.Now(), h.preferred.current(stored)
	matched := -1
	for i, form := range forms {
		if h.verify(stored, []byte(form), current) && matched < 0 {
			matched = i
		}
	}
	if !current {
		h.harden(forms, stored, begin)
	}
	if matched < 0 {
		return Verdict{}
	}
	return Verdict{OK: true, Upgrade: !current || matched > 0}
}

// verify computes one hash. One at the parameters that are in use also tells how long these take.
func (h *Hasher) verify(stored hashed, form []byte, current bool) bool {
	defer h.memory.reserve(stored.memory())()
	begin := time.Now()
	ok := stored.verify(form)
	if current {
		h.typical.add(time.Since(begin))
	}
	return ok
}

// make computes one new hash.
func (h *Hasher) make(form []byte) string {
	defer h.memory.reserve(h.preferred.memory())()
	begin := time.Now()
	encoded := h.preferred.make(form)
	h.typical.add(time.Since(begin))
	return encoded
}

// harden spends what a hash with old parameters or of another algorithm has cost less than one that Hash makes, so that the
// time does not tell how old an account is, and that it exists.
func (h *Hasher) harden(forms []string, stored hashed, begin time.Time) {
	// What hashes of one algorithm cost can be counted, unless they take memory: that is dearer while it is new to the process,
	// which depends on all else that it does. The clock knows, once it has seen some.
	usual := h.typical.get()
	if stored.algorithm() == h.preferred.algorithm() && (usual == 0 || h.preferred.memory() == 0) {
		for _, form := range forms {
			for _, extra := range h.preferred.missing(stored) {
				h.verify(extra, []byte(form), false)
			}
		}
		return
	}
	if usual == 0 { // nobody knows yet: this one learns it
		h.make([]byte(forms[0]))
		return
	}
	topUp(begin.Add(time.Duration(len(forms)) * usual))
}

// enter waits for a turn.
func (h *Hasher) enter(ctx context.Context) (release func(), err error) {
	if err := h.slots.acquire(ctx); err != nil {
		if _, busy := errors.AsType[*BusyError](err); busy {
			h.event(ctx, "airworthy.security.HashingBusy", err)
		}
		return nil, err
	}
	return h.slots.release, nil
}

// event logs a security event. The cause never holds a part of a hash.
func (h *Hasher) event(ctx context.Context, name string, cause error) {
	if unlogged, ok := h.events.Take(name); ok {
		httpx.Logger(h.logger).LogAttrs(ctx, slog.LevelWarn, "security event",
			slog.String("event", name), slog.Any("error", cause), slog.Uint64("unlogged", unlogged))
	}
}

// unusable is what the encodings begin with that nobody can log in with.
const unusable = "!"

// Usable reports whether encoded is meant to be a hash: whether it lacks the mark of [Unusable]. Like Django's it is true
// of an empty one, with which nobody can log in either.
func Usable(encoded string) bool { return !strings.HasPrefix(encoded, unusable) }

// Unusable returns an encoding that no password matches, for users who may not log in with one. Each is different, so
// that nothing that is derived from it, such as a link to reset a password, fits two users.
func Unusable() string { return unusable + randomString(40) }
