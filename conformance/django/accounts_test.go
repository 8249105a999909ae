package django_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/conformance/django/oracle"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/secret"
)

// twins are a Django site and one of ours on one database.
type twins struct {
	t     *testing.T
	o     *oracle.Oracle
	keys  signedKeys
	cheap bool // hashes of 1,000 iterations, for tests with many accounts

	app   *airworthy.App
	ring  *keyring.Ring
	mails chan accounts.Message
	serve func(http.ResponseWriter, *http.Request)
}

func newTwins(t *testing.T, o *oracle.Oracle, driver, dsn string, cheap bool) *twins {
	t.Helper()
	w := &twins{t: t, o: o, keys: signedKeys{siteKey, []string{}}, cheap: cheap, mails: make(chan accounts.Message, 10)}
	s := airworthy.Production()
	s.Keyring.Key = secret.New(siteKey)
	s.Hosts.Allowed = []string{"victim.com"}
	s.HTTPS.InsecureHTTP = true
	s.Logs = logs.Config{Output: io.Discard, AccessLog: logs.AccessOff}
	s, err := besideDjango(t.Context(), s, driver, secret.New(dsn))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlstore.Open(t.Context(), driver, secret.New(dsn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	store, err := sqlstore.NewDjangoAccounts(db, driver, sqlstore.DjangoAccountsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Accounts.Store, s.Accounts.Origin = store, "https://victim.com"
	s.Accounts.ResetTimeout = 72 * time.Hour // Django's
	s.Accounts.Mail = func(_ context.Context, m accounts.Message) error {
		w.mails <- m
		return nil
	}
	s.Passwords.Preset = password.Django52
	s.PasswordPolicy.MinLength = 8
	if cheap {
		s.Passwords.InsecureCheap, s.Passwords.PBKDF2.Iterations = true, 1000
		s.Lockout.InsecureOff = true // so many failures come from one address
	}
	w.ring = s.Ring
	w.app, err = airworthy.New(s, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.serve(rw, r) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.app.Close() })
	return w
}

// here sends a request with a session to our site, has f serve it, and returns the session afterwards.
func (w *twins) here(cookie string, f func(http.ResponseWriter, *http.Request) error) (after string, err error) {
	w.t.Helper()
	w.serve = func(rw http.ResponseWriter, r *http.Request) { err = f(rw, r) }
	r := httptest.NewRequest("GET", "http://victim.com/", nil)
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "sessionid", Value: cookie})
	}
	rec := httptest.NewRecorder()
	w.app.ServeHTTP(rec, r)
	if rec.Code != http.StatusOK && err == nil {
		w.t.Errorf("our site answers %d", rec.Code)
	}
	for _, c := range rec.Result().Cookies() {
		if c.Name == "sessionid" {
			cookie = c.Value
		}
	}
	return cookie, err
}

func (w *twins) loginHere(name, word string) (cookie string, err error) {
	return w.here("", func(rw http.ResponseWriter, r *http.Request) error {
		_, err := w.app.Accounts().Login(rw, r, name, word)
		return err
	})
}

// whoHere returns who our site takes the session's owner for.
func (w *twins) whoHere(cookie string) (name, after string) {
	w.t.Helper()
	after, err := w.here(cookie, func(_ http.ResponseWriter, r *http.Request) error {
		u, err := w.app.Accounts().Current(r.Context())
		if u != nil {
			name = u.Username
		}
		return err
	})
	if err != nil {
		w.t.Error(err)
	}
	return name, after
}

type visit struct {
	Answers []struct {
		Status         int
		Location, Body string
	}
	Session string
}

// there sends requests to the Django site: method, path and form in turn.
func (w *twins) there(cookie string, steps ...[]any) visit {
	w.t.Helper()
	var v visit
	err := w.o.Call("account_visit", map[string]any{"settings": w.keys, "cheap": w.cheap, "session": cookie, "steps": steps}, &v)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *twins) loginThere(name, word string) (cookie string, in bool) {
	w.t.Helper()
	v := w.there("", []any{"post", "/login/", map[string]string{"username": name, "password": word}})
	return v.Session, v.Answers[0].Status == 302
}

func (w *twins) whoThere(cookie string) (name, after string) {
	w.t.Helper()
	v := w.there(cookie, []any{"get", "/whoami/", map[string]string{}})
	return v.Answers[0].Body, v.Session
}

func (w *twins) create(name, word string, fields map[string]any) string {
	w.t.Helper()
	if fields == nil {
		fields = map[string]any{}
	}
	fields["username"] = name
	var pk string
	if err := w.o.Call("account_create", map[string]any{"settings": w.keys, "cheap": w.cheap, "fields": fields, "password": word}, &pk); err != nil {
		w.t.Fatal(err)
	}
	return pk
}

// both wants a session to be name's on both sites, or nobody's.
func (w *twins) both(what, cookie, name string) {
	w.t.Helper()
	if got, _ := w.whoThere(cookie); got != name {
		w.t.Errorf("%s: Django takes it for %q's, want %q", what, got, name)
	}
	if got, _ := w.whoHere(cookie); got != name {
		w.t.Errorf("%s: we take it for %q's, want %q", what, got, name)
	}
}

const goodWord = "seven wild geese at noon"

// onBoth runs f on SQLite and on PostgreSQL.
func onBoth(t *testing.T, cheap bool, f func(t *testing.T, w *twins)) {
	t.Run("SQLite", func(t *testing.T) {
		o := oracle.ForTest(t)
		file := filepath.Join(t.TempDir(), "db.sqlite3")
		database(t, o, sqlstore.SQLite, "file:"+file, map[string]any{"ENGINE": "django.db.backends.sqlite3", "NAME": file})
		f(t, newTwins(t, o, sqlstore.SQLite, "file:"+file, cheap))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		o := oracle.ForTest(t)
		dsn, djangos := postgres(t)
		database(t, o, sqlstore.Postgres, dsn, djangos)
		f(t, newTwins(t, o, sqlstore.Postgres, dsn, cheap))
	})
}

// TestALoginIsOneOnBothSites with Django's own hashes of a million iterations.
func TestALoginIsOneOnBothSites(t *testing.T) {
	onBoth(t, false, func(t *testing.T, w *twins) {
		w.create("alice", goodWord, map[string]any{"email": "alice@victim.com"})
		theirs, in := w.loginThere("alice", goodWord)
		if !in {
			t.Fatal("Django refuses its own user")
		}
		w.both("a login on Django", theirs, "alice")
		ours, err := w.loginHere("alice", goodWord)
		if err != nil {
			t.Fatal(err)
		}
		w.both("a login here", ours, "alice")
		w.both("the login on Django, after one here", theirs, "alice") // no upgrade has changed the hash

		// A logout on either ends it on the other.
		if _, err := w.here(ours, func(_ http.ResponseWriter, r *http.Request) error { return w.app.Accounts().Logout(r) }); err != nil {
			t.Error(err)
		}
		w.both("after the logout here", ours, "")
		w.there(theirs, []any{"post", "/logout/", map[string]string{}})
		w.both("after the logout there", theirs, "")
	})
}

// TestAChangeOfPasswordEndsTheOthers on both sites, and the session that made it goes on on both.
func TestAChangeOfPasswordEndsTheOthers(t *testing.T) {
	onBoth(t, true, func(t *testing.T, w *twins) {
		w.create("alice", goodWord, map[string]any{"email": "alice@victim.com"})
		for _, side := range []string{"here", "there"} {
			word, next := goodWord, "another good password"
			if side == "there" {
				word, next = next, "a third good password"
			}
			theirs, _ := w.loginThere("alice", word)
			ours, err := w.loginHere("alice", word)
			if err != nil {
				t.Fatal(err)
			}
			third, err := w.loginHere("alice", word)
			if err != nil {
				t.Fatal(err)
			}
			changed := third
			if side == "here" {
				changed, err = w.here(third, func(_ http.ResponseWriter, r *http.Request) error {
					return w.app.Accounts().ChangePassword(r, word, next)
				})
				if err != nil {
					t.Fatal(err)
				}
			} else {
				v := w.there(third, []any{"post", "/password/", map[string]string{
					"old_password": word, "new_password1": next, "new_password2": next}})
				if v.Answers[0].Status != 302 {
					t.Fatalf("Django refuses the change: %s", v.Answers[0].Body)
				}
				changed = v.Session
			}
			w.both("the session that made the change "+side, changed, "alice")
			w.both("a session of Django's, after a change "+side, theirs, "")
			w.both("a session of ours, after a change "+side, ours, "")
			if changed == third {
				t.Errorf("a change %s leaves the session its id", side)
			}
		}
	})
}

// TestAChangeOfAddressEndsTheOthers on Django too, whose own site would not do that.
func TestAChangeOfAddressEndsTheOthers(t *testing.T) {
	onBoth(t, true, func(t *testing.T, w *twins) {
		w.create("alice", goodWord, map[string]any{"email": "alice@victim.com"})
		theirs, _ := w.loginThere("alice", goodWord)
		ours, err := w.loginHere("alice", goodWord)
		if err != nil {
			t.Fatal(err)
		}
		after, err := w.here(ours, func(_ http.ResponseWriter, r *http.Request) error {
			return w.app.Accounts().ChangeEmail(r, goodWord, "Alice@Victim.COM")
		})
		if err != nil {
			t.Fatal(err)
		}
		w.both("the session that changed the address", after, "alice")
		w.both("a session of Django's", theirs, "")
		var row struct{ Email string }
		if err := w.o.Call("account_row", map[string]any{"username": "alice"}, &row); err != nil || row.Email != "Alice@victim.com" {
			t.Errorf("Django reads the address %q, %v", row.Email, err)
		}
	})
}

// TestAKeyIsRotatedOnBoth: sessions go on as long as the former key is a fallback.
func TestAKeyIsRotatedOnBoth(t *testing.T) {
	onBoth(t, true, func(t *testing.T, w *twins) {
		w.create("alice", goodWord, nil)
		theirs, _ := w.loginThere("alice", goodWord)
		ours, err := w.loginHere("alice", goodWord)
		if err != nil {
			t.Fatal(err)
		}
		const next = "the-next-key-0123456789-abcdefghijklmnopqrstuvwxyz-XYZ"
		w.keys = signedKeys{next, []string{siteKey}}
		if err := w.ring.Swap(keyring.Config{Key: secret.New(next), Fallbacks: []secret.Text{secret.New(siteKey)}}); err != nil {
			t.Fatal(err)
		}
		name, cycled := w.whoHere(theirs)
		if name != "alice" || cycled == theirs {
			t.Errorf("a session of Django's under the former key is %q's here, under its old id: %v", name, cycled == theirs)
		}
		if name, cycled = w.whoThere(ours); name != "alice" || cycled == ours {
			t.Errorf("a session of ours under the former key is %q's there, under its old id: %v", name, cycled == ours)
		}
		_, mine := w.whoHere(cycled)
		w.keys = signedKeys{next, []string{}}
		if err := w.ring.Swap(keyring.Config{Key: secret.New(next)}); err != nil {
			t.Fatal(err)
		}
		w.both("a session that has moved to the new key", mine, "alice")
	})
}

// TestManyAccounts logs generated users in on both sites: names and passwords of all scripts, made on either.
func TestManyAccounts(t *testing.T) {
	onBoth(t, true, func(t *testing.T, w *twins) {
		r := oracle.Rand(t)
		users := 0
		for i := range 40 {
			name := fmt.Sprintf("%s%d", oracle.Pick(r, []string{"alice", "Bob.B", "ö-zgür", "李", "a@b.c", "x+y_z", "Ω"}), i)
			word := randomWord(r)
			active := r.IntN(6) > 0
			if r.IntN(2) == 0 {
				w.create(name, word, map[string]any{"is_active": active})
			} else {
				u, err := w.app.Accounts().Create(t.Context(), accounts.User{Username: name, Email: "u@victim.com", Active: active}, word)
				var invalid *accounts.InvalidError
				if errors.As(err, &invalid) {
					continue // a password that may not be chosen
				}
				if err != nil {
					t.Fatal(err)
				}
				var row map[string]any
				if err := w.o.Call("account_row", map[string]any{"username": name}, &row); err != nil {
					t.Fatal(err)
				}
				if fmt.Sprint(row["id"]) != u.ID || row["is_active"] != active || row["is_staff"] != false || row["is_superuser"] != false ||
					row["email"] != "u@victim.com" || row["last_login"] != nil || row["first_name"] != "" {
					t.Errorf("Django reads the user %s as %v", u.ID, row)
				}
			}
			users++
			for _, guess := range []string{word, word + " ", strings.ToUpper(word) + "x"} {
				_, in := w.loginThere(name, guess)
				cookie, err := w.loginHere(name, guess)
				if err != nil && !errors.Is(err, accounts.ErrRefused) {
					t.Fatal(err)
				}
				if in != (err == nil) || in != (guess == word && active) {
					t.Errorf("%+q with %+q, active %v: Django lets in %v, we %v", name, guess, active, in, err == nil)
				}
				if in {
					w.both("a login of "+name, cookie, name)
				}
			}
		}
		if users < 20 {
			t.Errorf("%d users, want 20 at least", users)
		}
	})
}

func randomWord(r *rand.Rand) string {
	words := []string{"geese", " ", "  noon", "ñandú", "ﬁ", "é", "e\u0301", "日本", "🐢", "\u00a0", "İ", "ß", "$", "!", "0", "Z"}
	var b strings.Builder
	for b.Len() < 12 || r.IntN(3) > 0 {
		b.WriteString(oracle.Pick(r, words))
	}
	return b.String()
}

// TestResetLinks are good on both sites, whichever made them, and once.
func TestResetLinks(t *testing.T) {
	onBoth(t, true, func(t *testing.T, w *twins) {
		pk := w.create("alice", goodWord, map[string]any{"email": "alice@victim.com"})
		form := func(word string) map[string]string {
			return map[string]string{"new_password1": word, "new_password2": word}
		}

		// Ours, opened on Django.
		w.here("", func(_ http.ResponseWriter, r *http.Request) error {
			r.Host = "evil.com"
			return w.app.Accounts().RequestReset(r, "ALICE@victim.com")
		})
		var m accounts.Message
		select {
		case m = <-w.mails:
		case <-time.After(30 * time.Second):
			t.Fatal("no mail came")
		}
		_, rest, ok := strings.Cut(m.Text, "https://victim.com")
		link, _, _ := strings.Cut(rest, "\n")
		if !ok || m.To != "alice@victim.com" {
			t.Fatalf("the mail to %s is %q", m.To, m.Text)
		}
		v := w.there("", []any{"get", link, map[string]string{}})
		if v.Answers[0].Status != 302 {
			t.Fatalf("Django answers our link with %d %s", v.Answers[0].Status, v.Answers[0].Body)
		}
		v = w.there(v.Session, []any{"post", v.Answers[0].Location, form("another good password")})
		if v.Answers[0].Status != 302 {
			t.Fatalf("Django refuses the form behind our link: %s", v.Answers[0].Body)
		}
		if v = w.there("", []any{"get", link, map[string]string{}}); !strings.HasPrefix(v.Answers[0].Body, "invalid") {
			t.Errorf("our link is good on Django twice: %s", v.Answers[0].Body)
		}
		if _, err := w.loginHere("alice", "another good password"); err != nil {
			t.Errorf("the password that was set on Django: %v", err)
		}

		// Theirs, opened here.
		var bodies []string
		if err := w.o.Call("account_mails", map[string]any{"settings": w.keys, "cheap": true, "email": "alice@victim.com"}, &bodies); err != nil || len(bodies) != 1 {
			t.Fatalf("%d mails of Django's: %v", len(bodies), err)
		}
		parts := strings.Split(strings.TrimSpace(bodies[0]), "/")
		id, token := parts[len(parts)-3], parts[len(parts)-2]
		reset := func() error {
			_, err := w.here("", func(rw http.ResponseWriter, r *http.Request) error {
				return w.app.Accounts().ResetPassword(rw, r, id, token, "a third good password")
			})
			return err
		}
		if err := reset(); err != nil {
			t.Fatalf("a link of Django's: %v", err)
		}
		if err := reset(); !errors.Is(err, accounts.ErrLink) {
			t.Errorf("a link of Django's, again: %v", err)
		}
		if _, in := w.loginThere("alice", "a third good password"); !in {
			t.Error("Django refuses the password that was set here")
		}
		w.tokens(pk)
	})
}

// tokens compares verdicts on tokens of many ages and states of the user.
func (w *twins) tokens(pk string) {
	t := w.t
	t.Helper()
	valid := func(token string) (there bool) {
		if err := w.o.Call("account_token_valid", map[string]any{"settings": w.keys, "pk": pk, "token": token}, &there); err != nil {
			t.Fatal(err)
		}
		return there
	}
	n := 0
	for _, state := range []map[string]any{
		{}, {"last_login": nil}, {"last_login": "2024-01-02T03:04:05.678901+00:00"}, {"last_login": "2024-01-02T03:04:05+05:30"},
		{"email": ""}, {"email": "ÄÖ@victim.com"}, {"password": "!unusable"},
	} {
		if err := w.o.Call("account_change", map[string]any{"pk": pk, "fields": state}, new(any)); err != nil {
			t.Fatal(err)
		}
		for _, age := range []int{0, 1, 3600, 259190, 259210, 10000000} {
			var parts [2]string
			if err := w.o.Call("account_token", map[string]any{"settings": w.keys, "pk": pk, "at": age}, &parts); err != nil {
				t.Fatal(err)
			}
			for _, token := range []string{parts[1], parts[1] + "0", parts[1][1:], strings.ToUpper(parts[1]), strings.Replace(parts[1], "-", "--", 1)} {
				_, err := w.app.Accounts().CheckReset(t.Context(), parts[0], token)
				want := valid(token) && state["password"] == nil // with which Django sends no mail, and we take no link
				if (err == nil) != want {
					t.Errorf("a token that is %ds old, %q, of a user with %v: Django says %v, we %v", age, token, state, want, err)
				}
				n++
			}
		}
	}
	if n < 200 {
		t.Errorf("%d tokens, want 200", n)
	}
}
