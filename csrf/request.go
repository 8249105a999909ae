package csrf

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// request is what one request needs once somebody asks for its token. Until then State.CSRF is the Guard alone.
type request struct {
	guard   *Guard
	secret  string // in use, "" if not settled
	hooked  bool
	refusal *Refusal
}

// live returns what the request has, making it if need be; nil if no Guard is in the chain.
func live(s *httpx.State) *request {
	if s == nil {
		return nil
	}
	switch v := s.CSRF.(type) {
	case *request:
		return v
	case *Guard:
		req := &request{guard: v}
		s.CSRF = req
		return req
	}
	return nil
}

// Token returns a token for the pages of this request, masked afresh by each call. The first call makes sure that the
// visitor has a secret: it sets the cookie, so that its lifetime starts anew, and keeps shared caches from storing the
// page. Therefore call it before anything of the response is written.
//
// It returns "" where it cannot help: without a Guard in the chain, and for a visitor without a secret once the header
// has gone out, which is logged.
func Token(ctx context.Context) string {
	s := httpx.From(ctx)
	req := live(s)
	if req == nil {
		return ""
	}
	if err := req.ensure(s, false); err != nil {
		req.guard.log().ErrorContext(ctx, "no CSRF token for this page", "error", err)
		return ""
	}
	return mask(req.secret)
}

// Field returns the token as a hidden form field. Of [Token] holds true of it too.
func Field(ctx context.Context) template.HTML {
	token := Token(ctx) // letters and digits: nothing to escape
	if token == "" {
		return ""
	}
	return template.HTML(`<input type="hidden" name="` + FieldName + `" value="` + token + `">`)
}

// EnsureCookie makes sure that the visitor has a secret, for pages whose scripts or later forms need it. Call it
// before anything of the response is written.
func EnsureCookie(ctx context.Context) error {
	s := httpx.From(ctx)
	if req := live(s); req != nil {
		return req.ensure(s, false)
	}
	return nil
}

// Rotate gives the visitor a new secret; tokens made before are worthless. Call it when somebody logs in or out, so
// that whoever knew the secret before does not know it after. It fails once the header has gone out.
func Rotate(ctx context.Context) error {
	s := httpx.From(ctx)
	if req := live(s); req != nil {
		return req.ensure(s, true)
	}
	return nil
}

// Refused returns why the request was refused, for [Config.Failure]; nil for any other.
func Refused(ctx context.Context) *Refusal {
	if s := httpx.From(ctx); s != nil {
		if req, ok := s.CSRF.(*request); ok {
			return req.refusal
		}
	}
	return nil
}

var errLate = errors.New("csrf: the header has gone out: ask for the token before writing the page")

// ensure settles the secret, a new one if rotate is set or if there is none, and has it sent.
func (q *request) ensure(s *httpx.State, rotate bool) error {
	if rotate || !q.known(s.Request) {
		if err := q.renew(s); err != nil {
			return err
		}
	}
	if !q.hooked && s.Status() == 0 {
		q.hooked = true
		s.OnHeader(q)
	}
	return nil
}

// known reports whether the visitor has a secret. The session is asked each time: it may have ended meanwhile.
func (q *request) known(r *http.Request) bool {
	if q.secret == "" || q.guard.sessions {
		q.secret, _ = q.guard.secret(r)
	}
	return q.secret != ""
}

func (q *request) renew(s *httpx.State) error {
	if s.Status() != 0 {
		return errLate
	}
	secret := newSecret()
	if q.guard.sessions {
		if err := q.guard.secrets.SetCSRFSecret((*httpx.Writer)(s), s.Request, secret); err != nil {
			return fmt.Errorf("csrf: the session does not take the secret: %w", err)
		}
	}
	q.secret = secret
	return nil
}

// BeforeHeader sends the cookie and keeps shared caches from storing a page that holds a token.
func (q *request) BeforeHeader(w http.ResponseWriter, _ int) {
	s := (*httpx.State)(w.(*httpx.Writer))
	if !q.guard.sessions {
		_ = q.guard.cookie.Set(w, q.guard.secureCookie(s.HTTPS), q.secret)
	}
	httpx.VaryCookie(w.Header())
	httpx.Private(w.Header())
}

// secret returns the visitor's secret, unmasked, or why there is none.
func (g *Guard) secret(r *http.Request) (string, Reason) {
	value, found := g.stored(r)
	switch {
	case !found:
		return "", NoCookie
	case formatOf(value) == wrongLength:
		return "", CookieIncorrectLength
	case formatOf(value) == wrongCharacters:
		return "", CookieInvalidCharacters
	case len(value) == tokenLength: // as Django before 4.1 stored it
		s := unmask(value)
		return string(s[:]), ""
	}
	return value, ""
}

// stored returns what the session or the cookie holds. Two cookies of the name are none: somebody else set one of them.
func (g *Guard) stored(r *http.Request) (value string, found bool) {
	if g.sessions {
		value = g.secrets.CSRFSecret(r)
		return value, value != ""
	}
	value, err := g.cookie.Read(r, g.secureCookie(httpx.Secure(r)))
	return value, err == nil
}

func (g *Guard) secureCookie(https bool) bool { return https && !g.plainCookie }

// replaceMalformed sends a new cookie for a malformed one, which Django does on every request.
func (g *Guard) replaceMalformed(s *httpx.State, r *http.Request) {
	if g.sessions {
		return
	}
	if _, fault := g.secret(r); fault == CookieIncorrectLength || fault == CookieInvalidCharacters {
		_ = live(s).ensure(s, true)
	}
}
