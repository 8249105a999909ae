package airworthy

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/accounts/pages"
	"github.com/airworthy-go/airworthy/admin"
	"github.com/airworthy-go/airworthy/check/preflight"
	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/lockout"
)

// console gives the admin part what it needs of the others. The pages ask p and app when they are shown.
func (s Settings) console(p *parts) admin.Config {
	c := s.Admin
	if c.Who == nil {
		c.Who, c.StepUp = p.visitor, p.stepUp
	}
	if c.Nonce == nil && !s.CSP.InsecureOff {
		c.Nonce = csp.Nonce
	}
	if c.CSRF == nil && !s.CSRF.InsecureOff {
		c.CSRF = func(ctx context.Context) template.HTML { return csrf.Field(ctx) }
	}
	if c.Environment == "" {
		c.Environment = s.Loaded.Environment
	}
	if c.Name == "" {
		c.Name = s.Accounts.Site
	}
	c.Proxied = len(s.Proxy.Trusted) > 0 || s.Proxy.Hops > 0 || s.Proxy.UnixSocket
	pages := []admin.Page{
		admin.ChecklistPage(func(ctx context.Context) (*preflight.Result, error) { return p.app.Preflight(ctx), nil }),
		admin.EventsPage(p.recentEvents),
		admin.KeysPage(p.keyStanding),
	}
	if s.Accounts.Store != nil {
		pages = append(pages[:1:1], append([]admin.Page{
			admin.SessionsPage(admin.Sessions{List: p.sessionsOf, End: p.endSession, EndAll: p.endSessions}),
			admin.LockoutsPage(admin.Lockouts{List: p.lockouts, Unlock: p.unlock}),
		}, pages[1:]...)...)
	}
	c.Pages = append(pages, c.Pages...)
	return c
}

// consoleAmongPages is the fault of a console that covers pages of accounts: the staff could not log in or out.
func (s Settings) consoleAmongPages() error {
	console, account := strings.TrimSuffix(s.Admin.Path, "/")+"/", cmp.Or(s.AccountPages.Path, pages.DefaultPath)
	if console == "/" || account == "/" || s.Admin.Who != nil || s.AccountPages.Off ||
		!strings.HasPrefix(console, account) && !strings.HasPrefix(account, console) {
		return nil
	}
	return errors.New("admin: ADMIN_PATH: it is among the pages of accounts: write one that neither begins with ACCOUNTS_PATH nor is its beginning")
}

// visitor says who asks for the console.
func (p *parts) visitor(r *http.Request) (admin.Visitor, error) {
	if p.accounts == nil {
		return admin.Visitor{}, nil
	}
	u, err := p.accounts.Current(r.Context())
	if err != nil || u == nil {
		return admin.Visitor{}, err
	}
	return admin.Visitor{Name: u.Username, Staff: u.Staff, Factor: p.accounts.FactorShown(r.Context())}, nil
}

func (p *parts) stepUp(w http.ResponseWriter, r *http.Request) { p.accounts.StepUp(w, r) }

func (p *parts) recentEvents() []admin.EventRow {
	var rows []admin.EventRow
	for _, e := range p.logs.Events(0) {
		rows = append(rows, admin.EventRow(e))
	}
	return rows
}

// userNamed returns the user of exactly that name, or the only one whose name differs in case only.
func (p *parts) userNamed(ctx context.Context, name string) (accounts.User, error) {
	name = accounts.NormalizeUsername(name)
	u, err := p.accounts.Store().ByUsername(ctx, name)
	if !errors.Is(err, accounts.ErrNotFound) {
		return u, err
	}
	twins, err := p.accounts.Store().Twins(ctx, name)
	if err == nil && len(twins) != 1 {
		err = accounts.ErrNotFound
	}
	if err != nil {
		return accounts.User{}, err
	}
	return twins[0], nil
}

func (p *parts) sessionsOf(ctx context.Context, name string) ([]admin.SessionRow, error) {
	u, err := p.userNamed(ctx, name)
	if errors.Is(err, accounts.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := p.accounts.SessionsOf(ctx, u.ID)
	var rows []admin.SessionRow
	for _, s := range all {
		rows = append(rows, admin.SessionRow{ID: s.ID, LoggedIn: s.Begun, Seen: s.Seen, Expire: s.Expires, From: s.Network, Agent: s.Agent, Current: s.Current})
	}
	return rows, err
}

func (p *parts) endSession(ctx context.Context, name, id string) error {
	u, err := p.userNamed(ctx, name)
	if err != nil {
		return err
	}
	return p.session.End(ctx, u.ID, id)
}

func (p *parts) endSessions(ctx context.Context, name string) (int, error) {
	u, err := p.userNamed(ctx, name)
	if err != nil {
		return 0, err
	}
	return p.session.EndUser(ctx, u.ID)
}

func (p *parts) lockouts(ctx context.Context, limit int) ([]admin.LockoutRow, error) {
	all, err := p.lockout.Locked(ctx, limit)
	var rows []admin.LockoutRow
	for _, e := range all {
		rows = append(rows, admin.LockoutRow{Kind: string(e.Kind), Subject: e.Subject, Since: e.Locked, Until: e.Until,
			Failures: e.Failures, Locks: e.Locks, From: e.From, Reason: e.Reason})
	}
	return rows, err
}

func (p *parts) unlock(ctx context.Context, kind, subject string) error {
	return p.lockout.Unlock(ctx, lockout.Key{Kind: lockout.Kind(kind), Subject: subject}, admin.From(ctx).Name)
}

// keyStanding says of the keys what `key status` says.
func (p *parts) keyStanding(ctx context.Context) (admin.Keys, error) {
	s := p.app.settings
	var reports []keyring.Report
	if s.KeyLedger != nil {
		var err error
		if reports, err = s.KeyLedger.Reports(ctx); err != nil {
			return admin.Keys{}, err
		}
	}
	now := time.Now()
	var keys admin.Keys
	for _, k := range keyring.Standings(s.Keyring, p.ring.Uses(), reports, now) {
		keys.Keys = append(keys.Keys, admin.KeyRow{Fingerprint: k.Fingerprint, Role: k.Role, Environment: k.Environment,
			Made: k.Made, Verified: k.Verified, Last: k.Last, Retirable: k.May, Next: k.Next})
	}
	for _, r := range keyring.Running(reports, keyring.Live, now) {
		if len(r.Keys) > 0 {
			keys.Instances = append(keys.Instances, admin.InstanceRow{Name: r.Instance, Signs: r.Keys[0].Fingerprint, At: r.At})
		}
	}
	return keys, nil
}
