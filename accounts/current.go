package accounts

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/session"
)

// What a session holds. The first two are Django's; the id of the user is the session's own.
const (
	keyBackend = "_auth_user_backend"
	keyHash    = "_auth_user_hash"
	keyFactor  = "_airworthy_factor"  // when a second factor was shown, in Unix seconds
	keyPending = "_airworthy_pending" // who is half-way in
	keyAgent   = "_airworthy_agent"   // the browser that logged in, for lists
	keyNetwork = "_airworthy_network" // and where it was
)

// current is what a request's session has attached: the result of looking its user up, once.
type current struct {
	accounts *Accounts
	user     *User
}

// Current returns whose request it is, nil if nobody is logged in. It looks the user up once for a request, by Django's
// rules: who is inactive or gone is nobody, and a session that was begun under another password ends. The error says
// that this could not be found out: answer it as a failure, not as a visitor.
func (a *Accounts) Current(ctx context.Context) (*User, error) {
	s := session.From(ctx)
	if s == nil {
		return nil, nil
	}
	id := s.User()
	if err := s.Err(); err != nil {
		return nil, err
	}
	if id == "" {
		return nil, nil
	}
	if c, ok := s.Attached().(*current); ok && c.accounts == a {
		return c.user, nil
	}
	u, err := a.resolve(ctx, s, id)
	if err != nil {
		return nil, err
	}
	s.Attach(&current{a, u})
	return u, nil
}

// resolve returns the user of a session that says that it is id's; nil if it is nobody's.
func (a *Accounts) resolve(ctx context.Context, s *session.Session, id string) (*User, error) {
	if !slices.Contains(a.cfg.Backends, s.String(keyBackend)) {
		return nil, nil
	}
	u, err := a.cfg.Store.ByID(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case !u.Active:
		return nil, nil
	}
	hash, _ := hex.DecodeString(s.String(keyHash))
	isCurrent, ok := a.session.Verify([]byte(u.Password), hash)
	if !ok {
		a.event(ctx, slog.LevelWarn, "airworthy.security.SessionOutdated", "a session ended that was begun under another password", u)
		return nil, s.Destroy()
	}
	if !isCurrent { // signed with a fallback: as Django does, so that the fallback can be dropped
		if err := errors.Join(s.Set(keyHash, a.sessionHash(&u)), s.Renew()); err != nil && !errors.Is(err, session.ErrHeaderSent) {
			return nil, err
		}
	}
	return &u, nil
}

// sessionHash returns Django's session auth hash: a session holds it, and ends when the password is another.
func (a *Accounts) sessionHash(u *User) string {
	return hex.EncodeToString(a.session.Sign(nil, []byte(u.Password)))
}

// FactorShown returns when the visitor last showed a second factor in this session; the zero time if never.
func (a *Accounts) FactorShown(ctx context.Context) time.Time {
	if s := session.From(ctx); s != nil {
		if at := s.Int(keyFactor); at > 0 {
			return time.Unix(int64(at), 0)
		}
	}
	return time.Time{}
}

// Fresh reports whether the visitor has shown a second factor within Config.FactorAge.
func (a *Accounts) Fresh(ctx context.Context) bool {
	age := time.Since(a.FactorShown(ctx))
	return age >= -time.Minute && age < a.cfg.FactorAge
}

// event logs a security event about a user.
func (a *Accounts) event(ctx context.Context, level slog.Level, name, text string, u User, attrs ...slog.Attr) {
	attrs = append([]slog.Attr{slog.String("event", name), slog.String("user", u.ID),
		slog.String("username", httpx.Truncate(u.Username, 64))}, attrs...)
	httpx.Logger(a.cfg.Logger).LogAttrs(ctx, level, text, attrs...)
}
