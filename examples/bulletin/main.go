// Bulletin is a small real site: a board of notes on embedded SQLite, with everything that airworthy has switched on.
//
//	go run ./examples/bulletin serve
//
// works with nothing set. The production environment refuses to start until it is given what it needs.
package main

import (
	"context"
	"errors"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/examples/bulletin/internal/environments"
	"github.com/airworthy-go/airworthy/examples/bulletin/internal/site"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/secrets/agefile"
	"github.com/airworthy-go/airworthy/settings"
)

func main() { manage.Main(build) }

// sources are where settings come from, the first one first: the keeper asks the places that AIRWORTHY_SECRETS names.
func sources() []settings.Source {
	keeper := secrets.New(secrets.Config{Schemes: []settings.Scheme{agefile.Scheme()}})
	return []settings.Source{settings.Env(), settings.DotEnv(".env"), keeper}
}

// build makes the application that serve serves and check judges.
func build(ctx context.Context) (*airworthy.App, error) {
	cfg, err := environments.Load(ctx, sources()...)
	if err != nil {
		return nil, err
	}
	dsn, err := cfg.Database.DSN()
	if err != nil {
		return nil, err
	}
	db, err := sqlstore.Open(ctx, cfg.Database.DriverName(), dsn)
	if err != nil {
		return nil, err
	}
	sessions, err := sqlstore.New(db, cfg.Database.DriverName())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	ledger, err := sqlstore.NewKeyLedger(db, cfg.Database.DriverName())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	notes, err := site.OpenNotes(ctx, db)
	if err := errors.Join(err, sessions.Migrate(ctx), ledger.Migrate(ctx)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if _, err := sessions.DeleteExpired(ctx, time.Now()); err != nil {
		return nil, errors.Join(err, db.Close())
	}

	cfg.Session.Store, cfg.KeyLedger = sessions, ledger
	cfg.ErrorPages.Templates = site.ErrorPages()
	board := site.New(notes)
	app, err := airworthy.New(cfg.Settings, board)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	board.Log = app.Logger()
	app.OnClose(db.Close)
	return app, nil
}
