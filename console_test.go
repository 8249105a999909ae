package airworthy_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/otp"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// TestConsole goes the whole way: a stranger sees what any unknown path shows, a member of the staff who has shown a
// second factor sees every page, and one whose factor is stale is sent to show it again.
func TestConsole(t *testing.T) {
	const secretWord = "seven wild geese at noon"
	cfg := airworthy.Development()
	cfg.Logs.Output, cfg.Hosts.Debug, cfg.ErrorPages.Debug = io.Discard, true, false
	cfg.Session.Store = session.NewMemory(session.MemoryOptions{})
	cfg.Accounts.Store = accounts.NewMemory()
	cfg.Passwords = password.Config{InsecureCheap: true, Argon2: password.Argon2{Memory: 64, Time: 1, Parallel: 1}}
	cfg.Admin.Path = "/ops"
	var app *airworthy.App
	var sec secret.Text
	mux := http.NewServeMux()
	step := func(path string, f func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r); err != nil {
				t.Error(path, err)
			}
		})
	}
	step("/login", func(w http.ResponseWriter, r *http.Request) error {
		_, err := app.Accounts().Login(w, r, "ada", secretWord)
		return err
	})
	step("/enrol", func(_ http.ResponseWriter, r *http.Request) error {
		e, err := app.Accounts().Enrol(r, secretWord, "")
		if err != nil {
			return err
		}
		sec = e.Secret
		_, err = app.Accounts().Confirm(r, e.ID, otp.TOTP{}.Code(sec, time.Now()))
		return err
	})
	app, err := airworthy.New(cfg, mux)
	if err != nil {
		t.Fatal(err)
	}
	ada, err := app.Accounts().Create(t.Context(), accounts.User{Username: "ada", Active: true, Staff: true}, secretWord)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(app)
	defer srv.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, path string, form url.Values) (int, string, http.Header) {
		t.Helper()
		r, err := http.NewRequestWithContext(context.Background(), method, srv.URL+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if method == "POST" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b), res.Header
	}
	if status, _, _ := ask("GET", "/ops", nil); status != 404 {
		t.Errorf("a stranger gets %d, want 404", status)
	}
	ask("POST", "/login", nil)
	if status, _, h := ask("GET", "/ops", nil); status != 303 || !strings.HasPrefix(h.Get("Location"), "/account/second-factor/?next=") {
		t.Errorf("staff without a second factor: %d to %q, want to be sent to set one up", status, h.Get("Location"))
	}
	ask("POST", "/enrol", nil)
	for path, want := range map[string]string{
		"/ops/checklist": "<h1", "/ops/sessions?user=ada": "This one", "/ops/lockouts": "lock", "/ops/events": "airworthy.security.LoggedIn",
		"/ops/keys": "current",
	} {
		status, body, h := ask("GET", path, nil)
		if status != 200 || !strings.Contains(strings.ToLower(body), strings.ToLower(want)) {
			t.Errorf("%s: status %d, want 200 and %q in it", path, status, want)
		}
		if strings.Contains(body, sec.Reveal()) || strings.Contains(body, cfg.Keyring.Key.Reveal()) {
			t.Errorf("%s shows a secret", path)
		}
		if !strings.Contains(h.Get("Cache-Control"), "no-store") {
			t.Errorf("%s may be stored: %q", path, h.Get("Cache-Control"))
		}
	}
	ada.Staff, ada.Superuser = false, true
	if err := cfg.Accounts.Store.Update(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := ask("GET", "/ops", nil); status != 404 {
		t.Errorf("a superuser who is not staff gets %d, want 404, as Django's admin keeps them out", status)
	}
	ada.Staff = true
	if err := cfg.Accounts.Store.Update(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	if err := app.Accounts().SetActive(t.Context(), ada.ID, false); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := ask("GET", "/ops", nil); status != 404 {
		t.Errorf("who may no longer log in gets %d, want 404", status)
	}
}

func TestAConsoleIsNotAmongThePagesOfAccounts(t *testing.T) {
	for path, ok := range map[string]bool{"/account": false, "/account/": false, "/account/login": false, "/accounts": true, "/acc": true} {
		cfg := good()
		cfg.Admin.Path = path
		if err := cfg.Validate(); (err == nil) != ok {
			t.Errorf("ADMIN_PATH=%s: %v", path, err)
		}
	}
	cfg := good()
	cfg.Admin.Path, cfg.AccountPages.Path = "/ops", "/ops/me/"
	if err := cfg.Validate(); err == nil {
		t.Error("pages of accounts below the console are accepted")
	}
	if cfg.AccountPages.Off = true; cfg.Validate() != nil {
		t.Error("pages that are off are in the way")
	}
}

// What is wrong with the settings of accounts is said with all the rest, before there is a store.
func TestAccountsAreJudgedBeforeThereIsAStore(t *testing.T) {
	cfg := good()
	cfg.Accounts.FactorAge, cfg.AccountPages.Path, cfg.Passwords.Hashers = -1, "account", []string{"md5"}
	err := cfg.Validate()
	for _, want := range []string{"ACCOUNTS_FACTOR_AGE", "ACCOUNTS_PATH", "PASSWORD_HASHERS"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}

func TestAConsoleNeedsAccounts(t *testing.T) {
	cfg := good()
	cfg.Admin.Path = "/ops"
	if _, err := airworthy.New(cfg, http.NotFoundHandler()); err == nil || !strings.Contains(err.Error(), "ADMIN_PATH") {
		t.Errorf("a console without accounts: %v", err)
	}
	if err := cfg.Validate(); err != nil {
		t.Errorf("settings that are judged before the store is opened: %v", err)
	}
}
