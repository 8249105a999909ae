package secrets_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

// Example loads a setting from a directory of secrets, as Docker and Kubernetes mount it, and follows it.
func Example() {
	dir, err := os.MkdirTemp("", "secrets")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "MAIL_PASSWORD"), []byte(text), 0o600); err != nil {
			panic(err)
		}
	}
	write("first password")

	type Settings struct {
		Password secret.Text `env:"MAIL_PASSWORD,required"`
	}
	ctx := context.Background()
	keeper := secrets.New(secrets.Config{})
	environment := settings.Map("environment", map[string]string{"AIRWORTHY_SECRETS": "file://" + dir})
	cfg, err := settings.Load(ctx, Settings{}, environment, keeper)
	if err != nil {
		panic(err)
	}
	fmt.Println(cfg.Password, cfg.Password.Reveal())

	secrets.OnChange(keeper, "MAIL_PASSWORD", func(_ context.Context, password secret.Text) error {
		fmt.Println("it has changed")
		return nil
	})
	write("second password")
	if err := keeper.Refresh(ctx); err != nil {
		panic(err)
	}
	fmt.Println(keeper.Secret("MAIL_PASSWORD").Text().Reveal())
	fmt.Println(keeper.Secret("MAIL_PASSWORD").Matches("first password"))
	// Output:
	// [redacted] first password
	// it has changed
	// second password
	// true
}
