package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

// role is the one whose password the cluster of .ci/postgres asks for.
const role = "airworthy_rotating"

// rotated is a user of a PostgreSQL database whose password can be changed.
type rotated struct {
	t     *testing.T
	admin *sql.DB
}

func newRotated(t *testing.T) *rotated {
	t.Helper()
	dsn := os.Getenv("POSTGRES_TEST_URL")
	if dsn == "" {
		t.Skip("set POSTGRES_TEST_URL to the URL of a PostgreSQL database that tests may write to, or run by .ci/postgres")
	}
	r := &rotated{t, open(t, sqlstore.Postgres, dsn)}
	exec(t, r.admin, "DROP ROLE IF EXISTS "+role)
	exec(t, r.admin, "CREATE ROLE "+role+" LOGIN")
	t.Cleanup(func() { _, _ = r.admin.ExecContext(context.Background(), "DROP ROLE IF EXISTS "+role) })
	r.password("right")
	if db, err := sqlstore.Open(t.Context(), sqlstore.Postgres, r.dsn("wrong")); err == nil {
		_ = db.Close()
		if os.Getenv("CI") != "" {
			t.Fatal("the cluster takes any password of " + role)
		}
		t.Skip("the cluster takes any password of " + role + ": run by .ci/postgres, or have pg_hba.conf ask for it")
	}
	return r
}

// password changes the role's password in the database.
func (r *rotated) password(p string) {
	r.t.Helper()
	exec(r.t, r.admin, "ALTER ROLE "+role+" PASSWORD '"+p+"'")
}

// url is that of the database for the role.
func (r *rotated) url(password string) string {
	u, err := url.Parse(os.Getenv("POSTGRES_TEST_URL"))
	if err != nil {
		r.t.Fatal("POSTGRES_TEST_URL is no URL")
	}
	u.User = url.UserPassword(role, password)
	return u.String()
}

func (r *rotated) dsn(password string) secret.Text { return secret.New(r.url(password)) }

// connections is how many the role has.
func (r *rotated) connections() int {
	r.t.Helper()
	var n int
	if err := r.admin.QueryRowContext(r.t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE usename = $1", role).Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *rotated) eventually(what string, want int) {
	r.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for r.connections() != want && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if n := r.connections(); n != want {
		r.t.Errorf("%s: %d connections, want %d", what, n, want)
	}
}

// backend returns the process that serves a connection.
func backend(t *testing.T, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (pid int) {
	t.Helper()
	if err := q.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestSwap(t *testing.T) {
	r := newRotated(t)
	db, err := sqlstore.OpenRotating(t.Context(), sqlstore.Postgres, r.dsn("right"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxIdleConns(3)
	busy, err := db.BeginTx(t.Context(), nil) // in use while the DSN is swapped
	if err != nil {
		t.Fatal(err)
	}
	var idle []*sql.Conn
	for range 3 {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, conn)
	}
	former := backend(t, busy)
	for _, conn := range idle {
		conn.Close()
	}
	r.eventually("before", 4)

	if err := db.Swap(t.Context(), r.dsn("not-yet-canary")); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a DSN that the database does not take: %v", err)
	}
	if err := db.Swap(t.Context(), secret.New("postgres://u:canary@[::1/x")); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a DSN that cannot be read: %v", err)
	}
	r.eventually("after refused ones", 4)
	r.password("second")
	if err := db.Swap(t.Context(), r.dsn("second")); err != nil {
		t.Fatal(err)
	}
	r.eventually("the idle ones are closed", 1)
	if backend(t, busy) != former {
		t.Error("the connection in use is another one")
	}
	if err := busy.Commit(); err != nil {
		t.Errorf("what was under way did not finish: %v", err)
	}
	if backend(t, db) == former {
		t.Error("a connection of the former DSN is used again")
	}
	r.eventually("the one that was in use is closed", 1)
	conns := make([]*sql.Conn, 3) // new ones are kept, as many as before
	for i := range conns {
		if conns[i], err = db.Conn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, conn := range conns {
		conn.Close()
	}
	r.eventually("idle again", 3)
}

// A password is rotated under load: it changes in the database, then in the manager, and the site sees no error.
func TestAPasswordIsRotatedUnderLoad(t *testing.T) {
	r := newRotated(t)
	dir := t.TempDir()
	put := func(password string) {
		if err := os.WriteFile(filepath.Join(dir, "DATABASE_URL"), []byte(r.url(password)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("right")
	type site struct {
		Database settings.Database `env:"DATABASE_URL,required"`
	}
	keeper := secrets.New(secrets.Config{})
	defer keeper.Close()
	cfg, err := settings.Load(t.Context(), site{}, settings.Map("test", map[string]string{"AIRWORTHY_SECRETS": "file://" + dir}), keeper)
	if err != nil {
		t.Fatal(err)
	}
	dsn, err := cfg.Database.DSN()
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlstore.OpenRotating(t.Context(), cfg.Database.DriverName(), dsn, keeper.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var swaps atomic.Int64
	secrets.OnChange(keeper, "DATABASE_URL", func(ctx context.Context, d settings.Database) error {
		dsn, err := d.DSN()
		if err != nil {
			return err
		}
		if err := db.Swap(ctx, dsn); err != nil {
			return err
		}
		swaps.Add(1)
		return nil
	})

	var queries atomic.Int64
	load := func(stop <-chan struct{}) {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := db.ExecContext(t.Context(), "SELECT pg_sleep(0.002)"); err != nil {
				t.Errorf("a query failed: %v", err)
				return
			}
			queries.Add(1)
		}
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	db.SetMaxIdleConns(0) // connections are made all the time, so that each password is refused once it is the former one
	for range 4 {
		wg.Go(func() { load(stop) })
	}
	const rotations = 5
	for i := range int64(rotations) {
		next := fmt.Sprint("password-", i)
		// The manager first: the keeper refuses what the database does not take yet, and asks again when a connection is
		// refused. Nobody refreshes here, but for the first time.
		put(next)
		r.password(next)
		if i == 0 {
			if err := keeper.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		}
		deadline := time.Now().Add(10 * time.Second)
		for swaps.Load() <= i && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
		before := queries.Load()
		for queries.Load() < before+20 && !t.Failed() && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
	}
	close(stop)
	wg.Wait()
	if swaps.Load() < rotations || queries.Load() < 20*rotations {
		t.Errorf("%d swaps of %d, %d queries", swaps.Load(), rotations, queries.Load())
	}
}

// The refusal of a password asks for a newer one, but not again and again.
func TestARefusedPasswordAsksForANewerOne(t *testing.T) {
	r := newRotated(t)
	var db *sqlstore.Rotating
	asked, next := 0, ""
	db, err := sqlstore.OpenRotating(t.Context(), sqlstore.Postgres, r.dsn("right"), func(ctx context.Context) error {
		if asked++; next != "" {
			return db.Swap(ctx, r.dsn(next))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxIdleConns(0) // each use makes a connection
	r.password("second")
	for range 3 {
		if err := db.PingContext(t.Context()); err == nil {
			t.Error("a former password was taken")
		} else if strings.Contains(err.Error(), "right") {
			t.Error("the error holds the password")
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times in a moment, want once", asked)
	}
	next = "second"
	deadline := time.Now().Add(15 * time.Second)
	for db.PingContext(t.Context()) != nil && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
	if err := db.PingContext(t.Context()); err != nil || asked != 2 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

func TestOpenRotatingRefuses(t *testing.T) {
	for name, test := range map[string]struct{ driver, dsn string }{
		"a driver":  {"mysql", "u:canary@/db"},
		"no DSN":    {sqlstore.Postgres, "postgres://u:canary@[::1/x"},
		"no server": {sqlstore.Postgres, "postgres://u:long-canary@127.0.0.1:1/x"},
	} {
		if _, err := sqlstore.OpenRotating(t.Context(), test.driver, secret.New(test.dsn), nil); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRotatingSQLite(t *testing.T) {
	dsn := secret.New("file:" + filepath.Join(t.TempDir(), "db.sqlite3"))
	db, err := sqlstore.OpenRotating(t.Context(), sqlstore.SQLite, dsn, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Swap(t.Context(), dsn); err != nil {
		t.Errorf("the same DSN: %v", err)
	}
	if err := db.Swap(t.Context(), secret.New("file:other-canary")); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("another DSN: %v", err)
	}
	exec(t, db.DB, "CREATE TABLE t (x)")
}
