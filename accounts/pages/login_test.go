package pages_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/password"
)

func TestSignUpLogoutLogin(t *testing.T) {
	l := newLab(t)
	v := l.visitor()
	page := v.get("/account/signup/?next=/board/").want(t, http.StatusOK, "at least 15 characters")
	v.submit(page, "Make the account", map[string]string{
		"username": " alice ", "email": "alice@example.com", "password": goodPassword, "again": goodPassword,
	}).to(t, "/board/")
	if got := v.who(); got != "alice" {
		t.Fatalf("logged in as %q", got)
	}
	v.get("/account/").want(t, http.StatusOK, "Logged in as", "alice@example.com")
	v.submit(v.get("/account/logout/").want(t, http.StatusOK), "Log out", nil).want(t, http.StatusOK, "You are logged out")
	if got := v.who(); got != "nobody" {
		t.Fatalf("logged in as %q after logging out", got)
	}
	v.get("/account/logout/").to(t, "/account/login/")
	v.login("alice", goodPassword).to(t, "/")
	if got := v.who(); got != "alice" {
		t.Fatalf("logged in as %q", got)
	}
	v.get("/account/login/").want(t, http.StatusOK, "You are logged in already")
}

func TestSignUpRefusals(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	for name, c := range map[string]struct {
		fill map[string]string
		text string
	}{
		"taken":          {map[string]string{"username": "alice"}, "already has this name"},
		"twin":           {map[string]string{"username": "ALICE"}, "already has this name"},
		"not a name":     {map[string]string{"username": "al ice"}, "letters, digits"},
		"no name":        {map[string]string{"username": ""}, "letters, digits"},
		"not an address": {map[string]string{"email": "bob"}, "valid e-mail address"},
		"no address":     {map[string]string{"email": " "}, "Enter an e-mail address"},
		"no password":    {map[string]string{"password": "", "again": ""}, "Choose a password"},
		"short":          {map[string]string{"password": "geese", "again": "geese"}, "15 characters"},
		"similar":        {map[string]string{"password": "bob@example.com", "again": "bob@example.com"}, "too similar"},
		"twice unlike":   {map[string]string{"again": goodPassword + " "}, "not the same"},
	} {
		t.Run(name, func(t *testing.T) {
			v := l.visitor()
			fill := map[string]string{"username": "bob", "email": "bob@example.com", "password": goodPassword, "again": goodPassword}
			for field, value := range c.fill {
				fill[field] = value
			}
			a := v.submit(v.get("/account/signup/"), "Make the account", fill)
			a.want(t, http.StatusUnprocessableEntity, c.text, "<title>Error: ", `role="alert"`, `aria-invalid="true"`)
			for _, f := range a.forms[0].inputs {
				_, focused := f["autofocus"]
				if wrong := f["aria-invalid"] == "true"; focused && !wrong {
					t.Errorf("the field %q is focused, and nothing is wrong with it", f["name"])
				}
			}
			if strings.Contains(a.body, goodPassword) || v.who() != "nobody" {
				t.Error("the page holds the password, or somebody is logged in")
			}
		})
	}
}

var tokens = regexp.MustCompile(`name="csrfmiddlewaretoken" value="[^"]*"`)

// TestRefusedLoginsAreAlike is badinput 32 and 34: one text, one status, one length, whatever the reason.
func TestRefusedLoginsAreAlike(t *testing.T) {
	l := newLab(t)
	l.user("valid")
	inactive := l.user("quiet")
	if err := l.accounts.SetActive(t.Context(), inactive.ID, false); err != nil {
		t.Fatal(err)
	}
	without := must(l.accounts.Create(t.Context(), accounts.User{Username: "bare_", Active: true}, ""))(t)
	if password.Usable(without.Password) {
		t.Fatal("the account has a password")
	}
	var want string
	for _, c := range []struct{ reason, name, word string }{
		{"wrong", "valid", goodPassword + "x"},
		{"unknown", "nobod", goodPassword},
		{"inactive", "quiet", goodPassword},
		{"no password", "bare_", goodPassword},
		{"another case", "VALID", goodPassword},
		{"no password typed", "valid", ""},
		{"too long a password", "valid", strings.Repeat("x", password.MaxLength+1)},
		{"zero bytes", "valid", goodPassword + "\x00"},
		{"no UTF-8", "valid", "\xff\xfe"},
		{"a space at the end", "valid", goodPassword + " "},
	} {
		v := l.visitor()
		a := v.login(c.name, c.word).want(t, http.StatusUnprocessableEntity, "is not right")
		got := tokens.ReplaceAllString(strings.ReplaceAll(a.body, `value="`+c.name+`"`, ""), "")
		if want == "" {
			want = got
		}
		if got != want || v.who() != "nobody" {
			t.Errorf("%s: the page is not like the first one:\n%s", c.reason, a.body)
		}
	}
	l.visitor().login("valid", goodPassword).to(t, "/") // the nearest thing that is allowed
}

// TestLoginGoesNowhereElse is badinput 6.
func TestLoginGoesNowhereElse(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	for next, want := range map[string]string{
		"/board/?a=1&b=2":          "/board/?a=1&b=2",
		"//evil.example/":          "/",
		"/\\evil.example/":         "/",
		"https://evil.example/":    "/",
		"https:evil.example":       "/",
		"/%09/evil.example":        "/",
		"javascript:alert(1)":      "/",
		"/%2f%2fevil.example":      "/",
		strings.Repeat("/a", 2000): "/",
	} {
		v := l.visitor()
		page := v.get("/account/login/?next=" + url.QueryEscape(next))
		if want == "/" && strings.Contains(page.body, "evil") {
			t.Errorf("the form carries %q on", next)
		}
		v.submit(page, "Log in", map[string]string{"username": "alice", "password": goodPassword}).to(t, want)

		v = l.visitor() // who changes the form
		f := v.get("/account/login/").forms[0].values
		f.Set("username", "alice")
		f.Set("password", goodPassword)
		f.Set("next", next)
		v.post("/account/login/", f.Encode()).to(t, want)
	}
	v := l.visitor()
	if twice := v.get("/account/login/?next=/a&next=/b").want(t, http.StatusOK); twice.forms[0].values.Has("next") {
		t.Error("of two addresses to go to, one is believed")
	}
	v.get("/account/password/").to(t, "/account/login/?next=%2Faccount%2Fpassword%2F")
	v.get("/account/login?next=%2Fboard%2F").to(t, "/account/login/?next=%2Fboard%2F")
	v.get("/account/login?next=//evil.example").to(t, "/account/login/")
}

// TestFormsGoNowhereElse is badinput 6 for the other forms that lead on.
func TestFormsGoNowhereElse(t *testing.T) {
	const evil = "//evil.example/"
	l := newLab(t)
	submit := func(v *visitor, a answer, fill map[string]string) answer {
		t.Helper()
		f := a.forms[0]
		f.values.Set("next", evil)
		for name, value := range fill {
			f.values.Set(name, value)
		}
		return v.post(f.action, f.values.Encode())
	}
	v := l.visitor()
	submit(v, v.get("/account/signup/"), map[string]string{"username": "alice", "email": "alice@example.com", "password": goodPassword, "again": goodPassword}).to(t, "/")
	add := submit(v, v.get("/account/second-factor/add/"), map[string]string{"name": "Telephone", "old": goodPassword})
	if add.status != http.StatusSeeOther || strings.Contains(add.location, "evil") {
		t.Errorf("status %d to %q", add.status, add.location)
	}
	page := v.follow(add)
	phone := app{key: secretOf(t, page)}
	codes := submit(v, page, map[string]string{"code": phone.code()}).want(t, http.StatusOK)
	if strings.Contains(codes.body, "evil") {
		t.Error("the page of recovery codes leads to another site")
	}
	page = v.follow(submit(v, v.get("/account/second-factor/add/"), map[string]string{"name": "Tablet", "old": goodPassword}))
	tablet := app{key: secretOf(t, page)}
	submit(v, page, map[string]string{"code": tablet.code()}).to(t, "/account/second-factor/")

	v = l.visitor()
	ask := v.follow(submit(v, v.get("/account/login/"), map[string]string{"username": "alice", "password": goodPassword}).to(t, "/account/factor/"))
	submit(v, ask, map[string]string{"code": "000000"}).want(t, http.StatusUnprocessableEntity)
	ask = v.get("/account/factor/?recovery=1&next="+evil).want(t, http.StatusOK)
	submit(v, ask, map[string]string{"code": recoveryCode.FindStringSubmatch(codes.body)[1]}).to(t, "/")
}

// TestStale: who has a second factor shows it once more before anything is changed, and comes back.
func TestStale(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	v := l.member("alice")
	_, shown := v.enrol()
	codes := recoveryCode.FindAllStringSubmatch(shown.body, -1)
	remove := regexp.MustCompile(`/account/second-factor/remove/\?id=[^"]+`).FindString(v.get("/account/second-factor/").body)
	forms := map[string]answer{} // got while the factor was fresh, and sent when it no longer is
	paths := []string{"/account/password/", "/account/email/", "/account/second-factor/add/", "/account/second-factor/recovery-codes/", remove}
	for _, path := range paths {
		forms[path] = v.get(path).want(t, http.StatusOK)
	}
	v.get("/later")
	for _, path := range paths {
		v.get(path).to(t, "/account/step-up/?next="+url.QueryEscape(path))
		f := forms[path].forms[0]
		for name := range f.inputs {
			switch name {
			case "old", "password", "again":
				f.values.Set(name, goodPassword)
			case "email":
				f.values.Set(name, "stale@example.com")
			}
		}
		if a := v.post(f.action, f.values.Encode()); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/account/step-up/?next=%2Faccount%2F") {
			t.Errorf("%s: status %d to %q, want the step-up", path, a.status, a.location)
		}
	}
	v.get("/account/").want(t, http.StatusOK, "alice@example.com")
	back := v.get("/account/step-up/?recovery=1&next=" + url.QueryEscape(remove))
	v.submit(back, "Go on", map[string]string{"code": codes[0][1]}).to(t, remove)
	v.get(remove).want(t, http.StatusOK, "It is the last one")
}

func TestFactor(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	v := l.member("alice")
	v.get("/account/second-factor/").want(t, http.StatusOK, "Set up an authenticator app")

	// Enrolment, with a mistyped password and a mistyped code.
	form := v.get("/account/second-factor/add/").want(t, http.StatusOK)
	v.submit(form, "Go on", map[string]string{"name": "Telephone", "old": "x"}).want(t, http.StatusUnprocessableEntity, "not your password", `value="Telephone"`)
	page := v.follow(v.submit(form, "Go on", map[string]string{"name": "Telephone", "old": goodPassword}))
	again := v.submit(page, "Confirm", map[string]string{"code": "000000"}).want(t, http.StatusUnprocessableEntity, "The code is not right")
	if typedKey.FindString(again.body) != typedKey.FindString(page.body) {
		t.Error("after a mistyped code another key is shown")
	}
	phone, shown := v.enrol()
	shown.want(t, http.StatusOK, "shown only now")
	codes := recoveryCode.FindAllStringSubmatch(shown.body, -1)
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	list := v.get("/account/second-factor/").want(t, http.StatusOK, "Telephone", "10 left", "Add another app")
	if strings.Contains(list.body, codes[0][1]) || strings.Contains(list.body, phone.key.Reveal()) {
		t.Error("the list shows a code or the key")
	}
	if v.who() != "alice" {
		t.Error("enrolment logged out the session that made it")
	}

	// Login in two steps.
	v = l.visitor()
	half := v.submit(v.get("/account/login/?next=/board/"), "Log in", map[string]string{"username": "alice", "password": goodPassword})
	half.to(t, "/account/factor/?next=%2Fboard%2F")
	if v.who() != "nobody" {
		t.Fatal("the password alone logs in")
	}
	ask := v.follow(half).want(t, http.StatusOK, `inputmode="numeric"`, `autocomplete="one-time-code"`)
	v.submit(ask, "Go on", map[string]string{"code": "000000"}).want(t, http.StatusUnprocessableEntity, "The code is not right")
	waiting := v.submit(ask, "Go on", map[string]string{"code": "000000"}).want(t, http.StatusTooManyRequests, "Too many attempts")
	if waiting.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	time.Sleep(1100 * time.Millisecond) // the back-off after one failure
	code := phone.code()
	v.submit(ask, "Go on", map[string]string{"code": code[:3] + " " + code[3:]}).to(t, "/board/")
	if v.who() != "alice" {
		t.Fatal("not logged in")
	}
	v.get("/vault").want200(t, "gold")

	// The same code is worth nothing; a recovery code is worth one login.
	other := l.visitor()
	ask = other.follow(other.login("alice", goodPassword))
	other.submit(ask, "Go on", map[string]string{"code": code}).want(t, http.StatusUnprocessableEntity)
	for i, want := range []int{http.StatusSeeOther, http.StatusUnprocessableEntity} {
		other := l.visitor()
		other.follow(other.login("alice", goodPassword))
		page := other.get("/account/factor/?recovery=1&next=/board/").want(t, http.StatusOK, "Recovery code")
		typed := strings.ToUpper(strings.ReplaceAll(codes[0][1], "-", " "))
		if a := other.submit(page, "Go on", map[string]string{"code": typed}); a.status != want {
			t.Errorf("use %d of a recovery code: status %d, want %d\n%s", i+1, a.status, want, a.body)
		}
	}
	v.get("/account/second-factor/").want(t, http.StatusOK, "9 left")

	// New codes, and the end of the factor.
	renewed := v.submit(v.get("/account/second-factor/recovery-codes/").want(t, http.StatusOK), "Make new codes", nil).want(t, http.StatusOK)
	if fresh := recoveryCode.FindAllStringSubmatch(renewed.body, -1); len(fresh) != 10 || fresh[1][1] == codes[1][1] {
		t.Errorf("%d new recovery codes", len(fresh))
	}
	remove := regexp.MustCompile(`/account/second-factor/remove/\?id=[^"]+`).FindString(v.get("/account/second-factor/").body)
	v.submit(v.get(remove).want(t, http.StatusOK, "It is the last one"), "Remove it", nil).to(t, "/account/second-factor/")
	v.get("/account/second-factor/").want(t, http.StatusOK, "The app was removed", "Set up an authenticator app")
	v.get(remove).to(t, "/account/step-up/?next="+url.QueryEscape(remove)) // whose factor is gone has no fresh one
	l.visitor().login("alice", goodPassword).to(t, "/")
}

// want200 is want for what the application answers, which may be cached.
func (a answer) want200(t *testing.T, text string) {
	t.Helper()
	if a.status != http.StatusOK || !strings.Contains(a.body, text) {
		t.Fatalf("%s: status %d\n%s", a.path, a.status, a.body)
	}
}

func TestStepUp(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	v := l.visitor()
	toLogin := v.get("/vault")
	toLogin.to(t, "/account/login/?next=%2Fvault")
	back := v.submit(v.follow(toLogin), "Log in", map[string]string{"username": "alice", "password": goodPassword}).to(t, "/vault")
	enrol := v.follow(back).to(t, "/account/second-factor/?next=%2Fvault")
	if page := v.follow(enrol).want(t, http.StatusOK); !strings.Contains(page.body, "/account/second-factor/add/?next=%2Fvault") {
		t.Error("the way to the vault gets lost")
	}
	_, codes := v.enrol()
	v.get("/vault").want200(t, "gold")

	page := v.get("/account/step-up/?next=/vault").want(t, http.StatusOK, "asks for a fresh code")
	v.submit(page, "Go on", map[string]string{"code": "123"}).want(t, http.StatusUnprocessableEntity, "asks for a fresh code")
	page = v.get("/account/step-up/?recovery=1&next=/vault").want(t, http.StatusOK)
	code := recoveryCode.FindStringSubmatch(codes.body)[1]
	v.submit(page, "Go on", map[string]string{"code": code}).to(t, "/vault")

	nobody := l.visitor()
	nobody.get("/account/step-up/?next=/vault").to(t, "/account/login/?next=%2Fvault")
	nobody.get("/account/factor/").to(t, "/account/login/")
	form := nobody.get("/account/login/").forms[0].values
	nobody.post("/account/factor/", form.Encode()).to(t, "/account/login/")
	nobody.get("/account/login/").want(t, http.StatusOK, "That took too long")
	l.user("bob")
	l.member("bob").get("/account/step-up/?next=/vault").to(t, "/account/second-factor/?next=%2Fvault")
}

func TestTwoApps(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	v := l.member("alice")
	v.enrol()
	form := v.get("/account/second-factor/add/")
	page := v.follow(v.submit(form, "Go on", map[string]string{"name": "Tablet <b>", "old": goodPassword}))
	tablet := app{key: secretOf(t, page)}
	v.submit(page, "Confirm", map[string]string{"code": tablet.code()}).to(t, "/account/second-factor/")
	v.get("/account/second-factor/").want(t, http.StatusOK, "The app was added", "Telephone", "Tablet <b>")
	if strings.Contains(v.get("/account/second-factor/").body, "Tablet <b>") {
		t.Error("the name is not escaped")
	}
	v = l.visitor()
	ask := v.follow(v.login("alice", goodPassword)).want(t, http.StatusOK, "Use “")
	link := regexp.MustCompile(`/account/factor/\?device=[^"&]+`).FindString(ask.body)
	v.get(link).want(t, http.StatusOK, "Code of “")
}
