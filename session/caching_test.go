package session_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/session"
)

func epoch() time.Time { return time.Unix(0, 0) }

// badinput 26.
func TestSharedCachesKeepOutOfSessions(t *testing.T) {
	list := func(s ...string) []string { return s }
	read := func(s *session.Session) { s.String("k") }
	write := func(s *session.Session) { _ = s.Set("k", "w") }
	for _, row := range []struct {
		name          string
		visitor       bool // has a session
		f             func(*session.Session)
		vary, control []string // as the application sets them
		wantVary      []string
		wantControl   []string
	}{
		{"a session that nobody asks for", true, func(*session.Session) {}, nil, nil, nil, nil},
		{"and what the application said stays", true, func(*session.Session) {}, list("Origin"), list("public"), list("Origin"), list("public")},
		{"nobody's session, read", false, read, nil, nil, list("Cookie"), nil},
		{"nobody's session, in a public answer", false, read, nil, list("public, max-age=60"), list("Cookie"), list("public, max-age=60")},
		{"somebody's session, read", true, read, nil, nil, list("Cookie"), list("private")},
		{"what the application said of an answer without a cookie stays", true, read, nil, list("max-age=60"), list("Cookie"), list("max-age=60")},
		{"a cookie", true, write, nil, nil, list("Cookie"), list("private")},
		{"the first cookie", false, write, nil, nil, list("Cookie"), list("private")},
		{"a cookie that goes", true, func(s *session.Session) { _ = s.Destroy() }, nil, list("public"), list("Cookie"), list("private")},
		{"a cookie in a public answer", true, write, nil, list("public, max-age=60"), list("Cookie"), list("max-age=60, private")},
		{"in odd case and spaces", true, write, nil, list(" PUBLIC ,, S-MaxAge = 60,Max-Age=5 "), list("Cookie"), list("Max-Age=5, private")},
		{"on several lines", true, write, nil, list("public", "max-age=60"), list("Cookie"), list("max-age=60, private")},
		{"a cookie in a private answer", true, write, nil, list("Private, max-age=60"), list("Cookie"), list("Private, max-age=60")},
		{"a cookie in an answer that is not stored", true, write, nil, list("No-Store"), list("Cookie"), list("No-Store")},
		{"private for one field alone", true, write, nil, list(`private="X-A, X-B", max-age=60`), list("Cookie"), list("max-age=60, private")},
		{"a quoted comma", true, write, nil, list(`ext="a\", public", max-age=60`), list("Cookie"), list(`ext="a\", public", max-age=60, private`)},
		{"no-cache stays", true, write, nil, list(`no-cache="Set-Cookie"`), list("Cookie"), list(`no-cache="Set-Cookie", private`)},
		{"a word that only contains private", true, write, nil, list("x-private, nonprivate=1"), list("Cookie"), list("x-private, nonprivate=1, private")},
		{"Vary is there", true, read, list("Cookie"), nil, list("Cookie"), list("private")},
		{"Vary is there in odd case and spaces", true, read, list("Accept-Encoding ,\t cOOkie "), nil, list("Accept-Encoding ,\t cOOkie "), list("private")},
		{"Vary is there on another line", true, read, list("Origin", "Cookie"), nil, list("Origin", "Cookie"), list("private")},
		{"Vary names something else", true, read, list("Origin, X-Cookie"), nil, list("Origin, X-Cookie", "Cookie"), list("private")},
		{"Vary names everything", true, read, list(" * "), nil, list(" * "), list("private")},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t, session.Config{Store: newMemory(t)})
			if row.visitor {
				s.set("k", "v")
			}
			res := s.do(func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
				row.f(s)
				if row.vary != nil {
					w.Header()["Vary"] = row.vary
				}
				if row.control != nil {
					w.Header()["Cache-Control"] = row.control
				}
			})
			if got := res.Header["Vary"]; !slices.Equal(got, row.wantVary) {
				t.Errorf("Vary = %q, want %q", got, row.wantVary)
			}
			if got := res.Header["Cache-Control"]; !slices.Equal(got, row.wantControl) {
				t.Errorf("Cache-Control = %q, want %q", got, row.wantControl)
			}
		})
	}
}

// RFC 9213: what a CDN obeys before Cache-Control must not keep a session cookie either.
func TestACookieIsNotForTheCDN(t *testing.T) {
	for _, name := range []string{"CDN-Cache-Control", "Surrogate-Control"} {
		s := newSite(t, session.Config{Store: newMemory(t)})
		res := s.do(func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			w.Header().Set(name, "max-age=600")
			w.Header().Set("Cache-Control", "max-age=60")
			_ = s.Set("k", "v")
		})
		if got := res.Header.Get(name); got != "" {
			t.Errorf("%s = %q, want none", name, got)
		}
	}
}

// A part that adds to a header must not change it for the next request.
func TestConstantHeadersAreNotShared(t *testing.T) {
	s := newSite(t, session.Config{Store: newMemory(t)})
	s.set("k", "v")
	for range 2 {
		r := s.do(func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			s.String("k")
			w.WriteHeader(http.StatusOK)
			w.Header().Add("Vary", "X")
			w.Header().Add("Cache-Control", "x")
		})
		if got := r.Header["Vary"]; !slices.Equal(got, []string{"Cookie"}) {
			t.Errorf("Vary = %q, want %q", got, "Cookie")
		}
	}
}
