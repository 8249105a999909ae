package airworthy

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/airworthy-go/airworthy/admin"
	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/errorpages"
	"github.com/airworthy-go/airworthy/headers"
	"github.com/airworthy-go/airworthy/hosts"
	"github.com/airworthy-go/airworthy/https"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/proxy"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// parts are the parts of one application.
type parts struct {
	ring    *keyring.Ring
	proxy   *proxy.Guard
	logs    *logs.Logs
	headers *headers.Headers
	csp     *csp.CSP
	pages   *errorpages.Pages
	hosts   *hosts.Guard
	https   *https.Guard
	session *session.Manager // nil if sessions are off
	csrf    *csrf.Guard

	users
	admin *admin.Guard
	app   *App // once it is made
}

// chain puts the parts around the application. The list is the order, from the outside in; each line says why there.
func (p *parts) chain(application http.Handler) http.Handler {
	order := []func(http.Handler) http.Handler{
		p.proxy.Handler,   // settles scheme, host and client, which all others ask for
		p.logs.Handler,    // sees every answer, and gives each request its id
		p.headers.Handler, // before whatever refuses, so that refusals have the headers too
		p.csp.Handler,     // likewise
		p.pages.Handler,   // recovers the panics of all below, and writes their refusals
		p.hosts.Handler,   // answers health checks, then nothing else that is not for us
		p.https.Handler,   // after hosts: neither redirect to a name that is not ours nor pin it
		p.sessions,        // before csrf, whose secret it may keep; reads nothing until asked
		p.csrf.Handler,    // the last to refuse
		p.admin.Handler,   // whom it does not let in gets what the rest answers
		p.users.Handler,   // the pages of accounts, in front of the application's own
	}
	h := application
	for i := len(order) - 1; i >= 0; i-- {
		h = order[i](h)
	}
	return h
}

func (p *parts) sessions(next http.Handler) http.Handler {
	if p.session == nil {
		return next
	}
	return p.session.Handler(next)
}

// build makes the parts, or reports every fault of all of them.
func (s Settings) build() (*parts, error) {
	p := &parts{ring: s.Ring}
	var errs []error
	fail := func(err error) { errs = append(errs, err) }
	var err error
	s.Keyring = s.keys()
	if p.ring != nil {
		fail(p.ring.Restrict(s.Keyring.Environment))
	} else {
		if p.ring, err = keyring.New(s.Keyring); err != nil {
			fail(err)
			p.ring, _ = keyring.New(keyring.Config{Key: keyring.Generate()}) // so that the sessions are judged too
		}
	}
	s = s.connected(p.ring)
	if p.logs, err = logs.New(s.Logs); err != nil {
		fail(err)
		p.logs, _ = logs.New(logs.Config{})
	}
	s = s.logging(p.logs.Logger())
	if p.proxy, err = proxy.New(s.Proxy); err != nil {
		fail(err)
	}
	if p.headers, err = headers.New(s.Headers); err != nil {
		fail(err)
	}
	if p.csp, err = csp.New(s.CSP); err != nil {
		fail(err)
	}
	if p.pages, err = errorpages.New(s.ErrorPages); err != nil {
		fail(err)
	}
	if p.hosts, err = hosts.New(s.Hosts); err != nil {
		fail(err)
	}
	if p.https, err = https.New(s.HTTPS); err != nil {
		fail(err)
	}
	if !s.Session.InsecureOff {
		if p.session, err = session.New(s.Session); err != nil {
			fail(err)
		}
	}
	if p.csrf, err = csrf.New(s.CSRF); err != nil {
		fail(err)
	}
	fail(s.buildUsers(p))
	if p.admin, err = admin.New(s.console(p)); err != nil {
		fail(err)
	}
	fail(s.consoleAmongPages())
	fail(s.Serve.validate())
	return p, errors.Join(errs...)
}

// connected gives each part what it needs of its neighbours. Without a ring there is no session store by default.
func (s Settings) connected(ring *keyring.Ring) Settings {
	s.Keyring = s.keys()
	s.Hosts.Debug = s.Hosts.Debug || s.ErrorPages.Debug
	s.Session.Cookies, s.CSRF.Cookies = s.Cookies, s.Cookies
	if s.Session.Store == nil && ring != nil {
		s.Session.Store = session.NewCookie(ring)
	}
	if s.Session.OnRenew == nil && !s.CSRF.InsecureOff {
		s.Session.OnRenew = csrf.Rotate
	}
	s = s.usersConnected()
	s.CSRF.SessionDomain = s.Session.CookieDomain
	if s.CSRF.UseSessions && s.CSRF.Secrets == nil && !s.Session.InsecureOff {
		s.CSRF.Secrets = sessionSecrets{}
	}

	s.Logs.Brief = s.Logs.Brief || s.Loaded.Command
	if s.Logs.Mask == nil {
		s.Logs.Mask = s.mask()
	}
	if strings.HasPrefix(s.Hosts.HealthPath, "/") { // what else it is, hosts says
		s.Logs.Quiet = append(s.Logs.Quiet[:len(s.Logs.Quiet):len(s.Logs.Quiet)], s.Hosts.HealthPath)
	}
	// Who reads the log before the owner reads the mail would reset the password. Of a path that is none accounts tell.
	if path := s.resetPath(); s.Accounts.Store != nil && strings.HasPrefix(path, "/") && strings.HasSuffix(path, "/") {
		s.Logs.Private = append(s.Logs.Private[:len(s.Logs.Private):len(s.Logs.Private)], path)
	}
	if s.ErrorPages.Mask == nil {
		s.ErrorPages.Mask = s.Logs.Mask
	}
	if s.ErrorPages.Nonce == nil && !s.CSP.InsecureOff {
		s.ErrorPages.Nonce = csp.Nonce
	}
	if s.ErrorPages.CSRF == nil {
		s.ErrorPages.CSRF = func(cause error) bool {
			var refusal *csrf.Refusal
			return errors.As(cause, &refusal)
		}
	}
	if s.ErrorPages.Settings == nil {
		s.ErrorPages.Settings = s.table
	}
	return s
}

// keys returns Keyring with what the other settings say of the keys: the environment that they are for, and how long
// what they sign is valid, which is the age of the sessions at least.
func (s Settings) keys() keyring.Config {
	k := s.Keyring
	k.Environment = cmp.Or(k.Environment, s.Loaded.Environment)
	if !s.Session.InsecureOff {
		k.Longest = max(k.Longest, cmp.Or(s.Session.Age, session.DefaultAge))
	}
	return k
}

// logging gives each part that has no logger of its own the application's.
func (s Settings) logging(l *slog.Logger) Settings {
	for _, field := range []**slog.Logger{
		&s.Proxy.Logger, &s.CSP.Logger, &s.ErrorPages.Logger, &s.Hosts.Logger, &s.HTTPS.Logger, &s.Session.Logger, &s.CSRF.Logger,
		&s.Passwords.Logger, &s.PasswordPolicy.Logger, &s.Lockout.Logger, &s.Accounts.Logger, &s.AccountPages.Logger, &s.Admin.Logger,
	} {
		if *field == nil {
			*field = l
		}
	}
	return s
}

// secrets returns every secret value that the settings hold: those that were loaded, and the keys, which code may have
// given.
func (s Settings) secrets() []secret.Text {
	return append(append(s.Loaded.Secrets(), s.Keyring.Key), s.Keyring.Fallbacks...)
}

// table is what the development page lists.
func (s Settings) table() []errorpages.Setting {
	var rows []errorpages.Setting
	for _, v := range s.Loaded.Values {
		rows = append(rows, errorpages.Setting{Name: v.Variable, Value: v.Text, Origin: v.Origin})
	}
	return rows
}

// sessionSecrets keeps the CSRF secret in the session, under Django's key.
type sessionSecrets struct{}

const csrfSessionKey = "_csrftoken"

func (sessionSecrets) CSRFSecret(r *http.Request) string {
	return session.From(r.Context()).String(csrfSessionKey)
}

func (sessionSecrets) SetCSRFSecret(_ http.ResponseWriter, r *http.Request, value string) error {
	return session.From(r.Context()).Set(csrfSessionKey, value)
}
