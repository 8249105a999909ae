package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/accounts"
)

// Accounts keeps users in the table airworthy_users and their second factors in airworthy_factors. It is safe for
// concurrent use, by several processes too.
//
// A user's ID is random, so that none is given twice and none tells how many users there are. Names and e-mail addresses
// stand there a second time in their canonical form: the former is unique, so that there are no twins, and both are
// found by an index. Times are kept to the second.
type Accounts struct {
	*factors
	db database

	byID, byName, byCanonical, byEmail, list, insert, update, setPassword, setLastLogin string
}

var (
	_ accounts.Store       = (*Accounts)(nil)
	_ accounts.FactorStore = (*Accounts)(nil)
)

// At most so many users are what Twins and ByEmail return, by the contract of [accounts.Store].
const (
	maxTwins   = 10
	maxByEmail = 100
)

// NewAccounts returns the store in db, which has to have been migrated. The driver is [SQLite] or [Postgres]. The caller
// closes db, after the last request.
func NewAccounts(db *sql.DB, driver string) (*Accounts, error) {
	d, err := newDatabase(db, driver)
	if err != nil {
		return nil, err
	}
	const from = `SELECT ` + userColumns + ` FROM airworthy_users WHERE `
	return &Accounts{
		factors:     newFactors(d),
		db:          d,
		byID:        d.text(from + `id = ?`),
		byName:      d.text(from + `username = ?`),
		byCanonical: d.text(from + `canonical = ?`),
		byEmail:     d.text(from + `canonical_email = ? ORDER BY username LIMIT ?`),
		list:        d.text(from + `username > ? ORDER BY username LIMIT ?`),
		insert: d.text(`INSERT INTO airworthy_users (` + userColumns + `, canonical, canonical_email)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`),
		update: d.text(`UPDATE airworthy_users SET email = ?, first_name = ?, last_name = ?, active = ?, staff = ?,
			superuser = ?, canonical_email = ? WHERE id = ?`),
		setPassword:  d.text(`UPDATE airworthy_users SET password = ? WHERE id = ? AND password = ?`),
		setLastLogin: d.text(`UPDATE airworthy_users SET last_login = ? WHERE id = ?`),
	}, nil
}

const userColumns = `id, username, email, first_name, last_name, password, active, staff, superuser, joined, last_login`

// accountsSchema is the table. Times are Unix seconds, 0 for none. Text is compared byte by byte, whatever the database's
// language.
var accountsSchema = map[string][]string{
	SQLite: {
		`CREATE TABLE IF NOT EXISTS airworthy_users (
			id text NOT NULL PRIMARY KEY, username text NOT NULL UNIQUE, canonical text NOT NULL UNIQUE, email text NOT NULL,
			canonical_email text NOT NULL, first_name text NOT NULL, last_name text NOT NULL, password text NOT NULL,
			active boolean NOT NULL, staff boolean NOT NULL, superuser boolean NOT NULL,
			joined integer NOT NULL, last_login integer NOT NULL) WITHOUT ROWID`,
		`CREATE INDEX IF NOT EXISTS airworthy_users_email ON airworthy_users (canonical_email)`,
	},
	Postgres: {
		`SELECT pg_advisory_xact_lock(7095801472638421)`, // two processes may start at once
		`CREATE TABLE IF NOT EXISTS airworthy_users (
			id text COLLATE "C" NOT NULL PRIMARY KEY, username text COLLATE "C" NOT NULL UNIQUE,
			canonical text COLLATE "C" NOT NULL UNIQUE, email text NOT NULL, canonical_email text COLLATE "C" NOT NULL,
			first_name text NOT NULL, last_name text NOT NULL, password text NOT NULL,
			active boolean NOT NULL, staff boolean NOT NULL, superuser boolean NOT NULL,
			joined bigint NOT NULL, last_login bigint NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS airworthy_users_email ON airworthy_users (canonical_email)`,
	},
}

// Migrate makes the tables unless they are there. Any number of processes may call it at once.
func (a *Accounts) Migrate(ctx context.Context) error {
	if err := a.db.migrate(ctx, accountsSchema[a.db.driver]); err != nil {
		return err
	}
	return a.factors.Migrate(ctx)
}

// scanUser reads one row of userColumns.
func scanUser(scan func(...any) error) (u accounts.User, err error) {
	var joined, lastLogin int64
	err = scan(&u.ID, &u.Username, &u.Email, &u.FirstName, &u.LastName, &u.Password, &u.Active, &u.Staff, &u.Superuser,
		&joined, &lastLogin)
	u.Joined, u.LastLogin = moment(joined), moment(lastLogin)
	return u, err
}

// scanner reads a row that holds one T.
type scanner[T any] func(scan func(...any) error) (T, error)

// one runs a query for one row. Without it the error is accounts.ErrNotFound.
func one[T any](ctx context.Context, d database, what string, read scanner[T], query string, args ...any) (T, error) {
	v, err := read(d.QueryRowContext(ctx, query, args...).Scan)
	var none T
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return none, accounts.ErrNotFound
	case err != nil:
		return none, wrapped(what, err)
	}
	return v, nil
}

// many runs a query for any number of rows.
func many[T any](ctx context.Context, d database, what string, read scanner[T], query string, args ...any) ([]T, error) {
	rows, err := d.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, wrapped(what, err)
	}
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		v, err := read(rows.Scan)
		if err != nil {
			return nil, wrapped(what, err)
		}
		all = append(all, v)
	}
	return all, wrapped(what, rows.Err())
}

// asked reports whether a text column of at most limit characters can hold s. Nobody has what no column holds.
func asked(s string, limit int) bool { return s != "" && len(s) <= 4*limit && storable(s) }

// behind returns the part of after that is text: a page that begins too early repeats rows, and one that fails shows none.
func behind(after string) string {
	after = after[:min(len(after), 4*accounts.MaxUsername)]
	for i := 0; i < len(after); {
		r, size := utf8.DecodeRuneInString(after[i:])
		if r == 0 || r == utf8.RuneError && size == 1 {
			return after[:i]
		}
		i += size
	}
	return after
}

// ByID implements [accounts.Store].
func (a *Accounts) ByID(ctx context.Context, id string) (accounts.User, error) {
	if !asked(id, accounts.MaxUsername) {
		return accounts.User{}, accounts.ErrNotFound
	}
	return one(ctx, a.db, "user by ID", scanUser, a.byID, id)
}

// ByUsername implements [accounts.Store].
func (a *Accounts) ByUsername(ctx context.Context, username string) (accounts.User, error) {
	if !asked(username, accounts.MaxUsername) {
		return accounts.User{}, accounts.ErrNotFound
	}
	return one(ctx, a.db, "user by name", scanUser, a.byName, username)
}

// Twins implements [accounts.Store]. There is at most one.
func (a *Accounts) Twins(ctx context.Context, username string) ([]accounts.User, error) {
	if !asked(username, accounts.MaxUsername) {
		return nil, nil
	}
	return many(ctx, a.db, "twins", scanUser, a.byCanonical, accounts.CanonicalUsername(username))
}

// ByEmail implements [accounts.Store]: those whose address has the same canonical form, and nobody else.
func (a *Accounts) ByEmail(ctx context.Context, email string) ([]accounts.User, error) {
	if !asked(email, accounts.MaxEmail) {
		return nil, nil
	}
	return many(ctx, a.db, "users by e-mail", scanUser, a.byEmail, accounts.CanonicalEmail(email), maxByEmail)
}

// List implements [accounts.Store], in the order of the bytes of the names.
func (a *Accounts) List(ctx context.Context, after string, limit int) ([]accounts.User, error) {
	return many(ctx, a.db, "list users", scanUser, a.list, behind(after), max(0, limit))
}

// Create implements [accounts.Store]. Twins are refused.
func (a *Accounts) Create(ctx context.Context, u accounts.User) (accounts.User, error) {
	if err := u.Validate(); err != nil {
		return accounts.User{}, err
	}
	if u.Joined.IsZero() {
		u.Joined = time.Now()
	}
	u.ID, u.Joined, u.LastLogin = rand.Text(), moment(seconds(u.Joined)), moment(seconds(u.LastLogin))
	n, err := a.db.write(ctx, "create user", a.insert, u.ID, u.Username, u.Email, u.FirstName, u.LastName, u.Password, u.Active,
		u.Staff, u.Superuser, seconds(u.Joined), seconds(u.LastLogin),
		accounts.CanonicalUsername(u.Username), accounts.CanonicalEmail(u.Email))
	switch {
	case err != nil:
		return accounts.User{}, err
	case n == 0:
		return accounts.User{}, accounts.ErrTaken
	}
	return u, nil
}

// Update implements [accounts.Store].
func (a *Accounts) Update(ctx context.Context, u accounts.User) error {
	if err := validUpdate(u); err != nil {
		return err
	}
	if !asked(u.ID, accounts.MaxUsername) {
		return accounts.ErrNotFound
	}
	return a.db.change(ctx, "update user", a.update, u.Email, u.FirstName, u.LastName, u.Active, u.Staff, u.Superuser,
		accounts.CanonicalEmail(u.Email), u.ID)
}

// validUpdate is Validate for the fields that Update writes.
func validUpdate(u accounts.User) error {
	u.Username, u.Password = "x", ""
	return u.Validate()
}

// SetPassword implements [accounts.Store].
func (a *Accounts) SetPassword(ctx context.Context, id, was, encoded string) error {
	if err := accounts.ValidEncoded(encoded); err != nil {
		return err
	}
	if !asked(id, accounts.MaxUsername) {
		return accounts.ErrNotFound
	}
	if storable(was) { // no hash is what cannot be stored
		err := a.db.change(ctx, "set password", a.setPassword, encoded, id, was)
		if !errors.Is(err, accounts.ErrNotFound) {
			return err
		}
	}
	if _, err := a.ByID(ctx, id); err != nil {
		return err
	}
	return accounts.ErrConflict
}

// SetLastLogin implements [accounts.Store].
func (a *Accounts) SetLastLogin(ctx context.Context, id string, at time.Time) error {
	if !asked(id, accounts.MaxUsername) {
		return accounts.ErrNotFound
	}
	return a.db.change(ctx, "set last login", a.setLastLogin, seconds(at), id)
}

// change is write for a statement that has one row to change: without it the error is accounts.ErrNotFound.
func (d database) change(ctx context.Context, what, query string, args ...any) error {
	n, err := d.write(ctx, what, query, args...)
	if err == nil && n == 0 {
		return accounts.ErrNotFound
	}
	return err
}
