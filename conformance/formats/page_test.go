package formats_test

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/airworthy-go/airworthy/check/preflight"
)

// overflow is by how many pixels the page, or an element of it, is wider than its room.
const overflow = `[...document.querySelectorAll("html, main *")].filter(e => e.scrollWidth > e.clientWidth + 1 &&
	getComputedStyle(e).display !== "inline").map(e => e.tagName + "." + e.className + " " + (e.scrollWidth - e.clientWidth))`

// faint is the texts whose contrast to what is behind them is under 4.5 to 1 (WCAG 2.2, 1.4.3).
const faint = `(() => {
	const parse = c => (c.match(/[\d.]+/g) ?? []).map(Number)
	const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0)
	const between = (...pair) => {
		const [a, b] = pair.map(light).sort((x, y) => y - x)
		return (a + .05) / (b + .05)
	}
	const behind = e => {
		for (; e; e = e.parentElement) {
			const c = parse(getComputedStyle(e).backgroundColor)
			if (c.length === 3 || c[3] === 1) return c
		}
		return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255]
	}
	const found = []
	let texts = 0
	for (const e of document.body.querySelectorAll("*")) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) continue
		texts++
		const contrast = between(parse(getComputedStyle(e).color).slice(0, 3), behind(e))
		if (contrast < 4.5) found.push(e.tagName + " " + contrast.toFixed(2) + " " + e.textContent.trim().slice(0, 30))
	}
	return texts < 5 ? ["there are only " + texts + " texts"] : found
})()`

// outline is what is wrong with the page's headings, landmarks, names and links.
const outline = `(() => {
	const faults = []
	const one = s => document.querySelectorAll(s).length === 1 || faults.push("there is not one " + s)
	;["h1", "main", "body > header", "body > footer", "html[lang]", "title", "meta[name=viewport]"].forEach(one)
	let level = 0
	for (const h of document.querySelectorAll("h1, h2, h3, h4")) {
		const n = Number(h.tagName[1])
		if (n > level + 1) faults.push("a level is left out before: " + h.textContent)
		level = n
	}
	for (const s of document.querySelectorAll("[aria-labelledby]"))
		if (!document.getElementById(s.getAttribute("aria-labelledby"))) faults.push("a section without its heading")
	for (const a of document.querySelectorAll("a")) {
		const to = a.getAttribute("href")
		if (to.startsWith("#") ? !document.getElementById(to.slice(1)) : !/^https?:/.test(to)) faults.push("a link to " + to)
	}
	const ids = [...document.querySelectorAll("[id]")].map(e => e.id)
	if (new Set(ids).size !== ids.length) faults.push("an id twice")
	const strange = document.querySelectorAll("script, img, iframe, object, embed, form, input, [onerror], [style], base, body style")
	for (const e of strange) faults.push("a " + e.tagName)
	if (document.title.includes("owned")) faults.push("a text of others ran")
	return faults
})()`

// policy tries what a page could do if its own policy did not forbid it, and tells what worked. What runs here is the
// browser's console, which may run scripts; what those do is the page's.
const policy = `(async () => {
	const worked = []
	const style = document.createElement("style")
	style.textContent = "body { --tried: yes }"
	document.head.append(style)
	if (getComputedStyle(document.body).getPropertyValue("--tried")) worked.push("another style")
	const script = document.createElement("script")
	script.textContent = "window.tried = true"
	document.head.append(script)
	if (window.tried) worked.push("a script")
	await fetch("data:text/plain,x").then(() => worked.push("a request"), () => {})
	await new Promise(done => {
		const img = new Image()
		img.onload = () => { worked.push("an image"); done() }
		img.onerror = done
		img.src = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
	})
	if (getComputedStyle(document.body).marginTop !== "0px") worked.push("nothing: not even the page's own style")
	return worked
})()`

func TestPage(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium: install the Debian package chromium, or use run.sh")
	}
	browser := start(t, path)
	pages := map[string]func(io.Writer) error{}
	for name, r := range reports(t) {
		pages[name] = r.WriteHTML
		if name == "crowd" {
			continue // it shows as much of a check as the report
		}
		pages["checklist-"+name] = preflight.Fold(preflight.Options{
			Items: []preflight.Item{{Title: "The lamps are on", Checks: []string{"lamp."}}, {Title: hostile, ByHand: hostile}},
		}, r).WriteHTML
	}
	for name, write := range pages {
		file := filepath.Join(t.TempDir(), name+".html")
		if err := os.WriteFile(file, text(t, write), 0o600); err != nil {
			t.Fatal(err)
		}
		look(t, browser, name, file)
	}
}

// look looks at a page on each screen.
func look(t *testing.T, browser context.Context, name, file string) {
	t.Run(name, func(t *testing.T) {
		address := (&url.URL{Scheme: "file", Path: file}).String()
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 768, 390, 320} {
				screen := fmt.Sprintf("%s-%s-%d", name, scheme, width)
				b := open(t, browser, scheme, width)
				b.do(chromedp.Navigate(address))
				for what, script := range map[string]string{"sticks out": overflow, "is hard to read": faint, "is wrong": outline} {
					if got := get[[]string](b, script); len(got) > 0 {
						t.Errorf("%s: %s: %q", screen, what, got)
					}
				}
				b.picture(screen)
				b.quiet(screen)
				if got := await[[]string](b, policy); len(got) > 0 {
					t.Errorf("%s: the policy lets through %q", screen, got)
				}
			}
		}
	})
}

func start(t *testing.T, path string) context.Context {
	t.Helper()
	ctx, stopAllocator := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("headless", true),
		chromedp.Flag("no-sandbox", true), // the tests run as root in containers, where there is no sandbox
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
	)
	ctx, stop := chromedp.NewContext(ctx)
	t.Cleanup(func() { stop(); stopAllocator() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return ctx
}

// tab is one tab of the browser.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string // errors and warnings in the console
	requests   int
}

func open(t *testing.T, browser context.Context, scheme string, width int64) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	b.must(chromedp.Do(ctx))
	b.ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	b.must(chromedp.Listen(ctx, b.listen))
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, runtime.Enable, cdp.Empty{})
	options := []chromedp.EmulateViewportOption{}
	if width < 600 {
		options = append(options, chromedp.EmulateMobile)
	}
	b.do(chromedp.EmulateViewport(width, 800, options...))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	return b
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, fmt.Sprintf("console.%s", e.Type))
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "data:") {
			b.requests++
		}
	}
}

// quiet fails the test if the browser complained, or asked for anything but the page.
func (b *tab) quiet(screen string) {
	b.t.Helper()
	get[bool](b, "true") // what the page reported before this is here after it
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaints) > 0 {
		b.t.Errorf("%s: the browser complains: %q", screen, b.complaints)
	}
	if b.requests != 1 {
		b.t.Errorf("%s: %d requests, want that of the page alone", screen, b.requests)
	}
}

func (b *tab) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.must(chromedp.Do(b.ctx, steps...))
}

func call[P, R any](b *tab, command cdp.Command[P, R], params P) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, command, params)
	b.must(err)
}

func get[T any](b *tab, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%v: %s", err, expression)
	}
	return value
}

// await is get of a promise. Its result is left in the page, as the browser's answer to a promise is the promise.
func await[T any](b *tab, expression string) T {
	b.t.Helper()
	get[bool](b, `(window.result = undefined, `+expression+`.then(v => { window.result = v }), true)`)
	for range 200 {
		if get[bool](b, `window.result !== undefined`) {
			return get[T](b, `window.result`)
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatal("the promise was not kept")
	panic("unreachable")
}

func (b *tab) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("AIRWORTHY_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	b.must(err)
	b.must(os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}
