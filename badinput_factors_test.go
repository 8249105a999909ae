package airworthy_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/otp"
	"github.com/airworthy-go/airworthy/secret"
)

// The tests of codes, delays and locks let time pass, which a socket cannot: the chain is called directly, in a bubble.

// device is an authenticator app.
type device struct {
	id  string
	key secret.Text
}

func (d *device) code(steps int) string {
	return otp.TOTP{}.Code(d.key, time.Now().Add(time.Duration(steps)*30*time.Second))
}

var keyField = regexp.MustCompile(`<span class="secret">([A-Z2-7 ]+)</span>`)

// enrol sets up an app for a guest who is logged in.
func (g *guest) enrol(name string) *device {
	g.t.Helper()
	to := g.post("/account/second-factor/add/", "name", name, "old", geese).Header.Get("Location")
	key := keyField.FindStringSubmatch(g.get(to).body)
	if key == nil {
		g.t.Fatalf("%q shows no key", to)
	}
	_, id, _ := strings.Cut(to, "id=")
	d := &device{id, secret.New(key[1])}
	a := g.post("/account/second-factor/confirm/", "id", id, "code", d.code(0))
	if a.StatusCode != 200 && a.StatusCode != 303 {
		g.t.Fatalf("the code is answered with %.500s", a)
	}
	return d
}

// halfway returns a guest who has shown the password and is asked for a code.
func (c *club) halfway(t *testing.T, name string) *guest {
	t.Helper()
	g := c.from("198.51.100.1")
	g.t = t
	g.login(name, geese).want(t, 303, "/account/factor/")
	if who := g.who(); who != "nobody" {
		t.Fatalf("a password alone logs %s in", who)
	}
	return g
}

// show posts a code.
func (g *guest) show(d *device, code string) *answer {
	g.t.Helper()
	return g.post("/account/factor/", "device", d.id, "code", code)
}

// slowFactors has all requests that come at once read the same before one of them writes.
type slowFactors struct{ *accounts.Memory }

func (s slowFactors) Factors(ctx context.Context, user string) ([]accounts.Factor, error) {
	all, err := s.Memory.Factors(ctx, user)
	time.Sleep(time.Millisecond)
	return all, err
}

// bubble runs f with a club in which ada has two apps, some minutes ago.
func bubble(t *testing.T, name string, f func(t *testing.T, c *club, phone, tablet *device)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newClub(t, behindProxy, func(s *airworthy.Settings) { s.Accounts.Factors = slowFactors{s.Accounts.Store.(*accounts.Memory)} })
			c.member("ada")
			g := c.from("198.51.100.1").in("ada")
			phone, tablet := g.enrol("phone"), g.enrol("tablet")
			time.Sleep(10 * time.Minute)
			f(t, c, phone, tablet)
		})
	})
}

func TestBadInputCodes(t *testing.T) {
	for _, row := range []struct {
		name   string
		typed  func(phone, tablet *device) string
		status int
	}{
		{"35: the code of now", func(d, _ *device) string { return d.code(0) }, 303},
		{"35: one step late", func(d, _ *device) string { return d.code(-1) }, 303},
		{"35: one step early", func(d, _ *device) string { return d.code(1) }, 303},
		{"35: two steps late", func(d, _ *device) string { return d.code(-2) }, 422},
		{"35: two steps early", func(d, _ *device) string { return d.code(2) }, 422},
		{"35: the code of enrolment", func(d, _ *device) string { return d.code(-20) }, 422},
		{"35: of another device", func(_, d *device) string { return d.code(0) }, 422},
		{"35: with a space in the middle", func(d, _ *device) string { return d.code(0)[:3] + " " + d.code(0)[3:] }, 303},
		{"35: Arabic-Indic digits", func(d, _ *device) string { return digits(d.code(0), '\u0660') }, 422},
		{"35: extended Arabic-Indic digits", func(d, _ *device) string { return digits(d.code(0), '\u06f0') }, 422},
		{"35: Devanagari digits", func(d, _ *device) string { return digits(d.code(0), '\u0966') }, 422},
		{"35: full-width digits", func(d, _ *device) string { return digits(d.code(0), '\uff10') }, 422},
		{"35: mathematical digits", func(d, _ *device) string { return digits(d.code(0), '\U0001d7ce') }, 422},
		{"35: the last digit in full width", func(d, _ *device) string { return d.code(0)[:5] + digits(d.code(0)[5:], '\uff10') }, 422},
		{"35: a sign before it", func(d, _ *device) string { return "+" + d.code(0) }, 422},
		{"35: a zero before it", func(d, _ *device) string { return "0" + d.code(0) }, 422},
		{"35: a zero byte behind it", func(d, _ *device) string { return d.code(0) + "\x00" }, 422},
		{"35: two codes", func(d, _ *device) string { return d.code(0) + d.code(1) }, 422},
		{"35: five digits of it", func(d, _ *device) string { return d.code(0)[:5] }, 422},
		{"35: none", func(*device, *device) string { return "" }, 422},
		{"35: ten thousand digits", func(d, _ *device) string { return strings.Repeat(d.code(0), 2000) }, 422},
	} {
		bubble(t, row.name, func(t *testing.T, c *club, phone, tablet *device) {
			g := c.halfway(t, "ada")
			g.show(phone, row.typed(phone, tablet)).want(t, row.status)
			if who := g.who(); (who == "ada") != (row.status == 303) {
				t.Errorf("it is %s's session", who)
			}
		})
	}
}

// digits writes digits in the script whose zero is given.
func digits(code string, zero rune) string {
	return strings.Map(func(r rune) rune { return r - '0' + zero }, code)
}

func TestBadInputCodeReuse(t *testing.T) {
	bubble(t, "35: the same code twice", func(t *testing.T, c *club, phone, _ *device) {
		code := phone.code(0)
		c.halfway(t, "ada").show(phone, code).want(t, 303)
		again := c.halfway(t, "ada")
		again.show(phone, code).want(t, 422)
		time.Sleep(2 * time.Second) // of the back-off
		again.show(phone, phone.code(-1)).want(t, 422)
		time.Sleep(30 * time.Second)
		again.show(phone, phone.code(0)).want(t, 303)
	})
	bubble(t, "35: the same code in parallel", func(t *testing.T, c *club, phone, _ *device) {
		const n = 20
		var send []string
		for range n {
			send = append(send, c.halfway(t, "ada").form("/account/factor/", "device", phone.id, "code", phone.code(0)))
		}
		if got := c.storm(t, send); got[303] != 1 || got[422]+got[429] != n-1 {
			t.Errorf("statuses %v, want one 303", got)
		}
	})
	bubble(t, "35: a code by the name of another user's device", func(t *testing.T, c *club, phone, _ *device) {
		c.member("eve")
		theirs := c.from("203.0.113.1").in("eve").enrol("phone")
		time.Sleep(time.Minute)
		g := c.halfway(t, "ada")
		g.show(theirs, theirs.code(0)).want(t, 422)
		g.show(theirs, phone.code(0)).want(t, 422)
		g.show(phone, phone.code(0)).want(t, 303)
	})
	bubble(t, "35: the password changes between password and code", func(t *testing.T, c *club, phone, _ *device) {
		u, err := c.users.ByUsername(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		g := c.halfway(t, "ada")
		if err := c.app.Accounts().SetPassword(t.Context(), u.ID, "nine tame ducks at dawn"); err != nil {
			t.Fatal(err)
		}
		g.show(phone, phone.code(0)).want(t, 303, "/account/login/")
		if who := g.who(); who != "nobody" {
			t.Errorf("it is %s's session", who)
		}
	})
}

func TestBadInputCodeGuesses(t *testing.T) {
	wrong := func(d *device) string { // neither of the three codes of now
		for i := 0; ; i++ {
			code := fmt.Sprintf("%06d", i)
			if !slices.Contains([]string{d.code(-1), d.code(0), d.code(1)}, code) {
				return code
			}
		}
	}
	bubble(t, "35: wrong codes, each after the time that it says", func(t *testing.T, c *club, phone, _ *device) {
		begin := time.Now()
		for i := range 12 {
			g := c.halfway(t, "ada")
			g.show(phone, wrong(phone)).want(t, 422)
			a := g.show(phone, phone.code(0)) // right, but too early
			a.want(t, 429)
			seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
			if err != nil || seconds != 1<<i {
				t.Fatalf("Retry-After is %q after %d", a.Header.Get("Retry-After"), i+1)
			}
			time.Sleep(time.Duration(seconds) * time.Second)
		}
		if took := time.Since(begin); took < time.Hour {
			t.Errorf("12 guesses took %s", took)
		}
		c.halfway(t, "ada").show(phone, phone.code(0)).want(t, 303)
		// A success begins anew.
		time.Sleep(time.Minute)
		g := c.halfway(t, "ada")
		g.show(phone, wrong(phone)).want(t, 422)
		if a := g.show(phone, phone.code(0)); a.Header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After is %q, want 1", a.Header.Get("Retry-After"))
		}
	})
	bubble(t, "35: three guesses a second", func(t *testing.T, c *club, phone, _ *device) {
		g, tested := c.halfway(t, "ada"), 0
		for i := range 1500 {
			if g.show(phone, fmt.Sprintf("%06d", i)).StatusCode == 422 {
				tested++
			}
			time.Sleep(333 * time.Millisecond)
		}
		if tested > 9 {
			t.Errorf("%d guesses were looked at in 500 seconds, want 9 at most", tested)
		}
	})
	bubble(t, "35: 100 guesses in parallel", func(t *testing.T, c *club, phone, _ *device) {
		g := c.halfway(t, "ada")
		var send []string
		for range 100 {
			send = append(send, g.form("/account/factor/", "device", phone.id, "code", wrong(phone)))
		}
		if got := c.storm(t, send); got[422] != 1 || got[429] != 99 {
			t.Errorf("statuses %v, want one guess to be looked at", got)
		}
	})
	bubble(t, "35: a wrong code of one device does not count on another", func(t *testing.T, c *club, phone, tablet *device) {
		g := c.halfway(t, "ada")
		for range 5 {
			g.show(phone, wrong(phone))
			time.Sleep(time.Second)
		}
		g.show(phone, phone.code(0)).want(t, 429)
		g.show(tablet, tablet.code(0)).want(t, 303)
		// Nor does a success on the other take anything back.
		c.halfway(t, "ada").show(phone, phone.code(0)).want(t, 429)
	})
	bubble(t, "35: a code long after the password", func(t *testing.T, c *club, phone, _ *device) {
		g := c.halfway(t, "ada")
		time.Sleep(11 * time.Minute)
		g.show(phone, phone.code(0)).want(t, 303, "/account/login/")
		if who := g.who(); who != "nobody" {
			t.Errorf("it is %s's session", who)
		}
	})
}

// storm sends all at once and counts the answers by their status.
func (c *club) storm(t *testing.T, send []string) map[int]int {
	t.Helper()
	statuses := map[int]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	begin := make(chan struct{})
	for _, raw := range send {
		all.Go(func() {
			<-begin
			a := c.deliver(t, raw)
			mu.Lock()
			defer mu.Unlock()
			statuses[a.StatusCode]++
		})
	}
	close(begin)
	all.Wait()
	return statuses
}
