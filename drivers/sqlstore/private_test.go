package sqlstore_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/secret"
)

// TestANewDatabaseIsPrivate: everybody on the machine could read the hashes in it otherwise.
func TestANewDatabaseIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such permissions")
	}
	dir := t.TempDir()
	for name, dsn := range map[string]string{"a b.sqlite3": "file:" + dir + "/a%20b.sqlite3", "plain.sqlite3": dir + "/plain.sqlite3"} {
		db, err := sqlstore.Open(t.Context(), sqlstore.SQLite, secret.New(dsn))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (x integer)"); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, name+"*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no file %s: %v", name, err)
		}
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != 0o600 {
				t.Errorf("%s can be read as %o, want 600", filepath.Base(file), got)
			}
		}
		_ = db.Close()
	}
	shared := filepath.Join(dir, "shared.sqlite3")
	if err := os.WriteFile(shared, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	db, err := sqlstore.Open(t.Context(), sqlstore.SQLite, secret.New("file:"+shared))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if info, err := os.Stat(shared); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("a file that was there has got other permissions: %v", err)
	}
}
