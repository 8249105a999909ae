// Package logs sets up structured logs that can be trusted: one record, one line, no secrets, no control characters.
//
// It protects the reader of a log from what a client put there (line breaks that forge records, escape sequences that
// drive a terminal, bidirectional controls that reverse what is read) and the secrets of the site from its readers.
//
//	l, err := logs.New(logs.Config{Format: logs.JSON, Mask: mask})
//	…
//	handler = l.Handler(mux)
//	slog.SetDefault(l.Logger())
//
// Every record that is logged with a request's context gets the request's id and its client's address. The id is
// made when it is first asked for; one that a client sends counts only if a trusted proxy passed it on.
//
// # Events
//
// A record with an attribute "event" is for machines: the name is fixed, alerts may depend on it. Its level is Warn,
// or Error where the list says so. Besides "event" it has time, level, msg, request_id and client (the address by the
// proxy policy), and what the event itself knows (a host, a reason), never a secret. Of what clients can cause at will
// only so many are logged; the next record has the number of those that were not as "unlogged".
//
//	django.request                         a panic, answered with 500 (Error)
//	django.security.DisallowedHost         a Host that the site does not answer to
//	django.security.csrf                   a forged form, with its reason
//	django.security.SuspiciousSession      a session cookie or record that was tampered with
//	airworthy.security.ForwardingRefused   a trusted proxy said something that cannot be believed
//	airworthy.security.UntrustedProxy      most requests come by a proxy that nobody trusts
//	airworthy.security.RedirectLoop        a redirect to https arrives as http again
//	airworthy.security.CookieRefused       a doubled or malformed session cookie
//	airworthy.security.SessionInterrupted  a session ended while a request was still using it
//	airworthy.security.CSPViolation        a browser's report
//	airworthy.security.CSPReportsDropped   more of those came in a minute than are logged
//	airworthy.security.NonceLate           a nonce was asked for when the header had gone out
//	airworthy.security.NonceCacheable      an answer with a nonce may be stored by shared caches
//	airworthy.security.AdminEntered        a member of the staff is in the console, once a quarter of an hour
//	airworthy.security.AdminRefused        somebody who is logged in was kept out of the console, and why
//	airworthy.security.AdminAction         what somebody did in the console, and what came of it
//	airworthy.security.AdminDecoy          somebody asked for a path where scanners look for an admin
//	airworthy.security.Locked              too many failed logins: who is locked, why, for how long, and from where
//	airworthy.security.Unlocked            a lock was ended before its time, and by whom
//	airworthy.security.LoggedIn            somebody logged in, and whether with a second factor (Info)
//	airworthy.security.LoginRefused        a login, or a password that was asked for again, was refused, and why
//	airworthy.security.LoggedOut           somebody logged out (Info)
//	airworthy.security.SessionOutdated     a session ended that was begun under another password
//	airworthy.security.SessionEnded        sessions were ended by their owner (Info) or by an operator
//	airworthy.security.AccountCreated      somebody signed up (Info)
//	airworthy.security.AccountLocked       an operator made an account inactive
//	airworthy.security.AccountUnlocked     an operator made an account active
//	airworthy.security.PasswordChanged     a password was changed, reset or set
//	airworthy.security.EmailChanged        an e-mail address was changed
//	airworthy.security.ResetRequested      a link that resets a password was sent (Info)
//	airworthy.security.FactorAdded         a second factor was added
//	airworthy.security.FactorRemoved       second factors were removed
//	airworthy.security.FactorShown         a second factor was shown anew (Info)
//	airworthy.security.FactorRefused       a second factor was refused
//	airworthy.security.RecoveryCodesMade   new recovery codes were made
//	airworthy.security.RecoveryCodeUsed    a recovery code was used
//	airworthy.security.HashRefused         a stored password hash is not one, or would cost too much
//	airworthy.security.HashingBusy         more passwords are to be verified than the machine can
//	airworthy.accounts.MailFailed          a mail to a user could not be sent (Error)
//	airworthy.keys.LedgerFailed            this instance could not report which keys it holds
//	airworthy.secrets.Read                 secrets were read: which, their version and source (Info)
//	airworthy.secrets.Changed              a secret that changed was taken over (Info)
//	airworthy.secrets.Refused              a new value was not taken over, and why
//	airworthy.secrets.Stale                a source of secrets fails, or lacks one that it had
//	airworthy.secrets.Recovered            a source of secrets answers again (Info)
//	airworthy.password.Unjudged            a rule about passwords could not judge one, and whether it passed
//	airworthy.template                     an error page could not be made (Error)
//	airworthy.access                       one line for each answer (Info; Error from 500 on, or cut off)
//
// The latest events stay in memory too, for consoles: [Logs.Events].
//
// # What it does not do
//
// It replaces secrets that it is told of, that have the type [secret.Text], or whose attribute is plainly named. It
// cannot know that a string called "note" holds a password. It keeps no files and rotates none: the standard error
// stream is for whoever runs the program to collect.
package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/secret"
)

// Names of events, the values of the attribute "event", for programs that read the log. The parts write them out.
const (
	EventRequest           = "django.request"
	EventDisallowedHost    = "django.security.DisallowedHost"
	EventCSRF              = "django.security.csrf"
	EventSuspiciousSession = "django.security.SuspiciousSession"
	EventForwardingRefused = "airworthy.security.ForwardingRefused"
	EventUntrustedProxy    = "airworthy.security.UntrustedProxy"
	EventRedirectLoop      = "airworthy.security.RedirectLoop"
	EventCookieRefused     = "airworthy.security.CookieRefused"
	EventInterrupted       = "airworthy.security.SessionInterrupted"
	EventCSPViolation      = "airworthy.security.CSPViolation"
	EventReportsDropped    = "airworthy.security.CSPReportsDropped"
	EventNonceLate         = "airworthy.security.NonceLate"
	EventNonceCacheable    = "airworthy.security.NonceCacheable"
	EventAdminEntered      = "airworthy.security.AdminEntered"
	EventAdminRefused      = "airworthy.security.AdminRefused"
	EventAdminAction       = "airworthy.security.AdminAction"
	EventAdminDecoy        = "airworthy.security.AdminDecoy"
	EventLocked            = "airworthy.security.Locked"
	EventUnlocked          = "airworthy.security.Unlocked"
	EventLoggedIn          = "airworthy.security.LoggedIn"
	EventLoginRefused      = "airworthy.security.LoginRefused"
	EventLoggedOut         = "airworthy.security.LoggedOut"
	EventSessionOutdated   = "airworthy.security.SessionOutdated"
	EventSessionEnded      = "airworthy.security.SessionEnded"
	EventAccountCreated    = "airworthy.security.AccountCreated"
	EventAccountLocked     = "airworthy.security.AccountLocked"
	EventAccountUnlocked   = "airworthy.security.AccountUnlocked"
	EventPasswordChanged   = "airworthy.security.PasswordChanged"
	EventEmailChanged      = "airworthy.security.EmailChanged"
	EventResetRequested    = "airworthy.security.ResetRequested"
	EventFactorAdded       = "airworthy.security.FactorAdded"
	EventFactorRemoved     = "airworthy.security.FactorRemoved"
	EventFactorShown       = "airworthy.security.FactorShown"
	EventFactorRefused     = "airworthy.security.FactorRefused"
	EventRecoveryCodesMade = "airworthy.security.RecoveryCodesMade"
	EventRecoveryCodeUsed  = "airworthy.security.RecoveryCodeUsed"
	EventHashRefused       = "airworthy.security.HashRefused"
	EventHashingBusy       = "airworthy.security.HashingBusy"
	EventMailFailed        = "airworthy.accounts.MailFailed"
	EventLedgerFailed      = "airworthy.keys.LedgerFailed"
	EventSecretsRead       = "airworthy.secrets.Read"
	EventSecretsChanged    = "airworthy.secrets.Changed"
	EventSecretsRefused    = "airworthy.secrets.Refused"
	EventSecretsStale      = "airworthy.secrets.Stale"
	EventSecretsRecovered  = "airworthy.secrets.Recovered"
	EventPasswordUnjudged  = "airworthy.password.Unjudged"
	EventTemplate          = "airworthy.template"
	EventAccess            = "airworthy.access"
)

// Config says what is logged and how. The zero Config writes text to standard error from Info on, with an access log.
type Config struct {
	Format Format `env:"LOG_FORMAT" doc:"How a log record is written: text or json."`
	Level  Level  `env:"LOG_LEVEL" doc:"The least level that is logged: DEBUG, INFO, WARNING or ERROR."`

	// AccessLog is cheap, but where a proxy in front writes one already it may be off.
	AccessLog Access `env:"ACCESS_LOG" doc:"Which answers get a line in the access log: all, errors (status 500 and above) or off."`

	// RequestIDHeader is believed only on requests that a trusted proxy passed on, and only if it holds one short
	// word. Empty for ids of our own.
	RequestIDHeader string `env:"REQUEST_ID_HEADER" doc:"The header in which a trusted proxy passes on its id of the request, such as X-Request-ID."`

	// Brief writes for a person who has given a command: warnings and errors in words, and once for each secret that it
	// was read. Anything else only at level DEBUG. Format does not matter then.
	Brief bool

	// Output gets each record in one Write. Nil for standard error.
	Output io.Writer

	// Quiet lists exact paths that the access log leaves out unless they fail, such as the health path.
	Quiet []string

	// Private lists paths below which the rest of a path is a secret, such as that of links that reset a password: no
	// record has what stands behind them, wherever it stands.
	Private []string

	// Mask returns the secret values to hide, wherever they stand. It is asked for each record, so that it may
	// follow the rotation of keys. Nil hides only what is secret by type or name.
	Mask func() secret.Mask
}

// Logs is a logger and what it knows about requests. Make it with [New].
type Logs struct {
	logger *slog.Logger
	lines  slog.Handler // the access log's: it writes what has been through redaction
	text   func(string) string
	recent *recent
	access Access
	quiet  map[string]bool
	header string // canonical; empty if no header is believed
}

// New returns Logs for cfg. The error names every mistake.
func New(cfg Config) (*Logs, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	red := redactor{mask: cfg.Mask, private: slices.Clone(cfg.Private), json: cfg.Format == JSON && !cfg.Brief}
	out := &lineWriter{out: os.Stderr}
	if cfg.Output != nil {
		out.out = cfg.Output
	}
	inner := newHandler(cfg, out, red.attr)
	if cfg.Brief {
		inner = newBrief(cfg, out, red)
	}
	l := &Logs{
		recent: newRecent(redactor{mask: cfg.Mask, private: red.private}),
		lines:  newHandler(cfg, out, nil),
		text:   red.text,
		access: cfg.AccessLog,
		quiet:  map[string]bool{},
	}
	l.logger = slog.New(&handler{inner: inner, recent: l.recent})
	for _, path := range cfg.Quiet {
		l.quiet[path] = true
	}
	if cfg.RequestIDHeader != "" {
		l.header = textproto.CanonicalMIMEHeaderKey(cfg.RequestIDHeader)
	}
	return l, nil
}

func (c Config) validate() error {
	var errs []error
	choice := func(variable, got string, choices []string) {
		if got != "" && !slices.Contains(choices, got) {
			errs = append(errs, fmt.Errorf("logs: %s: %q is none of the possible values: use %s",
				variable, got, strings.Join(choices, ", ")))
		}
	}
	choice("LOG_FORMAT", string(c.Format), c.Format.Choices())
	choice("LOG_LEVEL", string(c.Level), c.Level.Choices())
	choice("ACCESS_LOG", string(c.AccessLog), c.AccessLog.Choices())
	if strings.ContainsFunc(c.RequestIDHeader, notToken) {
		errs = append(errs, fmt.Errorf("logs: REQUEST_ID_HEADER: %q is no header name: use letters, digits and hyphens",
			c.RequestIDHeader))
	}
	for _, path := range c.Quiet {
		if !strings.HasPrefix(path, "/") {
			errs = append(errs, fmt.Errorf("logs: Quiet: %q is no path: begin it with a slash", path))
		}
	}
	for _, path := range c.Private {
		if len(path) < 3 || path[0] != '/' || path[len(path)-1] != '/' {
			errs = append(errs, fmt.Errorf("logs: Private: %q is no path below which others are: begin and end it with a slash", path))
		}
	}
	return errors.Join(errs...)
}

func notToken(c rune) bool {
	return c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

// Logger returns the logger.
func (l *Logs) Logger() *slog.Logger { return l.logger }

// RequestID returns the id of the request that ctx belongs to, empty if [Logs.Handler] has not seen the request.
func RequestID(ctx context.Context) string {
	if s := httpx.From(ctx); s != nil {
		return s.ID()
	}
	return ""
}

func newHandler(cfg Config, w io.Writer, replace func([]string, slog.Attr) slog.Attr) slog.Handler {
	opt := &slog.HandlerOptions{Level: levels[cfg.Level], ReplaceAttr: replace}
	if cfg.Format == JSON {
		return slog.NewJSONHandler(w, opt)
	}
	return slog.NewTextHandler(w, opt)
}

// Handler gives requests an id and logs their answers.
func (l *Logs) Handler(next http.Handler) http.Handler { return &requests{l, next} }

// requests is a type, not a closure, so that stacks name it.
type requests struct {
	logs *Logs
	next http.Handler
}

func (h *requests) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, w, r := httpx.Begin(w, r)
	s.EnableID()
	if header := h.logs.header; header != "" && s.Trusted && s.KnownID() == "" {
		if id := h.logs.text(proxyID(r.Header[header])); id != "" {
			s.SetID(id)
		}
	}
	if h.logs.access == AccessOff {
		h.next.ServeHTTP(w, r)
	} else {
		h.withAccess(s, w, r)
	}
}

// withAccess serves a request and writes its line.
func (h *requests) withAccess(s *httpx.State, w http.ResponseWriter, r *http.Request) {
	if h.logs.lists(r) {
		s.ID() // the line has it, so error pages may show it
	}
	a := access{logs: h.logs, state: s, request: r, start: time.Now()}
	defer a.log()
	h.next.ServeHTTP(w, r)
	a.returned = true
}

// maxID bounds an id that a proxy gives.
const maxID = 128

// proxyID returns the id in the header's values, or nothing: two values are as good as none, since one of them may be
// the client's.
func proxyID(values []string) string {
	if len(values) != 1 || len(values[0]) > maxID || strings.ContainsFunc(values[0], notID) {
		return ""
	}
	return values[0]
}

func notID(c rune) bool { return notToken(c) && !strings.ContainsRune("._:=;+/@", c) }
