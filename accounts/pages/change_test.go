package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/secret"
)

func secretOf(t *testing.T, page answer) secret.Text {
	t.Helper()
	m := typedKey.FindStringSubmatch(page.body)
	if m == nil {
		t.Fatalf("the page shows no key:\n%s", page.body)
	}
	return secret.New(m[1])
}

// TestPassword is badinput 25 for passwords.
func TestPassword(t *testing.T) {
	const another = "nine tame geese at dawn"
	l := newLab(t)
	l.user("alice")
	v, elsewhere := l.member("alice"), l.member("alice")
	form := v.get("/account/password/").want(t, http.StatusOK, `autocomplete="current-password"`, `autocomplete="new-password"`, `value="alice" autocomplete="username" hidden`)
	for name, c := range map[string]struct {
		old, new, again, text string
	}{
		"wrong":        {"x", another, another, "This is not your password"},
		"empty":        {"", another, another, "This is not your password"},
		"weak":         {goodPassword, "alice", "alice", "15 characters"},
		"twice unlike": {goodPassword, another, another + "x", "not the same"},
		"none":         {goodPassword, "", "", "Choose a password"},
	} {
		a := v.submit(form, "Change the password", map[string]string{"old": c.old, "password": c.new, "again": c.again})
		a.want(t, http.StatusUnprocessableEntity, c.text)
		if strings.Contains(a.body, another) || strings.Contains(a.body, goodPassword) {
			t.Errorf("%s: the page holds a password", name)
		}
	}
	if elsewhere.who() != "alice" {
		t.Error("a refused change ended a session")
	}
	v.follow(v.submit(form, "Change the password", map[string]string{"old": goodPassword, "password": another, "again": another})).
		want(t, http.StatusOK, "Your password was changed")
	if got := v.get("/account/").want(t, http.StatusOK).body; strings.Contains(got, "Your password was changed") {
		t.Error("the notice is shown twice")
	}
	if v.who() != "alice" || elsewhere.who() != "nobody" {
		t.Errorf("this session: %s, another: %s", v.who(), elsewhere.who())
	}
	l.visitor().login("alice", goodPassword).want(t, http.StatusUnprocessableEntity)
	l.visitor().login("alice", another).to(t, "/")
}

// TestEmail is badinput 25 for addresses.
func TestEmail(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	v, elsewhere := l.member("alice"), l.member("alice")
	form := v.get("/account/email/").want(t, http.StatusOK, `value="alice@example.com"`)
	v.submit(form, "Change the address", map[string]string{"email": "new@example.com", "old": "x"}).
		want(t, http.StatusUnprocessableEntity, "not your password", `value="new@example.com"`)
	v.submit(form, "Change the address", map[string]string{"email": "new", "old": goodPassword}).want(t, http.StatusUnprocessableEntity, "valid e-mail")
	v.submit(form, "Change the address", map[string]string{"email": "new@example.com", "old": goodPassword}).to(t, "/account/")
	v.get("/account/").want(t, http.StatusOK, "new@example.com", "Your e-mail address was changed")
	if elsewhere.who() != "nobody" {
		t.Error("another session goes on")
	}
}

var resetLink = regexp.MustCompile(`https://example\.com(/account/reset/[^/\s]+/)([^/\s]+)/`)

// TestReset is badinput 7 and the way of Django's links.
func TestReset(t *testing.T) {
	const another = "nine tame geese at dawn"
	l := newLab(t)
	l.user("alice")
	elsewhere := l.member("alice")
	v := l.visitor()
	form := v.get("/account/reset/").want(t, http.StatusOK)
	v.submit(form, "Send the link", map[string]string{"email": "  "}).want(t, http.StatusUnprocessableEntity, "Enter an e-mail address")
	known := v.submit(form, "Send the link", map[string]string{"email": "Alice@Example.com"}).want(t, http.StatusOK, "Look at your mail")
	unknown := v.submit(form, "Send the link", map[string]string{"email": "nobody@example.com"}).want(t, http.StatusOK)
	if known.body != unknown.body {
		t.Error("the answer tells whether there is an account")
	}
	m := resetLink.FindStringSubmatch(l.mail(1).Text)
	if m == nil {
		t.Fatalf("the mail has no link:\n%s", l.mail(1).Text)
	}
	path, token := m[1], m[2]

	// Programs that look at links use nothing up.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, v.base+path+token+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	v.do(req).to(t, path+"set-password/")
	v.get(path+"set-password/").want(t, http.StatusNotFound, "This link does not work")

	first := v.get(path+token+"/").to(t, path+"set-password/")
	if got := first.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("Referrer-Policy %q", got)
	}
	page := v.follow(first).want(t, http.StatusOK, "For the account alice")
	if strings.Contains(page.body, token) {
		t.Error("the page holds the token")
	}
	l.visitor().get(path+"set-password/").want(t, http.StatusNotFound, "This link does not work")
	v.submit(page, "Change the password", map[string]string{"password": "short", "again": "short"}).want(t, http.StatusUnprocessableEntity, "15 characters")
	v.submit(page, "Change the password", map[string]string{"password": another, "again": "x"}).want(t, http.StatusUnprocessableEntity, "not the same")
	v.submit(page, "Change the password", map[string]string{"password": another, "again": another}).to(t, "/account/login/")
	v.get("/account/login/").want(t, http.StatusOK, "Log in with the new one")
	if v.who() != "nobody" || elsewhere.who() != "nobody" {
		t.Error("a reset logs in, or leaves a session")
	}
	v.get(path+token+"/").want(t, http.StatusNotFound, "This link does not work")
	v.login("alice", another).to(t, "/")

	for _, bad := range []string{path + "x/", path + token + "x/", "/account/reset/x/" + token + "/", "/account/reset/MQ/\xff\x00/"} {
		v.get(strings.NewReplacer("\xff", "%ff", "\x00", "%00").Replace(bad)).want(t, http.StatusNotFound, "This link does not work")
	}
	v.get("/account/reset/a/b/c/").want200(t, "application")
	v.get("/account/reset//b/").want200(t, "application")
}

// TestResetOfWhoIsLoggedIn: a link that is used where its owner, or somebody else, is logged in logs out both.
func TestResetOfWhoIsLoggedIn(t *testing.T) {
	const another = "nine tame geese at dawn"
	l := newLab(t)
	l.user("alice")
	l.user("bob")
	for i, name := range []string{"alice", "bob"} {
		word := another + strings.Repeat("!", i)
		v := l.visitor()
		v.login(name, map[string]string{"alice": goodPassword, "bob": goodPassword}[name]).to(t, "/")
		v.submit(v.get("/account/reset/"), "Send the link", map[string]string{"email": "alice@example.com"})
		m := resetLink.FindStringSubmatch(lastLink(l, i))
		page := v.follow(v.get(m[1] + m[2] + "/"))
		v.submit(page, "Change the password", map[string]string{"password": word, "again": word}).to(t, "/account/login/")
		if v.who() != "nobody" {
			t.Errorf("%s is still logged in", name)
		}
		l.visitor().login("alice", word).to(t, "/")
	}
}

// lastLink returns the text of the i-th mail with a link.
func lastLink(l *lab, i int) string {
	l.t.Helper()
	for n := 1; ; n++ {
		if text := l.mail(n).Text; resetLink.MatchString(text) {
			if i--; i < 0 {
				return text
			}
		}
	}
}

// TestSessions: one session ends another of its user, and none of anybody else.
func TestSessions(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	l.user("mallory")
	v, phone, third, mallory := l.member("alice"), l.visitor(), l.member("alice"), l.member("mallory")
	phone.agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1<script>"
	phone.login("alice", goodPassword).to(t, "/")

	page := v.get("/account/sessions/").want(t, http.StatusOK, "Firefox on Linux", "Safari on iPhone", "This one", "Network 127.0.0.1", "just now")
	var onPhone form
	rows := strings.Split(page.body, "<li><div>")
	for _, row := range rows[1:] {
		if strings.Contains(row, "iPhone") {
			id := regexp.MustCompile(`name="end" value="([^"]+)"`).FindStringSubmatch(row)
			if id == nil {
				t.Fatalf("no button in the row:\n%s", row)
			}
			for _, f := range page.forms {
				if f.values.Get("end") == id[1] {
					onPhone = f
				}
			}
		}
	}
	// Mallory knows the id.
	stolen := mallory.get("/account/logout/").forms[0].values
	stolen.Set("end", onPhone.values.Get("end"))
	mallory.post("/account/sessions/", stolen.Encode()).to(t, "/account/sessions/")
	mallory.get("/account/sessions/").want(t, http.StatusOK, "That session had ended already")
	if phone.who() != "alice" {
		t.Fatal("somebody else ended a session")
	}
	v.follow(v.post("/account/sessions/", onPhone.values.Encode())).want(t, http.StatusOK, "The session was ended")
	if phone.who() != "nobody" || third.who() != "alice" || v.who() != "alice" {
		t.Errorf("phone %s, third %s, own %s", phone.who(), third.who(), v.who())
	}
	v.post("/account/sessions/", onPhone.values.Encode())
	v.get("/account/sessions/").want(t, http.StatusOK, "had ended already")
	v.follow(v.submit(v.get("/account/sessions/"), "End all others", nil)).want(t, http.StatusOK, "All your other sessions were ended")
	if third.who() != "nobody" || v.who() != "alice" || mallory.who() != "mallory" {
		t.Errorf("third %s, own %s, mallory %s", third.who(), v.who(), mallory.who())
	}
	if last := v.get("/account/sessions/"); strings.Contains(last.body, "End all others") {
		t.Error("there are no others to end")
	}
}

func TestFactorIsDemanded(t *testing.T) {
	l := newLab(t, options{accounts: func(c *accounts.Config) { c.SecondFactor = accounts.FactorForAll }})
	l.user("alice")
	v := l.member("alice")
	v.get("/account/").want(t, http.StatusOK, "Your account has to have one")
	v.get("/account/second-factor/").want(t, http.StatusOK, "Your account has to have one")
}
