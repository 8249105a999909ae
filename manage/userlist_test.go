package manage_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
)

// keep puts an account into the store as another program might have written it.
func (c *club) keep(u accounts.User) accounts.User {
	c.t.Helper()
	kept, err := c.memory.Create(c.t.Context(), u)
	if err != nil {
		c.t.Fatal(err)
	}
	return kept
}

// guess has somebody at an address guess the password of name until it is locked there.
func (c *club) guess(name, address string) {
	c.t.Helper()
	g, err := lockout.New(lockout.Config{Store: c.locks, Logger: quiet})
	if err != nil {
		c.t.Fatal(err)
	}
	for range 6 {
		if _, err := g.Begin(c.t.Context(), lockout.Attempt{Account: name, Client: netip.MustParseAddr(address)}); err != nil {
			c.t.Fatal(err)
		}
	}
}

const md5 = "md5$aaaaaaaaaaaa$0123456789abcdef0123456789abcdef"

func TestUserList(t *testing.T) {
	c := newClub(t)
	login := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	c.keep(accounts.User{Username: "ada", Email: "ada@example.com", Active: true, Staff: true, LastLogin: login,
		Password: "pbkdf2_sha256$1000000$abcdefghijklmnopqrstuv$YVZcnRhdj1Wy4zTgjeWXeWLQbeBJoyOXS1cZvnxbcbc="})
	c.keep(accounts.User{Username: "bob", Password: "pbkdf2_sha256$1000$abcdefghijklmnopqrstuv$YVZcnRhdj1Wy4zTgjeWXeWLQbeBJoyOXS1cZvnxbcbc="})
	c.keep(accounts.User{Username: "eve\x1b[2J\n\u202eroot", Email: "a\tb\r\n", Active: true, Superuser: true, Password: md5})
	c.keep(accounts.User{Username: "guest", Active: true, Password: password.Unusable()})
	c.guess("guest", "192.0.2.7")

	out, errs := c.expect(0, "4 accounts", "", "user", "list")
	if strings.ContainsAny(out, "\x1b\u202e\r\t") || strings.Contains(errs, "NAME") {
		t.Errorf("a name reaches the terminal as it is:\n%q", out)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	for i, want := range [][]string{
		{"NAME", "E-MAIL", "RIGHTS", "STATE", "LAST LOGIN", "HASH", "FACTOR"},
		{"ada", "ada@example.com", "staff", "active", "2026-03-01 12:30", "pbkdf2_sha256", "no"},
		{"bob", "-", "-", "inactive", "-", "pbkdf2_sha256", "no"},
		{"weak password hash:"},
		{`"eve\x1b[2J\n\u202eroot"`, `"a\tb\r\n"`, "superuser", "active", "none"},
		{"weak password hash: nobody can log in with it"},
		{"guest", "-", "-", "locked", "none"},
		{"locked until ", "after failed logins to one account from one network, the last from 192.0.2.7/32"},
	} {
		if i >= len(lines) {
			t.Fatalf("there are %d lines:\n%s", len(lines), out)
		}
		rest := lines[i]
		for _, word := range want {
			_, after, found := strings.Cut(rest, word)
			if !found {
				t.Errorf("line %d is %q, want %q in it, in this order", i, lines[i], want)
				break
			}
			rest = after
		}
	}

	out, _ = c.expect(0, "2 locked accounts", "", "user", "list", "--locked")
	if !strings.Contains(out, "bob") || !strings.Contains(out, "guest") || strings.Contains(out, "ada") || strings.Contains(out, "eve") {
		t.Errorf("locked are\n%s", out)
	}
}

// The JSON is a promise: these are its names.
func TestUserListJSON(t *testing.T) {
	c := newClub(t)
	c.member("ada")
	enrolled(t, c.memory, keyAt(t, time.Hour), "grace")
	c.keep(accounts.User{Username: "a\x1b\n\"", Password: md5})
	c.guess("ada", "2001:db8::1")
	out, errs := c.expect(0, "3 accounts", "", "user", "list", "--json")
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 3 || strings.Contains(out, "\x1b") || errs != "3 accounts\n" {
		t.Fatalf("%d lines, stderr %q:\n%s", len(lines), errs, out)
	}
	var all []map[string]any
	for _, line := range lines {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, one)
	}
	if all[0]["username"] != "a\x1b\n\"" || all[0]["active"] != false || len(all[0]["locks"].([]any)) != 0 {
		t.Errorf("the first is %v", all[0])
	}
	if p := all[0]["password"].(map[string]any); p["usable"] != false || !strings.Contains(p["weak"].(string), "unknown algorithm") {
		t.Errorf("its password is %v", p)
	}
	ada := all[1]
	for name, want := range map[string]any{"id": c.user("ada").ID, "username": "ada", "email": "ada@example.com", "active": true,
		"staff": false, "superuser": false, "second_factor": false} {
		if ada[name] != want {
			t.Errorf("%s is %v, want %v", name, ada[name], want)
		}
	}
	if p := ada["password"].(map[string]any); p["usable"] != true || p["algorithm"] != "argon2" || p["parameters"] == "" || p["weak"] == "" || len(p) != 4 {
		t.Errorf("ada's password is %v", p)
	}
	lock := ada["locks"].([]any)[0].(map[string]any)
	if until, err := time.Parse(time.RFC3339, lock["until"].(string)); err != nil || !until.After(time.Now()) || lock["kind"] != "pair" ||
		lock["network"] != "2001:db8::/64" || lock["reason"] == "" {
		t.Errorf("the lock is %v, %v", lock, err)
	}
	if _, there := ada["last_login"]; there || ada["joined"] == nil {
		t.Errorf("times of ada, who never logged in: %v", ada)
	}
	if all[2]["second_factor"] != false { // begun, and never confirmed
		t.Errorf("grace is %v", all[2])
	}
}

// paged counts what is asked of a store.
type paged struct {
	*accounts.Memory
	limits []int
	stuck  bool
}

func (s *paged) List(ctx context.Context, after string, limit int) ([]accounts.User, error) {
	s.limits = append(s.limits, limit)
	if s.stuck && len(s.limits) > 1 {
		after = ""
	}
	return s.Memory.List(ctx, after, limit)
}

func TestUserListPages(t *testing.T) {
	c := newClub(t)
	for i := range 250 {
		c.keep(accounts.User{Username: fmt.Sprintf("user%03d", i), Active: i%2 == 0, Password: password.Unusable()})
	}
	s := &paged{Memory: c.memory}
	c.store = s
	out, _ := c.expect(0, "250 accounts", "", "user", "list")
	if n := strings.Count(out, "\nuser"); n != 250 || strings.Count(out, "NAME") != 1 {
		t.Errorf("%d lines and %d heads, want 250 and 1", n, strings.Count(out, "NAME"))
	}
	if len(s.limits) != 4 || s.limits[0] > 100 {
		t.Errorf("the store was asked for %v, want pages of at most 100", s.limits)
	}
	c.expect(0, "125 locked accounts", "", "user", "list", "--locked")
	c.store = &paged{Memory: c.memory, stuck: true}
	c.expect(1, "the store does not give them in the order", "", "user", "list", "--json")
}

func TestUserListOfNobody(t *testing.T) {
	c := newClub(t)
	if out, _ := c.expect(0, "0 accounts", "", "user", "list", "--json"); out != "" {
		t.Errorf("stdout is %q, want nothing", out)
	}
}

func TestUserLock(t *testing.T) {
	c := newClub(t)
	c.member("ada")
	cookies, _ := c.login("ada", goodWord)
	if c.who(cookies) != "ada" {
		t.Fatal("ada is not logged in")
	}
	c.expect(0, "ada is inactive; all sessions are ended", "", "user", "lock", "ada")
	if _, ok := c.login("ada", goodWord); ok || c.who(cookies) != "" || c.user("ada").Active {
		t.Errorf("ada logs in: %t, and is %q", ok, c.who(cookies))
	}
	c.expect(0, "ada was inactive before", "", "user", "lock", "ada")
	c.expect(0, "ada was inactive; failed logins are forgotten", "", "user", "unlock", "ada")
	if _, ok := c.login("ada", goodWord); !ok {
		t.Error("ada cannot log in again")
	}
	if c.who(cookies) != "" {
		t.Error("the session that was ended is back")
	}
}

func TestUserUnlock(t *testing.T) {
	c := newClub(t)
	c.member("ada")
	c.expect(0, "ada was neither inactive nor locked; failed logins are forgotten", "", "user", "unlock", "ada")

	// httptest's requests come from 192.0.2.1.
	c.guess("ada", "192.0.2.1")
	c.guess("grace", "192.0.2.9")
	if _, ok := c.login("ada", goodWord); ok {
		t.Fatal("ada is not locked")
	}
	out, _ := c.expect(0, "ada was locked until ", "", "user", "unlock", "ada")
	if strings.Contains(out, "inactive") || !strings.Contains(out, "from one network, the last from 192.0.2.1/32; failed logins") {
		t.Errorf("it says %s", out)
	}
	if _, ok := c.login("ada", goodWord); !ok {
		t.Error("ada cannot log in again")
	}
	g, err := lockout.New(lockout.Config{Store: c.locks, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := g.Locked(t.Context(), 10); err != nil || len(left) != 1 || left[0].Account() != "grace" {
		t.Errorf("left are the locks %v, %v, want grace's", left, err)
	}

	c.guess("ada", "192.0.2.1")
	c.expect(0, "", "", "user", "lock", "ada")
	c.expect(0, "ada was inactive, and was locked until ", "", "user", "unlock", "ada")

	c.keep(accounts.User{Username: "Guest", Password: password.Unusable(), Active: true})
	c.guess("guest", "192.0.2.3") // locks are kept by canonical names
	_, errs := c.expect(0, "Guest was locked until ", "", "user", "unlock", "Guest")
	if !strings.Contains(errs, `hint: the account has no password: "user password" sets one`) {
		t.Errorf("it says %s", errs)
	}
}

// Accounts may have a guard of their own: it is the one that knows.
func TestUserUnlockWithAGuardOfItsOwn(t *testing.T) {
	c := newClub(t)
	c.member("ada")
	c.guess("ada", "192.0.2.1")
	own := c.locks
	c.locks = locksElsewhere{lockout.NewMemory(lockout.MemoryOptions{})}
	c.built = func(cfg *airworthy.Settings) {
		g, err := lockout.New(lockout.Config{Store: own, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Accounts.Lockout = g
	}
	c.expect(0, "ada was locked until ", "", "user", "unlock", "ada")
}
