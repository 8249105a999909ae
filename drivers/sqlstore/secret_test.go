package sqlstore_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/airworthy-go/airworthy/secret"
)

// A secret given to a query by mistake is an error in both drivers, and nothing is stored in its place. It would be
// if the drivers asked for String or MarshalText.
func TestSecretsAreNoArguments(t *testing.T) {
	value := secret.New("canary-5f1d0a-value")
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got string
	for _, arg := range []any{value, &value} {
		if err := db.QueryRowContext(t.Context(), "SELECT ?", arg).Scan(&got); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("sqlite takes a %T for %q: %v", arg, got, err)
		}
		for _, oid := range []uint32{pgtype.TextOID, pgtype.VarcharOID, pgtype.ByteaOID, pgtype.JSONOID, pgtype.JSONBOID, pgtype.UnknownOID} {
			for _, format := range []int16{pgtype.TextFormatCode, pgtype.BinaryFormatCode} {
				if b, err := pgtype.NewMap().Encode(oid, format, arg, nil); err == nil || strings.Contains(err.Error(), "canary") {
					t.Errorf("pgx takes a %T for %q (type %d, format %d): %v", arg, b, oid, format, err)
				}
			}
		}
	}
}
