// Package session keeps what an application remembers of a visitor between requests, above all who has logged in.
//
// It protects from session fixation (an id that the client chose is never adopted, and logging in changes the id),
// from sessions that live for ever (an idle and an absolute age, both kept on the server), from sessions that come
// back after a logout, from tokens read out of a stolen database (stores keep hashes), from session cookies in shared
// caches, and from a store filled by passers-by: nothing is stored, and no cookie is set, until something is written.
//
//	m, err := session.New(session.Config{Store: session.NewCookie(ring)})
//	…
//	handler = m.Handler(mux)
//
//	func login(w http.ResponseWriter, r *http.Request) {
//		…
//		err := session.From(r.Context()).SetUser(id) // also changes the session's id
//	}
//
// A [Session] is lazy: the store is not asked until a value is. Changes are stored just before the header of the answer
// goes out, so streams, server-sent events and WebSockets work, and after that a session can be read but no longer be
// changed. An answer of status 500 or more changes nothing, save that a destroyed session is destroyed. If the store
// fails, the answer is an error page rather than a success that did not happen.
//
// The package does not authenticate anybody and does not know what a user is. Two requests that change one session at
// the same time do so one after the other, and the later wins: change the id ([Session.Renew]) whenever somebody's
// rights change, which turns the other request away.
package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// ErrHeaderSent is returned for a change after the answer's header has gone out, when no cookie can be set any more.
var ErrHeaderSent = errors.New("session: the answer's header has gone out: change the session before writing")

// ErrInterrupted is why a request was refused whose session was ended by another request while it was under way.
var ErrInterrupted = errors.New("session: ended by another request")

// Session is the session of one request. Its methods may be called from several goroutines.
type Session struct {
	m  *Manager
	st *httpx.State

	mu        sync.Mutex
	token     string // under which the store has it; empty if it has not
	rec       record
	loaded    bool
	excused   bool // the application asked for err and answers for what it does
	dirty     bool // rec has to be stored
	unnoted   bool // that it was used has to be stored
	renew     bool // under a token of its own
	destroyed bool // the cookie has to go
	sent      bool // the header has gone out

	aside *aside // nil for most requests
}

// From returns the session of the request that ctx belongs to, or nil if no Manager's Handler has seen the request.
// It asks the store for nothing. The first call belongs to the goroutine that serves the request.
func From(ctx context.Context) *Session {
	st := httpx.From(ctx)
	if st == nil {
		return nil
	}
	switch v := st.Session.(type) {
	case *Session:
		return v
	case *Manager:
		s := &Session{m: v, st: st, sent: st.Status() != 0}
		st.Session = s
		return s
	}
	return nil
}

// load asks the store, once. A session that could not be loaded is empty and cannot be changed.
func (s *Session) load() {
	if s.loaded {
		return
	}
	s.loaded = true
	if !s.find() {
		s.rec = record{}
	}
}

// change runs f if the session can still be changed.
func (s *Session) change(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent {
		return ErrHeaderSent
	}
	s.load()
	if s.failure() != nil {
		return s.failure()
	}
	return f()
}

// Err loads the session and returns why that failed: the store could not be asked. Until it is asked, such a request
// is answered with an error page, whatever the application writes, because a session that could not be read looks
// empty and the application would have taken the visitor for somebody who has not logged in.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	s.excused = true
	return s.failure()
}

// peekErr is Err without taking responsibility.
func (s *Session) peekErr() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure()
}

// IsNew reports whether the store has no session for this visitor.
func (s *Session) IsNew() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	return s.token == ""
}

// User returns whose session it is, empty if nobody has logged in.
func (s *Session) User() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	return s.rec.User
}

// SetUser says who has just logged in, by whatever names users for good, such as a primary key. It changes the
// session's id as Renew does and starts its age anew. The values stay, unless they are another user's: those go. With
// an empty user it logs out and removes every value; [Session.Destroy] does so too and leaves no session behind.
func (s *Session) SetUser(user string) error {
	if user != "" {
		if err := checkKey(user); err != nil {
			return fmt.Errorf("%w (as a user)", err)
		}
	}
	return s.renewed(s.change(func() error {
		if user == "" && s.rec.User == "" {
			return nil
		}
		if s.rec.User != "" && s.rec.User != user {
			s.rec = record{}
		}
		s.rec.User, s.rec.Created = user, 0
		s.dirty, s.renew = true, true
		s.detach()
		return nil
	}))
}

// Renew changes the session's id; the old one is worth nothing from then on. Call it whenever the visitor's rights
// change, so that an id which somebody else knew, or planted, does not gain them. SetUser does it by itself.
func (s *Session) Renew() error {
	return s.renewed(s.change(func() error {
		s.dirty, s.renew = true, true
		s.detach()
		return nil
	}))
}

// renewed tells whoever wants to know that the visitor's rights have changed, if they have. It holds no lock: what is
// told may use the session.
func (s *Session) renewed(err error) error {
	s.mu.Lock()
	sent := s.sent
	s.mu.Unlock()
	if err != nil || sent || s.m.onRenew == nil {
		return err
	}
	return s.m.onRenew(s.st.Request.Context())
}

// SetExpiry makes the session end after d, used or not, in place of [Config.Age] and [Config.Idle]: for a "remember
// me". With d zero the cookie goes when the browser is closed, and both ages hold as usual. It makes no session by
// itself.
func (s *Session) SetExpiry(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("session: expiry after %s: use Destroy to end a session", d)
	}
	return s.change(func() error {
		s.rec.Fixed, s.rec.Transient, s.dirty = d > 0, d == 0, true
		s.rec.Expires = momentOf(time.Now().Add(d))
		return nil
	})
}

// Expires returns when the session ends if it is not used again; the zero time if there is none yet.
func (s *Session) Expires() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	return s.rec.Expires.time()
}

// Destroy ends the session at once, in the store and with all its values, and removes the cookie with the header of the
// answer, whatever its status. After the header has gone out it ends the session in the store alone. What is set
// afterwards makes another session.
//
// A session that is kept in the cookie cannot be ended in that way: a copy of the cookie works until it expires.
func (s *Session) Destroy() error { return s.renewed(s.destroy()) }

func (s *Session) destroy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	if s.token != "" {
		s.fail(s.m.delete(s.st.Request.Context(), s.token))
	}
	// Whether or not the store could be reached, the browser is to forget the session.
	s.token, s.rec, s.dirty, s.renew, s.destroyed = "", record{}, false, false, true
	s.detach()
	return s.failure()
}

// EndOthers ends every other session of the same user and returns how many there were: after a change of password,
// e-mail address or second factor. It is errors.ErrUnsupported if the store cannot find sessions by their user.
func (s *Session) EndOthers() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	if s.failure() != nil {
		return 0, s.failure()
	}
	return s.m.endUser(s.st.Request.Context(), s.rec.User, s.token)
}

// Save stores the changes now rather than with the header, which then still carries the cookie. It is for a handler
// that hijacks the connection, whose header this package never sees, and for one that must know that they are stored.
// The error is ErrInterrupted if another request has ended the session.
func (s *Session) Save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent {
		return ErrHeaderSent
	}
	return s.commit((*httpx.Writer)(s.st).Header())
}
