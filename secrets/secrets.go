// Package secrets keeps what secrets managers said up to date while the site runs.
//
// It protects from a start that hangs on a manager, from an outage of the manager that becomes one of the site, from a
// rotation that is taken over half-done, and from secrets that are read without a trace: each reading is a line of the
// log that names the secret, its version and its source, and never holds the value.
//
//	keeper := secrets.New(secrets.Config{Schemes: []settings.Scheme{vaultsecrets.Scheme()}})
//	cfg, err := environments.Load(ctx, settings.Env(), settings.DotEnv(".env"), keeper)
//	…
//	secrets.OnChange(keeper, "DATABASE_URL", func(ctx context.Context, db settings.Database) error { … })
//	app, err := airworthy.New(cfg.Settings, mux) // finds the keeper, starts it and closes it
//
// Where the managers are is a setting, AIRWORTHY_SECRETS: a list of URLs, of which the first that has a name wins. Each
// is opened by the [settings.Scheme] of its kind; "file", a directory with a file for each name such as Docker and
// Kubernetes mount, is always known. Unset, the keeper holds nothing and costs nothing.
//
// The sources are asked at the start for what the sources before the keeper lack, and again every few minutes. What
// they said stays in use while they cannot be reached. A value that changed is taken over when a second reading says
// the same and when every callback that follows it has accepted it. A name that no source has any more keeps its last
// value.
//
// # What it does not do
//
// It asks only for names that a [Keeper.Lookup] asked for, which are the settings: so what stands in the environment is
// never overruled later by a manager. It changes no struct that was loaded; what follows a value uses [OnChange] or
// [Keeper.Secret]. It writes nothing to disk: a program that starts while its manager is down does not start.
package secrets

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// The variables of the keeper itself.
const (
	Variable        = "AIRWORTHY_SECRETS"
	RefreshVariable = "AIRWORTHY_SECRETS_REFRESH"
)

// Config says which kinds of manager are known and how what they say is kept. The zero Config knows files.
type Config struct {
	// Schemes open sources from the URLs in AIRWORTHY_SECRETS, besides file.
	Schemes []settings.Scheme

	// Timeout is the time that all sources together have to answer at the start, and each has at a refresh. 0 for 15
	// seconds.
	Timeout time.Duration

	// Refresh is the time between two readings, give or take a fifth. 0 for 5 minutes. AIRWORTHY_SECRETS_REFRESH
	// overrides it.
	Refresh time.Duration

	// StaleAfter is the age from which a value that could not be confirmed makes [Keeper.Health] an error. 0 for an hour.
	StaleAfter time.Duration

	// Overlap is how long [Secret.Matches] takes the former value after a change. 0 for an hour; negative for not at all.
	Overlap time.Duration

	// Logger is nil for the one that [Keeper.Start] is given.
	Logger *slog.Logger
}

// Keeper is a source of settings that keeps other sources' values up to date. It is made by [New], belongs to one
// application, and is safe for concurrent use.
type Keeper struct {
	cfg        Config
	turn       chan struct{} // held by whoever refreshes
	generation atomic.Uint64 // counts changes of known

	configuring sync.Mutex // held by Configure, which calls vendors' code

	mu      sync.Mutex
	life    context.Context // ends with Close
	cancel  context.CancelFunc
	done    chan struct{}                    // closed when the goroutine has ended; nil while there is none
	given   func() map[string]settings.Value // a func, because fmt would print what they are
	fault   error                            // why given was refused
	refresh time.Duration
	sources []*source
	names   map[string]bool // all that Lookup was asked for
	entries map[string]*entry
	cells   map[string]*cell
	known   map[string][]secret.Text // what was read, for masks: the newest last
	groups  []*group
	cleaner *secret.Mask // of known and given; nil if they have changed, which stamp counts
	stamp   uint64

	logging sync.Mutex
	logger  *slog.Logger
	early   []slog.Record // what there was to say before there was a logger
}

var (
	_ settings.Configured = (*Keeper)(nil)
	_ settings.Writer     = (*Keeper)(nil)
	_ io.Closer           = (*Keeper)(nil)
)

// entry is what is held under a name.
type entry struct {
	value     settings.Value // without its text, which the cell has
	source    *source
	confirmed time.Time // when a source last said the same
	missing   int       // how often in a row no source had it
}

// New returns a keeper. Mistakes in cfg are errors of [Keeper.Configure], so that they are reported together with
// those in the settings.
func New(cfg Config) *Keeper {
	k := &Keeper{cfg: cfg, turn: make(chan struct{}, 1), logger: cfg.Logger,
		names: map[string]bool{}, entries: map[string]*entry{}, cells: map[string]*cell{}, known: map[string][]secret.Text{}}
	k.cfg.Schemes = append([]settings.Scheme{fileScheme()}, cfg.Schemes...)
	for _, d := range []struct {
		field *time.Duration
		unset time.Duration
	}{{&k.cfg.Timeout, 15 * time.Second}, {&k.cfg.Refresh, 5 * time.Minute}, {&k.cfg.StaleAfter, time.Hour}, {&k.cfg.Overlap, time.Hour}} {
		if *d.field == 0 {
			*d.field = d.unset
		}
	}
	k.refresh = k.cfg.Refresh
	k.life, k.cancel = context.WithCancel(context.Background())
	return k
}

// Name returns "secrets".
func (k *Keeper) Name() string { return "secrets" }

// Format prints the keeper without what it holds.
func (k *Keeper) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "secrets.Keeper") }

// Needs returns the variables of the keeper and of its schemes.
func (k *Keeper) Needs() []settings.Need {
	needs := []settings.Need{
		{Name: Variable, Doc: "Where secrets are kept: URLs separated by commas, of which the first that has a name wins."},
		{Name: RefreshVariable, Doc: "The time between two readings of the secrets; 5 minutes unless set."},
	}
	for _, s := range k.cfg.Schemes {
		needs = append(needs, s.Needs...)
	}
	return needs
}

// own reports whether name configures the keeper: a manager is not asked for it.
func (k *Keeper) own(name string) bool {
	for _, need := range k.Needs() {
		if need.Name == name {
			return true
		}
	}
	return false
}

// Active reports whether there is any source.
func (k *Keeper) Active() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.sources) > 0
}

// Holds reports whether the value of name came from one of the keeper's sources.
func (k *Keeper) Holds(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.entries[name] != nil
}

// Lookup asks the sources, each for what those before it lack, and returns what they say now. Several values are read
// until two readings agree, a few times at most, so that none is from before a rotation and the next from after it. A name
// that was not held becomes held; one that was changes only by a refresh. The error holds one line for each source that
// failed.
func (k *Keeper) Lookup(ctx context.Context, names []string) (map[string]settings.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	k.mu.Lock()
	sources, fault := k.sources, k.fault
	var wanted []string
	for _, name := range names {
		if len(sources) > 0 && !k.own(name) {
			k.names[name] = true
			wanted = append(wanted, name)
		}
	}
	k.mu.Unlock()
	if fault != nil {
		return nil, fault
	}
	values := map[string]settings.Value{}
	within, cancel := context.WithTimeout(ctx, k.cfg.Timeout)
	defer cancel()
	once := func() reading {
		return k.read(ctx, sources, wanted, nil, func() (context.Context, context.CancelFunc) { return context.WithCancel(within) })
	}
	r := once()
	for i := 0; i < rereads && len(r.values) > 1 && r.err() == nil; i++ {
		again := once()
		if again.err() != nil {
			break // what was read is as good as without this
		}
		same := agree(wanted, r, again)
		if r = again; same {
			break
		}
	}
	if err := r.err(); err != nil {
		for name, v := range r.values {
			values[name] = v.Value
		}
		return values, err
	}
	k.hold(r)
	for name, v := range r.values {
		values[name] = v.Value
	}
	return values, nil
}

// hold takes what nobody has asked for before.
func (k *Keeper) hold(r reading) {
	now := time.Now()
	k.mu.Lock()
	var first []string
	for name, v := range r.values {
		e := k.entries[name]
		switch {
		case e == nil:
			k.store(name, v, now)
			first = append(first, name)
		case k.cell(name).text().Equal(secret.New(v.Text)):
			e.confirmed = now
		}
	}
	k.mu.Unlock()
	k.audit(first, r.values)
}

// store makes v the value of name. The caller holds mu.
func (k *Keeper) store(name string, v read, now time.Time) {
	text := v.Text
	e := &entry{value: v.Value, source: v.source, confirmed: now}
	e.value.Text = ""
	k.cell(name).set(secret.New(text), v.Version, now.Add(k.cfg.Overlap))
	k.entries[name] = e
}

// cell returns the place of name's value. The caller holds mu.
func (k *Keeper) cell(name string) *cell {
	c := k.cells[name]
	if c == nil {
		c = &cell{}
		k.cells[name] = c
	}
	return c
}
