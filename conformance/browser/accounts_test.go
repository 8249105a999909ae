package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// TestAccounts goes the way of somebody who makes an account and protects it, through all pages that there are for that.
func TestAccounts(t *testing.T) {
	h := newHouse(t)
	ada := h.comes(t, "ada")
	ada.goes("/")
	ada.clicks(`a[href="/account/signup/"]`)
	ada.at("/account/signup/", "Make an account")
	ada.inspect("signup")
	if status := ada.submits("username", "ada", "email", "ada@example.com", "password", "ada@example.com", "again", "different"); status != 422 {
		t.Errorf("status %d for two passwords that differ, want 422", status)
	}
	ada.inspect("signup-refused")
	ada.submits("username", "ada", "email", "ada@example.com", "password", goodPassword, "again", goodPassword)
	ada.in()
	ada.inspect("account")
	for _, path := range []string{"/ops-room", "/ops-room/", "/ops-room/checklist"} {
		if status := ada.goes(path); status != 404 {
			t.Errorf("status %d at %s for who is no staff, want 404", status, path)
		}
	}

	ada.goes("/account/second-factor/")
	ada.inspect("second-factor-none")
	ada.clicks("main .actions a")
	ada.enrols(goodPassword, ada.inspect)
	ada.at("/account/second-factor/", "Second factor")
	ada.inspect("second-factor")
	_, _ = chromedp.RunResponse(ada.ctx, chromedp.NavigateBack()) // the page was kept nowhere, so that this fails
	if text := get[string](ada.tab, `document.documentElement.textContent`); strings.Contains(text, ada.codes[0]) || strings.Contains(text, ada.codes[9]) {
		t.Error("the browser's button Back shows the recovery codes a second time")
	}

	ada.loginPages()
	ada.sessionPages()
	ada.changePages()
	ada.resetPages()
	ada.quiet()
}

func (p *person) loginPages() {
	p.goes("/account/logout/")
	p.inspect("logout")
	p.clicks("main form button")
	p.at("/account/logout/", "You are logged out")
	p.inspect("logged-out")
	p.out()
	p.inspect("login")
	if status := p.submits("username", "ada", "password", "wrong"); status != 422 {
		p.t.Errorf("status %d for a wrong password, want 422", status)
	}
	p.inspect("login-refused")
	p.submits("username", "ada", "password", goodPassword)
	p.at("/account/factor/", "Confirm that it is you")
	p.inspect("factor")
	p.goes("/account/factor/?recovery=1")
	p.inspect("factor-recovery")
	p.goes("/account/")
	p.at("/account/login/", "Log in") // half-way in is not in
	p.goes("/account/factor/")
	p.submits("code", p.code())
	p.in()
}

func (p *person) sessionPages() {
	other := p.elsewhere()
	other.logsIn(goodPassword)
	p.goes("/account/sessions/")
	p.inspect("sessions")
	p.clicks(`main button[aria-label^="End the session"]`)
	p.reads("The session was ended.")
	other.out()
	p.in()

	other.logsIn(goodPassword)
	p.goes("/account/sessions/")
	p.clicks(`main .actions button`)
	p.reads("All your other sessions were ended.")
	p.inspect("sessions-ended")
	other.out()
	p.in()
	other.quiet()
}

func (p *person) changePages() {
	other := p.elsewhere()
	other.logsIn(goodPassword)
	p.goes("/account/password/")
	p.inspect("password")
	p.submits("old", "wrong", "password", otherPassword, "again", otherPassword)
	p.reads("This is not your password.")
	p.inspect("password-refused")
	p.submits("old", goodPassword, "password", otherPassword, "again", otherPassword)
	p.reads("Your password was changed")
	p.at("/account/", "Your account")
	p.inspect("account-notice")
	other.out()

	p.goes("/account/email/")
	p.inspect("email")
	p.submits("email", "countess@example.com", "old", otherPassword)
	p.reads("Your e-mail address was changed")

	p.goes("/account/second-factor/recovery-codes/")
	p.inspect("new-codes")
	p.goes("/account/second-factor/")
	p.clicks(`main .list a[href*="remove"]`)
	p.inspect("remove-factor")
}

// resetPages has a forgotten password.
func (p *person) resetPages() {
	p.goes("/account/logout/")
	p.clicks("main form button")
	p.goes("/account/login/")
	p.clicks(`main .links a[href="/account/reset/"]`)
	p.at("/account/reset/", "Forgotten your password?")
	p.inspect("reset")
	mark := p.house.mark()
	p.submits("email", "countess@example.com")
	p.at("/account/reset/", "Look at your mail")
	p.inspect("reset-sent")
	link := p.house.mailed(mark)
	if status := p.goes(link); status != 200 {
		p.t.Fatalf("status %d for the link in the mail, want 200", status)
	}
	p.at(link[:strings.LastIndex(strings.TrimSuffix(link, "/"), "/")]+"/set-password/", "Choose a new password")
	p.inspect("reset-password")
	p.submits("password", goodPassword+" again", "again", goodPassword+" again")
	p.at("/account/login/", "Log in")
	p.reads("Your password was changed. Log in with the new one.")
	p.inspect("login-notice")
	if status := p.goes(link); status != 404 {
		p.t.Errorf("status %d for a link that was used, want 404", status)
	}
	p.at(link, "This link does not work")
	p.inspect("reset-invalid")

	used := p.codes[0]
	p.logsIn(goodPassword + " again")
	p.goes("/account/logout/")
	p.clicks("main form button")
	p.goes("/account/login/")
	p.submits("username", p.name, "password", goodPassword+" again")
	p.clicks(`a[href*="recovery=1"]`)
	p.submits("code", used)
	p.reads("The code is not right, or was used already.")
	p.inspect("factor-refused")
	p.goes("/account/")
	p.at("/account/login/", "Log in")
}

// TestAccountCookies makes an account on the bulletin as production serves it, and looks at what the browser keeps.
func TestAccountCookies(t *testing.T) {
	b := open(t)
	p := &person{tab: b, name: "cookies"}
	p.visit(home + "account/signup/")
	p.submits("username", "cookies", "email", "cookies@example.com", "password", goodPassword, "again", goodPassword)
	p.visit(home + "account/")
	p.at("/account/", "Your account")
	cookies := b.cookies(home)
	if len(cookies) < 3 {
		t.Errorf("there are %d cookies, want those of session, CSRF and known device", len(cookies))
	}
	for name, c := range cookies {
		ours := strings.HasPrefix(name, "__Host-") && c.Path == "/" && c.Domain == "bulletin.test"
		if !c.Secure || !c.HTTPOnly || c.SameSite != network.CookieSameSiteLax || !ours {
			t.Errorf("%s: Secure %v, HttpOnly %v, SameSite %s, Path %s, Domain %s, want true, true, Lax, /, bulletin.test",
				name, c.Secure, c.HTTPOnly, c.SameSite, c.Path, c.Domain)
		}
	}
	if status := p.visit(home + "ops-room"); status != 404 {
		t.Errorf("status %d at the path of development's console, want 404", status)
	}
	b.clean()
	b.quiet()
}
