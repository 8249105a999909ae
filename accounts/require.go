package accounts

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/password/policy"
)

// RequireLogin lets nobody through who is not logged in: a page redirects to Config.LoginPath, with where to come back
// to as "next"; anything but GET and HEAD is answered with 403. Who has to have a second factor by Config.SecondFactor,
// and has shown none in this session, is sent to show it or to set one up: also who logged in on a Django site.
func (a *Accounts) RequireLogin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := a.Current(r.Context())
		switch {
		case err != nil:
			httpx.Refuse(w, r, http.StatusServiceUnavailable, err)
		case u == nil:
			a.sendTo(w, r, a.cfg.LoginPath)
		case a.KeepsFactors() && a.FactorDemanded(u) && a.FactorShown(r.Context()).IsZero():
			a.StepUp(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// RequireFactor is RequireLogin for what only a fresh second factor may do: who has a stale one is sent to
// Config.StepUpPath, and who has none to Config.EnrolPath.
func (a *Accounts) RequireFactor(next http.Handler) http.Handler {
	return a.RequireLogin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.Fresh(r.Context()) {
			next.ServeHTTP(w, r)
			return
		}
		a.StepUp(w, r)
	}))
}

// StepUp sends who is logged in to show a second factor, or to set one up, and then back.
func (a *Accounts) StepUp(w http.ResponseWriter, r *http.Request) {
	u, err := a.Current(r.Context())
	has := false
	if err == nil && u != nil {
		has, err = a.hasFactor(r.Context(), u.ID)
	}
	switch {
	case err != nil:
		httpx.Refuse(w, r, http.StatusServiceUnavailable, err)
	case u == nil:
		a.sendTo(w, r, a.cfg.LoginPath)
	case has:
		a.sendTo(w, r, a.cfg.StepUpPath)
	default:
		a.sendTo(w, r, a.cfg.EnrolPath)
	}
}

// sendTo redirects to a page of the site that leads back here.
func (a *Accounts) sendTo(w http.ResponseWriter, r *http.Request, path string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		httpx.Refuse(w, r, http.StatusForbidden, ErrNobody)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, path+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
}

// FactorDemanded reports whether u has to have a second factor by Config.SecondFactor.
func (a *Accounts) FactorDemanded(u *User) bool {
	return a.cfg.SecondFactor == FactorForAll || a.cfg.SecondFactor == FactorForStaff && (u.Staff || u.Superuser)
}

// encode returns the hash of a new password, or why it may not be chosen.
func (a *Accounts) encode(ctx context.Context, u User, text string) (string, []Problem, error) {
	if text == "" {
		return "", []Problem{{"password", "required", "Choose a password."}}, nil
	}
	err := a.cfg.Policy.Validate(ctx, text, Attributes(u)...)
	var refusal *policy.Refusal
	if errors.As(err, &refusal) {
		var problems []Problem
		for _, p := range refusal.Problems {
			problems = append(problems, Problem{"password", p.Code, p.Message})
		}
		return "", problems, nil
	}
	if err != nil {
		return "", nil, err
	}
	encoded, err := a.cfg.Hasher.Hash(ctx, text)
	switch {
	case errors.Is(err, password.ErrTooLong):
		return "", []Problem{{"password", "password_too_long", "Choose a shorter password."}}, nil
	case errors.Is(err, password.ErrText):
		return "", []Problem{{"password", "password_invalid", "The password holds characters that cannot be kept."}}, nil
	}
	return encoded, nil, err
}

// unverified takes back an attempt that was not verified because the machine is busy, and returns what to answer: a
// password that cannot be one, too long or no text, is a wrong one like any other.
func (a *Accounts) unverified(ctx context.Context, try *lockout.Try, err error) error {
	if errors.Is(err, password.ErrTooLong) || errors.Is(err, password.ErrText) {
		return ErrRefused
	}
	return errors.Join(err, try.Cancel(ctx))
}
