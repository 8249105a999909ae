package lockout

import (
	"context"
	"time"
)

// Kind says what a budget counts the failures of.
type Kind string

// The kinds of budgets.
const (
	Account Kind = "account" // a user name, whether or not there is such a user
	Network Kind = "network" // a client's network: an IPv4 address, an IPv6 /64
	Pair    Kind = "pair"    // one account from one network
	Device  Kind = "device"  // one account from a device that its owner has logged in on before
)

// Key names what failures are counted of.
type Key struct {
	Kind    Kind
	Subject string // such as a canonical user name; 512 bytes at most, any bytes
}

// State is what is known about a Key. The zero State says that nothing is.
type State struct {
	Failures int       // that count against the budget at Leaked
	Leaked   time.Time // until when it has been reckoned which of them have leaked away; not after Last
	Last     time.Time // when the last one was
	Locked   time.Time // when the present or last lock began; zero if there never was one
	Until    time.Time // until when it is locked; in the past if it is not
	Locks    int       // how many locks there were, each longer than the one before
	From     string    // the network of the last failure, for whoever looks at the lock
	Reason   string    // of the present or last lock, in words
	Expires  time.Time // from when on the state is worth nothing, and may be forgotten
}

// Entry is one State in a list.
type Entry struct {
	Key
	State
}

// Store keeps states. Its implementations are [Memory] and those of drivers/sqlstore and drivers/redisstore; whoever
// writes another runs [lockouttest.TestStore] on it. All methods may be called at once from many goroutines and
// processes. Times are exact to the millisecond; a store may cut off the rest.
//
// [lockouttest.TestStore]: https://pkg.go.dev/github.com/airworthy-go/airworthy/lockout/lockouttest#TestStore
type Store interface {
	// Update replaces the state of key by what change makes of it, in one step, and returns the new state: of a
	// thousand updates at once none is lost. It gives change the zero State where nothing is known or what was known
	// has expired at now, and may call it more than once: change keeps nothing from one call to the next. A new state
	// that is zero is forgotten.
	Update(ctx context.Context, key Key, now time.Time, change func(State) State) (State, error)

	// Load returns the state of key at now, the zero State if nothing is known or what was known has expired.
	Load(ctx context.Context, key Key, now time.Time) (State, error)

	// Delete forgets what is known about key. Forgetting nothing is no error.
	Delete(ctx context.Context, key Key) error

	// Locked returns what is locked at now, the latest lock first: up to limit entries.
	Locked(ctx context.Context, now time.Time, limit int) ([]Entry, error)
}
