package accounts

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/lockout"
	hash "github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/password/policy"
	"github.com/airworthy-go/airworthy/session"
)

var signUpsPerNetwork = lockout.Budget{Failures: 20, Window: time.Hour, CoolOff: time.Hour, MaxCoolOff: 24 * time.Hour}

// Attributes returns what a password of u must not resemble, by Django's names.
func Attributes(u User) []policy.Attribute {
	return []policy.Attribute{
		{Label: "username", Value: u.Username}, {Label: "first name", Value: u.FirstName},
		{Label: "last name", Value: u.LastName}, {Label: "email address", Value: u.Email},
	}
}

// PasswordHelp says what a new password has to be like, for forms.
func (a *Accounts) PasswordHelp() []string { return a.cfg.Policy.Help() }

// Create makes an account with the Username, Email, names and rights of u. The error is *InvalidError for what the
// person who typed it can mend; an empty password makes an account that nobody can log in to until it is reset.
func (a *Accounts) Create(ctx context.Context, u User, password string) (User, error) {
	u.Username = NormalizeUsername(strings.TrimSpace(u.Username))
	u.Email = normalizeEmail(u.Email)
	var problems []Problem
	if !ValidUsername(u.Username) {
		problems = append(problems, Problem{"username", "invalid", "Choose a name of at most 150 letters, digits and @ . + - _ signs."})
	} else if twins, err := a.cfg.Store.Twins(ctx, u.Username); err != nil {
		return User{}, err
	} else if len(twins) > 0 {
		problems = append(problems, taken)
	}
	if u.Email != "" && !validEmail(u.Email) {
		problems = append(problems, Problem{"email", "invalid", "Enter a valid e-mail address."})
	}
	encoded, refused, err := hash.Unusable(), []Problem(nil), error(nil)
	if password != "" {
		encoded, refused, err = a.encode(ctx, u, password)
	}
	if err != nil {
		return User{}, err
	}
	if problems = append(problems, refused...); len(problems) > 0 {
		return User{}, &InvalidError{problems}
	}
	u.Password, u.Joined, u.LastLogin = encoded, time.Now(), time.Time{}
	created, err := a.cfg.Store.Create(ctx, u)
	if errors.Is(err, ErrTaken) {
		return User{}, &InvalidError{[]Problem{taken}}
	}
	return created, err
}

var taken = Problem{"username", "unique", "Somebody already has this name."}

// SignUp makes an account for the visitor and logs him in. It sets cookies, so call it before anything is written. The
// error is that of Create, or *TooManyError for a network that makes too many.
func (a *Accounts) SignUp(w http.ResponseWriter, r *http.Request, username, email, password string) (User, error) {
	ctx := r.Context()
	if password == "" {
		return User{}, &InvalidError{[]Problem{{"password", "required", "Choose a password."}}}
	}
	try, err := a.cfg.Lockout.Take(ctx, lockout.NetworkKey("sign-up network", httpx.Client(r)), signUpsPerNetwork, httpx.Client(r))
	if err != nil {
		return User{}, err
	}
	if try.Refused {
		return User{}, &TooManyError{try.RetryAfter}
	}
	u, err := a.Create(ctx, User{Username: username, Email: email, Active: true}, password)
	if err != nil {
		return User{}, err
	}
	a.event(ctx, slog.LevelInfo, "airworthy.security.AccountCreated", "somebody signed up", u)
	return u, a.begin(w, r, &u, time.Time{})
}

// ChangePassword sets a new password for who is logged in, and ends all other sessions. The error is ErrRefused if old
// is not right, *InvalidError for a new one that may not be chosen.
func (a *Accounts) ChangePassword(r *http.Request, old, password string) error {
	ctx := r.Context()
	u, err := a.confirmIdentity(r, old)
	if err != nil {
		return err
	}
	if err := a.setPassword(ctx, u, password); err != nil {
		return err
	}
	s := session.From(ctx)
	err = errors.Join(s.Set(keyHash, a.sessionHash(u)), a.endOthers(s))
	a.event(ctx, slog.LevelWarn, "airworthy.security.PasswordChanged", "a password was changed", *u)
	a.notify(ctx, *u, "Your password was changed", "The password of your account was changed. If that was not you, reset it at once.")
	return err
}

// SetPassword sets the password of any user, for an operator, and ends all sessions of that user. The error is that of
// ChangePassword, ErrNotFound, or ErrConflict if it was changed at the same time.
func (a *Accounts) SetPassword(ctx context.Context, id, password string) error {
	u, err := a.cfg.Store.ByID(ctx, id)
	if err != nil {
		return err
	}
	if err := a.setPassword(ctx, &u, password); err != nil {
		return err
	}
	a.event(ctx, slog.LevelWarn, "airworthy.security.PasswordChanged", "a password was set by an operator", u)
	_, err = a.cfg.Sessions.EndUser(ctx, id)
	return err
}

// ChangeEmail sets a new address for who is logged in, and ends all other sessions. Links that were mailed to the old
// one no longer work. The error is that of ChangePassword.
func (a *Accounts) ChangeEmail(r *http.Request, password, email string) error {
	ctx := r.Context()
	email = normalizeEmail(email)
	if !validEmail(email) {
		return &InvalidError{[]Problem{{"email", "invalid", "Enter a valid e-mail address."}}}
	}
	u, err := a.confirmIdentity(r, password)
	if err != nil {
		return err
	}
	former, err := a.cfg.Store.ByID(ctx, u.ID) // an operator may have acted while the password was verified
	switch {
	case err != nil:
		return err
	case !former.Active:
		return ErrNobody
	case former.Password != u.Password:
		return ErrConflict
	}
	*u = former
	if err := a.cfg.Store.SetEmail(ctx, u.ID, email); err != nil {
		return err
	}
	u.Email = email
	err = a.endOthers(session.From(ctx))
	a.event(ctx, slog.LevelWarn, "airworthy.security.EmailChanged", "an e-mail address was changed", *u)
	a.notify(ctx, former, "Your e-mail address was changed", "The e-mail address of your account was changed. If that was not you, tell whoever runs the site.")
	return err
}

// confirmIdentity returns a copy of who is logged in, if password is right. Where there is a second factor it has to be
// fresh: who took over a session has neither.
func (a *Accounts) confirmIdentity(r *http.Request, password string) (*User, error) {
	u, err := a.Current(r.Context())
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, ErrNobody
	}
	if err := a.freshIfAny(r.Context(), u); err != nil {
		return nil, err
	}
	if err := a.reauthenticate(r, u, password); err != nil {
		return nil, err
	}
	mine := *u
	return &mine, nil
}

// freshIfAny returns ErrStale if u has a second factor and has not shown it lately.
func (a *Accounts) freshIfAny(ctx context.Context, u *User) error {
	has, err := a.hasFactor(ctx, u.ID)
	if err == nil && has && !a.Fresh(ctx) {
		return ErrStale
	}
	return err
}

// endOthers gives the session a new id and ends the user's others.
func (a *Accounts) endOthers(s *session.Session) error {
	if err := errors.Join(s.Renew(), s.Save()); err != nil {
		return err
	}
	_, err := s.EndOthers()
	return err
}

// setPassword judges, hashes and stores a new password, in place of the one that u had when it was read.
func (a *Accounts) setPassword(ctx context.Context, u *User, password string) error {
	encoded, refused, err := a.encode(ctx, *u, password)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		return &InvalidError{refused}
	}
	if err := a.cfg.Store.SetPassword(ctx, u.ID, u.Password, encoded); err != nil {
		return err
	}
	u.Password = encoded
	return nil
}

func normalizeEmail(email string) string {
	email = strings.TrimSpace(email)
	if at := strings.LastIndexByte(email, '@'); at >= 0 { // as Django: the part before it may tell cases apart
		email = email[:at] + strings.ToLower(email[at:])
	}
	return email
}

func validEmail(email string) bool {
	if len(email) > 254 || !utf8.ValidString(email) || strings.ContainsAny(email, "\r\n\x00 <>(),;:\\\"[]") {
		return false
	}
	parsed, err := mail.ParseAddress(email)
	at := strings.LastIndexByte(email, '@')
	return err == nil && parsed.Address == email && at > 0 && strings.Contains(email[at:], ".")
}
