package logins

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/password"
)

// Bounds of what is measured: how many times each kind of account is asked for, and how often all of it is done again
// where the machine was busy with something else.
const (
	samples  = 60
	attempts = 4
)

// kinds are the accounts that nobody may tell apart, each under the names that its samples use up.
var kinds = []string{"unknown", "wrong", "locked", "inactive", "unusable", "older cost"}

// nameOf returns names of one length.
func nameOf(kind string, i int) string {
	return fmt.Sprintf("user-%c-%04d", 'a'+slices.Index(kinds, kind), i)
}

// TestNobodyLearnsWhoHasAnAccount by what a login answers, nor by how long that takes. Each attempt is for an account of
// its own, from an address of its own, so that no delay is in it; the kinds take turns, in any order.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	s := newSite(t, nil)
	for i := range samples {
		s.user(nameOf("wrong", i), nil)
		s.user(nameOf("locked", i), nil)
		s.lock(nameOf("locked", i), i)
		s.user(nameOf("inactive", i), func(u *accounts.User) { u.Active = false })
		u := s.user(nameOf("unusable", i), nil)
		s.setHash(u, password.Unusable())
		u = s.user(nameOf("older cost", i), nil)
		s.setHash(u, olderHash(t))
	}
	judge(t, s, func(kind string, i, round int) answer {
		typed := word
		if kind == "wrong" || kind == "older cost" {
			typed = "eight wild geese at noon"
		}
		return s.login(nameOf(kind, i), typed, address(round*1000+i*len(kinds)+slices.Index(kinds, kind)), "")
	})
}

// TestNobodyLearnsWhoseAddressItIs by asking for a link that resets a password.
func TestNobodyLearnsWhoseAddressItIs(t *testing.T) {
	s := newSite(t, func(c *airworthy.Settings) {
		c.Accounts.Origin = "https://example.com"
		c.Accounts.Mail = func(context.Context, accounts.Message) error {
			time.Sleep(10 * time.Millisecond) // as long as a mail server takes, and longer than the page
			return nil
		}
	})
	for i := range 200 {
		s.user(nameOf("wrong", i), nil)
	}
	far := ""
	for round := range attempts {
		var times [2][]time.Duration
		for i := range 200 {
			for k, kind := range []string{"unknown", "wrong"} {
				name := nameOf(kind, i)
				a := s.send("POST", "/account/reset/", address(100000+round*1000+2*i+k), "", url.Values{"email": {name + "@example.com"}})
				if a.status != 200 && a.status != 303 {
					t.Fatalf("asking for %s: %s", name, a.shape(name))
				}
				times[k] = append(times[k], a.took)
			}
		}
		got, bound := overlap(times[0], times[1]), spread(len(times[0]), len(times[1]))
		t.Logf("round %d: overlap %.2f", round, got)
		if far = ""; got > 0.5-bound && got < 0.5+bound {
			break
		}
		far = fmt.Sprintf("an address that nobody has can be told by the time: overlap %.2f, want 0.50 ± %.2f", got, bound)
	}
	if far != "" {
		t.Error(far)
	}
}

// judge compares the kinds with each other: each one's answers by shape, and its times with those of all others.
func judge(t *testing.T, s *site, ask func(kind string, i, round int) answer) {
	t.Helper()
	var worst string
	for round := range attempts {
		times, shapes := map[string][]time.Duration{}, map[string]string{}
		for i := range samples {
			for _, k := range rand.Perm(len(kinds)) { // in no fixed order: the collector's turn comes every few hashes
				kind := kinds[k]
				a := ask(kind, i, round)
				times[kind] = append(times[kind], a.took)
				shape := a.shape(nameOf(kind, i))
				if shapes[shape] == "" {
					shapes[shape] = kind
				}
			}
		}
		if len(shapes) != 1 {
			t.Fatalf("there are %d kinds of answers, want one: %q", len(shapes), slices.Collect(maps.Keys(shapes)))
		}
		worst = ""
		for _, kind := range kinds {
			var others []time.Duration
			for _, other := range kinds {
				if other != kind {
					others = append(others, times[other]...)
				}
			}
			got := overlap(times[kind], others)
			t.Logf("round %d, %s: median %v, overlap %.2f", round, kind, median(times[kind]), got)
			if bound := spread(len(times[kind]), len(others)); got < 0.5-bound || got > 0.5+bound {
				worst = fmt.Sprintf("%s can be told by the time: overlap %.2f, want 0.50 ± %.2f", kind, got, bound)
			}
		}
		if worst == "" {
			return
		}
	}
	t.Error(worst)
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2].Round(10 * time.Microsecond)
}

// TestALeakIsSeen: the measure finds what Django had in CVE-2024-39329, a user whose password is never looked at.
func TestALeakIsSeen(t *testing.T) {
	s := newSite(t, nil)
	u := s.user("somebody", nil)
	var known, unknown []time.Duration
	for range 20 {
		start := time.Now()
		if _, err := s.app.Passwords().Verify(context.Background(), "wrong", u.Password); err != nil {
			t.Fatal(err)
		}
		known = append(known, time.Since(start))
		start = time.Now()
		if _, err := s.store.ByUsername(context.Background(), "nobody"); err == nil {
			t.Fatal("there is a nobody")
		}
		unknown = append(unknown, time.Since(start))
	}
	if got := overlap(known, unknown); got < 0.5+spread(20, 20) {
		t.Errorf("an unknown user that costs nothing is not seen: overlap %.2f", got)
	}
}

// setHash gives a user another hash.
func (s *site) setHash(u accounts.User, encoded string) {
	s.t.Helper()
	if err := s.store.SetPassword(s.t.Context(), u.ID, u.Password, encoded); err != nil {
		s.t.Fatal(err)
	}
}

// olderHash is one of half the passes, as an earlier preset made them.
var olderHash = func() func(t *testing.T) string {
	var made string
	return func(t *testing.T) string {
		t.Helper()
		if made == "" {
			h, err := password.New(password.Config{InsecureCheap: true, Argon2: password.Argon2{Time: 1}})
			if err != nil {
				t.Fatal(err)
			}
			if made, err = h.Hash(t.Context(), word); err != nil {
				t.Fatal(err)
			}
		}
		return made
	}
}()

// TestNobodyLearnsWhereTheConsoleIs: strangers, and people who are logged in and not of the staff, get the same answer in
// the same time at its path as at any other that does not exist.
func TestNobodyLearnsWhereTheConsoleIs(t *testing.T) {
	s := newSite(t, func(c *airworthy.Settings) { c.Admin.Path = "/ops-6k2f" })
	s.user("alice", nil)
	in := s.login("alice", word, address(1), "")
	if in.status != 303 {
		t.Fatalf("the login answers %d", in.status)
	}
	for visitor, cookie := range map[string]string{"a stranger": "", "who is logged in": in.cookies()} {
		for _, end := range []string{"", "/", "/checklist"} {
			far := ""
			for range attempts {
				var here, elsewhere []time.Duration
				for i := range 300 {
					var a, b answer
					ask := []func(){
						func() { a = s.send("GET", "/ops-6k2f"+end, address(i), cookie, nil) },
						func() { b = s.send("GET", "/sop-f2k6"+end, address(i), cookie, nil) },
					}
					ask[i%2]() // in turns: who comes first has the colder caches
					ask[1-i%2]()
					if a.shape("/ops-6k2f") != b.shape("/sop-f2k6") || a.status != 404 {
						t.Fatalf("%s at the console's path%s: %s, elsewhere %s", visitor, end, a.shape("/ops-6k2f"), b.shape("/sop-f2k6"))
					}
					here, elsewhere = append(here, a.took), append(elsewhere, b.took)
				}
				got, bound := overlap(here, elsewhere), spread(len(here), len(elsewhere))
				t.Logf("%s, %q: overlap %.2f", visitor, end, got)
				if far = ""; got < 0.5-bound || got > 0.5+bound {
					far = fmt.Sprintf("%s learns by the time that the console is at %q: overlap %.2f, want 0.50 ± %.2f", visitor, end, got, bound)
					continue
				}
				break
			}
			if far != "" {
				t.Error(far)
			}
		}
	}
}
