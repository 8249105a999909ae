package accounts_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/accounts"
)

// Whoever prints a user, as everybody does once, prints no hash.
func TestAUserIsPrintedWithoutTheHash(t *testing.T) {
	const hash = "argon2$canary-hash"
	u := accounts.User{ID: "7", Username: "ada", Password: hash}
	var out bytes.Buffer
	for _, v := range []any{u, &u, []accounts.User{u}, struct{ U accounts.User }{u}} {
		fmt.Fprintf(&out, "%v %+v %#v %s %q\n", v, v, v, v, v)
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "user", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "user", v)
		if err := template.Must(template.New("").Parse("{{.}}")).Execute(&out, v); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(out.String(), hash) || strings.Count(out.String(), "ada") < 20 {
		t.Errorf("printed: %s", out.String())
	}
}
