package airworthy_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/signing"
)

func TestBadInputFixation(t *testing.T) {
	store := inMemory(t)
	sessions := func(s *airworthy.Settings) { s.CSRF.UseSessions = true }
	v := overTLS(t, strict(store, sessions), prey())
	chosen := session.NewToken()
	t.Run("23: an id that the client chose", func(t *testing.T) {
		a := v.send(t, post("/login", "", own, "Cookie: __Host-sessionid="+chosen))
		if _, value := a.cookie(t, "__Host-sessionid"); value == chosen {
			t.Error("the client's own id was taken")
		}
	})
	v.run(t, []raw{{"23: the chosen id is nobody's after the login", get("/user", "Cookie: __Host-sessionid="+chosen), "200 user:"}})

	// An attacker who has a session of the site gives it to the victim, who logs in with it.
	page := v.send(t, get("/token"))
	planted, before := page.cookie(t, "__Host-sessionid")
	in := v.send(t, post("/login", "", own, planted))
	line, after := in.cookie(t, "__Host-sessionid")
	form := func(token string, lines ...string) string {
		return post("/act", "csrfmiddlewaretoken="+token, append(lines, "Referer: https://example.com/")...)
	}
	fresh := v.send(t, get("/token", line)).body
	theirs := v.send(t, get("/token")).body
	v.run(t, []raw{
		{"23: the planted id is nobody's after the login", get("/user", planted), "200 user:"},
		{"23: the one that the login gave is", get("/user", line), "200 user:ada"},
		{"18: a token of the session", form(fresh, line), "200 acted by POST"},
		{"18: a token from before the login", form(page.body, line), "403"},
		{"18: a token of another session", form(theirs, line), "403"},
		{"18: a token without a session", form(fresh), "403"},
		{"18: the secret itself is no cookie's", form(fresh, "Cookie: __Host-csrftoken="+fresh), "403"},
		{"18: the logout", post("/logout", "", own, line), "200"},
		{"18: a token after the logout", form(fresh, line), "403"},
		{"23: the id after the logout", get("/user", line), "200 user:"},
	})
	if before == after {
		t.Error("23: the id did not change with the login")
	}
}

// TestBadInputPlantedSecret has a subdomain set the cookie of the CSRF secret.
func TestBadInputPlantedSecret(t *testing.T) {
	v := overTLS(t, strict(), prey())
	planted := strings.Repeat("a", 32)
	page := v.send(t, get("/token"))
	line, secret := page.cookie(t, "__Host-csrftoken")
	form := func(token string, lines ...string) string {
		return post("/act", "csrfmiddlewaretoken="+token, lines...)
	}
	v.run(t, []raw{
		{"18: a secret that a subdomain can set", form(planted, "Cookie: csrftoken="+planted), "403"},
		{"18: beside the real one it changes nothing", form(planted, line+"; csrftoken="+planted), "403"},
		{"18: under the name with a domain", form(planted, "Cookie: __Secure-csrftoken="+planted), "403"},
		{"18: the real one", form(page.body, line), "200 acted by POST"},
	})
	t.Run("18: the login gives another secret", func(t *testing.T) {
		_, after := v.send(t, post("/login", "", own, line)).cookie(t, "__Host-csrftoken")
		if after == secret {
			t.Error("the secret from before the login is the one after it")
		}
	})
}

// TestBadInputRace has one request log out while another is under way.
func TestBadInputRace(t *testing.T) {
	app := prey()
	read, ended := make(chan bool), make(chan bool)
	app.HandleFunc("POST /slow", func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		_ = s.User()
		read <- true
		<-ended
		if err := s.Set("cart", "full"); err != nil {
			http.Error(w, "cannot", http.StatusConflict)
		}
	})
	v := overTLS(t, strict(inMemory(t)), app)
	line, _ := v.login(t)
	t.Run("24: a request that was under way at the logout", func(t *testing.T) {
		answers := make(chan *answer, 1)
		go func() { answers <- v.send(t, post("/slow", "", own, line)) }()
		<-read
		v.send(t, post("/logout", "", own, line))
		ended <- true
		a := <-answers
		if a.StatusCode != 400 {
			t.Errorf("status %d, want 400: what it claims has not happened", a.StatusCode)
		}
		for _, c := range a.Cookies() {
			if c.Name == "__Host-sessionid" && c.MaxAge >= 0 {
				t.Error("the ended session has a cookie again")
			}
		}
		if got := v.send(t, get("/user", line)).String(); got != "200 user:" {
			t.Errorf("the ended session answers %q, want nobody", got)
		}
	})
}

func TestBadInputOtherSessions(t *testing.T) {
	v := overTLS(t, strict(inMemory(t)), prey())
	thief, _ := v.login(t)
	line, _ := v.login(t)
	v.run(t, []raw{
		{"25: before the change of password both are in", get("/user", thief), "200 user:ada"},
		{"25: the change of password", post("/password", "", own, line), "200 ended 1"},
		{"25: the other session is out", get("/user", thief), "200 user:"},
		{"25: the own session stays", get("/user", line), "200 user:ada"},
	})
	t.Run("25: the page after the logout fails", func(t *testing.T) {
		a := v.send(t, post("/logout-and-fail", "", own, line))
		removed := slices.ContainsFunc(a.Cookies(), func(c *http.Cookie) bool { return c.Name == "__Host-sessionid" && c.MaxAge < 0 })
		if a.StatusCode != 500 || !removed {
			t.Errorf("status %d, Set-Cookie %q; want 500 and the cookie removed", a.StatusCode, a.Header["Set-Cookie"])
		}
	})
	v.run(t, []raw{{"25: the session is out all the same", get("/user", line), "200 user:"}})
}

func TestBadInputTokens(t *testing.T) {
	s := strict()
	v := overTLS(t, s, prey())
	_, value := v.login(t)
	who := func(value string) string { return v.send(t, get("/user", "Cookie: __Host-sessionid="+value)).String() }
	t.Run("28: a session cookie that was cut off", func(t *testing.T) {
		for n := range len(value) {
			if got := who(value[:n]); got != "200 user:" {
				t.Fatalf("%d of %d characters are worth %q", n, len(value), got)
			}
		}
		for _, more := range []string{"A", "AAAA", "="} {
			if got := who(value + more); got != "200 user:" {
				t.Errorf("with %q behind it is worth %q", more, got)
			}
		}
	})
	t.Run("29: a session cookie with one bit changed", func(t *testing.T) {
		for i := range value {
			b := []byte(value)
			if b[i]++; b[i] > 'z' {
				b[i] = 'a'
			}
			if got := who(string(b)); got != "200 user:" && got != "400" {
				t.Fatalf("changed at %d it is worth %q", i, got)
			}
		}
	})
	t.Run("28: another spelling of the last character", func(t *testing.T) {
		// The token of adam has a length at which the last character has bits that decode to nothing.
		_, value := v.send(t, post("/login?user=adam", "", own)).cookie(t, "__Host-sessionid")
		if got := who(value); got != "200 user:adam" {
			t.Fatalf("the token itself is worth %q", got)
		}
		last := len(value) - 1
		for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
			if twin := value[:last] + string(c); twin != value && who(twin) != "200 user:" {
				t.Errorf("with %c at its end it is worth the same", c)
			}
		}
	})
	another := s
	another.Session.CookieName = "admin"
	admin := overTLS(t, another, prey())
	admin.run(t, []raw{{"28: one session cookie under the name of another", get("/user", "Cookie: __Host-admin="+value), "200 user:"}})
	stranger := strict()
	overTLS(t, stranger, prey()).run(t, []raw{{"29: a session cookie under an unknown key", get("/user", "Cookie: __Host-sessionid="+value), "200 user:"}})
	rotated := strict()
	rotated.Keyring.Fallbacks = append(rotated.Keyring.Fallbacks, s.Keyring.Key)
	overTLS(t, rotated, prey()).run(t, []raw{{"29: a session cookie under a key that was replaced, but is known", get("/user", "Cookie: __Host-sessionid="+value), "200 user:ada"}})
}

func TestBadInputSignatures(t *testing.T) {
	ring := mustNew(t, strict()).Keyring()
	signer := func(salt string) *signing.TimestampSigner {
		s, err := signing.NewTimestamp(ring, signing.Options{Salt: salt})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	links := signer(keyring.Context("a", "bc"))
	token := links.Sign("value")
	for _, row := range []struct {
		name   string
		signer *signing.TimestampSigner
		token  string
		good   bool
	}{
		{"28: the token as it was signed", links, token, true},
		{"28: parts of a context that are cut elsewhere", signer(keyring.Context("ab", "c")), token, false},
		{"28: another salt", signer("abc"), token, false},
		{"28: without its last character", links, token[:len(token)-1], false},
		{"28: without its signature", links, token[:strings.LastIndex(token, ":")+1], false},
		{"28: with one more character", links, token + "A", false},
		{"29: a header that names no algorithm", links, "eyJhbGciOiJub25lIn0." + token, false},
		{"29: a JSON web token without a signature", links, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.", false},
		{"29: a key id before the token", links, "kid=0:" + token, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := row.signer.Unsign(row.token, time.Hour); (err == nil) != row.good {
				t.Errorf("the error is %v, want one: %t", err, !row.good)
			}
		})
	}
	// A bubble's clock stands at the year 2000.
	synctest.Test(t, func(t *testing.T) {
		fresh := links.Sign("value")
		for _, row := range []struct {
			name, token string
			wait        time.Duration
			good        bool
		}{
			{"29: signed in the future", token, 0, false},
			{"29: signed just now", fresh, 0, true},
			{"29: signed, but expired", fresh, time.Hour + time.Second, false},
		} {
			time.Sleep(row.wait)
			if _, err := links.Unsign(row.token, time.Hour); (err == nil) != row.good {
				t.Errorf("%s: the error is %v, want one: %t", row.name, err, !row.good)
			}
		}
	})
}

// TestBadInputExpired lets time pass, which a socket cannot: the chain is called directly.
func TestBadInputExpired(t *testing.T) {
	for _, row := range []struct {
		name string
		wait time.Duration
		want string
	}{
		{"29: a session cookie within its idle age", 23 * time.Hour, "user:ada"},
		{"29: a session cookie that is signed and was not used for a day", 24*time.Hour + time.Second, "user:"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app, err := airworthy.New(good(), prey())
				if err != nil {
					t.Fatal(err)
				}
				in := &answer{Response: serve(app, request("POST", "https", "example.com", "/login", "Sec-Fetch-Site", "same-origin"))}
				_, value := in.cookie(t, "__Host-sessionid")
				time.Sleep(row.wait)
				a := serve(app, request("GET", "https", "example.com", "/user", "Cookie", "__Host-sessionid="+value))
				if got := read(t, a.Body); got != row.want {
					t.Errorf("the answer is %q, want %q", got, row.want)
				}
			})
		})
	}
}
