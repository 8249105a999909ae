package pages

import (
	"net/http"

	"github.com/airworthy-go/airworthy/accounts"
)

// wrongPassword is for who is logged in already, so that it tells nothing.
var wrongPassword = refusedText{"old", "This is not your password."}

func (p *Pages) overview(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	ctx := r.Context()
	page, err := p.memberPage(r, u, "account", "", "Your account")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	factors, err := p.accounts.FactorStates(ctx)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	row := func(title, tag, line, path, label string) {
		page.Items = append(page.Items, Item{Title: title, Tag: tag, Lines: []string{line}, Links: []Link{{Path: p.cfg.Path + path, Label: label}}})
	}
	email := u.Email
	if email == "" {
		email = "None. Without one you cannot reset a forgotten password."
	}
	row("Password", "", "Other sessions end when you change it.", "password/", "Change")
	row("E-mail address", "", email, "email/", "Change")
	row("Sessions", "", "Where you are logged in.", "sessions/", "Show") // not how many: in Django's table that is costly to know
	switch {
	case !p.accounts.KeepsFactors():
	case len(factors) > 0:
		row("Second factor", "On", "A code is asked for when you log in.", "second-factor/", "Manage")
	case p.accounts.FactorDemanded(u):
		row("Second factor", "Needed", "Your account has to have one.", "second-factor/", "Set up")
	default:
		row("Second factor", "", "Protects your account even if somebody knows your password.", "second-factor/", "Set up")
	}
	p.show(w, r, http.StatusOK, page)
}

// stale sends who has a second factor that is not fresh to show it, before a form is filled in for nothing. It reports
// whether it has.
func (p *Pages) stale(w http.ResponseWriter, r *http.Request) bool {
	if p.accounts.Fresh(r.Context()) {
		return false
	}
	factors, err := p.accounts.FactorStates(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return true
	}
	if len(factors) == 0 {
		return false
	}
	p.redirect(w, p.cfg.Path+"step-up/", safeNext(r.URL.RequestURI()))
	return true
}

// done goes on to a page that says what was done.
func (p *Pages) done(w http.ResponseWriter, r *http.Request, notice, path string) {
	if err := setNotice(r.Context(), notice); err != nil {
		p.fail(w, r, err)
		return
	}
	p.redirect(w, p.cfg.Path+path, "")
}

func (p *Pages) passwordPage(r *http.Request, u *accounts.User) (Page, error) {
	page, err := p.memberPage(r, u, "password", "password/", "Change your password")
	page.Intro = "All your other sessions end with it."
	page.Form = &Form{
		Action: p.cfg.Path + "password/", Submit: "Change the password", User: u.Username,
		Fields: append([]Field{passwordField("old", "Present password")}, newPasswordFields(p.accounts.PasswordHelp())...),
	}
	return page, err
}

func (p *Pages) passwordForm(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	if p.stale(w, r) {
		return
	}
	page, err := p.passwordPage(r, u)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, page)
}

func (p *Pages) password(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	v, ok := p.form(w, r)
	if !ok {
		return
	}
	page, err := p.passwordPage(r, u)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if !p.repeated(w, r, page, v) {
		return
	}
	if err := p.accounts.ChangePassword(r, v.password("old"), v.password("password")); err != nil {
		p.refuse(w, r, page, wrongPassword, err)
		return
	}
	p.done(w, r, "password", "")
}

func (p *Pages) emailPage(r *http.Request, u *accounts.User) (Page, error) {
	page, err := p.memberPage(r, u, "email", "email/", "Change your e-mail address")
	page.Intro = "It is where mail for a forgotten password goes. All your other sessions end with a change."
	address := emailField()
	address.Value, address.Label = u.Email, "New e-mail address"
	page.Form = &Form{
		Action: p.cfg.Path + "email/", Submit: "Change the address",
		Fields: []Field{address, passwordField("old", "Your password")},
	}
	return page, err
}

func (p *Pages) emailForm(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	if p.stale(w, r) {
		return
	}
	page, err := p.emailPage(r, u)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, page)
}

func (p *Pages) email(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	v, ok := p.form(w, r)
	if !ok {
		return
	}
	page, err := p.emailPage(r, u)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	page.Form.fill(v)
	if err := p.accounts.ChangeEmail(r, v.password("old"), v.get("email")); err != nil {
		p.refuse(w, r, page, wrongPassword, err)
		return
	}
	p.done(w, r, "email", "")
}
