// Bulletin is a small real site: a board of notes on embedded SQLite, with everything that airworthy has switched on.
//
//	go run ./examples/bulletin serve
//
// works with nothing set. The production environment refuses to start until it is given what it needs.
package main

import (
	"context"
	"database/sql"
	"errors"
	"os"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/drivers/qrcode"
	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/drivers/smtpmail"
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
func build(ctx context.Context) (app *airworthy.App, err error) {
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
	closers := []func() error{db.Close}
	defer func() {
		for _, c := range closers {
			if err != nil {
				err = errors.Join(err, c())
			} else {
				app.OnClose(c)
			}
		}
	}()
	if err := keep(ctx, &cfg.Settings, db, cfg.Database.DriverName()); err != nil {
		return nil, err
	}
	if cfg.Cache.Kind() != "" {
		client, err := redisstore.Open(ctx, cfg.Cache)
		if err != nil {
			return nil, err
		}
		closers = append(closers, client.Close)
		cfg.Session.Store, cfg.Lockout.Store = redisstore.NewSessions(client), redisstore.NewLockout(client)
	}
	notes, err := site.OpenNotes(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := post(&cfg); err != nil {
		return nil, err
	}
	cfg.AccountPages.QR = qrcode.SVG
	cfg.ErrorPages.Templates = site.ErrorPages()
	board := site.New(notes)
	if app, err = airworthy.New(cfg.Settings, board); err != nil {
		return nil, err
	}
	board.Log, board.Accounts = app.Logger(), app.Accounts()
	return app, nil
}

// post has mail sent as EMAIL_URL says. Without it development prints it, and production has none, of which the gate speaks.
func post(cfg *environments.Settings) error {
	switch kind := cfg.Email.Kind(); {
	case kind == "" && cfg.Development():
		cfg.Accounts.Mail = accounts.PrintMail(os.Stderr)
	case kind == "console" && !cfg.Development():
		return errors.New("bulletin: EMAIL_URL: links that reset passwords would be printed: use smtp+tls://, or filemail:// to try it out")
	case kind != "":
		mailer, err := smtpmail.Open(cfg.Email, cfg.From)
		if err != nil {
			return err
		}
		cfg.Accounts.Mail = mailer.Send
	}
	return nil
}

// keep has sessions, users, failed logins and the ledger of keys kept in the database, in tables that it makes.
func keep(ctx context.Context, cfg *airworthy.Settings, db *sql.DB, driver string) error {
	sessions, err1 := sqlstore.New(db, driver)
	users, err2 := sqlstore.NewAccounts(db, driver)
	failures, err3 := sqlstore.NewLockout(db, driver)
	ledger, err4 := sqlstore.NewKeyLedger(db, driver)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	if err := errors.Join(sessions.Migrate(ctx), users.Migrate(ctx), failures.Migrate(ctx), ledger.Migrate(ctx)); err != nil {
		return err
	}
	cfg.Session.Store, cfg.Accounts.Store, cfg.Lockout.Store, cfg.KeyLedger = sessions, users, failures, ledger
	return nil
}
