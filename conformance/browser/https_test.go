package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// redirects returns the statuses and targets of the redirects that the tab followed.
func (b *tab) redirects() (found []*network.Response) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if r.RedirectResponse != nil {
			found = append(found, r.RedirectResponse)
		}
	}
	return found
}

// header returns a header of an answer, by its name in lower case.
func header(r *network.Response, name string) string {
	for key, value := range r.Headers {
		if strings.EqualFold(key, name) {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// TestHTTPSIsRemembered goes to the site in the clear, as by a typed address, before and after a visit over HTTPS. The
// site answers the first with a redirect. The second must not leave the browser.
func TestHTTPSIsRemembered(t *testing.T) {
	const inClear = "http://bulletin.test/?q=1"
	b := open(t)
	mark := w.inClear.mark()
	if status := b.visit(inClear); status != 200 {
		t.Errorf("status %d, want 200", status)
	}
	if got := get[string](b, `location.href`); got != "https://bulletin.test/?q=1" {
		t.Errorf("the visit ended at %s", got)
	}
	first := b.redirects()
	if len(first) != 1 || first[0].Status != 301 {
		t.Fatalf("redirects %v, want one with status 301", first)
	}
	w.inClear.await(t, mark, record{"event": "airworthy.access", "path": "/", "status": 301})

	mark = w.inClear.mark()
	b.visit(inClear)
	second := b.redirects()[1:]
	if len(second) != 1 || second[0].Status != 307 || header(second[0], "Non-Authoritative-Reason") != "HSTS" {
		t.Errorf("the second visit's redirects: %v, want one by HSTS", second)
	}
	if asked := w.inClear.find(mark, record{"event": "airworthy.access"}); len(asked) > 0 {
		t.Errorf("the second visit went out in the clear: %v", asked)
	}
}

// TestHSTSIsNotSentInTheClear sees that a redirect alone, which anybody on the way could have sent, pins nothing.
func TestHSTSIsNotSentInTheClear(t *testing.T) {
	b := open(t)
	b.visit("http://bulletin.test/")
	found := b.redirects()
	if len(found) != 1 {
		t.Fatalf("%d redirects, want 1", len(found))
	}
	if got := header(found[0], "Strict-Transport-Security"); got != "" {
		t.Errorf("the answer in the clear has Strict-Transport-Security: %s", got)
	}
	answer, err := chromedp.Run(b.ctx, chromedp.NavigateResponse(home))
	b.must(err)
	if got, want := header(answer, "Strict-Transport-Security"), "max-age=31536000; includeSubDomains"; got != want {
		t.Errorf("over https it is %q, want %q", got, want)
	}
}

// TestSubdomainIsPinned goes to a subdomain in the clear after a visit to the site, whose HSTS includes it.
func TestSubdomainIsPinned(t *testing.T) {
	address := "http" + strings.TrimPrefix(w.street.page("evil.bulletin.test", document(`<h1>subdomain</h1>`)), "https")
	b := open(t)
	if _, err := chromedp.Run(b.ctx, chromedp.NavigateResponse(address)); err == nil {
		t.Fatal("a browser that was nowhere goes to the subdomain in the clear, where nobody listens, and yet arrives")
	}
	b.visit(home)
	b.visit(address)
	if got := get[string](b, `location.protocol + document.querySelector("h1").textContent`); got != "https:subdomain" {
		t.Errorf("got %s", got)
	}
}
