package manage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

// club is an application with accounts, in stores that all its commands share.
type club struct {
	t        *testing.T
	store    accounts.Store // memory, if nothing else
	memory   *accounts.Memory
	sessions *session.Memory
	locks    lockout.Store
	built    func(*airworthy.Settings)
	word     string // which no command may print
	log      bytes.Buffer
	logMu    sync.Mutex
	app      *airworthy.App // the running site
}

const goodWord = "seven wild geese at noon"

// cheap hashes take about a millisecond.
var cheap = password.Config{InsecureCheap: true, Argon2: password.Argon2{Memory: 64, Time: 1, Parallel: 1}}

// elsewhere is a store that is not known to be in this process's memory.
type elsewhere struct{ *accounts.Memory }

type locksElsewhere struct{ lockout.Store }

func newClub(t *testing.T) *club {
	t.Helper()
	c := &club{t: t, memory: accounts.NewMemory(), sessions: session.NewMemory(session.MemoryOptions{}), word: goodWord,
		locks: locksElsewhere{lockout.NewMemory(lockout.MemoryOptions{})}}
	c.store = elsewhere{c.memory}
	t.Cleanup(func() { _ = c.sessions.Close() })
	return c
}

func (c *club) Write(b []byte) (int, error) {
	c.logMu.Lock()
	defer c.logMu.Unlock()
	return c.log.Write(b)
}

func (c *club) build(ctx context.Context) (*airworthy.App, error) {
	cfg, err := environments.Load(ctx, settings.Map("test", map[string]string{"LOG_LEVEL": "DEBUG"}))
	if err != nil {
		return nil, err
	}
	cfg.Passwords, cfg.Accounts.Store, cfg.Session.Store, cfg.Lockout.Store = cheap, c.store, c.sessions, c.locks
	cfg.Logs.Output = struct{ io.Writer }{c}
	if c.built != nil {
		c.built(&cfg)
	}
	var app *airworthy.App
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		if _, err := app.Accounts().Login(w, r, r.FormValue("name"), r.FormValue("word")); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
		}
	})
	mux.HandleFunc("GET /who", func(w http.ResponseWriter, r *http.Request) {
		if u, err := app.Accounts().Current(r.Context()); err == nil && u != nil {
			fmt.Fprint(w, u.Username)
		}
	})
	app, err = airworthy.New(cfg, mux)
	return app, err
}

// run runs a command with in on stdin. Nothing that it says may hold the club's password, or part of a hash.
func (c *club) run(in string, args ...string) (status int, out, errs string) {
	c.t.Helper()
	var o, e bytes.Buffer
	status = manage.Run(c.t.Context(), c.build, append([]string{"app"}, args...), manage.Streams{In: strings.NewReader(in), Out: &o, Err: &e})
	c.logMu.Lock()
	defer c.logMu.Unlock()
	all := o.String() + e.String() + c.log.String()
	if strings.Contains(all, c.word) {
		c.t.Errorf("%q prints the password", args)
	}
	for _, u := range c.all() {
		if hash := u.Password; len(hash) > 30 && strings.Contains(all, hash[len(hash)-20:]) {
			c.t.Errorf("%q prints part of a hash", args)
		}
	}
	return status, o.String(), e.String()
}

func (c *club) all() []accounts.User {
	users, err := c.memory.List(c.t.Context(), "", 10_000)
	if err != nil {
		c.t.Fatal(err)
	}
	return users
}

// expect runs a command that is to end so, and returns what it printed.
func (c *club) expect(status int, want, in string, args ...string) (out, errs string) {
	c.t.Helper()
	got, out, errs := c.run(in, args...)
	if got != status || !strings.Contains(out+errs, want) {
		c.t.Errorf("%q: status %d, want %d and %q\nstdout: %s\nstderr: %s", args, got, status, want, out, errs)
	}
	return out, errs
}

// member makes an account by command and returns it.
func (c *club) member(name string) accounts.User {
	c.t.Helper()
	c.expect(0, "made the account "+name, c.word+"\n", "user", "create", name, "--email", name+"@example.com")
	return c.user(name)
}

func (c *club) user(name string) accounts.User {
	c.t.Helper()
	u, err := c.memory.ByUsername(c.t.Context(), name)
	if err != nil {
		c.t.Fatalf("%q: %v", name, err)
	}
	return u
}

// opens reports whether word is the user's password.
func (c *club) opens(name, word string) bool {
	c.t.Helper()
	h, err := password.New(cheap)
	if err != nil {
		c.t.Fatal(err)
	}
	v, err := h.Verify(c.t.Context(), word, c.user(name).Password)
	if err != nil {
		c.t.Fatal(err)
	}
	return v.OK
}

// visit asks the running site, and returns its answer and the cookies to go on with.
func (c *club) visit(path, cookies string) (status int, body, next string) {
	c.t.Helper()
	if c.app == nil {
		app, err := c.build(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		c.t.Cleanup(func() { _ = app.Close() })
		c.app = app
	}
	r := httptest.NewRequest("GET", "http://localhost"+path, nil)
	r.Header.Set("User-Agent", "Browser \x1b[2J of "+c.t.Name())
	r.Header.Set("Cookie", cookies)
	w := httptest.NewRecorder()
	c.app.ServeHTTP(w, r)
	next = cookies
	for _, cookie := range w.Result().Cookies() {
		next += "; " + cookie.Name + "=" + cookie.Value
	}
	return w.Code, w.Body.String(), strings.TrimPrefix(next, "; ")
}

func (c *club) login(name, word string) (cookies string, ok bool) {
	c.t.Helper()
	status, _, cookies := c.visit("/login?name="+name+"&word="+strings.ReplaceAll(word, " ", "+"), "")
	return cookies, status == http.StatusOK
}

func (c *club) who(cookies string) string {
	c.t.Helper()
	_, body, _ := c.visit("/who", cookies)
	return body
}

var userCommands = [][]string{{"create", "ada"}, {"password", "ada"}, {"list"}, {"lock", "ada"}, {"unlock", "ada"}, {"sessions", "ada"}, {"factor", "ada"}}

func TestUserWithoutAccounts(t *testing.T) {
	for _, args := range userCommands {
		status, out, errs := run(t, build(nil), append([]string{"user"}, args...)...)
		last := strings.Split(strings.TrimSpace(errs), "\n")
		if status != 1 || out != "" || !strings.Contains(last[len(last)-1], "error: the application keeps no accounts: give Settings.Accounts.Store") {
			t.Errorf("user %q: status %d, stdout %q, stderr %q", args, status, out, errs)
		}
	}
}

func TestUserUsage(t *testing.T) {
	c := newClub(t)
	for _, args := range userCommands {
		out, _ := c.expect(0, "app user "+args[0], "", "user", args[0], "--help")
		if len(strings.TrimSpace(out)) < 200 {
			t.Errorf("the help of %s says little: %s", args[0], out)
		}
		c.expect(2, "hint:", "", "user", args[0], "ada", "one too many")
	}
	for _, name := range []string{"create", "password", "lock", "unlock", "sessions", "factor"} {
		c.expect(2, "hint:", "", "user", name)
	}
	c.expect(0, "unlock", "", "user")
	c.expect(2, "nosuch", "", "user", "nosuch")
	c.expect(2, "exclude", c.word, "user", "create", "ada", "--generate", "--no-password")
	c.expect(2, "exclude", "", "user", "sessions", "ada", "--end", "x", "--end-all")
	c.expect(2, "--json", "", "user", "sessions", "ada", "--json", "--end-all")
	c.expect(2, "--end needs", "", "user", "sessions", "ada", "--end", "")
	c.expect(2, "--yes goes", "", "user", "factor", "ada", "--yes")
	// No flag takes a password, and what was meant as one is not repeated.
	c.expect(2, "unknown flag: --password", "", "user", "create", "ada", "--password="+c.word)
	c.expect(2, "write it as \"app user create NAME", "", "user", "create", "ada", c.word)
	if len(c.all()) != 0 {
		t.Error("wrong usage made an account")
	}
}

// What is kept in the memory of a process is out of a command's reach, and the command says so.
func TestUserNotesMemory(t *testing.T) {
	c := newClub(t)
	c.member("ada")
	const note = "kept in the memory of each process"
	c.expect(0, "note: sessions are "+note, "", "user", "sessions", "ada")
	for _, args := range [][]string{{"list"}, {"unlock", "ada"}} {
		if _, errs := c.expect(0, "", "", append([]string{"user"}, args...)...); strings.Contains(errs, "note:") {
			t.Errorf("user %s: %s", args[0], errs)
		}
	}
	c.locks = lockout.NewMemory(lockout.MemoryOptions{})
	c.expect(0, "note: failed logins are "+note, "", "user", "unlock", "ada")
	c.locks = nil
	c.expect(0, "note: failed logins are "+note, "", "user", "unlock", "ada")
	c.store = c.memory
	for _, args := range userCommands[2:] {
		_, errs := c.expect(0, "note: accounts are "+note, "", append([]string{"user"}, args...)...)
		if strings.Count(errs, "note:") != 1 {
			t.Errorf("user %s says more than once that it is of no use: %s", args[0], errs)
		}
	}
}

// twins is a store that has them, as a Django's table can.
type twins struct {
	accounts.Store
	all []accounts.User
}

func (s twins) Twins(context.Context, string) ([]accounts.User, error) { return s.all, nil }

func TestUserIsFound(t *testing.T) {
	c := newClub(t)
	for _, name := range []string{"ada", "grace"} {
		c.member(name)
	}
	found := func(name string) string {
		_, _, errs := c.run("", "user", "lock", name)
		locked := ""
		for _, u := range c.all() {
			if !u.Active {
				locked += u.Username
				c.expect(0, "", "", "user", "unlock", u.Username)
			}
		}
		return locked + "|" + strings.TrimSpace(errs)
	}
	for _, tt := range []struct{ name, typed, want string }{
		{"exactly", "ada", "ada|"},
		{"in capitals", "ADA", `ada|note: nobody is called "ADA"; this is ada, whose name differs in capitals or Unicode form only`},
		{"in another form", "\uff41da", "ada|note: nobody is called"},
		{"nobody", "adam", `|error: nobody is called "adam": "user list" has the names`},
		{"nothing", "", `|error: nobody is called ""`},
		{"an address", "GRACE@example.com", `|error: nobody is called "GRACE@example.com"; give a name, not an address: that is of grace`},
		{"what controls a terminal", "a\x1b[2J\n\u202e", `|error: nobody is called "a\x1b[2J\n\u202e"`},
		{"no text", "a\xff\x00", `|error: nobody is called "a\xff\x00"`},
		{"far too long", strings.Repeat("a", 100_000), `|error: nobody is called "aaa`},
	} {
		if got := found(tt.typed); !strings.HasPrefix(got, tt.want) || tt.want == "ada|" && got != tt.want {
			t.Errorf("%s: got %.300q, want %q", tt.name, got, tt.want)
		}
	}
	c.store = twins{c.memory, []accounts.User{{Username: "Ada"}, {Username: "aDa"}, {Username: "a\u202eda"}}}
	if got, want := found("ADA"), `|error: nobody is called exactly "ADA", and several nearly: give one of Ada, aDa, "a\u202eda"`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := found("ada"); got != "ada|" {
		t.Errorf("one of several, exactly: got %q", got)
	}
}

// failing is a store of which one thing fails.
type failing struct {
	accounts.Store
	list, update error
}

func (s failing) List(ctx context.Context, after string, limit int) ([]accounts.User, error) {
	if s.list != nil {
		return nil, s.list
	}
	return s.Store.List(ctx, after, limit)
}

func (s failing) SetActive(ctx context.Context, id string, active bool) error {
	if s.update != nil {
		return s.update
	}
	return s.Store.SetActive(ctx, id, active)
}

func TestUserStoreFails(t *testing.T) {
	c := newClub(t)
	c.member("ada")
	down := errors.New("the database is down")
	c.store = failing{Store: c.memory, list: down, update: down}
	c.expect(1, "the accounts cannot be listed: the database is down", "", "user", "list")
	c.expect(1, "the database is down", "", "user", "lock", "ada")
	if !c.user("ada").Active {
		t.Error("the account is inactive all the same")
	}
	c.expect(1, "keeps no second factors: give Settings.Accounts.Factors", "", "user", "factor", "ada")
	c.locks = brokenLocks{c.locks}
	c.expect(1, "the failed logins cannot be read: the cache is down", "", "user", "unlock", "ada")
	c.expect(1, "the failed logins cannot be read: the cache is down", "", "user", "list")
}

type brokenLocks struct{ lockout.Store }

func (brokenLocks) Locked(context.Context, time.Time, int) ([]lockout.Entry, error) {
	return nil, errors.New("the cache is down")
}
