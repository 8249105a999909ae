package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"
)

// ErrNotFound is what a Store answers when it holds no session under a token: because there never was one, because it
// was deleted, or because it has expired.
var ErrNotFound = errors.New("session: not found")

// Store keeps sessions. Its implementations are those of this package, of drivers/sqlstore and of drivers/redisstore; whoever
// writes another runs [sessiontest.TestStore] on it. All methods may be called at once from many goroutines.
//
// A token is what stands in the cookie. It comes from the client: any string at all, which a Store answers with
// ErrNotFound unless it made it itself. A Store that keeps sessions on a server makes tokens with [NewToken] and keeps
// only their [Hash], so that a copy of its table opens no session.
//
// [sessiontest.TestStore]: https://pkg.go.dev/github.com/airworthy-go/airworthy/session/sessiontest#TestStore
type Store interface {
	// Load returns the session under token, or an error that is ErrNotFound. An expired one may be returned; its
	// Expires says so and the Manager turns it down. Any other error means that the store could not look.
	Load(ctx context.Context, token string) (Record, error)

	// Save keeps rec and returns the token to find it by. With an empty token it makes a session, under a token that
	// nobody knew before. With any other it replaces the session under that token, which it returns, and if there is
	// none the error is ErrNotFound: a session that was ended while a request was under way does not come back by
	// that request's end. (A Store whose sessions are in the cookie cannot know, and returns another token.)
	// It does not keep rec.
	//
	// A Store may change rec.Expires where its format leaves it no choice; the cookie follows it.
	Save(ctx context.Context, token string, rec *Record) (string, error)

	// Delete ends the session under token at once. If there is none the error is ErrNotFound. A Store whose sessions
	// are in the cookie cannot end one and returns nil.
	Delete(ctx context.Context, token string) error
}

// Record is one session as a Store keeps it. Times are exact to the second; a Store may cut off the rest.
type Record struct {
	Data    string    // the values: see Pairs; to most stores a string of bytes without meaning
	User    string    // whose it is; empty before somebody has logged in
	Created time.Time // when it was made, or when User last logged in
	Seen    time.Time // when it was last known to be in use
	Expires time.Time // from when on it is no more

	Fixed     bool // Expires was chosen by SetExpiry and does not move with use
	Transient bool // the cookie is to go when the browser is closed

	// Resave is set by Load when the record should be stored again soon, as one sealed under a retired key should.
	// It is not kept.
	Resave bool
}

// Toucher is a Store that can note a session's use without writing its values. Without it a Manager saves the whole
// record instead, which may undo what another request has changed in the meantime.
type Toucher interface {
	// Touch sets the times of the session under token. If there is none the error is ErrNotFound.
	Touch(ctx context.Context, token string, seen, expires time.Time) error
}

// Entry is one session in a list of a user's sessions.
type Entry struct {
	ID string // names the session in lists; it is not the token and opens nothing
	Record
}

// UserStore is a Store that finds sessions by their user: to list them, and to end those elsewhere when a password or
// an e-mail address changes.
type UserStore interface {
	Store

	// ListByUser returns the user's sessions that have not expired at now, in any order. The empty user has none.
	ListByUser(ctx context.Context, user string, now time.Time) ([]Entry, error)

	// DeleteByUser ends the user's sessions save the one under the token keep, which may be empty, and returns how
	// many it ended. The empty user has none.
	DeleteByUser(ctx context.Context, user, keep string) (int, error)

	// DeleteEntry ends the user's session with the given ID. If the user has none such the error is ErrNotFound, also
	// when the ID is another user's: an ID that came from a form ends nobody else's session.
	DeleteEntry(ctx context.Context, user, id string) error

	// EntryID returns the ID that the session under token has in lists.
	EntryID(token string) string
}

// Expirer is a Store that keeps what has expired until it is told to clean up.
type Expirer interface {
	// DeleteExpired deletes the sessions that have expired at now and returns how many there were.
	DeleteExpired(ctx context.Context, now time.Time) (int, error)
}

// Sliding is a Store whose format has room for one time only, as Django's: its sessions end Config.Age after they were
// last saved. Config.Idle and an absolute age cannot be kept there.
type Sliding interface {
	Store
	Sliding()
}

// NewToken returns a token for a session: 256 random bits in 43 characters that a cookie may hold as they are.
func NewToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash returns what a Store keeps in place of a token, in 64 hexadecimal digits. A token has too many bits to be
// guessed, so that a plain SHA-256 is enough.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
