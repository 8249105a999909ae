package django_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/conformance/django/oracle"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// database returns a site on a database that Django has migrated.
func database(t *testing.T, o *oracle.Oracle, driver, dsn string, djangos map[string]any) (sessionSite, *sql.DB) {
	t.Helper()
	var vendor string
	if err := o.Call("session_database", map[string]any{"database": djangos}, &vendor); err != nil {
		t.Fatal(err)
	}
	t.Logf("on %s", vendor)
	db, err := sqlstore.Open(t.Context(), driver, secret.New(dsn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return sessionSite{t: t, o: o, engine: "db", store: func(keys signedKeys) session.Store {
		store, err := sqlstore.NewDjango(db, driver, newRing(keys.Key, keys.Fallbacks...), sqlstore.DjangoOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}}, db
}

func cookieSite(t *testing.T, o *oracle.Oracle) sessionSite {
	return sessionSite{t: t, o: o, engine: "signed_cookies", store: func(keys signedKeys) session.Store {
		return session.NewDjangoCookie(newRing(keys.Key, keys.Fallbacks...))
	}}
}

func TestSQLiteSessionsAgree(t *testing.T) {
	o := oracle.ForTest(t)
	file := filepath.Join(t.TempDir(), "db.sqlite3")
	s, db := database(t, o, sqlstore.SQLite, "file:"+file+"?_pragma=synchronous(OFF)", map[string]any{
		"ENGINE": "django.db.backends.sqlite3", "NAME": file, "OPTIONS": map[string]any{"init_command": "PRAGMA synchronous=OFF"}})
	s.agree(t, db)
}

func TestPostgreSQLSessionsAgree(t *testing.T) {
	o := oracle.ForTest(t)
	dsn, djangos := postgres(t)
	s, db := database(t, o, sqlstore.Postgres, dsn, djangos)
	s.agree(t, db)
}

// postgres makes a database of the test's own and returns its DSN, and what Django's DATABASES say of it.
func postgres(t *testing.T) (string, map[string]any) {
	t.Helper()
	dsn := os.Getenv("POSTGRES_TEST_URL")
	if dsn == "" {
		t.Skip("POSTGRES_TEST_URL is not set: run conformance/django/run.sh")
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("POSTGRES_TEST_URL is no URL")
	}
	admin, err := sqlstore.Open(t.Context(), sqlstore.Postgres, secret.New(dsn))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("django_%d", time.Now().UnixNano())
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		_ = admin.Close()
	})
	u.Path = "/" + name
	password, _ := u.User.Password()
	return u.String(), map[string]any{"ENGINE": "django.db.backends.postgresql", "NAME": name,
		"USER": u.User.Username(), "PASSWORD": password, "HOST": u.Hostname(), "PORT": u.Port()}
}

func (s sessionSite) agree(t *testing.T, db *sql.DB) {
	t.Helper()
	r := oracle.Rand(t)
	l := newLedger(t, sessionDifferences(s), sessionCase.verdicts, sessionCase.describe)
	s.rounds(r, l, 250)
	l.finish(600, 100, "ok", "empty")
	s.cleans(t, db)
}

// cleans wants clearsessions and DeleteExpired to delete the same.
func (s sessionSite) cleans(t *testing.T, db *sql.DB) {
	t.Helper()
	keys := signedKeys{siteKey, []string{}}
	for _, in := range []int{-100, 100000} {
		cookie := s.djangoSaves(keys, "", `{"k":1}`, nil, 0)
		s.change("session_change", map[string]any{"key": cookie, "expires_in": in})
	}
	var before int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM django_session").Scan(&before); err != nil {
		t.Fatal(err)
	}
	deleted, err := s.store(keys).(session.Expirer).DeleteExpired(t.Context(), time.Now())
	if err != nil || deleted == 0 {
		t.Errorf("DeleteExpired = %d, %v, want those that have expired", deleted, err)
	}
	var left int
	if err := s.o.Call("session_clear", nil, &left); err != nil || left != before-deleted || left == 0 {
		t.Errorf("clearsessions leaves %d of %d, of which we deleted %d (%v)", left, before, deleted, err)
	}
}

func TestCookieSessionsAgree(t *testing.T) {
	o := oracle.ForTest(t)
	r := oracle.Rand(t)
	s := cookieSite(t, o)
	l := newLedger(t, sessionDifferences(s), sessionCase.verdicts, sessionCase.describe)
	s.rounds(r, l, 250)
	l.finish(600, 100, "ok", "empty")
}
