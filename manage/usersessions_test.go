package manage_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
)

func TestUserSessions(t *testing.T) {
	c := newClub(t)
	c.member("ada")
	c.member("grace")
	if out, _ := c.expect(0, "0 sessions", "", "user", "sessions", "ada"); out != "" {
		t.Errorf("stdout is %q, want nothing", out)
	}
	first, _ := c.login("ada", goodWord)
	second, _ := c.login("ada", goodWord)
	other, _ := c.login("grace", goodWord)

	out, _ := c.expect(0, "2 sessions", "", "user", "sessions", "ada")
	if strings.Contains(out, "\x1b") || !strings.Contains(out, `"Browser \x1b[2J of TestUserSessions"`) || !strings.Contains(out, "192.0.2.1/32") ||
		!strings.HasPrefix(out, "BEGUN ") || strings.Count(out, "\n") != 5 {
		t.Errorf("stdout is\n%q", out)
	}
	for _, cookies := range []string{first, second} {
		_, token, _ := strings.Cut(cookies, "sessionid=")
		token, _, _ = strings.Cut(token, ";")
		if len(token) < 20 || strings.Contains(out, token[:12]) {
			t.Error("a token is printed, or was not found")
		}
	}

	out, _ = c.expect(0, "2 sessions", "", "user", "sessions", "ada", "--json")
	var ids []string
	for line := range strings.Lines(out) {
		var s struct {
			ID, Network, Agent   string
			Begun, Seen, Expires time.Time
		}
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&s); err != nil || s.ID == "" || s.Network != "192.0.2.1/32" || !strings.HasPrefix(s.Agent, "Browser \x1b") ||
			time.Since(s.Begun) > time.Minute || !s.Expires.After(time.Now()) {
			t.Errorf("%+v, %v", s, err)
		}
		ids = append(ids, s.ID)
	}
	if len(ids) != 2 {
		t.Fatalf("there are %d", len(ids))
	}

	c.expect(1, "grace has no session", "", "user", "sessions", "grace", "--end", ids[0])
	c.expect(1, `ada has no session "no\nsuch"`, "", "user", "sessions", "ada", "--end", "no\nsuch")
	if c.who(first) != "ada" || c.who(second) != "ada" {
		t.Error("another one was ended")
	}
	c.expect(0, "ended 1 session of ada", "", "user", "sessions", "ada", "--end", ids[0])
	if (c.who(first) == "") == (c.who(second) == "") {
		t.Errorf("the sessions are of %q and %q, want one of nobody", c.who(first), c.who(second))
	}
	if !strings.Contains(c.log.String(), "a session was ended by an operator: user="+c.user("ada").ID) || !strings.Contains(c.log.String(), ", by command") {
		t.Errorf("the log does not say who ended it: %s", c.log.String())
	}
	c.expect(0, "ended 1 session of ada", "", "user", "sessions", "ada", "--end-all")
	c.expect(0, "ended 0 sessions of ada", "", "user", "sessions", "ada", "--end-all")
	if c.who(first) != "" || c.who(second) != "" || c.who(other) != "grace" {
		t.Error("not ada's sessions were ended, or not they alone")
	}
}

func TestUserFactor(t *testing.T) {
	c := newClub(t)
	c.member("ada")
	c.expect(0, "ada has no second factor", "", "user", "factor", "ada")
	c.expect(0, "ada has no second factor", "", "user", "factor", "ada", "--remove")
	cookies, _ := c.login("ada", goodWord)
	for _, f := range []accounts.Factor{
		{Kind: accounts.TOTP, Name: "phone \x1b[2J", Confirmed: true}, {Kind: accounts.RecoveryCodes, Name: "Recovery codes", Confirmed: true},
	} {
		f.User, f.Data = c.user("ada").ID, []byte("sealed")
		if _, err := c.memory.AddFactor(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	has := func() int {
		all, err := c.memory.Factors(t.Context(), c.user("ada").ID)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	out, _ := c.expect(0, "KIND", "", "user", "factor", "ada")
	if !strings.Contains(out, `"phone \x1b[2J"`) || strings.Contains(out, "sealed") || strings.Count(out, "\n") != 3 {
		t.Errorf("stdout is\n%q", out)
	}
	if out, _ := c.expect(0, "yes", "", "user", "list"); strings.Count(out, "yes") != 1 {
		t.Errorf("the list does not say that there is a second factor:\n%s", out)
	}
	for _, answer := range []string{"", "\n", "n\n", "perhaps\n"} {
		c.expect(1, "Remove 2 second factors of ada, after which the password alone lets in", answer, "user", "factor", "ada", "--remove")
	}
	if has() != 2 || c.who(cookies) != "ada" {
		t.Error("they were removed without a yes")
	}
	c.expect(0, "removed 2 second factors of ada; all sessions are ended", "y\n", "user", "factor", "ada", "--remove")
	if has() != 0 || c.who(cookies) != "" {
		t.Errorf("%d are left, and the session is of %q", has(), c.who(cookies))
	}
	if _, err := c.memory.AddFactor(t.Context(), accounts.Factor{User: c.user("ada").ID, Kind: accounts.TOTP, Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	c.expect(0, "removed 1 second factor of ada", "", "user", "factor", "ada", "--remove", "--yes")
}
