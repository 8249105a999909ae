package airworthy_test

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/password"
)

// geese is the password of all members.
const geese = "seven wild geese at noon"

// club is a site with members: the whole application with accounts and their pages.
type club struct {
	t       *testing.T
	s       airworthy.Settings
	app     *airworthy.App
	users   *accounts.Memory
	log     *syncBuffer
	deliver func(t *testing.T, raw string) *answer

	mu    sync.Mutex
	mails []accounts.Message
}

// newClub returns a club that is asked without a socket, so that time can be made to pass. Its front server is this machine.
func newClub(t *testing.T, changes ...func(*airworthy.Settings)) *club {
	t.Helper()
	c := &club{t: t, users: accounts.NewMemory()}
	c.s = strict(append([]func(*airworthy.Settings){inMemory(t), c.configure}, changes...)...)
	c.log = c.s.Logs.Output.(*syncBuffer)
	app, err := airworthy.New(c.s, c.rooms())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Accounts().Close() })
	c.app = app
	c.deliver = func(t *testing.T, raw string) *answer {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr = "127.0.0.1:1234"
		res := serve(app, r)
		return &answer{res, read(t, res.Body)}
	}
	return c
}

func (c *club) configure(s *airworthy.Settings) {
	s.Accounts.Store, s.Accounts.Origin = c.users, "https://example.com"
	s.Accounts.Mail = func(_ context.Context, m accounts.Message) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.mails = append(c.mails, m)
		return nil
	}
	s.Passwords = password.Config{InsecureCheap: true, Argon2: password.Argon2{Memory: 64, Time: 1, Parallel: 1}}
}

// listen has manage's serve answer instead, on a socket.
func (c *club) listen(args ...string) *club {
	c.t.Helper()
	v := serveApp(c.t, c.s, func() (*airworthy.App, error) { return c.app, nil }, args...)
	c.deliver = v.send
	return c
}

// rooms is what the members come for.
func (c *club) rooms() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /who", func(w http.ResponseWriter, r *http.Request) {
		u, err := c.app.Accounts().Current(r.Context())
		switch {
		case err != nil || r.URL.RawQuery == "fail":
			http.Error(w, "broken", http.StatusInternalServerError)
		case u == nil:
			fmt.Fprint(w, "nobody")
		default:
			fmt.Fprint(w, u.Username)
		}
	})
	mux.HandleFunc("GET /token", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, csrf.Token(r.Context())) })
	return mux
}

// member makes an account whose password is geese.
func (c *club) member(name string, changes ...func(*accounts.User)) accounts.User {
	c.t.Helper()
	u := accounts.User{Username: name, Email: name + "@example.org", Active: true}
	for _, change := range changes {
		change(&u)
	}
	word := geese
	if u.Password != "" { // an encoded one, from elsewhere
		word = ""
	}
	encoded := u.Password
	u, err := c.app.Accounts().Create(c.t.Context(), u, word)
	if err == nil && encoded != "" {
		err = c.users.SetPassword(c.t.Context(), u.ID, u.Password, encoded)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return u
}

// mail waits for the n-th mail.
func (c *club) mail(n int) accounts.Message {
	c.t.Helper()
	for range 1000 {
		c.mu.Lock()
		if len(c.mails) >= n {
			defer c.mu.Unlock()
			return c.mails[n-1]
		}
		c.mu.Unlock()
		pause()
	}
	c.t.Fatalf("no mail number %d", n)
	return accounts.Message{}
}

// events counts the lines of the log that have all of those texts.
func (c *club) events(texts ...string) int {
	n := 0
	for line := range strings.Lines(c.log.String()) {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			n++
		}
	}
	return n
}

// guest is somebody with a browser that keeps cookies. It is for one goroutine.
type guest struct {
	t     *testing.T
	club  *club
	lines []string // of all its requests
	jar   map[string]string
}

// from returns a guest behind the front server, at that address.
func (c *club) from(addr string) *guest {
	return &guest{c.t, c, []string{"X-Forwarded-For: " + addr, "X-Forwarded-Proto: https"}, map[string]string{}}
}

// direct returns a guest who asks without a front server.
func (c *club) direct() *guest { return &guest{c.t, c, nil, map[string]string{}} }

// with returns a guest that has those cookies.
func (g *guest) with(jar map[string]string) *guest {
	other := &guest{g.t, g.club, g.lines, map[string]string{}}
	maps.Copy(other.jar, jar)
	return other
}

func (g *guest) headers(lines []string) []string {
	lines = append(slices.Clone(g.lines), lines...)
	for _, name := range slices.Sorted(maps.Keys(g.jar)) {
		lines = append(lines, "Cookie: "+name+"="+g.jar[name])
	}
	return lines
}

func (g *guest) send(raw string) *answer {
	g.t.Helper()
	a := g.club.deliver(g.t, raw)
	for _, c := range a.Cookies() {
		if c.MaxAge < 0 {
			delete(g.jar, c.Name)
		} else {
			g.jar[c.Name] = c.Value
		}
	}
	return a
}

func (g *guest) get(path string, lines ...string) *answer {
	g.t.Helper()
	return g.send(get(path, g.headers(lines)...))
}

// form returns the bytes of a form that is posted from the site itself. The fields are names and values in turn.
func (g *guest) form(path string, fields ...string) string {
	return post(path, encoded(fields...), g.headers([]string{own})...)
}

func (g *guest) post(path string, fields ...string) *answer {
	g.t.Helper()
	return g.send(g.form(path, fields...))
}

// token posts a form that has a token, from a browser that says nothing of where it comes from but Referer.
func (g *guest) token(token, path string, fields ...string) *answer {
	g.t.Helper()
	body := encoded(append(fields, "csrfmiddlewaretoken", token)...)
	return g.send(post(path, body, g.headers([]string{"Referer: https://example.com/"})...))
}

func encoded(fields ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	return v.Encode()
}

func (g *guest) login(name, word string) *answer {
	g.t.Helper()
	return g.post("/account/login/", "username", name, "password", word)
}

// who returns whom the application takes the guest for.
func (g *guest) who() string {
	g.t.Helper()
	return g.get("/who").body
}

// in logs in, which has to succeed.
func (g *guest) in(name string) *guest {
	g.t.Helper()
	if a := g.login(name, geese); a.StatusCode != http.StatusSeeOther {
		g.t.Fatalf("the login of %s is answered with %.600s", name, a)
	}
	return g
}

var tokenField = regexp.MustCompile(`name="csrfmiddlewaretoken" value="([^"]+)"`)

// ended reports whether the answer removes the cookie.
func (a *answer) ended(name string) bool {
	return slices.ContainsFunc(a.Cookies(), func(c *http.Cookie) bool { return c.Name == name && c.MaxAge < 0 })
}

// want holds an answer to a status, and to a redirect if there is a location.
func (a *answer) want(t *testing.T, status int, location ...string) {
	t.Helper()
	if a.StatusCode != status || len(location) > 0 && a.Header.Get("Location") != location[0] {
		t.Errorf("the answer is %.300q, want %d %q", a, status, location)
	}
}

// within fails if f takes longer. The bound is far above what it takes, and far below what the attack would.
func within(t *testing.T, d time.Duration, f func()) {
	t.Helper()
	begin := time.Now()
	f()
	if took := time.Since(begin); took > d {
		t.Errorf("it took %s, want less than %s", took, d)
	}
}

func addrOf(s string) netip.Addr { return netip.MustParseAddr(s) }

// signUp makes an account, where an attacker would.
func (g *guest) signUp(username, email, word string) *answer {
	g.t.Helper()
	return g.post("/account/signup/", "username", username, "email", email, "password", word, "again", word)
}

var faultyField = regexp.MustCompile(`id="id_([a-z]+)_error"`)

// refuses holds a page to the fields that it says something is wrong with.
func (a *answer) refuses(t *testing.T, fields ...string) {
	t.Helper()
	var faulty []string
	for _, m := range faultyField.FindAllStringSubmatch(a.body, -1) {
		faulty = append(faulty, m[1])
	}
	if a.StatusCode != 422 || !slices.Equal(faulty, fields) {
		t.Errorf("status %d, and something is wrong with %q, want 422 and %q", a.StatusCode, faulty, fields)
	}
}
