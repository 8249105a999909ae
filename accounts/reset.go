package accounts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
)

// How many reset mails one address gets, and one network may ask for. For an address no lock is longer than the first: its
// owner, whose account somebody keeps locked, has no other way in.
var (
	mailsPerAddress = lockout.Budget{Failures: 3, Window: time.Hour, CoolOff: time.Hour, MaxCoolOff: time.Hour}
	mailsPerNetwork = lockout.Budget{Failures: 20, Window: time.Hour, CoolOff: time.Hour, MaxCoolOff: 24 * time.Hour}
)

// Mails reports whether mail can be sent, and so passwords be reset.
func (a *Accounts) Mails() bool { return a.cfg.Mail != nil }

// RequestReset mails a link to whoever has the address, if anybody has. Whether there is an account is not told, neither
// by the error nor by the time, since the look-up comes after the answer. The error is *TooManyError for a network
// that asks too often.
//
// The mail goes to the address as it is stored, not as it was typed, and the link begins with Config.Origin.
func (a *Accounts) RequestReset(r *http.Request, email string) error {
	ctx := r.Context()
	if a.cfg.Mail == nil {
		return errors.New("accounts: no mail can be sent: set Config.Mail")
	}
	for _, b := range []struct {
		key    lockout.Key
		budget lockout.Budget
		tell   bool
	}{
		{lockout.NetworkKey("reset network", httpx.Client(r)), mailsPerNetwork, true},
		{lockout.Key{Kind: "reset address", Subject: httpx.Truncate(CanonicalEmail(strings.TrimSpace(email)), MaxEmail)}, mailsPerAddress, false},
	} {
		try, err := a.cfg.Lockout.Take(ctx, b.key, b.budget, httpx.Client(r))
		switch {
		case err != nil:
			return err
		case try.Refused && b.tell:
			return &TooManyError{try.RetryAfter}
		case try.Refused:
			return nil // as if it was sent: who floods somebody's mailbox need not know
		}
	}
	if !a.later(ctx, func(ctx context.Context) { a.mailLinks(ctx, email) }) {
		return &password.BusyError{RetryAfter: time.Minute}
	}
	return nil
}

func (a *Accounts) mailLinks(ctx context.Context, email string) {
	email = strings.TrimSpace(email)
	users, err := a.cfg.Store.ByEmail(ctx, email)
	if err != nil {
		a.warn(ctx, "a reset could not be prepared", err)
		return
	}
	for _, u := range users {
		if !u.Active || !password.Usable(u.Password) || CanonicalEmail(u.Email) != CanonicalEmail(email) {
			continue
		}
		link := a.origin + a.cfg.ResetPath + encodeID(u.ID) + "/" + a.resetToken(&u, time.Now()) + "/"
		a.event(ctx, slog.LevelInfo, "airworthy.security.ResetRequested", "a link that resets a password was sent", u)
		a.send(ctx, Message{To: u.Email, Subject: a.subject("Reset your password"), Text: fmt.Sprintf(
			"Somebody, probably you, asked to reset the password of %s.\n\nOpen this link to choose a new one:\n\n%s\n\n"+
				"It works once, for %s. If you did not ask for it, do nothing: your password stays as it is.",
			oneLine(u.Username), link, spoken(a.cfg.ResetTimeout))})
	}
}

func spoken(d time.Duration) string {
	if d < 2*time.Hour {
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d hours", d/time.Hour)
}

// CheckReset returns whose reset link it is, of which id and token are the last two parts. The error is ErrLink if it
// is nobody's any more.
func (a *Accounts) CheckReset(ctx context.Context, id, token string) (User, error) {
	key, ok := decodeID(id)
	if !ok {
		return User{}, ErrLink
	}
	u, err := a.cfg.Store.ByID(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return User{}, ErrLink
	case err != nil:
		return User{}, err
	case !u.Active || !password.Usable(u.Password) || !a.resetValid(&u, token, time.Now()):
		return User{}, ErrLink
	}
	return u, nil
}

// ResetPassword sets the password of the user whose link it is, and ends all sessions of that user. It logs nobody in:
// the second factor is still to be shown. Of two requests with one link one wins. It sets a cookie, so call it before
// anything is written: the browser is known from then on, so that its owner gets in while strangers keep guessing. The error is ErrLink, or
// *InvalidError for a password that may not be chosen.
func (a *Accounts) ResetPassword(w http.ResponseWriter, r *http.Request, id, token, password string) error {
	ctx := r.Context()
	u, err := a.CheckReset(ctx, id, token)
	if err != nil {
		return err
	}
	if err := a.setPassword(ctx, &u, password); err != nil {
		if errors.Is(err, ErrConflict) {
			return ErrLink
		}
		return err
	}
	// Who can read the owner's mail has shown to be the owner: a stranger's failures no longer stand in the way.
	// Nor do those to a twin of his, as there may be in a Django site: with whom he shares the count, so that it stays.
	twins, err := a.cfg.Store.Twins(ctx, u.Username)
	if err == nil && len(twins) == 1 {
		err = a.cfg.Lockout.UnlockAccount(ctx, CanonicalUsername(u.Username), "a reset by mail")
	}
	err = errors.Join(err, a.relieve(ctx, u.ID))
	_, ended := a.cfg.Sessions.EndUser(ctx, u.ID)
	a.rememberDevice(w, r, &u)
	a.event(ctx, slog.LevelWarn, "airworthy.security.PasswordChanged", "a password was reset by mail", u)
	a.notify(ctx, u, "Your password was changed", "The password of your account was reset with a link that was sent to this address.")
	return errors.Join(err, ended)
}
