package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/airworthy-go/airworthy/accounts/pages"
)

func TestNewSaysEverything(t *testing.T) {
	_, err := pages.New(pages.Config{Path: "account", Home: "//evil.example", Templates: fstest.MapFS{"login.html": {Data: []byte("{{.Nothing}}")}}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"no Accounts", "ACCOUNTS_PATH", "Home", "login.html"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
	l := newLab(t)
	for path, ok := range map[string]bool{
		"": true, "/": true, "/account/": true, "/my/account/": true,
		"/account": false, "account/": false, "/a//b/": false, "/%61/": false, "//account/": false, "/a/../b/": false, "/a?/": false, "/\u202e/": false, "https://example.com/": false,
	} {
		if _, err := pages.New(pages.Config{Accounts: l.accounts, Path: path}); (err == nil) != ok {
			t.Errorf("Path %q: %v", path, err)
		}
	}
}

func TestTemplates(t *testing.T) {
	l := newLab(t)
	for name, c := range map[string]struct {
		files fstest.MapFS
		err   string
	}{
		"none":           {fstest.MapFS{}, "no login.html"},
		"does not parse": {fstest.MapFS{"login.html": {Data: []byte("{{if}}")}}, "login.html"},
		"unknown field":  {fstest.MapFS{"email.html": {Data: []byte("{{.Form.Nothing}}")}}, "email.html"},
		"broken layout":  {fstest.MapFS{"layout.html": {Data: []byte(`{{.Nothing}}`)}}, ".html"},
		"fine":           {fstest.MapFS{"email.html": {Data: []byte("{{.Title}}")}}, ""},
	} {
		_, err := pages.New(pages.Config{Accounts: l.accounts, Templates: c.files})
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", name, err, c.err)
		}
	}
}

func TestOwnTemplates(t *testing.T) {
	l := newLab(t, options{pages: func(c *pages.Config) {
		c.Templates = fstest.MapFS{
			"login.html":  {Data: []byte(`{{template "layout.html" .}}{{define "content"}}<p>{{template "motto.html"}}</p>{{template "form" .}}{{end}}`)},
			"signup.html": {Data: []byte(`<!doctype html><title>Ours alone</title>{{template "form" .}}`)},
			"motto.html":  {Data: []byte("Come in")},
			"layout.html": {Data: []byte(`<!doctype html><title>Our layout: {{.Title}}</title>{{template "content" .}}`)},
		}
	}})
	l.user("alice")
	v := l.visitor()
	v.get("/account/login/").want(t, http.StatusOK, "Our layout: Log in", "Come in")
	v.get("/account/signup/").want(t, http.StatusOK, "Ours alone")
	v.get("/account/reset/").want(t, http.StatusOK, "Our layout: Forgotten your password?", "Send the link")
	v.login("alice", "x").want(t, http.StatusUnprocessableEntity, "Come in", "is not right")
	v.login("alice", goodPassword).to(t, "/")
}

func TestHeadersAndMethods(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	v := l.member("alice")
	page := v.get("/account/login/").want(t, http.StatusOK)
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "Content-Type": "text/html; charset=utf-8",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	style := v.get(regexp.MustCompile(`href="([^"]+\.css)"`).FindStringSubmatch(page.body)[1])
	if style.status != http.StatusOK || !strings.Contains(style.header.Get("Cache-Control"), "immutable") || style.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the stylesheet: status %d, %v", style.status, style.header)
	}
	if strings.Contains(style.body, "url(") || strings.Contains(style.body, "@import") {
		t.Error("the stylesheet loads something")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.base+style.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("If-None-Match", style.header.Get("ETag"))
	if again := v.do(req); again.status != http.StatusNotModified {
		t.Errorf("once more: status %d", again.status)
	}
	older := v.get("/account/style.0123456789abcdef.css")
	if older.status != http.StatusOK || older.body != style.body || strings.Contains(older.header.Get("Cache-Control"), "immutable") {
		t.Errorf("the stylesheet of another version: status %d, %v", older.status, older.header)
	}
	for _, c := range []struct{ method, path, allow string }{
		{"DELETE", "/account/login/", "GET, HEAD, POST"},
		{"PUT", "/account/", "GET, HEAD"},
		{"PUT", style.path, "GET, HEAD"},
		{"PUT", "/account/login", "GET, HEAD"},
		{"OPTIONS", "/account/reset/MQ/token/", "GET, HEAD"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, v.base+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		if a := v.do(req); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: status %d, Allow %q", c.method, c.path, a.status, a.header.Get("Allow"))
		}
	}
	v.get("/account").to(t, "/account/")
	v.get("/.well-known/change-password").to(t, "/account/password/")
	v.get("/.well-known/resource-that-should-not-exist").want200(t, "application")
	if got := v.get("/account/nothing").body; got != "application /account/nothing for alice" {
		t.Errorf("what is no page of ours does not reach the application: %s", got)
	}
}

// TestEveryPageOfAMember opens every page, which formsOf holds to its rules.
func TestEveryPageOfAMember(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	v := l.member("alice")
	v.enrol()
	for _, path := range []string{"", "password/", "email/", "sessions/", "second-factor/", "second-factor/add/", "second-factor/recovery-codes/", "logout/", "login/", "signup/", "reset/"} {
		page := v.get("/account/"+path).want(t, http.StatusOK, "<h1>", `lang="en"`)
		if strings.Count(page.body, "<h1>") != 1 {
			t.Errorf("%s: %d headings of the first level", path, strings.Count(page.body, "<h1>"))
		}
	}
	nobody := l.visitor()
	for _, path := range []string{"", "password/", "email/", "sessions/", "second-factor/", "second-factor/add/", "second-factor/confirm/?id=1", "second-factor/remove/?id=1", "second-factor/recovery-codes/"} {
		if a := nobody.get("/account/" + path); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/account/login/?next=%2Faccount%2F") {
			t.Errorf("%s: nobody gets status %d, %q", path, a.status, a.location)
		}
	}
}
