package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/session"
)

func (s *site) login(user string) {
	s.t.Helper()
	s.do(func(_ http.ResponseWriter, _ *http.Request, sess *session.Session) {
		if err := sess.SetUser(user); err != nil {
			s.t.Errorf("SetUser(%q): %v", user, err)
		}
	})
}

func (s *site) user() (user string) {
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { user = s.User() })
	return user
}

// badinput 23.
func TestAnIDThatTheClientChoseIsNeverAdopted(t *testing.T) {
	for name, store := range stores(t) {
		for _, chosen := range []string{
			"chosen", strings.Repeat("a", 43), session.NewToken(), session.Hash("x"), "a.b.c", "e30:1r31eq:x",
		} {
			t.Run(name+"/"+chosen[:min(8, len(chosen))], func(t *testing.T) {
				s := newSite(t, session.Config{Store: store})
				s.jar[cookieName] = chosen
				s.set("k", "v")
				if got := s.jar[cookieName]; got == chosen || got == "" {
					t.Error("the session is kept under the client's id, or not at all")
				}
				if got := s.value("k"); got != "v" {
					t.Errorf("the next request reads %q, want %q", got, "v")
				}
				attacker := newSite(t, session.Config{Store: store})
				attacker.jar[cookieName] = chosen
				if got := attacker.value("k"); got != "" {
					t.Errorf("whoever chose the id reads %q, want nothing", got)
				}
			})
		}
	}
}

func TestLoggingInChangesTheID(t *testing.T) {
	store := newMemory(t)
	s := newSite(t, session.Config{Store: store})
	s.set("cart", "apple")
	planted := s.jar[cookieName]
	s.login("42")
	if s.jar[cookieName] == planted {
		t.Error("the id did not change")
	}
	if user, cart := s.user(), s.value("cart"); user != "42" || cart != "apple" {
		t.Errorf("user %q with cart %q, want %q with %q", user, cart, "42", "apple")
	}
	attacker := newSite(t, session.Config{Store: store})
	attacker.jar[cookieName] = planted
	if user, cart := attacker.user(), attacker.value("cart"); user != "" || cart != "" {
		t.Errorf("the old id opens user %q with cart %q, want nothing", user, cart)
	}
}

func TestRenewChangesTheIDAndNothingElse(t *testing.T) {
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, session.Config{Store: store})
			s.set("k", "v")
			s.login("42")
			before := s.jar[cookieName]
			s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				if err := s.Renew(); err != nil {
					t.Error(err)
				}
			})
			if s.jar[cookieName] == before || s.user() != "42" || s.value("k") != "v" {
				t.Errorf("changed: %t, user %q, value %q, want all as before under another id",
					s.jar[cookieName] != before, s.user(), s.value("k"))
			}
		})
	}
}

// As in Django: another user's values go, one's own and those from before the login stay.
func TestWhoseValuesStay(t *testing.T) {
	for _, row := range []struct{ name, before, after, want string }{
		{"somebody logs in", "", "1", "v"},
		{"the same user logs in again", "1", "1", "v"},
		{"another user logs in", "1", "2", ""},
		{"the user logs out", "1", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t, session.Config{Store: newMemory(t)})
			s.set("k", "v")
			s.login(row.before)
			old := s.jar[cookieName]
			s.login(row.after)
			if s.jar[cookieName] == old {
				t.Error("the id did not change")
			}
			if got := s.value("k"); got != row.want {
				t.Errorf("the value is %q, want %q", got, row.want)
			}
			if got := s.user(); got != row.after {
				t.Errorf("the user is %q, want %q", got, row.after)
			}
		})
	}
}

func TestUsersThatNoStoreKeeps(t *testing.T) {
	s := newSite(t, session.Config{Store: newMemory(t)})
	for _, user := range []string{"\xff", "a\x00", strings.Repeat("u", 256)} {
		s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			if err := s.SetUser(user); err == nil || s.User() != "" {
				t.Errorf("SetUser(%.9q) = %v, want an error and no user", user, err)
			}
		})
	}
}

func TestDestroy(t *testing.T) {
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, session.Config{Store: store})
			s.set("k", "v")
			s.login("42")
			res := s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				if err := s.Destroy(); err != nil {
					t.Error(err)
				}
				if s.User() != "" || s.Has("k") || !s.IsNew() {
					t.Error("the session is there after Destroy")
				}
			})
			got, want := res.Header["Set-Cookie"], cookieName+"=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
			if len(got) != 1 || !strings.HasPrefix(got[0], want) {
				t.Errorf("Set-Cookie = %q, want one that starts with %q", got, want)
			}
		})
	}
}

func TestADestroyedSessionIsGoneFromTheStore(t *testing.T) {
	store := newMemory(t)
	s := newSite(t, session.Config{Store: store})
	s.login("42")
	token := s.jar[cookieName]
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { _ = s.Destroy() })
	if _, err := store.Load(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Load = %v, want ErrNotFound", err)
	}
}

func TestWhatIsSetAfterDestroyIsAnotherSession(t *testing.T) {
	s := newSite(t, session.Config{Store: newMemory(t)})
	s.set("k", "v")
	before := s.jar[cookieName]
	res := s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		_ = s.Destroy()
		_ = s.Set("flash", "bye")
	})
	if n := len(res.Header["Set-Cookie"]); n != 1 || s.jar[cookieName] == before {
		t.Errorf("%d cookies, changed: %t, want one that is another", n, s.jar[cookieName] != before)
	}
	if s.value("k") != "" || s.value("flash") != "bye" {
		t.Errorf("values %q and %q, want none and %q", s.value("k"), s.value("flash"), "bye")
	}
}

// badinput 19 and 20, and a value that was cut off.
func TestCookiesThatAreNotBelieved(t *testing.T) {
	for name, store := range stores(t) {
		s := newSite(t, session.Config{Store: store})
		s.set("k", "v")
		value := s.jar[cookieName]
		own := cookieName + "=" + value
		for _, row := range []struct {
			name, cookie, want string
			logged             bool
		}{
			{"our own cookie", own, "v", false},
			{"among others", "a=b; " + own + "; c", "v", false},
			{"twice, alike", own + "; " + own, "", true},
			{"twice, another first", cookieName + "=x; " + own, "", true},
			{"the prefix in other case", "__host-sessionid=" + value, "", false},
			{"without the prefix", "sessionid=" + value, "", false},
			{"a name with a leading NUL", "\x00" + own, "", false},
			{"$Version before it", "$Version=1; " + own, "v", false},
			{"quoted", cookieName + `="` + value + `"`, "", true},
			{"with a comma in it", own[:30] + "," + own[30:], "", true},
			{"with a line break in it", own[:30] + "\n" + own[30:], "", true},
			{"cut off", own[:len(own)-1], "", false},
			{"too long", cookieName + "=" + strings.Repeat("A", 5000), "", false},
			{"too long, and no value of a cookie", cookieName + "=" + strings.Repeat(`"`, 5000), "", true},
			{"empty", cookieName + "=", "", false},
			{"100,000 cookies", strings.Repeat("a=b; ", 100_000) + own, "", true},
		} {
			t.Run(name+"/"+row.name, func(t *testing.T) {
				s.logs.Reset()
				r := httptest.NewRequest("GET", "https://example.com/", nil)
				r.Header["Cookie"] = []string{row.cookie}
				s.serve(r, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
					if got := s.String("k"); got != row.want {
						t.Errorf("got %q, want %q", got, row.want)
					}
				})
				if got := strings.Contains(s.logs.String(), "event=airworthy.security.CookieRefused"); got != row.logged {
					t.Errorf("logged: %t, want %t", got, row.logged)
				}
				if strings.Contains(s.logs.String(), value[:8]) {
					t.Error("the log holds a part of the token")
				}
			})
		}
	}
}

func TestWithoutAManagerThereIsNoSession(t *testing.T) {
	if s := session.From(t.Context()); s != nil {
		t.Error("a context without a request has a session")
	}
	m, err := session.New(session.Config{InsecureOff: true})
	if err != nil {
		t.Fatal(err)
	}
	called := false
	m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called = true
		if s := session.From(r.Context()); s != nil {
			t.Error("sessions are off, and there is one")
		}
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if !called {
		t.Error("the application was not called")
	}
}

func TestAManagerTwiceInAChainIsOneManager(t *testing.T) {
	s := newSite(t, session.Config{Store: newMemory(t)})
	inner := s.m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got := session.From(r.Context()).Int("outer"); got != 1 {
			t.Errorf("the inner handler reads %d, want 1", got)
		}
	}))
	res := s.do(func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		_ = s.Set("outer", 1)
		inner.ServeHTTP(w, r)
		_ = s.Set("after", 2)
	})
	if len(res.Cookies()) != 1 {
		t.Errorf("%d cookies, want 1", len(res.Cookies()))
	}
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		if s.Int("outer") != 1 || s.Int("after") != 2 {
			t.Errorf("got %d and %d, want 1 and 2", s.Int("outer"), s.Int("after"))
		}
	})
}
