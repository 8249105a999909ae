package airworthy_test

import (
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/session"
)

func TestBadInputNext(t *testing.T) {
	c := newClub(t, behindProxy).listen()
	c.member("ada")
	g := c.from("198.51.100.1")
	for _, row := range []struct{ name, next, want string }{
		{"6: a page of the site, so that the others prove something", "/board/?page=2", "/board/?page=2"},
		{"6: another host", "https://evil.example/", "/"},
		{"6: another host without a scheme", "//evil.example", "/"},
		{"6: three slashes", "///evil.example", "/"},
		{"6: a backslash", `/\evil.example`, "/"},
		{"6: two backslashes", `\\evil.example`, "/"},
		{"6: a scheme without slashes", "https:evil.example", "/"},
		{"6: a scheme with one slash", "https:/evil.example", "/"},
		{"6: encoded slashes", "/%2F%2Fevil.example", "/"},
		{"6: an encoded backslash", "/%5Cevil.example", "/"},
		{"6: encoded twice", "%2F%2Fevil.example", "/"},
		{"6: a tab", "/\t/evil.example", "/"},
		{"6: a tab before", "\t//evil.example", "/"},
		{"6: a space before", " //evil.example", "/"},
		{"6: a new line", "/\r\nLocation: https://evil.example/", "/"},
		{"6: an encoded new line", "/%0d%0aLocation:%20https://evil.example/", "/"},
		{"6: dots that lead to two slashes", "/a/..//evil.example", "/"},
		{"6: a name before an @", "https://example.com@evil.example/", "/"},
		{"6: the site's own name", "https://example.com/board/", "/"},
		{"6: javascript", "javascript:alert(1)", "/"},
		{"6: no UTF-8", "/\xff", "/"},
		{"6: very long", "/" + strings.Repeat("a", 10_000), "/"},
		{"6: a query that is an address", "/?next=//evil.example", "/?next=//evil.example"},
	} {
		t.Run(row.name, func(t *testing.T) {
			g.post("/account/login/", "username", "ada", "password", geese, "next", row.next).want(t, 303, row.want)
			if len(row.next) > 2048 {
				return
			}
			query := "?" + url.Values{"next": {row.next}}.Encode()
			page := g.get("/account/login/" + query)
			hidden := regexp.MustCompile(`name="next" value="([^"]*)"`).FindStringSubmatch(page.body)
			if page.StatusCode != 200 || (hidden != nil) != (row.want != "/") {
				t.Errorf("the page of the login has the hidden field %q", hidden)
			}
			if to := g.get("/account/login" + query).Header.Get("Location"); !strings.HasPrefix(to, "/account/login/") ||
				strings.Contains(to, "evil") && row.want == "/" {
				t.Errorf("the address without a slash leads to %q", to)
			}
		})
	}
}

func TestBadInputResetLinks(t *testing.T) {
	c := newClub(t, behindProxy, func(s *airworthy.Settings) { s.Hosts.Allowed = []string{"example.com", "www.example.com"} }).listen()
	ask := func(path string, lines ...string) string {
		body := encoded("email", "ada@example.org")
		return post(path, body, append(lines, own, "X-Forwarded-Proto: https", "X-Forwarded-For: 198.51.100.1")...)
	}
	const path = "/account/reset/"
	c.member("ada")
	n := 0
	for _, row := range []struct {
		name, send string
		mailed     bool
	}{
		{"7: a host of somebody else", ask(path, "Host: evil.example"), false},
		{"7: a host of somebody else behind ours", ask(path, "Host: example.com:@evil.example"), false},
		{"7: two hosts", ask(path, "Host: example.com", "Host: evil.example"), false},
		{"7: a target with another host", ask("https://evil.example"+path, "Host: example.com"), false},
		{"7: an X-Forwarded-Host", ask(path, "X-Forwarded-Host: evil.example"), true},
		{"7: what other servers call it", ask(path, "Forwarded: host=evil.example", "X-Host: evil.example", "X-Original-Host: evil.example",
			"X-Forwarded-Server: evil.example", "X-Original-URL: https://evil.example/", "Origin: https://example.com", "Referer: https://evil.example/"), true},
		{"7: another name of the site", ask(path, "Host: www.example.com"), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := c.deliver(t, row.send).StatusCode; got != 200 && row.mailed || got != 400 && !row.mailed {
				t.Fatalf("status %d", got)
			}
			if !row.mailed {
				return
			}
			n++
			m := c.mail(n)
			links := regexp.MustCompile(`[a-z]+://\S*`).FindAllString(m.Text, -1)
			if m.To != "ada@example.org" || len(links) != 1 || !strings.HasPrefix(links[0], "https://example.com/account/reset/") {
				t.Errorf("the mail to %s has the links %q, want one, to the configured origin", m.To, links)
			}
			if strings.Contains(m.Text+m.Subject, "evil") {
				t.Errorf("the mail says what a stranger chose:\n%s", m.Text)
			}
		})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.mails) != n || n != 3 {
		t.Errorf("7: %d mails, want %d", len(c.mails), n)
	}
}

func TestBadInputLogin(t *testing.T) {
	t.Run("with the secret in a cookie", func(t *testing.T) { loginRotates(t, false) })
	t.Run("with the secret in the session", func(t *testing.T) { loginRotates(t, true) })
}

func loginRotates(t *testing.T, useSessions bool) {
	cert, key := certificate(t)
	c := newClub(t, func(s *airworthy.Settings) { s.CSRF.UseSessions = useSessions }).listen("--tls-cert", cert, "--tls-key", key)
	c.member("ada")
	const id = "__Host-sessionid"
	g := c.direct()
	page := g.get("/account/login/")
	before := maps.Clone(g.jar)
	token := tokenField.FindStringSubmatch(page.body)[1]
	if !useSessions {
		g.jar[id] = session.NewToken() // the client's own choice
	}
	chosen := g.jar[id]
	g.token(token, "/account/login/", "username", "ada", "password", geese).want(t, 303, "/")
	fresh, theirs := g.get("/token").body, c.direct().get("/token").body
	for _, row := range []struct {
		name   string
		jar    map[string]string
		token  string
		status int
	}{
		{"18: a token from before the login", g.jar, token, 403},
		{"18: a token of another visitor", g.jar, theirs, 403},
		{"18: no token", g.jar, "", 403},
		{"18: a token of the session with the cookies from before", before, fresh, 403},
		{"18: a token of the session", g.jar, fresh, 422},
	} {
		t.Run(row.name, func(t *testing.T) {
			g.with(row.jar).token(row.token, "/account/password/", "old", "x", "password", "y", "again", "z").want(t, row.status)
		})
	}
	t.Run("23: the id from before the login", func(t *testing.T) {
		if g.jar[id] == chosen {
			t.Error("the login left the session its id")
		}
		if who := g.with(map[string]string{id: chosen}).who(); who != "nobody" {
			t.Errorf("it is %s's", who)
		}
	})
	t.Run("23: the id that the login gave", func(t *testing.T) {
		if who := g.who(); who != "ada" {
			t.Errorf("it is %s's", who)
		}
	})

	t.Run("18: a login that another site posts", func(t *testing.T) {
		raw := post("/account/login/", encoded("username", "ada", "password", geese), "Sec-Fetch-Site: cross-site", "Origin: https://evil.example")
		for _, raw := range []string{raw, post("/account/login/", encoded("username", "ada", "password", geese))} {
			a := c.direct().send(raw)
			a.want(t, 403)
			for _, set := range a.Cookies() {
				if set.Name == id && set.MaxAge >= 0 {
					t.Error("it begins a session")
				}
			}
		}
	})
	former := g.with(g.jar)
	t.Run("23: another login in the same browser", func(t *testing.T) {
		g.login("ada", geese).want(t, 303, "/")
		if who := former.who(); who != "nobody" {
			t.Errorf("the session of the former login is %s's", who)
		}
	})
	former = g.with(g.jar)
	fresh = g.get("/token").body
	t.Run("18: the logout by another site", func(t *testing.T) {
		g.send(post("/account/logout/", "", g.headers([]string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"})...)).want(t, 403)
		if g.get("/account/logout/").want(t, 200); g.who() != "ada" {
			t.Error("a page that is only read logged out")
		}
	})
	t.Run("23: the id after the logout", func(t *testing.T) {
		a := g.token(fresh, "/account/logout/")
		a.want(t, 200)
		if !a.ended(id) && g.jar[id] == former.jar[id] { // the secret may have begun another session
			t.Error("the cookie is left in place")
		}
		if who := former.who(); who != "nobody" {
			t.Errorf("it is %s's", who)
		}
	})
	t.Run("18: a token after the logout", func(t *testing.T) {
		g.token(fresh, "/account/login/", "username", "ada", "password", geese).want(t, 403)
		former.token(fresh, "/account/login/", "username", "ada", "password", geese).want(t, map[bool]int{true: 403, false: 303}[useSessions])
	})
}

// outcome is what becomes of a session.
type outcome int

const (
	ended   outcome = iota
	renewed         // it goes on under another id
	left
)

// TestBadInputFormerSessions changes what a session of the user depends on, each time with somebody else logged in as well.
func TestBadInputFormerSessions(t *testing.T) {
	const other = "nine tame ducks at dawn"
	for _, row := range []struct {
		name   string
		change func(t *testing.T, c *club, u accounts.User, g *guest)
		own    outcome // what becomes of the session that made the change
	}{
		{"25: the password is changed", func(t *testing.T, c *club, _ accounts.User, g *guest) {
			g.post("/account/password/", "old", geese, "password", other, "again", other).want(t, 303, "/account/")
		}, renewed},
		{"25: the e-mail address is changed", func(t *testing.T, c *club, _ accounts.User, g *guest) {
			g.post("/account/email/", "old", geese, "email", "new@example.org").want(t, 303, "/account/")
		}, renewed},
		{"25: the other sessions are ended", func(t *testing.T, c *club, _ accounts.User, g *guest) {
			g.post("/account/sessions/", "others", "1").want(t, 303)
		}, left},
		{"25: the password is reset by mail", func(t *testing.T, c *club, _ accounts.User, g *guest) {
			g.post("/account/reset/", "email", "ada@example.org").want(t, 200)
			_, link, _ := strings.Cut(c.mail(1).Text, "https://example.com")
			link, _, _ = strings.Cut(link, "\n")
			to := g.get(link).Header.Get("Location")
			g.post(to, "password", other, "again", other).want(t, 303, "/account/login/")
			g.with(nil).get(link).want(t, 404)
			g.with(nil).post(to, "password", other, "again", other).want(t, 404)
		}, ended},
		{"25: an operator sets the password", func(t *testing.T, c *club, u accounts.User, _ *guest) {
			if err := c.app.Accounts().SetPassword(t.Context(), u.ID, other); err != nil {
				t.Fatal(err)
			}
		}, ended},
		{"25: another program changes the hash", func(t *testing.T, c *club, u accounts.User, _ *guest) {
			encoded, err := c.app.Passwords().Hash(t.Context(), geese) // of the same password, with another salt
			if err == nil {
				err = c.users.SetPassword(t.Context(), u.ID, u.Password, encoded)
			}
			if err != nil {
				t.Fatal(err)
			}
		}, ended},
		{"25: the account is switched off", func(t *testing.T, c *club, u accounts.User, _ *guest) {
			if err := c.app.Accounts().SetActive(t.Context(), u.ID, false); err != nil {
				t.Fatal(err)
			}
		}, ended},
		{"25: another program switches the account off", func(t *testing.T, c *club, u accounts.User, _ *guest) {
			u.Active = false
			if err := c.users.Update(t.Context(), u); err != nil {
				t.Fatal(err)
			}
		}, ended},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newClub(t, behindProxy).listen()
			u := c.member("ada")
			g, thief := c.from("198.51.100.1").in("ada"), c.from("203.0.113.9").in("ada")
			stolen := g.with(g.jar)
			if g.who() != "ada" || thief.who() != "ada" || stolen.who() != "ada" {
				t.Fatal("not all are logged in, so nothing is proved")
			}
			row.change(t, c, u, g)
			if who := thief.who(); who != "nobody" {
				t.Errorf("the other session is %s's", who)
			}
			if who := stolen.who(); (who == "ada") != (row.own == left) {
				t.Errorf("the cookie of before the change is %s's", who)
			}
			if who := g.who(); (who == "ada") != (row.own != ended) {
				t.Errorf("the session that made the change is %s's", who)
			}
		})
	}
	t.Run("25: the page that finds the session outdated fails", func(t *testing.T) {
		c := newClub(t, behindProxy).listen()
		u := c.member("ada")
		g := c.from("198.51.100.1").in("ada")
		if err := c.users.SetPassword(t.Context(), u.ID, u.Password, u.Password+"x"); err != nil {
			t.Fatal(err)
		}
		a := g.get("/who?fail")
		if a.want(t, 500); !a.ended("__Host-sessionid") {
			t.Errorf("it leaves the cookie in place: %q", a.Header["Set-Cookie"])
		}
	})
}
