// Package httpx holds what the parts know about one request, and the one ResponseWriter wrapper.
//
// Each part works alone on any http.Handler and none imports its neighbours; here is what they leave for each other.
// The first part that a request meets calls [Begin], which costs the chain's only context; the others find the same
// [State] there.
//
// A part's handler is a type with a ServeHTTP rather than a closure made an http.HandlerFunc, which is a call more for each
// part: processors predict the returns of some of the last calls only, and a chain with an application in it is deeper.
// Stacks name the part, too.
package httpx

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"
)

// State is what is known about one request. It belongs to the goroutine that serves the request, save the fields that
// only [Begin] and the proxy part write, which any goroutine may read once the application's handler runs.
//
// A State is four things in one allocation: itself, the request's context, the response's writer and the request that
// carries the context. All four live equally long, and what is allocated costs twice, when it is made and when it is
// collected. They just fit into the 512 bytes up to which the collector is cheapest: a test holds them there.
type State struct {
	// Settled by Begin from the connection alone, and by the proxy part if a trusted peer says otherwise.
	Host      string     // as received, with its port; never empty unless the request had none
	Forwarded netip.Addr // who asked, as trusted proxies tell; the zero Addr if none did: ask Client
	HTTPS     bool       // the request came by HTTPS
	Trusted   bool       // the peer is a trusted proxy

	// ClaimsHTTPS says that the peer calls the request HTTPS in a forwarding header that was not believed. The proxy
	// part leaves it, for the diagnosis of redirect loops; nothing is decided by it.
	ClaimsHTTPS bool

	// Garbled says that the peer is a trusted proxy whose forwarding headers could not be understood, so that nobody
	// knows what HTTPS, Host and Client should be; they are the connection's. The proxy part leaves it.
	Garbled bool

	early     early // what parts note on the way in
	replacing bool  // a page has taken the answer's place: the application's body is dropped
	status    int16 // of the answer; 0 until the header has gone out

	// Each of these belongs to the part that it is named after; nil or empty while that part is not in the chain.
	CSP     any
	CSRF    any
	Session any
	Pages   Pages

	// Request is the request as the innermost part passed it on.
	Request *http.Request

	parent  context.Context
	w       writer
	id      atomic.Pointer[string] // of the request, once there is one
	request http.Request           // room for Request
}

// early are marks in one byte, because a State is full. They are set before the application's handler runs, so that any
// goroutine may read them.
type early uint8

const (
	lazyID      early = 1 << iota // a part gives out request ids
	disbelieved                   // see Disbelieve
)

// Pages writes error pages. The errorpages part sets [State.Pages]; a part that refuses calls [Refuse].
type Pages interface {
	// ServeError answers with the page for status. The cause is for the development page and is never shown to
	// anybody else; it may be nil.
	ServeError(w http.ResponseWriter, r *http.Request, status int, cause error)

	// WantsCause reports whether a page for r can depend on its cause: floods of refusals make none otherwise.
	WantsCause(r *http.Request) bool

	// Replaces reports whether an answer that the application is about to send, with this status and these headers,
	// is one of net/http's plain error texts, which the page for the status replaces.
	Replaces(r *http.Request, status int, h http.Header) bool
}

// Scheme returns "http" or "https".
func (s *State) Scheme() string {
	if s.HTTPS {
		return "https"
	}
	return "http"
}

// EnableID makes [State.ID] give out an id. The logs part calls it on the way in; without it requests have none.
func (s *State) EnableID() { s.early |= lazyID }

// SetID gives the request the id that a trusted proxy has given it.
func (s *State) SetID(id string) { s.id.Store(&id) }

// ID returns the id of the request: the one of SetID, otherwise one that is made when somebody first asks; empty if no
// part gives out ids. Any goroutine may call it, because any goroutine may log.
func (s *State) ID() string {
	if id := s.id.Load(); id != nil {
		return *id
	}
	if s.early&lazyID == 0 {
		return ""
	}
	id := rand.Text()
	s.id.CompareAndSwap(nil, &id)
	return *s.id.Load()
}

// KnownID returns the id of the request if there is one already: nothing that could be looked up by it has been logged
// otherwise.
func (s *State) KnownID() string {
	if id := s.id.Load(); id != nil {
		return *id
	}
	return ""
}

// Disbelieve notes that the peer forwards requests of others, or wants to seem so, and is no trusted proxy: its address
// is not known to be the client's. The proxy part calls it, which removes the headers that tell.
func (s *State) Disbelieve() { s.early |= disbelieved }

// Disbelieved reports whether Disbelieve was called.
func (s *State) Disbelieved() bool { return s.early&disbelieved != 0 }

// Peer returns who connected: unmapped, without zone; the zero Addr if that is unknown (a Unix socket). It is read from
// the request anew, because few ask and none twice.
func (s *State) Peer() netip.Addr { return peer(s.Request.RemoteAddr) }

// Client returns who asked, by the proxy policy; the peer without one.
func (s *State) Client() netip.Addr {
	if s.Forwarded.IsValid() {
		return s.Forwarded
	}
	return s.Peer()
}

type stateKey struct{}

// requestContext is a State seen as a context.
type requestContext State

func (c *requestContext) Deadline() (time.Time, bool) { return c.parent.Deadline() }
func (c *requestContext) Done() <-chan struct{}       { return c.parent.Done() }
func (c *requestContext) Err() error                  { return c.parent.Err() }
func (c *requestContext) Value(key any) any {
	if _, ok := key.(stateKey); ok {
		return (*State)(c)
	}
	return c.parent.Value(key)
}

// From returns the state of the request that ctx belongs to, or nil if no part has seen the request. Each part calls it,
// and with a switch in the place of an if it is small enough to be inlined.
func From(ctx context.Context) *State {
	switch c := ctx.(type) {
	case *requestContext:
		return (*State)(c)
	}
	s, _ := ctx.Value(stateKey{}).(*State)
	return s
}

// Begin returns the state of r, with the writer and the request to go on with. If r has none yet it makes one.
//
// A state is found by the context. A request that an application makes up and serves in process needs a context of its
// own, or it is taken for the one that it was made during.
func Begin(w http.ResponseWriter, r *http.Request) (*State, http.ResponseWriter, *http.Request) {
	if s := From(r.Context()); s != nil {
		return s, w, r
	}
	s := &State{Host: r.Host, HTTPS: r.TLS != nil, parent: r.Context()}
	s.w.ResponseWriter = w
	s.request = *r.WithContext((*requestContext)(s)) // whose copy stays on the stack
	s.Request = &s.request
	return s, (*Writer)(s), s.Request
}

// peer parses what net/http writes into Request.RemoteAddr. Anything else, such as the "@" of a Unix socket, is an
// unknown peer, which no list of networks contains.
func peer(remote string) netip.Addr {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// Secure reports whether the request came over HTTPS, as far as the connection or a trusted proxy tells.
func Secure(r *http.Request) bool {
	if s := From(r.Context()); s != nil {
		return s.HTTPS
	}
	return r.TLS != nil
}

// Host returns the request's host as received, with its port.
func Host(r *http.Request) string {
	if s := From(r.Context()); s != nil {
		return s.Host
	}
	return r.Host
}

// Refuse answers r with status: with the error page if there are pages, otherwise with the status's own short text,
// and never with anything that the client sent. The cause reaches the development page only; log it yourself.
func Refuse(w http.ResponseWriter, r *http.Request, status int, cause error) {
	delete(w.Header(), "Content-Length")
	if s := From(r.Context()); s != nil && s.Pages != nil {
		pages := s.Pages
		s.Pages = nil // the page itself is not replaced
		pages.ServeError(w, r, status, cause)
		s.Pages = pages
		return
	}
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = plainText, noStore
	w.WriteHeader(status)
	_, _ = io.WriteString(w, http.StatusText(status))
	_, _ = io.WriteString(w, "\n")
}

// Their capacity is their length, so that a later append copies them.
var (
	plainText = []string{"text/plain; charset=utf-8"}
	noStore   = []string{"no-store"}
)
