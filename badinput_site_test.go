package airworthy_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/proxy"
	"github.com/airworthy-go/airworthy/session"
)

// prey is an application with what attackers look for. It is careless: it relies on the parts around it.
func prey() *http.ServeMux {
	mux := http.NewServeMux()
	page := func(pattern string, f func(w http.ResponseWriter, r *http.Request, s *session.Session) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r, session.From(r.Context())); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	say := func(w http.ResponseWriter, format string, args ...any) error {
		_, err := fmt.Fprintf(w, format, args...)
		return err
	}
	page("GET /{$}", func(w http.ResponseWriter, r *http.Request, _ *session.Session) error { return say(w, "home") })
	page("GET /saw", func(w http.ResponseWriter, r *http.Request, _ *session.Session) error {
		return say(w, "%s %s %s", proxy.Scheme(r), proxy.Host(r), proxy.Client(r))
	})
	page("GET /headers", func(w http.ResponseWriter, r *http.Request, _ *session.Session) error {
		return say(w, "%s", strings.Join(slices.Sorted(maps.Keys(r.Header)), " "))
	})
	page("GET /link", func(w http.ResponseWriter, r *http.Request, _ *session.Session) error {
		return say(w, "%s://%s/reset/1234", proxy.Scheme(r), proxy.Host(r))
	})
	page("GET /query", func(w http.ResponseWriter, r *http.Request, _ *session.Session) error {
		return say(w, "%d", len(r.URL.Query()))
	})
	page("GET /echo", func(w http.ResponseWriter, r *http.Request, _ *session.Session) error {
		text := r.URL.Query().Get("text")
		w.Header().Set("X-Echo", text)
		http.SetCookie(w, &http.Cookie{Name: "echo", Value: text})
		w.Header().Set("Location", text)
		w.WriteHeader(http.StatusFound)
		return nil
	})
	page("GET /token", func(w http.ResponseWriter, r *http.Request, _ *session.Session) error {
		return say(w, "%s", csrf.Token(r.Context()))
	})
	page("GET /user", func(w http.ResponseWriter, r *http.Request, s *session.Session) error {
		return say(w, "user:%s", s.User())
	})
	page("GET /panic", func(http.ResponseWriter, *http.Request, *session.Session) error { panic("a bug") })
	act := func(w http.ResponseWriter, r *http.Request, _ *session.Session) error {
		return say(w, "acted by %s", r.Method)
	}
	for _, path := range []string{"/act", "/hook"} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			page(method+" "+path, act)
		}
	}
	page("POST /login", func(w http.ResponseWriter, r *http.Request, s *session.Session) error {
		return errors.Join(s.SetUser(cmp.Or(r.URL.Query().Get("user"), "ada")), csrf.Rotate(r.Context()))
	})
	page("POST /logout", func(w http.ResponseWriter, r *http.Request, s *session.Session) error {
		return errors.Join(s.Destroy(), csrf.Rotate(r.Context()))
	})
	page("POST /logout-and-fail", func(w http.ResponseWriter, r *http.Request, s *session.Session) error {
		_ = s.Destroy()
		return errors.New("the page after the logout is broken")
	})
	page("POST /password", func(w http.ResponseWriter, r *http.Request, s *session.Session) error {
		n, err := s.EndOthers()
		return errors.Join(err, say(w, "ended %d", n))
	})
	page("POST /flash", func(w http.ResponseWriter, r *http.Request, s *session.Session) error {
		return s.Set("flash", strings.Repeat("x", 100_000))
	})
	return mux
}

// inMemory keeps the sessions in a store that can end them.
func inMemory(t *testing.T) func(*airworthy.Settings) {
	store := session.NewMemory(session.MemoryOptions{})
	t.Cleanup(func() { _ = store.Close() })
	return func(s *airworthy.Settings) { s.Session.Store = store }
}

// own are the headers with which a browser posts from the site itself.
const own = "Sec-Fetch-Site: same-origin"

// cookie returns the line with which a browser sends back what the answer set, and the value.
func (a *answer) cookie(t *testing.T, name string) (line, value string) {
	t.Helper()
	for _, c := range a.Cookies() {
		if c.Name == name && c.MaxAge >= 0 {
			return "Cookie: " + c.Name + "=" + c.Value, c.Value
		}
	}
	t.Fatalf("%s is not among the cookies %v", name, a.Header["Set-Cookie"])
	return "", ""
}

// login returns the session cookie of ada.
func (v *victim) login(t *testing.T, lines ...string) (line, value string) {
	t.Helper()
	return v.send(t, post("/login", "", append(lines, own)...)).cookie(t, "__Host-sessionid")
}
