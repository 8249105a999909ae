// Package airworthy makes a net/http application fit for production, and proves it.
//
// Two names are enough to begin with: [Settings], one field per part, and [New], which puts the parts around an
// application:
//
//	mux := http.NewServeMux()
//	mux.HandleFunc("GET /{$}", home)
//	app, err := airworthy.New(cfg, mux) // an http.Handler
//
// A request passes, from the outside in: proxy (who may tell us scheme, host and client address), logs, headers, csp,
// errorpages, hosts (and the health path before it), https, session, csrf, and then the application. Each part is a
// package that works alone on any handler; this one only puts them in order and connects them.
//
// The zero Settings are the safest that can work. What cannot be guessed, the key and the hosts, has to be given, and
// New says so, everything at once. [Development] and [Production] are starting points; package settings lays variables
// and .env files over them; package manage makes a program of it, with serve and check.
//
// The package does not know users, passwords, static files or databases.
package airworthy

import (
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"sync"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

// App is an application with the parts around it. It is an http.Handler, safe for concurrent use.
type App struct {
	settings Settings
	parts    *parts
	handler  http.Handler
	reporter *reporter // nil without a ledger
	janitor  *janitor
	keeper   *secrets.Keeper // nil without one among the sources
	mask     func() secret.Mask

	mu      sync.Mutex
	closers []func() error
}

// RefusedError says that settings are not such that an application could be served with them. The settings come with
// it, so that the gate can judge them all the same.
type RefusedError struct {
	Settings Settings
	Err      error // every fault, joined
}

// Error returns the faults, a line each.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the joined faults.
func (e *RefusedError) Unwrap() error { return e.Err }

// Refused returns the settings that were refused with err: by [New], or by package settings, which asks them before there is
// an application. What judges settings can judge them all the same, and says more than what keeps the site from starting.
func Refused(err error) (Settings, bool) {
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		return refused.Settings, true
	}
	if unfit, ok := settings.Unfit(err); ok {
		return within(reflect.ValueOf(unfit))
	}
	return Settings{}, false
}

// within returns the Settings that an application's struct is or holds.
func within(v reflect.Value) (Settings, bool) {
	if s, ok := v.Interface().(Settings); ok {
		return s, true
	}
	for i := range v.NumField() {
		if f := v.Field(i); v.Type().Field(i).IsExported() && f.Kind() == reflect.Struct {
			if s, ok := within(f); ok {
				return s, true
			}
		}
	}
	return Settings{}, false
}

// New puts the parts around the application. The error is a [*RefusedError] that holds every fault of the settings,
// each naming the variable and what to do; it never holds a secret.
func New(cfg Settings, application http.Handler) (*App, error) {
	if application == nil {
		return nil, errors.New("airworthy: New: the application is nil: pass its http.Handler, such as a *http.ServeMux")
	}
	p, err := cfg.build()
	if err == nil && cfg.Admin.Path != "" && cfg.Admin.Who == nil && p.accounts == nil {
		err = errors.New("airworthy: ADMIN_PATH: there are no accounts, so that nobody can be let in: set Accounts.Store, or unset it")
	}
	if err != nil {
		return nil, &RefusedError{cfg, err}
	}
	cfg.Keyring = cfg.keys()
	app := &App{settings: cfg, parts: p, handler: p.chain(&failing{application}), mask: cfg.mask()}
	p.app = app
	app.janitor = &janitor{app: app}
	if cfg.KeyLedger != nil {
		app.reporter = newReporter(app, cfg.KeyLedger)
		app.handler = app.reporter.Handler(app.handler)
	}
	for _, w := range cfg.Loaded.Warnings {
		switch {
		case w.Note:
		case cfg.Loaded.Command:
			p.logs.Logger().Warn(w.String())
		default:
			p.logs.Logger().Warn("settings", "warning", w.String())
		}
	}
	app.follow()
	return app, nil
}

// ServeHTTP serves one request.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Settings returns the settings that New was given, and what New knows of the keys: their environment, and how long what
// they sign is valid.
func (a *App) Settings() Settings { return a.settings }

// Logger returns the logger of the application. What is logged with a request's context carries the request's id and
// the client's address; secrets that the settings hold are masked.
func (a *App) Logger() *slog.Logger { return a.parts.logs.Logger() }

// Keyring returns the keys that the application signs with, for package signing.
func (a *App) Keyring() *keyring.Ring { return a.parts.ring }

// Sessions returns the manager of the sessions, which lists and ends the sessions of a user; nil if they are off.
func (a *App) Sessions() *session.Manager { return a.parts.session }

// OnClose has f called when the application is closed: for a database, say. What was added last is closed first.
func (a *App) OnClose(f func() error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closers = append(a.closers, f)
}

// Close has the ledger of keys know that this instance is gone, closes the keeper of the secrets, so that nothing changes
// any more, and calls what [App.OnClose] was given. Call it when no request is being served any more.
func (a *App) Close() error {
	var errs []error
	if a.keeper != nil {
		errs = append(errs, a.keeper.Close())
	}
	a.janitor.end()
	if a.reporter != nil {
		a.reporter.end()
	}
	if a.parts.accounts != nil {
		errs = append(errs, a.parts.accounts.Close(), a.parts.policy.Close())
	}
	a.mu.Lock()
	closers := a.closers
	a.closers = nil
	a.mu.Unlock()
	for i := len(closers) - 1; i >= 0; i-- {
		errs = append(errs, closers[i]())
	}
	return errors.Join(errs...)
}
