package django_test

import (
	"math/rand/v2"
	"testing"

	"github.com/airworthy-go/airworthy/conformance/django/oracle"
	"github.com/airworthy-go/airworthy/csrf"
)

// browse takes a page's token from one site to the other, with the cookie that came with it.
func browse(t *testing.T, r *rand.Rand, from, to func(csrfCase) answer, sessions bool) (answer, csrfCase) {
	t.Helper()
	c := shop(with("Origin"), with("Cookie"), with("X-CSRFToken"), func(c *csrfCase) {
		c.method, c.path, c.UseSessions = "GET", "/token", sessions
	})
	name := map[bool]string{false: "csrftoken", true: "sessionid"}[sessions]
	if !sessions && r.IntN(4) == 0 { // the visitor was here before
		with("Cookie", "csrftoken="+oracle.Pick(r, []string{good, goodMasked, "malformed"}))(&c)
	}
	page := from(c)
	cookie := page.cookie(name)
	if page.Status != 200 || len(page.Body) != 64 || cookie == "" {
		t.Fatalf("the page is %+v\n%s", page, c)
	}
	c.method, c.path = "POST", "/"
	with("Cookie", cookie)(&c)
	with("Origin", "https://victim.com")(&c)
	switch token := page.Body; r.IntN(4) {
	case 0:
		with("X-CSRFToken", token)(&c)
	case 1:
		form(formTypes[0], "a=b&"+csrf.FieldName+"="+token)(&c)
	case 2:
		form(formTypes[2], multipartBody([][2]string{{"a", "b"}, {csrf.FieldName, token}}))(&c)
	case 3:
		if secret := cookie[len(name)+1:]; !sessions { // what a script finds in the cookie
			token = secret
		}
		with("X-CSRFToken", token)(&c)
	}
	return to(c), c
}

// Tokens and secrets that one site made are good at the other, in the cookie and in the session, and not with
// somebody else's.
func TestCSRFTokensAreShared(t *testing.T) {
	o := oracle.ForTest(t)
	r := oracle.Rand(t)
	ours := func(c csrfCase) answer { return c.serve(t) }
	djangos := func(c csrfCase) answer { return c.ask(t, o) }
	for _, way := range []struct {
		name     string
		from, to func(csrfCase) answer
	}{{"from us to Django", ours, djangos}, {"from Django to us", djangos, ours}} {
		t.Run(way.name, func(t *testing.T) {
			n := 0
			for i := range 300 {
				sessions := i%3 == 0
				got, c := browse(t, r, way.from, way.to, sessions)
				if v := got.verdict(t); v != "pass" {
					t.Fatalf("got %q, want pass\n%s", v, c)
				}
				if !sessions {
					with("Cookie", "csrftoken="+badTokens[1])(&c)
					if v := way.to(c).verdict(t); v != string(csrf.TokenIncorrect) {
						t.Fatalf("with another's cookie: got %q\n%s", v, c)
					}
				}
				n++
			}
			if n < 300 {
				t.Errorf("%d tokens were taken along, want 300", n)
			}
		})
	}
}
