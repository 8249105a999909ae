package browser_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// faults is what is wrong with a page for whoever does not see it, or is not meant to be in it at all.
const faults = `(() => {
	const found = [], all = s => [...document.querySelectorAll(s)]
	const named = e => e.getAttribute("aria-label") || [...e.labels ?? []].map(l => l.textContent.trim()).join(" ") ||
		(e.matches("a, button") && e.textContent.trim())
	if (document.documentElement.lang !== "en") found.push("lang is " + document.documentElement.lang)
	if (!document.title) found.push("no title")
	if (all("h1").length !== 1) found.push(all("h1").length + " h1")
	if (all("main").length !== 1) found.push(all("main").length + " main")
	if (!document.querySelector("meta[name=viewport]")) found.push("no viewport")
	let level = 0
	for (const e of all("h1, h2, h3, h4, h5, h6")) {
		const n = Number(e.tagName[1])
		if (n > level + 1) found.push(e.tagName + " after h" + level)
		level = n
	}
	for (const e of all("input, select, textarea, a, button"))
		if (e.type !== "hidden" && !e.hidden && !named(e)) found.push("no name: " + e.outerHTML)
	for (const e of all("svg, img")) if (!named(e) && !e.alt) found.push("no alternative: " + e.tagName)
	for (const e of all("[id]")) if (document.querySelectorAll("#" + CSS.escape(e.id)).length > 1) found.push("id twice: " + e.id)
	for (const e of all("[aria-describedby], [aria-labelledby]"))
		for (const id of (e.getAttribute("aria-describedby") ?? "" + " " + (e.getAttribute("aria-labelledby") ?? "")).split(" "))
			if (id && !document.getElementById(id)) found.push("no such id: " + id)
	for (const e of all("[style], script")) found.push("inline: " + e.outerHTML)
	for (const e of all("input[type=password]")) if (e.value || !e.autocomplete) found.push("password: " + e.outerHTML)
	return found
})()`

// tabbable is how many elements of the page a keyboard reaches, each of which is given a number.
const tabbable = `(() => {
	document.activeElement?.blur()
	getSelection().removeAllRanges()
	const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, [tabindex='0']")]
		.filter(e => e.checkVisibility())
	all.forEach((e, i) => { e.dataset.number = i })
	return all.length
})()`

// focus is which of them has the focus, and what keeps one from seeing that.
const focus = `(() => {` + colours + `
	const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect()
	if (!e.dataset.number) return "-1"
	const faults = []
	if (!e.matches(":focus-visible")) faults.push("no :focus-visible")
	if (s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2) faults.push("no ring: " + s.outline)
	const contrast = between(parse(s.outlineColor).slice(0, 3), behind(e.parentElement))
	if (contrast < 3) faults.push("the ring is faint: " + contrast.toFixed(2))
	if (box.right <= 0 || box.bottom <= 0 || box.left >= innerWidth || box.top >= innerHeight) faults.push("out of sight")
	return e.dataset.number + (faults.length ? " " + e.outerHTML.slice(0, 90) + ": " + faults.join(", ") : "")
})()`

// inspect looks at the page that is open: on each screen, by what it is made of, and with the Tab key alone.
func (b *tab) inspect(name string) {
	b.t.Helper()
	for _, fault := range get[[]string](b, faults) {
		b.t.Errorf("%s: %s", name, fault)
	}
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.screens(name)
	b.screen("light", 1280)
	b.tabThrough(name)
	b.screen("dark", 1280)
	b.tabThrough(name + " in the dark")
	b.screen("light", 1280)
	b.clean()
}

// tabThrough presses Tab until it has been everywhere.
func (b *tab) tabThrough(name string) {
	b.t.Helper()
	count := get[int](b, tabbable)
	reached := map[string]bool{}
	for range count + 2 {
		b.do(chromedp.KeyEvent(kb.Tab))
		number, fault, _ := strings.Cut(get[string](b, focus), " ")
		if fault != "" && !reached[number] {
			b.t.Errorf("%s: %s", name, fault)
		}
		reached[number] = true
	}
	delete(reached, "-1")
	if len(reached) != count {
		b.t.Errorf("%s: Tab reaches %d elements, want %d", name, len(reached), count)
	}
}

// quiet fails the test if there is anything in the browser's console.
func (b *tab) quiet() {
	b.t.Helper()
	get[bool](b, "true")
	if found := b.said(); len(found) > 0 {
		b.t.Errorf("in the browser's console: %q, want nothing", found)
	}
}

func (b *tab) said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.complaints)
}

// TestInspection has pages with faults, each of which must be found.
func TestInspection(t *testing.T) {
	b := open(t)
	for _, row := range []struct{ expression, body, want string }{
		{faults, `<h1>a</h1><h1>b</h1>`, "2 h1"},
		{faults, `<h1>a</h1><input name=x>`, "no name"},
		{faults, `<h1>a</h1><h3>b</h3>`, "H3 after h1"},
		{faults, `<h1>a</h1><svg></svg>`, "no alternative"},
		{faults, `<h1>a</h1><p id=a><p id=a>`, "id twice"},
		{faults, `<h1>a</h1><p aria-describedby=nowhere>`, "no such id: nowhere"},
		{faint, `<style nonce="NONCE">p { color: #999; background: #fff }</style><p>a</p>`, "P 2.8"},
	} {
		b.visit(w.lab.url(w.lab.page(document(row.body))))
		if got := strings.Join(get[[]string](b, row.expression), "\n"); !strings.Contains(got, row.want) {
			t.Errorf("%s: found %q, want %s", row.body, got, row.want)
		}
	}
	b.visit(w.lab.url(w.lab.page(document(`<style nonce="NONCE">:focus { outline: 0 }</style><a href="/">a</a>`))))
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	if got := get[int](b, tabbable); got != 1 {
		t.Errorf("Tab stops at %d elements, want 1", got)
	}
	b.do(chromedp.KeyEvent(kb.Tab))
	if got := get[string](b, focus); !strings.Contains(got, "no ring") {
		t.Errorf("found %q, want no ring", got)
	}
	// A page's own status is no complaint; that of what belongs to the page is one, as is what a script says.
	if b.visit(w.lab.url("/nowhere")); strings.Contains(strings.Join(b.said(), "\n"), w.lab.url("/nowhere")) {
		t.Errorf("the console has %q, want nothing of the page", b.said())
	}
	b.visit(w.lab.url(w.lab.page(document(`<link rel="stylesheet" href="/nowhere.css"><script nonce="NONCE">console.error("x")</script>`))))
	got := strings.Join(b.said(), "\n")
	if !strings.Contains(got, "/nowhere.css") || !strings.Contains(got, "console.error") {
		t.Errorf("the console has %q, want a missing style and an error", got)
	}
}
