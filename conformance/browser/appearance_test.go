package browser_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// overflow is by how many pixels the page is wider than its window.
const overflow = `document.documentElement.scrollWidth - document.documentElement.clientWidth`

// colours are what scripts need that compare colours: WCAG 2.2's formula for contrast (1.4.3), and what is behind an
// element.
const colours = `
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
`

// faint is the texts whose contrast to what is behind them is under 4.5 to 1.
const faint = `(() => {` + colours + `
	const faded = (e, over, under) => {
		for (; e; e = e.parentElement) {
			const o = Number(getComputedStyle(e).opacity)
			over = over.map((v, i) => o * v + (1 - o) * under[i])
		}
		return over
	}
	const found = []
	for (const e of document.body.querySelectorAll("*")) {
		const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || e.matches("input, textarea")
		if (!own || !e.checkVisibility() || e.matches("script, style")) continue
		for (const pseudo of e.matches("[placeholder]") ? ["", "::placeholder"] : [""]) {
			const under = behind(e), over = faded(e, parse(getComputedStyle(e, pseudo).color).slice(0, 3), under)
			const contrast = between(over, under)
			if (contrast < 4.5) found.push(e.tagName + pseudo + " " + contrast.toFixed(2) + " " + e.textContent.trim().slice(0, 30))
		}
	}
	return found
})()`

// legible fails the test if the page is wider than its window or has texts that are hard to read, and leaves a picture
// of it in the folder that AIRWORTHY_SCREENSHOTS names.
func (b *tab) legible(name string) {
	b.t.Helper()
	if got := get[int](b, overflow); got > 0 {
		b.t.Errorf("%s: the page is %d px wider than its window", name, got)
	}
	if got := get[[]string](b, faint); len(got) > 0 {
		b.t.Errorf("%s: hard to read: %q", name, got)
	}
	dir := os.Getenv("AIRWORTHY_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	b.must(err)
	b.must(os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}

// screen makes the window that of a desk or of a telephone, with a dark or a light scheme.
func (b *tab) screen(scheme string, width int64) {
	b.t.Helper()
	options := []chromedp.EmulateViewportOption{}
	if width < 600 {
		options = append(options, chromedp.EmulateMobile)
	}
	b.do(chromedp.EmulateViewport(width, 800, options...))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
	if !get[bool](b, `matchMedia("(prefers-color-scheme: `+scheme+`)").matches`) {
		b.t.Fatal("the colour scheme is not emulated")
	}
}

// screens looks at the page that is open on each screen.
func (b *tab) screens(name string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			b.screen(scheme, width)
			b.legible(fmt.Sprintf("%s-%s-%d", name, scheme, width))
		}
	}
}

// TestAppearance looks at each page at a desk and on a telephone, light and dark: nothing sticks out, and everything
// can be read.
func TestAppearance(t *testing.T) {
	panics := w.lab.made.add(func(http.ResponseWriter, *http.Request) { panic("for its page") })
	for _, page := range []struct{ name, address string }{
		{"board", home}, {"lost", "https://bulletin.test/nowhere"}, {"builtin", w.lab.url(panics)},
	} {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 390} {
				name := fmt.Sprintf("%s-%s-%d", page.name, scheme, width)
				t.Run(name, func(t *testing.T) {
					b := open(t)
					b.screen(scheme, width)
					b.visit(page.address)
					if page.address == home {
						note := "An address that does not break: https://example.com/" + strings.Repeat("abcdefghij", 12) + name
						b.legible(name + "-before")
						b.do(b.pin("Ada, Countess of Lovelace, of London", note)...)
						b.await(newest + ` === ` + quote(note))
					}
					b.legible(name)
					b.clean()
				})
			}
		}
	}
}
