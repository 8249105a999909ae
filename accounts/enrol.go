package accounts

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/otp"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// Bounds of a user's factors.
const (
	maxFactors    = 10
	recoveryCodes = 10
)

// Enrolment is a device that is about to become a second factor.
type Enrolment struct {
	ID     string      // of the factor
	Secret secret.Text // to be typed into the app
	URI    secret.Text // to be shown as a QR code; it holds the secret
}

// FactorState is one of a user's second factors, for lists.
type FactorState struct {
	Factor
	Left int // of recovery codes: how many were not used
}

// KeepsFactors reports whether there is a FactorStore, and so whether anybody can have a second factor.
func (a *Accounts) KeepsFactors() bool { return a.cfg.Factors != nil }

// FactorStates returns the second factors of who is logged in, without those that were never confirmed.
func (a *Accounts) FactorStates(ctx context.Context) ([]FactorState, error) {
	u, err := a.mustCurrent(ctx)
	if err != nil {
		return nil, err
	}
	all, err := a.confirmed(ctx, u.ID, TOTP, RecoveryCodes)
	if err != nil {
		return nil, err
	}
	var states []FactorState
	for _, f := range all {
		state := FactorState{Factor: f}
		if f.Kind == RecoveryCodes {
			d, _, err := a.open(&f)
			if err != nil {
				return nil, err
			}
			state.Left = len(d.Codes)
		}
		state.Data = nil
		states = append(states, state)
	}
	return states, nil
}

// mustCurrent is Current with ErrNobody for nobody.
func (a *Accounts) mustCurrent(ctx context.Context) (*User, error) {
	u, err := a.Current(ctx)
	if err == nil && u == nil {
		err = ErrNobody
	}
	return u, err
}

// Enrol begins to make an app a second factor of who is logged in, who proves to be the owner by the password, and by a
// fresh factor if there is one already. It counts only after Confirm. What was begun before and not confirmed is gone.
func (a *Accounts) Enrol(r *http.Request, password, name string) (Enrolment, error) {
	ctx := r.Context()
	if a.cfg.Factors == nil {
		return Enrolment{}, errors.New("accounts: there is no FactorStore: set Config.Factors")
	}
	u, err := a.confirmIdentity(r, password)
	if err != nil {
		return Enrolment{}, err
	}
	all, err := a.cfg.Factors.Factors(ctx, u.ID)
	if err != nil {
		return Enrolment{}, err
	}
	kept := 0
	for _, f := range all {
		if f.Confirmed {
			kept++
			continue
		}
		if err := a.cfg.Factors.DeleteFactor(ctx, u.ID, f.ID); err != nil && !errors.Is(err, ErrNotFound) {
			return Enrolment{}, err
		}
	}
	if kept > maxFactors {
		return Enrolment{}, &InvalidError{[]Problem{{"name", "too_many", "Remove a device first: there are as many as an account can have."}}}
	}
	name = httpx.Truncate(strings.ToValidUTF8(strings.TrimSpace(strings.ReplaceAll(name, "\x00", "")), ""), 60)
	if name == "" {
		name = "Authenticator app"
	}
	key := otp.NewSecret()
	f := Factor{User: u.ID, Kind: TOTP, Name: name, Created: time.Now()}
	if err := a.seal(&f, &factorData{Secret: key.Reveal()}); err != nil {
		return Enrolment{}, err
	}
	if f, err = a.cfg.Factors.AddFactor(ctx, f); err != nil {
		return Enrolment{}, err
	}
	return a.enrolment(&f, u, key), nil
}

func (a *Accounts) enrolment(f *Factor, u *User, key secret.Text) Enrolment {
	issuer := a.cfg.Site
	if issuer == "" {
		issuer = "airworthy"
	}
	return Enrolment{ID: f.ID, Secret: key, URI: otp.TOTP{}.URI(key, issuer, u.Username)}
}

// Enrolling returns the device that who is logged in has begun to enrol under the ID, so that a page can show it again
// after a mistyped code. The error is ErrNotFound if there is none.
func (a *Accounts) Enrolling(ctx context.Context, id string) (Enrolment, error) {
	u, err := a.mustCurrent(ctx)
	if err != nil {
		return Enrolment{}, err
	}
	f, d, err := a.unconfirmed(ctx, u, id)
	if err != nil {
		return Enrolment{}, err
	}
	return a.enrolment(f, u, secret.New(d.Secret)), nil
}

// enrolAge is how long an enrolment may take. Its secret is shown until then.
const enrolAge = time.Hour

func (a *Accounts) unconfirmed(ctx context.Context, u *User, id string) (*Factor, *factorData, error) {
	if a.cfg.Factors == nil {
		return nil, nil, ErrNotFound
	}
	all, err := a.cfg.Factors.Factors(ctx, u.ID)
	if err != nil {
		return nil, nil, err
	}
	for i := range all {
		if f := &all[i]; f.ID == id && f.Kind == TOTP && !f.Confirmed && time.Since(f.Created) < enrolAge {
			d, _, err := a.open(f)
			return f, &d, err
		}
	}
	return nil, nil, ErrNotFound
}

// Confirm makes the device that Enrol began a second factor, if code is one of its codes, and ends all other sessions.
// With the first device it returns recovery codes, to be shown once; nobody can show them again. The error is
// ErrRefused for a wrong code and ErrNotFound if there is no such device.
func (a *Accounts) Confirm(r *http.Request, id, code string) (codes []string, err error) {
	ctx := r.Context()
	u, err := a.mustCurrent(ctx)
	if err != nil {
		return nil, err
	}
	had, err := a.hasFactor(ctx, u.ID)
	if err == nil && had && !a.Fresh(ctx) {
		err = ErrStale
	}
	if err != nil {
		return nil, err
	}
	f, d, err := a.unconfirmed(ctx, u, id)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if !d.take(TOTP, code, now) { // no back-off: the secret is on the visitor's own page
		return nil, ErrRefused
	}
	f.Confirmed, f.Used = true, now
	if err := a.seal(f, d); err != nil {
		return nil, err
	}
	if _, err := a.cfg.Factors.UpdateFactor(ctx, *f); err != nil {
		return nil, err
	}
	if !had {
		if codes, err = a.newRecoveryCodes(ctx, u); err != nil {
			return nil, err
		}
	}
	s := session.From(ctx)
	if err := errors.Join(s.Set(keyFactor, now.Unix()), a.endOthers(s)); err != nil {
		return nil, err
	}
	a.event(ctx, slog.LevelWarn, "airworthy.security.FactorAdded", "a second factor was added", *u, slog.String("factor", f.ID))
	a.notify(ctx, *u, "A second factor was added", "An authenticator app was added to your account. If that was not you, change your password at once.")
	return codes, nil
}

// NewRecoveryCodes replaces the recovery codes of who is logged in and returns the new ones, to be shown once. The error
// is ErrStale without a fresh second factor.
func (a *Accounts) NewRecoveryCodes(r *http.Request) ([]string, error) {
	ctx := r.Context()
	u, err := a.withFreshFactor(ctx)
	if err != nil {
		return nil, err
	}
	codes, err := a.newRecoveryCodes(ctx, u)
	if err != nil {
		return nil, err
	}
	a.event(ctx, slog.LevelWarn, "airworthy.security.RecoveryCodesMade", "new recovery codes were made", *u)
	a.notify(ctx, *u, "New recovery codes", "New recovery codes were made for your account; the former ones no longer work.")
	return codes, a.endOthers(session.From(ctx))
}

func (a *Accounts) newRecoveryCodes(ctx context.Context, u *User) ([]string, error) {
	if err := a.deleteFactors(ctx, u.ID, RecoveryCodes); err != nil {
		return nil, err
	}
	codes := otp.NewRecoveryCodes(recoveryCodes)
	d := factorData{}
	for _, code := range codes {
		d.Codes = append(d.Codes, otp.HashRecoveryCode(code))
	}
	f := Factor{User: u.ID, Kind: RecoveryCodes, Name: "Recovery codes", Confirmed: true, Created: time.Now()}
	if err := a.seal(&f, &d); err != nil {
		return nil, err
	}
	_, err := a.cfg.Factors.AddFactor(ctx, f)
	return codes, err
}

func (a *Accounts) deleteFactors(ctx context.Context, user string, kinds ...FactorKind) error {
	all, err := a.confirmed(ctx, user, kinds...)
	if err != nil {
		return err
	}
	for _, f := range all {
		if err := a.cfg.Factors.DeleteFactor(ctx, user, f.ID); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// withFreshFactor returns who is logged in with a second factor that was shown lately.
func (a *Accounts) withFreshFactor(ctx context.Context) (*User, error) {
	u, err := a.mustCurrent(ctx)
	if err != nil {
		return nil, err
	}
	has, err := a.hasFactor(ctx, u.ID)
	if err == nil && (!has || !a.Fresh(ctx)) {
		err = ErrStale
	}
	return u, err
}

// RemoveFactor removes a device of who is logged in, and ends all other sessions. With the last device the recovery
// codes go. The error is ErrStale without a fresh second factor, ErrNotFound if there is no such device.
func (a *Accounts) RemoveFactor(r *http.Request, id string) error {
	ctx := r.Context()
	u, err := a.withFreshFactor(ctx)
	if err != nil {
		return err
	}
	devices, err := a.confirmed(ctx, u.ID, TOTP)
	if err != nil {
		return err
	}
	if err := a.cfg.Factors.DeleteFactor(ctx, u.ID, id); err != nil {
		return err
	}
	s := session.From(ctx)
	if len(devices) == 1 && devices[0].ID == id {
		err = errors.Join(a.deleteFactors(ctx, u.ID, RecoveryCodes), s.Delete(keyFactor))
	}
	err = errors.Join(err, a.endOthers(s))
	a.event(ctx, slog.LevelWarn, "airworthy.security.FactorRemoved", "a second factor was removed", *u, slog.String("factor", id))
	a.notify(ctx, *u, "A second factor was removed", "An authenticator app was removed from your account. If that was not you, change your password at once.")
	return err
}

// RemoveFactors removes all second factors of a user who has lost them, for an operator, and ends all sessions of that
// user. It returns how many there were.
func (a *Accounts) RemoveFactors(ctx context.Context, id string) (int, error) {
	if a.cfg.Factors == nil {
		return 0, nil
	}
	all, err := a.cfg.Factors.Factors(ctx, id)
	if err != nil {
		return 0, err
	}
	for i, f := range all {
		if err := a.cfg.Factors.DeleteFactor(ctx, id, f.ID); err != nil && !errors.Is(err, ErrNotFound) {
			return i, err
		}
	}
	a.event(ctx, slog.LevelWarn, "airworthy.security.FactorRemoved", "the second factors were removed by an operator", User{ID: id})
	_, err = a.cfg.Sessions.EndUser(ctx, id)
	return len(all), err
}
