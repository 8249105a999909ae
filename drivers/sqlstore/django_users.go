package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/signing"
)

// Django's table has no column for the user: whose a session is stands in its signed data. So what follows reads every
// row that has not expired, as Django's own recipes for it do, a batch at a time in the order of the primary key, and
// verifies and decodes each: about four milliseconds for a thousand sessions. That is too much for every request, and
// little for a change of e-mail address.

var _ session.UserStore = (*Django)(nil)

// scanBatch is how many rows one statement reads, so that no connection is kept for long.
const scanBatch = 500

// djangoRow is a row as it stands in the table.
type djangoRow struct {
	key, data string
	date      any
}

// scan calls f with the rows that have not expired at now, a batch at a time, until f returns an error or false. No
// statement is open meanwhile. With keysOnly the rows have no data and no date.
//
// A row that is added while it reads is seen or not.
func (s *Django) scan(ctx context.Context, now time.Time, keysOnly bool, f func([]djangoRow) (more bool, err error)) error {
	query := s.page
	if keysOnly {
		query = s.pageOfKeys
	}
	for last := ""; ; {
		rows, err := s.read(ctx, query, last, s.date(now))
		if err != nil || len(rows) == 0 {
			return err
		}
		if more, err := f(rows); err != nil || !more || len(rows) < scanBatch {
			return err
		}
		last = rows[len(rows)-1].key
	}
}

func (s *Django) read(ctx context.Context, query string, args ...any) ([]djangoRow, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, wrapped("scan", err)
	}
	defer func() { _ = rows.Close() }()
	var all []djangoRow
	for rows.Next() {
		var r djangoRow
		into := []any{&r.key, &r.data, &r.date}
		if query == s.pageOfKeys {
			into = into[:1]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, wrapped("scan", err)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, wrapped("scan", err)
	}
	return all, nil
}

// of returns the session in r if it is the user's. What none of the keys signed is nobody's, to Django too.
func (s *Django) of(user string, r djangoRow) (session.Record, bool) {
	rec, err := s.data.Decode(r.data, signing.Forever)
	return rec, err == nil && rec.User == user
}

// ListByUser implements [session.UserStore]. It reads the whole table.
func (s *Django) ListByUser(ctx context.Context, user string, now time.Time) ([]session.Entry, error) {
	if user == "" {
		return nil, nil
	}
	var entries []session.Entry
	err := s.scan(ctx, now, false, func(rows []djangoRow) (bool, error) {
		for _, r := range rows {
			rec, ok := s.of(user, r)
			if !ok {
				continue
			}
			expires, err := scanned(r.date)
			if err != nil {
				return false, fmt.Errorf("sqlstore: list: an expire_date is not as Django writes it: %w", err)
			}
			rec.Expires = expires
			entries = append(entries, session.Entry{ID: session.Hash(r.key), Record: rec})
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// DeleteByUser implements [session.UserStore]. It reads the whole table, and again if there was something to end: a
// session whose key was changed meanwhile may have got behind the first reading.
func (s *Django) DeleteByUser(ctx context.Context, user, keep string) (int, error) {
	if user == "" {
		return 0, nil
	}
	total := 0
	for range 2 {
		n, err := s.deleteByUser(ctx, user, keep)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
	return total, nil
}

func (s *Django) deleteByUser(ctx context.Context, user, keep string) (total int, err error) {
	err = s.scan(ctx, time.Now(), false, func(rows []djangoRow) (bool, error) {
		for _, r := range rows {
			if _, ok := s.of(user, r); !ok || r.key == keep {
				continue
			}
			n, err := s.db.write(ctx, "delete by user", s.remove, r.key)
			total += n
			if err != nil {
				return false, err
			}
		}
		return true, nil
	})
	return total, err
}

// DeleteEntry implements [session.UserStore]. It reads the keys of the whole table until it finds the one.
func (s *Django) DeleteEntry(ctx context.Context, user, id string) error {
	if user == "" || len(id) != len(session.Hash("")) {
		return session.ErrNotFound
	}
	found := ""
	err := s.scan(ctx, time.Now(), true, func(rows []djangoRow) (bool, error) {
		for _, r := range rows {
			if session.Hash(r.key) == id {
				found = r.key
			}
		}
		return found == "", nil
	})
	if err != nil {
		return err
	}
	rec, err := s.Load(ctx, found)
	switch {
	case errors.Is(err, session.ErrNotFound), err == nil && rec.User != user:
		return session.ErrNotFound
	case err != nil:
		return err
	}
	return s.Delete(ctx, found)
}

// EntryID implements [session.UserStore].
func (s *Django) EntryID(token string) string { return session.Hash(token) }
