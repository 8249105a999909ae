package airworthy_test

import (
	"fmt"
	"testing"
	"testing/synctest"
)

// TestBadInputLockout has eve, who has an account, guess at ada's.
func TestBadInputLockout(t *testing.T) {
	const at = "203.0.113.1"
	// F is a guess at ada's password, S a login of eve to her own account, E a failure there.
	for _, row := range []struct{ name, order string }{
		{"36: guesses alone", "FFFFF"},
		{"36: a login between guesses", "FSFSFSFSFS"},
		{"36: a login before", "SFFFFF"},
		{"36: a login just before the last", "FFFFSF"},
		{"36: logins behind", "FFFFFSSS"},
		{"36: failures of the own account between", "FEFEFEFEF"},
		{"36: all mixed", "SFEFSFEFESFES"},
	} {
		alone(t, row.name, func(t *testing.T, c *club) {
			eve := c.from(at)
			for _, step := range row.order {
				switch step {
				case 'F':
					c.from(at).login("ada", "wrong").want(t, 422)
				case 'E':
					c.from(at).login("eve", "wrong").want(t, 422)
				case 'S':
					eve.in("eve")
				}
			}
			c.from(at).login("ada", geese).want(t, 422)
			if n := c.events(`"event":"airworthy.security.LoginRefused"`, `"username":"ada"`, `"reason":"locked"`); n != 1 {
				t.Errorf("the log tells %d times of a refusal for a lock, want once", n)
			}
			c.from("198.51.100.1").login("ada", geese).want(t, 303) // from elsewhere the owner gets in
			c.from(at).login("ada", geese).want(t, 422)             // which frees nobody
		})
	}
	alone(t, "36: the same name in other spellings", func(t *testing.T, c *club) {
		for _, name := range []string{"ADA", "Ada", "\uff41\uff44\uff41", " ada ", "aDA"} {
			c.from(at).login(name, "wrong").want(t, 422)
		}
		c.from(at).login("ada", geese).want(t, 422)
	})
	alone(t, "36: addresses of one network, and addresses that the client claims", func(t *testing.T, c *club) {
		for i := range 5 {
			g := c.from(fmt.Sprintf("10.0.0.%d, 2001:db8:1:2::%d", i, i))
			g.login("ada", "wrong").want(t, 422)
		}
		c.from("2001:db8:1:2::ffff").login("ada", geese).want(t, 422)
		c.from("2001:db8:1:3::1").login("ada", geese).want(t, 303)
	})
	alone(t, "36: one guess at each of many accounts, with logins between", func(t *testing.T, c *club) {
		tested := 0
		for i := range 80 {
			if c.from(at).login(fmt.Sprintf("user%d", i), "wrong").StatusCode == 422 {
				tested++
			}
			if i < 40 {
				c.from(at).in("eve")
			}
		}
		if tested > 50 {
			t.Errorf("%d guesses were looked at, want 50 at most", tested)
		}
		a := c.from(at).login("ada", geese)
		if a.want(t, 429); a.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	})
	alone(t, "36: guesses from everywhere", func(t *testing.T, c *club) {
		owner := c.from("198.51.100.1").in("ada")
		for i := range 40 {
			c.from(fmt.Sprintf("203.0.%d.1", i)).login("ada", "wrong").want(t, 422)
			if i == 12 {
				c.from("198.51.100.9").login("ada", geese).want(t, 303) // which takes back nothing that others did
			}
		}
		c.from("198.51.100.7").login("ada", geese).want(t, 422)
		if n := c.events(`"event":"airworthy.security.LoginRefused"`, `"reason":"password"`); n != 20 {
			t.Errorf("%d guesses were looked at, want 20", n)
		}
		owner.login("ada", geese).want(t, 303) // on a device that is known, whatever the others do
		c.from("198.51.100.7").login("ada", geese).want(t, 422)
	})
	alone(t, "36: guesses in parallel, with logins among them", func(t *testing.T, c *club) {
		var send []string
		for i := range 40 {
			name, word := "ada", "wrong"
			if i%4 == 0 {
				name, word = "eve", geese
			}
			send = append(send, c.from(at).form("/account/login/", "username", name, "password", word))
		}
		c.storm(t, send)
		if n := c.events(`"event":"airworthy.security.LoginRefused"`, `"username":"ada"`, `"reason":"password"`); n == 0 || n > 5 {
			t.Errorf("%d guesses were looked at, want 5 at most", n)
		}
		c.from(at).login("ada", geese).want(t, 422)
	})
}

// alone runs f with a club of ada and eve.
func alone(t *testing.T, name string, f func(t *testing.T, c *club)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newClub(t, behindProxy)
			c.member("ada")
			c.member("eve")
			f(t, c)
		})
	})
}
