package secrets_test

import (
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

func TestPropagation(t *testing.T) {
	schemes := []settings.Scheme{scheme(map[string]settings.Source{"one": &manager{}})}
	for _, row := range []struct {
		name   string
		values map[string]settings.Value
		want   time.Duration
	}{
		{"no source", nil, 0},
		{"two refreshes, each a fifth late", map[string]settings.Value{"AIRWORTHY_SECRETS": {Text: "test://one"}}, 24 * time.Minute},
		{"what the variable says", map[string]settings.Value{
			"AIRWORTHY_SECRETS": {Text: "test://one"}, "AIRWORTHY_SECRETS_REFRESH": {Text: "1m"}}, 144 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			k := secrets.New(secrets.Config{Schemes: schemes, Refresh: 10 * time.Minute})
			defer func() { _ = k.Close() }()
			if err := k.Configure(row.values); err != nil {
				t.Fatal(err)
			}
			if got := k.Propagation(); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}
