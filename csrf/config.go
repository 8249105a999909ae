package csrf

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/textproto"
	"reflect"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Config says which sites are trusted and where the secret is kept. The zero Config trusts nobody but the site itself
// and keeps the secret in a cookie that only the site's own host can set.
type Config struct {
	// TrustedOrigins are other origins whose pages may post here: https://example.com, with the port if it is not the
	// scheme's own, or https://*.example.com for every name one label below example.com. http is only trusted where
	// it is written. With Django set, a wildcard reaches any depth, and example.com itself.
	TrustedOrigins []string `env:"CSRF_TRUSTED_ORIGINS" doc:"Other origins whose pages may post here, such as https://example.com or https://*.example.com."`

	// Django decides as Django's middleware does: the token is always demanded. It is for a site that shares its
	// pages or cookies with a Django site; see also Cookies and CookieScriptReadable.
	Django bool

	// UseSessions keeps the secret in the session, by way of Secrets, instead of in a cookie of its own.
	UseSessions bool `env:"CSRF_USE_SESSIONS" doc:"Keep the CSRF secret in the session instead of in a cookie."`
	Secrets     Secrets

	// SessionDomain is the Domain of the session's cookie. With Django and UseSessions, a Referer has to match it.
	SessionDomain string

	CookieName     string        `env:"CSRF_COOKIE_NAME" doc:"Name of the cookie, without the prefix that it gets on https; csrftoken if empty."`
	CookieAge      time.Duration `env:"CSRF_COOKIE_AGE" doc:"Lifetime of the cookie; 52 weeks if zero, until the browser closes if negative."`
	CookieDomain   string        `env:"CSRF_COOKIE_DOMAIN" doc:"Domain that shares the cookie with its subdomains; the host alone if empty."`
	CookiePath     string        `env:"CSRF_COOKIE_PATH" doc:"Path of the cookie; / if empty."`
	CookieSameSite http.SameSite `env:"CSRF_COOKIE_SAMESITE" doc:"SameSite of the cookie: Lax, Strict or None; Lax if empty."`

	// CookieScriptReadable lets scripts read the cookie, as Django does unless it is told otherwise: for pages that
	// take the token from there rather than from the form.
	CookieScriptReadable bool `env:"CSRF_COOKIE_HTTPONLY,invert" doc:"Keep scripts from reading the cookie."`

	// InsecureCookie sets the cookie without Secure and under its plain name on https too. Whoever is on the network
	// can then read and replace it.
	InsecureCookie bool `env:"CSRF_COOKIE_SECURE,invert" doc:"Send the cookie over https only."`

	// HeaderName is the header that carries the token, also in the form that Django's setting has, HTTP_X_CSRFTOKEN.
	HeaderName string `env:"CSRF_HEADER_NAME" doc:"Header that carries the token; X-CSRFToken if empty."`

	// Cookies is common to all cookies of the site.
	Cookies cookies.Config

	// InsecureExempt are requests that pass unchecked, each a method and an exact path: "POST /webhooks/billing". They
	// need an authentication of their own that no browser adds by itself, such as a signature.
	InsecureExempt []string

	// MaxBody is how much of a form is read, and held in memory, in search of the token; 1 MiB if zero. It does not
	// limit what the application can read.
	MaxBody int64

	// Failure answers refused requests, if set; [Refused] gives it the reason.
	Failure http.Handler

	// InsecureOff lets everything pass.
	InsecureOff bool

	// Logger gets one record for each refusal; slog.Default() if nil.
	Logger *slog.Logger
}

// Secrets keeps the secret in the visitor's session.
type Secrets interface {
	// CSRFSecret returns what was set last in the session of r, or "".
	CSRFSecret(r *http.Request) string

	// SetCSRFSecret puts the secret into the session of r, making one if there is none. It is called before the
	// header goes out.
	SetCSRFSecret(w http.ResponseWriter, r *http.Request, secret string) error
}

const (
	defaultName    = "csrftoken"
	defaultHeader  = "X-CSRFToken"
	defaultAge     = 52 * 7 * 24 * time.Hour
	defaultMaxBody = 1 << 20
)

// New returns a Guard, or every mistake in cfg.
func New(cfg Config) (*Guard, error) {
	g := &Guard{
		off: cfg.InsecureOff, django: cfg.Django, sessions: cfg.UseSessions, plainCookie: cfg.InsecureCookie,
		secrets: cfg.Secrets, maxBody: cmp.Or(cfg.MaxBody, defaultMaxBody), failure: cfg.Failure, logger: cfg.Logger,
		refererDomain: strings.ToLower(cfg.CookieDomain),
		sample:        httpx.NewSampler(sampleEvery, sampleEach, sampleKinds),
	}
	if cfg.UseSessions {
		g.refererDomain = strings.ToLower(cfg.SessionDomain)
	}
	var errs [6]error
	g.trusted, errs[0] = newTrusted(cfg.TrustedOrigins, cfg.Django)
	g.exempt, errs[1] = newExempt(cfg.InsecureExempt)
	g.header, errs[2] = headerName(cfg.HeaderName)
	g.cookie, errs[3] = cfg.newCookie()
	if cfg.UseSessions && cfg.Secrets == nil {
		errs[4] = errors.New("csrf: CSRF_USE_SESSIONS: there are no sessions to keep the secret in: " +
			"add the session part, or leave it unset")
	}
	if cfg.MaxBody < 0 || uncallable(cfg.Failure) {
		errs[5] = errors.New("csrf: MaxBody is negative or Failure is nil inside: leave them unset")
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return g, nil
}

func (c Config) newCookie() (*cookies.Cookie, error) {
	spec := cookies.Spec{
		Name: cmp.Or(c.CookieName, defaultName), Path: c.CookiePath, Domain: c.CookieDomain,
		MaxAge: cmp.Or(c.CookieAge, defaultAge), SameSite: c.CookieSameSite, ScriptReadable: c.CookieScriptReadable,
		Setting: "CSRF_COOKIE",
	}
	if c.CookieAge < 0 {
		spec.MaxAge = 0
	}
	return cookies.New(c.Cookies, spec)
}

// headerName returns the canonical name for one that is written as in HTTP or as in Django's settings.
func headerName(name string) (string, error) {
	name = cmp.Or(name, defaultHeader)
	if meta, ok := strings.CutPrefix(name, "HTTP_"); ok {
		name = strings.ReplaceAll(meta, "_", "-")
	}
	for i := range len(name) {
		if c := name[i]; !letter(c) && !digit(c) && c != '-' {
			return "", fmt.Errorf("csrf: CSRF_HEADER_NAME: %q is not a header's name: write letters, digits and "+
				"hyphens, such as X-CSRFToken", name)
		}
	}
	return textproto.CanonicalMIMEHeaderKey(name), nil
}

func newExempt(entries []string) (map[target]struct{}, error) {
	exempt := map[target]struct{}{}
	var errs []error
	for _, entry := range entries {
		method, path, ok := strings.Cut(entry, " ")
		switch {
		case !ok || method == "" || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || !strings.HasPrefix(path, "/"):
			errs = append(errs, fmt.Errorf("csrf: InsecureExempt: %q: write a method and a path, "+
				"such as \"POST /webhooks/billing\"", entry))
		case strings.ContainsAny(path, "{}*?#% \\") || strings.Contains(path, "//") || strings.Contains(path, "/."):
			errs = append(errs, fmt.Errorf("csrf: InsecureExempt: %q: the path is compared to the letter: "+
				"list exact paths, without wildcards, query, escapes or dots", entry))
		}
		exempt[target{method, path}] = struct{}{}
	}
	return exempt, errors.Join(errs...)
}

// uncallable reports whether h is a nil function or pointer inside an interface that is not nil.
func uncallable(h http.Handler) bool {
	if h == nil {
		return false
	}
	v := reflect.ValueOf(h)
	return (v.Kind() == reflect.Func || v.Kind() == reflect.Pointer) && v.IsNil()
}
