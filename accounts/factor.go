package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/otp"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// factorData is what a Factor's Data holds when it is opened. Each kind uses what it needs.
type factorData struct {
	Secret string     `json:"secret,omitempty"` // of a TOTP device
	Device otp.Device `json:"device,omitzero"`
	Codes  []string   `json:"codes,omitempty"` // the hashes of recovery codes that are left

	Failures int   `json:"failures,omitempty"` // in a row
	Until    int64 `json:"until,omitempty"`    // Unix milliseconds until which nothing is tried
	Relieved int64 `json:"relieved,omitempty"` // when a reset by mail last ended such a wait, in Unix seconds
}

func additional(f *Factor) []byte { return []byte(keyring.Context("factor", f.User, string(f.Kind))) }

func (a *Accounts) seal(f *Factor, d *factorData) error {
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("accounts: a factor cannot be stored: %T", err)
	}
	f.Data = a.factors.Seal(nil, text, additional(f))
	return nil
}

// open returns what f is made of, and whether the current key sealed it.
func (a *Accounts) open(f *Factor) (d factorData, isCurrent bool, err error) {
	text, isCurrent, err := a.factors.Open(nil, f.Data, additional(f))
	if err != nil {
		return d, false, errors.New("accounts: a second factor cannot be opened: none of the keys sealed it for this user: " +
			"put the key that did back into SECRET_KEY_FALLBACKS, or remove the factor")
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return d, false, errors.New("accounts: a second factor is not as it was stored")
	}
	return d, isCurrent, nil
}

// confirmed returns the user's factors of a kind that work, the one used last first.
func (a *Accounts) confirmed(ctx context.Context, user string, kinds ...FactorKind) ([]Factor, error) {
	if a.cfg.Factors == nil {
		return nil, nil
	}
	all, err := a.cfg.Factors.Factors(ctx, user)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(f Factor) bool { return !f.Confirmed || !slices.Contains(kinds, f.Kind) })
	slices.SortStableFunc(all, func(a, b Factor) int { return b.Used.Compare(a.Used) })
	return all, nil
}

// hasFactor reports whether the user has a second factor. Recovery codes alone are none: they come with one.
func (a *Accounts) hasFactor(ctx context.Context, user string) (bool, error) {
	all, err := a.confirmed(ctx, user, TOTP)
	return len(all) > 0, err
}

// PendingFactors returns the devices of which one has to be shown: of who is half-way in, or of who is logged in and is
// to show one anew. The error is ErrNobody if the visitor is neither.
func (a *Accounts) PendingFactors(ctx context.Context) ([]Factor, error) {
	u, _, err := a.halfway(ctx)
	if err != nil {
		return nil, err
	}
	return a.confirmed(ctx, u.ID, TOTP)
}

// halfway returns who has to show a second factor, and whether that is to log in rather than to show it anew.
func (a *Accounts) halfway(ctx context.Context) (User, bool, error) {
	s := session.From(ctx)
	if s == nil {
		return User{}, false, ErrNobody
	}
	var p pending
	found, err := s.Decode(keyPending, &p)
	if serr := s.Err(); serr != nil {
		return User{}, false, serr
	}
	if !found || err != nil {
		u, err := a.Current(ctx)
		if err == nil && u == nil {
			err = ErrNobody
		}
		if err != nil {
			return User{}, false, err
		}
		return *u, false, nil
	}
	age := time.Since(time.Unix(p.At, 0))
	u, err := a.cfg.Store.ByID(ctx, p.User)
	switch {
	case errors.Is(err, ErrNotFound):
		return User{}, false, ErrNobody
	case err != nil:
		return User{}, false, err
	case age < -time.Minute || age > pendingAge || !u.Active || !a.begunUnder(&u, p.Hash):
		return User{}, false, errors.Join(ErrNobody, s.Delete(keyPending))
	}
	return u, true, nil
}

// VerifyFactor takes the code that the visitor types: of the device whose ID is factor, or, where that is empty, of the
// one used last, or a recovery code, which looks different. After a right one the visitor is logged in, or has a fresh
// factor if he was before. It sets cookies, so call it before anything is written.
//
// The error is ErrRefused for a wrong code, *TooManyError while the device is not to be tried, ErrNobody if there is
// nobody to log in.
func (a *Accounts) VerifyFactor(w http.ResponseWriter, r *http.Request, factor, code string) (User, error) {
	ctx := r.Context()
	u, loggingIn, err := a.halfway(ctx)
	if err != nil {
		return User{}, err
	}
	if err := a.useFactor(ctx, &u, factor, code); err != nil {
		return User{}, err
	}
	now := time.Now()
	if loggingIn {
		return u, a.begin(w, r, &u, now)
	}
	s := session.From(ctx)
	if err := errors.Join(s.Set(keyFactor, now.Unix()), s.Renew()); err != nil {
		return User{}, err
	}
	a.event(ctx, slog.LevelInfo, "airworthy.security.FactorShown", "a second factor was shown anew", u)
	return u, nil
}

// useFactor takes a code. Whatever comes of it is stored before it is believed, and only one of two requests that saw
// the same state can store it: a code counts once, and a thousand guesses at a time are one.
func (a *Accounts) useFactor(ctx context.Context, u *User, factor, code string) error {
	kind := TOTP
	if len(strings.Join(strings.Fields(code), "")) > 8 {
		kind = RecoveryCodes
	}
	for range 3 {
		f, err := a.chosen(ctx, u.ID, kind, factor)
		if err != nil {
			return err
		}
		err = a.tryFactor(ctx, u, f, code)
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return &TooManyError{time.Second}
}

// chosen returns the one factor that is tried. Others do not notice: a wrong code counts against one device only.
func (a *Accounts) chosen(ctx context.Context, user string, kind FactorKind, id string) (*Factor, error) {
	all, err := a.confirmed(ctx, user, kind)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if kind != TOTP || id == "" || all[i].ID == id {
			return &all[i], nil
		}
	}
	return nil, ErrRefused
}

func (a *Accounts) tryFactor(ctx context.Context, u *User, f *Factor, code string) error {
	d, _, err := a.open(f)
	if err != nil {
		return err
	}
	now := time.Now()
	if wait := time.UnixMilli(d.Until).Sub(now); wait > 0 {
		return &TooManyError{wait}
	}
	ok := d.take(f.Kind, code, now)
	if ok {
		d.Failures, d.Until, f.Used = 0, 0, now
	} else {
		d.Failures++
		d.Until = now.Add(otp.BackOff(d.Failures)).UnixMilli()
	}
	if err := a.seal(f, &d); err != nil {
		return err
	}
	if _, err := a.cfg.Factors.UpdateFactor(ctx, *f); err != nil {
		if errors.Is(err, ErrNotFound) { // removed in the meantime
			return ErrRefused
		}
		return err
	}
	if !ok {
		a.event(ctx, slog.LevelWarn, "airworthy.security.FactorRefused", "a second factor was refused", *u,
			slog.String("factor", f.ID), slog.Int("failures", d.Failures))
		return ErrRefused
	}
	if f.Kind == RecoveryCodes {
		a.event(ctx, slog.LevelWarn, "airworthy.security.RecoveryCodeUsed", "a recovery code was used", *u, slog.Int("left", len(d.Codes)))
		a.notify(ctx, *u, "A recovery code was used", fmt.Sprintf("A recovery code of your account was used to log in. %d are left.\n\n"+
			"If that was not you, change your password and set up your second factor anew.", len(d.Codes)))
	}
	return nil
}

// take reports whether code is right, and uses it up.
func (d *factorData) take(kind FactorKind, code string, now time.Time) bool {
	if kind == RecoveryCodes {
		i, ok := otp.MatchRecoveryCode(d.Codes, code)
		if !ok {
			return false
		}
		d.Codes = slices.Delete(d.Codes, i, i+1)
		return true
	}
	device, ok := otp.TOTP{}.Verify(secret.New(d.Secret), code, now, d.Device)
	if ok {
		d.Device = device
	}
	return ok
}

// relief is how often a reset by mail ends the wait of a factor. More often it would help whoever reads the mail to guess.
const relief = 24 * time.Hour

// relieve ends the wait that wrong codes brought upon the user's factors: whoever had the password, and no code, could
// have kept the owner out in this way, and no longer has the password.
func (a *Accounts) relieve(ctx context.Context, user string) error {
	all, err := a.confirmed(ctx, user, TOTP, RecoveryCodes)
	if err != nil {
		return err
	}
	for i := range all {
		f, now := &all[i], time.Now()
		d, _, err := a.open(f)
		if err != nil || d.Failures == 0 || now.Sub(time.Unix(d.Relieved, 0)) < relief {
			continue
		}
		d.Failures, d.Until, d.Relieved = 0, 0, now.Unix()
		if err := a.seal(f, &d); err != nil {
			return err
		}
		if _, err := a.cfg.Factors.UpdateFactor(ctx, *f); err != nil && !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// Reseal seals anew, with the current key, whatever second factors a fallback key sealed, and returns how many there
// were. After it no factor needs a fallback any more; package manage calls it before a key is retired. The error says
// whose factors none of the keys opens, after all the others were sealed; those of users who are gone do not matter.
func (a *Accounts) Reseal(ctx context.Context) (int, error) {
	if a.cfg.Factors == nil {
		return 0, nil
	}
	const batch = 100
	n, after := 0, ""
	var errs []error
	for {
		page, err := a.cfg.Factors.AllFactors(ctx, after, batch)
		if err != nil {
			return n, err
		}
		for i := range page {
			f := &page[i]
			after = f.ID
			d, isCurrent, err := a.open(f)
			switch {
			case err != nil:
				err = a.unopened(ctx, f, err)
				if err != nil && len(errs) < maxUnopened {
					errs = append(errs, err)
				}
				continue
			case isCurrent:
				continue
			}
			sealed, err := a.reseal(ctx, f, &d)
			if err != nil {
				return n, errors.Join(append(errs, err)...)
			}
			if sealed {
				n++
			}
		}
		if len(page) < batch {
			return n, errors.Join(errs...)
		}
	}
}

// maxUnopened is how many factors that cannot be opened an error names.
const maxUnopened = 20

// unopened says whose factor could not be opened, for whoever has to remove it; nil if its user is gone.
func (a *Accounts) unopened(ctx context.Context, f *Factor, cause error) error {
	u, err := a.cfg.Store.ByID(ctx, f.User)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return errors.Join(cause, err)
	}
	return fmt.Errorf("of the user %q: %w", u.Username, cause)
}

func (a *Accounts) reseal(ctx context.Context, f *Factor, d *factorData) (bool, error) {
	if err := a.seal(f, d); err != nil {
		return false, err
	}
	_, err := a.cfg.Factors.UpdateFactor(ctx, *f)
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) { // used, and so sealed anew, or removed, in the meantime
		return false, nil
	}
	return err == nil, err
}

// begunUnder reports whether hash is the session auth hash of u, under any of the keys.
func (a *Accounts) begunUnder(u *User, hash string) bool {
	_, ok := a.session.Verify([]byte(u.Password), unhex(hash))
	return ok
}

func (a *Accounts) warn(ctx context.Context, text string, err error) {
	httpx.Logger(a.cfg.Logger).LogAttrs(ctx, slog.LevelError, text, slog.Any("error", err))
}
