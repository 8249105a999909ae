package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/lockout"
)

// Lockout counts failed logins in the table airworthy_lockouts. It is safe for concurrent use, by several processes too.
//
// Names stand in the table as they were typed, so that an operator can read them; what no text column takes stands there
// with backslashes. What has expired stays until DeleteExpired, which an airworthy.App that is served calls every hour.
type Lockout struct {
	db    database
	seed  maphash.Seed
	turns [turns]chan struct{}

	load, hold, insert, update, remove, locked, removeExpired string
}

var _ lockout.Store = (*Lockout)(nil)

// turns is how many updates one process has under way at PostgreSQL, those of one key one after the other: an attack on
// one account waits here, not each guess on a connection of its own.
const turns = 32

// NewLockout returns the store in db, which has to have been migrated. The driver is [SQLite] or [Postgres]. The caller
// closes db, after the last request.
func NewLockout(db *sql.DB, driver string) (*Lockout, error) {
	d, err := newDatabase(db, driver)
	if err != nil {
		return nil, err
	}
	const one = ` WHERE kind = ? AND subject = ?`
	load := `SELECT ` + stateColumns + ` FROM airworthy_lockouts` + one
	hold := load
	if driver == Postgres {
		hold += ` FOR UPDATE`
	}
	l := &Lockout{
		db: d, seed: maphash.MakeSeed(),
		load: d.text(load),
		hold: d.text(hold),
		insert: d.text(`INSERT INTO airworthy_lockouts (` + stateColumns + `, kind, subject) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (kind, subject) DO NOTHING`),
		update: d.text(`UPDATE airworthy_lockouts SET failures = ?, leaked = ?, last = ?, locked = ?, until = ?, locks = ?,
			network = ?, reason = ?, expires = ?` + one),
		remove: d.text(`DELETE FROM airworthy_lockouts` + one),
		locked: d.text(`SELECT ` + stateColumns + `, kind, subject FROM airworthy_lockouts WHERE until > ? AND expires > ?
			ORDER BY locked DESC, kind, subject LIMIT ?`),
		// The condition stands there twice, so that on PostgreSQL a row is looked at again that was counted in meanwhile.
		removeExpired: d.text(fmt.Sprintf(`DELETE FROM airworthy_lockouts WHERE expires <= ? AND (kind, subject) IN
			(SELECT kind, subject FROM airworthy_lockouts WHERE expires <= ? LIMIT %d)`, batch)),
	}
	for i := range l.turns {
		l.turns[i] = make(chan struct{}, 1)
	}
	return l, nil
}

const stateColumns = `failures, leaked, last, locked, until, locks, network, reason, expires`

// lockoutSchema is the table. Times are Unix milliseconds, 0 for none.
var lockoutSchema = map[string][]string{
	SQLite: {
		`CREATE TABLE IF NOT EXISTS airworthy_lockouts (
			kind text NOT NULL, subject text NOT NULL, failures integer NOT NULL, leaked integer NOT NULL,
			last integer NOT NULL, locked integer NOT NULL, until integer NOT NULL, locks integer NOT NULL,
			network text NOT NULL, reason text NOT NULL, expires integer NOT NULL,
			PRIMARY KEY (kind, subject)) WITHOUT ROWID`,
		`CREATE INDEX IF NOT EXISTS airworthy_lockouts_until ON airworthy_lockouts (until)`,
		`CREATE INDEX IF NOT EXISTS airworthy_lockouts_expires ON airworthy_lockouts (expires)`,
	},
	Postgres: {
		`SELECT pg_advisory_xact_lock(7095801472638421)`, // two processes may start at once
		`CREATE TABLE IF NOT EXISTS airworthy_lockouts (
			kind text COLLATE "C" NOT NULL, subject text COLLATE "C" NOT NULL, failures bigint NOT NULL,
			leaked bigint NOT NULL, last bigint NOT NULL, locked bigint NOT NULL, until bigint NOT NULL,
			locks bigint NOT NULL, network text NOT NULL, reason text NOT NULL, expires bigint NOT NULL,
			PRIMARY KEY (kind, subject))`,
		`CREATE INDEX IF NOT EXISTS airworthy_lockouts_until ON airworthy_lockouts (until)`,
		`CREATE INDEX IF NOT EXISTS airworthy_lockouts_expires ON airworthy_lockouts (expires)`,
	},
}

// Migrate makes the table unless it is there. Any number of processes may call it at once.
func (l *Lockout) Migrate(ctx context.Context) error {
	return l.db.migrate(ctx, lockoutSchema[l.db.driver])
}

// stateRow is a state as the table has it.
type stateRow struct {
	failures, leaked, last, locked, until, locks int64
	network, reason                              string
	expires                                      int64
}

func rowOf(s lockout.State) stateRow {
	return stateRow{
		int64(s.Failures), millis(s.Leaked), millis(s.Last), millis(s.Locked), millis(s.Until), int64(s.Locks),
		escaped(s.From), escaped(s.Reason), millis(s.Expires),
	}
}

func (r *stateRow) state() lockout.State {
	return lockout.State{
		Failures: int(r.failures), Leaked: instant(r.leaked), Last: instant(r.last), Locked: instant(r.locked),
		Until: instant(r.until), Locks: int(r.locks), From: unescaped(r.network), Reason: unescaped(r.reason),
		Expires: instant(r.expires),
	}
}

// at returns the state at now.
func (r *stateRow) at(now time.Time) lockout.State {
	if r.expires <= millis(now) {
		return lockout.State{}
	}
	return r.state()
}

func (r *stateRow) values(more ...any) []any {
	return append([]any{r.failures, r.leaked, r.last, r.locked, r.until, r.locks, r.network, r.reason, r.expires}, more...)
}

func (r *stateRow) places(more ...any) []any {
	return append([]any{&r.failures, &r.leaked, &r.last, &r.locked, &r.until, &r.locks, &r.network, &r.reason, &r.expires}, more...)
}

// Update implements [lockout.Store].
func (l *Lockout) Update(ctx context.Context, key lockout.Key, now time.Time, change func(lockout.State) lockout.State) (lockout.State, error) {
	const what = "count"
	leave, err := l.enter(ctx, key)
	if err != nil {
		return lockout.State{}, wrapped(what, err)
	}
	defer leave()
	options := &sql.TxOptions{}
	if l.db.driver == Postgres {
		options.Isolation = sql.LevelReadCommitted // what was waited for is what is read, whatever the database's default
	}
	tx, err := l.db.BeginTx(ctx, options)
	if err != nil {
		return lockout.State{}, wrapped(what, err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	old, err := l.holdRow(ctx, tx, key)
	if err != nil {
		return lockout.State{}, wrapped(what, err)
	}
	state := change(old.at(now))
	if state == (lockout.State{}) {
		_, err = tx.ExecContext(ctx, l.remove, names(key)...)
	} else if row := rowOf(state); row != old { // an attempt during a lock changes nothing, and so writes nothing
		_, err = tx.ExecContext(ctx, l.update, row.values(names(key)...)...)
	}
	if err != nil {
		return lockout.State{}, wrapped(what, err)
	}
	return state, wrapped(what, tx.Commit())
}

// enter waits until it is key's turn, and returns what ends it.
func (l *Lockout) enter(ctx context.Context, key lockout.Key) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.db.writer != nil {
		l.db.writer.Lock()
		return l.db.writer.Unlock, nil
	}
	turn := l.turns[maphash.Comparable(l.seed, key)%turns]
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// holdRow returns key's row and keeps others from it until tx ends. Where there is none it makes one, which expired in
// 1970: two that do so at once wait for each other. Whoever waited may find it deleted again.
func (l *Lockout) holdRow(ctx context.Context, tx *sql.Tx, key lockout.Key) (stateRow, error) {
	for {
		var r stateRow
		err := tx.QueryRowContext(ctx, l.hold, names(key)...).Scan(r.places()...)
		if !errors.Is(err, sql.ErrNoRows) {
			return r, err
		}
		if _, err := tx.ExecContext(ctx, l.insert, r.values(names(key)...)...); err != nil {
			return r, err
		}
	}
}

// Load implements [lockout.Store].
func (l *Lockout) Load(ctx context.Context, key lockout.Key, now time.Time) (lockout.State, error) {
	var r stateRow
	err := l.db.QueryRowContext(ctx, l.load, names(key)...).Scan(r.places()...)
	if errors.Is(err, sql.ErrNoRows) {
		return lockout.State{}, nil
	}
	if err != nil {
		return lockout.State{}, wrapped("look up failures", err)
	}
	return r.at(now), nil
}

// Delete implements [lockout.Store].
func (l *Lockout) Delete(ctx context.Context, key lockout.Key) error {
	_, err := l.db.write(ctx, "forget failures", l.remove, names(key)...)
	return err
}

// Locked implements [lockout.Store].
func (l *Lockout) Locked(ctx context.Context, now time.Time, limit int) ([]lockout.Entry, error) {
	const what = "list locks"
	rows, err := l.db.QueryContext(ctx, l.locked, millis(now), millis(now), max(0, limit))
	if err != nil {
		return nil, wrapped(what, err)
	}
	defer func() { _ = rows.Close() }()
	var entries []lockout.Entry
	for rows.Next() {
		var r stateRow
		var kind, subject string
		if err := rows.Scan(r.places(&kind, &subject)...); err != nil {
			return nil, wrapped(what, err)
		}
		key := lockout.Key{Kind: lockout.Kind(unescaped(kind)), Subject: unescaped(subject)}
		entries = append(entries, lockout.Entry{Key: key, State: r.state()})
	}
	return entries, wrapped(what, rows.Err())
}

// DeleteExpired removes what has expired at now and returns how much that was.
func (l *Lockout) DeleteExpired(ctx context.Context, now time.Time) (int, error) {
	return l.db.writeBatches(ctx, "delete expired failures", l.removeExpired, millis(now), millis(now))
}

func names(key lockout.Key) []any { return []any{escaped(string(key.Kind)), escaped(key.Subject)} }

// millis returns t in Unix milliseconds, and 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

// escaped returns s as a text column takes it: ordinary text as it is, a zero byte, one that is no UTF-8 and a backslash
// as \x and two digits.
func escaped(s string) string {
	if storable(s) && !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == 0 || r == '\\' || r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// unescaped returns what escaped was given.
func unescaped(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, `\x`)
		b.WriteString(before)
		if !found || len(after) < 2 {
			return b.String()
		}
		n, err := strconv.ParseUint(after[:2], 16, 8)
		if err != nil {
			return b.String() // not what escaped wrote
		}
		b.WriteByte(byte(n))
		s = after[2:]
	}
}
