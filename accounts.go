package airworthy

import (
	"cmp"
	"context"
	"errors"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/password/policy"
)

// users are the parts that know of users. Those that keep none are made in any case, so that their settings are judged
// before the application has opened its store.
type users struct {
	hasher   *password.Hasher
	policy   *policy.Policy
	lockout  *lockout.Guard
	accounts *accounts.Accounts // nil without a store
}

// buildUsers makes them, or reports every fault of all of them.
func (s Settings) buildUsers(p *parts) error {
	var errs [4]error
	u := &p.users
	u.hasher, errs[0] = password.New(s.Passwords)
	u.policy, errs[1] = policy.New(s.PasswordPolicy)
	u.lockout, errs[2] = lockout.New(s.Lockout)
	if s.Accounts.Store != nil && errors.Join(errs[:]...) == nil {
		c := s.Accounts
		c.Hasher, c.Policy, c.Lockout = cmp.Or(c.Hasher, u.hasher), cmp.Or(c.Policy, u.policy), cmp.Or(c.Lockout, u.lockout)
		c.Sessions, c.Ring = p.session, p.ring
		u.accounts, errs[3] = accounts.New(c)
	}
	return errors.Join(errs[:]...)
}

// usersConnected gives the parts of users what they need of each other.
func (s Settings) usersConnected() Settings {
	s.Accounts.Cookies = s.Cookies
	s.Accounts.InsecureCookie = s.Session.InsecureCookie
	s.PasswordPolicy.SecondFactor = s.PasswordPolicy.SecondFactor || s.Accounts.SecondFactor == accounts.FactorForAll
	return s
}

// userChecks are the checks of the parts that know of users. Without a store nothing is wrong with them.
func (s Settings) userChecks() []check.Check {
	lists := [][]check.Check{s.PasswordPolicy.Checks(), s.Lockout.Checks(), s.Accounts.Checks()}
	var all []check.Check
	for _, list := range lists {
		for _, k := range list {
			if s.Accounts.Store == nil {
				k.Find = func(context.Context) ([]check.Finding, error) { return nil, nil }
			}
			all = append(all, k)
		}
	}
	return all
}

// Accounts returns the accounts of the application; nil without a store in Settings.Accounts.
func (a *App) Accounts() *accounts.Accounts { return a.parts.accounts }

// Lockout returns what counts failed logins.
func (a *App) Lockout() *lockout.Guard { return a.parts.lockout }

// Passwords returns what hashes passwords.
func (a *App) Passwords() *password.Hasher { return a.parts.hasher }
