package browser_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/otp"
	"github.com/airworthy-go/airworthy/secret"
)

const (
	goodPassword  = "seven grey geese fly home"
	otherPassword = "nine green frogs sit still"
)

// house is a bulletin of one test, as development serves it: it prints its mail and has a console.
type house struct {
	*program
	t   *testing.T
	env []string
}

// newHouse starts a bulletin on an empty database.
func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, env: []string{
		"AIRWORTHY_ENV=development", "SECRET_KEY=" + keyring.Generate().Reveal(),
		"DATABASE_URL=sqlite:///" + filepath.Join(t.TempDir(), "db.sqlite3"), "LOCKOUT_PAIR=3/1h/15m/4h",
		"SITE_ORIGIN=http://mailed.test",
	}}
	h.program = h.serve()
	return h
}

// serve starts one more instance on the same database, with further variables.
func (h *house) serve(env ...string) *program {
	h.t.Helper()
	p, err := serve(w.binary, w.dir, append(h.env, env...))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := p.stop(); err != nil {
			h.t.Error(err)
		}
	})
	return p
}

// create makes an account with the bulletin's own command.
func (h *house) create(args ...string) {
	h.t.Helper()
	cmd := exec.Command(w.binary, append([]string{"user", "create"}, args...)...)
	cmd.Env, cmd.Dir, cmd.Stdin = append(slices.Clone(h.env), "PATH="+os.Getenv("PATH")), h.cmd.Dir, strings.NewReader(goodPassword+"\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("user create: %v\n%s", err, out)
	}
}

func (h *house) url(path string) string { return "http://" + h.addr + path }

var mailedLink = regexp.MustCompile(`^http://mailed\.test(/account/reset/\S+/)$`)

// mailed waits for the mail with a link, and returns the link's path.
func (h *house) mailed(mark int) string {
	h.t.Helper()
	late := time.After(patience)
	for {
		records, _, more := h.since(mark)
		for _, r := range records {
			line, _ := r["line"].(string)
			if m := mailedLink.FindStringSubmatch(line); m != nil {
				return m[1]
			}
		}
		select {
		case <-more:
		case <-late:
			h.t.Fatalf("no link was mailed; there is\n%v", records)
		}
	}
}

// person is somebody with a browser, who has an authenticator app and a sheet with recovery codes.
type person struct {
	*tab
	house  *house
	name   string
	secret string // in the app
	last   int64  // the latest step of time whose code was used: it works once
	codes  []string
}

// comes opens a browser of its own for somebody.
func (h *house) comes(t *testing.T, name string) *person {
	t.Helper()
	return &person{tab: openFor(t, 24*patience), house: h, name: name}
}

// elsewhere is the same person, with the same app and sheet, at another browser.
func (p *person) elsewhere() *person {
	p.t.Helper()
	other := p.house.comes(p.t, p.name)
	other.secret, other.codes = p.secret, p.codes[:2]
	p.codes = p.codes[2:]
	return other
}

// goes visits a page of the house.
func (p *person) goes(path string) int64 {
	p.t.Helper()
	return p.visit(p.house.url(path))
}

// fills fills in fields by name and value.
func (p *person) fills(pairs ...string) []chromedp.Action[chromedp.Void] {
	var steps []chromedp.Action[chromedp.Void]
	for i := 0; i < len(pairs); i += 2 {
		field := chromedp.CSS(`main input[name="` + pairs[i] + `"]`)
		steps = append(steps, chromedp.Clear(field), chromedp.SendKeys(field, pairs[i+1]))
	}
	return steps
}

// submits fills in the page's form, sends it, and returns the status of the page that this leads to.
func (p *person) submits(pairs ...string) int64 {
	p.t.Helper()
	return p.load(append(p.fills(pairs...), chromedp.Click(chromedp.CSS(`main form:has(.field) button, main form button`)))...).Status
}

// clicks clicks on what the selector finds first and waits for the next page.
func (p *person) clicks(selector string) int64 {
	p.t.Helper()
	return p.load(chromedp.Click(chromedp.CSS(selector))).Status
}

// at fails the test if the page is another one.
func (p *person) at(path, title string) {
	p.t.Helper()
	const here = `location.pathname + " " + (document.querySelector("h1")?.textContent.trim() ?? "")`
	if got, want := get[string](p.tab, here), path+" "+title; got != want {
		text := get[string](p.tab, `document.body.innerText`)
		p.t.Fatalf("%s is at %q, want %q:\n%s", p.name, got, want, text)
	}
}

// reads fails the test if the page does not show the text.
func (p *person) reads(text string) {
	p.t.Helper()
	if got := get[string](p.tab, `document.querySelector("main").innerText`); !strings.Contains(got, text) {
		p.t.Errorf("the page says\n%s\nwant %s", got, text)
	}
}

// code returns what the app shows: the oldest code that the site still takes and has not seen.
func (p *person) code() string {
	p.t.Helper()
	const step = 30
	for {
		now := time.Now().Unix()
		oldest := now / step
		if now%step < step-10 { // it must not become too old on the way
			oldest--
		}
		if next := max(oldest, p.last+1); next <= now/step+1 {
			p.last = next
			return (otp.TOTP{}).Code(secret.New(p.secret), time.Unix(next*step, 0))
		}
		time.Sleep(time.Second)
	}
}

// logsIn logs in with a password, and with a recovery code if there are any.
func (p *person) logsIn(word string) {
	p.t.Helper()
	p.goes("/account/login/")
	p.submits("username", p.name, "password", word)
	if len(p.codes) > 0 {
		p.at("/account/factor/", "Confirm that it is you")
		p.clicks(`a[href*="recovery=1"]`)
		p.submits("code", p.recovery())
	}
	p.goes("/account/")
	p.at("/account/", "Your account")
}

// recovery returns a recovery code and strikes it out.
func (p *person) recovery() string {
	p.t.Helper()
	if len(p.codes) == 0 {
		p.t.Fatal("there are no recovery codes left")
	}
	code := p.codes[0]
	p.codes = p.codes[1:]
	return code
}

// out fails the test if the person is still logged in.
func (p *person) out() {
	p.t.Helper()
	p.goes("/account/")
	p.at("/account/login/", "Log in")
}

// in fails the test if the person is not logged in.
func (p *person) in() {
	p.t.Helper()
	p.goes("/account/")
	p.at("/account/", "Your account")
}

// enrols sets up a second factor, from the page that asks for a name and the password to the one that is left by
// having kept the codes. look is called on each page.
func (p *person) enrols(word string, look func(page string)) {
	p.t.Helper()
	p.at("/account/second-factor/add/", "Add an authenticator app")
	look("add-factor")
	p.submits("name", "My phone", "old", word)
	p.at("/account/second-factor/confirm/", "Add an authenticator app")
	look("enrol")
	qr := get[string](p.tab, `(() => {
		const e = document.querySelector("main svg"), box = e.getBoundingClientRect(), side = e.viewBox.baseVal.width
		const colour = getComputedStyle(e.querySelector("rect")).fill + getComputedStyle(e.querySelector("path")).fill
		const version = (side - 8 - 17) / 4 // of a code with 4 modules of quiet zone
		return [e.getAttribute("role"), e.getAttribute("aria-label"), box.width >= 180 && box.width === box.height,
			Number.isInteger(version) && version >= 4 && version <= 15, colour].join(" ")
	})()`)
	if want := "img QR code true true rgb(255, 255, 255)rgb(0, 0, 0)"; qr != want {
		p.t.Errorf("the QR code is %q, want %q", qr, want)
	}
	p.secret = strings.ReplaceAll(get[string](p.tab, `document.querySelector(".secret").textContent.trim()`), " ", "")
	p.submits("code", "000000")
	p.at("/account/second-factor/confirm/", "Add an authenticator app")
	p.reads("The code is not right.")
	look("enrol-refused")
	p.submits("code", p.code())
	p.at("/account/second-factor/confirm/", "Your recovery codes")
	look("recovery-codes")
	p.codes = get[[]string](p.tab, `[...document.querySelectorAll(".codes li")].map(e => e.textContent.trim())`)
	if len(p.codes) != 10 || len(slices.Compact(slices.Sorted(slices.Values(p.codes)))) != 10 {
		p.t.Fatalf("there are %d recovery codes, want ten different ones", len(p.codes))
	}
	p.clicks("main .actions a")
}
