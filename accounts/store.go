package accounts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Errors of a Store and of a FactorStore.
var (
	ErrNotFound = errors.New("accounts: not found")
	ErrTaken    = errors.New("accounts: the user name is taken")
	ErrConflict = errors.New("accounts: changed by another request in the meantime")
)

// User is one account as a Store keeps it. The fields are those of Django's auth_user.
type User struct {
	ID        string // names the account for good; given by the Store
	Username  string // as its owner wrote it, in NFKC: see [NormalizeUsername]
	Email     string // empty if there is none; two accounts may have the same
	FirstName string
	LastName  string

	// Password is the encoded hash, of package password. It never leaves the server: String and JSON leave it out.
	Password string `json:"-"`

	Active    bool // false: may not log in
	Staff     bool // may see the operations console
	Superuser bool // kept for Django; opens nothing here, and has to have a second factor where Staff does

	Joined    time.Time // to the second at least
	LastLogin time.Time // zero if never; in UTC, and as exact as the Store gives it back: reset links depend on it
}

// String names the user, without the hash, so that no log or page has it by mistake.
func (u User) String() string { return fmt.Sprintf("user %s (%q)", u.ID, u.Username) }

// GoString does what String does, for %#v.
func (u User) GoString() string { return u.String() }

// LogValue does what String does, for slog.
func (u User) LogValue() slog.Value { return slog.StringValue(u.String()) }

// Store keeps accounts. Its implementations are [Memory] and those of drivers/sqlstore; whoever writes another runs
// [accountstest.TestStore] on it. All methods may be called at once from many goroutines and processes. Text comes from
// visitors: what a Store cannot keep, such as zero bytes, nobody has.
//
// [accountstest.TestStore]: https://pkg.go.dev/github.com/airworthy-go/airworthy/accounts/accountstest#TestStore
type Store interface {
	// ByID returns the user, or ErrNotFound. Any string may be asked for.
	ByID(ctx context.Context, id string) (User, error)

	// ByUsername returns the user whose name is exactly that, or ErrNotFound.
	ByUsername(ctx context.Context, username string) (User, error)

	// Twins returns the users whose [CanonicalUsername] is that of username, itself included: at most 10.
	Twins(ctx context.Context, username string) ([]User, error)

	// ByEmail returns the users whose address may be that, however it is capitalised: at most 100, the oldest first. It
	// may return some too many, which the caller compares again, and never one too few: whose [CanonicalEmail] is equal
	// is never cut off for somebody whose is not. Nobody has the empty address.
	ByEmail(ctx context.Context, email string) ([]User, error)

	// List returns up to limit users in the order of their names' bytes, from the first one behind the name after on.
	List(ctx context.Context, after string, limit int) ([]User, error)

	// Create keeps a new user and returns it with an ID of the Store's and with its times as the Store gives them back;
	// a zero Joined is now. The error is ErrTaken if there is a user of that name; a Store with a table of its own
	// refuses twins too. It is ErrInvalid, here and below, for what [User.Validate] refuses.
	Create(ctx context.Context, u User) (User, error)

	// Update replaces Email, FirstName, LastName, Active, Staff and Superuser of the user with u's ID. The error is
	// ErrNotFound if there is none.
	Update(ctx context.Context, u User) error

	// SetEmail and SetActive replace that one field, and bring back nothing that somebody else has changed meanwhile. The
	// error is ErrNotFound if there is no such user.
	SetEmail(ctx context.Context, id, email string) error
	SetActive(ctx context.Context, id string, active bool) error

	// SetPassword replaces the hash was by encoded, in one step: an upgrade that is late does not undo a change of
	// password. The error is ErrConflict if the hash is another one, ErrNotFound if there is no such user.
	SetPassword(ctx context.Context, id, was, encoded string) error

	// SetLastLogin sets LastLogin, to the microsecond at most. The error is ErrNotFound if there is no such user.
	SetLastLogin(ctx context.Context, id string, at time.Time) error
}

// FactorKind says what a second factor is.
type FactorKind string

// The kinds. A Store keeps any: passkeys are to come.
const (
	TOTP          FactorKind = "totp"
	RecoveryCodes FactorKind = "recovery"
)

// Factor is a second factor of one user as a FactorStore keeps it.
type Factor struct {
	ID        string // given by the store; no two users' factors share one
	User      string // whose it is: a User's ID
	Kind      FactorKind
	Name      string // what its owner calls it
	Confirmed bool   // its owner has shown that it works; nobody logs in by another
	Data      []byte // sealed by Accounts; to the store bytes without meaning, 64 KiB at most
	Created   time.Time
	Used      time.Time // when it last let somebody in; zero if never

	// Version is given by the store and grows with each update, so that of two requests with one code only one wins.
	Version int64
}

// FactorStore keeps second factors. [accountstest.TestFactors] holds an implementation to this contract. Times are
// exact to the second; a store may cut off the rest.
//
// [accountstest.TestFactors]: https://pkg.go.dev/github.com/airworthy-go/airworthy/accounts/accountstest#TestFactors
type FactorStore interface {
	// Factors returns the user's factors, the oldest first, unconfirmed ones included.
	Factors(ctx context.Context, user string) ([]Factor, error)

	// AddFactor keeps a new factor and returns it with its ID and Version; a zero Created is now. The error is
	// ErrInvalid, here and below, for what [Factor.Validate] refuses.
	AddFactor(ctx context.Context, f Factor) (Factor, error)

	// UpdateFactor replaces Name, Confirmed, Data and Used of the factor with f's User and ID if its version is still
	// f's, and returns it with its new Version. The error is ErrConflict if it is not, ErrNotFound if there is none.
	UpdateFactor(ctx context.Context, f Factor) (Factor, error)

	// DeleteFactor deletes the user's factor. The error is ErrNotFound if the user has none of that ID, also when it
	// is another user's.
	DeleteFactor(ctx context.Context, user, id string) error

	// AllFactors returns up to limit factors of all users in the order of their IDs, from the first one behind the ID
	// after on: to seal them anew when keys were rotated.
	AllFactors(ctx context.Context, after string, limit int) ([]Factor, error)
}
