package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
)

// Django makes what we refuse: twins, names in other Unicode forms, names of one space.
func TestDjangosTwinsAreFound(t *testing.T) {
	eachDjango(t, func(t *testing.T, s *sqlstore.DjangoAccounts, db *sql.DB, driver string) {
		joined := zoned(driver, "2020-02-03 04:05:06")
		groups := [][]string{
			{"alice", "Alice", "ALICE", "aLiCe", "\uff41lice", "\uff21LICE", "al\u2170ce"}, // full width, a Roman i
			{"kelvin", "\u212aelvin", "KELVIN"},
			{"straße", "STRASSE", "ſtrasse", "STRAẞE", "stra\u017fse"},
			{"ﬁne", "fine", "FINE", "ﬁNE"},
			{"σίσυφος", "ΣΊΣΥΦΟΣ", "σι\u0301συφος", "Σίσυφοσ"},
			{"özgür", "ÖZGÜR", "o\u0308zgu\u0308r", "O\u0308ZGÜR"},
			{"ΐx", "Ϊ́X", "ι\u0308\u0301X"},
			{"дмитрий", "Дмитрий", "ДМИТРИЙ", "ДМИТРИИ\u0306"},
			{"ǆ", "Ǆ", "ǅ", "dž"},
			{"ilker", "ILKER", "Ilker"},
			{"ılker"}, // a dotless i is another letter
			{"İlker", "i\u0307lker"},
			{" ", "\u00a0", "\u2003"},
			{"王"},
		}
		for _, group := range groups {
			for _, name := range group {
				djangoInsert(t, db, name, strings.ReplaceAll(name, " ", "_")+"@example.org", joined, nil)
			}
		}
		for i := range 200 { // whom nobody looks for
			djangoInsert(t, db, fmt.Sprintf("ü%d", i), fmt.Sprintf("ü%d@example.org", i), joined, nil)
		}
		for _, group := range groups {
			for _, name := range group {
				twins, err := s.Twins(t.Context(), name)
				if got := usernames(twins); err != nil || !sameNames(got, group) {
					t.Errorf("Twins(%q) = %q, %v, want %q", name, got, err, group)
				}
				if len(twins) > 0 && twins[0].Username != name {
					t.Errorf("Twins(%q) begins with %q", name, twins[0].Username)
				}
				if u, err := s.ByUsername(t.Context(), name); err != nil || u.Username != name {
					t.Errorf("ByUsername(%q) = %q, %v", name, u.Username, err)
				}
				owners, err := s.ByEmail(t.Context(), name+"@EXAMPLE.org")
				if got := usernames(owners); name[0] > ' ' && name[0] != 0xc2 && name[0] != 0xe2 && (err != nil || !sameNames(got, group)) {
					t.Errorf("ByEmail of %q = %q, %v, want %q", name, got, err, group)
				}
				if u, err := s.Create(t.Context(), accounts.User{Username: accounts.NormalizeUsername(name)}); !errors.Is(err, accounts.ErrTaken) {
					t.Errorf("Create(%q) beside its twins = %q, %v, want ErrTaken", name, u.Username, err)
				}
			}
		}
	})
}

func usernames(users []accounts.User) []string {
	var names []string
	for _, u := range users {
		names = append(names, u.Username)
	}
	return names
}

func sameNames(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// PostgreSQL folds by the language of the column: in Turkish the small letter of I is not i.
func TestTwinsInATurkishDatabase(t *testing.T) {
	eachDjango(t, func(t *testing.T, s *sqlstore.DjangoAccounts, db *sql.DB, driver string) {
		if driver == sqlstore.SQLite {
			t.Skip("SQLite knows no languages")
		}
		exec(t, db, `ALTER TABLE auth_user ALTER COLUMN username TYPE varchar(150) COLLATE "tr-x-icu", ALTER COLUMN email TYPE varchar(254) COLLATE "tr-x-icu"`)
		var lower string
		if err := db.QueryRowContext(t.Context(), `SELECT lower('I' COLLATE "tr-x-icu")`).Scan(&lower); err != nil || lower != "ı" {
			t.Fatalf("lower('I') = %q, %v: the test needs a Turkish collation", lower, err)
		}
		joined := zoned(driver, "2020-02-03 04:05:06")
		djangoInsert(t, db, "ILKER", "ILKER@example.org", joined, nil)
		if twins, err := s.Twins(t.Context(), "ilker"); err != nil || len(twins) != 1 {
			t.Errorf("Twins = %d, %v, want 1", len(twins), err)
		}
		if owners, err := s.ByEmail(t.Context(), "ilker@EXAMPLE.org"); err != nil || len(owners) != 1 {
			t.Errorf("ByEmail = %d, %v, want 1", len(owners), err)
		}
	})
}

// The order of a list is that of the bytes, in a database of any language: whoever pages by it misses nobody.
func TestListInATableOfAnotherOrder(t *testing.T) {
	eachDjango(t, func(t *testing.T, s *sqlstore.DjangoAccounts, db *sql.DB, driver string) {
		if driver == sqlstore.SQLite {
			t.Skip("SQLite knows no languages")
		}
		exec(t, db, `ALTER TABLE auth_user ALTER COLUMN username TYPE varchar(150) COLLATE "en-x-icu"`)
		var want []string
		for _, name := range []string{"b", "A", "a", "_", "B", "é", "f", "Z"} {
			djangoInsert(t, db, name, "", zoned(driver, "2020-02-03 04:05:06"), nil)
			want = append(want, name)
		}
		slices.Sort(want)
		var got []string
		for after := ""; len(got) < len(want); after = got[len(got)-1] {
			page, err := s.List(t.Context(), after, 3)
			if err != nil || len(page) == 0 {
				t.Fatalf("List(%q) = %d users, %v", after, len(page), err)
			}
			got = append(got, usernames(page)...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("List = %q, want %q", got, want)
		}
	})
}

// A name that Django gives away at the same moment is taken.
func TestDjangoTakesTheNameMeanwhile(t *testing.T) {
	eachDjango(t, func(t *testing.T, s *sqlstore.DjangoAccounts, db *sql.DB, driver string) {
		if driver == sqlstore.SQLite {
			t.Skip("SQLite has one writer at a time")
		}
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email,
			is_staff, is_active, date_joined) VALUES ('!', false, 'alice', '', '', '', false, true, now())`); err != nil {
			t.Fatal(err)
		}
		created := make(chan error, 1)
		go func() {
			_, err := s.Create(t.Context(), accounts.User{Username: "alice"})
			created <- err
		}()
		for waits := 0; waits == 0 && t.Context().Err() == nil; { // until Create waits for Django's transaction
			if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'
				AND pid IN (SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT INTO auth_user%')`).Scan(&waits); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-created:
				t.Fatalf("Create did not wait: %v", err)
			default:
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := <-created; !errors.Is(err, accounts.ErrTaken) {
			t.Errorf("Create = %v, want ErrTaken", err)
		}
	})
}

// Of twins that several processes want to make at once, one is made.
func TestTwinsAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(*testing.T) (userStore, *sql.DB)) {
		first, db := open(t)
		stores := []userStore{first}
		for range 3 { // each as if in a process of its own
			switch first.(type) {
			case *sqlstore.DjangoAccounts:
				stores = append(stores, again(sqlstore.NewDjangoAccounts(db, driverOf(db), sqlstore.DjangoAccountsOptions{})))
			default:
				stores = append(stores, again(sqlstore.NewAccounts(db, driverOf(db))))
			}
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		made := map[string]int{}
		for i, name := range []string{"anna", "ANNA", "Anna", "aNNa", "straße", "STRASSE", "strasse", "STRAßE"} {
			for j := range 5 {
				wg.Go(func() {
					_, err := stores[(i+j)%len(stores)].Create(t.Context(), accounts.User{Username: name})
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						made[accounts.CanonicalUsername(name)]++
					} else if !errors.Is(err, accounts.ErrTaken) {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if made["anna"] != 1 || made["strasse"] != 1 {
			t.Errorf("made %v, want one of each", made)
		}
	})
}

func again[S userStore](s S, err error) userStore {
	if err != nil {
		panic(err)
	}
	return s
}

func driverOf(db *sql.DB) string {
	if strings.Contains(fmt.Sprintf("%T", db.Driver()), "sqlite") {
		return sqlstore.SQLite
	}
	return sqlstore.Postgres
}
