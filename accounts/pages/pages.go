// Package pages puts HTML in front of package accounts: sign-up, login, second factor, password, e-mail address,
// reset by mail, and the list of sessions.
//
// It protects from what login pages give away and let through: all refusals of a login are one page, after it nobody is
// sent to another site, a reset link's token reaches no Referer and no history but the first visit's, passwords are
// never sent back, forms are small, and nothing is kept in a cache.
//
//	p, err := pages.New(pages.Config{Accounts: a, Site: "Bulletin", QR: qrcode.SVG})
//	…
//	handler = sessions.Handler(csrf.Handler(p.Handler(mux)))
//
// The pages need no JavaScript and pass a Content-Security-Policy that allows the site's own stylesheets or those with
// the nonce. Their templates can be replaced one by one: see [Config.Templates].
//
// The package decides nothing about accounts and counts nothing: package accounts does. It does not check where forms
// come from: put package csrf around it.
package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/csrf"
)

// DefaultPath is where the pages are unless Config.Path says something else.
const DefaultPath = "/account/"

// Config says what the pages look like and where they are. Accounts is needed.
type Config struct {
	Accounts *accounts.Accounts

	// Path is what the addresses of all pages begin with; DefaultPath if empty. The paths in accounts.Config have to
	// agree with it.
	Path string `env:"ACCOUNTS_PATH" doc:"Path below which the pages of accounts are, with a slash at both ends; /account/ if unset."`

	// Off leaves all of them out of an airworthy.App, for an application with pages of its own.
	Off bool

	// Home is where a login leads that came from nowhere in particular; "/" if empty.
	Home string

	// Site is the name that the pages show; none if empty.
	Site string

	// NoSignUp leaves out the page on which visitors make accounts.
	NoSignUp bool `env:"ACCOUNTS_SIGN_UP,invert" doc:"Whether visitors can make accounts themselves."`

	// Templates holds pages of your own: html/template files with the names of ours, such as login.html, in their place.
	// page.html stands for all pages that have no file, layout.html is around all of them, and form.html has what they
	// share; other .html files are templates that these may include. They get a [Page]. Nil for ours.
	Templates fs.FS

	// QR draws the code that an authenticator app scans: SVG of drivers/qrcode. Without it people type the key.
	QR func(text string) (template.HTML, error)

	// Nonce returns the nonce of the answer's Content-Security-Policy, and CSRF the field that goes into forms. Nil for
	// those of packages csp and csrf.
	Nonce func(context.Context) string
	CSRF  func(context.Context) template.HTML

	// Logger gets the failures; nil for slog.Default().
	Logger *slog.Logger
}

// Pages answers for the pages of accounts. It is safe for concurrent use.
type Pages struct {
	cfg       Config
	accounts  *accounts.Accounts
	templates map[string]*template.Template
	style     style
	routes    map[string]route
}

// Validate reports what is wrong with the settings that come from variables, before there are accounts. [New] does so too.
func (c Config) Validate() error {
	p := cmp.Or(c.Path, DefaultPath)
	if safeNext(p) != p || !strings.HasSuffix(p, "/") || strings.ContainsAny(p, "?%") || strings.Contains(p, "//") {
		return fmt.Errorf("pages: ACCOUNTS_PATH: %q is not a plain path with one slash at both ends: write one such as /account/", p)
	}
	return nil
}

// New returns Pages, or every mistake in cfg.
func New(cfg Config) (*Pages, error) {
	if cfg.Path == "" {
		cfg.Path = DefaultPath
	}
	if cfg.Home == "" {
		cfg.Home = "/"
	}
	if cfg.Nonce == nil {
		cfg.Nonce = csp.Nonce
	}
	if cfg.CSRF == nil {
		cfg.CSRF = csrf.Field
	}
	var errs []error
	if cfg.Accounts == nil {
		errs = append(errs, errors.New("pages: no Accounts: make them with accounts.New"))
	}
	errs = append(errs, cfg.Validate())
	if safeNext(cfg.Home) != cfg.Home {
		errs = append(errs, fmt.Errorf("pages: Home: %q is not a path of this site, such as /", cfg.Home))
	}
	templates, err := parse(cfg.Templates)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	p := &Pages{cfg: cfg, accounts: cfg.Accounts, templates: templates, style: newStyle()}
	p.routes = map[string]route{
		"":          {p.member(p.overview), nil},
		"login/":    {p.loginForm, p.login},
		"logout/":   {p.logoutForm, p.logout},
		"password/": {p.member(p.passwordForm), p.member(p.password)},
		"email/":    {p.member(p.emailForm), p.member(p.email)},
		"sessions/": {p.member(p.sessions), p.member(p.endSessions)},
	}
	if cfg.Accounts.KeepsFactors() {
		p.routes[factorsPath] = route{p.member(p.factors), nil}
		p.routes[addPath] = route{p.member(p.addForm), p.member(p.add)}
		p.routes[confirmPath] = route{p.member(p.confirmForm), p.member(p.confirm)}
		p.routes[removePath] = route{p.member(p.removeForm), p.member(p.remove)}
		p.routes[codesPath] = route{p.member(p.codesForm), p.member(p.codes)}
		p.routes["factor/"] = route{p.factorForm, p.factor}
		p.routes["step-up/"] = route{p.factorForm, p.factor}
	}
	if !cfg.NoSignUp {
		p.routes["signup/"] = route{p.signUpForm, p.signUp}
	}
	if cfg.Accounts.Mails() {
		p.routes["reset/"] = route{p.resetForm, p.reset}
	}
	return p, nil
}

// member lets in who is logged in, and sends others to log in and come back.
func (p *Pages) member(show func(http.ResponseWriter, *http.Request, *accounts.User)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, err := p.accounts.Current(r.Context())
		switch {
		case err != nil:
			p.fail(w, r, err)
		case u == nil:
			p.redirect(w, p.cfg.Path+"login/", safeNext(r.URL.RequestURI()))
		default:
			show(w, r, u)
		}
	}
}

// menu is on all pages of who is logged in.
func (p *Pages) menu(here string) []Link {
	menu := []Link{
		{Path: "", Label: "Overview"}, {Path: "password/", Label: "Password"}, {Path: "email/", Label: "E-mail address"},
		{Path: "sessions/", Label: "Sessions"},
	}
	if p.accounts.KeepsFactors() {
		menu = append(menu, Link{Path: factorsPath, Label: "Second factor"})
	}
	menu = append(menu, Link{Path: "logout/", Label: "Log out"})
	for i := range menu {
		menu[i].Here = menu[i].Path == here
		menu[i].Path = p.cfg.Path + menu[i].Path
	}
	return menu
}

// memberPage returns a page of who is logged in, in the part of the menu that here names, with what was just done.
func (p *Pages) memberPage(r *http.Request, u *accounts.User, name, here, title string) (Page, error) {
	notice, err := takeNotice(r.Context())
	return Page{Name: name, Title: title, Username: u.Username, Menu: p.menu(here), Notice: notice}, err
}
