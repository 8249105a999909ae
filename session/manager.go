package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Defaults of a Config. Two weeks are Django's. Django has no idle age; with that of a day who comes every day stays,
// and neither a forgotten browser nor a stolen cookie that waits is logged in for long.
const (
	DefaultName = "sessionid"
	DefaultAge  = 14 * 24 * time.Hour
	DefaultIdle = 24 * time.Hour
)

// Config says how sessions are kept. The zero Config lacks a Store; the rest of it is safe.
type Config struct {
	// Store keeps the sessions. There is no default: [NewCookie] needs nothing but keys, [NewMemory] forgets with the
	// process, drivers/sqlstore and drivers/redisstore can end any session at once.
	Store Store

	// Age is how long a session lasts however much it is used; 0 for two weeks.
	Age time.Duration `env:"SESSION_COOKIE_AGE" doc:"How long a session lasts however much it is used; two weeks if 0."`

	// Idle is how long a session lasts without being used, to within a tenth of it; 0 for a day. One of Age or more
	// never ends a session.
	Idle time.Duration `env:"SESSION_IDLE_AGE" doc:"How long a session lasts without being used; a day if 0."`

	// ExpireAtBrowserClose gives the cookie no age, so that browsers forget it when they are closed; many restore it
	// with their windows. Age and Idle hold all the same.
	ExpireAtBrowserClose bool `env:"SESSION_EXPIRE_AT_BROWSER_CLOSE" doc:"Let the session cookie go with the browser."`

	// The cookie; see [cookies.Spec]. The name is "sessionid" if empty, the path "/", SameSite Lax.
	CookieName     string        `env:"SESSION_COOKIE_NAME" doc:"The session cookie's name, without __Host-."`
	CookieDomain   string        `env:"SESSION_COOKIE_DOMAIN" doc:"Domain whose subdomains get the cookie too. Leave unset."`
	CookiePath     string        `env:"SESSION_COOKIE_PATH" doc:"Path below which the session cookie is sent."`
	CookieSameSite http.SameSite `env:"SESSION_COOKIE_SAMESITE" doc:"Lax, Strict or None."`

	// Cookies is common to all cookies of the site.
	Cookies cookies.Config

	// InsecureCookie makes sessions work over plain http, with a cookie that anybody on the way can read and use. It
	// is for development; without it the cookie is Secure on every answer, and browsers keep it off plain http.
	InsecureCookie bool `env:"SESSION_COOKIE_SECURE,invert" doc:"Keep the session cookie off plain http."`

	// InsecureScriptAccess lets scripts read the session cookie, so that one injected script takes the session away.
	InsecureScriptAccess bool `env:"SESSION_COOKIE_HTTPONLY,invert" doc:"Keep the session cookie from scripts."`

	// InsecureOff leaves sessions out: Handler changes nothing and From returns nil.
	InsecureOff bool

	// Presence is for judging a Django project, which can have one half of its sessions installed. Leave it zero.
	Presence Presence

	// OnRenew, if set, is called when SetUser, Renew or Destroy has succeeded before the header went out, for what else
	// must change when somebody logs in or out, such as the CSRF token. Its error is what they return.
	OnRenew func(context.Context) error

	// Logger gets the security events and the store's failures; nil for slog.Default().
	Logger *slog.Logger
}

// Manager gives each request its session. It is safe for concurrent use.
type Manager struct {
	store     Store
	sealed    *cookieStore // the store, if it is this one, which is asked without detours
	sliding   bool
	cookie    *cookies.Cookie
	insecure  bool
	off       bool
	transient bool
	age, idle time.Duration
	onRenew   func(context.Context) error
	logger    *slog.Logger
}

// New returns a Manager, or every mistake in cfg.
func New(cfg Config) (*Manager, error) {
	cfg = cfg.complete()
	if cfg.InsecureOff {
		return &Manager{off: true}, nil
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("session: "+format, args...)) }
	if cfg.Store == nil {
		bad("no Store is set: use session.NewCookie, session.NewMemory, drivers/sqlstore or drivers/redisstore")
	}
	if cfg.Age < time.Second || cfg.Age > maxAge {
		bad("SESSION_COOKIE_AGE: %s is not between a second and %d years: use days or weeks", cfg.Age, maxAge/year)
	}
	if cfg.Idle < time.Second {
		bad("SESSION_IDLE_AGE: %s is less than a second: use minutes or hours", cfg.Idle)
	}
	cookie, err := cookies.New(cfg.Cookies, cookies.Spec{
		Name: cfg.CookieName, Path: cfg.CookiePath, Domain: cfg.CookieDomain,
		SameSite: cfg.CookieSameSite, ScriptReadable: cfg.InsecureScriptAccess, Setting: "SESSION_COOKIE",
	})
	errs = append(errs, err)
	if cfg.CookieSameSite == http.SameSiteNoneMode && cfg.InsecureCookie {
		bad("SESSION_COOKIE_SAMESITE: browsers refuse None without SESSION_COOKIE_SECURE: set both or use Lax")
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return cfg.manager(cookie), nil
}

const (
	year   = 365 * 24 * time.Hour
	maxAge = 100 * year
)

// complete returns c with its defaults filled in.
func (c Config) complete() Config {
	if c.CookieName == "" {
		c.CookieName = DefaultName
	}
	if c.Age == 0 {
		c.Age = DefaultAge
	}
	if c.Idle == 0 {
		c.Idle = DefaultIdle
	}
	return c
}

// binder is a Store of this package that depends on the Config it is used with.
type binder interface {
	bind(cfg Config) Store
}

func (c Config) manager(cookie *cookies.Cookie) *Manager {
	m := &Manager{
		store: c.Store, cookie: cookie, insecure: c.InsecureCookie, transient: c.ExpireAtBrowserClose,
		age: c.Age, idle: min(c.Idle, c.Age), onRenew: c.OnRenew, logger: c.Logger,
	}
	if b, ok := m.store.(binder); ok {
		m.store = b.bind(c)
	}
	_, m.sliding = m.store.(Sliding)
	m.sealed, _ = m.store.(*cookieStore)
	return m
}

// Handler gives next a session in the request's context: see [From]. A request has one session: of two Managers in a
// chain the inner one gives it, and what was done to the outer one's before is lost.
func (m *Manager) Handler(next http.Handler) http.Handler {
	if m.off {
		return next
	}
	return &handler{m, next}
}

// handler is a type, not a closure: see internal/httpx.
type handler struct {
	m    *Manager
	next http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	st, w, r := httpx.Begin(w, r)
	if h.m.serves(st) {
		h.next.ServeHTTP(w, r)
		return
	}
	st.Session = h.m
	st.OnHeader((*hook)(h.m))
	h.next.ServeHTTP(w, r)
	st.Finish()
	h.m.afterwards(st)
}

// serves reports whether m is already in the request's chain.
func (m *Manager) serves(st *httpx.State) bool {
	switch v := st.Session.(type) {
	case *Session:
		return v.m == m
	case *Manager:
		return v == m
	}
	return false
}

// secure reports whether the cookie is the one for https. Without InsecureCookie it always is: a browser on plain http
// drops it, and behind a proxy that does not tell of https it works all the same.
func (m *Manager) secure(st *httpx.State) bool { return !m.insecure || st.HTTPS }

// find asks the store for the session that the request's cookie names, and reports whether there is one; err says if
// that could not be found out. Without one rec is worth nothing.
func (s *Session) find() bool {
	m, r := s.m, s.st.Request
	token, err := m.cookie.Find(r, m.secure(s.st))
	switch {
	case err != nil:
	case m.sealed != nil:
		err = m.sealed.load(token, &s.rec)
	case !cookies.Valid(token):
		err = cookies.ErrMalformed
	default:
		var rec Record
		rec, err = m.store.Load(r.Context(), token)
		s.rec = rec.pack()
	}
	if err != nil {
		s.fail(m.notFound(r.Context(), err))
		return false
	}
	over, unnoted := m.judge(&s.rec, momentOf(time.Now()))
	if over {
		return false
	}
	s.token, s.unnoted = token, unnoted
	return true
}

// notFound logs why there is no session, and returns the error if the store could not look for one.
func (m *Manager) notFound(ctx context.Context, err error) error {
	switch err { // of the cookie, which are not wrapped
	case http.ErrNoCookie:
		return nil
	case cookies.ErrDuplicate, cookies.ErrMalformed, cookies.ErrTooMany:
		m.event(ctx, "airworthy.security.CookieRefused", err)
		return nil
	}
	switch {
	case errors.Is(err, ErrForged):
		m.event(ctx, "django.security.SuspiciousSession", err)
		return nil
	case errors.Is(err, ErrNotFound):
		return nil
	}
	level := slog.LevelError
	if ctx.Err() != nil {
		level = slog.LevelInfo // the visitor has gone away
	}
	httpx.Logger(m.logger).LogAttrs(ctx, level, "the session could not be read", slog.Any("error", err))
	return fmt.Errorf("session: the store could not be read: %w", err)
}

// judge reports whether rec is over, and if not, whether a use at the time now has to be noted: once in a tenth of the
// idle age, so that reading does not cost a write each time. The ages are asked as well as Expires, so that a shorter
// SESSION_COOKIE_AGE holds for sessions that exist.
func (m *Manager) judge(rec *record, now moment) (over, unnoted bool) {
	switch {
	case now >= rec.Expires:
		return true, false
	case rec.Fixed || m.sliding:
		return false, false
	case now >= rec.Created.add(m.age):
		return true, false
	case now < rec.Seen.add(m.idle/10): // as it is for most requests
		return false, false
	}
	return now >= rec.Seen.add(m.idle), m.idle < m.age
}

// stamp sets the times of a record that is about to be saved.
func (m *Manager) stamp(rec *Record, now time.Time) {
	if rec.Created.IsZero() {
		rec.Created = now
	}
	rec.Seen = now
	switch {
	case rec.Fixed:
	case m.sliding:
		rec.Expires = now.Add(m.age)
	default:
		rec.Expires = now.Add(m.idle)
		if end := rec.Created.Add(m.age); end.Before(rec.Expires) {
			rec.Expires = end
		}
	}
}

// lifetime returns for how long the browser is to keep the cookie of rec; 0 for until it is closed.
func (m *Manager) lifetime(rec *Record, now time.Time) time.Duration {
	end := rec.Expires
	switch {
	case rec.Transient || m.transient && !rec.Fixed:
		return 0
	case !rec.Fixed && !m.sliding:
		end = rec.Created.Add(m.age) // the store knows of Idle; the cookie need not be set again with each use
	}
	return max(end.Sub(now).Truncate(time.Second), time.Second)
}

// event logs a security event. The cause never holds what the client sent.
func (m *Manager) event(ctx context.Context, name string, cause error) {
	httpx.Logger(m.logger).LogAttrs(ctx, slog.LevelWarn, "security event", slog.String("event", name), slog.Any("error", cause))
}
