package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/session"
)

// failing is a Store whose methods fail when they are told to.
type failing struct {
	session.Store
	load, save, remove error
}

func (f *failing) Load(ctx context.Context, token string) (session.Record, error) {
	if f.load != nil {
		return session.Record{}, f.load
	}
	return f.Store.Load(ctx, token)
}

func (f *failing) Save(ctx context.Context, token string, rec *session.Record) (string, error) {
	if f.save != nil {
		return "", f.save
	}
	return f.Store.Save(ctx, token, rec)
}

func (f *failing) Delete(ctx context.Context, token string) error {
	if f.remove != nil {
		return f.remove
	}
	return f.Store.Delete(ctx, token)
}

var errDown = errors.New("connection refused")

func body(t testing.TB, res *http.Response) string {
	t.Helper()
	var b strings.Builder
	if _, err := fmt.Fprint(&b, readAll(res)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func readAll(res *http.Response) string {
	var b strings.Builder
	buf := make([]byte, 512)
	for {
		n, err := res.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}

func TestAFailingStoreIsNoSuccess(t *testing.T) {
	down := failing{load: errDown, save: errDown, remove: errDown}
	write := func(w http.ResponseWriter, f func() error) {
		w.Header().Set("Location", "/welcome")
		w.Header().Set("Content-Length", "7")
		if f != nil {
			_ = f() // the application does not look
		}
		w.WriteHeader(http.StatusFound)
		fmt.Fprint(w, "welcome")
	}
	for _, row := range []struct {
		name   string
		down   failing
		f      handler
		status int
		gone   bool // the cookie
	}{
		{"reading, when the store is down", down, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			write(w, func() error { s.User(); return nil })
		}, 500, false},
		{"reading, when the application answers for it", down, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			if s.Err() == nil {
				t.Error("Err = nil, want the store's error")
			}
			write(w, nil)
		}, 302, false},
		{"not asking, when the store is down", down, func(w http.ResponseWriter, _ *http.Request, _ *session.Session) {
			write(w, nil)
		}, 302, false},
		{"changing, when it cannot be read", down, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			if s.Set("k", "w") == nil || s.SetUser("2") == nil || s.Renew() == nil || s.Delete("k") == nil || s.Clear() == nil {
				t.Error("a change is accepted, want the store's error")
			}
			write(w, nil)
		}, 500, false},
		{"changing, when it cannot be stored", failing{save: errDown}, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			write(w, func() error { return s.Set("k", "w") })
		}, 500, false},
		{"logging in, when it cannot be stored", failing{save: errDown}, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			write(w, func() error { return s.SetUser("2") })
		}, 500, false},
		{"renewing, when the old session cannot be deleted", failing{remove: errDown}, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			write(w, s.Renew)
		}, 500, false},
		{"logging out, when it cannot be deleted", failing{remove: errDown}, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			write(w, s.Destroy)
		}, 500, true},
		{"logging out, when it cannot be read", down, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			write(w, s.Destroy)
		}, 500, true},
		{"a body without a status", failing{save: errDown}, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			_ = s.Set("k", "w")
			fmt.Fprint(w, "welcome")
		}, 500, false},
		{"nothing written", failing{save: errDown}, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			_ = s.Set("k", "w")
		}, 500, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			store := &failing{Store: newMemory(t)}
			s := newSite(t, session.Config{Store: store})
			s.set("k", "v")
			token := s.jar[cookieName]
			store.load, store.save, store.remove = row.down.load, row.down.save, row.down.remove
			res := s.do(row.f)
			text := body(t, res)
			if res.StatusCode != row.status {
				t.Errorf("status %d, want %d", res.StatusCode, row.status)
			}
			if refused := row.status == 500; refused == strings.Contains(text, "welcome") ||
				refused == (res.Header.Get("Location") != "") || strings.Contains(text, errDown.Error()) {
				t.Errorf("the answer is %q to %q", text, res.Header.Get("Location"))
			}
			if row.status == 500 && !strings.Contains(s.logs.String(), errDown.Error()) {
				t.Errorf("the cause is not in the log: %s", s.logs.String())
			}
			if strings.Contains(s.logs.String(), token[:8]) {
				t.Error("the log holds a part of the token")
			}
			if _, ok := s.jar[cookieName]; ok == row.gone {
				t.Errorf("the browser has the cookie: %t, want %t", ok, !row.gone)
			}
			store.load, store.save, store.remove = nil, nil, nil
			if got := s.value("k"); !row.gone && got != "v" {
				t.Errorf("afterwards the value is %q, want %q", got, "v")
			}
		})
	}
}

// badinput 24, through the whole part: what one request ends, another that was under way does not bring back.
func TestARequestUnderWayDoesNotBringASessionBack(t *testing.T) {
	for _, row := range []struct {
		name   string
		f      func(*session.Session) error
		status int
	}{
		{"that only reads", func(s *session.Session) error { s.User(); return nil }, 200},
		{"that sets a value", func(s *session.Session) error { return s.Set("k", "w") }, 400},
		{"that deletes a value", func(s *session.Session) error { return s.Delete("k") }, 400},
		{"that renews", func(s *session.Session) error { return s.Renew() }, 400},
		{"that logs in", func(s *session.Session) error { return s.SetUser("42") }, 400},
		{"that logs out too", func(s *session.Session) error { return s.Destroy() }, 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			store := newMemory(t)
			s := newSite(t, session.Config{Store: store})
			s.set("k", "v")
			s.login("42")
			token := s.jar[cookieName]
			res := s.do(func(w http.ResponseWriter, _ *http.Request, sess *session.Session) {
				sess.User()
				other := newSite(t, session.Config{Store: store})
				other.jar[cookieName] = token
				other.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { _ = s.Destroy() })
				if err := row.f(sess); err != nil {
					t.Error(err)
				}
				fmt.Fprint(w, "done")
			})
			if res.StatusCode != row.status {
				t.Errorf("status %d, want %d", res.StatusCode, row.status)
			}
			if got := strings.Contains(s.logs.String(), "event=airworthy.security.SessionInterrupted"); got != (row.status == 400) {
				t.Errorf("logged: %t, want %t", got, row.status == 400)
			}
			if row.status == 400 && len(res.Header["Set-Cookie"]) != 0 {
				t.Error("a refused request sets a cookie, in the place of the one that a login elsewhere may have set")
			}
			if list, _ := store.ListByUser(t.Context(), "42", epoch()); len(list) != 0 {
				t.Errorf("%d sessions of the user, want none", len(list))
			}
		})
	}
}

// As in Django a failed request changes nothing; but badinput 25: whoever logged out is logged out.
func TestAnAnswerOf500(t *testing.T) {
	for _, status := range []int{500, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			store := newMemory(t)
			s := newSite(t, session.Config{Store: store})
			s.set("k", "v")
			token := s.jar[cookieName]
			res := s.do(func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
				_ = s.Set("k", "w")
				_ = s.SetUser("42")
				w.WriteHeader(status)
			})
			if len(res.Header["Set-Cookie"]) != 0 || s.value("k") != "v" || s.user() != "" {
				t.Errorf("value %q, user %q, want what was before", s.value("k"), s.user())
			}
			s.do(func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
				_ = s.Destroy()
				w.WriteHeader(status)
			})
			if _, err := store.Load(t.Context(), token); !errors.Is(err, session.ErrNotFound) || s.jar[cookieName] != "" {
				t.Errorf("after a logout Load = %v and the browser has %d bytes, want ErrNotFound and none",
					err, len(s.jar[cookieName]))
			}
		})
	}
	t.Run("below 500 changes are stored", func(t *testing.T) {
		s := newSite(t, session.Config{Store: newMemory(t)})
		s.do(func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			_ = s.Set("k", "v")
			w.WriteHeader(499)
		})
		if got := s.value("k"); got != "v" {
			t.Errorf("the value is %q, want %q", got, "v")
		}
	})
}

func TestAPanicStoresNothing(t *testing.T) {
	store := &counting{Store: newMemory(t)}
	s := newSite(t, session.Config{Store: store})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			_ = s.SetUser("42")
			panic("bug")
		})
	}()
	if store.saves != 0 {
		t.Errorf("%d saves, want none", store.saves)
	}
}

func TestAVisitorWhoGoesAwayIsLoggedOutAllTheSame(t *testing.T) {
	store := newMemory(t)
	s := newSite(t, session.Config{Store: &patient{store}})
	s.login("42")
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, "POST", "https://example.com/logout", nil)
	r.Header.Set("Cookie", cookieName+"="+s.jar[cookieName])
	s.serve(r, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.User()
		cancel()
		if err := s.Destroy(); err != nil {
			t.Errorf("Destroy: %v", err)
		}
	})
	if list, _ := store.ListByUser(t.Context(), "42", epoch()); len(list) != 0 {
		t.Errorf("%d sessions, want none", len(list))
	}
}

// patient fails as a database does when the context is over.
type patient struct{ session.Store }

func (p *patient) Delete(ctx context.Context, token string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.Store.Delete(ctx, token)
}

func TestPlainHTTP(t *testing.T) {
	for _, row := range []struct {
		name     string
		insecure bool
		url      string
		want     string
		secure   bool
	}{
		{"by default the cookie is for https whatever the request", false, "http://localhost/", "__Host-sessionid", true},
		{"on https too", false, "https://example.com/", "__Host-sessionid", true},
		{"for development it goes over http", true, "http://localhost/", "sessionid", false},
		{"and is as ever on https", true, "https://example.com/", "__Host-sessionid", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t, session.Config{Store: newMemory(t), InsecureCookie: row.insecure})
			res := s.serve(httptest.NewRequest("GET", row.url, nil), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				_ = s.Set("k", "v")
			})
			c := res.Cookies()
			if len(c) != 1 || c[0].Name != row.want || c[0].Secure != row.secure {
				t.Fatalf("Set-Cookie = %q, want %s with Secure = %t", res.Header["Set-Cookie"], row.want, row.secure)
			}
			again := httptest.NewRequest("GET", row.url, nil)
			again.AddCookie(c[0])
			s.serve(again, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				if got := s.String("k"); got != "v" {
					t.Errorf("got %q, want %q", got, "v")
				}
			})
		})
	}
}
