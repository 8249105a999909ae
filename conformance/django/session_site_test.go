package django_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/conformance/django/oracle"
	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/session"
)

// sessionSite is a site that both serve.
type sessionSite struct {
	t      *testing.T
	o      *oracle.Oracle
	engine string // db or signed_cookies
	store  func(signedKeys) session.Store
}

// sessionCase is one session that is there and how it is to be read.
type sessionCase struct {
	site   sessionSite
	keys   signedKeys // of who reads
	cookie string     // the session's key
	ago    float64    // seconds since it was saved

	again func(signedKeys) sessionCase // makes another such session
}

func (c sessionCase) describe() string {
	return fmt.Sprintf("%s, cookie %.200s, keys %+q, saved %vs ago", c.site.engine, c.cookie, c.keys, c.ago)
}

const sessionAge = 14 * 24 * time.Hour

// serve gives a handler the session that the cookie names and returns the cookie that it answers with.
func (s sessionSite) serve(keys signedKeys, cookie string, f func(*session.Session) error) string {
	s.t.Helper()
	m, err := session.New(session.Config{
		Store: s.store(keys), Age: sessionAge, Cookies: cookies.Config{InsecurePlainNames: true}, Logger: silent,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	if cookie != "" {
		r.Header.Set("Cookie", "sessionid="+cookie)
	}
	w := httptest.NewRecorder()
	m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := f(session.From(r.Context())); err != nil {
			s.t.Error(err)
		}
	})).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		s.t.Errorf("status %d: %s", w.Code, w.Body)
	}
	set, _, _ := strings.Cut(strings.TrimPrefix(w.Header().Get("Set-Cookie"), "sessionid="), ";")
	return set
}

// verdict is what there is in a session: its values, when it ends to a thousand seconds, and whether the browser's
// closing ends it. A session that was made by a clock that is behind says nothing of its end.
func (c sessionCase) verdict(values map[string]json.RawMessage, age float64, closes bool) string {
	if len(values) == 0 {
		return "empty"
	}
	text, err := json.Marshal(values)
	if err != nil {
		c.site.t.Fatal(err)
	}
	end := fmt.Sprintf("ends in %.0f000s", age/1000)
	if c.ago > 0 || c.site.engine != "db" {
		end = "ends"
	}
	return fmt.Sprintf("ok: %s, %s, with the browser %t", canonical(string(text)), end, closes)
}

// ours returns what we read.
func (c sessionCase) ours() (verdict string) {
	values := map[string]json.RawMessage{}
	var end time.Time
	c.site.serve(c.keys, c.cookie, func(s *session.Session) error {
		for _, key := range s.Keys() {
			var raw json.RawMessage
			if _, err := s.Decode(key, &raw); err != nil {
				return err
			}
			if key != "_session_expiry" {
				values[key] = raw
			}
		}
		if user := s.User(); user != "" {
			values["_auth_user_id"] = json.RawMessage(fmt.Sprintf("%q", user))
		}
		end = s.Expires()
		return s.Err()
	})
	rec, _ := c.site.store(c.keys).Load(c.site.t.Context(), c.cookie)
	return c.verdict(values, time.Until(end).Seconds(), rec.Transient)
}

// djangos returns what Django reads.
func (c sessionCase) djangos() string {
	var answer struct {
		Values string
		Age    float64
		Closes bool
	}
	args := map[string]any{"settings": c.keys, "engine": c.site.engine, "key": c.cookie}
	if err := c.site.o.Call("session_load", args, &answer); err != nil {
		c.site.t.Fatalf("%v\n%s", err, c.describe())
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(answer.Values), &values); err != nil {
		return "ok: " + answer.Values // Python's JSON is wider
	}
	return c.verdict(values, answer.Age, answer.Closes)
}

func (c sessionCase) verdicts() (ours, django string) { return c.ours(), c.djangos() }

// change calls an op for its effect.
func (s sessionSite) change(op string, args map[string]any) (key string) {
	s.t.Helper()
	if err := s.o.Call(op, args, &key); err != nil {
		s.t.Fatalf("%s: %v", op, err)
	}
	return key
}

// djangoSaves has Django save values, in a new session if there is no cookie.
func (s sessionSite) djangoSaves(keys signedKeys, cookie, values string, expiry any, ago float64) string {
	s.t.Helper()
	return s.change("session_save", map[string]any{
		"settings": keys, "engine": s.engine, "key": cookie, "values": values, "expiry": expiry, "ago": ago})
}

// weSave has a handler of ours save values, and perhaps a user and an expiry.
func (s sessionSite) weSave(keys signedKeys, cookie string, values map[string]any, user string, expiry time.Duration) string {
	s.t.Helper()
	return s.serve(keys, cookie, func(s *session.Session) error {
		if user != "" {
			if err := s.SetUser(user); err != nil {
				return err
			}
		}
		for key, value := range values {
			if err := s.Set(key, value); err != nil {
				return err
			}
		}
		if expiry >= 0 {
			return s.SetExpiry(expiry)
		}
		return nil
	})
}

func randomSession(r *rand.Rand) map[string]any {
	values := randomObject(r, 2)
	values["k"] = r.Int64()
	if r.IntN(3) == 0 {
		values["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
		values["_auth_user_hash"] = strings.Repeat("0123456789abcdef", 4)
	}
	return values
}

// randomExpiry returns an argument for Django's set_expiry, and the same for ours.
func randomExpiry(r *rand.Rand) (djangos any, ours time.Duration) {
	n := 1000 * (2 + r.IntN(1000))
	switch r.IntN(6) {
	case 0:
		return []any{"seconds", n}, time.Duration(n) * time.Second
	case 1:
		return []any{"after", n}, time.Duration(n) * time.Second
	case 2:
		return []any{"at", n}, time.Duration(n) * time.Second
	case 3:
		return []any{"seconds", 0}, 0
	case 4:
		return []any{"seconds", float64(n) + 0.5}, -1
	}
	return nil, -1
}

// make has one of the two save a session and returns what it has to hold.
func (s sessionSite) make(r *rand.Rand, keys signedKeys, byDjango bool) (cookie string, values map[string]any) {
	s.t.Helper()
	values = randomSession(r)
	user := ""
	if r.IntN(2) == 0 {
		user = fmt.Sprint(r.IntN(100000))
	}
	djangos, ours := randomExpiry(r)
	if !byDjango { // who takes fewer names for values
		maps.DeleteFunc(values, func(key string, _ any) bool { return key == "" || len(key) > 255 || strings.Contains(key, "\x00") })
		cookie = s.weSave(keys, "", values, user, ours)
	}
	if user != "" {
		values["_auth_user_id"] = user
	}
	if byDjango {
		cookie = s.djangoSaves(keys, "", jsonText(s.t, values), djangos, 0)
	}
	return cookie, values
}

// rounds has sessions made, read, changed and ended by both.
func (s sessionSite) rounds(r *rand.Rand, l *ledger[sessionCase], n int) {
	s.t.Helper()
	for i := range n {
		old := signedKeys{randomKey(r), []string{}}
		now := signedKeys{randomKey(r), []string{old.Key}}
		cookie, values := s.make(r, old, i%2 == 0)
		c := sessionCase{site: s, keys: oracle.Pick(r, []signedKeys{old, now}), cookie: cookie}
		s.holds(c, values)
		l.compare(c)

		more := map[string]any{"k": r.Int64(), "added": randomValue(r, 1)}
		if i%4 < 2 { // the other one, half the time
			c.cookie = s.djangoSaves(c.keys, c.cookie, jsonText(s.t, more), nil, 0)
		} else if set := s.weSave(c.keys, c.cookie, more, "", -1); set != "" {
			c.cookie = set
		}
		values["k"], values["added"] = more["k"], more["added"]
		s.holds(c, values)
		l.compare(c)

		l.compare(s.damaged(r, c))
		if r.IntN(5) == 0 {
			l.compare(oracle.Pick(r, l.differences).example.again(c.keys))
		}
		if s.engine == "db" {
			s.end(r, c)
		}
	}
}

// holds wants both to read the values.
func (s sessionSite) holds(c sessionCase, values map[string]any) {
	s.t.Helper()
	want := "ok: " + canonical(jsonText(s.t, values)) + ", "
	if ours, django := c.verdicts(); !strings.HasPrefix(ours, want) || !strings.HasPrefix(django, want) {
		s.t.Fatalf("we read   %+q\nDjango    %+q\nit holds  %+q\n%s", ours, django, want, c.describe())
	}
}

// damaged returns c where something is wrong: its text, its keys, its time, its name.
func (s sessionSite) damaged(r *rand.Rand, c sessionCase) sessionCase {
	s.t.Helper()
	other := signedKeys{randomKey(r), []string{}}
	if s.engine != "db" {
		switch r.IntN(3) {
		case 0:
			c.keys = other
		case 1:
			c.cookie = strings.Trim(base64ish(spoil(r, c.cookie)), " ")
		case 2:
			c.ago = float64(1000 * (1000 + r.IntN(400)))
			c.cookie = s.djangoSaves(c.keys, "", `{"k":1}`, nil, c.ago)
		}
		return c
	}
	data := s.change("session_change", map[string]any{"key": c.cookie})
	switch r.IntN(6) {
	case 0:
		c.keys = other
	case 1:
		s.change("session_change", map[string]any{"key": c.cookie, "data": strings.ReplaceAll(spoil(r, data), "\x00", "")})
	case 2:
		s.change("session_change", map[string]any{"key": c.cookie, "expires_in": oracle.Pick(r, []int{-100000, -3, 100, 5000})})
	case 3: // of the other backend
		cookies := s
		cookies.engine = "signed_cookies"
		s.change("session_change", map[string]any{"key": c.cookie, "data": cookies.djangoSaves(c.keys, "", `{"k":1}`, nil, 0)})
	case 4: // of another session
		cookie, _ := s.make(r, c.keys, true)
		s.change("session_change", map[string]any{"key": c.cookie, "data": s.change("session_change", map[string]any{"key": cookie})})
	case 5:
		c.cookie = oracle.Pick(r, []string{c.cookie[1:], c.cookie + "a", strings.ToUpper(c.cookie), "short", strings.Repeat("a", 32), "a%20b'--"})
	}
	return c
}

// end has one of the two end the session and the other look for it.
func (s sessionSite) end(r *rand.Rand, c sessionCase) {
	s.t.Helper()
	cookie, _ := s.make(r, c.keys, r.IntN(2) == 0)
	c.cookie = cookie
	if r.IntN(2) == 0 {
		var none any
		if err := s.o.Call("session_delete", map[string]any{"settings": c.keys, "engine": s.engine, "key": cookie}, &none); err != nil {
			s.t.Fatal(err)
		}
	} else {
		s.serve(c.keys, cookie, func(s *session.Session) error { return s.Destroy() })
	}
	if ours, django := c.verdicts(); ours != "empty" || django != "empty" {
		s.t.Errorf("a session that was ended holds %q to us and %q to Django", ours, django)
	}
	var exists bool
	if err := s.o.Call("session_exists", map[string]any{"key": cookie}, &exists); err != nil || exists {
		s.t.Errorf("the row of a session that was ended: %t, %v", exists, err)
	}
}
