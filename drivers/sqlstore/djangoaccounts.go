package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
)

// DjangoAccountsOptions say what a Django site does differently from Django's defaults.
type DjangoAccountsOptions struct {
	Table string // "auth_user" if empty
}

// DjangoAccounts keeps users in the table of a Django site, which makes and migrates it: django.contrib.auth's User, with
// USE_TZ. Second factors, which Django has none of, are kept in airworthy_factors beside it. It is safe for concurrent
// use, by several processes and by Django too.
//
// The table has no canonical column, and Django lets alice and Alice be two users. Create refuses twins all the same, of
// two at once too, as long as both are made here. What has to find twins and addresses however they are written reads
// the whole table, as Django does: see [DjangoAccounts.Twins].
//
// A user model of the site's own works if it has all of auth_user's columns, an integer key, and no column without a
// default that Create would have to fill.
type DjangoAccounts struct {
	users
	factors

	twins, emails, insert, update, setEmail, setActive string
}

var (
	_ accounts.Store       = (*DjangoAccounts)(nil)
	_ accounts.FactorStore = (*DjangoAccounts)(nil)
)

// NewDjangoAccounts returns the store in db, a Django site's database, where Migrate makes the table of factors and nothing
// else. The driver is [SQLite] or [Postgres]. The caller closes db, after the last request.
func NewDjangoAccounts(db *sql.DB, driver string, o DjangoAccountsOptions) (*DjangoAccounts, error) {
	d, err := newDatabase(db, driver)
	if err != nil {
		return nil, err
	}
	if o.Table == "" {
		o.Table = "auth_user"
	}
	if !identifier(o.Table) {
		return nil, fmt.Errorf("sqlstore: table %q: a name has letters, digits and underscores", o.Table)
	}
	t := o.Table
	lastLogin, joined := "last_login", "date_joined"
	list := `username ~>~ ? ORDER BY username USING ~<~ LIMIT ?` // by bytes, with the index that Django makes for LIKE
	if driver == SQLite {
		lastLogin, joined = "CAST(last_login AS text)", "CAST(date_joined AS text)" // the driver guesses at dates otherwise
		list = `username > ? ORDER BY username LIMIT ?`
	}
	from := `SELECT id, username, email, first_name, last_name, password, is_active, is_staff, is_superuser, ` +
		joined + `, ` + lastLogin + ` FROM ` + t + ` WHERE `
	return &DjangoAccounts{
		factors: newFactors(d),
		users: users{
			db:           d,
			scan:         scanDjangoUser,
			key:          djangoKey,
			when:         d.djangoTime,
			byID:         d.text(from + `id = CAST(? AS bigint)`),
			byName:       d.text(from + `username = ?`),
			list:         d.text(from + list),
			setPassword:  d.text(`UPDATE ` + t + ` SET password = ? WHERE id = CAST(? AS bigint) AND password = ?`),
			setLastLogin: d.text(`UPDATE ` + t + ` SET last_login = ? WHERE id = CAST(? AS bigint)`),
		},
		twins:  d.candidates(t, "username"),
		emails: d.candidates(t, "email"),
		insert: d.text(`INSERT INTO ` + t + ` (username, email, first_name, last_name, password, is_active, is_staff,
			is_superuser, date_joined, last_login) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (username) DO NOTHING RETURNING id`),
		update: d.text(`UPDATE ` + t + ` SET email = ?, first_name = ?, last_name = ?, is_active = ?, is_staff = ?,
			is_superuser = ? WHERE id = CAST(? AS bigint)`),
		setEmail:  d.text(`UPDATE ` + t + ` SET email = ? WHERE id = CAST(? AS bigint)`),
		setActive: d.text(`UPDATE ` + t + ` SET is_active = ? WHERE id = CAST(? AS bigint)`),
	}, nil
}

// Migrate makes the table airworthy_factors unless it is there. Any number of processes may call it at once.
func (a *DjangoAccounts) Migrate(ctx context.Context) error { return a.factors.Migrate(ctx) }

// djangoKey returns the key that Django writes as id, such as into a session. There is one way to write a number, so
// that nobody has two IDs.
func djangoKey(id string) (any, bool) {
	key, err := strconv.ParseInt(id, 10, 64)
	return key, err == nil && strconv.FormatInt(key, 10) == id
}

// djangoTime returns t as Django writes it, to the microsecond.
func (d database) djangoTime(t time.Time) (any, error) {
	if t.IsZero() {
		return nil, nil
	}
	t = t.UTC().Truncate(time.Microsecond)
	switch {
	case t.Year() < 1 || t.Year() > 9999:
		return nil, fmt.Errorf("%w: a time outside of the years that Django knows", accounts.ErrInvalid)
	case d.driver == Postgres:
		return t, nil
	case t.Nanosecond() == 0:
		return t.Format(sqliteTime), nil
	}
	return t.Format(sqliteTime + ".000000"), nil
}

// readDjangoTime returns the time that a column holds as Django sees it: without an offset in UTC, with one in that
// zone, since Django's reset links hold the time of day as it stands there.
func readDjangoTime(v any) (time.Time, error) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return v.UTC(), nil
	case string:
		for _, layout := range []string{sqliteTime, sqliteTime + "Z07:00", "2006-01-02T15:04:05", time.RFC3339} {
			if t, err := time.Parse(layout, v); err == nil { // reads a fraction too
				return t.Truncate(time.Microsecond), nil
			}
		}
	}
	return time.Time{}, errors.New("a time is not as Django writes it")
}

func scanDjangoUser(scan func(...any) error) (u accounts.User, err error) {
	var joined, lastLogin any
	if err := scan(&u.ID, &u.Username, &u.Email, &u.FirstName, &u.LastName, &u.Password, &u.Active, &u.Staff, &u.Superuser,
		&joined, &lastLogin); err != nil {
		return accounts.User{}, err
	}
	if u.Joined, err = readDjangoTime(joined); err != nil {
		return accounts.User{}, fmt.Errorf("date_joined: %w", err)
	}
	if u.LastLogin, err = readDjangoTime(lastLogin); err != nil {
		return accounts.User{}, fmt.Errorf("last_login: %w", err)
	}
	return u, nil
}

// Create implements [accounts.Store]. Twins are refused, except of somebody whom Django makes at the same moment.
func (a *DjangoAccounts) Create(ctx context.Context, u accounts.User) (accounts.User, error) {
	if err := u.Validate(); err != nil {
		return accounts.User{}, err
	}
	if u.Joined.IsZero() {
		u.Joined = time.Now()
	}
	joined, joinedErr := a.when(u.Joined)
	lastLogin, loginErr := a.when(u.LastLogin)
	if err := errors.Join(joinedErr, loginErr); err != nil {
		return accounts.User{}, err
	}
	u.Joined, u.LastLogin = u.Joined.UTC().Truncate(time.Microsecond), u.LastLogin.UTC().Truncate(time.Microsecond)
	canonical := accounts.CanonicalUsername(u.Username)
	err := a.users.db.transact(ctx, "create user", func(tx *sql.Tx) error {
		if a.users.db.driver == Postgres { // SQLite's transactions have their lock anyhow
			name := fnv.New64a()
			_, _ = name.Write([]byte("airworthy_users " + canonical))
			if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(name.Sum64())); err != nil {
				return err
			}
		}
		twins, err := likely(ctx, tx, "twins", a.twins, canonical, accounts.CanonicalUsername)
		if err != nil {
			return err
		}
		if len(twins) > 0 {
			return accounts.ErrTaken
		}
		return tx.QueryRowContext(ctx, a.insert, u.Username, u.Email, u.FirstName, u.LastName, u.Password, u.Active, u.Staff,
			u.Superuser, joined, lastLogin).Scan(&u.ID)
	})
	switch {
	case errors.Is(err, accounts.ErrTaken), errors.Is(err, sql.ErrNoRows):
		return accounts.User{}, accounts.ErrTaken
	case err != nil:
		return accounts.User{}, err
	}
	return u, nil
}

// SetEmail implements [accounts.Store].
func (a *DjangoAccounts) SetEmail(ctx context.Context, id, email string) error {
	if err := validUpdate(accounts.User{Email: email}); err != nil {
		return err
	}
	key, ok := a.key(id)
	if !ok {
		return accounts.ErrNotFound
	}
	return a.users.db.change(ctx, "set e-mail", a.setEmail, email, key)
}

// SetActive implements [accounts.Store].
func (a *DjangoAccounts) SetActive(ctx context.Context, id string, active bool) error {
	key, ok := a.key(id)
	if !ok {
		return accounts.ErrNotFound
	}
	return a.users.db.change(ctx, "set active", a.setActive, active, key)
}

// Update implements [accounts.Store].
func (a *DjangoAccounts) Update(ctx context.Context, u accounts.User) error {
	if err := validUpdate(u); err != nil {
		return err
	}
	key, ok := a.key(u.ID)
	if !ok {
		return accounts.ErrNotFound
	}
	return a.users.db.change(ctx, "update user", a.update, u.Email, u.FirstName, u.LastName, u.Active, u.Staff, u.Superuser, key)
}
