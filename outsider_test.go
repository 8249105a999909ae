package airworthy_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/session"
)

// slowUsers counts look-ups, which take a while.
type slowUsers struct {
	accounts.Store
	asked atomic.Int64
	takes time.Duration
}

func (s *slowUsers) ByID(ctx context.Context, id string) (accounts.User, error) {
	s.asked.Add(1)
	for start := time.Now(); time.Since(start) < s.takes; {
	}
	return s.Store.ByID(ctx, id)
}

// random is what differs between two answers to the same request.
var random = regexp.MustCompile(`nonce-[A-Za-z0-9_-]+|nonce="[^"]*"|Request [A-Z2-7]{26}|sessionid=[^;]*|expires=[^;]*`)

// TestOutsidersCannotTellTheConsole compares, through the whole chain and over TCP, what the console's path answers with
// what a path answers that does not exist: status, headers, bytes, the look-ups that it costs, and the time.
func TestOutsidersCannotTellTheConsole(t *testing.T) {
	const secretWord = "seven wild geese at noon"
	store := &slowUsers{Store: accounts.NewMemory()}
	cfg := airworthy.Development()
	cfg.Logs.Output, cfg.Hosts.Debug, cfg.ErrorPages.Debug = io.Discard, true, false
	cfg.Session.Store = session.NewMemory(session.MemoryOptions{})
	cfg.Accounts.Store = store
	cfg.Passwords = password.Config{InsecureCheap: true, Argon2: password.Argon2{Memory: 64, Time: 1, Parallel: 1}}
	cfg.Admin.Path = "/ops-7f3k"
	var app *airworthy.App
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if _, err := app.Accounts().Login(w, r, "bob", secretWord); err != nil {
			t.Error(err)
		}
	})
	app, err := airworthy.New(cfg, mux)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Accounts().Create(t.Context(), accounts.User{Username: "bob", Active: true}, secretWord); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(app)
	defer srv.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stranger, bob := &http.Client{}, &http.Client{Jar: jar}
	ask := func(c *http.Client, method, path, cookie string) (string, time.Duration) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Accept", "text/html")
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		start := time.Now()
		res, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		text := []string{res.Status}
		for _, name := range slices.Sorted(maps.Keys(res.Header)) {
			if name != "Date" {
				text = append(text, name+": "+strings.Join(res.Header[name], " | "))
			}
		}
		return random.ReplaceAllString(strings.Join(append(text, string(b)), "\n"), "RANDOM"), took
	}
	ask(bob, "POST", "/login", "")

	for name, visitor := range map[string]struct {
		client *http.Client
		cookie string
		asked  int64
	}{
		"a stranger": {stranger, "", 0}, "a forged session": {stranger, "sessionid=forged", 0}, "a doubled session": {stranger, "sessionid=a; sessionid=b", 0},
		"somebody who is not staff": {bob, "", 1},
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			for _, below := range []string{"", "/", "/checklist", "/-/console.css"} {
				store.asked.Store(0)
				got, _ := ask(visitor.client, method, "/ops-7f3k"+below, visitor.cookie)
				console := store.asked.Swap(0)
				want, _ := ask(visitor.client, method, "/qzs-9d4m"+below, visitor.cookie)
				if got != want {
					t.Errorf("%s %s %s: the console answers\n%s\nanother path\n%s", name, method, below, got, want)
				}
				if other := store.asked.Load(); console != visitor.asked || other != visitor.asked {
					t.Errorf("%s %s %s: %d look-ups for the console, %d for another path, want %d", name, method, below, console, other, visitor.asked)
				}
			}
		}
	}

	// A quarter of the look-up is far more than what remains, and a look-up too many or too few is four times that.
	store.takes = 2 * time.Millisecond
	var medians [2]time.Duration
	for range 3 { // tries, on a busy machine
		var times [2][]time.Duration
		for i := range 100 {
			_, took := ask(bob, "GET", []string{"/ops-7f3k/", "/qzs-9d4m/"}[i%2], "")
			times[i%2] = append(times[i%2], took)
		}
		for i, all := range times {
			slices.Sort(all)
			medians[i] = all[len(all)/2]
		}
		if (medians[0] - medians[1]).Abs() < store.takes/4 {
			break
		}
	}
	t.Logf("the console takes %v, another path %v", medians[0], medians[1])
	if (medians[0]-medians[1]).Abs() >= store.takes/4 || medians[0] < store.takes {
		t.Errorf("the console takes %v, another path %v, with look-ups of %v", medians[0], medians[1], store.takes)
	}

	// The gate agrees.
	report := check.Run(t.Context(), app.Checks(), check.Options{Deploy: true})
	for _, f := range report.Findings {
		if f.ID == "probe.E031" || f.ID == "probe.W032" {
			t.Errorf("%s: %s", f.ID, f.Evidence)
		}
	}
	for _, n := range report.NotRun {
		t.Errorf("%s did not run: %s", n.ID, n.Reason)
	}
}
