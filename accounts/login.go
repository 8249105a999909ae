package accounts

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/session"
)

// pendingAge is how long somebody may take between password and second factor.
const pendingAge = 10 * time.Minute

// pending is who has shown a password and still has to show a second factor.
type pending struct {
	User string `json:"user"`
	Hash string `json:"hash"` // the session auth hash: a change of password ends this too
	At   int64  `json:"at"`   // Unix seconds
}

// Login verifies name and password and logs the visitor in. It sets cookies, so call it before anything is written.
//
// The error is ErrFactorNeeded if the password was right and a second factor has to be shown, ErrRefused for whatever
// else is the visitor's, *TooManyError for a network that has tried too often, and *password.BusyError if more
// passwords are being verified than the machine can. Any other means that it could not be found out.
//
// The attempt is counted before anything is verified. All that are refused with ErrRefused cost the same, and a delay
// that grows with failures is the same for names that nobody has.
func (a *Accounts) Login(w http.ResponseWriter, r *http.Request, name, password string) (User, error) {
	ctx := r.Context()
	s := session.From(ctx)
	if s == nil {
		return User{}, errors.New("accounts: Login: no session: put Sessions.Handler around the handler")
	}
	if err := s.Err(); err != nil {
		return User{}, err
	}
	u, err := a.authenticate(r, name, password)
	if err != nil {
		return User{}, err
	}
	needed, err := a.hasFactor(ctx, u.ID)
	if err != nil {
		return User{}, err
	}
	if !needed {
		if err := a.begin(w, r, &u, time.Time{}); err != nil {
			return User{}, err
		}
		// Whoever sets up a second factor at this moment ends all other sessions, and must not miss this one: either it is
		// stored by then, or the factor is seen here.
		if err := s.Save(); err != nil {
			return User{}, err
		}
		if needed, err = a.hasFactor(ctx, u.ID); err == nil && !needed {
			return u, nil
		}
		if err = errors.Join(err, s.Destroy()); err != nil {
			return User{}, err
		}
	} else if other := s.User(); other != "" && other != u.ID {
		err = s.SetUser("") // nobody is half one and half another
	}
	err = errors.Join(err, s.Set(keyPending, pending{u.ID, a.sessionHash(&u), time.Now().Unix()}), s.Renew())
	if err != nil {
		return User{}, err
	}
	return u, ErrFactorNeeded
}

// authenticate returns the user whose name and password these are. It does the same work whatever comes of it.
func (a *Accounts) authenticate(r *http.Request, name, password string) (User, error) {
	ctx := r.Context()
	name = NormalizeUsername(name)
	canonical := CanonicalUsername(name)
	device := a.knownDevice(r, name)
	try, err := a.cfg.Lockout.Begin(ctx, lockout.Attempt{Account: canonical, Client: httpx.Client(r), Device: device})
	if err != nil {
		return User{}, err
	}
	if try.Refused {
		return User{}, &TooManyError{try.RetryAfter}
	}
	if err := sleep(ctx, try.Delay); err != nil {
		return User{}, err
	}
	u, err := a.cfg.Store.ByUsername(ctx, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return User{}, err
	}
	known := err == nil
	verdict, err := a.cfg.Hasher.Verify(ctx, password, u.Password) // of an unknown user's empty hash: as costly
	if err != nil {
		return User{}, a.unverified(ctx, try, err)
	}
	if !known || !u.Active || !verdict.OK || try.Locked {
		a.refused(ctx, u, known, try.Locked)
		return User{}, ErrRefused
	}
	if err := try.Succeed(ctx); err != nil {
		return User{}, err
	}
	if verdict.Upgrade {
		return a.upgrade(ctx, u, password)
	}
	return u, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// How many refusals of one kind are logged in a minute, and how many kinds: a user and a reason are one. Strangers can
// cause as many as they like.
const (
	refusalsOfAKind = 30
	refusalKinds    = 64
)

// refused logs a refusal. The name is what somebody typed, which may be a password that went into the wrong field: the
// log has it only if it is a user's.
func (a *Accounts) refused(ctx context.Context, u User, known, locked bool) {
	reason := "password"
	switch {
	case !known:
		u, reason = User{}, "unknown"
	case locked:
		reason = "locked"
	case !u.Active:
		reason = "inactive"
	}
	if unlogged, ok := a.refusals.Take(reason, u.ID); ok {
		a.event(ctx, slog.LevelWarn, "airworthy.security.LoginRefused", "a login was refused", u,
			slog.String("reason", reason), slog.Uint64("unlogged", unlogged))
	}
}

// upgrade stores the hash anew, as the hasher now wants it, and returns the user as he is then. It is a kindness, and no
// reason to turn him away, unless the password was changed at this moment.
func (a *Accounts) upgrade(ctx context.Context, u User, password string) (User, error) {
	encoded, err := a.cfg.Hasher.Hash(ctx, password)
	if err == nil {
		err = a.cfg.Store.SetPassword(ctx, u.ID, u.Password, encoded)
	}
	switch {
	case err == nil:
		u.Password = encoded
	case errors.Is(err, ErrConflict): // another login has just upgraded it, or somebody has changed it
		return a.again(ctx, u.ID, password)
	default:
		httpx.Logger(a.cfg.Logger).LogAttrs(ctx, slog.LevelWarn, "a password hash could not be upgraded", slog.Any("error", err))
	}
	return u, nil
}

// again returns the user as he is now, if password is still right: a session under the former hash would end at once.
func (a *Accounts) again(ctx context.Context, id, password string) (User, error) {
	u, err := a.cfg.Store.ByID(ctx, id)
	if err != nil {
		return User{}, err
	}
	verdict, err := a.cfg.Hasher.Verify(ctx, password, u.Password)
	if err != nil {
		return User{}, err
	}
	if !u.Active || !verdict.OK {
		a.refused(ctx, u, true, false)
		return User{}, ErrRefused
	}
	return u, nil
}

// begin logs u in, who showed a second factor at shown, or none if that is zero.
func (a *Accounts) begin(w http.ResponseWriter, r *http.Request, u *User, shown time.Time) error {
	ctx := r.Context()
	s := session.From(ctx)
	now := time.Now()
	if err := a.cfg.Store.SetLastLogin(ctx, u.ID, now); err != nil { // also ends reset links that are under way
		return err
	}
	u.LastLogin = now
	err := errors.Join(
		s.SetUser(u.ID),
		s.Set(keyBackend, a.cfg.Backends[0]),
		s.Set(keyHash, a.sessionHash(u)),
		s.Set(keyAgent, httpx.Truncate(r.UserAgent(), 200)),
		s.Set(keyNetwork, lockout.NetworkOf(httpx.Client(r)).String()),
		s.Delete(keyPending),
	)
	if shown.IsZero() {
		err = errors.Join(err, s.Delete(keyFactor))
	} else {
		err = errors.Join(err, s.Set(keyFactor, shown.Unix()))
	}
	if err != nil {
		return err
	}
	a.rememberDevice(w, r, u)
	s.Attach(&current{a, u})
	a.event(ctx, slog.LevelInfo, "airworthy.security.LoggedIn", "somebody logged in", *u, slog.Bool("factor", !shown.IsZero()))
	return nil
}

// Logout ends the visitor's session.
func (a *Accounts) Logout(r *http.Request) error {
	s := session.From(r.Context())
	if s == nil {
		return nil
	}
	if u, err := a.Current(r.Context()); err == nil && u != nil {
		a.event(r.Context(), slog.LevelInfo, "airworthy.security.LoggedOut", "somebody logged out", *u)
	}
	return s.Destroy()
}

// reauthenticate reports whether password is u's, of whom the visitor already has a session. Attempts are counted as
// those of a device that is known.
func (a *Accounts) reauthenticate(r *http.Request, u *User, password string) error {
	ctx := r.Context()
	try, err := a.cfg.Lockout.Begin(ctx, lockout.Attempt{
		Account: CanonicalUsername(u.Username), Client: httpx.Client(r), Device: "session " + u.ID,
	})
	switch {
	case err != nil:
		return err
	case try.Refused || try.Locked:
		return &TooManyError{try.RetryAfter}
	}
	if err := sleep(ctx, try.Delay); err != nil {
		return err
	}
	verdict, err := a.cfg.Hasher.Verify(ctx, password, u.Password)
	switch {
	case err != nil:
		return a.unverified(ctx, try, err)
	case !verdict.OK:
		a.event(ctx, slog.LevelWarn, "airworthy.security.LoginRefused", "a password was asked for again and is not right", *u, slog.String("reason", "password"))
		return ErrRefused
	}
	return try.Succeed(ctx)
}
