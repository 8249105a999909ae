package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/hosts"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/signing"
)

// csrfQuestion asks whether a request passes, and which cookie a page sets that shows a token.
type csrfQuestion struct {
	forwarding
	request
	Allowed []string
	Debug   bool

	Trusted        []string
	UseSessions    bool
	SessionDomain  string
	HeaderName     string
	CookieName     string
	CookieAge      *int64
	CookieDomain   string
	CookiePath     string
	CookieSameSite string
	CookieSecure   bool
	CookieHTTPOnly bool

	Cookie    *string // the CSRF cookie, if it came with the request
	InSession *string // the secret in the session
	Exempt    bool
	Show      bool // answer with the cookie rather than the verdict
}

// key signs sessions, which nobody but we read.
var key = []byte("shadow-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789")

func (q csrfQuestion) config() csrf.Config {
	cfg := csrf.Config{
		Django: true, TrustedOrigins: q.Trusted, UseSessions: q.UseSessions, Secrets: secrets{}, SessionDomain: q.SessionDomain,
		HeaderName: q.HeaderName, CookieName: q.CookieName, CookieDomain: q.CookieDomain, CookiePath: q.CookiePath,
		CookieSameSite: sameSite(q.CookieSameSite), CookieScriptReadable: !q.CookieHTTPOnly, InsecureCookie: !q.CookieSecure,
		Cookies: cookies.Config{InsecurePlainNames: true}, CookieAge: -1, Logger: silent,
		Failure: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, csrf.Refused(r.Context()).Reason)
		}),
	}
	if q.CookieAge != nil {
		cfg.CookieAge = time.Duration(*q.CookieAge) * time.Second
	}
	if q.Exempt {
		path, _, _ := strings.Cut(q.Target, "?")
		cfg.InsecureExempt = []string{q.Method + " " + path}
	}
	return cfg
}

func (q csrfQuestion) site() (http.Handler, error) {
	g, err := csrf.New(q.config())
	if err != nil {
		return nil, err
	}
	m, err := session.New(session.Config{
		Store: session.NewDjangoCookie(ring(key)), Cookies: cookies.Config{InsecurePlainNames: true}, InsecureCookie: true, Logger: silent,
	})
	if err != nil {
		return nil, err
	}
	h := m.Handler(g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if q.Show {
			csrf.Token(r.Context())
		}
	})))
	if q.Host != "" {
		allowed, err := hosts.New(hosts.Config{Allowed: q.Allowed, Debug: q.Debug, Logger: silent})
		if err != nil {
			return nil, err
		}
		h = allowed.Handler(h)
	}
	return q.handler(h)
}

func (q csrfQuestion) answer() (string, error) {
	h, err := q.site()
	if err != nil {
		return refusesToStart, nil
	}
	if q.Cookie != nil {
		q.Headers = append(q.Headers, [2]string{"Cookie", q.CookieName + "=" + *q.Cookie})
	}
	if q.InSession != nil {
		text, err := holding(*q.InSession)
		if err != nil {
			return "", err
		}
		q.Headers = append(q.Headers, [2]string{"Cookie", "sessionid=" + text})
	}
	w, err := ask(h, q.request)
	if err != nil {
		return "", err
	}
	switch {
	case q.Show:
		return cookieLine(w.Header(), q.CookieName), nil
	case w.Code == http.StatusOK:
		return "pass", nil
	case w.Code == http.StatusForbidden:
		return w.Body.String(), nil
	}
	return fmt.Sprint(w.Code), nil
}

// cookieLine returns the line that sets a cookie, and whether the answer varies with cookies.
func cookieLine(h http.Header, name string) string {
	for _, line := range h.Values("Set-Cookie") {
		if strings.HasPrefix(line, name+"=") {
			return fmt.Sprintf("%s, varies: %t", line, strings.Contains(strings.Join(h.Values("Vary"), ","), "Cookie"))
		}
	}
	return "nothing"
}

func sameSite(s string) http.SameSite {
	return map[string]http.SameSite{"Lax": http.SameSiteLaxMode, "Strict": http.SameSiteStrictMode, "None": http.SameSiteNoneMode}[s]
}

// secrets keeps the secret where Django keeps it.
type secrets struct{}

func (secrets) CSRFSecret(r *http.Request) string {
	return session.From(r.Context()).String("_csrftoken")
}

func (secrets) SetCSRFSecret(_ http.ResponseWriter, r *http.Request, s string) error {
	return session.From(r.Context()).Set("_csrftoken", s)
}

// holding returns a session that holds the secret.
func holding(secret string) (string, error) {
	text, err := json.Marshal(secret)
	if err != nil {
		return "", err
	}
	rec := session.Record{Data: string(session.AppendPair(nil, "_csrftoken", string(text)))}
	return session.NewDjangoData(ring(key), signing.SaltSignedSessions).Encode(&rec)
}
