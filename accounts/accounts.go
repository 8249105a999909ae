// Package accounts logs users in and out, and keeps others from doing so in their name.
//
// It protects from guessed passwords (attempts are counted before they are verified, and costly), from a login page
// that tells who has an account (unknown, wrong, locked, inactive: one answer, one amount of work), from stolen
// passwords (second factors, whose codes count once), from sessions that outlive a change of password, address or
// factor, and from links in mails that lead elsewhere (they begin with a configured origin).
//
//	a, err := accounts.New(accounts.Config{Store: store, Hasher: hasher, Policy: policy, Lockout: guard, Sessions: sessions, Ring: ring})
//	…
//	user, err := a.Login(w, r, name, password)
//	switch {
//	case err == nil: // logged in
//	case errors.Is(err, accounts.ErrFactorNeeded): // ask for a code, then call VerifyFactor
//	case errors.Is(err, accounts.ErrRefused): // one text, whatever the reason
//	}
//
// and, in any handler behind the sessions, [Current] says whose request it is. Package accounts/pages has the pages.
//
// Sessions carry Django's three values, so that with drivers/sqlstore's Django stores who is logged in here is logged
// in on a Django site with the same keys, and the reverse; reset links are Django's too.
//
// The package does not send mail (Config.Mail does), knows no groups or permissions beyond Staff, and does not verify
// addresses before they are used. A user name is no secret: who signs up learns whether one is taken.
package accounts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/password/policy"
	"github.com/airworthy-go/airworthy/session"
)

// Defaults of a Config.
const (
	DefaultResetTimeout = time.Hour
	DefaultFactorAge    = 15 * time.Minute
)

// FactorRule says who has to have a second factor.
type FactorRule string

// The rules. Who has to have one and has none can log in, and is sent to set one up by RequireLogin and RequireFactor.
const (
	FactorForStaff FactorRule = "staff"    // who may see the console; the default
	FactorForAll   FactorRule = "all"      // everybody
	FactorOptional FactorRule = "optional" // who wants one
)

// UnmarshalText sets r to the rule that word names.
func (r *FactorRule) UnmarshalText(word []byte) error {
	switch rule := FactorRule(word); rule {
	case FactorForStaff, FactorForAll, FactorOptional:
		*r = rule
		return nil
	}
	return errors.New("use staff, all or optional")
}

// Form returns how a rule is written, for errors and documents.
func (FactorRule) Form() string { return "one of staff, all, optional" }

// Message is a mail to one user. It is plain text.
type Message struct {
	To, Subject, Text string
}

// Config says how accounts are kept. Store, Hasher, Policy, Lockout, Sessions and Ring are needed; package airworthy
// fills in all but the Store.
type Config struct {
	// Store keeps the users; drivers/sqlstore has two. Factors keeps their second factors: nil for the Store itself, if
	// it can; otherwise there are none.
	Store   Store
	Factors FactorStore

	Hasher   *password.Hasher
	Policy   *policy.Policy
	Lockout  *lockout.Guard
	Sessions *session.Manager
	Ring     *keyring.Ring

	// Mail sends one message and returns when it is handed over. It is called from one goroutine at a time, not from
	// requests. Nil: no mail is sent, and nobody can reset a password.
	Mail func(context.Context, Message) error

	// Origin is where links in mails lead. It is never taken from a request, whose Host anybody chooses.
	Origin string `env:"SITE_ORIGIN" doc:"Where the site is on the internet, such as https://example.com: links in mails begin with it."`

	// Site is what the site is called in mails and in authenticator apps; the Origin's host if empty.
	Site string `env:"SITE_NAME" doc:"What the site calls itself in mails and authenticator apps; the host of SITE_ORIGIN if unset."`

	// ResetTimeout is how long a link that resets a password works; 0 for an hour. Django's is three days.
	ResetTimeout time.Duration `env:"PASSWORD_RESET_TIMEOUT" doc:"How long a link that resets a password works; an hour if 0."`

	// SecondFactor says who has to have a second factor; empty for the staff.
	SecondFactor FactorRule `env:"ACCOUNTS_SECOND_FACTOR" doc:"Who has to have a second factor: staff (if unset), all or optional."`

	// FactorAge is how long a second factor counts as fresh where one is demanded; 0 for 15 minutes.
	FactorAge time.Duration `env:"ACCOUNTS_FACTOR_AGE" doc:"How long a second factor counts as fresh; 15 minutes if 0."`

	// PagesPath is where the pages of accounts/pages are; "/account/" if empty. Where there are others, the paths that
	// links and redirects lead to are these; ResetPath is followed by the user's id and the token, as in Django's
	// password_reset_confirm.
	PagesPath                                   string
	LoginPath, StepUpPath, EnrolPath, ResetPath string

	// Cookies is common to all cookies of the site. InsecureCookie lets the cookie that remembers a device go over plain
	// http, for development.
	Cookies        cookies.Config
	InsecureCookie bool

	// Backends are the values of _auth_user_backend that are believed, the first of which is written; Django's
	// ModelBackend if empty. A Django site that shares the sessions has them in AUTHENTICATION_BACKENDS.
	Backends []string

	// Location is the TIME_ZONE of a Django site that shares reset links, whose times are local; nil for UTC.
	Location *time.Location

	// Logger gets the security events; nil for slog.Default().
	Logger *slog.Logger
}

// Accounts logs users in and out. It is safe for concurrent use.
type Accounts struct {
	cfg     Config
	origin  string
	session *keyring.MAC  // Django's session auth hash
	reset   *keyring.MAC  // Django's reset tokens
	factors *keyring.AEAD // seals what factors are made of
	devices *keyring.AEAD // seals the device cookie
	device  *cookies.Cookie

	refusals *httpx.Sampler // of the log

	mail struct {
		sync.Mutex
		queue  chan func(context.Context)
		stop   context.CancelFunc
		done   chan struct{}
		closed bool
	}
}

// Django's salts for what is no signed value: see reset.go and current.go.
const (
	saltSession = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
	saltReset   = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
)

// New returns Accounts, or every mistake in cfg.
func New(cfg Config) (*Accounts, error) {
	cfg = cfg.complete()
	err := cfg.validate()
	device, cookieErr := cookies.New(cfg.Cookies, cookies.Spec{
		Name: "device", MaxAge: deviceAge, SameSite: http.SameSiteLaxMode, Setting: "ACCOUNTS_DEVICE_COOKIE",
	})
	if err := errors.Join(err, cookieErr); err != nil {
		return nil, err
	}
	return &Accounts{
		cfg: cfg, origin: cfg.Origin, device: device,
		session: cfg.Ring.MAC(saltSession),
		reset:   cfg.Ring.MAC(saltReset),
		factors: cfg.Ring.AEAD(keyring.Context("accounts", "factor")),
		devices: cfg.Ring.AEAD(keyring.Context("accounts", "device")),

		refusals: httpx.NewSampler(time.Minute, refusalsOfAKind, refusalKinds),
	}, nil
}

func (c Config) complete() Config {
	if c.Factors == nil {
		c.Factors, _ = c.Store.(FactorStore)
	}
	if c.ResetTimeout == 0 {
		c.ResetTimeout = DefaultResetTimeout
	}
	if c.FactorAge == 0 {
		c.FactorAge = DefaultFactorAge
	}
	if c.SecondFactor == "" {
		c.SecondFactor = FactorForStaff
	}
	if len(c.Backends) == 0 {
		c.Backends = []string{"django.contrib.auth.backends.ModelBackend"}
	}
	if c.Location == nil {
		c.Location = time.UTC
	}
	if c.PagesPath == "" {
		c.PagesPath = "/account/"
	}
	for _, path := range []struct {
		p    *string
		name string
	}{{&c.LoginPath, "login/"}, {&c.StepUpPath, "step-up/"}, {&c.EnrolPath, "second-factor/"}, {&c.ResetPath, "reset/"}} {
		if *path.p == "" {
			*path.p = c.PagesPath + path.name
		}
	}
	if origin, err := url.Parse(c.Origin); c.Site == "" && err == nil {
		c.Site = origin.Hostname()
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("accounts: "+format, args...)) }
	for _, part := range []struct {
		missing bool
		name    string
	}{
		{c.Store == nil, "Store: use one of drivers/sqlstore, or NewMemory for a test"},
		{c.Hasher == nil, "Hasher: make one with password.New"},
		{c.Policy == nil, "Policy: make one with policy.New"},
		{c.Lockout == nil, "Lockout: make one with lockout.New"},
		{c.Sessions == nil, "Sessions: make them with session.New"},
		{c.Ring == nil, "Ring: make one with keyring.New"},
	} {
		if part.missing {
			bad("no %s", part.name)
		}
	}
	if c.Sessions != nil && !c.Sessions.Lists() {
		bad("the session store cannot end a user's sessions, as a change of password has to: use drivers/sqlstore, " +
			"drivers/redisstore or session.NewMemory")
	}
	if c.Origin == "" && c.Mail != nil {
		bad("SITE_ORIGIN: it is not set, and links in mails have to begin with something that no visitor chooses: " +
			"set it to https:// and the site's host")
	}
	return errors.Join(append(errs, c.Validate())...)
}

// Validate reports what is wrong with the settings that come from variables, before there is a store. [New] does so too.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("accounts: "+format, args...)) }
	c = c.complete()
	if c.Origin != "" && !validOrigin(c.Origin) {
		bad("SITE_ORIGIN: it has to be scheme and host alone: write https://example.com")
	}
	if len(c.Site) > 255 || strings.ContainsFunc(c.Site, unicode.IsControl) {
		bad("SITE_NAME: it is longer than 255 bytes or not on one line: write a short name, without control characters")
	}
	if c.ResetTimeout < time.Minute || c.ResetTimeout > 30*24*time.Hour {
		bad("PASSWORD_RESET_TIMEOUT: %s is not between a minute and 30 days: leave it unset, or write one such as 1h", c.ResetTimeout)
	}
	if c.FactorAge < time.Minute || c.FactorAge > 24*time.Hour {
		bad("ACCOUNTS_FACTOR_AGE: %s is not between a minute and a day: leave it unset, or write one such as 15m", c.FactorAge)
	}
	return errors.Join(errs...)
}

func validOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.Opaque == "" &&
		u.Scheme+"://"+u.Host == origin
}

// Close waits until the mails that were asked for are handed over, a few seconds at most.
func (a *Accounts) Close() error { return a.closeMail() }
