// Package keyring holds the keys that everything signed or encrypted hangs on, and lets them be rotated while the
// application serves.
//
// It protects from a weak or published key, which lets anybody forge a login, and from rotations that log everybody
// out: what a fallback key signed stays valid until the fallback is dropped, and [Ring.Uses] says when that may be.
//
//	ring, err := keyring.New(keyring.Config{Key: key})
//	…
//	links := ring.MAC(keyring.Context("unsubscribe"))
//	mac := links.Sign(nil, []byte(address))
//
// A ring hands out purposes: [Ring.MAC] signs as Django does, [Ring.AEAD] encrypts. Each derives keys of its own from
// its context, so that what was made for one purpose is worth nothing for another, and each follows [Ring.Swap].
//
// The package does not store keys, does not fetch them and does not decide when to rotate.
package keyring

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/airworthy-go/airworthy/secret"
)

// Config says which keys a ring holds.
type Config struct {
	// Key signs and encrypts, and is the first that is tried when something signed comes back. There is no default.
	Key secret.Text `env:"SECRET_KEY" doc:"The key that signs and encrypts: 50 random characters or more."`

	// Fallbacks are keys that were in use before. They verify and decrypt, and never sign. Whoever learns one can
	// still forge, so drop them when [Ring.Uses] says that nothing needs them any more.
	Fallbacks []secret.Text `env:"SECRET_KEY_FALLBACKS" doc:"Former keys, newest first, that still verify what they signed."`

	// MaxAge is how old the current key may become before a check asks for another; 0 for a year. Only a key with a
	// [Label] has an age.
	MaxAge time.Duration `env:"SECRET_KEY_MAX_AGE" doc:"How old the key may become before the gate asks for a new one; a year if 0."`

	// Environment is the one that the keys are for: a key whose label names another is refused. Empty to judge none.
	// The root fills it in from what was loaded. A ring keeps it, so that a Swap need not repeat it.
	Environment string

	// Longest is how long what a key signed stays valid, that is the age of the longest session, so that it is known
	// when a fallback may go; 0 if that is not known. The root fills in the age of the sessions if it is longer.
	Longest time.Duration

	// InsecureWeak accepts keys that [Weakness] finds fault with: for tests, and for development on a key that
	// stands in the repository.
	InsecureWeak bool
}

// key is one key of a set and what is known of its use.
type key struct {
	secret secret.Text
	uses   *uses
}

// keySet is immutable. Purposes tell by its address whether the keys that they derived are up to date.
type keySet struct {
	keys        []key // the current one, then the fallbacks
	environment string
	replaced    chan struct{} // closed when another set has taken the place of this one
}

// Ring holds the keys. It is made by [New] and safe for concurrent use.
type Ring struct {
	swap sync.Mutex // held by those who change the set
	set  atomic.Pointer[keySet]
}

// New returns a ring of cfg's keys. It refuses an empty key and, unless InsecureWeak says otherwise, weak ones, naming
// the variable and what is wrong with its value, never the value.
func New(cfg Config) (*Ring, error) {
	r := &Ring{}
	if err := r.Swap(cfg); err != nil {
		return nil, err
	}
	return r, nil
}

// Swap replaces all keys at once. Every purpose follows: whatever begins after Swap has returned uses the keys of cfg.
// If cfg is refused the ring keeps the keys that it has.
func (r *Ring) Swap(cfg Config) error {
	r.swap.Lock()
	defer r.swap.Unlock()
	return r.replace(cfg)
}

func (r *Ring) replace(cfg Config) error {
	old, now := r.set.Load(), time.Now()
	if cfg.Environment == "" && old != nil {
		cfg.Environment = old.environment
	}
	if err := cfg.validate(); err != nil {
		return err
	}
	set := &keySet{
		keys:        []key{{cfg.Key, old.carry(cfg.Key, false, now)}},
		environment: cfg.Environment,
		replaced:    make(chan struct{}),
	}
	for _, fallback := range cfg.Fallbacks {
		if !set.holds(fallback) {
			set.keys = append(set.keys, key{fallback, old.carry(fallback, true, now)})
		}
	}
	r.set.Store(set)
	if old != nil {
		close(old.replaced)
	}
	return nil
}

// Restrict has the ring refuse keys of any other environment from now on, those that it holds included: the error is
// then that of [New], and the ring stays as it was. An empty environment restricts nothing.
func (r *Ring) Restrict(environment string) error {
	if environment == "" {
		return nil
	}
	r.swap.Lock()
	defer r.swap.Unlock()
	cfg := Config{Environment: environment, InsecureWeak: true} // how strong they are was judged when they came
	for i, k := range r.set.Load().keys {
		if i == 0 {
			cfg.Key = k.secret
		} else {
			cfg.Fallbacks = append(cfg.Fallbacks, k.secret)
		}
	}
	return r.replace(cfg)
}

// Changed returns a channel that is closed when the keys have been swapped once more.
func (r *Ring) Changed() <-chan struct{} { return r.set.Load().replaced }

// validate returns every mistake in cfg.
func (c Config) validate() error {
	judge := func(variable string, k secret.Text) error {
		if why := foreign(k, c.Environment); why != "" {
			return fmt.Errorf("keyring: %s: %s: set it to a key of this environment, such as the command %q prints, "+
				"and replace that of the other by \"key rotate\" there, because this environment has seen it",
				variable, why, c.generate())
		}
		switch why := Weakness(k); {
		case why == "" || c.InsecureWeak && !k.IsZero():
			return nil
		default:
			return fmt.Errorf("keyring: %s: %s: set it to a random value of 50 characters or more, "+
				"such as the command \"key generate\" prints", variable, why)
		}
	}
	errs := []error{judge(keySetting, c.Key)}
	for i, fallback := range c.Fallbacks {
		if err := judge(fmt.Sprintf("%s[%d]", fallbacksSetting, i), fallback); err != nil {
			errs = append(errs, fmt.Errorf("%w, or remove it", err))
		}
	}
	if c.MaxAge < 0 {
		errs = append(errs, fmt.Errorf("keyring: SECRET_KEY_MAX_AGE: %s is negative: give a year or less, such as 4320h", c.MaxAge))
	}
	return errors.Join(errs...)
}

// generate returns the command that makes a key for c's environment.
func (c Config) generate() string {
	if c.Environment == "" || !labelled(c.Environment) {
		return "key generate"
	}
	return "key generate --environment " + c.Environment
}

// holds reports whether k is in the set: a key that is listed twice need not be tried twice.
func (s *keySet) holds(k secret.Text) bool {
	for _, have := range s.keys {
		if have.secret.Equal(k) {
			return true
		}
	}
	return false
}
