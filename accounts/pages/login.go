package pages

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/accounts"
)

// hiddenNext carries where to go through a form.
func hiddenNext(next string) []Hidden {
	if next == "" {
		return nil
	}
	return []Hidden{{"next", next}}
}

// who returns the name of who is logged in, for the top of pages that anybody may see.
func (p *Pages) who(r *http.Request) string {
	u, err := p.accounts.Current(r.Context())
	if err != nil || u == nil {
		return ""
	}
	return u.Username
}

// after goes where the visitor wanted to go before.
func (p *Pages) after(w http.ResponseWriter, next string) {
	if next == "" {
		next = p.cfg.Home
	}
	p.redirect(w, next, "")
}

func (p *Pages) loginPage(r *http.Request, next string) Page {
	name := usernameField()
	name.Autofocus = true
	page := Page{
		Name: "login", Title: "Log in", Username: p.who(r),
		Form: &Form{Action: p.cfg.Path + "login/", Submit: "Log in", Hidden: hiddenNext(next), Fields: []Field{name, passwordField("password", "Password")}},
	}
	if page.Username != "" {
		page.Intro = "You are logged in already. You can log in as somebody else."
	}
	if p.accounts.Mails() {
		page.Links = append(page.Links, Link{Path: p.cfg.Path + "reset/", Label: "Forgotten your password?"})
	}
	if !p.cfg.NoSignUp {
		page.Links = append(page.Links, Link{Path: withNext(p.cfg.Path+"signup/", next), Label: "Make an account"})
	}
	return page
}

func (p *Pages) loginForm(w http.ResponseWriter, r *http.Request) {
	page := p.loginPage(r, next(r.URL.Query()))
	var err error
	if page.Notice, err = takeNotice(r.Context()); err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, page)
}

// wrongLogin is the one answer to all logins that are refused, whatever the reason.
var wrongLogin = refusedText{"", "The user name or the password is not right. Mind capital letters in both."}

func (p *Pages) login(w http.ResponseWriter, r *http.Request) {
	v, ok := p.form(w, r)
	if !ok {
		return
	}
	next := safeNext(v["next"])
	_, err := p.accounts.Login(w, r, v.get("username"), v.password("password"))
	switch {
	case err == nil:
		p.after(w, next)
	case errors.Is(err, accounts.ErrFactorNeeded):
		p.redirect(w, p.cfg.Path+"factor/", next)
	default:
		page := p.loginPage(r, next)
		page.Form.fill(v)
		p.refuse(w, r, page, wrongLogin, err)
	}
}

// factorPage asks for a code: of who is half-way in, or of who has to show it once more. Where there are several
// devices, the one called device is asked for, and the others are offered.
func (p *Pages) factorPage(r *http.Request, devices []accounts.Factor, device, next string, recovery bool) Page {
	here := p.cfg.Path + "factor/"
	page := Page{Name: "factor", Title: "Confirm that it is you", Username: p.who(r)}
	if strings.HasSuffix(r.URL.Path, "/step-up/") {
		here = p.cfg.Path + "step-up/"
		page.Name, page.Intro = "step_up", "This part of the site asks for a fresh code."
	}
	link := func(label, name, value string) {
		q := url.Values{name: {value}}
		if next != "" {
			q.Set("next", next)
		}
		page.Links = append(page.Links, Link{Path: here + "?" + q.Encode(), Label: label})
	}
	i := max(slices.IndexFunc(devices, func(f accounts.Factor) bool { return f.ID == device }), 0)
	code := codeField("Code", "The six digits that the app shows now.", true)
	if len(devices) > 1 {
		code.Label = "Code of “" + devices[i].Name + "”"
	}
	hidden := append(hiddenNext(next), Hidden{"device", devices[i].ID})
	if recovery {
		code = codeField("Recovery code", "One of those that you kept when you set up your second factor. Each works once.", false)
		hidden = append(hiddenNext(next), Hidden{"recovery", "1"})
	}
	for j, f := range devices {
		if j != i || recovery {
			link("Use “"+f.Name+"”", "device", f.ID)
		}
	}
	if !recovery {
		link("Use a recovery code", "recovery", "1")
	}
	page.Form = &Form{Action: here, Submit: "Go on", Hidden: hidden, Fields: []Field{code}}
	return page
}

// devices returns those of which one has to be shown. If there are none to show, it has answered.
func (p *Pages) devices(w http.ResponseWriter, r *http.Request, next string) []accounts.Factor {
	devices, err := p.accounts.PendingFactors(r.Context())
	switch {
	case errors.Is(err, accounts.ErrNobody):
		p.backToLogin(w, r, next)
	case err != nil:
		p.fail(w, r, err)
	case len(devices) == 0: // who is logged in and has none
		p.redirect(w, p.cfg.Path+"second-factor/", next)
	}
	return devices
}

// backToLogin is for whoever took too long between password and code.
func (p *Pages) backToLogin(w http.ResponseWriter, r *http.Request, next string) {
	if r.Method == http.MethodPost {
		if err := setNotice(r.Context(), "late"); err != nil {
			p.fail(w, r, err)
			return
		}
	}
	p.redirect(w, p.cfg.Path+"login/", next)
}

func (p *Pages) factorForm(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	next := next(q)
	if devices := p.devices(w, r, next); len(devices) > 0 {
		p.show(w, r, http.StatusOK, p.factorPage(r, devices, q.Get("device"), next, q.Get("recovery") == "1"))
	}
}

var wrongCode = refusedText{"code", "The code is not right, or was used already. Wait for the next one and try again."}
var wrongRecoveryCode = refusedText{"code", "The code is not right, or was used already."}

func (p *Pages) factor(w http.ResponseWriter, r *http.Request) {
	v, ok := p.form(w, r)
	if !ok {
		return
	}
	next, recovery := safeNext(v["next"]), v["recovery"] == "1"
	_, err := p.accounts.VerifyFactor(w, r, v["device"], v["code"])
	switch {
	case err == nil:
		p.after(w, next)
		return
	case errors.Is(err, accounts.ErrNobody):
		p.backToLogin(w, r, next)
		return
	}
	if devices := p.devices(w, r, next); len(devices) > 0 {
		wrong := wrongCode
		if recovery {
			wrong = wrongRecoveryCode
		}
		p.refuse(w, r, p.factorPage(r, devices, v["device"], next, recovery), wrong, err)
	}
}

// logoutForm shows a button: a link that logs out could be put into an image by anybody.
func (p *Pages) logoutForm(w http.ResponseWriter, r *http.Request) {
	u, err := p.accounts.Current(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if u == nil {
		p.redirect(w, p.cfg.Path+"login/", "")
		return
	}
	page, err := p.memberPage(r, u, "logout", "logout/", "Log out")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	page.Form = &Form{Action: p.cfg.Path + "logout/", Submit: "Log out"}
	p.show(w, r, http.StatusOK, page)
}

func (p *Pages) logout(w http.ResponseWriter, r *http.Request) {
	if err := p.accounts.Logout(r); err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, Page{
		Name: "logged_out", Title: "You are logged out",
		Links: []Link{{Path: p.cfg.Path + "login/", Label: "Log in again"}, {Path: p.cfg.Home, Label: "Go to the home page"}},
	})
}
