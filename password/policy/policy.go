// Package policy says which passwords may be chosen.
//
// It protects from passwords that are guessed: those that many people use, that are short or only digits, that resemble the
// user's own name, or that were found in a breach. The rules and their codes are Django's; the length is that of NIST.
//
//	p, err := policy.New(policy.Config{BreachedFile: "/srv/breached.filter"})
//	…
//	err = p.Validate(ctx, password, policy.Attribute{Label: "username", Value: name})
//	if refusal, ok := errors.AsType[*policy.Refusal](err); ok {
//		show(refusal.Problems) // each with a code, and a sentence for whoever chose it
//	} else if err != nil {
//		return err // the password could not be judged: do not take it
//	}
//
// It knows no users and stores nothing. Nothing leaves the machine unless PASSWORD_BREACHED_URL says so, and then five of
// the forty digits of the password's SHA-1. It does not demand digits, capitals or punctuation, nor that passwords are
// changed from time to time: NIST SP 800-63B-4 advises against both. No error, message or log record repeats a password.
package policy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// Shortest passwords, in code points.
const (
	NISTSingleFactor = 15 // NIST SP 800-63B-4, 3.1.1.2: where the password alone lets somebody in
	NISTMultiFactor  = 8  // the same, where a second factor is required of everybody
	Django           = 8  // what Django's MinimumLengthValidator asks for
)

// defaultMaxBytes is how long a password may be. Whoever generates one stays far below.
const defaultMaxBytes = 4096

// Config says which rules passwords are held to. The zero Config has all of Django's four, with NIST's length.
type Config struct {
	// MinLength is how many code points a password has at least; 0 for NIST's number: NISTMultiFactor where
	// SecondFactor is set, NISTSingleFactor elsewhere.
	MinLength int `env:"PASSWORD_MIN_LENGTH" doc:"Characters that a password has at least; 15 if 0, or 8 where everybody needs a second factor."`

	// SecondFactor says that nobody gets in with a password alone.
	SecondFactor bool

	// MaxBytes is how long a password may be in UTF-8; 0 for 4096.
	MaxBytes int

	// MaxSimilarity is the ratio, from 0.1 to 1, from which on a password is too similar to an attribute; 0 for
	// Django's 0.7. A smaller one is stricter.
	MaxSimilarity float64 `env:"PASSWORD_MAX_SIMILARITY" doc:"From which ratio on a password is too similar to the user's name or address; 0.7 if 0."`

	// Attributes are compared with every password besides what Validate is given, such as the name of the site.
	Attributes []Attribute

	// CommonFile names a list of passwords that are refused besides those known here, one on each line in lower case,
	// as text or compressed with gzip: the form of Django's common-passwords.txt.gz. Empty for none.
	CommonFile string `env:"PASSWORD_COMMON_FILE" doc:"File with more passwords that are too common: one on each line, lower case, text or gzip."`

	// InsecureCommonFileOnly leaves out the passwords known here, so that CommonFile alone decides: for a site that has
	// to agree with a Django site to the letter.
	InsecureCommonFileOnly bool `env:"PASSWORD_COMMON_FILE_ONLY" doc:"Whether that file replaces the built-in list."`

	// BreachedFile names the filter of breached passwords, made by [BuildFilter]; empty for none.
	BreachedFile string `env:"PASSWORD_BREACHED_FILE" doc:"Filter file of breached passwords, which is asked without any outbound call."`

	// BreachedURL is where to ask for breached passwords by the first five digits of their SHA-1, such as
	// [PwnedPasswords]. Empty for nowhere: nothing is sent to anybody.
	BreachedURL string `env:"PASSWORD_BREACHED_URL" doc:"Range service that is asked for breached passwords; no outbound call if empty."`

	// BreachedTimeout is how long the service may take; 0 for three seconds.
	BreachedTimeout time.Duration `env:"PASSWORD_BREACHED_TIMEOUT" doc:"How long that service may take; 3 seconds if 0."`

	// InsecureBreachedHTTP lets BreachedURL be plain http: for tests, and for a service on the same machine.
	InsecureBreachedHTTP bool

	// InsecureBreachedFailOpen takes passwords for which neither filter nor service could say whether they are
	// breached. Without it Validate returns an error then, and the password is not to be taken.
	InsecureBreachedFailOpen bool `env:"PASSWORD_BREACHED_FAIL_OPEN" doc:"Whether passwords are taken when the filter or the service cannot be asked."`

	// Transport carries the requests to BreachedURL; nil for one of our own, with the proxy of the environment.
	Transport http.RoundTripper

	// Validators are rules of the application's own. They are asked last but one: before the service.
	Validators []Validator

	// These leave out a rule.
	InsecureNoSimilarity bool // passwords may be the user's own name
	InsecureNoCommon     bool // passwords may be those that everybody uses
	InsecureNoNumeric    bool // passwords may be digits only

	// Logger gets what could not be judged; nil means slog.Default().
	Logger *slog.Logger
}

// minLength returns the length that holds.
func (c Config) minLength() int {
	switch {
	case c.MinLength != 0:
		return c.MinLength
	case c.SecondFactor:
		return NISTMultiFactor
	}
	return NISTSingleFactor
}

// Policy judges passwords. It is made by [New] and safe for concurrent use.
type Policy struct {
	cfg    Config
	common map[string]struct{} // of the file
}

// New returns the policy that cfg describes. The error holds every mistake.
func New(cfg Config) (*Policy, error) {
	p := &Policy{cfg: cfg}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("policy: "+format, args...)) }
	if cfg.MinLength < 0 {
		bad("PASSWORD_MIN_LENGTH: %d is negative: set a number of characters, such as %d", cfg.MinLength, NISTSingleFactor)
	}
	p.cfg.MinLength = cfg.minLength()
	p.cfg.Attributes = slices.Clone(cfg.Attributes)
	p.cfg.Validators = slices.Clone(cfg.Validators)
	if p.cfg.MaxSimilarity == 0 {
		p.cfg.MaxSimilarity = defaultSimilarity
	}
	if p.cfg.MaxBytes == 0 {
		p.cfg.MaxBytes = defaultMaxBytes
	}
	if s := p.cfg.MaxSimilarity; !(s >= minSimilarity && s <= 1) {
		bad("PASSWORD_MAX_SIMILARITY: %v is not between 0.1 and 1: set a ratio, such as 0.7", s)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

// Validate returns nil if the password may be chosen. A *[Refusal] says what is wrong with it, all of it, in the order of
// Django's rules. Any other error means that it could not be judged, and then it is not to be taken either. Neither repeats
// the password.
//
// The attributes are the user's: name, address and whatever else others know or guess.
func (p *Policy) Validate(ctx context.Context, password string, attributes ...Attribute) error {
	if len(password) > p.cfg.MaxBytes {
		return &Refusal{[]Problem{tooLong()}}
	}
	problems := p.django(password, attributes)
	if problems != nil {
		return &Refusal{problems}
	}
	return nil
}

// django holds a password to the four rules.
func (p *Policy) django(password string, attributes []Attribute) (problems []Problem) {
	if !p.cfg.InsecureNoSimilarity {
		all := append(slices.Clip(attributes), p.cfg.Attributes...)
		if a, ok := similar(password, all, p.cfg.MaxSimilarity); ok {
			problems = append(problems, tooSimilar(a))
		}
	}
	if utf8.RuneCountInString(password) < p.cfg.MinLength {
		problems = append(problems, tooShort(p.cfg.MinLength))
	}
	if !p.cfg.InsecureNoCommon && p.isCommon(strip(lower(password))) {
		problems = append(problems, tooCommon())
	}
	if !p.cfg.InsecureNoNumeric && allDigits(password) {
		problems = append(problems, numeric())
	}
	return problems
}

func (p *Policy) isCommon(word string) bool {
	if _, ok := p.common[word]; ok {
		return true
	}
	return !p.cfg.InsecureCommonFileOnly && isCommon(word)
}

// Help returns what is asked of a password, in sentences for a form.
func (p *Policy) Help() []string {
	help := []string{fmt.Sprintf("Use at least %s; a few words together are good.", characters(p.cfg.MinLength))}
	return help
}
