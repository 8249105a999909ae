// Site is the site whose keys are rotated. It keeps a count in the visitor's session and signs values.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/drivers/vaultsecrets"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/signing"
)

type config struct {
	airworthy.Settings
	Database settings.Database `env:"DATABASE_URL,required" doc:"Where instances tell each other about keys."`
}

// environments are those of a site behind a proxy on the same machine, which is not part of the test.
var environments = settings.Environments[config]{
	"production": func() config {
		c := config{Settings: airworthy.Production()}
		c.HTTPS.InsecureHTTP, c.Session.InsecureCookie, c.CSRF.InsecureCookie = true, true, true
		c.Cookies.InsecurePlainNames = true
		c.Hosts.HealthPath = "/healthz"
		c.Logs.AccessLog = logs.AccessOff
		return c
	},
}

func main() { manage.Main(build) }

func build(ctx context.Context) (*airworthy.App, error) {
	keeper := secrets.New(secrets.Config{Schemes: []settings.Scheme{vaultsecrets.Scheme()}})
	cfg, err := environments.Load(ctx, settings.Env(), keeper)
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
	ledger, err := sqlstore.NewKeyLedger(db, cfg.Database.DriverName())
	if err == nil {
		err = ledger.Migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	cfg.KeyLedger = ledger
	pages := http.NewServeMux()
	app, err := airworthy.New(cfg.Settings, pages)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	app.OnClose(db.Close)
	signer, err := signing.New(app.Keyring(), signing.Options{Salt: "rotation"})
	if err != nil {
		return nil, errors.Join(err, app.Close())
	}
	pages.HandleFunc("GET /token", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, csrf.Token(r.Context())) })
	pages.HandleFunc("GET /count", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, session.From(r.Context()).Int("count"))
	})
	pages.HandleFunc("POST /count", func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		n := s.Int("count") + 1
		if err := s.Set("count", n); err != nil {
			http.Error(w, "the session cannot be changed", http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, n)
	})
	pages.HandleFunc("GET /sign", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, signer.Sign(r.FormValue("v"))) })
	pages.HandleFunc("GET /verify", func(w http.ResponseWriter, r *http.Request) {
		v, err := signer.Unsign(r.FormValue("v"))
		if err != nil {
			http.Error(w, "the signature is not ours", http.StatusForbidden)
			return
		}
		fmt.Fprint(w, v)
	})
	return app, nil
}
