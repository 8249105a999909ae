package sqlstore_test

import (
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/session"
)

// The keys of the known answers, which Django 5.2.19 gave.
const (
	djangoKey      = "airworthy-test-secret-key-0123456789-abcdefghijklmnop-XYZ"
	djangoFallback = "old-airworthy-secret-key-9876543210-zyxwvutsrqponmlk"

	djangoLoggedIn = ".eJyrVopPLC3JiC8tTi2Kz0xRslIyVNJBFktKTM5OzQNJpGQl5qXn6yXn55UUZSbpgZToQWWL9XzzU1JznKBqUQzISCzOAOo2oBAo1QIAIvYyTQ:1r31eq:L-5Tz5Js1VugxNZW4fK1iKOuGbMvtsdnvzBcwFSa3xQ"
)

// djangoTables are what Django's migrations make.
var djangoTables = map[string]string{
	sqlstore.SQLite: `CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY,
		"session_data" text NOT NULL, "expire_date" datetime NOT NULL)`,
	sqlstore.Postgres: `CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY,
		"session_data" text NOT NULL, "expire_date" timestamp with time zone NOT NULL)`,
}

func newDjango(t *testing.T, db *sql.DB, driver string) *sqlstore.Django {
	t.Helper()
	exec(t, db, djangoTables[driver])
	s, err := sqlstore.NewDjango(db, driver, newRing(t, djangoKey), sqlstore.DjangoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// insert puts a row into Django's table as Django does; the text of expires is SQLite's.
func insert(t *testing.T, db *sql.DB, driver, key, data, expires string) {
	t.Helper()
	statement := `INSERT INTO django_session VALUES (?, ?, ?)`
	if driver == sqlstore.Postgres {
		statement, expires = `INSERT INTO django_session VALUES ($1, $2, $3)`, expires+"+00"
	}
	exec(t, db, statement, key, data, expires)
}

func TestDjangosRowsAreRead(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		for _, row := range []struct {
			name, data, expires, user, key, want string
			err                                  error
		}{
			{"one value", "eyJrIjoidiJ9:1r31eq:rzBGQ75SQLRz4DtuXhFtsxU2UVzGzXZjzbR-bgxA1zE",
				"2999-01-02 03:04:05", "", "k", `"v"`, nil},
			{"a date with a fraction", "eyJrIjoidiJ9:1r31eq:rzBGQ75SQLRz4DtuXhFtsxU2UVzGzXZjzbR-bgxA1zE",
				"2999-01-02 03:04:05.123456", "", "k", `"v"`, nil},
			{"no values", "e30:1r31eq:r5AOKj6scMMvHz3BxT-5wZ5TD_9DEN5MyrILLn9bP4c",
				"2999-01-02 03:04:05", "", "k", "", nil},
			{"a user, compressed", djangoLoggedIn, "2999-01-02 03:04:05", "1",
				"_auth_user_backend", `"django.contrib.auth.backends.ModelBackend"`, nil},
			{"expired", djangoLoggedIn, "2020-01-02 03:04:05", "", "", "", session.ErrNotFound},
			{"a session of the cookie backend", "eyJrIjoidiJ9:1r31eq:YzFW0UtX9r05Ft2LJoI-OfO9v_eQRTZ8fSrOh-I0-U8",
				"2999-01-02 03:04:05", "", "", "", session.ErrForged},
			{"changed data", "eyJrIjoidyJ9:1r31eq:rzBGQ75SQLRz4DtuXhFtsxU2UVzGzXZjzbR-bgxA1zE",
				"2999-01-02 03:04:05", "", "", "", session.ErrForged},
			{"nothing", "", "2999-01-02 03:04:05", "", "", "", session.ErrForged},
		} {
			t.Run(row.name, func(t *testing.T) {
				db := open(t)
				s := newDjango(t, db, driver)
				insert(t, db, driver, "abcdefghijklmnopqrstuvwxyz012345", row.data, row.expires)
				got, err := s.Load(t.Context(), "abcdefghijklmnopqrstuvwxyz012345")
				if !errors.Is(err, row.err) || (err == nil) != (row.err == nil) {
					t.Fatalf("Load = %v, want %v", err, row.err)
				}
				if err != nil {
					return
				}
				value := ""
				for k, v := range session.Pairs(got.Data) {
					if k == row.key {
						value = v
					}
				}
				if got.User != row.user || value != row.want {
					t.Errorf("got the user %q and %s = %s, want %q and %s", got.User, row.key, value, row.user, row.want)
				}
				if want := time.Date(2999, 1, 2, 3, 4, 5, 0, time.UTC); !got.Expires.Truncate(time.Second).Equal(want) {
					t.Errorf("Expires = %v, want %v", got.Expires, want)
				}
			})
		}
	})
}

// What Django reads: a key of 32 lower-case letters and digits, and on SQLite a date that compares as text.
func TestRowsAreAsDjangoWritesThem(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		s := newDjango(t, db, driver)
		west := time.FixedZone("west", -8*3600)
		token, err := s.Save(t.Context(), "", &session.Record{Expires: time.Date(2999, 1, 2, 23, 4, 5, 678, west)})
		if err != nil {
			t.Fatal(err)
		}
		var key, data, date string
		query := `SELECT session_key, session_data, CAST(expire_date AS text) FROM django_session`
		if driver == sqlstore.Postgres {
			query = `SELECT session_key, session_data, CAST(expire_date AT TIME ZONE 'UTC' AS text) FROM django_session`
		}
		if err := db.QueryRowContext(t.Context(), query).Scan(&key, &data, &date); err != nil {
			t.Fatal(err)
		}
		if key != token || !regexp.MustCompile(`^[a-z0-9]{32}$`).MatchString(key) {
			t.Errorf("session_key of %d characters, want 32 lower-case letters and digits", len(key))
		}
		if date != "2999-01-03 07:04:05" {
			t.Errorf("expire_date = %q, want %q", date, "2999-01-03 07:04:05")
		}
		if !regexp.MustCompile(`^e30:[0-9A-Za-z]{6}:[-_0-9A-Za-z]{43}$`).MatchString(data) { // {} in base64
			t.Errorf("session_data = %q, want Django's signed form of {}", data)
		}
	})
}

func TestARowUnderAFormerKeyIsReadAndStoredAnew(t *testing.T) {
	db := openSQLite(t)
	newDjango(t, db, sqlstore.SQLite)
	old, err := sqlstore.NewDjango(db, sqlstore.SQLite, newRing(t, djangoFallback), sqlstore.DjangoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := sqlstore.NewDjango(db, sqlstore.SQLite, newRing(t, djangoKey, djangoFallback), sqlstore.DjangoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	token, err := old.Save(t.Context(), "", &session.Record{User: "1", Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := rotated.Load(t.Context(), token)
	if err != nil || rec.User != "1" || !rec.Resave {
		t.Fatalf("got %+v, %v, want the user 1 and Resave", rec, err)
	}
	if _, err := rotated.Save(t.Context(), token, &rec); err != nil {
		t.Fatal(err)
	}
	if rec, err := rotated.Load(t.Context(), token); err != nil || rec.Resave {
		t.Errorf("after it was stored again: Resave = %t, %v, want false", rec.Resave, err)
	}
}

func TestTablesAndSaltsOfOnesOwn(t *testing.T) {
	db := openSQLite(t)
	exec(t, db, strings.Replace(djangoTables[sqlstore.SQLite], "django_session", "my_session", 1))
	own, err := sqlstore.NewDjango(db, sqlstore.SQLite, newRing(t, djangoKey),
		sqlstore.DjangoOptions{Table: "my_session", Salt: "django.contrib.sessions.MyStore"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := sqlstore.NewDjango(db, sqlstore.SQLite, newRing(t, djangoKey), sqlstore.DjangoOptions{Table: "my_session"})
	if err != nil {
		t.Fatal(err)
	}
	token, err := own.Save(t.Context(), "", &session.Record{User: "1", Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if rec, err := own.Load(t.Context(), token); err != nil || rec.User != "1" {
		t.Errorf("Load = %+v, %v, want the user 1", rec, err)
	}
	if _, err := other.Load(t.Context(), token); !errors.Is(err, session.ErrForged) {
		t.Errorf("Load with another salt = %v, want ErrForged", err)
	}
	for _, table := range []string{"a b", "a;drop table b", `a"b`, "1a", "a.b"} {
		if _, err := sqlstore.NewDjango(db, sqlstore.SQLite, newRing(t, djangoKey), sqlstore.DjangoOptions{Table: table}); err == nil {
			t.Errorf("the table name %q is accepted", table)
		}
	}
}

// Who is logged in on the Django site is logged in here, under the same cookie, and a logout here is one there.
func TestALoginIsShared(t *testing.T) {
	db := openSQLite(t)
	store := newDjango(t, db, sqlstore.SQLite)
	const key = "abcdefghijklmnopqrstuvwxyz012345"
	insert(t, db, sqlstore.SQLite, key, djangoLoggedIn, "2999-01-02 03:04:05")
	m, err := session.New(session.Config{Store: store, Cookies: cookies.Config{InsecurePlainNames: true}})
	if err != nil {
		t.Fatal(err)
	}
	visit := func(f func(*session.Session)) *http.Response {
		r := httptest.NewRequest("GET", "https://example.com/", nil)
		r.AddCookie(&http.Cookie{Name: "sessionid", Value: key})
		w := httptest.NewRecorder()
		m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f(session.From(r.Context())) })).ServeHTTP(w, r)
		return w.Result()
	}
	res := visit(func(s *session.Session) {
		if got, want := s.String("_auth_user_backend"), "django.contrib.auth.backends.ModelBackend"; s.User() != "1" || got != want {
			t.Errorf("user %q by %q, want %q by %q", s.User(), got, "1", want)
		}
	})
	if len(res.Cookies()) != 0 {
		t.Error("reading a session of Django's sets a cookie")
	}
	res = visit(func(s *session.Session) {
		if err := s.Destroy(); err != nil {
			t.Error(err)
		}
	})
	if c := res.Cookies(); len(c) != 1 || c[0].Name != "sessionid" || c[0].MaxAge >= 0 {
		t.Errorf("Set-Cookie = %q, want one that deletes sessionid", res.Header["Set-Cookie"])
	}
	var rows int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM django_session").Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows, %v, want none", rows, err)
	}
}

func TestADateThatDjangoDoesNotWriteIsAnError(t *testing.T) {
	db := openSQLite(t)
	store := newDjango(t, db, sqlstore.SQLite)
	insert(t, db, sqlstore.SQLite, "abcdefghijklmnopqrstuvwxyz012345", djangoLoggedIn, "next year")
	if _, err := store.Load(t.Context(), "abcdefghijklmnopqrstuvwxyz012345"); err == nil || errors.Is(err, session.ErrNotFound) {
		t.Errorf("Load = %v, want an error that says so", err)
	}
}
