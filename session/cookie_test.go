package session_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

const oldKey = "old-airworthy-secret-key-9876543210-zyxwvutsrqponmlk"

func TestASealedCookieShowsNothing(t *testing.T) {
	s := newSite(t, session.Config{Store: cookieStore(t)})
	s.set("key-canary", "value-canary")
	s.login("user-canary")
	raw, err := base64.RawURLEncoding.DecodeString(s.jar[cookieName])
	if err != nil || len(raw) < 60 {
		t.Fatalf("the cookie is not base64: %v", err)
	}
	if strings.Contains(string(raw), "canary") {
		t.Error("the cookie shows what is in it")
	}
	before := s.jar[cookieName]
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { _ = s.Renew() })
	if s.jar[cookieName][:16] == before[:16] {
		t.Error("two cookies begin alike: the nonce repeats")
	}
}

func TestASessionSurvivesARotationAndMovesToTheCurrentKey(t *testing.T) {
	for name, open := range map[string]func(*keyring.Ring) session.Store{
		"sealed": session.NewCookie, "Django": session.NewDjangoCookie,
	} {
		t.Run(name, func(t *testing.T) {
			before := newSite(t, session.Config{Store: open(newRing(t, oldKey))})
			before.set("k", "v")
			during := newSite(t, session.Config{Store: open(newRing(t, testKey, oldKey))})
			during.jar = before.jar
			if got := during.value("k"); got != "v" {
				t.Fatalf("with the old key as a fallback the session reads %q, want %q", got, "v")
			}
			after := newSite(t, session.Config{Store: open(newRing(t, testKey))})
			after.jar = during.jar
			if got := after.value("k"); got != "v" {
				t.Errorf("after the fallback is dropped a session that was used reads %q, want %q", got, "v")
			}
			if res := after.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.User() }); len(res.Cookies()) != 0 {
				t.Error("a session under the current key is stored again")
			}
			unused := newSite(t, session.Config{Store: open(newRing(t, testKey))})
			unused.jar = map[string]string{}
			before.jar = map[string]string{}
			before.set("k", "v")
			unused.jar = before.jar
			if got := unused.value("k"); got != "" {
				t.Errorf("a session under a dropped key reads %q, want nothing", got)
			}
		})
	}
}

func TestARingThatIsSwappedIsFollowed(t *testing.T) {
	ring := newRing(t, oldKey)
	s := newSite(t, session.Config{Store: session.NewCookie(ring)})
	s.set("k", "v")
	if err := ring.Swap(keyring.Config{Key: secret.New(testKey)}); err != nil {
		t.Fatal(err)
	}
	if got := s.value("k"); got != "" {
		t.Errorf("after the key was replaced the session reads %q, want nothing", got)
	}
}

// badinput 28: one site's two session cookies are not worth the same.
func TestACookieIsGoodUnderItsOwnNameOnly(t *testing.T) {
	store := cookieStore(t)
	admin := newSite(t, session.Config{Store: store, CookieName: "adminsession"})
	shop := newSite(t, session.Config{Store: store})
	shop.login("42")
	admin.jar["__Host-adminsession"] = shop.jar[cookieName]
	if got := admin.user(); got != "" {
		t.Errorf("under another name the cookie opens a session of %q, want none", got)
	}
}

func TestWhatIsSealedForSomethingElseIsNoSession(t *testing.T) {
	ring := newRing(t, testKey)
	other := ring.AEAD("session")
	store := session.NewCookie(ring)
	for _, token := range []string{
		base64.RawURLEncoding.EncodeToString(other.Seal(nil, make([]byte, 40), nil)),
		strings.Repeat("A", 4000), strings.Repeat("A", 100_000), "A", "====",
	} {
		if _, err := store.Load(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("Load of %d characters = %v, want ErrNotFound", len(token), err)
		}
	}
}

func TestACookieThatBrowsersWouldDropIsAnError(t *testing.T) {
	for name, store := range map[string]session.Store{
		"sealed": cookieStore(t), "Django": session.NewDjangoCookie(newRing(t, testKey)),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, session.Config{Store: store})
			large := func(n int) *http.Response {
				return s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
					if err := s.Set("k", noise(n)); err != nil {
						t.Error(err)
					}
				})
			}
			if res := large(2800); res.StatusCode != 200 || s.value("k") != noise(2800) {
				t.Errorf("status %d for 2800 bytes, want 200", res.StatusCode)
			}
			if res := large(4000); res.StatusCode != 500 || len(res.Cookies()) != 0 {
				t.Errorf("status %d and %d cookies for 4000 bytes, want 500 and none", res.StatusCode, len(res.Cookies()))
			}
			if !strings.Contains(s.logs.String(), "browsers keep 4000: store less, or use drivers/sqlstore") {
				t.Errorf("the log does not say what to do: %s", s.logs.String())
			}
		})
	}
}

// noise returns n letters that do not compress well.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[x>>26]
	}
	return string(b)
}

func TestASealedCookieKeepsItsTimes(t *testing.T) {
	store := cookieStore(t)
	want := session.Record{
		User: "42", Created: time.Unix(1, 0), Seen: time.Unix(-2, 0), Expires: time.Unix(1<<40, 0), Fixed: true, Transient: true,
	}
	token, err := store.Save(context.Background(), "", &want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := store.Load(t.Context(), token); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}
