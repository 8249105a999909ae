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

	"github.com/airworthy-go/airworthy/admin"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/preflight"
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
	asked := func(id string, needs check.Evidence) check.Check { return check.Check{ID: id, Needs: needs} }
	report := &check.Report{FailLevel: check.Warning, Ran: 10,
		Asked: []check.Check{asked("security.W018", check.Settings), asked("keyring.E001", check.Settings), asked("security.W009", check.Settings),
			asked("hosts.W001", check.Settings), asked("https.I001", check.Settings), asked("security.W021", check.Settings),
			asked("csrf.W003", check.Settings), asked("probe.W009", check.Handler), asked("csp.W003", check.Settings), asked("shop.W001", check.Handler)},
		Findings: []check.Finding{
			{ID: "hosts.W001", Level: check.Warning, Needs: check.Settings, Title: "Everything is allowed.", Hint: "Allow less.",
				Setting: "ALLOWED_HOSTS", Source: ".env:3", Evidence: "<*>"},
			{ID: "https.I001", Level: check.Info, Needs: check.Settings, Title: "Short."},
		},
		Silenced: []check.Finding{{ID: "security.W021", Level: check.Warning, Needs: check.Settings, Title: "No preload.", Silenced: "old subdomains"}},
		NotRun:   []check.NotRun{{ID: "keyring.E001", Title: "A key is published.", Reason: "no ledger", Needs: check.Settings}},
	}
	page := admin.ChecklistPage(func(ctx context.Context) (*preflight.Result, error) {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the checks may take for ever")
		}
		return preflight.Fold(preflight.Options{
			Items:    []preflight.Item{{Title: "Invoices are private", Checks: []string{"shop."}}},
			Commands: map[check.Evidence]string{check.URL: "site preflight --url https://site.example"},
		}, report), nil
	})
	body := console(t, page, "")
	want := []string{
		"1 Passed: 1 check passed #item-1", "2 Not verified: 1 could not look, 1 check passed #item-2", "3 Failed: 1 finding #item-3",
		"4 Not verified: nobody looked #item-4", "5 Passed: 1 finding, 1 set aside, 1 check passed #item-5", "6 Passed: 1 check passed #item-6",
		"7 Not verified: nobody looked #item-7", "8 Passed: 1 check passed #item-8", "9 Passed: 1 check passed #item-9",
		"10 Not verified: nobody looked #item-10", "11 Not verified: nobody looked #item-11", "12 Failed: 7 checks passed #item-12",
		"13 Not verified: nobody looked #item-13", "14 Not verified: nobody looked #item-14", "15 Not verified: nobody looked #item-15",
		"16 Not verified: nobody looked #item-16", "17 Passed: 1 check passed #item-17",
	}
	if got := items(body); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("items\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, text := range []string{
		"<dt>Passed</dt><dd>6</dd>", "<dt>Failed</dt><dd>2</dd>", "<dt>Not verified</dt><dd>9</dd>",
		`<section id="item-3"`, "Everything is allowed. <small>Allow less.</small>", "<code>ALLOWED_HOSTS</code> <small>.env:3</small>", "&lt;*&gt;",
		"Could not look", "no ledger", "Set aside</span> <small>old subdomains</small>", "17. Invoices are private", "Item 3 fails.",
		"look with: site preflight --url https://site.example", "no check looks at it", "Restore the newest backup",
	} {
		if !strings.Contains(body, text) {
			t.Errorf("the page lacks %s", text)
		}
	}
}

// Nobody may read "passed" where the checks did not run.
func TestChecklistThatCannotRun(t *testing.T) {
	page := admin.ChecklistPage(func(context.Context) (*preflight.Result, error) { return nil, errors.New("cannot") })
	w := newSite(t, func(c *admin.Config) { c.Pages = []admin.Page{page} }).get(path+"/checklist", vpnClient, "staff")
	if w.Code != 500 || strings.Contains(w.Body.String(), "Passed") {
		t.Errorf("answers %d %s", w.Code, w.Body)
	}
}

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
