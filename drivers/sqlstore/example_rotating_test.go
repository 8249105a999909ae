package sqlstore_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

type Settings struct {
	airworthy.Settings
	Database settings.Database `env:"DATABASE_URL,required" doc:"Where the data is."`
}

var environments = settings.Environments[Settings]{
	"production": func() Settings { return Settings{Settings: airworthy.Production()} },
}

func build(ctx context.Context) (*airworthy.App, error) {
	keeper := secrets.New(secrets.Config{})
	cfg, err := environments.Load(ctx, settings.Env(), settings.DotEnv(".env"), keeper)
	if err != nil {
		return nil, err
	}
	dsn, err := cfg.Database.DSN()
	if err != nil {
		return nil, err
	}
	db, err := sqlstore.OpenRotating(ctx, cfg.Database.DriverName(), dsn, keeper.Refresh)
	if err != nil {
		return nil, err
	}
	secrets.OnChange(keeper, "DATABASE_URL", func(ctx context.Context, database settings.Database) error {
		dsn, err := database.DSN()
		if err != nil {
			return err
		}
		return db.Swap(ctx, dsn)
	})
	app, err := airworthy.New(cfg.Settings, pages(db)) // starts the keeper
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	app.OnClose(db.Close) // after the keeper is closed
	return app, nil
}

func pages(*sqlstore.Rotating) http.Handler { return http.NotFoundHandler() }

func ExampleOpenRotating() {
	app, err := build(context.Background())
	if err != nil {
		return
	}
	defer app.Close()
}

// The page shows the program that is compiled here.
func TestThePageShowsTheProgram(t *testing.T) {
	page, err := os.ReadFile("../../docs/secrets.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("example_rotating_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(program), "func build(")
	body, _, ok := strings.Cut(rest, "\n}\n")
	if !ok || !strings.Contains(string(page), "```go\nfunc build("+body+"\n}\n```") {
		t.Error("docs/secrets.md does not show build as it stands in example_rotating_test.go")
	}
}
