package pages

import (
	"errors"
	"net/http"
	"strings"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/session"
)

// Django's names, so that a link which one of two sites with common sessions was visited with can be used on the other.
const (
	resetTokenKey = "_password_reset_token"
	setPassword   = "set-password"
)

// resetLink returns the user and the token of reset/<user>/<token>/.
func resetLink(path string) (user, token string, ok bool) {
	rest, ok := strings.CutPrefix(path, "reset/")
	rest, slash := strings.CutSuffix(rest, "/")
	user, token, cut := strings.Cut(rest, "/")
	ok = ok && slash && cut && user != "" && token != "" && len(rest) <= 512 && !strings.Contains(token, "/")
	return user, token, ok
}

func (p *Pages) resetPage() Page {
	email := emailField()
	email.Autofocus = true
	return Page{
		Name: "reset", Title: "Forgotten your password?",
		Intro: "Enter the e-mail address of your account. You get a link with which you can choose a new password.",
		Form:  &Form{Action: p.cfg.Path + "reset/", Submit: "Send the link", Fields: []Field{email}},
		Links: []Link{{Path: p.cfg.Path + "login/", Label: "Back to the login"}},
	}
}

func (p *Pages) resetForm(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, p.resetPage())
}

// reset answers the same whether or not anybody has the address.
func (p *Pages) reset(w http.ResponseWriter, r *http.Request) {
	v, ok := p.form(w, r)
	if !ok {
		return
	}
	page := p.resetPage()
	page.Form.fill(v)
	if v.get("email") == "" {
		page.Form.refuse("email", "Enter an e-mail address.")
		p.show(w, r, http.StatusUnprocessableEntity, page)
		return
	}
	if err := p.accounts.RequestReset(r, v.get("email")); err != nil {
		p.refuse(w, r, page, refusedText{}, err)
		return
	}
	p.show(w, r, http.StatusOK, Page{
		Name: "reset_sent", Title: "Look at your mail",
		Intro: "If there is an account with that address, a link is on its way to it. It may take a few minutes; look among the spam too.",
		Links: []Link{{Path: p.cfg.Path + "login/", Label: "Back to the login"}, {Path: p.cfg.Path + "reset/", Label: "Try another address"}},
	})
}

// resetRoute answers a link that was mailed. The first visit moves the token from the address into the session, from
// where it leaks into no Referer, no history and no log of a proxy.
func (p *Pages) resetRoute(user, token string) route {
	if token != setPassword {
		return route{get: func(w http.ResponseWriter, r *http.Request) { p.keepToken(w, r, user, token) }}
	}
	return route{
		get: func(w http.ResponseWriter, r *http.Request) {
			if u, _, ok := p.resetting(w, r, user); ok {
				p.show(w, r, http.StatusOK, p.newPasswordPage(user, u))
			}
		},
		post: func(w http.ResponseWriter, r *http.Request) { p.setPassword(w, r, user) },
	}
}

func (p *Pages) keepToken(w http.ResponseWriter, r *http.Request, user, token string) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	_, err := p.accounts.CheckReset(r.Context(), user, token)
	switch {
	case errors.Is(err, accounts.ErrLink):
		p.badLink(w, r)
		return
	case err != nil:
		p.fail(w, r, err)
		return
	}
	s := session.From(r.Context())
	if s == nil {
		p.fail(w, r, errors.New("pages: no session: put the session's Handler around the pages"))
		return
	}
	if r.Method == http.MethodHead { // of a program that looks whether links are alive
		p.redirect(w, p.cfg.Path+"reset/"+user+"/"+setPassword+"/", "")
		return
	}
	if err := s.Set(resetTokenKey, token); err != nil {
		p.fail(w, r, err)
		return
	}
	p.redirect(w, p.cfg.Path+"reset/"+user+"/"+setPassword+"/", "")
}

// resetting returns whose password is about to be reset by the link that the visitor came with. If it is nobody's, it
// has answered.
func (p *Pages) resetting(w http.ResponseWriter, r *http.Request, user string) (accounts.User, string, bool) {
	token := ""
	if s := session.From(r.Context()); s != nil {
		token = s.String(resetTokenKey)
	}
	u, err := p.accounts.CheckReset(r.Context(), user, token)
	switch {
	case errors.Is(err, accounts.ErrLink):
		p.badLink(w, r)
	case err != nil:
		p.fail(w, r, err)
	}
	return u, token, err == nil
}

func (p *Pages) badLink(w http.ResponseWriter, r *http.Request) {
	page := Page{
		Name: "reset_invalid", Title: "This link does not work", Intro: "It was used already, or it is too old, or a part of it got lost on the way.",
		Links: []Link{{Path: p.cfg.Path + "reset/", Label: "Send me another one"}, {Path: p.cfg.Path + "login/", Label: "Back to the login"}},
	}
	p.show(w, r, http.StatusNotFound, page)
}

func (p *Pages) newPasswordPage(user string, u accounts.User) Page {
	fields := newPasswordFields(p.accounts.PasswordHelp())
	fields[0].Autofocus = true
	return Page{
		Name: "reset_password", Title: "Choose a new password", Intro: "For the account " + u.Username + ". All its sessions end.",
		Form: &Form{Action: p.cfg.Path + "reset/" + user + "/" + setPassword + "/", Submit: "Change the password", User: u.Username, Fields: fields},
	}
}

func (p *Pages) setPassword(w http.ResponseWriter, r *http.Request, user string) {
	v, ok := p.form(w, r)
	if !ok {
		return
	}
	u, token, ok := p.resetting(w, r, user)
	if !ok {
		return
	}
	page := p.newPasswordPage(user, u)
	if !p.repeated(w, r, page, v) {
		return
	}
	err := p.accounts.ResetPassword(w, r, user, token, v.password("password"))
	switch {
	case errors.Is(err, accounts.ErrLink):
		p.badLink(w, r)
		return
	case err != nil:
		p.refuse(w, r, page, refusedText{}, err)
		return
	}
	// Whoever was logged in here logs in anew, with the new password and the second factor.
	if err := session.From(r.Context()).Destroy(); err != nil {
		p.fail(w, r, err)
		return
	}
	p.done(w, r, "reset", "login/")
}
