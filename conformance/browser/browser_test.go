package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// startBrowser starts Chromium with a profile of its own. Names lead where rules say and nowhere else.
func startBrowser(ctx context.Context, path, profile, rules, spki string) (context.Context, func(), error) {
	ctx, stopAllocator := chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.Flag("headless", true),
		chromedp.Flag("no-sandbox", true), // the tests run as root in containers, where there is no sandbox
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-popup-blocking", true),
		chromedp.Flag("short-reporting-delay", true), // send reports at once rather than after a minute
		// The browser's own attempts at https would hide what HSTS does.
		chromedp.Flag("disable-features", "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable"),
		chromedp.Flag("host-resolver-rules", rules),
		chromedp.Flag("ignore-certificate-errors-spki-list", spki),
	)
	ctx, stop := chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil { // starts it
		stopAllocator()
		return nil, nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return ctx, func() { stop(); stopAllocator() }, nil
}

// tab is one tab of a visitor who has never been anywhere: cookies, cache and HSTS are its own.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	violations []string // what content security policies stopped or would have stopped
	failures   []string // requests that failed or were stopped, with the reason
	complaints []string // errors and warnings in the console, and exceptions, but not that a page has a status 4xx
	requests   []*network.EventRequestWillBeSent
}

// open opens a tab, which is closed at the end of the test.
func open(t *testing.T) *tab {
	t.Helper()
	return openFor(t, 3*patience)
}

// openFor opens a tab for a test that may take as long as that.
func openFor(t *testing.T, length time.Duration) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(w.browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	b.must(chromedp.Do(ctx))
	b.ctx, cancel = context.WithTimeout(ctx, length)
	t.Cleanup(cancel)
	b.must(chromedp.Listen(ctx, b.listen))
	call(b, audits.Enable, cdp.Empty{})
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, runtime.Enable, cdp.Empty{})
	return b
}

// call sends the browser a command about the tab.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	result, err := chromedp.Call(b.ctx, command, params)
	b.must(err)
	return result
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *audits.EventIssueAdded:
		if d := e.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
			b.violations = append(b.violations, fmt.Sprintf("%s %s", d.ViolatedDirective, d.BlockedURL))
		}
	case *network.EventLoadingFailed:
		b.failures = append(b.failures, fmt.Sprintf("%s %s", e.ErrorText, e.BlockedReason))
	case *log.EventEntryAdded:
		page := func(r *network.EventRequestWillBeSent) bool {
			return r.Type == network.ResourceTypeDocument && r.Request.URL == e.Entry.URL
		}
		refused := strings.Contains(e.Entry.Text, "the server responded with a status of 4") && slices.ContainsFunc(b.requests, page)
		if !refused && (e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning) {
			b.complaints = append(b.complaints, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, fmt.Sprintf("console.%s", e.Type))
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e)
	}
}

func (b *tab) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// do runs actions of chromedp.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.must(chromedp.Do(b.ctx, steps...))
}

// load runs steps that lead to another page, waits until it has loaded, and returns the answer.
func (b *tab) load(steps ...chromedp.Action[chromedp.Void]) *network.Response {
	b.t.Helper()
	answer, err := chromedp.RunResponse(b.ctx, steps...)
	b.must(err)
	return answer
}

// visit goes to the address, waits until the page has loaded, and returns the answer's status.
func (b *tab) visit(url string) int64 {
	b.t.Helper()
	return b.load(chromedp.Navigate(url)).Status
}

// get returns what the expression is in the page.
func get[T any](b *tab, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// await waits until the expression is true in the page, which may be another by then.
func (b *tab) await(expression string) {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		if err == nil && ok {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			const all = `location.href + "\n" + document.documentElement.outerHTML`
			text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](all))
			b.t.Fatalf("%s does not come true (%v) at\n%s", expression, err, text)
		}
	}
}

// clean fails the test if a content security policy stopped anything.
func (b *tab) clean() {
	b.t.Helper()
	get[bool](b, "true") // what the page reported before this is here after it
	if found := b.stopped(); len(found) > 0 {
		b.t.Errorf("content security policy violations: %q, want none", found)
	}
}

func (b *tab) stopped() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.violations)
}

// refused reports whether a request of the page failed with the given reason.
func (b *tab) refused(reason string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.failures, func(f string) bool { return strings.Contains(f, reason) })
}

// cookies returns the cookies that the browser would send to the address.
func (b *tab) cookies(url string) map[string]*network.Cookie {
	b.t.Helper()
	found := map[string]*network.Cookie{}
	for _, c := range call(b, network.GetCookies, network.GetCookiesParams{URLs: []string{url}}).Cookies {
		found[c.Name] = c
	}
	return found
}

// quote writes s as JavaScript has it.
func quote(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}
