package airworthy_test

import (
	"net/http"
	"testing"

	"github.com/airworthy-go/airworthy/lockout"
)

func TestBadInputTwins(t *testing.T) {
	c := newClub(t, behindProxy).listen()
	for _, name := range []string{"kim", "strasse", "mike"} {
		c.member(name)
	}
	for i, row := range []struct{ name, username string }{
		{"34: the same name", "kim"},
		{"34: in other case", "KIM"},
		{"34: with the sign of the kelvin", "\u212aim"},
		{"34: in full width", "\uff4b\uff49\uff4d"},
		{"34: with a letter that folds to two", "stra\u00dfe"},
		{"34: a capital that folds to two", "STRA\u1e9eE"},
		{"34: with a long s", "\u017ftrasse"},
		{"34: with spaces around", " kim\t"},
		{"34: with a space of no width", "kim\u200b"},
		{"34: with a mark of direction", "\u202ekim"},
		{"34: with a zero byte", "kim\x00"},
		{"34: with a new line", "ki\nm"},
		{"34: no UTF-8", "kim\xff"},
		{"34: no name", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := c.from("198.51.100." + string(rune('1'+i/5)))
			g.signUp(row.username, "x@example.org", geese).refuses(t, "username")
			if all, err := c.users.List(t.Context(), "", 10); err != nil || len(all) != 3 {
				t.Errorf("there are %d accounts, want the 3 of before (%v)", len(all), err)
			}
		})
	}
	// All mails are sent in the order in which they were asked for, so the last one says that there are no more.
	sent := 0
	for i, row := range []struct {
		name, email string
		want        string
	}{
		{"34: the address as it is, so that the others prove something", "mike@example.org", "mike@example.org"},
		{"34: in other case", "MIKE@EXAMPLE.org", "mike@example.org"},
		{"34: with the sign of the kelvin", "mi\u212ae@example.org", "mike@example.org"},
		{"34: with an i without a dot", "m\u0131ke@example.org", ""},
		{"34: with an i without a dot in the host", "kim@example.org\u0131", ""},
		{"34: with a letter of another script", "k\u0456m@example.org", ""},
		{"34: two addresses", "kim@example.org,eve@evil.example", ""},
		{"34: another header", "kim@example.org\r\nBcc: eve@evil.example", ""},
		{"34: a zero byte", "kim@example.org\x00eve@evil.example", ""},
		{"34: a name before it", "Eve <kim@example.org>", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			// Who asks is a network of its own, and the last address is that of an account of its own: each has a budget.
			n := string(rune('a' + i))
			g := c.from("203.0.113." + string(rune('0'+i)))
			c.member("last" + n)
			a := g.post("/account/reset/", "email", row.email)
			a.want(t, http.StatusOK)
			g.post("/account/reset/", "email", "last"+n+"@example.org").want(t, http.StatusOK)
			if row.want != "" {
				if m := c.mail(sent + 1); m.To != row.want {
					t.Errorf("the mail goes to %q, want %q", m.To, row.want)
				}
				sent++
			}
			if m := c.mail(sent + 1); m.To != "last"+n+"@example.org" {
				t.Errorf("a mail goes to %q", m.To)
			}
			sent++
		})
	}
}

func TestBadInputNoName(t *testing.T) {
	c := newClub(t, behindProxy).listen()
	c.member("ada")
	for _, row := range []struct{ name, typed string }{
		{"34: logins without a name", ""}, {"34: logins with a space for a name", " "}, {"34: logins with spaces that NFKC makes", "\u3000\u2003"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for range 30 {
				c.from("203.0.113.1").login(row.typed, geese).want(t, 422)
			}
			locked, err := c.app.Lockout().Locked(t.Context(), 100)
			if err != nil || len(locked) != 0 {
				t.Errorf("locked: %v (%v)", locked, err)
			}
			c.from("203.0.113.2").login(row.typed, geese).want(t, 422)
			c.from("203.0.113.1").login("ada", geese).want(t, 303)
			if err := c.app.Lockout().Unlock(t.Context(), lockout.NetworkKey(lockout.Network, addrOf("203.0.113.1")), "the test"); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Run("34: a network that goes on without a name is the only one that suffers", func(t *testing.T) {
		last := 0
		for range 60 {
			last = c.from("203.0.113.1").login("", "x").StatusCode
		}
		if last != 429 {
			t.Errorf("status %d after 60, want 429", last)
		}
		c.from("203.0.113.2").login("ada", geese).want(t, 303)
	})
}
