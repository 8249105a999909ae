package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
)

// Accounts keeps users in the table airworthy_users and their second factors in airworthy_factors. It is safe for
// concurrent use, by several processes too.
//
// A user's ID is random, so that none is given twice and none tells how many users there are. Names and e-mail addresses
// stand there a second time in their canonical form: the former is unique, so that there are no twins, and both are
// found by an index. Times are kept to the second.
type Accounts struct {
	users
	factors

	byCanonical, byEmail, insert, update, setEmail, setActive string
}

var (
	_ accounts.Store       = (*Accounts)(nil)
	_ accounts.FactorStore = (*Accounts)(nil)
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
		factors: newFactors(d),
		users: users{
			db:           d,
			scan:         scanUser,
			key:          func(id string) (any, bool) { return id, asked(id, accounts.MaxUsername) },
			when:         func(at time.Time) (any, error) { return seconds(at), nil },
			byID:         d.text(from + `id = ?`),
			byName:       d.text(from + `username = ?`),
			list:         d.text(from + `username > ? ORDER BY username LIMIT ?`),
			setPassword:  d.text(`UPDATE airworthy_users SET password = ? WHERE id = ? AND password = ?`),
			setLastLogin: d.text(`UPDATE airworthy_users SET last_login = ? WHERE id = ?`),
		},
		byCanonical: d.text(from + `canonical = ?`),
		byEmail:     d.text(from + `canonical_email = ? ORDER BY joined, username LIMIT ?`),
		insert: d.text(`INSERT INTO airworthy_users (` + userColumns + `, canonical, canonical_email)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (canonical) DO NOTHING`),
		update: d.text(`UPDATE airworthy_users SET email = ?, first_name = ?, last_name = ?, active = ?, staff = ?,
			superuser = ?, canonical_email = ? WHERE id = ?`),
		setEmail:  d.text(`UPDATE airworthy_users SET email = ?, canonical_email = ? WHERE id = ?`),
		setActive: d.text(`UPDATE airworthy_users SET active = ? WHERE id = ?`),
	}, nil
}

const userColumns = `id, username, email, first_name, last_name, password, active, staff, superuser, joined, last_login`

// accountsSchema is the table. Times are Unix seconds, 0 for none. Text is compared byte by byte, whatever the database's
// language.
var accountsSchema = map[string][]string{
	SQLite: {
		`CREATE TABLE IF NOT EXISTS airworthy_users (
			id text NOT NULL PRIMARY KEY, username text NOT NULL, canonical text NOT NULL, email text NOT NULL,
			canonical_email text NOT NULL, first_name text NOT NULL, last_name text NOT NULL, password text NOT NULL,
			active boolean NOT NULL, staff boolean NOT NULL, superuser boolean NOT NULL,
			joined integer NOT NULL, last_login integer NOT NULL) WITHOUT ROWID`,
		`CREATE UNIQUE INDEX IF NOT EXISTS airworthy_users_canonical ON airworthy_users (canonical)`,
		`CREATE INDEX IF NOT EXISTS airworthy_users_username ON airworthy_users (username)`,
		`CREATE INDEX IF NOT EXISTS airworthy_users_email ON airworthy_users (canonical_email)`,
	},
	Postgres: {
		`SELECT pg_advisory_xact_lock(7095801472638421)`, // two processes may start at once
		`CREATE TABLE IF NOT EXISTS airworthy_users (
			id text COLLATE "C" NOT NULL PRIMARY KEY, username text COLLATE "C" NOT NULL,
			canonical text COLLATE "C" NOT NULL, email text NOT NULL, canonical_email text COLLATE "C" NOT NULL,
			first_name text NOT NULL, last_name text NOT NULL, password text NOT NULL,
			active boolean NOT NULL, staff boolean NOT NULL, superuser boolean NOT NULL,
			joined bigint NOT NULL, last_login bigint NOT NULL)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS airworthy_users_canonical ON airworthy_users (canonical)`,
		`CREATE INDEX IF NOT EXISTS airworthy_users_username ON airworthy_users (username)`,
		`CREATE INDEX IF NOT EXISTS airworthy_users_email ON airworthy_users (canonical_email)`,
	},
}

// Migrate makes the tables unless they are there. Any number of processes may call it at once.
func (a *Accounts) Migrate(ctx context.Context) error {
	if err := a.users.db.migrate(ctx, accountsSchema[a.users.db.driver]); err != nil {
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

// Twins implements [accounts.Store]. There is at most one.
func (a *Accounts) Twins(ctx context.Context, username string) ([]accounts.User, error) {
	if !asked(username, accounts.MaxUsername) {
		return nil, nil
	}
	return many(ctx, a.users.db, "twins", scanUser, a.byCanonical, accounts.CanonicalUsername(username))
}

// ByEmail implements [accounts.Store]: those whose address has the same canonical form, and nobody else.
func (a *Accounts) ByEmail(ctx context.Context, email string) ([]accounts.User, error) {
	if !asked(email, accounts.MaxEmail) {
		return nil, nil
	}
	return many(ctx, a.users.db, "users by e-mail", scanUser, a.byEmail, accounts.CanonicalEmail(email), maxByEmail)
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
	n, err := a.users.db.write(ctx, "create user", a.insert, u.ID, u.Username, u.Email, u.FirstName, u.LastName, u.Password,
		u.Active, u.Staff, u.Superuser, seconds(u.Joined), seconds(u.LastLogin),
		accounts.CanonicalUsername(u.Username), accounts.CanonicalEmail(u.Email))
	switch {
	case err != nil:
		return accounts.User{}, err
	case n == 0:
		return accounts.User{}, accounts.ErrTaken
	}
	return u, nil
}

// SetEmail implements [accounts.Store].
func (a *Accounts) SetEmail(ctx context.Context, id, email string) error {
	if err := validUpdate(accounts.User{Email: email}); err != nil {
		return err
	}
	key, ok := a.key(id)
	if !ok {
		return accounts.ErrNotFound
	}
	return a.users.db.change(ctx, "set e-mail", a.setEmail, email, accounts.CanonicalEmail(email), key)
}

// SetActive implements [accounts.Store].
func (a *Accounts) SetActive(ctx context.Context, id string, active bool) error {
	key, ok := a.key(id)
	if !ok {
		return accounts.ErrNotFound
	}
	return a.users.db.change(ctx, "set active", a.setActive, active, key)
}

// Update implements [accounts.Store].
func (a *Accounts) Update(ctx context.Context, u accounts.User) error {
	if err := validUpdate(u); err != nil {
		return err
	}
	key, ok := a.key(u.ID)
	if !ok {
		return accounts.ErrNotFound
	}
	return a.users.db.change(ctx, "update user", a.update, u.Email, u.FirstName, u.LastName, u.Active, u.Staff, u.Superuser,
		accounts.CanonicalEmail(u.Email), key)
}
