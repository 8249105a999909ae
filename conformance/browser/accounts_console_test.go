package browser_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
)

const console = "/ops-room"

// TestConsole has somebody of the staff set up the second factor that the console demands, look at all its pages, and
// end a session there.
func TestConsole(t *testing.T) {
	h := newHouse(t)
	h.create("grace", "--staff", "--email", "grace@example.com")
	h.create("linus")
	grace := h.comes(t, "grace")
	if status := grace.goes(console); status != 404 {
		t.Errorf("status %d for nobody, want 404", status)
	}
	grace.logsIn(goodPassword)
	grace.goes(console)
	grace.at("/account/second-factor/", "Second factor") // it shows nothing of itself, and leads back
	grace.reads("Your account has to have one.")
	grace.inspect("second-factor-needed")
	grace.clicks("main .actions a")
	grace.enrols(goodPassword, func(string) {})
	grace.at(console+"/checklist", "Checklist")

	h.lockOut(t, "linus")
	for _, page := range []struct{ path, title string }{
		{"checklist", "Checklist"}, {"sessions", "Sessions"}, {"lockouts", "Lockouts"}, {"events", "Events"}, {"keys", "Keys"},
	} {
		grace.clicks(`nav a[href="` + console + "/" + page.path + `"]`)
		grace.at(console+"/"+page.path, page.title)
		grace.inspect("console-" + page.path)
	}
	if status := grace.goes(console + "/nowhere"); status != 404 {
		t.Errorf("status %d for a page that the console does not have, want 404", status)
	}
	grace.inspect("console-nowhere")
	grace.endsSessions()
	grace.stepsUp()

	other := grace.elsewhere()
	other.logsIn(goodPassword)
	grace.goes(console + "/sessions")
	if status := grace.clicks("section > form button.danger"); status != 404 {
		t.Errorf("status %d after all sessions were ended, this one too, want 404", status)
	}
	other.out()
	grace.out()
	grace.quiet()
}

// lockOut guesses a password until the account is locked for where it comes from.
func (h *house) lockOut(t *testing.T, name string) {
	t.Helper()
	guesser := h.comes(t, name)
	for range 5 {
		guesser.goes("/account/login/")
		guesser.submits("username", name, "password", "guessed")
		guesser.reads("The user name or the password is not right.")
	}
	guesser.goes("/account/login/")
	guesser.submits("username", name, "password", goodPassword)
	guesser.reads("The user name or the password is not right.") // nothing tells that this one was
	guesser.out()
}

// endsSessions ends, in the console, one session and then all of them.
func (p *person) endsSessions() {
	other := p.elsewhere()
	other.logsIn(goodPassword)
	p.goes(console + "/sessions")
	const buttons = `[...document.querySelectorAll("tbody tr")].map(e => e.innerText.includes("this one"))`
	if got := get[[]bool](p.tab, buttons); len(got) != 2 || got[0] == got[1] {
		p.t.Fatalf("the sessions are this one or not: %v, want one of two", got)
	}
	p.clicks(`tbody tr:not(:has(th small)) button`)
	p.at(console+"/sessions", "Sessions")
	p.reads("is ended.")
	p.inspect("console-sessions-ended")
	other.out()
	p.in()

	p.goes(console + "/sessions")
	p.submits("user", "linus")
	p.reads("This user has no sessions, or there is no such user.")
}

// stepsUp logs in where the console wants a factor that is three seconds old at most.
func (p *person) stepsUp() {
	strict := p.house.serve("ADMIN_FACTOR_AGE=3s")
	at := "http://" + strict.addr + console + "/keys?x=1"
	p.visit(at)
	p.at("/account/step-up/", "Confirm that it is you")
	p.inspect("step-up")
	if status := p.submits("code", p.recovery()); status >= 400 {
		p.t.Errorf("status %d", status)
	}
	p.await(`location.href === ` + quote(at) + ` && document.querySelector("h1").textContent === "Keys"`)
	time.Sleep(3100 * time.Millisecond)
	p.visit(at)
	p.at("/account/step-up/", "Confirm that it is you")
}

// TestAccountsWithoutScript goes the same way with scripts switched off, and unlocks an account.
func TestAccountsWithoutScript(t *testing.T) {
	h := newHouse(t)
	h.create("grace", "--staff")
	h.create("linus")
	grace := h.comes(t, "grace")
	call(grace.tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	grace.goes("/account/login/?next=" + console + "/lockouts")
	grace.submits("username", "grace", "password", goodPassword)
	grace.at("/account/second-factor/", "Second factor")
	grace.clicks("main .actions a")
	grace.enrols(goodPassword, func(string) {})
	grace.at(console+"/lockouts", "Lockouts")
	grace.reads("Nobody is locked out.")
	grace.goes("/account/logout/")
	grace.clicks("main form button")

	grace.goes("/account/login/?next=" + console + "/lockouts")
	grace.submits("username", "grace", "password", goodPassword)
	grace.at("/account/factor/", "Confirm that it is you")
	grace.submits("code", grace.code())
	grace.at(console+"/lockouts", "Lockouts")

	h.lockOut(t, "linus")
	grace.goes(console + "/lockouts")
	grace.reads("linus")
	for range 4 { // what is locked is the pair of account and network, and the account too if it came to that
		if get[int](grace.tab, `document.querySelectorAll("tbody tr").length`) == 0 {
			break
		}
		grace.clicks("tbody button")
		grace.reads("is unlocked.")
	}
	grace.reads("Nobody is locked out.")
	linus := h.comes(t, "linus")
	linus.logsIn(goodPassword)

	grace.goes(console + "/events")
	for _, event := range []string{"linus", "grace"} {
		grace.reads(event)
	}
	if text := get[string](grace.tab, `document.body.innerText`); strings.Contains(text, goodPassword) || strings.Contains(text, "guessed") {
		t.Error("the console shows a password")
	}
	grace.clean()
	grace.quiet()
}
