package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/signing"
)

// DjangoOptions say what a Django site does differently from Django's defaults.
type DjangoOptions struct {
	Table string // "django_session" if empty
	Salt  string // "django.contrib.sessions." and the session store's class, if the site has one of its own
}

// Django keeps sessions in the table of a Django site, which makes and migrates it: its db backend, with USE_TZ. The
// ring has the site's SECRET_KEY, and the Config that the Manager is made with its SESSION_COOKIE_NAME and
// SESSION_COOKIE_AGE; Django knows no __Host- names, so that cookies.Config.InsecurePlainNames is needed too.
//
// The user is Django's _auth_user_id. Who logs somebody in here also sets _auth_user_backend and _auth_user_hash,
// without which Django takes nobody for logged in.
//
// Less is kept than with [Sessions]: Django stores tokens in clear, so that a copy of its table opens every session; its
// sessions end SESSION_COOKIE_AGE after they were last saved, and have no idle and no absolute age. Its table does not
// say whose a session is: listing a user's sessions, or ending them, reads the whole table. (After a change of password
// Django needs neither: it ends sessions whose _auth_user_hash is not that of the password.) A Django site on the
// cached_db backend does not see what is written here while its cache lasts.
type Django struct {
	db   database
	data *session.DjangoData

	load, insert, update, remove, removeExpired, page, pageOfKeys string
}

var (
	_ session.Sliding = (*Django)(nil)
	_ session.Expirer = (*Django)(nil)
)

// NewDjango returns the store in db, a Django site's database. The driver is [SQLite] or [Postgres]. The caller closes
// db, after the last request.
func NewDjango(db *sql.DB, driver string, ring *keyring.Ring, o DjangoOptions) (*Django, error) {
	d, err := newDatabase(db, driver)
	if err != nil {
		return nil, err
	}
	if o.Table == "" {
		o.Table = "django_session"
	}
	if !identifier(o.Table) {
		return nil, fmt.Errorf("sqlstore: table %q: a name has letters, digits and underscores", o.Table)
	}
	if o.Salt == "" {
		o.Salt = signing.SaltSessions
	}
	date := "expire_date"
	if driver == SQLite {
		date = "CAST(expire_date AS text)" // the driver guesses at dates otherwise
	}
	t := o.Table
	rest := fmt.Sprintf(` FROM %s WHERE session_key > ? AND expire_date > ? ORDER BY session_key LIMIT %d`, t, scanBatch)
	return &Django{
		db: d, data: session.NewDjangoData(ring, o.Salt),
		load:   d.text(`SELECT session_data, ` + date + ` FROM ` + t + ` WHERE session_key = ? AND expire_date > ?`),
		insert: d.text(`INSERT INTO ` + t + ` (session_data, expire_date, session_key) VALUES (?, ?, ?)`),
		update: d.text(`UPDATE ` + t + ` SET session_data = ?, expire_date = ? WHERE session_key = ?`),
		remove: d.text(`DELETE FROM ` + t + ` WHERE session_key = ?`),
		removeExpired: d.text(fmt.Sprintf(`DELETE FROM %s WHERE session_key IN
			(SELECT session_key FROM %s WHERE expire_date <= ? LIMIT %d)`, t, t, batch)),
		page:       d.text(`SELECT session_key, session_data, ` + date + rest),
		pageOfKeys: d.text(`SELECT session_key` + rest),
	}, nil
}

func identifier(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; (c < 'a' || c > 'z') && s[i] != '_' && (s[i] < '0' || s[i] > '9' || i == 0) {
			return false
		}
	}
	return s != ""
}

// Sliding implements [session.Sliding].
func (s *Django) Sliding() {}

// sqliteTime is how Django writes a time into SQLite, which compares it as text: UTC, a space, no offset. Django adds
// a fraction where there is one; ours have none.
const sqliteTime = "2006-01-02 15:04:05"

// date returns t as the column wants it.
func (s *Django) date(t time.Time) any {
	if s.db.driver == SQLite {
		return t.UTC().Format(sqliteTime)
	}
	return t.Truncate(time.Second)
}

// scanned returns the time that the column holds.
func scanned(v any) (time.Time, error) {
	switch v := v.(type) {
	case time.Time:
		return v, nil
	case string:
		return time.Parse(sqliteTime, v) // reads a fraction too
	}
	return time.Time{}, errors.New("not a time")
}

// keyable reports whether token could be one of Django's: at least 8 characters and no more than the column holds.
func keyable(token string) bool {
	for i := range len(token) {
		if token[i] <= ' ' || token[i] >= 0x7f {
			return false
		}
	}
	return len(token) >= 8 && len(token) <= 40
}

// Load implements [session.Store].
func (s *Django) Load(ctx context.Context, token string) (session.Record, error) {
	if !keyable(token) {
		return session.Record{}, session.ErrNotFound
	}
	var text string
	var date any
	err := s.db.QueryRowContext(ctx, s.load, token, s.date(time.Now())).Scan(&text, &date)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return session.Record{}, session.ErrNotFound
	case err != nil:
		return session.Record{}, wrapped("load", err)
	}
	expires, err := scanned(date)
	if err != nil {
		return session.Record{}, fmt.Errorf("sqlstore: load: an expire_date is not as Django writes it: %w", err)
	}
	rec, err := s.data.Decode(text, signing.Forever)
	if err != nil {
		return session.Record{}, err
	}
	rec.Expires = expires
	return rec, nil
}

// Save implements [session.Store].
func (s *Django) Save(ctx context.Context, token string, rec *session.Record) (string, error) {
	text, err := s.data.Encode(rec)
	if err != nil {
		return "", err
	}
	if token != "" {
		if !keyable(token) {
			return "", session.ErrNotFound
		}
		return token, s.db.writeOne(ctx, "update", s.update, text, s.date(rec.Expires), token)
	}
	token = newKey()
	_, err = s.db.write(ctx, "insert", s.insert, text, s.date(rec.Expires), token)
	return token, err
}

// Delete implements [session.Store].
func (s *Django) Delete(ctx context.Context, token string) error {
	if !keyable(token) {
		return session.ErrNotFound
	}
	return s.db.writeOne(ctx, "delete", s.remove, token)
}

// DeleteExpired implements [session.Expirer], a thousand rows at a time, as Django's clearsessions does.
func (s *Django) DeleteExpired(ctx context.Context, now time.Time) (int, error) {
	return s.db.writeBatches(ctx, "delete expired", s.removeExpired, s.date(now))
}

// newKey returns a session key as Django makes them: 32 lower-case letters and digits, 165 bits.
func newKey() string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	key := make([]byte, 0, 32)
	var random [64]byte
	for len(key) < cap(key) {
		_, _ = rand.Read(random[:]) // never fails: crypto/rand
		for _, b := range random {
			if b < 252 && len(key) < cap(key) { // 7 × 36: no letter is likelier than another
				key = append(key, alphabet[b%36])
			}
		}
	}
	return string(key)
}
