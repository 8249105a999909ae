package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/airworthy-go/airworthy/session"
)

// Sessions keeps sessions in the table airworthy_sessions. It is safe for concurrent use, by several processes too.
type Sessions struct {
	db database

	load, insert, update, touch, remove, list, removeUser, removeEntry, removeExpired string
}

var (
	_ session.UserStore = (*Sessions)(nil)
	_ session.Toucher   = (*Sessions)(nil)
	_ session.Expirer   = (*Sessions)(nil)
)

// New returns the store in db, which has to have been migrated. The driver is [SQLite] or [Postgres]. The caller closes
// db, after the last request.
func New(db *sql.DB, driver string) (*Sessions, error) {
	d, err := newDatabase(db, driver)
	if err != nil {
		return nil, err
	}
	return &Sessions{
		db:     d,
		load:   d.text(`SELECT ` + columns + ` FROM airworthy_sessions WHERE id = ?`),
		insert: d.text(`INSERT INTO airworthy_sessions (` + columns + `, id) VALUES (?, ?, ?, ?, ?, ?, ?)`),
		update: d.text(`UPDATE airworthy_sessions SET data = ?, user_id = ?, created = ?, seen = ?, expires = ?, flags = ?
			WHERE id = ?`),
		touch:       d.text(`UPDATE airworthy_sessions SET seen = ?, expires = ? WHERE id = ?`),
		remove:      d.text(`DELETE FROM airworthy_sessions WHERE id = ?`),
		list:        d.text(`SELECT ` + columns + `, id FROM airworthy_sessions WHERE user_id = ? AND expires > ?`),
		removeUser:  d.text(`DELETE FROM airworthy_sessions WHERE user_id = ? AND id <> ?`),
		removeEntry: d.text(`DELETE FROM airworthy_sessions WHERE user_id = ? AND id = ?`),
		removeExpired: d.text(fmt.Sprintf(`DELETE FROM airworthy_sessions WHERE id IN
			(SELECT id FROM airworthy_sessions WHERE expires <= ? LIMIT %d)`, batch)),
	}, nil
}

const columns = `data, user_id, created, seen, expires, flags`

// schema is the table. Times are Unix seconds.
var schema = map[string][]string{
	SQLite: {
		`CREATE TABLE IF NOT EXISTS airworthy_sessions (
			id text NOT NULL PRIMARY KEY, data blob NOT NULL, user_id text NOT NULL, created integer NOT NULL,
			seen integer NOT NULL, expires integer NOT NULL, flags integer NOT NULL) WITHOUT ROWID`,
		`CREATE INDEX IF NOT EXISTS airworthy_sessions_user ON airworthy_sessions (user_id)`,
		`CREATE INDEX IF NOT EXISTS airworthy_sessions_expires ON airworthy_sessions (expires)`,
	},
	Postgres: {
		`SELECT pg_advisory_xact_lock(7095801472638421)`, // two processes may start at once
		`CREATE TABLE IF NOT EXISTS airworthy_sessions (
			id text NOT NULL PRIMARY KEY, data bytea NOT NULL, user_id text NOT NULL, created bigint NOT NULL,
			seen bigint NOT NULL, expires bigint NOT NULL, flags smallint NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS airworthy_sessions_user ON airworthy_sessions (user_id)`,
		`CREATE INDEX IF NOT EXISTS airworthy_sessions_expires ON airworthy_sessions (expires)`,
	},
}

// Migrate makes the table unless it is there. Any number of processes may call it at once.
func (s *Sessions) Migrate(ctx context.Context) error { return s.db.migrate(ctx, schema[s.db.driver]) }

const (
	flagFixed = 1 << iota
	flagTransient
)

// row is a record as the table has it.
type row struct {
	data                   []byte
	user                   string
	created, seen, expires int64
	flags                  int
}

func (r *row) into() []any { return []any{&r.data, &r.user, &r.created, &r.seen, &r.expires, &r.flags} }

func (r *row) record() session.Record {
	return session.Record{
		Data: string(r.data), User: r.user,
		Created: time.Unix(r.created, 0), Seen: time.Unix(r.seen, 0), Expires: time.Unix(r.expires, 0),
		Fixed: r.flags&flagFixed != 0, Transient: r.flags&flagTransient != 0,
	}
}

// Load implements [session.Store].
func (s *Sessions) Load(ctx context.Context, token string) (session.Record, error) {
	var r row
	err := s.db.QueryRowContext(ctx, s.load, session.Hash(token)).Scan(r.into()...)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return session.Record{}, session.ErrNotFound
	case err != nil:
		return session.Record{}, wrapped("load", err)
	}
	return r.record(), nil
}

// Save implements [session.Store].
func (s *Sessions) Save(ctx context.Context, token string, rec *session.Record) (string, error) {
	flags := 0
	if rec.Fixed {
		flags |= flagFixed
	}
	if rec.Transient {
		flags |= flagTransient
	}
	values := []any{append([]byte{}, rec.Data...), rec.User, rec.Created.Unix(), rec.Seen.Unix(), rec.Expires.Unix(), flags}
	if token != "" {
		return token, s.db.writeOne(ctx, "update", s.update, append(values, session.Hash(token))...)
	}
	token = session.NewToken()
	_, err := s.db.write(ctx, "insert", s.insert, append(values, session.Hash(token))...)
	return token, err
}

// Delete implements [session.Store].
func (s *Sessions) Delete(ctx context.Context, token string) error {
	return s.db.writeOne(ctx, "delete", s.remove, session.Hash(token))
}

// Touch implements [session.Toucher].
func (s *Sessions) Touch(ctx context.Context, token string, seen, expires time.Time) error {
	return s.db.writeOne(ctx, "touch", s.touch, seen.Unix(), expires.Unix(), session.Hash(token))
}

// ListByUser implements [session.UserStore].
func (s *Sessions) ListByUser(ctx context.Context, user string, now time.Time) ([]session.Entry, error) {
	if user == "" || !storable(user) {
		return nil, nil
	}
	rows, err := s.db.QueryContext(ctx, s.list, user, now.Unix())
	if err != nil {
		return nil, wrapped("list", err)
	}
	defer func() { _ = rows.Close() }()
	var entries []session.Entry
	for rows.Next() {
		var r row
		var id string
		if err := rows.Scan(append(r.into(), &id)...); err != nil {
			return nil, wrapped("list", err)
		}
		entries = append(entries, session.Entry{ID: id, Record: r.record()})
	}
	if err := rows.Err(); err != nil {
		return nil, wrapped("list", err)
	}
	return entries, nil
}

// DeleteByUser implements [session.UserStore].
func (s *Sessions) DeleteByUser(ctx context.Context, user, keep string) (int, error) {
	if user == "" || !storable(user) {
		return 0, nil
	}
	return s.db.write(ctx, "delete by user", s.removeUser, user, session.Hash(keep))
}

// DeleteEntry implements [session.UserStore].
func (s *Sessions) DeleteEntry(ctx context.Context, user, id string) error {
	if user == "" || !storable(user) || !storable(id) {
		return session.ErrNotFound
	}
	return s.db.writeOne(ctx, "delete entry", s.removeEntry, user, id)
}

// EntryID implements [session.UserStore].
func (s *Sessions) EntryID(token string) string { return session.Hash(token) }

// DeleteExpired implements [session.Expirer], a thousand rows at a time.
func (s *Sessions) DeleteExpired(ctx context.Context, now time.Time) (int, error) {
	return s.db.writeBatches(ctx, "delete expired", s.removeExpired, now.Unix())
}
