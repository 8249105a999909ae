package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestWindowsAreApart has evil.test open the board in a window and keep hold of it.
func TestWindowsAreApart(t *testing.T) {
	other := w.street.page("friend.test", document())
	b := open(t)
	b.visit(w.street.page("evil.test", document(`<button>open</button><script>
		document.querySelector("button").onclick = () => {
			window.other = open("`+other+`")
			window.held = open("https://bulletin.test/")
		}
	</script>`)))
	mark := w.bulletin.mark()
	b.do(chromedp.Click(chromedp.CSS("button")))
	w.bulletin.await(t, mark, record{"event": "airworthy.access", "path": "/", "status": 200})
	b.await(`held.closed`) // Cross-Origin-Opener-Policy: what is held is no window of the site's
	if get[bool](b, `other.closed`) {
		t.Error("the window of a site without the header is closed too, so this proves nothing")
	}
}

// TestForeignPageReadsNothing has evil.test ask for the board with the visitor's cookies, in the ways that need no
// permission. What a friend gives to everybody it gets.
func TestForeignPageReadsNothing(t *testing.T) {
	free := w.street.page("friend.test", `"free"`, "Content-Type", "text/javascript", "Access-Control-Allow-Origin", "*")
	b := signedIn(t)
	b.visit(w.street.page("evil.test", document(`<script>
		const tried = {}
		const settle = (how, p) => p.then(() => { tried[how] = "got" }, () => { tried[how] = "failed" })
		const loading = src => new Promise((yes, no) =>
			document.body.append(Object.assign(document.createElement("script"), {src, onload: yes, onerror: no})))
		Promise.all([
			settle("cors", fetch("https://bulletin.test/", {credentials: "include"})),
			settle("no-cors", fetch("https://bulletin.test/", {credentials: "include", mode: "no-cors"})),
			settle("script", loading("https://bulletin.test/assets/bulletin.css")),
			settle("free cors", fetch("`+free+`")),
			settle("free no-cors", fetch("`+free+`", {mode: "no-cors"})),
			settle("free script", loading("`+free+`")),
		]).then(() => { document.title = "tried" })
	</script>`)))
	b.await(`document.title === "tried"`)
	for how, want := range map[string]string{
		"cors": "failed", "no-cors": "failed", "script": "failed",
		"free cors": "got", "free no-cors": "got", "free script": "got",
	} {
		if got := get[string](b, `tried[`+quote(how)+`]`); got != want {
			t.Errorf("%s: %s, want %s", how, got, want)
		}
	}
}

// TestNothingIsSniffed has a text that somebody uploaded used as a script of the site's own.
func TestNothingIsSniffed(t *testing.T) {
	b := open(t)
	b.visit(w.lab.url(w.lab.page(document(`<script nonce="NONCE">
		document.body.append(Object.assign(document.createElement("script"), {
			src: "` + w.lab.file("text/plain", ran) + `",
			onload: () => { document.documentElement.dataset.script = "run" },
			onerror: () => { document.documentElement.dataset.script = "refused" },
		}))</script>`))))
	b.await(`!!document.documentElement.dataset.script`)
	if got := get[string](b, `document.documentElement.dataset.script + " " + document.title`); got != "refused untouched" {
		t.Errorf("the text was %s, want refused untouched", got)
	}
}

// TestReferrer follows links from a page whose address holds a secret: the site itself may learn it, others may not.
func TestReferrer(t *testing.T) {
	target := w.lab.page(document())
	page := w.lab.url(w.lab.page(document(`<a id="out" href="`+w.street.page("evil.test", document())+`">out</a>`,
		`<a id="in" href="`+target+`">in</a>`))) + "?token=secret"
	for _, row := range []struct{ link, want string }{{"#out", ""}, {"#in", page}} {
		b := open(t)
		b.visit(page)
		b.load(chromedp.Click(chromedp.CSS(row.link)))
		if got := get[string](b, `document.referrer`); got != row.want {
			t.Errorf("%s: the page learns that the visitor came from %q, want %q", row.link, got, row.want)
		}
	}
}

// TestPermissions asks what scripts of the page may use.
func TestPermissions(t *testing.T) {
	b := open(t)
	b.visit(home)
	for feature, want := range map[string]bool{"geolocation": false, "camera": false, "microphone": false, "fullscreen": true} {
		if got := get[bool](b, `document.featurePolicy.allowsFeature("`+feature+`")`); got != want {
			t.Errorf("%s is allowed: %v, want %v", feature, got, want)
		}
	}
}
