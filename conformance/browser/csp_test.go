package browser_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/chromedp/chromedp"
)

var nonceOnly = []csp.Source{csp.NonceSource}

// ran is what every script and page of a row does if it is let.
const ran = `document.title = "ran"`

// told shows that the page's own script ran, whatever became of the rest.
const told = `<script nonce="NONCE">document.documentElement.dataset.own = "ran"</script>`

// TestStrictStops has pages with something that an attacker got into them. The browser must stop it and report it,
// while the page's own script runs.
func TestStrictStops(t *testing.T) {
	const titled = `document.title === "ran"`
	const red = `getComputedStyle(document.body).color === "rgb(255, 0, 0)"`
	evil := hostile()
	for _, row := range []struct {
		name, body, happens string // what must not come true
		directive, blocked  string // what the report says, by CSP 3
	}{
		{"script without nonce", `<script>` + ran + `</script>`, titled, "script-src-elem", "inline"},
		{"script with somebody else's nonce", `<script nonce="AAAAAAAAAAAAAAAAAAAAAA">` + ran + `</script>`, titled,
			"script-src-elem", "inline"},
		{"event handler", `<img src="/none" onerror='` + ran + `'>`, titled, "script-src-attr", "inline"},
		{"javascript: link", `<a href='javascript:` + ran + `'>x</a><script nonce="NONCE">document.links[0].click()</script>`,
			titled, "script-src-elem", "inline"},
		{"script of another site", `<script src="` + evil.script + `"></script>`, titled, "script-src-elem", evil.script},
		{"script from a data address", `<script src='data:text/javascript,` + ran + `'></script>`, titled,
			"script-src-elem", "data"},
		{"eval", `<script nonce="NONCE">try { eval('` + ran + `') } catch {}</script>`, titled, "script-src", "eval"},
		{"style without nonce", `<style>body { color: #f00 }</style>`, red, "style-src-elem", "inline"},
		{"style attribute", `<script nonce="NONCE">document.body.setAttribute("style", "color: #f00")</script>`, red,
			"style-src-attr", "inline"},
		{"style of another site", `<link rel="stylesheet" href="` + evil.style + `">`, red, "style-src-elem", evil.style},
		{"base that redirects the page's addresses", `<base href="https://evil.test/">`,
			`document.baseURI.startsWith("https://evil.test")`, "base-uri", "https://evil.test/"},
		// Of what would have been navigated to, Chromium reports the origin.
		{"plugin", `<object data="` + evil.page + `" type="text/html"></object>` + hears, titled, "object-src", "https://evil.test"},
		{"frame of another site", `<iframe src="` + evil.page + `"></iframe>` + hears, titled, "frame-src", "https://evil.test"},
		{"image of another site, which tells it what was seen",
			`<img src="` + evil.image + `"><script nonce="NONCE">document.images[0].onload = () => { ` + ran + ` }</script>`,
			titled, "img-src", evil.image},
		{"fetch to another site", `<script nonce="NONCE">fetch("` + evil.page + `").then(() => { ` + ran + ` }, () => {})</script>`,
			titled, "connect-src", evil.page},
		{"worker from a blob", `<script nonce="NONCE">try {
				const worker = new Worker(URL.createObjectURL(new Blob(["postMessage(1)"])))
				worker.onmessage = () => { ` + ran + ` }
			} catch {}</script>`, titled, "worker-src", "blob"},
		{"form to another site",
			`<form action="` + evil.page + `" method="post"></form><script nonce="NONCE">document.forms[0].submit()</script>`,
			`location.host === "evil.test"`, "form-action", evil.page},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, path := open(t), w.lab.page(document(told, row.body))
			mark := w.lab.mark()
			b.visit(w.lab.url(path))
			b.await(`document.documentElement.dataset.own === "ran"`)
			want := record{"event": "airworthy.security.CSPViolation", "document": w.lab.url(path), "disposition": "enforce"}
			report := w.lab.await(t, mark, want)
			if report["directive"] != row.directive || report["blocked"] != row.blocked {
				t.Errorf("reported %v of %v, want %s of %s", report["directive"], report["blocked"], row.directive, row.blocked)
			}
			if get[bool](b, row.happens) {
				t.Errorf("%s came true", row.happens)
			}
			if len(b.stopped()) == 0 {
				t.Error("the browser's own list of violations is empty, so no test of cleanliness means anything")
			}
		})
	}
}

// hears sets the title when a frame of the page says that it was loaded.
const hears = `<script nonce="NONCE">addEventListener("message", () => { ` + ran + ` })</script>`

// hostile adds the files of evil.test that tests try to use.
func hostile() (evil struct{ script, style, page, image string }) {
	evil.script = w.street.page("evil.test", ran, "Content-Type", "text/javascript")
	evil.style = w.street.page("evil.test", `body { color: #f00 }`, "Content-Type", "text/css")
	evil.image = w.street.page("evil.test", picture, "Content-Type", "image/svg+xml")
	evil.page = w.street.page("evil.test", document(`<script>parent.postMessage("here", "*")</script>`),
		"Access-Control-Allow-Origin", "*")
	return evil
}

const picture = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9H0z"/></svg>`

// TestStrictAllows has what pages legitimately do, the nearest thing to each row of TestStrictStops.
func TestStrictAllows(t *testing.T) {
	const titled = `document.title === "ran"`
	const red = `getComputedStyle(document.body).color === "rgb(255, 0, 0)"`
	script, style := w.lab.file("text/javascript", ran), w.lab.file("text/css", `body { color: #f00 }`)
	image, target := w.lab.file("image/svg+xml", picture), w.lab.page(document(`<h1>target</h1>`))
	worker := w.lab.file("text/javascript", `postMessage(1)`)
	for _, row := range []struct{ name, body, happens string }{
		{"script with the nonce", `<script nonce="NONCE">` + ran + `</script>`, titled},
		{"the site's own script", `<script src="` + script + `"></script>`, titled},
		{"event listener", `<button>x</button><script nonce="NONCE">
			document.querySelector("button").addEventListener("click", () => { ` + ran + ` })
			document.querySelector("button").click()</script>`, titled},
		{"style with the nonce", `<style nonce="NONCE">body { color: #f00 }</style>`, red},
		{"style set by a script", `<script nonce="NONCE">document.body.style.color = "#f00"</script>`, red},
		{"the site's own style", `<link rel="stylesheet" href="` + style + `">`, red},
		{"the site's own image",
			`<img src="` + image + `"><script nonce="NONCE">document.images[0].onload = () => { ` + ran + ` }</script>`, titled},
		{"fetch to the site", `<script nonce="NONCE">fetch("` + target + `").then(() => { ` + ran + ` })</script>`, titled},
		{"the site's own worker",
			`<script nonce="NONCE">new Worker("` + worker + `").onmessage = () => { ` + ran + ` }</script>`, titled},
		{"the site's own script by its old address in the clear, which is upgraded",
			`<script src="http://lab.test` + script + `"></script>`, titled},
		{"form to the site",
			`<form action="` + target + `" method="post"></form><script nonce="NONCE">document.forms[0].submit()</script>`,
			`document.querySelector("h1")?.textContent === "target"`},
		{"link to another site", `<a href="` + w.street.page("evil.test", document(`<h1>elsewhere</h1>`)) + `">x</a>
			<script nonce="NONCE">document.links[0].click()</script>`, `document.querySelector("h1")?.textContent === "elsewhere"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := open(t)
			b.do(chromedp.Navigate(w.lab.url(w.lab.page(document(row.body)))))
			b.await(row.happens)
			b.clean()
		})
	}
}

// TestReportOnly has a page whose script the enforced policy allows, and the policy on trial, which wants a nonce, does
// not.
func TestReportOnly(t *testing.T) {
	script := w.trial.file("text/javascript", ran)
	b, path := open(t), w.trial.page(document(told, `<script src="`+script+`"></script>`))
	mark := w.trial.mark()
	b.visit(w.trial.url(path))
	b.await(`document.title === "ran"`)
	want := record{
		"event": "airworthy.security.CSPViolation", "document": w.trial.url(path), "directive": "script-src-elem", "blocked": w.trial.url(script),
	}
	if got := w.trial.await(t, mark, want)["disposition"]; got != "report" {
		t.Errorf("disposition %v, want report", got)
	}

	mark = w.trial.mark()
	path = w.trial.page(document(told, `<script>`+ran+`</script>`))
	b.visit(w.trial.url(path))
	for _, disposition := range []string{"enforce", "report"} {
		w.trial.await(t, mark, record{
			"event": "airworthy.security.CSPViolation", "document": w.trial.url(path), "disposition": disposition, "blocked": "inline",
		})
	}
	if got := get[string](b, `document.title`); got != "untouched" {
		t.Errorf("the title is %q: the trial has switched the enforced policy off", got)
	}
}

// TestBulletinTakesReports puts a script into the bulletin's own page, as an extension would.
func TestBulletinTakesReports(t *testing.T) {
	b := open(t)
	b.visit(home)
	mark := w.bulletin.mark()
	get[bool](b, `document.body.append(Object.assign(document.createElement("script"), {text: '`+ran+`'})), true`)
	got := w.bulletin.await(t, mark, record{"event": "airworthy.security.CSPViolation", "document": home})
	if got["directive"] != "script-src-elem" || got["blocked"] != "inline" {
		t.Errorf("reported %v of %v, want script-src-elem of inline", got["directive"], got["blocked"])
	}
	if got := get[string](b, `document.title`); got != "Bulletin" {
		t.Errorf("the title is %q: the script ran", got)
	}
}

// TestReportsInTheClear has a page on plain http, for which browsers know no named endpoints.
func TestReportsInTheClear(t *testing.T) {
	dev, err := newLab("127.0.0.1", func(s *airworthy.Settings) {
		output, path := s.Logs.Output, s.CSP.ReportPath
		*s = airworthy.Development()
		s.Logs.Output, s.Logs.Format, s.CSP.ReportPath = output, logs.JSON, path
	})
	if err != nil {
		t.Fatal(err)
	}
	page := serveInClear(t, dev) + dev.page(document(told, `<script>`+ran+`</script>`))
	b := open(t)
	b.visit(page)
	dev.await(t, 0, record{"event": "airworthy.security.CSPViolation", "document": page, "directive": "script-src-elem", "blocked": "inline"})
	if got := get[string](b, `document.documentElement.dataset.own + " " + document.title`); got != "ran untouched" {
		t.Errorf("own script and title: %s, want ran untouched", got)
	}
}

// TestFraming has evil.test put pages into frames, to have visitors click on what they do not see.
func TestFraming(t *testing.T) {
	const loaded = `<script nonce="NONCE">parent.postMessage("here", "*")</script>`
	frameable := w.lab.made.add(func(rw http.ResponseWriter, r *http.Request) {
		p := csp.Strict()
		p.FrameAncestors = []csp.Source{"https://evil.test"}
		if err := csp.Override(r.Context(), p); err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		rw.Header().Del("X-Frame-Options")
		writePage(rw, r, document(loaded))
	})
	without := func(name string) string { // each header must do alone
		return w.lab.url(w.lab.made.add(func(rw http.ResponseWriter, r *http.Request) {
			body := strings.ReplaceAll(document(loaded), "NONCE", csp.Nonce(r.Context()))
			rw.Header().Del(name)
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(rw, body)
		}))
	}
	framing := func(address string) string {
		return w.street.page("evil.test", document(
			`<script>addEventListener("message", () => { `+ran+` })</script>`,
			`<iframe src="`+address+`" onload="document.documentElement.dataset.framed = 'done'"></iframe>`))
	}
	for _, row := range []struct {
		name, address string
		shown         bool
	}{
		{"a page of the strictest site", w.lab.url(w.lab.page(document(loaded))), false},
		{"the bulletin", home, false},
		{"a page without the policy's frame-ancestors", without("Content-Security-Policy"), false},
		{"a page without X-Frame-Options", without("X-Frame-Options"), false},
		{"a page that evil.test may frame", w.lab.url(frameable), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := open(t)
			b.visit(framing(row.address))
			b.await(`document.documentElement.dataset.framed === "done"`)
			if row.shown {
				b.await(`document.title === "ran"`)
				return
			}
			if !b.refused("net::ERR_BLOCKED_BY_RESPONSE") {
				t.Errorf("the frame did not fail: %q", b.failures)
			}
			if got := get[string](b, `document.title`); got != "untouched" {
				t.Errorf("the title is %q: the page was loaded", got)
			}
		})
	}
}

// TestNonceIsFresh loads a page again in every way there is: a nonce that comes twice is one that an attacker can know.
func TestNonceIsFresh(t *testing.T) {
	const nonce = `document.querySelector("script[nonce]").nonce`
	b := open(t)
	if got := header(b.load(chromedp.Navigate(home)), "Cache-Control"); !strings.Contains(got, "no-store") {
		t.Errorf("Cache-Control: %s, want no-store", got)
	}
	seen := []string{get[string](b, nonce)}
	if len(seen[0]) != 22 {
		t.Fatalf("the nonce is %q, want 128 bits in base64", seen[0])
	}
	fresh := func(how string) {
		t.Helper()
		b.await(`document.readyState === "complete" && !!document.querySelector("script[nonce]")`)
		got := get[string](b, nonce)
		if strings.Contains(strings.Join(seen, " "), got) {
			t.Errorf("%s: the nonce %q comes again", how, got)
		}
		seen = append(seen, got)
	}
	b.visit(home)
	fresh("a second visit")
	b.load(chromedp.Reload())
	fresh("a reload")
	b.visit("https://bulletin.test/nowhere")
	b.do(chromedp.NavigateBack())
	b.await(`location.pathname === "/"`)
	fresh("back from another page")
}
