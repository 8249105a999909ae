// Package lockout counts failed logins and stops whoever guesses.
//
// It protects passwords from being guessed: over the network, from one address or from ten thousand, one account or
// all of them. It counts an attempt before anything is verified, so that of a thousand at once no more are verified than
// of a thousand one after the other.
//
//	g, err := lockout.New(lockout.Config{})
//	…
//	try, err := g.Begin(ctx, lockout.Attempt{Account: name, Client: address, Device: device})
//	switch {
//	case err != nil:     // 503: who cannot count lets nobody in
//	case try.Refused:    // 429, Retry-After: try.RetryAfter; no password is hashed
//	}
//	// wait try.Delay, verify the password, as if for nobody if try.Locked
//	if right && !try.Locked {
//		err = try.Succeed(ctx)
//	}
//
// # What is counted
//
// An attempt counts in three budgets: that of the client's network (see [NetworkOf]), that of the account from there,
// and that of the account from everywhere. One that comes from a device on which the owner has logged in before counts in
// that device's budget alone, and unless that is used up only that is asked: however many others guess, the owner gets in. The budgets' numbers
// are at [Config].
//
// An attempt that finds a budget used up begins a lock. An attempt during a lock is not verified and does not extend
// it. If it did, whoever knows a name could lock its owner out for ever by knocking once an hour; so the price is that
// an attacker gets the budget anew after each lock, which is what MaxCoolOff bounds. It counts for the network alone,
// whose budget is also a bound on the work that one network causes.
//
// A success takes back what that attempt counted, and forgets the failures of that account from that network, or on
// that device. It resets nothing else: neither the network's budget, or whoever has an account could go on guessing at
// others by logging in now and then, nor the account's.
//
// An attempt without a name counts for the network alone, one from an unknown address for the account alone, and one
// with neither not at all: each would lock out everybody else who comes like that.
//
// # What it does not do
//
// It does not say whether an account exists: names that nobody has are counted, delayed and locked like others. It does
// not stop who tries one password on each of a million accounts from as many networks; a second factor does. Names are
// kept as they were typed, readable to whoever reads the store, until their failures have leaked away: some people type
// their password into the field for the name.
package lockout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// Config says how many failures are too many. The zero Config is ready to use.
type Config struct {
	// Store is where failures are counted. Nil is a [Memory], in which each process counts alone and which a restart
	// empties.
	Store Store

	// Account is the budget of one account, wherever the attempts come from: 20/6h/15m/4h unless set, at most 200
	// guesses a day from however many addresses. It is larger than Pair, because everybody can use it up: so large that
	// one network alone, which Pair slows down, cannot lock the account for others.
	Account Budget `env:"LOCKOUT_ACCOUNT" doc:"Failed logins to one account: how many in which time, and how long it is locked then; 20/6h/15m/4h unless set."`

	// Network is the budget of one client network for all accounts: 50/1h/5m/1h unless set. All people of an office
	// may share one; those on a known device do not count.
	Network Budget `env:"LOCKOUT_NETWORK" doc:"Failed logins from one network (an IPv4 address, an IPv6 /64); 50/1h/5m/1h unless set."`

	// Pair is the budget of one account from one network: 5/6h/15m/4h unless set. It is what somebody meets who has
	// forgotten a password.
	Pair Budget `env:"LOCKOUT_PAIR" doc:"Failed logins to one account from one network; 5/6h/15m/4h unless set."`

	// Device is the budget of one account on a device that its owner has used: 10/6h/15m/4h unless set. Nobody else
	// can use it up but who has the device, or has stolen its cookie.
	Device Budget `env:"LOCKOUT_DEVICE" doc:"Failed logins to one account on a device that its owner has logged in on before; 10/6h/15m/4h unless set."`

	// InsecureOff counts nothing and locks nobody: for a program behind something else that does.
	InsecureOff bool

	// Logger gets the security events; nil for slog.Default().
	Logger *slog.Logger
}

// The defaults. See the fields of Config for why.
var (
	defaultAccount = Budget{Failures: 20, Window: 6 * time.Hour, CoolOff: 15 * time.Minute, MaxCoolOff: 4 * time.Hour}
	defaultNetwork = Budget{Failures: 50, Window: time.Hour, CoolOff: 5 * time.Minute, MaxCoolOff: time.Hour}
	defaultPair    = Budget{Failures: 5, Window: 6 * time.Hour, CoolOff: 15 * time.Minute, MaxCoolOff: 4 * time.Hour}
	defaultDevice  = Budget{Failures: 10, Window: 6 * time.Hour, CoolOff: 15 * time.Minute, MaxCoolOff: 4 * time.Hour}
)

// Guard counts attempts. It is safe for concurrent use.
type Guard struct {
	store                          Store
	account, network, pair, device Budget
	off                            bool
	events                         *events
}

// New returns a Guard, or an error that says all that is wrong with cfg.
func New(cfg Config) (*Guard, error) {
	full := cfg.complete()
	if err := full.problems(); err != nil {
		return nil, err
	}
	return &Guard{
		store: full.Store, account: full.Account, network: full.Network, pair: full.Pair, device: full.Device,
		off: cfg.InsecureOff, events: newEvents(cfg.Logger),
	}, nil
}

// complete returns c with its defaults.
func (c Config) complete() Config {
	if c.Store == nil {
		c.Store = NewMemory(MemoryOptions{})
	}
	c.Account, c.Network = c.Account.or(defaultAccount), c.Network.or(defaultNetwork)
	c.Pair, c.Device = c.Pair.or(defaultPair), c.Device.or(defaultDevice)
	return c
}

// problems returns what is wrong with a complete Config.
func (c Config) problems() error {
	var all []error
	for _, b := range c.budgets() {
		if err := b.problem(); err != nil {
			all = append(all, fmt.Errorf("lockout: %s: %w", b.variable, err))
		}
	}
	return errors.Join(all...)
}

// named is a budget with the variable that sets it.
type named struct {
	Budget
	variable string
}

func (c Config) budgets() []named {
	return []named{{c.Account, "LOCKOUT_ACCOUNT"}, {c.Network, "LOCKOUT_NETWORK"}, {c.Pair, "LOCKOUT_PAIR"}, {c.Device, "LOCKOUT_DEVICE"}}
}

// Attempt is somebody's attempt to log in.
type Attempt struct {
	Account string     // the name as it was typed, in its canonical form; it may be nobody's
	Client  netip.Addr // where it comes from, by the proxy policy; the zero Addr if that is unknown
	Device  string     // the device of that account that the browser has proved to be; empty if it has not
}

// Begin counts an attempt, before anything is verified. Where the error is not nil the store has failed: nobody may
// be let in, and the answer is 503.
func (g *Guard) Begin(ctx context.Context, a Attempt) (*Try, error) {
	t := &Try{guard: g, at: clock()}
	if g.off {
		return t, nil
	}
	if err := g.begin(ctx, t, a, NetworkOf(a.Client)); err != nil {
		return nil, err
	}
	g.log(ctx, t)
	return t, nil
}

func (g *Guard) begin(ctx context.Context, t *Try, a Attempt, network netip.Prefix) (err error) {
	from := shownNetwork(network)
	if a.Account != "" && a.Device != "" {
		t.Locked, err = t.in(ctx, count{deviceKey(a.Account, a.Device), g.device, true}, from, "failed logins on a known device")
		if err != nil || !t.Locked {
			return err
		}
	}
	if network.IsValid() {
		t.Refused, err = t.in(ctx, count{NetworkKey(Network, a.Client), g.network, false}, from, "failed logins from one network")
		if err != nil || t.Refused {
			return err
		}
	}
	if t.Locked || a.Account == "" {
		return nil
	}
	if err := g.lookUp(ctx, t, a, network); err != nil || t.Locked {
		return err
	}
	if network.IsValid() {
		t.Locked, err = t.in(ctx, count{pairKey(a.Account, network), g.pair, true}, from, "failed logins to one account from one network")
		if err != nil || t.Locked {
			return err
		}
	}
	t.Locked, err = t.in(ctx, count{AccountKey(a.Account), g.account, false}, from, "failed logins to one account from several networks")
	if err != nil || !t.Locked || !network.IsValid() {
		return err
	}
	return t.undo(ctx) // what is not verified counts for the network alone
}

// lookUp finds an account locked without writing anything: ten thousand machines that go on guessing at it are then no
// more than readers. Where the lock seems to begin in the future, only writing puts it right.
func (g *Guard) lookUp(ctx context.Context, t *Try, a Attempt, network netip.Prefix) error {
	s, err := g.store.Load(ctx, AccountKey(a.Account), t.at)
	if err != nil {
		return failed("looking up", err)
	}
	if !t.at.Before(s.Until) || s.Locked.After(t.at) {
		return nil
	}
	t.lock(s)
	t.Locked = true
	if network.IsValid() {
		if s, err = g.store.Load(ctx, pairKey(a.Account, network), t.at); err != nil {
			return failed("looking up", err)
		}
		t.Delay = delay(g.pair.at(s, t.at).Failures, g.pair.Failures)
	}
	return nil
}

// Take counts one of something else against a budget of its own, such as the mails to one address: kind is the
// caller's, from is where it comes from if that is known. Where the budget is used up the Try is Refused. Fields of b
// that are zero are those of the default Account budget. A key without a subject is not counted.
func (g *Guard) Take(ctx context.Context, key Key, b Budget, from netip.Addr) (*Try, error) {
	t := &Try{guard: g, at: clock()}
	b = b.or(defaultAccount)
	if err := b.problem(); err != nil {
		return nil, fmt.Errorf("lockout: the budget of %q: %w", key.Kind, err)
	}
	if g.off || key.Subject == "" {
		return t, nil
	}
	key.Subject = bounded(key.Subject)
	var err error
	if t.Refused, err = t.in(ctx, count{key, b, false}, shownNetwork(NetworkOf(from)), "too many at once"); err != nil {
		return nil, err
	}
	g.log(ctx, t)
	return t, nil
}

// log logs the locks that t began.
func (g *Guard) log(ctx context.Context, t *Try) {
	for _, e := range t.began {
		g.events.locked(ctx, e)
	}
}

// clock returns the time as stores keep it.
func clock() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Locked returns what is locked, the latest lock first: up to limit entries.
func (g *Guard) Locked(ctx context.Context, limit int) ([]Entry, error) {
	return g.store.Locked(ctx, clock(), limit)
}

// Unlock forgets all failures and locks of key, which [Guard.Locked] listed. The log says that by did it: the name of
// an operator.
func (g *Guard) Unlock(ctx context.Context, key Key, by string) error {
	if err := g.store.Delete(ctx, key); err != nil {
		return err
	}
	g.events.unlocked(ctx, key, by)
	return nil
}

// UnlockAccount forgets all failures and locks of an account, whose name is in its canonical form: those from
// everywhere, and of those from one network or on one device the ones that are locked, as far as they are among the
// latest thousand locks.
func (g *Guard) UnlockAccount(ctx context.Context, name, by string) error {
	entries, err := g.store.Locked(ctx, clock(), 1000)
	if err != nil {
		return err
	}
	keys := []Key{AccountKey(name)}
	for _, e := range entries {
		if accountOf(e.Key) == bounded(name) && e.Kind != Account {
			keys = append(keys, e.Key)
		}
	}
	for _, key := range keys {
		if err := g.Unlock(ctx, key, by); err != nil {
			return err
		}
	}
	return nil
}
