package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/airworthy-go/airworthy/secret"
)

// refreshEvery bounds how often the refusal of one password asks for a newer one: it must not make a manager busy.
const refreshEvery = 5 * time.Second

// tries bounds how often one connection is tried: the password may change once more meanwhile.
const tries = 4

// Rotating is a database whose DSN can be replaced while it is in use, such as one with a password that is rotated. It
// is made by [OpenRotating] and safe for concurrent use. Its DB goes wherever one is asked for.
type Rotating struct {
	*sql.DB

	driver  string
	refresh func(context.Context) error
	newest  atomic.Pointer[dsnState]

	mu   sync.Mutex // held by Swap and by who sets the number of idle connections
	idle int

	asking chan struct{} // held by who asks for a newer DSN; a channel, because others wait no longer than their contexts
	asked  time.Time
	about  *dsnState // which DSN was refused then
}

// dsnState is immutable. Connections carry it, so that those of a former DSN are known.
type dsnState struct {
	dsn    secret.Text
	config *pgx.ConnConfig // nil for SQLite
}

// OpenRotating opens a database as [Open] does. Connections are made with the newest DSN that [Rotating.Swap] was given:
//
//	db, err := sqlstore.OpenRotating(ctx, cfg.Database.DriverName(), dsn, keeper.Refresh)
//	…
//	secrets.OnChange(keeper, "DATABASE_URL", func(ctx context.Context, d settings.Database) error {
//		dsn, err := d.DSN()
//		if err != nil {
//			return err
//		}
//		return db.Swap(ctx, dsn)
//	})
//
// A password changes in the database before everybody has heard of the new one. When the database refuses the password,
// refresh is called, for one password at most every 5 seconds, and the connection is tried again if Swap was called
// meanwhile. So nobody notices if the manager has the new password before the database. It may be nil. The context that it
// gets is that of whoever needs the connection.
//
// A SQLite database has no password; it opens, and its DSN cannot be replaced by another.
func OpenRotating(ctx context.Context, driver string, dsn secret.Text, refresh func(context.Context) error) (*Rotating, error) {
	r := &Rotating{driver: driver, refresh: refresh, asking: make(chan struct{}, 1), idle: 2} // as database/sql has it
	if driver != Postgres {
		db, err := Open(ctx, driver, dsn)
		if err != nil {
			return nil, err
		}
		r.DB = db
		r.newest.Store(&dsnState{dsn: dsn})
		return r, nil
	}
	state, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	r.newest.Store(state)
	r.DB = sql.OpenDB(&connector{r, stdlib.GetConnector(*state.config,
		stdlib.OptionBeforeConnect(r.beforeConnect), stdlib.OptionResetSession(r.resetSession))})
	if err := r.PingContext(ctx); err != nil {
		_ = r.Close()
		return nil, silent(Postgres, "", secret.NewMask(dsn).String(err.Error()))
	}
	return r, nil
}

func parse(dsn secret.Text) (*dsnState, error) {
	config, err := pgx.ParseConfig(dsn.Reveal())
	if err != nil {
		return nil, unreadable(Postgres)
	}
	return &dsnState{dsn, config}, nil
}

// Swap has new connections made with dsn, after one that is made now has shown that the database takes it: if not, the
// DSN stays what it was. Idle connections of the former DSN are closed; those in use finish what they do and are closed
// then. The error holds no password.
func (r *Rotating) Swap(ctx context.Context, dsn secret.Text) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.newest.Load().dsn.Equal(dsn) {
		return nil
	}
	if r.driver != Postgres {
		return errors.New("sqlstore: another SQLite database cannot take the place of an open one: restart the program")
	}
	state, err := parse(dsn)
	if err != nil {
		return err
	}
	trial, err := pgx.ConnectConfig(ctx, state.config.Copy())
	if err != nil {
		return fmt.Errorf("sqlstore: the database does not take the new DSN: %s", secret.NewMask(dsn, secret.New(state.config.Password)).String(err.Error()))
	}
	_ = trial.Close(ctx)
	r.newest.Store(state)
	r.DB.SetMaxIdleConns(0)
	r.DB.SetMaxIdleConns(r.idle)
	return nil
}

// SetMaxIdleConns is that of the DB. Call it here: [Rotating.Swap] sets the number again.
func (r *Rotating) SetMaxIdleConns(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = n
	r.DB.SetMaxIdleConns(n)
}

// madeWith is where a connection carries its dsnState.
const madeWith = "airworthy.dsn"

func (r *Rotating) beforeConnect(_ context.Context, config *pgx.ConnConfig) error {
	state := r.newest.Load()
	*config = *state.config.Copy()
	before := config.AfterConnect
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		conn.CustomData()[madeWith] = state
		if before != nil {
			return before(ctx, conn)
		}
		return nil
	}
	return nil
}

// resetSession is called before a connection is used again.
func (r *Rotating) resetSession(_ context.Context, conn *pgx.Conn) error {
	if conn.PgConn().CustomData()[madeWith] != any(r.newest.Load()) {
		return driver.ErrBadConn // database/sql closes it and makes another
	}
	return nil
}

// connector makes connections, and asks for a newer DSN when the database refuses the one that there is.
type connector struct {
	r     *Rotating
	inner driver.Connector
}

func (c *connector) Driver() driver.Driver { return c.inner.Driver() }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	for try := 1; ; try++ {
		tried := c.r.newest.Load()
		conn, err := c.inner.Connect(ctx)
		if err == nil || !refused(err) || try == tries || !c.r.newer(ctx, tried) {
			return conn, err
		}
	}
}

// newer reports whether there is another DSN than the one that was tried, after asking for it.
func (r *Rotating) newer(ctx context.Context, tried *dsnState) bool {
	select {
	case r.asking <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-r.asking }()
	if r.refresh != nil && r.newest.Load() == tried && (r.about != tried || time.Since(r.asked) >= refreshEvery) {
		r.asked, r.about = time.Now(), tried
		_ = r.refresh(ctx) // the keeper's log has what went wrong; the refusal is returned
	}
	return r.newest.Load() != tried
}

// refused reports whether the database takes the user or the password for a wrong one (class 28 of SQLSTATE).
func refused(err error) bool {
	p, ok := errors.AsType[*pgconn.PgError](err)
	return ok && len(p.Code) == 5 && p.Code[:2] == "28"
}
