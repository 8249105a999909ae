package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/accounts"
)

// users is what the two tables of users have in common. The statements' columns are those that scan reads.
type users struct {
	db   database
	scan scanner[accounts.User]

	key  func(id string) (any, bool)     // the ID as the table has it, and false for one that it cannot have
	when func(at time.Time) (any, error) // a time as the table has it

	byID, byName, list, setPassword, setLastLogin string
}

// At most so many users are what Twins and ByEmail return, by the contract of [accounts.Store].
const (
	maxTwins   = 10
	maxByEmail = 100
)

// queryer is a database or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// scanner reads a row that holds one T.
type scanner[T any] func(scan func(...any) error) (T, error)

// one runs a query for one row. Without it the error is accounts.ErrNotFound.
func one[T any](ctx context.Context, q queryer, what string, read scanner[T], query string, args ...any) (T, error) {
	v, err := read(q.QueryRowContext(ctx, query, args...).Scan)
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
func many[T any](ctx context.Context, q queryer, what string, read scanner[T], query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
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

// change is write for a statement that has one row to change: without it the error is accounts.ErrNotFound.
func (d database) change(ctx context.Context, what, query string, args ...any) error {
	n, err := d.write(ctx, what, query, args...)
	if err == nil && n == 0 {
		return accounts.ErrNotFound
	}
	return err
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
func (s *users) ByID(ctx context.Context, id string) (accounts.User, error) {
	key, ok := s.key(id)
	if !ok {
		return accounts.User{}, accounts.ErrNotFound
	}
	return one(ctx, s.db, "user by ID", s.scan, s.byID, key)
}

// ByUsername implements [accounts.Store].
func (s *users) ByUsername(ctx context.Context, username string) (accounts.User, error) {
	if !asked(username, accounts.MaxUsername) {
		return accounts.User{}, accounts.ErrNotFound
	}
	u, err := one(ctx, s.db, "user by name", s.scan, s.byName, username)
	if err == nil && u.Username != username { // the column's collation is not ours to say
		return accounts.User{}, accounts.ErrNotFound
	}
	return u, err
}

// List implements [accounts.Store].
func (s *users) List(ctx context.Context, after string, limit int) ([]accounts.User, error) {
	return many(ctx, s.db, "list users", s.scan, s.list, behind(after), max(0, limit))
}

// validUpdate is Validate for the fields that Update writes.
func validUpdate(u accounts.User) error {
	u.Username, u.Password = "x", ""
	return u.Validate()
}

// SetPassword implements [accounts.Store].
func (s *users) SetPassword(ctx context.Context, id, was, encoded string) error {
	if err := accounts.ValidEncoded(encoded); err != nil {
		return err
	}
	key, ok := s.key(id)
	if !ok {
		return accounts.ErrNotFound
	}
	if storable(was) { // no hash is what cannot be stored
		err := s.db.change(ctx, "set password", s.setPassword, encoded, key, was)
		if !errors.Is(err, accounts.ErrNotFound) {
			return err
		}
	}
	if _, err := s.ByID(ctx, id); err != nil {
		return err
	}
	return accounts.ErrConflict
}

// SetLastLogin implements [accounts.Store].
func (s *users) SetLastLogin(ctx context.Context, id string, at time.Time) error {
	key, ok := s.key(id)
	if !ok {
		return accounts.ErrNotFound
	}
	when, err := s.when(at)
	if err != nil {
		return err
	}
	return s.db.change(ctx, "set last login", s.setLastLogin, when, key)
}
