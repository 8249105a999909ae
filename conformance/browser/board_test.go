package browser_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

const home = "https://bulletin.test/"

var (
	text   = chromedp.CSS("#text")
	author = chromedp.CSS("#author")
	button = chromedp.CSS("#write button")
)

// newest is the note on top of the board.
const newest = `document.querySelector("#notes li:first-child p").textContent`

// pin fills in the form and sends it with a click.
func (b *tab) pin(name, note string) []chromedp.Action[chromedp.Void] {
	steps := []chromedp.Action[chromedp.Void]{chromedp.SendKeys(text, note), chromedp.Clear(author)}
	if name != "" {
		steps = append(steps, chromedp.SendKeys(author, name))
	}
	return append(steps, chromedp.Click(button))
}

// onBoard reports whether a visitor sees the note.
func onBoard(t *testing.T, note string) bool {
	t.Helper()
	b := open(t)
	b.visit(home)
	return get[bool](b, `[...document.querySelectorAll("#notes p")].some(p => p.textContent === `+quote(note)+`)`)
}

func TestNoteWithScript(t *testing.T) {
	b := open(t)
	if status := b.visit(home); status != 200 {
		t.Fatalf("status %d, want 200", status)
	}
	get[bool](b, `window.same = true`)
	const note = `<img src=x onerror="document.title='ran'"><b>with script</b>`
	b.do(b.pin("Ada", note)...)
	b.await(newest + ` === ` + quote(note))
	if !get[bool](b, `window.same === true`) {
		t.Error("the page was loaded again: its script did not post the note")
	}
	b.visit(home)
	if got := get[string](b, newest); got != note {
		t.Errorf("after a reload the note is %q, want %q", got, note)
	}
	if got := get[string](b, `document.title`); got != "Bulletin" {
		t.Errorf("the title is %q: the note was run", got)
	}
	if got := get[string](b, `document.querySelector("#author").value`); got != "Ada" {
		t.Errorf("the form has the name %q, want Ada: the session was forgotten", got)
	}
	b.clean()
}

func TestNoteWithoutScript(t *testing.T) {
	b := open(t)
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.visit(home)
	const note = `<script>document.title='ran'</script> without script`
	if got := b.load(b.pin("Grace", note)...); got.Status != 200 || got.URL != home {
		t.Errorf("the form led to %s with status %d, want the board", got.URL, got.Status)
	}
	const flash = `document.querySelector(".flash")?.textContent ?? ""`
	if got, want := get[string](b, flash), "Your note is on the board."; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
	b.legible("flash")
	if got := get[string](b, newest); got != note {
		t.Errorf("the newest note is %q, want %q", got, note)
	}
	if got := get[string](b, `document.querySelector("#author").value`); got != "Grace" {
		t.Errorf("the form has the name %q, want Grace: the session was forgotten", got)
	}
	b.visit(home)
	if got := get[string](b, flash); got != "" {
		t.Errorf("the message is shown a second time: %q", got)
	}
	b.clean()
}

func TestEmptyNoteIsExplained(t *testing.T) {
	b := open(t)
	b.visit(home)
	get[bool](b, `document.querySelector("#text").required = false, true`)
	b.do(b.pin("Ada", " ")...)
	b.await(`document.querySelector("#problem").textContent === "Write something first."`)
	if get[bool](b, `document.querySelector("#problem").hidden`) {
		t.Error("the problem is not shown")
	}
	b.legible("problem")
	b.clean()
}

// TestCookies looks at the cookies as the browser keeps them.
func TestCookies(t *testing.T) {
	b := open(t)
	b.visit(home)
	b.do(b.pin("Ada", "for the cookies")...)
	b.await(newest + ` === "for the cookies"`)
	cookies := b.cookies(home)
	for _, name := range []string{"__Host-sessionid", "__Host-csrftoken"} {
		c := cookies[name]
		if c == nil {
			t.Errorf("there is no cookie %s", name)
			continue
		}
		delete(cookies, name)
		ours := c.Path == "/" && c.Domain == "bulletin.test"
		if !c.Secure || !c.HTTPOnly || c.SameSite != network.CookieSameSiteLax || !ours {
			t.Errorf("%s: Secure %v, HttpOnly %v, SameSite %s, Path %s, Domain %s, want true, true, Lax, /, bulletin.test",
				name, c.Secure, c.HTTPOnly, c.SameSite, c.Path, c.Domain)
		}
	}
	if len(cookies) > 0 {
		t.Errorf("there are other cookies: %v", cookies)
	}
	if got := get[string](b, `document.cookie`); got != "" {
		t.Errorf("scripts see the cookies %q, want none", got)
	}
}
