package session_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/session"
)

const day = 24 * time.Hour

// inBubble runs f for each store with a clock that only sleeping moves.
func inBubble(t *testing.T, cfg session.Config, f func(t *testing.T, s *site)) {
	for name, make := range map[string]func(testing.TB) session.Store{"memory": memoryStore, "cookie": cookieStore} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg.Store = make(t)
				f(t, newSite(t, cfg))
			})
		})
	}
}

func TestAges(t *testing.T) {
	for _, row := range []struct {
		name      string
		age, idle time.Duration
		uses      []time.Duration // how long after the last one
		want      bool            // whether the session is there at the last use
	}{
		{"used within a day", 0, 0, []time.Duration{day - 2*time.Second}, true},
		{"not used for a day", 0, 0, []time.Duration{day}, false},
		{"used every day but one second", 0, 0, []time.Duration{20 * time.Hour, 20 * time.Hour, 20 * time.Hour}, true},
		{"used often, for less than two weeks", 0, 0, repeat(20*time.Hour, 16), true},
		{"used often, for more than two weeks", 0, 0, repeat(20*time.Hour, 17), false},
		{"a short idle age", 0, time.Hour, []time.Duration{59 * time.Minute, 59 * time.Minute}, true},
		{"over a short idle age", 0, time.Hour, []time.Duration{59 * time.Minute, time.Hour}, false},
		{"an idle age of the whole age never ends a session", 30 * day, 30 * day, []time.Duration{29 * day}, true},
		{"but the age does", 30 * day, 90 * day, []time.Duration{29 * day, day}, false},
		{"a short age", time.Hour, 0, repeat(10*time.Minute, 5), true},
		{"over a short age, though in use", time.Hour, 0, repeat(10*time.Minute, 6), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, session.Config{Age: row.age, Idle: row.idle}, func(t *testing.T, s *site) {
				s.set("k", "v")
				for i, d := range row.uses {
					time.Sleep(d)
					want := ""
					if row.want || i < len(row.uses)-1 {
						want = "v"
					}
					if got := s.value("k"); got != want {
						t.Fatalf("use %d reads %q, want %q", i+1, got, want)
					}
				}
			})
		})
	}
}

func repeat(d time.Duration, n int) (list []time.Duration) {
	for range n {
		list = append(list, d)
	}
	return list
}

// A session is as old as its login, however often its values change: use alone does not keep a stolen one alive.
func TestTheAgeCountsFromTheLogin(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, s *site) {
		s.set("n", 0)
		for range 13 {
			time.Sleep(day - time.Hour)
			s.set("n", time.Now().Unix())
		}
		s.login("42") // on the thirteenth day
		for i := range 14 {
			if got := s.user(); got != "42" {
				t.Fatalf("%d days after the login the user is %q, want %q", i, got, "42")
			}
			s.set("n", i)
			s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { _ = s.Renew() })
			time.Sleep(day - time.Minute)
		}
		time.Sleep(15 * time.Minute)
		if got := s.user(); got != "" {
			t.Errorf("two weeks after the login the user is %q, want none", got)
		}
	})
}

// A shorter age holds for the sessions that exist.
func TestAShorterAgeHoldsAtOnce(t *testing.T) {
	for _, cfg := range []session.Config{{Age: time.Hour}, {Idle: time.Hour}} {
		inBubble(t, session.Config{}, func(t *testing.T, s *site) {
			s.set("k", "v")
			time.Sleep(2 * time.Hour)
			cfg.Store = s.store
			after := newSite(t, cfg)
			after.jar = s.jar
			if got := after.value("k"); got != "" {
				t.Errorf("after it was shortened to an hour the session reads %q, want nothing", got)
			}
		})
	}
}

func TestSetExpiry(t *testing.T) {
	for _, row := range []struct {
		name   string
		cfg    session.Config
		d      time.Duration
		maxAge string // of the cookie, in seconds
		alive  time.Duration
		dead   time.Duration
	}{
		{"remember me", session.Config{}, 60 * day, "5184000", 60*day - 2*time.Second, 60 * day},
		{"remember me, in a site whose cookies go with the browser", session.Config{ExpireAtBrowserClose: true},
			60 * day, "5184000", 59 * day, 60 * day},
		{"shorter than usual", session.Config{}, time.Hour, "3600", time.Hour - 2*time.Second, time.Hour},
		{"until the browser is closed", session.Config{}, 0, "", day - 2*time.Second, day},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, wait := range []time.Duration{row.alive, row.dead} {
				inBubble(t, row.cfg, func(t *testing.T, s *site) {
					res := s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
						_ = s.Set("k", "v")
						if err := s.SetExpiry(row.d); err != nil {
							t.Error(err)
						}
					})
					maxAge := ""
					if c := res.Cookies(); len(c) == 1 && c[0].MaxAge != 0 {
						maxAge = strconv.Itoa(c[0].MaxAge)
					}
					if maxAge != row.maxAge {
						t.Errorf("Max-Age = %q, want %q", maxAge, row.maxAge)
					}
					time.Sleep(wait)
					want := map[bool]string{true: "v"}[wait == row.alive]
					if got := s.value("k"); got != want {
						t.Errorf("after %s the session reads %q, want %q", wait, got, want)
					}
				})
			}
		})
	}
	t.Run("use does not move it", func(t *testing.T) {
		inBubble(t, session.Config{}, func(t *testing.T, s *site) {
			s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				_ = s.SetExpiry(2 * day)
				_ = s.Set("k", "v")
			})
			for i := range 3 {
				s.set("i", i)
				time.Sleep(20 * time.Hour)
			}
			s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				if !s.IsNew() {
					t.Error("the session is there after 60 hours, want it gone after 48")
				}
			})
		})
	})
	t.Run("a negative one is refused", func(t *testing.T) {
		s := newSite(t, session.Config{Store: newMemory(t)})
		s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			if err := s.SetExpiry(-1); err == nil {
				t.Error("SetExpiry(-1) is accepted")
			}
		})
	})
}

func TestExpiresTellsWhen(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, s *site) {
		s.set("k", "v")
		s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			if got := time.Until(s.Expires()); got != day {
				t.Errorf("Expires in %s, want in %s", got, day)
			}
		})
	})
}

func TestTheCookieGoesWithTheBrowser(t *testing.T) {
	s := newSite(t, session.Config{Store: newMemory(t), ExpireAtBrowserClose: true})
	c := s.set("k", "v").Cookies()
	if len(c) != 1 || c[0].MaxAge != 0 || !c[0].Expires.IsZero() {
		t.Errorf("the cookie is %v, want one without Max-Age and Expires", c)
	}
}

// Reading costs a write once in a tenth of the idle age.
func TestUseIsNotedSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &touching{Memory: newMemory(t)}
		s := newSite(t, session.Config{Store: store, Idle: 10 * time.Hour})
		s.set("k", "v")
		for range 60 { // ten hours, every ten minutes
			time.Sleep(10 * time.Minute)
			if res := s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.User() }); len(res.Cookies()) != 0 {
				t.Error("noting a session's use sets a cookie")
			}
		}
		if store.touches != 10 || store.saves != 1 {
			t.Errorf("%d touches and %d saves, want 10 and 1", store.touches, store.saves)
		}
	})
}

func TestATouchThatFailsFailsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &touching{Memory: newMemory(t), down: errDown}
		s := newSite(t, session.Config{Store: store})
		s.set("k", "v")
		time.Sleep(12 * time.Hour)
		if got := s.value("k"); got != "v" || store.touches != 1 || !strings.Contains(s.logs.String(), errDown.Error()) {
			t.Errorf("got %q after %d touches and the log %q, want %q, 1 and the cause", got, store.touches, s.logs.String(), "v")
		}
	})
}

type touching struct {
	*session.Memory
	touches, saves int
	down           error
}

func (c *touching) Touch(ctx context.Context, token string, seen, expires time.Time) error {
	c.touches++
	if c.down != nil {
		return c.down
	}
	return c.Memory.Touch(ctx, token, seen, expires)
}

func (c *touching) Save(ctx context.Context, token string, rec *session.Record) (string, error) {
	c.saves++
	return c.Memory.Save(ctx, token, rec)
}

// Noting a session's use is no part of the answer, which goes out whatever comes of it.
func TestUseThatCannotBeNotedFailsNothing(t *testing.T) {
	for _, row := range []struct {
		name   string
		end    bool // the session, between reading it and noting its use
		down   error
		logged string
	}{
		{"the store is down", false, errDown, "the session could not be stored"},
		{"the session has been ended", true, nil, "event=airworthy.security.SessionInterrupted"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := newMemory(t)
				store := &failing{Store: memory} // hides Touch
				s := newSite(t, session.Config{Store: store})
				s.login("42")
				time.Sleep(12 * time.Hour)
				res := s.do(func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
					if got := s.User(); got != "42" {
						t.Errorf("the user is %q, want %q", got, "42")
					}
					store.save = row.down
					if row.end {
						_, _ = memory.DeleteByUser(t.Context(), "42", "")
					}
				})
				if res.StatusCode != http.StatusOK || len(res.Cookies()) != 0 {
					t.Errorf("status %d and %d cookies, want 200 and none", res.StatusCode, len(res.Cookies()))
				}
				if !strings.Contains(s.logs.String(), row.logged) {
					t.Errorf("the log does not say %q: %s", row.logged, s.logs.String())
				}
				if got := s.user(); row.end && got != "" {
					t.Errorf("a session that was ended is there again, of %q", got)
				}
			})
		})
	}
}
