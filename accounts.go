package airworthy

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/accounts/pages"
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
	account  *pages.Pages       // nil without accounts, or switched off
}

// Handler answers for the pages of accounts.
func (u *users) Handler(next http.Handler) http.Handler {
	if u.account == nil {
		return next
	}
	return u.account.Handler(next)
}

// buildUsers makes them, or reports every fault of all of them.
func (s Settings) buildUsers(p *parts) error {
	var errs [4]error
	u := &p.users
	u.hasher, errs[0] = password.New(s.Passwords)
	u.policy, errs[1] = policy.New(s.PasswordPolicy)
	u.lockout, errs[2] = lockout.New(s.Lockout)
	if s.Accounts.Store == nil {
		errs[3] = errors.Join(s.Accounts.Validate(), s.AccountPages.Validate())
		if u.policy != nil { // made to be judged: nothing asks it
			errs[1] = errors.Join(errs[1], u.policy.Close())
		}
	}
	if s.Accounts.Store != nil && errors.Join(errs[:]...) == nil {
		c := s.Accounts
		c.Hasher, c.Policy, c.Lockout = cmp.Or(c.Hasher, u.hasher), cmp.Or(c.Policy, u.policy), cmp.Or(c.Lockout, u.lockout)
		c.Sessions, c.Ring = p.session, p.ring
		u.accounts, errs[3] = accounts.New(c)
	}
	if u.accounts != nil && !s.AccountPages.Off {
		c := s.AccountPages
		c.Accounts = u.accounts
		var err error
		u.account, err = pages.New(c)
		errs[3] = errors.Join(errs[3], err)
	}
	return errors.Join(errs[:]...)
}

// usersConnected gives the parts of users what they need of each other.
func (s Settings) usersConnected() Settings {
	s.Accounts.Cookies = s.Cookies
	s.Accounts.InsecureCookie = s.Session.InsecureCookie
	if s.Accounts.Origin == "" {
		s.Accounts.Origin = s.onlyOrigin()
	}
	s.AccountPages.Site = cmp.Or(s.AccountPages.Site, s.Accounts.Site)
	s.Accounts.PagesPath = cmp.Or(s.Accounts.PagesPath, s.AccountPages.Path)
	s.PasswordPolicy.AsTyped = s.PasswordPolicy.AsTyped || s.Passwords.Preset == password.Django52 || s.Passwords.Preset == password.Django61
	s.PasswordPolicy.SecondFactor = s.PasswordPolicy.SecondFactor || s.Accounts.SecondFactor == accounts.FactorForAll
	return s
}

// resetPath returns what the paths of links that reset a password begin with.
func (s Settings) resetPath() string {
	return cmp.Or(s.Accounts.ResetPath, cmp.Or(s.Accounts.PagesPath, pages.DefaultPath)+"reset/")
}

// onlyOrigin returns the origin of a site that has one name and serves it over https; empty if that is not known.
func (s Settings) onlyOrigin() string {
	if len(s.Hosts.Allowed) != 1 || s.HTTPS.InsecureHTTP || s.HTTPS.InsecureOff {
		return ""
	}
	host := s.Hosts.Allowed[0]
	if strings.ContainsAny(host, "*/") || strings.HasPrefix(host, ".") {
		return ""
	}
	return "https://" + strings.ToLower(host)
}

// userChecks are the checks of the parts that know of users. Without a store there is nothing to check, and nothing that
// could seem to have passed.
func (s Settings) userChecks() []check.Check {
	if s.Accounts.Store == nil {
		return nil
	}
	return slices.Concat(s.Passwords.Checks(), s.PasswordPolicy.Checks(), s.Lockout.Checks(), s.Accounts.Checks())
}

// runningChecks ask the parts that serve: a weak password is refused, and a new hash is what the settings promise.
func (u *users) runningChecks() []check.Check {
	if u.accounts == nil {
		return nil
	}
	return append(u.hasher.Checks(), u.policy.Checks()...)
}

// Accounts returns the accounts of the application; nil without a store in Settings.Accounts.
func (a *App) Accounts() *accounts.Accounts { return a.parts.accounts }

// Lockout returns what counts failed logins.
func (a *App) Lockout() *lockout.Guard { return a.parts.lockout }

// Passwords returns what hashes passwords.
func (a *App) Passwords() *password.Hasher { return a.parts.hasher }
