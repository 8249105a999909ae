package admin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/admin"
	"github.com/airworthy-go/airworthy/check"
)

// console is a site with one page, of which it returns the text.
func console(t *testing.T, p admin.Page, query string) string {
	t.Helper()
	w := newSite(t, func(c *admin.Config) { c.Pages = []admin.Page{p} }).get(path+"/"+p.Path+query, vpnClient, "staff")
	if w.Code != 200 {
		t.Fatalf("%s%s answers %d: %s", p.Path, query, w.Code, w.Body)
	}
	return w.Body.String()
}

// items returns the state of each item and its evidence, as the table has them.
func items(body string) (all []string) {
	row := regexp.MustCompile(`data-label="Item">(\d+)\. [^<]*</th><td[^>]*><span class="badge \w+">([^<]*)</span></td><td[^>]*>(?:<a href="([^"]*)">)?([^<]*)`)
	for _, m := range row.FindAllStringSubmatch(body, -1) {
		all = append(all, strings.TrimSpace(fmt.Sprint(m[1], " ", m[2], ": ", m[4], " ", m[3])))
	}
	return all
}

func TestChecklist(t *testing.T) {
	var list []check.Check
	for _, id := range []string{"security.W018", "keyring.E001", "security.W009", "hosts.W001", "https.I001", "security.W021", "csrf.W003",
		"csrf.W001", "headers.W001", "csp.W010", "csp.W003"} {
		list = append(list, check.Check{ID: id})
	}
	page := admin.ChecklistPage(func() []check.Check { return list }, func(ctx context.Context) (*check.Report, error) {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the checks may take for ever")
		}
		return &check.Report{FailLevel: check.Warning, Ran: 10,
			Findings: []check.Finding{
				{ID: "hosts.W001", Level: check.Warning, Title: "Everything is allowed.", Hint: "Allow less.", Setting: "ALLOWED_HOSTS", Source: ".env:3", Evidence: "<*>"},
				{ID: "https.I001", Level: check.Info, Title: "Short."},
			},
			Silenced: []check.Finding{{ID: "security.W021", Level: check.Warning, Title: "No preload.", Silenced: "old subdomains"}},
			NotRun:   []check.NotRun{{ID: "keyring.E001", Title: "A key is published.", Reason: "no ledger"}},
		}, nil
	})
	body := console(t, page, "")
	want := []string{
		"1 Passed: 1 check", "2 Failed: 2 checks, 1 could not look #item-2", "3 Failed: 1 check, 1 finding #item-3", "4 Not verified: no check looks at it",
		"5 Passed: 2 checks, 1 finding, 1 set aside #item-5", "6 Passed: 1 check", "7 Passed: 1 check", "8 Passed: 1 check", "9 Passed: 1 check",
		"10 Not verified: no check looks at it", "11 Not verified: no check looks at it", "12 Failed: 1 check", "13 Not verified: no check looks at it",
		"14 Not verified: no check looks at it", "15 Not verified: no check looks at it", "16 Not verified: no check looks at it",
	}
	if got := items(body); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("items\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, text := range []string{
		"<dt>Passed</dt><dd>6</dd>", "<dt>Failed</dt><dd>3</dd>", "<dt>Not verified</dt><dd>7</dd>", "<dt>Checks that looked</dt><dd>10</dd>",
		`<section id="item-3"`, "Everything is allowed. <small>Allow less.</small>", "<code>ALLOWED_HOSTS</code> <small>.env:3</small>", "&lt;*&gt;",
		"Could not look", "no ledger", "Set aside</span> <small>old subdomains</small>",
	} {
		if !strings.Contains(body, text) {
			t.Errorf("the page lacks %s", text)
		}
	}
}

// Nobody may read "passed" where the checks did not run.
func TestChecklistThatCannotRun(t *testing.T) {
	page := admin.ChecklistPage(func() []check.Check { return nil }, func(context.Context) (*check.Report, error) {
		return nil, errors.New("cannot")
	})
	w := newSite(t, func(c *admin.Config) { c.Pages = []admin.Page{page} }).get(path+"/checklist", vpnClient, "staff")
	if w.Code != 500 || strings.Contains(w.Body.String(), "Passed") {
		t.Errorf("answers %d %s", w.Code, w.Body)
	}
}

// Each check belongs to the item that its title is about; a new one that nobody sorted stands under the twelfth.
func TestChecklistKnowsTheChecks(t *testing.T) {
	var all []check.Check
	for _, c := range airworthy.Rules() {
		all = append(all, check.Check{ID: c.ID})
	}
	if len(all) < 100 {
		t.Fatalf("%d rules, want more than 100", len(all))
	}
	report := &check.Report{FailLevel: check.Error}
	for _, c := range all {
		report.Findings = append(report.Findings, check.Finding{ID: c.ID, Level: check.Info})
	}
	body := console(t, admin.ChecklistPage(func() []check.Check { return all }, func(context.Context) (*check.Report, error) { return report, nil }), "")
	_, rest, ok := strings.Cut(body, `<section id="item-12"`)
	if !ok {
		t.Fatal("there is no section of the rest")
	}
	rest, _, _ = strings.Cut(rest, "</section>")
	for _, m := range regexp.MustCompile(`data-label="Check"><code>([^<]*)`).FindAllStringSubmatch(rest, -1) {
		label, _, _ := strings.Cut(m[1], ".")
		switch label {
		case "airworthy", "headers", "logs", "settings", "tracking":
		default:
			if !unsorted[m[1]] {
				t.Errorf("%s belongs to no item of the checklist: name it in items.go, or here", m[1])
			}
		}
	}
	for id, item := range map[string]string{"security.W018": "1", "keyring.W005": "2", "repo.E001": "2", "proxy.W001": "4", "https.E001": "5", "https.W001": "4",
		"csrf.W003": "6", "csrf.W001": "7", "csp.W010": "8", "csp.W003": "9", "settings.W001": "12"} {
		_, section, _ := strings.Cut(body, `<section id="item-`+item+`"`)
		if section, _, _ = strings.Cut(section, "</section>"); !strings.Contains(section, "<code>"+id+"</code>") {
			t.Errorf("%s is not under item %s", id, item)
		}
	}
}

// unsorted are checks that no single item is about.
var unsorted = map[string]bool{"security.W001": true, "security.W006": true, "security.W022": true, "security.E023": true, "security.E024": true,
	"probe.E024": true, "probe.E026": true, "probe.I027": true, "probe.W008": true, "probe.W010": true, "probe.W011": true, "probe.W028": true, "probe.W029": true,
	"probe.E035": true, "probe.I037": true, "probe.W038": true, "probe.I039": true, "probe.I040": true, "probe.W041": true, "probe.I061": true,
	"probe.I062": true, "probe.I063": true, "probe.I066": true, "probe.E068": true}

func TestSessionsPage(t *testing.T) {
	const long = "0123456789abcdef0123456789abcdef"
	now := time.Now()
	var ended []string
	s := admin.Sessions{
		List: func(_ context.Context, user string) ([]admin.SessionRow, error) {
			if user == "ghost" {
				return nil, nil
			}
			return []admin.SessionRow{
				{ID: "s1-" + user, LoggedIn: now.Add(-3 * time.Hour), Seen: now, Expire: now.Add(72*time.Hour + time.Second), From: "10.8.0.2", Current: true},
				{ID: long, Agent: "Mozilla/5.0 <X>"},
			}, nil
		},
		End:    func(_ context.Context, user, id string) error { ended = append(ended, user+"/"+id); return nil },
		EndAll: func(_ context.Context, user string) (int, error) { ended = append(ended, user+"/*"); return 2, nil },
	}
	p := admin.SessionsPage(s)
	if body := console(t, p, ""); !strings.Contains(body, "Sessions of alice") || !strings.Contains(body, "<small>this one</small>") ||
		!strings.Contains(body, "3 h ago") || !strings.Contains(body, "in 3 days") || !strings.Contains(body, "End all 2 sessions of alice") {
		t.Errorf("the visitor's own sessions: %s", body)
	}
	if body := console(t, p, "?user=+b%3Cob+"); !strings.Contains(body, "Sessions of b&lt;ob") || !strings.Contains(body, `value="s1-b&lt;ob"`) {
		t.Errorf("another's sessions: %s", body)
	}
	if body := console(t, p, ""); !strings.Contains(body, "<code>0123456789ab</code>") || !strings.Contains(body, `value="`+long+`"`) ||
		!strings.Contains(body, "<small>Mozilla/5.0 &lt;X&gt;</small>") || strings.Contains(body, long+"<") {
		t.Errorf("a session with a long id: %s", body)
	}
	if body := console(t, p, "?user=ghost"); !strings.Contains(body, "no sessions, or there is no such user") || strings.Contains(body, "End all") {
		t.Errorf("nobody's sessions: %s", body)
	}
	site := newSite(t, func(c *admin.Config) { c.Pages = []admin.Page{p} })
	for form, want := range map[string]string{"action=end&user=bob&id=" + long: "The session 0123456789ab of bob is ended.", "action=end-all&user=bob": "2 sessions of bob ended."} {
		values, _ := url.ParseQuery(form)
		w := site.post(path+"/sessions?user=bob", values)
		if body := site.get(w.Header().Get("Location"), vpnClient, "staff").Body.String(); !strings.Contains(body, want) || !strings.Contains(body, "Sessions of bob") {
			t.Errorf("%s: the page does not say %q of bob", form, want)
		}
	}
	if len(ended) != 2 || !slices.Contains(ended, "bob/"+long) {
		t.Errorf("ended %q", ended)
	}
}

func TestLockoutsPage(t *testing.T) {
	const subject = "car\xffol\x00<2001:db8::/64>"
	var unlocked []string
	n := 0
	l := admin.Lockouts{
		List: func(_ context.Context, limit int) (rows []admin.LockoutRow, err error) {
			for range min(n, limit) {
				rows = append(rows, admin.LockoutRow{Kind: "pair", Subject: subject, Since: time.Now(), Until: time.Now().Add(time.Hour + time.Minute),
					Failures: 6, Locks: 3, From: "2001:db8::/64", Reason: "too many"})
			}
			return rows, nil
		},
		Unlock: func(_ context.Context, kind, subject string) error {
			unlocked = append(unlocked, kind, subject)
			return nil
		},
	}
	p := admin.LockoutsPage(l)
	if body := console(t, p, ""); !strings.Contains(body, "Nobody is locked out.") {
		t.Error("no lock, and the page does not say so")
	}
	n = 300
	if body := console(t, p, ""); strings.Count(body, ">Unlock<") != 200 || !strings.Contains(body, "The latest 200; there are more.") {
		t.Error("300 locks are not cut at 200")
	}
	n = 1
	body := console(t, p, "")
	for _, want := range []string{"car ol &lt;2001:db8::/64&gt; <small>pair</small>", "in 1 h", "6 failures, lock number 3", "Unlock<span class=\"vh\"> the pair car ol &lt;"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s: %s", want, body)
		}
	}
	m := regexp.MustCompile(`name="subject" value="([^"]*)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatal("no form")
	}
	site := newSite(t, func(c *admin.Config) { c.Pages = []admin.Page{p} })
	w := site.post(path+"/lockouts", url.Values{"action": {"unlock"}, "kind": {"pair"}, "subject": {m[1]}})
	if w.Code != 303 || len(unlocked) != 2 || unlocked[1] != subject {
		t.Errorf("answers %d, unlocked %q", w.Code, unlocked)
	}
	if w = site.post(path+"/lockouts", url.Values{"action": {"unlock"}, "subject": {"%"}}); w.Code != 422 || len(unlocked) != 2 {
		t.Errorf("a damaged form: answers %d", w.Code)
	}
}

func TestEventsPage(t *testing.T) {
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var rows []admin.EventRow
	for i := range 250 {
		name := []string{"django.security.csrf", "airworthy.security.AdminDecoy"}[i%2]
		rows = append(rows, admin.EventRow{Time: start.Add(-time.Duration(i) * time.Minute), Level: slog.LevelWarn, Name: name,
			Message: fmt.Sprintf("message %d.", i), Details: "path=<x>", RequestID: "ID", Client: "203.0.113.9"})
	}
	rows[0].Level = slog.LevelError
	p := admin.EventsPage(func() []admin.EventRow { return rows })
	seen := 0
	next := regexp.MustCompile(`<a href="([^"]*)" rel="next"`)
	for query, pages := "", 0; ; pages++ {
		body := console(t, p, query)
		seen += strings.Count(body, "message ")
		m := next.FindStringSubmatch(body)
		if m == nil {
			if pages != 2 {
				t.Errorf("%d pages, want three", pages+1)
			}
			break
		}
		query = strings.ReplaceAll(m[1], "&amp;", "&")
	}
	if seen != 250 {
		t.Errorf("%d events on all pages, want 250, each once", seen)
	}
	body := console(t, p, "?event=django.security.csrf")
	if n := strings.Count(body, "message "); n != 100 || strings.Contains(body, "<code>airworthy.security.AdminDecoy") || !strings.Contains(body, "<option selected>django.security.csrf") {
		t.Errorf("%d events of the chosen kind, want the first 100", n)
	}
	for _, want := range []string{"<small>error</small>", "path=&lt;x&gt;", "2026-11-22 12:00:00", "<option>all"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	rows = nil
	if body := console(t, p, "?before=x"); !strings.Contains(body, "There are none.") {
		t.Error("no events, and the page does not say so")
	}
}

func TestKeysPage(t *testing.T) {
	p := admin.KeysPage(func(context.Context) (admin.Keys, error) {
		return admin.Keys{Keys: []admin.KeyRow{
			{Fingerprint: "f1", Role: "signs", Environment: "production", Made: time.Now(), Verified: 7, Last: time.Now()},
			{Fingerprint: "f2", Role: "verifies", Retirable: true, Next: "retire it"},
		}, Instances: []admin.InstanceRow{{Name: "web-1", Signs: "f1", At: time.Now()}}}, nil
	})
	body := console(t, p, "")
	for _, want := range []string{"<code>f1</code> <small>production</small>", "does not say", "never", "May go</span> <small>retire it</small>", "web-1", ">7<"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, "method=\"post\"") {
		t.Error("the page acts")
	}
}

// Without the ledger there is no list of instances.
func TestKeysWithoutInstances(t *testing.T) {
	p := admin.KeysPage(func(context.Context) (admin.Keys, error) { return admin.Keys{}, nil })
	if body := console(t, p, ""); strings.Contains(body, "Instances") || !strings.Contains(body, "There are none.") {
		t.Errorf("%s", body)
	}
	var failing admin.Page = admin.KeysPage(func(context.Context) (admin.Keys, error) { return admin.Keys{}, errors.New("x") })
	if w := newSite(t, func(c *admin.Config) { c.Pages = []admin.Page{failing} }).get(path+"/keys", vpnClient, "staff"); w.Code != http.StatusInternalServerError {
		t.Errorf("a status that fails answers %d", w.Code)
	}
}
