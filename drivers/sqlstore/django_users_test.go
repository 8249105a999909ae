package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// fill makes n sessions, every third alice's, and returns the tokens of hers.
func fill(t testing.TB, s *sqlstore.Django, n int) (alice []string) {
	t.Helper()
	for i := range n {
		user := []string{"alice", "bob", ""}[i%3]
		token, err := s.Save(t.Context(), "", &session.Record{User: user, Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if user == "alice" {
			alice = append(alice, token)
		}
	}
	return alice
}

// The scan reads all rows, however many batches they make.
func TestDjangosSessionsAreFoundInALargeTable(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		for _, rows := range []int{0, 1, 499, 500, 501, 1500} {
			s := newDjango(t, open(t), driver)
			alice := fill(t, s, rows)
			entries, err := s.ListByUser(t.Context(), "alice", time.Now())
			if err != nil || len(entries) != len(alice) {
				t.Fatalf("of %d rows %d are alice's, %v, want %d", rows, len(entries), err, len(alice))
			}
			if rows == 0 {
				continue
			}
			ids := map[string]bool{}
			for _, e := range entries {
				ids[e.ID] = e.User == "alice" && e.Expires.After(time.Now())
			}
			last := len(alice) - 1
			for _, token := range []string{alice[0], alice[last]} {
				if !ids[s.EntryID(token)] {
					t.Error("a session is missing, or is not as it was saved")
				}
			}
			if err := s.DeleteEntry(t.Context(), "bob", s.EntryID(alice[0])); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("bob ends alice's session: %v, want ErrNotFound", err)
			}
			if err := s.DeleteEntry(t.Context(), "alice", s.EntryID(alice[last])); err != nil {
				t.Errorf("DeleteEntry: %v", err)
			}
			if want := max(last-1, 0); last > 0 {
				if n, err := s.DeleteByUser(t.Context(), "alice", alice[0]); n != want || err != nil {
					t.Errorf("DeleteByUser = %d, %v, want %d", n, err, want)
				}
				if _, err := s.Load(t.Context(), alice[0]); err != nil {
					t.Errorf("the session that was kept: %v", err)
				}
			}
			if entries, err := s.ListByUser(t.Context(), "bob", time.Now()); err != nil || len(entries) != (rows+1)/3 {
				t.Errorf("bob has %d sessions, %v, want %d", len(entries), err, (rows+1)/3)
			}
		}
	})
}

// What Django would not read is nobody's, and keeps nobody's sessions from being ended.
func TestRowsThatAreNoSessionsArePassedOver(t *testing.T) {
	each(t, func(t *testing.T, driver string, open func(*testing.T) *sql.DB) {
		db := open(t)
		s := newDjango(t, db, driver)
		for i, data := range []string{"", "x", "eyJrIjoidyJ9:1r31eq:rzBGQ75SQLRz4DtuXhFtsxU2UVzGzXZjzbR-bgxA1zE"} {
			insert(t, db, driver, fmt.Sprintf("%032d", i), data, "2999-01-02 03:04:05")
		}
		insert(t, db, driver, "abcdefghijklmnopqrstuvwxyz012345", djangoLoggedIn, "2999-01-02 03:04:05.123456")
		insert(t, db, driver, "abcdefghijklmnopqrstuvwxyz012346", djangoLoggedIn, "2020-01-02 03:04:05")
		entries, err := s.ListByUser(t.Context(), "1", time.Now())
		if err != nil || len(entries) != 1 || entries[0].Expires.UTC().Year() != 2999 {
			t.Errorf("got %+v, %v, want one session until 2999", entries, err)
		}
		if n, err := s.DeleteByUser(t.Context(), "1", ""); n != 1 || err != nil {
			t.Errorf("DeleteByUser = %d, %v, want 1", n, err)
		}
	})
}

// A session that changes its key behind the back of the reader, as one does at a login, ends too.
func TestASessionThatIsRenewedMeanwhileEnds(t *testing.T) {
	db := openSQLite(t)
	s := newDjango(t, db, sqlstore.SQLite)
	insert(t, db, sqlstore.SQLite, "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm", djangoLoggedIn, "2999-01-02 03:04:05")
	exec(t, db, `CREATE TRIGGER renew AFTER DELETE ON django_session WHEN OLD.session_key LIKE 'm%' BEGIN
		INSERT INTO django_session VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', OLD.session_data, OLD.expire_date); END`)
	if n, err := s.DeleteByUser(t.Context(), "1", ""); n != 2 || err != nil {
		t.Errorf("DeleteByUser = %d, %v, want both", n, err)
	}
	if entries, err := s.ListByUser(t.Context(), "1", time.Now()); len(entries) != 0 || err != nil {
		t.Errorf("%d sessions are left, %v", len(entries), err)
	}
}

func TestADateThatDjangoDoesNotWriteIsEndedAllTheSame(t *testing.T) {
	db := openSQLite(t)
	s := newDjango(t, db, sqlstore.SQLite)
	insert(t, db, sqlstore.SQLite, "abcdefghijklmnopqrstuvwxyz012345", djangoLoggedIn, "next year")
	if _, err := s.ListByUser(t.Context(), "1", time.Now()); err == nil {
		t.Error("ListByUser says nothing")
	}
	if n, err := s.DeleteByUser(t.Context(), "1", ""); n != 1 || err != nil {
		t.Errorf("DeleteByUser = %d, %v, want 1", n, err)
	}
}

func TestAScanThatFailsIsAnError(t *testing.T) {
	db := openSQLite(t)
	s := newDjango(t, db, sqlstore.SQLite)
	fill(t, s, 3)
	_ = db.Close()
	_, listErr := s.ListByUser(t.Context(), "alice", time.Now())
	_, deleteErr := s.DeleteByUser(t.Context(), "alice", "")
	for what, err := range map[string]error{"ListByUser": listErr, "DeleteByUser": deleteErr,
		"DeleteEntry": s.DeleteEntry(t.Context(), "alice", session.Hash("x"))} {
		if err == nil || errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s on a closed database = %v, want an error that says so", what, err)
		}
	}
}

func BenchmarkDjango(b *testing.B) {
	db, err := sqlstore.Open(b.Context(), sqlstore.SQLite, secret.New(b.TempDir()+"/db.sqlite3?_pragma=synchronous(off)"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(b.Context(), djangoTables[sqlstore.SQLite]); err != nil {
		b.Fatal(err)
	}
	s, err := sqlstore.NewDjango(db, sqlstore.SQLite, newRing(b, djangoKey), sqlstore.DjangoOptions{})
	if err != nil {
		b.Fatal(err)
	}
	fill(b, s, 10_000)
	b.Run("list one of 10000 that are a user's", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.ListByUser(b.Context(), "nobody", time.Now()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("end one of 10000", func(b *testing.B) {
		for b.Loop() {
			if err := s.DeleteEntry(b.Context(), "nobody", session.Hash("nothing")); !errors.Is(err, session.ErrNotFound) {
				b.Fatal(err)
			}
		}
	})
}
