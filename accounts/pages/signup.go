package pages

import (
	"net/http"
)

func (p *Pages) signUpPage(r *http.Request, next string) Page {
	name, email := usernameField(), emailField()
	name.Help = "Letters, digits and @ . + - _"
	name.Autofocus = true
	fields := newPasswordFields(p.accounts.PasswordHelp())
	fields[0].Label, fields[1].Label = "Password", "Password again"
	return Page{
		Name: "signup", Title: "Make an account", Username: p.who(r),
		Form:  &Form{Action: p.cfg.Path + "signup/", Submit: "Make the account", Hidden: hiddenNext(next), Fields: append([]Field{name, email}, fields...)},
		Links: []Link{{Path: withNext(p.cfg.Path+"login/", next), Label: "Log in, if you have an account"}},
	}
}

func (p *Pages) signUpForm(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, p.signUpPage(r, next(r.URL.Query())))
}

func (p *Pages) signUp(w http.ResponseWriter, r *http.Request) {
	v, ok := p.form(w, r)
	if !ok {
		return
	}
	next := safeNext(v["next"])
	page := p.signUpPage(r, next)
	page.Form.fill(v)
	if !p.repeated(w, r, page, v) {
		return
	}
	if v.get("email") == "" { // accounts would take it: an operator may make one without
		page.Form.refuse("email", "Enter an e-mail address.")
		p.show(w, r, http.StatusUnprocessableEntity, page)
		return
	}
	if _, err := p.accounts.SignUp(w, r, v.get("username"), v.get("email"), v.password("password")); err != nil {
		p.refuse(w, r, page, refusedText{}, err)
		return
	}
	p.after(w, next)
}

// repeated reports whether a new password was typed twice alike. If not, it has answered.
func (p *Pages) repeated(w http.ResponseWriter, r *http.Request, page Page, v values) bool {
	if v.password("password") == v.password("again") {
		return true
	}
	page.Form.refuse("again", "The two passwords are not the same.")
	p.show(w, r, http.StatusUnprocessableEntity, page)
	return false
}
