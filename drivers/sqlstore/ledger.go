package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
)

// KeyLedger keeps what the instances of a site say of their keys, in the table airworthy_key_uses: fingerprints and counts,
// no keys. It is safe for concurrent use, by several processes too.
//
// Instances that are not heard of for [keyring.Forgotten] are folded into one, of which a key that nobody has had for
// 400 days is dropped.
type KeyLedger struct {
	db database

	remove, insert, list, any, forgotten, dropForgotten, dropOld string
}

var _ keyring.Ledger = (*KeyLedger)(nil)

// keptFor is for how long a key is remembered that nobody has any more.
const keptFor = 400 * 24 * time.Hour

// NewKeyLedger returns the ledger in db, which has to have been migrated. The driver is [SQLite] or [Postgres]. The caller
// closes db, after the application.
func NewKeyLedger(db *sql.DB, driver string) (*KeyLedger, error) {
	d, err := newDatabase(db, driver)
	if err != nil {
		return nil, err
	}
	return &KeyLedger{
		db:     d,
		remove: d.text(`DELETE FROM airworthy_key_uses WHERE instance = ?`),
		insert: d.text(`INSERT INTO airworthy_key_uses (` + useColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (instance, fingerprint) DO NOTHING`),
		list:          d.text(`SELECT ` + useColumns + ` FROM airworthy_key_uses ORDER BY instance, place, fingerprint`),
		any:           d.text(`SELECT COUNT(*) FROM airworthy_key_uses WHERE instance <> '' AND at < ?`),
		forgotten:     d.text(`SELECT ` + useColumns + ` FROM airworthy_key_uses WHERE instance = '' OR at < ? ORDER BY instance, place, fingerprint`),
		dropForgotten: d.text(`DELETE FROM airworthy_key_uses WHERE instance = '' OR at < ?`),
		dropOld:       d.text(`DELETE FROM airworthy_key_uses WHERE instance = '' AND at < ?`),
	}, nil
}

const useColumns = `instance, fingerprint, place, at, gone, role, environment, made, since, verified, last`

// ledgerSchema is the table. Times are Unix seconds, 0 for none; place is that of the key among the instance's.
var ledgerSchema = map[string][]string{
	SQLite: {
		`CREATE TABLE IF NOT EXISTS airworthy_key_uses (
			instance text NOT NULL, fingerprint text NOT NULL, place integer NOT NULL, at integer NOT NULL,
			gone integer NOT NULL, role integer NOT NULL, environment text NOT NULL, made integer NOT NULL,
			since integer NOT NULL, verified integer NOT NULL, last integer NOT NULL,
			PRIMARY KEY (instance, fingerprint)) WITHOUT ROWID`,
		`CREATE INDEX IF NOT EXISTS airworthy_key_uses_at ON airworthy_key_uses (at)`,
	},
	Postgres: {
		`SELECT pg_advisory_xact_lock(7095801472638421)`, // two processes may start at once
		`CREATE TABLE IF NOT EXISTS airworthy_key_uses (
			instance text COLLATE "C" NOT NULL, fingerprint text NOT NULL, place integer NOT NULL, at bigint NOT NULL,
			gone smallint NOT NULL, role smallint NOT NULL, environment text NOT NULL, made bigint NOT NULL,
			since bigint NOT NULL, verified bigint NOT NULL, last bigint NOT NULL,
			PRIMARY KEY (instance, fingerprint))`,
		`CREATE INDEX IF NOT EXISTS airworthy_key_uses_at ON airworthy_key_uses (at)`,
	},
}

// foldLock keeps two processes from folding the same rows on PostgreSQL. SQLite's transactions have their lock anyhow.
const foldLock = `SELECT pg_advisory_xact_lock(7095801472638422)`

// Migrate makes the table unless it is there. Any number of processes may call it at once.
func (l *KeyLedger) Migrate(ctx context.Context) error {
	return l.db.migrate(ctx, ledgerSchema[l.db.driver])
}

const (
	roleFallback = 1 << iota
	roleStaged
)

// Report implements [keyring.Ledger].
func (l *KeyLedger) Report(ctx context.Context, r keyring.Report) error {
	if err := r.Validate(); err != nil {
		return err
	}
	if !storable(r.Instance) {
		return fmt.Errorf("sqlstore: report: the name of the instance is no text")
	}
	err := l.db.transact(ctx, "report", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, l.remove, r.Instance); err != nil {
			return err
		}
		return l.put(ctx, tx, r)
	})
	if err != nil {
		return err
	}
	return l.fold(ctx, r.At)
}

func (l *KeyLedger) put(ctx context.Context, tx *sql.Tx, r keyring.Report) error {
	gone := 0
	if r.Gone {
		gone = 1
	}
	for place, u := range r.Keys {
		role := 0
		if u.Fallback {
			role |= roleFallback
		}
		if u.Staged {
			role |= roleStaged
		}
		if _, err := tx.ExecContext(ctx, l.insert, r.Instance, u.Fingerprint, place, seconds(r.At), gone, role, u.Environment,
			seconds(u.Made), seconds(u.Since), int64(min(u.Verified, math.MaxInt64)), seconds(u.Last)); err != nil {
			return err
		}
	}
	return nil
}

// fold makes one of the instances that are forgotten. It has a transaction of its own, so that nobody who holds the lock
// waits for somebody who waits for it.
func (l *KeyLedger) fold(ctx context.Context, now time.Time) error {
	limit := now.Add(-keyring.Forgotten).Unix()
	var some int
	if err := l.db.QueryRowContext(ctx, l.any, limit).Scan(&some); err != nil || some == 0 {
		return wrapped("report", err) // in most minutes nobody is forgotten
	}
	return l.db.transact(ctx, "fold", func(tx *sql.Tx) error {
		if l.db.driver == Postgres {
			if _, err := tx.ExecContext(ctx, foldLock); err != nil {
				return err
			}
		}
		old, err := read(tx.QueryContext(ctx, l.forgotten, limit))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, l.dropForgotten, limit); err != nil {
			return err
		}
		for _, one := range byKey(old) {
			if err := l.put(ctx, tx, one); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, l.dropOld, now.Add(-keptFor).Unix())
		return err
	})
}

// byKey folds the rows of each key, so that each has a time of its own at which somebody had it last.
func byKey(rows []keyring.Report) []keyring.Report {
	var order []string
	keys := map[string][]keyring.Report{}
	for _, r := range rows {
		name := r.Keys[0].Fingerprint
		if keys[name] == nil {
			order = append(order, name)
		}
		keys[name] = append(keys[name], r)
	}
	var folded []keyring.Report
	for _, name := range order {
		folded = append(folded, keyring.Fold(keys[name]...))
	}
	return folded
}

// Reports implements [keyring.Ledger].
func (l *KeyLedger) Reports(ctx context.Context) ([]keyring.Report, error) {
	rows, err := read(l.db.QueryContext(ctx, l.list))
	if err != nil {
		return nil, wrapped("reports", err)
	}
	var all []keyring.Report
	for _, r := range rows {
		if last := len(all) - 1; last >= 0 && all[last].Instance == r.Instance {
			all[last].Keys = append(all[last].Keys, r.Keys...)
			if r.At.After(all[last].At) {
				all[last].At = r.At
			}
			continue
		}
		all = append(all, r)
	}
	return all, nil
}

// read returns each row as a report of one key. It takes what QueryContext returns.
func read(rows *sql.Rows, err error) ([]keyring.Report, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []keyring.Report
	for rows.Next() {
		var r keyring.Report
		var u keyring.Use
		var place, gone, role int
		var at, made, since, verified, last int64
		if err := rows.Scan(&r.Instance, &u.Fingerprint, &place, &at, &gone, &role, &u.Environment, &made, &since, &verified, &last); err != nil {
			return nil, err
		}
		u.Fallback, u.Staged = role&roleFallback != 0, role&roleStaged != 0
		u.Made, u.Since, u.Last, u.Verified = moment(made), moment(since), moment(last), uint64(verified)
		r.At, r.Gone, r.Keys = moment(at), gone != 0, []keyring.Use{u}
		all = append(all, r)
	}
	return all, rows.Err()
}

// seconds returns t in Unix seconds, and 0 for the zero time.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
