package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// signedIn opens a tab of somebody whom the bulletin knows: whose cookies an attacker wants to use.
func signedIn(t *testing.T) *tab {
	t.Helper()
	b := open(t)
	b.visit(home)
	b.do(b.pin("Victim", "I was here: "+t.Name())...)
	b.await(newest + ` === ` + quote("I was here: "+t.Name()))
	return b
}

// forged is a form that sends itself to the bulletin.
func forged(note string) string {
	return `<form action="https://bulletin.test/notes" method="post"><input name="text" value="` + note + `"></form>
		<script>document.forms[0].submit()</script>`
}

// TestForgery has other sites send notes with the visitor's browser.
func TestForgery(t *testing.T) {
	const note, crossSite = "forged", "the browser says that another site sent the request, and that site is not trusted"
	fetching := func(options string) string {
		return document(`<script>
			fetch("https://bulletin.test/notes", {method: "POST", body: new URLSearchParams({text: "forged"}), ` + options + `})
			.then(a => { document.title = "answer " + a.type + " " + a.status }, () => { document.title = "failed" })</script>`)
	}
	for _, row := range []struct {
		name, host, body string
		origin, from     string // as the browser says
		title            string // of the page in the end
	}{
		{"a form of another site", "evil.test", document(forged(note)), "https://evil.test", "cross-site", "Forbidden · Bulletin"},
		{"a form of a subdomain, to which SameSite cookies are sent", "evil.bulletin.test", document(forged(note)),
			"https://evil.bulletin.test", "same-site", "Forbidden · Bulletin"},
		{"a form in a sandboxed frame, which has no origin", "evil.test",
			document(`<iframe sandbox="allow-forms allow-scripts" srcdoc='` + forged(note) + `'></iframe>`),
			"null", "cross-site", "untouched"},
		{"a form that is sent into a frame", "evil.test", document(`<iframe name="w"></iframe>
			<form action="https://bulletin.test/notes" method="post" target="w"><input name="text" value="forged"></form>
			<script>document.forms[0].submit()</script>`), "https://evil.test", "cross-site", "untouched"},
		{"fetch that does not ask to see the answer", "evil.test", fetching(`mode: "no-cors", credentials: "include"`),
			"https://evil.test", "cross-site", "failed"},
		{"fetch of a subdomain", "evil.bulletin.test", fetching(`mode: "no-cors", credentials: "include"`),
			"https://evil.bulletin.test", "same-site", "failed"},
		{"fetch that asks to see the answer", "evil.test", fetching(`credentials: "include"`),
			"https://evil.test", "cross-site", "failed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := signedIn(t)
			mark := w.bulletin.mark()
			b.do(chromedp.Navigate(w.street.page(row.host, row.body)))
			want := record{
				"event": "django.security.csrf", "reason": "CROSS_SITE", "origin": row.origin, "fetch_site": row.from,
				"method": "POST", "path": "/notes", "msg": "request refused: " + crossSite,
			}
			refusal := w.bulletin.await(t, mark, want)
			w.bulletin.await(t, mark, record{"event": "airworthy.access", "status": 403, "request_id": refusal["request_id"]})
			b.await(`document.title === ` + quote(row.title))
			if onBoard(t, note) {
				t.Error("the forged note is on the board")
			}
		})
	}
}

// TestPreflight has evil.test ask for what needs the site's permission first. The browser never sends the request.
func TestPreflight(t *testing.T) {
	b := signedIn(t)
	mark := w.bulletin.mark()
	b.do(chromedp.Navigate(w.street.page("evil.test", document(`<script>
		fetch("https://bulletin.test/notes",
			{method: "POST", body: "{}", credentials: "include", headers: {"X-CSRFToken": "guess"}})
			.then(() => { document.title = "answer" }, () => { document.title = "failed" })</script>`))))
	b.await(`document.title === "failed"`)
	w.bulletin.await(t, mark, record{"event": "airworthy.access", "method": "OPTIONS", "path": "/notes"})
	if sent := w.bulletin.find(mark, record{"event": "airworthy.access", "method": "POST", "path": "/notes"}); len(sent) > 0 {
		t.Errorf("the browser sent the request: %v", sent)
	}
}

// TestForgeryNeighbours has what resembles a forgery and must work.
func TestForgeryNeighbours(t *testing.T) {
	t.Run("a link from another site, by which the visitor is known", func(t *testing.T) {
		b := signedIn(t)
		b.visit(w.street.page("evil.test", document(`<a href="https://bulletin.test/">the board</a>`)))
		if got := b.load(chromedp.Click(chromedp.CSS("a"))); got.Status != 200 {
			t.Errorf("status %d, want 200", got.Status)
		}
		if got := get[string](b, `document.querySelector("#author").value`); got != "Victim" {
			t.Errorf("the form has the name %q, want Victim", got)
		}
	})
	t.Run("a form of a trusted site", func(t *testing.T) {
		b := signedIn(t)
		b.do(chromedp.Navigate(w.street.page("friend.test", document(forged("from a friend")))))
		b.await(`document.title === "Bulletin" && ` + newest + ` === "from a friend"`)
	})
	t.Run("the site's own form in a tab that evil.test opened", func(t *testing.T) {
		b := open(t)
		b.visit(w.street.page("evil.test", document(`<a href="https://bulletin.test/">the board</a>`)))
		b.load(chromedp.Click(chromedp.CSS("a")))
		b.do(b.pin("Ada", "by a link")...)
		b.await(newest + ` === "by a link"`)
	})
}
