package sqlstore

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
)

// factors keeps second factors in the table airworthy_factors, whichever table the users are in.
type factors struct {
	db database

	list, get, insert, update, remove, all string
}

func newFactors(d database) factors {
	const from = `SELECT ` + factorColumns + ` FROM airworthy_factors WHERE `
	return factors{
		db:   d,
		list: d.text(from + `user_id = ? ORDER BY created, id`),
		get:  d.text(from + `user_id = ? AND id = ?`),
		insert: d.text(`INSERT INTO airworthy_factors (` + factorColumns + `)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),
		update: d.text(`UPDATE airworthy_factors SET name = ?, confirmed = ?, data = ?, used = ?, version = version + 1
			WHERE user_id = ? AND id = ? AND version = ?`),
		remove: d.text(`DELETE FROM airworthy_factors WHERE user_id = ? AND id = ?`),
		all:    d.text(from + `id > ? ORDER BY id LIMIT ?`),
	}
}

const factorColumns = `id, user_id, kind, name, confirmed, data, created, used, version`

// factorsSchema is the table. Times are Unix seconds, 0 for none. There is no foreign key: user_id is text, whatever the
// type of the users' key.
var factorsSchema = map[string][]string{
	SQLite: {
		`CREATE TABLE IF NOT EXISTS airworthy_factors (
			id text NOT NULL PRIMARY KEY, user_id text NOT NULL, kind text NOT NULL, name text NOT NULL,
			confirmed boolean NOT NULL, data blob NOT NULL, created integer NOT NULL, used integer NOT NULL,
			version integer NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS airworthy_factors_user ON airworthy_factors (user_id)`,
	},
	Postgres: {
		`SELECT pg_advisory_xact_lock(7095801472638421)`, // two processes may start at once
		`CREATE TABLE IF NOT EXISTS airworthy_factors (
			id text COLLATE "C" NOT NULL PRIMARY KEY, user_id text COLLATE "C" NOT NULL, kind text NOT NULL, name text NOT NULL,
			confirmed boolean NOT NULL, data bytea NOT NULL, created bigint NOT NULL, used bigint NOT NULL,
			version bigint NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS airworthy_factors_user ON airworthy_factors (user_id)`,
	},
}

// Migrate makes the table airworthy_factors unless it is there. Any number of processes may call it at once.
func (s *factors) Migrate(ctx context.Context) error {
	return s.db.migrate(ctx, factorsSchema[s.db.driver])
}

func scanFactor(scan func(...any) error) (f accounts.Factor, err error) {
	var created, used int64
	err = scan(&f.ID, &f.User, &f.Kind, &f.Name, &f.Confirmed, &f.Data, &created, &used, &f.Version)
	f.Created, f.Used = moment(created), moment(used)
	return f, err
}

// Factors implements [accounts.FactorStore].
func (s *factors) Factors(ctx context.Context, user string) ([]accounts.Factor, error) {
	if !asked(user, accounts.MaxUsername) {
		return nil, nil
	}
	return many(ctx, s.db, "factors", scanFactor, s.list, user)
}

// AddFactor implements [accounts.FactorStore].
func (s *factors) AddFactor(ctx context.Context, f accounts.Factor) (accounts.Factor, error) {
	if err := f.Validate(); err != nil {
		return accounts.Factor{}, err
	}
	if f.Created.IsZero() {
		f.Created = time.Now()
	}
	f.ID, f.Version, f.Data = rand.Text(), 1, append([]byte{}, f.Data...)
	f.Created, f.Used = moment(seconds(f.Created)), moment(seconds(f.Used))
	if _, err := s.db.write(ctx, "add factor", s.insert, f.ID, f.User, string(f.Kind), f.Name, f.Confirmed, f.Data,
		seconds(f.Created), seconds(f.Used), f.Version); err != nil {
		return accounts.Factor{}, err
	}
	return f, nil
}

// UpdateFactor implements [accounts.FactorStore].
func (s *factors) UpdateFactor(ctx context.Context, f accounts.Factor) (accounts.Factor, error) {
	if !asked(f.User, accounts.MaxUsername) || !asked(f.ID, accounts.MaxUsername) {
		return accounts.Factor{}, accounts.ErrNotFound
	}
	have, err := one(ctx, s.db, "factor", scanFactor, s.get, f.User, f.ID)
	if err != nil {
		return accounts.Factor{}, err
	}
	f.Kind, f.Created = have.Kind, have.Created // which never change
	if err := f.Validate(); err != nil {
		return accounts.Factor{}, err
	}
	f.Data, f.Used = append([]byte{}, f.Data...), moment(seconds(f.Used))
	err = s.db.change(ctx, "update factor", s.update, f.Name, f.Confirmed, f.Data, seconds(f.Used), f.User, f.ID, f.Version)
	if errors.Is(err, accounts.ErrNotFound) {
		_, err = one(ctx, s.db, "factor", scanFactor, s.get, f.User, f.ID)
		if err == nil {
			err = accounts.ErrConflict
		}
	}
	if err != nil {
		return accounts.Factor{}, err
	}
	f.Version++
	return f, nil
}

// DeleteFactor implements [accounts.FactorStore].
func (s *factors) DeleteFactor(ctx context.Context, user, id string) error {
	if !asked(user, accounts.MaxUsername) || !asked(id, accounts.MaxUsername) {
		return accounts.ErrNotFound
	}
	return s.db.change(ctx, "delete factor", s.remove, user, id)
}

// AllFactors implements [accounts.FactorStore].
func (s *factors) AllFactors(ctx context.Context, after string, limit int) ([]accounts.Factor, error) {
	return many(ctx, s.db, "all factors", scanFactor, s.all, behind(after), max(0, limit))
}
