// Package sqlstore keeps sessions, users and failed logins in SQLite or PostgreSQL, and what the instances of a site say of
// their keys.
//
// [Sessions] has a table of its own in which a session's token stands as its hash, so that a copy of the database opens
// no session; it lists and ends a user's sessions. [Django] reads and writes the table of a Django site, so that who is
// logged in on one is logged in on the other; Django keeps tokens in clear.
//
//	db, err := sqlstore.Open(ctx, "sqlite", secret.New("file:/var/lib/site/db.sqlite3"))
//	…
//	store, err := sqlstore.New(db, "sqlite")
//	err = store.Migrate(ctx)
//	m, err := session.New(session.Config{Store: store})
//
// Drivers are named as database/sql knows them: "sqlite" is modernc.org/sqlite, "pgx" is github.com/jackc/pgx/v5.
// [KeyLedger] is for airworthy.Settings.KeyLedger: the commands that rotate keys learn from it which instances hold which
// key, and which nobody needs any more.
//
// [Lockout] counts failed logins for package lockout, for all processes of a site together.
//
// [Accounts] keeps the users of package accounts and their second factors, [DjangoAccounts] those of a Django site in its
// own table; docs/accounts-store.md compares them.
//
// Expired sessions stay in the tables until DeleteExpired, which an airworthy.App that is served calls every hour.
//
// The package does not encrypt what it stores: values of a session are readable to whoever reads the database.
// What package accounts seals before it is stored, such as secrets of second factors, is not.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx" with database/sql
	_ "modernc.org/sqlite"             // registers "sqlite" with database/sql

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// The drivers.
const (
	SQLite   = "sqlite"
	Postgres = "pgx"
)

// Open opens the database that dsn names and connects to it. For SQLite it sets what a server needs unless dsn says
// otherwise: write-ahead logging, so that nobody who reads waits for somebody who writes, five seconds of patience for
// a lock, foreign keys, and transactions that take their lock when they begin rather than fail half-way.
//
// The error never holds a password.
func Open(ctx context.Context, driver string, dsn secret.Text) (*sql.DB, error) {
	name := dsn.Reveal()
	switch driver {
	case SQLite:
		var err error
		if name, err = sqliteDSN(name); err != nil {
			return nil, err
		}
	case Postgres:
	default:
		return nil, unknownDriver(driver)
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		return nil, unreadable(driver)
	}
	if driver == SQLite {
		private(name)
		if inMemory(name) {
			db.SetMaxOpenConns(1) // each connection would have a database of its own
		}
	}
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok { // pgx reads it no sooner
			return nil, unreadable(driver)
		}
		return nil, silent(driver, name, secret.NewMask(dsn).String(err.Error()))
	}
	return db, nil
}

// sqliteFile returns the path of the file that a DSN names.
func sqliteFile(name string) string {
	path, _, _ := strings.Cut(name, "?")
	if rest, ok := strings.CutPrefix(path, "file:"); ok {
		if decoded, err := url.PathUnescape(rest); err == nil {
			return decoded
		}
		return rest
	}
	return path
}

// private makes the file of a new database such that only its owner reads it, as SQLite then makes those beside it:
// it holds sessions and password hashes, and the usual umask lets everybody read. One that is there stays as it is, and
// what is wrong with the path the driver says.
func private(name string) {
	if inMemory(name) || strings.Contains(name, "mode=ro") || strings.Contains(name, "mode=rw&") || strings.HasSuffix(name, "mode=rw") {
		return
	}
	if f, err := os.OpenFile(sqliteFile(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err == nil {
		_ = f.Close()
	}
}

// silent is the error of a database that cannot be reached, on one line. Of SQLite it names the file, in full because
// most that is wrong with it is that it was looked for elsewhere; the options may hold anything and are left out.
func silent(driver, name, why string) error {
	why = strings.Join(strings.Fields(why), " ")
	if driver != SQLite || inMemory(name) {
		return fmt.Errorf("sqlstore: the database does not answer: %s", why)
	}
	path := sqliteFile(name)
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	return fmt.Errorf("sqlstore: the database %q does not answer: %s: it has to be a SQLite file, or not be there yet, in a folder that "+
		"there is, and both to be writable; from the root of the file system it is sqlite:////path, with four slashes", path, why)
}

// unreadable leaves out the cause, which quotes what it cannot read.
func unreadable(driver string) error {
	return fmt.Errorf("sqlstore: the DSN cannot be read: it is to be as the driver %q documents", driver)
}

func unknownDriver(driver string) error {
	return fmt.Errorf("sqlstore: driver %q: use %q or %q", driver, SQLite, Postgres)
}

// sqliteDSN adds those of our settings to dsn that it lacks.
func sqliteDSN(dsn string) (string, error) {
	path, query, _ := strings.Cut(dsn, "?")
	options, err := url.ParseQuery(query)
	if path == "" || err != nil {
		return "", unreadable(SQLite)
	}
	for _, pragma := range []string{"busy_timeout(5000)", "foreign_keys(1)", "journal_mode(wal)"} {
		name, _, _ := strings.Cut(pragma, "(")
		if !slices.ContainsFunc(options["_pragma"], func(have string) bool {
			return len(have) >= len(name) && strings.EqualFold(have[:len(name)], name)
		}) {
			options.Add("_pragma", pragma)
		}
	}
	if !options.Has("_txlock") {
		options.Set("_txlock", "immediate")
	}
	return path + "?" + options.Encode(), nil
}

func inMemory(dsn string) bool {
	return strings.HasPrefix(strings.TrimPrefix(dsn, "file:"), ":memory:") || strings.Contains(dsn, "mode=memory")
}

// database is what the stores and the ledger stand on.
type database struct {
	*sql.DB
	driver string
	writer *sync.Mutex // SQLite has one writer: in turn is quicker than by polling for the lock
}

func newDatabase(db *sql.DB, driver string) (database, error) {
	switch driver {
	case SQLite:
		return database{db, driver, &sync.Mutex{}}, nil
	case Postgres:
		return database{db, driver, nil}, nil
	}
	return database{}, unknownDriver(driver)
}

// text returns query in the driver's form: PostgreSQL numbers its parameters.
func (d database) text(query string) string {
	if d.driver == SQLite {
		return query
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

// transact runs f in a transaction.
func (d database) transact(ctx context.Context, what string, f func(*sql.Tx) error) error {
	if d.writer != nil {
		d.writer.Lock()
		defer d.writer.Unlock()
	}
	tx, err := d.BeginTx(ctx, nil)
	if err != nil {
		return wrapped(what, err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	if err := f(tx); err != nil {
		return wrapped(what, err)
	}
	return wrapped(what, tx.Commit())
}

// migrate runs the statements that make a table.
func (d database) migrate(ctx context.Context, statements []string) error {
	return d.transact(ctx, "migrate", func(tx *sql.Tx) error {
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// wrapped says in an error of the database what failed.
func wrapped(what string, err error) error {
	if err == nil {
		return nil
	}
	if noTable(err) {
		return fmt.Errorf("sqlstore: %s: %w: call the store's Migrate at the start, or Django's migrate for its tables", what, err)
	}
	return fmt.Errorf("sqlstore: %s: %w", what, err)
}

// noTable reports whether the table that was asked for is not there.
func noTable(err error) bool {
	if p, ok := errors.AsType[*pgconn.PgError](err); ok {
		return p.Code == "42P01"
	}
	return strings.Contains(err.Error(), "no such table")
}

// write runs a statement and returns how many rows it changed.
func (d database) write(ctx context.Context, what, query string, args ...any) (int, error) {
	if d.writer != nil {
		d.writer.Lock()
		defer d.writer.Unlock()
	}
	result, err := d.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, wrapped(what, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("sqlstore: %s: %w", what, err)
	}
	return int(n), nil
}

// writeOne is write for a statement that has one row to change: without it the error is session.ErrNotFound.
func (d database) writeOne(ctx context.Context, what, query string, args ...any) error {
	n, err := d.write(ctx, what, query, args...)
	if err == nil && n == 0 {
		return session.ErrNotFound
	}
	return err
}

// batch is how many rows one statement deletes, so that cleaning up holds no lock for long.
const batch = 1000

// writeBatches runs a statement that deletes at most batch rows until there are no more.
func (d database) writeBatches(ctx context.Context, what, query string, args ...any) (total int, err error) {
	for {
		n, err := d.write(ctx, what, query, args...)
		total += n
		if err != nil || n < batch {
			return total, err
		}
	}
}

// storable reports whether s can stand in a text column; PostgreSQL takes neither zero bytes nor invalid UTF-8.
func storable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
