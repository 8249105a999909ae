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
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Shortest passwords, in code points.
const (
	NISTSingleFactor = 15 // NIST SP 800-63B-4, 3.1.1.2: where the password alone lets somebody in
	NISTMultiFactor  = 8  // the same, where a second factor is required of everybody
	Django           = 8  // what Django's MinimumLengthValidator asks for
)

// How long a password may be. Whoever generates one stays far below.
const (
	defaultMaxBytes = 4096
	maxMaxBytes     = 1 << 20
)

// Config says which rules passwords are held to. The zero Config has all of Django's four, with NIST's length.
type Config struct {
	// MinLength is how many code points a password has at least; 0 for NIST's number: NISTMultiFactor where
	// SecondFactor is set, NISTSingleFactor elsewhere.
	MinLength int `env:"PASSWORD_MIN_LENGTH" doc:"Characters that a password has at least; 15 if 0, or 8 where everybody needs a second factor."`

	// SecondFactor says that nobody gets in with a password alone.
	SecondFactor bool

	// AsTyped holds a password only to what was typed, as Django does. Without it the rules are also held to its NFKC form,
	// in which a full-width p is a p: that is what package password hashes unless its preset is one of Django's. The
	// root connects the two.
	AsTyped bool

	// MaxBytes is how many bytes of UTF-8 a password may have, so that judging it is bounded work; 0 for 4096, which
	// is what package password takes.
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
	cfg      Config
	common   map[string]struct{} // of the file
	breached breached
	sample   *httpx.Sampler
}

// New returns the policy that cfg describes. The error holds every mistake: a file that cannot be used is one.
func New(cfg Config) (*Policy, error) {
	p := &Policy{cfg: cfg, sample: httpx.NewSampler(time.Minute, 10, 4)}
	p.cfg.MinLength = cfg.minLength()
	p.cfg.MaxSimilarity = cmp.Or(cfg.MaxSimilarity, defaultSimilarity)
	p.cfg.MaxBytes = cmp.Or(cfg.MaxBytes, defaultMaxBytes)
	p.cfg.Attributes = slices.Clone(cfg.Attributes)
	p.cfg.Validators = slices.Clone(cfg.Validators)
	errs := p.cfg.faults()
	if cfg.CommonFile != "" {
		var err error
		if p.common, err = readCommon(cfg.CommonFile); err != nil {
			errs = append(errs, commonFault(err))
		}
	}
	var err error
	if p.breached, err = openBreached(cfg); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// faults returns what is wrong with the numbers and what contradicts itself.
func (c Config) faults() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("policy: "+format, args...)) }
	if c.MinLength < 0 {
		bad("PASSWORD_MIN_LENGTH: %d is negative: set a number of characters, such as %d", c.MinLength, NISTSingleFactor)
	}
	if c.MaxBytes < 64 || c.MaxBytes > maxMaxBytes {
		bad("MaxBytes: %d is no sensible bound: choose from 64 to %d", c.MaxBytes, maxMaxBytes)
	} else if c.MinLength > c.MaxBytes {
		bad("PASSWORD_MIN_LENGTH: %d is more than a password may have, which is %d bytes: set a number of characters, such as %d",
			c.MinLength, c.MaxBytes, NISTSingleFactor)
	}
	if s := c.MaxSimilarity; !(s >= minSimilarity && s <= 1) {
		bad("PASSWORD_MAX_SIMILARITY: %v is not between 0.1 and 1: set a ratio, such as 0.7", s)
	}
	if c.BreachedTimeout < 0 {
		bad("PASSWORD_BREACHED_TIMEOUT: %s is negative: give the service some time, such as 3s", c.BreachedTimeout)
	}
	if c.InsecureCommonFileOnly && c.CommonFile == "" {
		bad("PASSWORD_COMMON_FILE_ONLY: there is no file: set PASSWORD_COMMON_FILE to one")
	}
	if slices.Contains(c.Validators, nil) {
		bad("Validators: one is nil: leave it out")
	}
	return errs
}

// commonFault says which setting an error of the list of common passwords is about.
func commonFault(err error) error {
	return fmt.Errorf("policy: PASSWORD_COMMON_FILE: the file cannot be used: %w: give a list with one password on each line, as text or gzip", err)
}

// Close closes the filter. Passwords cannot be judged after it if there is one.
func (p *Policy) Close() error { return p.breached.close() }

// Validate returns nil if the password may be chosen. A *[Refusal] says what is wrong with it, all of it, in the order of
// Django's rules. Any other error means that it could not be judged, and then it is not to be taken either. Neither repeats
// the password.
//
// The attributes are the user's: name, address and whatever else others know or guess; of each the first 64 KiB count. The
// range service is asked only about a password that nothing else refuses.
func (p *Policy) Validate(ctx context.Context, password string, attributes ...Attribute) error {
	if len(password) > p.cfg.MaxBytes {
		return &Refusal{[]Problem{tooLong()}}
	}
	all := append(slices.Clip(attributes), p.cfg.Attributes...)
	forms := p.forms(password, all)
	problems := p.django(forms)
	var errs []error
	for _, v := range p.cfg.Validators {
		found, err := v.Validate(ctx, password, all)
		problems = append(problems, found...)
		if err != nil {
			errs = append(errs, fmt.Errorf("policy: a rule of the application could not judge the password: %w", err))
		}
	}
	known, err := p.isBreached(ctx, forms, len(problems) == 0)
	if known {
		problems = append(problems, breachedProblem())
	}
	if err != nil {
		errs = append(errs, err)
	}
	if len(problems) == 0 {
		return errors.Join(errs...)
	}
	for _, err := range errs {
		p.unjudged(ctx, err, false)
	}
	return &Refusal{problems}
}

// isBreached asks the filter and, if ask says so, the service. An error is none where the policy fails open.
func (p *Policy) isBreached(ctx context.Context, forms []form, ask bool) (known bool, err error) {
	for i, f := range forms {
		if i > 0 && f.password == forms[0].password {
			continue // only the attributes have another form
		}
		found, problem := p.breached.contains(ctx, f.password, ask)
		known, err = known || found, errors.Join(err, problem)
	}
	if err == nil || !p.cfg.InsecureBreachedFailOpen || ctx.Err() != nil {
		return known, err
	}
	p.unjudged(ctx, err, true)
	return known, nil
}

// unjudged logs that a rule could not say anything about a password, and whether that is all there is to it.
func (p *Policy) unjudged(ctx context.Context, err error, passes bool) {
	unlogged, ok := p.sample.Take()
	if !ok {
		return
	}
	httpx.Logger(p.cfg.Logger).WarnContext(ctx, "policy: a rule could not judge a password",
		"event", "airworthy.password.Unjudged", "error", err, "passed", passes, "unlogged", unlogged)
}

// Help returns what is asked of a password, in sentences for a form.
func (p *Policy) Help() []string {
	help := []string{fmt.Sprintf("Use at least %s. A few words that do not belong together are good.", characters(p.cfg.MinLength))}
	for _, rule := range []struct {
		on   bool
		text string
	}{
		{!p.cfg.InsecureNoSimilarity, "It must not be like your name, your address or anything else about you."},
		{!p.cfg.InsecureNoCommon, "It must not be a password that many people use."},
		{!p.cfg.InsecureNoNumeric, "It must not be made of digits only."},
		{p.breached.some(), "It must not have appeared in a data breach."},
	} {
		if rule.on {
			help = append(help, rule.text)
		}
	}
	for _, v := range p.cfg.Validators {
		if text := v.Help(); text != "" {
			help = append(help, text)
		}
	}
	return help
}
