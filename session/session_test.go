package session_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

const testKey = "airworthy-test-secret-key-0123456789-abcdefghijklmnop-XYZ"

func newRing(t testing.TB, key string, fallbacks ...string) *keyring.Ring {
	t.Helper()
	cfg := keyring.Config{Key: secret.New(key), InsecureWeak: true}
	for _, f := range fallbacks {
		cfg.Fallbacks = append(cfg.Fallbacks, secret.New(f))
	}
	ring, err := keyring.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func newMemory(t testing.TB) *session.Memory {
	t.Helper()
	m := session.NewMemory(session.MemoryOptions{})
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// site is an application with sessions, and a browser with one cookie jar.
type site struct {
	t     testing.TB
	m     *session.Manager
	store session.Store
	logs  bytes.Buffer
	jar   map[string]string
}

func newSite(t testing.TB, cfg session.Config) *site {
	t.Helper()
	s := &site{t: t, jar: map[string]string{}, store: cfg.Store}
	cfg.Logger = slog.New(slog.NewTextHandler(&s.logs, nil))
	m, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.m = m
	return s
}

// do serves one request with the handler f and the jar's cookies, and keeps the cookies of the answer.
func (s *site) do(f func(w http.ResponseWriter, r *http.Request, s *session.Session)) *http.Response {
	s.t.Helper()
	r := httptest.NewRequest("GET", "https://example.com/", nil)
	for name, value := range s.jar {
		r.Header.Add("Cookie", name+"="+value)
	}
	return s.serve(r, f)
}

func (s *site) serve(r *http.Request, f func(http.ResponseWriter, *http.Request, *session.Session)) *http.Response {
	s.t.Helper()
	rec := httptest.NewRecorder()
	s.m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f(w, r, session.From(r.Context()))
	})).ServeHTTP(rec, r)
	res := rec.Result()
	for _, c := range res.Cookies() {
		s.jar[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(s.jar, c.Name)
		}
	}
	return res
}

// value returns what the session holds under key, as a request of its own reads it.
func (s *site) value(key string) (v string) {
	s.t.Helper()
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { v = s.String(key) })
	return v
}

func (s *site) set(key string, v any) *http.Response {
	s.t.Helper()
	return s.do(func(_ http.ResponseWriter, _ *http.Request, sess *session.Session) {
		if err := sess.Set(key, v); err != nil {
			s.t.Errorf("Set(%q): %v", key, err)
		}
	})
}

const cookieName = "__Host-sessionid"

func stores(t *testing.T) map[string]session.Store {
	return map[string]session.Store{
		"memory": newMemory(t),
		"cookie": session.NewCookie(newRing(t, testKey)),
	}
}

func TestAValueLastsFromRequestToRequest(t *testing.T) {
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, session.Config{Store: store})
			res := s.set("name", "Zoë <b>")
			got := res.Header["Set-Cookie"]
			want := "; Max-Age=1209600; HttpOnly; Path=/; SameSite=Lax; Secure"
			if len(got) != 1 || !strings.HasPrefix(got[0], cookieName+"=") || !strings.HasSuffix(got[0], want) {
				t.Errorf("Set-Cookie = %q, want one of %s that ends in %q", got, cookieName, want)
			}
			if got := s.value("name"); got != "Zoë <b>" {
				t.Errorf("the next request reads %q, want %q", got, "Zoë <b>")
			}
		})
	}
}

// badinput 27.
func TestNothingIsStoredUntilSomethingIsWritten(t *testing.T) {
	for name, f := range map[string]func(*session.Session) error{
		"reading":               func(s *session.Session) error { s.Get("k"); s.Keys(); s.User(); return s.Err() },
		"deleting nothing":      func(s *session.Session) error { return s.Delete("k") },
		"clearing nothing":      func(s *session.Session) error { return s.Clear() },
		"renewing nothing":      func(s *session.Session) error { return s.Renew() },
		"destroying nothing":    func(s *session.Session) error { return s.Destroy() },
		"logging out nobody":    func(s *session.Session) error { return s.SetUser("") },
		"setting and deleting":  func(s *session.Session) error { _ = s.Set("k", 1); return s.Delete("k") },
		"logging in and out":    func(s *session.Session) error { _ = s.SetUser("1"); return s.SetUser("") },
		"setting and clearing":  func(s *session.Session) error { _ = s.Set("k", 1); return s.Clear() },
		"setting, then destroy": func(s *session.Session) error { _ = s.Set("k", 1); return s.Destroy() },
	} {
		t.Run(name, func(t *testing.T) {
			store := &counting{Store: newMemory(t)}
			s := newSite(t, session.Config{Store: store})
			s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				if err := f(s); err != nil {
					t.Error(err)
				}
			})
			if store.saves != 0 || len(s.jar) != 0 {
				t.Errorf("%d saves and %d cookies, want none", store.saves, len(s.jar))
			}
		})
	}
}

// counting counts what is asked of a Store. It hides whatever else the store can do.
type counting struct {
	session.Store
	loads, saves, deletes int
}

func Example() {
	ring, err := keyring.New(keyring.Config{Key: keyring.Generate()})
	if err != nil {
		panic(err)
	}
	m, err := session.New(session.Config{Store: session.NewCookie(ring)})
	if err != nil {
		panic(err)
	}
	h := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		if err := s.Set("visits", s.Int("visits")+1); err != nil {
			http.Error(w, "sorry", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "visit %d", s.Int("visits"))
	}))

	first := httptest.NewRecorder()
	h.ServeHTTP(first, httptest.NewRequest("GET", "https://example.com/", nil))
	again := httptest.NewRequest("GET", "https://example.com/", nil)
	again.AddCookie(first.Result().Cookies()[0])
	second := httptest.NewRecorder()
	h.ServeHTTP(second, again)
	fmt.Println(first.Body, second.Body)
	// Output: visit 1 visit 2
}

func (c *counting) Load(ctx context.Context, token string) (session.Record, error) {
	c.loads++
	return c.Store.Load(ctx, token)
}

func (c *counting) Save(ctx context.Context, token string, rec *session.Record) (string, error) {
	c.saves++
	return c.Store.Save(ctx, token, rec)
}

func (c *counting) Delete(ctx context.Context, token string) error {
	c.deletes++
	return c.Store.Delete(ctx, token)
}
