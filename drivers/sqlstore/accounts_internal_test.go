package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
)

// planOf returns how the database would go about a query.
func planOf(t *testing.T, conn *sql.Conn, driver, query string, args []any) string {
	t.Helper()
	explain := "EXPLAIN QUERY PLAN "
	if driver == Postgres {
		explain = "EXPLAIN "
	}
	rows, err := conn.QueryContext(t.Context(), explain+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	for rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(any)
		}
		if err := rows.Scan(row...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, *row[len(row)-1].(*any))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// What is asked on every request or login is found by an index, whatever the number of users.
func TestUsersAreFoundByAnIndex(t *testing.T) {
	for _, driver := range []string{SQLite, Postgres} {
		t.Run(driver, func(t *testing.T) {
			dsn := "file:" + filepath.Join(t.TempDir(), "db.sqlite3")
			if driver == Postgres {
				if dsn = os.Getenv("POSTGRES_TEST_URL"); dsn == "" {
					t.Skip("set POSTGRES_TEST_URL")
				}
			}
			db, err := Open(t.Context(), driver, secret.New(dsn))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			db.SetMaxOpenConns(1) // with one search_path
			table := `CREATE TABLE auth_user (id integer PRIMARY KEY, username varchar(150) NOT NULL UNIQUE, password text, last_login text,
				is_superuser boolean, last_name text, first_name text, email varchar(254), is_staff boolean, is_active boolean, date_joined text)`
			setup := []string{table}
			if driver == Postgres {
				schema := fmt.Sprintf("airworthy_test_plans_%d", os.Getpid())
				setup = []string{`CREATE SCHEMA ` + schema, `SET search_path = ` + schema, table, `SET enable_seqscan = off`,
					`SET enable_sort = off`, `CREATE INDEX ON auth_user (username varchar_pattern_ops)`}
				defer func() { _, _ = db.ExecContext(context.Background(), `DROP SCHEMA `+schema+` CASCADE`) }()
			}
			for _, statement := range setup {
				if _, err := db.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			native, err := NewAccounts(db, driver)
			if err != nil {
				t.Fatal(err)
			}
			if err := native.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			django, err := NewDjangoAccounts(db, driver, DjangoAccountsOptions{})
			if err != nil {
				t.Fatal(err)
			}
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			for _, row := range []struct {
				name, query string
				args        []any
			}{
				{"native ByID", native.byID, []any{"x"}},
				{"native ByUsername", native.byName, []any{"x"}},
				{"native Twins", native.byCanonical, []any{"x"}},
				{"native ByEmail", native.byEmail, []any{"x", 1}},
				{"native List", native.users.list, []any{"x", 1}},
				{"native SetPassword", native.setPassword, []any{"x", "x", "x"}},
				{"native SetLastLogin", native.setLastLogin, []any{1, "x"}},
				{"Factors", native.factors.list, []any{"x"}},
				{"a factor", native.factors.get, []any{"x", "x"}},
				{"AllFactors", native.factors.all, []any{"x", 1}},
				{"UpdateFactor", native.factors.update, []any{"x", true, []byte("x"), 1, "x", "x", 1}},
				{"DeleteFactor", native.factors.remove, []any{"x", "x"}},
				{"Django ByID", django.byID, []any{1}},
				{"Django ByUsername", django.byName, []any{"x"}},
				{"Django List", django.users.list, []any{"x", 1}},
				{"Django SetPassword", django.setPassword, []any{"x", 1, "x"}},
				{"Django SetLastLogin", django.setLastLogin, []any{"x", 1}},
			} {
				plan := planOf(t, conn, driver, row.query, row.args)
				if !strings.Contains(plan, "SEARCH ") && !strings.Contains(plan, "Index Scan") || strings.Contains(plan, "SCAN ") ||
					strings.Contains(plan, "Seq Scan") {
					t.Errorf("%s reads the whole table:\n%s", row.name, plan)
				}
				if strings.HasSuffix(row.name, "List") && (strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "Sort")) {
					t.Errorf("%s sorts the whole table:\n%s", row.name, plan)
				}
			}
			for _, statement := range DjangoIndexes(t, driver) {
				if _, err := conn.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			for name, query := range map[string]string{"Twins": django.twins, "ByEmail": django.emails} {
				plan := planOf(t, conn, driver, query, []any{"x"})
				if strings.Count(plan, "USING INDEX")+strings.Count(plan, "Bitmap Index Scan") != 2 {
					t.Errorf("%s does not use the indexes of the documentation:\n%s", name, plan)
				}
			}
		})
	}
}

// Who is deleted between the two queries of Twins is nobody, and no error.
func TestAUserWhoIsGoneMeanwhile(t *testing.T) {
	db, err := Open(t.Context(), SQLite, secret.New(":memory:"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE auth_user (id integer PRIMARY KEY, username text, password text, last_login text,
		is_superuser boolean, last_name text, first_name text, email text, is_staff boolean, is_active boolean, date_joined text);
		INSERT INTO auth_user VALUES (2, 'b', '', NULL, false, '', '', '', false, true, '2024-01-02 03:04:05')`); err != nil {
		t.Fatal(err)
	}
	s, err := NewDjangoAccounts(db, SQLite, DjangoAccountsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	users, err := s.load(t.Context(), "twins", []candidate{{1, "B"}, {2, "b"}}, maxTwins)
	if err != nil || len(users) != 1 || users[0].ID != "2" {
		t.Errorf("load = %d users, %v, want the one who is left", len(users), err)
	}
}

// An answer that breaks off is an error, and not a short list: who is not in it would be nobody.
func TestAnAnswerThatBreaksOff(t *testing.T) {
	db, err := Open(t.Context(), SQLite, secret.New(":memory:"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	d, err := newDatabase(db, SQLite)
	if err != nil {
		t.Fatal(err)
	}
	const query = `SELECT 1, ? UNION ALL SELECT abs(-9223372036854775807 - 1), ''` // the second row overflows
	number := func(scan func(...any) error) (n int64, err error) {
		var text string
		err = scan(&n, &text)
		return n, err
	}
	if all, err := many(t.Context(), d, "numbers", number, query, "x"); err == nil || !strings.HasPrefix(err.Error(), "sqlstore: numbers: ") {
		t.Errorf("many = %v, %v, want an error", all, err)
	}
	if found, err := likely(t.Context(), d, "numbers", query, "x", strings.ToLower); err == nil || !strings.HasPrefix(err.Error(), "sqlstore: numbers: ") {
		t.Errorf("likely = %v, %v, want an error", found, err)
	}
}

// DjangoIndexes returns the statements that docs/accounts-store.md has for a driver.
func DjangoIndexes(t testing.TB, driver string) []string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/accounts-store.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(doc), "```sql "+driver+"\n")
	block, _, ended := strings.Cut(block, "```")
	if statements := strings.SplitAfter(strings.TrimSpace(block), ";"); found && ended && len(statements) > 4 {
		return statements[:len(statements)-1]
	}
	t.Fatal("docs/accounts-store.md has no indexes")
	return nil
}
