package session_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/signing"
)

// What Django 5.2.19 gave with testKey when its clock showed 1700000000.
const (
	djangoNow      = 1700000000
	djangoCookie   = "eyJrIjoidiJ9:1r31eq:YzFW0UtX9r05Ft2LJoI-OfO9v_eQRTZ8fSrOh-I0-U8"
	djangoRow      = "eyJrIjoidiJ9:1r31eq:rzBGQ75SQLRz4DtuXhFtsxU2UVzGzXZjzbR-bgxA1zE"
	djangoEmpty    = "e30:1r31eq:r5AOKj6scMMvHz3BxT-5wZ5TD_9DEN5MyrILLn9bP4c"
	djangoLoggedIn = ".eJyrVopPLC3JiC8tTi2Kz0xRslIyVNJBFktKTM5OzQNJpGQl5qXn6yXn55UUZSbpgZToQWWL9XzzU1JznKBqUQzISCzOAOo2oBAo1QIAIvYyTQ:1r31eq:L-5Tz5Js1VugxNZW4fK1iKOuGbMvtsdnvzBcwFSa3xQ"
)

// at runs f when the clock shows the given Unix time, and not in real time.
func at(t *testing.T, unix int64, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(unix, 0)))
		f(t)
	})
}

func TestDjangosCookieIsReadAndWritten(t *testing.T) {
	at(t, djangoNow, func(t *testing.T) {
		s := newSite(t, session.Config{
			Store: session.NewDjangoCookie(newRing(t, testKey)), Cookies: cookies.Config{InsecurePlainNames: true},
		})
		s.jar["sessionid"] = djangoCookie
		if got := s.value("k"); got != "v" {
			t.Errorf("Django's session reads %q, want %q", got, "v")
		}
		clear(s.jar)
		res := s.set("k", "v")
		want := "sessionid=" + djangoCookie + "; Max-Age=1209600; HttpOnly; Path=/; SameSite=Lax; Secure"
		if got := res.Header.Get("Set-Cookie"); got != want {
			t.Errorf("Set-Cookie = %q, want %q", got, want)
		}
	})
}

// Django judges the age of such a cookie by the time of its signature.
func TestDjangosCookieEndsAnAgeAfterItWasSaved(t *testing.T) {
	for _, row := range []struct {
		after time.Duration
		want  string
	}{{14 * day, "v"}, {14*day + time.Second, ""}} {
		at(t, djangoNow+int64(row.after/time.Second), func(t *testing.T) {
			s := newSite(t, session.Config{Store: session.NewDjangoCookie(newRing(t, testKey)), Idle: time.Hour})
			s.jar[cookieName] = djangoCookie
			if got := s.value("k"); got != row.want {
				t.Errorf("after %s the session reads %q, want %q", row.after, got, row.want)
			}
		})
	}
	at(t, djangoNow+3601, func(t *testing.T) {
		s := newSite(t, session.Config{Store: session.NewDjangoCookie(newRing(t, testKey)), Age: time.Hour})
		s.jar[cookieName] = djangoCookie
		if got := s.value("k"); got != "" {
			t.Errorf("beyond SESSION_COOKIE_AGE the session reads %q, want nothing", got)
		}
	})
}

func values(rec session.Record) map[string]string { return maps.Collect(session.Pairs(rec.Data)) }

func TestDjangosRowsAreDecoded(t *testing.T) {
	const zeros = `"0000000000000000000000000000000000000000000000000000000000000000"`
	d := session.NewDjangoData(newRing(t, testKey), "django.contrib.sessions.SessionStore")
	for _, row := range []struct {
		name, text, user string
		values           map[string]string
		err              error
	}{
		{"one value", djangoRow, "", map[string]string{"k": `"v"`}, nil},
		{"empty", djangoEmpty, "", map[string]string{}, nil},
		{"logged in", djangoLoggedIn, "1", map[string]string{
			"_auth_user_backend": `"django.contrib.auth.backends.ModelBackend"`, "_auth_user_hash": zeros}, nil},
		{"of the cookie backend", djangoCookie, "", nil, session.ErrForged},
		{"changed", strings.Replace(djangoRow, "eyJ", "eyK", 1), "", nil, session.ErrForged},
		{"at another time", strings.Replace(djangoRow, "1r31eq", "1r31er", 1), "", nil, session.ErrForged},
		{"cut off", djangoRow[:len(djangoRow)-1], "", nil, session.ErrForged},
		{"nothing", "", "", nil, session.ErrForged},
	} {
		t.Run(row.name, func(t *testing.T) {
			rec, err := d.Decode(row.text, signing.Forever)
			if !errors.Is(err, row.err) || (err == nil) != (row.err == nil) {
				t.Fatalf("Decode = %v, want %v", err, row.err)
			}
			if err == nil && (rec.User != row.user || !maps.Equal(values(rec), row.values)) {
				t.Errorf("got the user %q and %v, want %q and %v", rec.User, values(rec), row.user, row.values)
			}
			if err != nil && !errors.Is(err, session.ErrNotFound) {
				t.Error("ErrForged is no ErrNotFound")
			}
		})
	}
}

// sign returns the session that Django has with the given JSON.
func sign(t testing.TB, text string) string {
	t.Helper()
	s, err := signing.NewTimestamp(newRing(t, testKey), signing.Options{Salt: signing.SaltSessions})
	if err != nil {
		t.Fatal(err)
	}
	token, err := signing.Dumps(s, json.RawMessage(text), true)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// django.md 6.5.
func TestDjangosExpiry(t *testing.T) {
	now := time.Unix(djangoNow, 0)
	for _, row := range []struct {
		name, text       string
		expires          time.Time // zero for the store's
		fixed, transient bool
		keeps            bool // the value stays among the values
		ok               bool
	}{
		{"none", `{"k":1}`, time.Time{}, false, false, false, true},
		{"seconds of inactivity", `{"_session_expiry":300}`, now.Add(300 * time.Second), false, false, true, true},
		{"the browser's closing", `{"_session_expiry":0}`, time.Time{}, false, true, false, true},
		{"a time", `{"_session_expiry":"2023-11-14T23:13:20+00:00"}`, now.Add(time.Hour), true, false, false, true},
		{"a time with a fraction", `{"_session_expiry":"2023-11-14T23:13:20.500000+00:00"}`,
			now.Add(time.Hour + 500*time.Millisecond), true, false, false, true},
		{"a time with another offset", `{"_session_expiry":"2023-11-15T00:13:20+01:00"}`, now.Add(time.Hour), true, false, false, true},
		{"a time without an offset", `{"_session_expiry":"2023-11-14T23:13:20"}`, now.Add(time.Hour), true, false, false, true},
		{"less than nothing", `{"_session_expiry":-1}`, time.Time{}, false, false, false, false},
		{"seconds and a fraction", `{"_session_expiry":1.5}`, now.Add(1500 * time.Millisecond), false, false, true, true},
		{"more than a clock holds", `{"_session_expiry":99999999999}`, time.Time{}, false, false, false, false},
		{"null, as good as none", `{"_session_expiry":null}`, time.Time{}, false, false, true, true},
		{"words", `{"_session_expiry":"soon"}`, time.Time{}, false, false, false, false},
		{"no object", `[1]`, time.Time{}, false, false, false, false},
		{"null in an object's place", `null`, time.Time{}, false, false, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			at(t, djangoNow, func(t *testing.T) {
				d := session.NewDjangoData(newRing(t, testKey), signing.SaltSessions)
				rec, err := d.Decode(sign(t, row.text), signing.Forever)
				if !row.ok {
					if !errors.Is(err, session.ErrNotFound) || errors.Is(err, session.ErrForged) {
						t.Errorf("Decode = %v, want ErrNotFound and no ErrForged", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				_, keeps := values(rec)["_session_expiry"]
				if !rec.Expires.Equal(row.expires) || rec.Fixed != row.fixed || rec.Transient != row.transient || keeps != row.keeps {
					t.Errorf("got %v, fixed %t, transient %t, kept %t, want %v, %t, %t, %t",
						rec.Expires, rec.Fixed, rec.Transient, keeps, row.expires, row.fixed, row.transient, row.keeps)
				}
			})
		})
	}
}

func TestEncodedExpiry(t *testing.T) {
	now := time.Unix(djangoNow, 0).In(time.FixedZone("east", 3600))
	seconds := string(session.AppendPair(nil, "_session_expiry", "300"))
	for _, row := range []struct {
		name    string
		rec     session.Record
		want    string
		expires time.Time
	}{
		{"none", session.Record{}, "", now.Add(day)},
		{"fixed", session.Record{Fixed: true}, `"2023-11-15T22:13:20+00:00"`, now.Add(day)},
		{"transient", session.Record{Transient: true}, "0", now.Add(day)},
		{"seconds of inactivity slide", session.Record{Data: seconds}, "300", now.Add(300 * time.Second)},
		{"null stays", session.Record{Data: string(session.AppendPair(nil, "_session_expiry", "null"))}, "null", now.Add(day)},
		{"fixed overrides them", session.Record{Data: seconds, Fixed: true}, `"2023-11-15T22:13:20+00:00"`, now.Add(day)},
		{"transient overrides them", session.Record{Data: seconds, Transient: true}, "0", now.Add(day)},
	} {
		t.Run(row.name, func(t *testing.T) {
			ring := newRing(t, testKey)
			row.rec.Seen, row.rec.Expires = now, now.Add(day)
			text, err := session.NewDjangoData(ring, signing.SaltSessions).Encode(&row.rec)
			if err != nil {
				t.Fatal(err)
			}
			s, err := signing.NewTimestamp(ring, signing.Options{Salt: signing.SaltSessions})
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]json.RawMessage
			if err := signing.Loads(s, text, signing.Forever, &got); err != nil {
				t.Fatal(err)
			}
			if string(got["_session_expiry"]) != row.want || !row.rec.Expires.Equal(row.expires) {
				t.Errorf("_session_expiry = %s and Expires = %v, want %s and %v",
					got["_session_expiry"], row.rec.Expires, row.want, row.expires)
			}
		})
	}
}

// A value that this package does not understand goes back to Django as it came.
func TestWhatDjangoKeepsComesBackUnchanged(t *testing.T) {
	const text = `{"":"empty key","a b":[1,2.50,1e400,"\ud800","\u00e9"],"big":123456789012345678901234567890,"n":null,"_csrftoken":"x"}`
	d := session.NewDjangoData(newRing(t, testKey), signing.SaltSessions)
	rec, err := d.Decode(sign(t, text), signing.Forever)
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.Encode(&rec)
	if err != nil {
		t.Fatal(err)
	}
	back, err := d.Decode(again, signing.Forever)
	if err != nil || back.Data != rec.Data {
		t.Errorf("got %q, %v, want %q", back.Data, err, rec.Data)
	}
	want := map[string]string{
		"": `"empty key"`, "a b": `[1,2.50,1e400,"\ud800","\u00e9"]`, "big": "123456789012345678901234567890", "n": "null", "_csrftoken": `"x"`,
	}
	if got := values(back); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestALoginAsDjangoKeepsIt(t *testing.T) {
	d := session.NewDjangoData(newRing(t, testKey), signing.SaltSessions)
	for _, row := range []struct{ name, text, user string }{
		{"a user", `{"_auth_user_id":"42"}`, "42"},
		{"nobody", `{}`, ""},
		{"a number, which Django does not write", `{"_auth_user_id":42}`, ""},
		{"null", `{"_auth_user_id":null}`, ""},
	} {
		if rec, err := d.Decode(sign(t, row.text), signing.Forever); err != nil || rec.User != row.user {
			t.Errorf("%s: got %q, %v, want %q", row.name, rec.User, err, row.user)
		}
	}
}

// A row that no key signed is one that somebody has put there: the visitor has no session, and the log says so.
func TestAForgedRowIsLogged(t *testing.T) {
	s := newSite(t, session.Config{Store: &failing{Store: newMemory(t), load: session.ErrForged}})
	s.jar[cookieName] = "abcdefghijklmnopqrstuvwxyz012345"
	res := s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		if s.User() != "" || s.Err() != nil {
			t.Errorf("user %q, %v, want none and no error", s.User(), s.Err())
		}
	})
	if res.StatusCode != http.StatusOK || !strings.Contains(s.logs.String(), "event=django.security.SuspiciousSession") {
		t.Errorf("status %d and the log %q, want 200 and django.security.SuspiciousSession", res.StatusCode, s.logs.String())
	}
}

func FuzzDjangoDecode(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"k":"v"}`, `{"_session_expiry":300}`, `{"_session_expiry":"2023-11-14T23:13:20+00:00"}`, `[1]`, `null`,
		`{"_auth_user_id":"1","":0,"a":{"a":[]}}`, `{"a":1,"a":2}`, `{"\ud800":1}`, "{\"\\u0000\":\"\xff\"}",
	} {
		f.Add(s)
	}
	d := session.NewDjangoData(newRing(f, testKey), signing.SaltSessions)
	f.Fuzz(func(t *testing.T, text string) {
		if rec, err := d.Decode(text, signing.Forever); err == nil {
			t.Fatalf("an unsigned session is accepted: %+v", rec)
		}
		if !json.Valid([]byte(text)) {
			return
		}
		rec, err := d.Decode(sign(t, text), signing.Forever)
		if err != nil {
			if !errors.Is(err, session.ErrNotFound) {
				t.Fatalf("Decode = %v, want ErrNotFound", err)
			}
			return
		}
		seen := map[string]bool{}
		for key, value := range session.Pairs(rec.Data) {
			if seen[key] || !json.Valid([]byte(value)) {
				t.Fatalf("the key %q is there twice, or %q is not JSON", key, value)
			}
			seen[key] = true
		}
		again, err := d.Encode(&rec)
		if err != nil {
			t.Fatalf("Encode: %v", err)
		}
		back, err := d.Decode(again, signing.Forever)
		if err != nil || back.Data != rec.Data || back.User != rec.User || back.Fixed != rec.Fixed || back.Transient != rec.Transient {
			t.Fatalf("the round trip gives %+v, %v, want %+v", back, err, rec)
		}
	})
}
