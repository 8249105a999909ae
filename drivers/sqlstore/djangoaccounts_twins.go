package sqlstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/airworthy-go/airworthy/accounts"
)

// candidates returns the statement that finds whoever could have a text of one canonical form in the column: a superset,
// which the canonical form that Go makes is compared with. What a database folds differs from one to the next (SQLite
// folds ASCII only, PostgreSQL what the database's language says), so that it is asked two things which do not: whether
// ASCII folded is equal, and whether there is more than ASCII. The canonical form of ASCII is its lower case.
func (d database) candidates(table, column string) string {
	lower, more := `lower(`+column+`)`, `length(CAST(`+column+` AS blob)) - length(`+column+`)`
	if d.driver == Postgres {
		lower, more = `lower(`+column+` COLLATE "C")`, `octet_length(`+column+`) - char_length(`+column+`)`
	}
	return d.text(`SELECT id, ` + column + ` FROM ` + table + ` WHERE ` + lower + ` = ? OR ` + more + ` > 0`)
}

// candidate is a row of that.
type candidate struct {
	id   int64
	text string
}

// likely returns those whose text has the canonical form, the oldest first. It reads rows as they come and keeps no others.
func likely(ctx context.Context, q queryer, what, query, canonical string, fold func(string) string) ([]candidate, error) {
	rows, err := q.QueryContext(ctx, query, canonical)
	if err != nil {
		return nil, wrapped(what, err)
	}
	defer func() { _ = rows.Close() }()
	var found []candidate
	for rows.Next() {
		var c candidate
		if err := rows.Scan(&c.id, &c.text); err != nil {
			return nil, wrapped(what, err)
		}
		if fold(c.text) == canonical {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b candidate) int { return cmp.Compare(a.id, b.id) })
	return found, wrapped(what, rows.Err())
}

// load returns at most limit of the users that were found, as they are now. A user who is gone meanwhile is left out.
func (a *DjangoAccounts) load(ctx context.Context, what string, found []candidate, limit int) ([]accounts.User, error) {
	var all []accounts.User
	for _, c := range found[:min(limit, len(found))] {
		u, err := one(ctx, a.users.db, what, a.scan, a.byID, c.id)
		switch err {
		case nil:
			all = append(all, u)
		case accounts.ErrNotFound:
		default:
			return nil, err
		}
	}
	return all, nil
}

// Twins implements [accounts.Store].
//
// The database reads its whole table, and those names that are not ASCII are compared here. See docs/accounts-store.md
// for what that costs, and for two indexes that spare most of it.
func (a *DjangoAccounts) Twins(ctx context.Context, username string) ([]accounts.User, error) {
	if !asked(username, accounts.MaxUsername) {
		return nil, nil
	}
	found, err := likely(ctx, a.users.db, "twins", a.twins, accounts.CanonicalUsername(username), accounts.CanonicalUsername)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(found, func(c candidate) bool { return c.text == username }); i > 0 {
		found[0], found[i] = found[i], found[0] // who has that very name is not cut off
	}
	return a.load(ctx, "twins", found, maxTwins)
}

// ByEmail implements [accounts.Store], by Django's rule for reset mails: those whose address has the same canonical form,
// and nobody else, the oldest first. It costs what [DjangoAccounts.Twins] costs.
func (a *DjangoAccounts) ByEmail(ctx context.Context, email string) ([]accounts.User, error) {
	if !asked(email, accounts.MaxEmail) {
		return nil, nil
	}
	found, err := likely(ctx, a.users.db, "users by e-mail", a.emails, accounts.CanonicalEmail(email), accounts.CanonicalEmail)
	if err != nil {
		return nil, err
	}
	return a.load(ctx, "users by e-mail", found, maxByEmail)
}
