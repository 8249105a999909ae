// Package proxy settles what a reverse proxy may tell us: the scheme, the host and the client's address.
//
// Whoever connects can send X-Forwarded-For, X-Forwarded-Proto and the rest. They are believed from the peers of one
// list and from nobody else, and all other parts ask what was settled here instead of reading headers themselves.
//
//	guard, err := proxy.New(proxy.Config{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}})
//	if err != nil {
//		log.Fatal(err)
//	}
//	http.ListenAndServe(":8000", guard.Handler(mux))
//
// The zero Config trusts nobody, which is right without a proxy. The client is the right-most address that no trusted
// proxy has; what stands left of it may be invented.
//
// Of peers that are not trusted, headers that forward (Forwarded, X-Forwarded-*, X-Real-Ip, True-Client-Ip,
// Cf-Connecting-Ip and the like) and headers that log in (Remote-User, X-Auth-Request-*, X-Ssl-*, Client-Cert and the
// like, and Config.Identity) are removed before anybody sees them; names that only look like these (X_Forwarded_For)
// are removed whoever sends them.
//
// Request.RemoteAddr, Host and URL stay as they are. X-Forwarded-Prefix and X-Forwarded-Uri are not read at all.
// A proxy that is trusted must itself replace or extend the headers that clients send; no list here can do that for it.
package proxy

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Config is the trust policy. The zero Config trusts nobody.
type Config struct {
	// Trusted lists the networks of our proxies.
	Trusted []netip.Prefix `env:"TRUSTED_PROXIES" doc:"Networks of the proxies whose forwarding headers are believed, such as 10.0.0.5/32."`

	// Hops is how many proxies of ours a request passes. With Trusted it is a bound: no address further left than
	// Hops from the right is taken. Alone, where the proxies' addresses cannot be known, every peer in a private
	// network is trusted, and the client is the address that the outermost of the proxies saw.
	Hops int `env:"TRUSTED_PROXY_HOPS" doc:"How many proxies a request passes; bounds TRUSTED_PROXIES, or replaces it where their addresses are unknown."`

	// UnixSocket trusts whoever connects by a Unix socket, which has no address: the socket's file permissions say
	// who that is.
	UnixSocket bool `env:"TRUSTED_PROXY_UNIX_SOCKET" doc:"Trust the proxy that connects by a Unix socket."`

	// Header says which headers our proxies write. Empty means X-Forwarded-For and its kin.
	Header Header `env:"TRUSTED_PROXY_HEADER" doc:"Headers that the proxies write: x-forwarded or forwarded (RFC 7239)."`

	// UseHost takes the host from the proxy, for proxies that send another Host than they got.
	UseHost bool `env:"USE_X_FORWARDED_HOST" doc:"Take the host from X-Forwarded-Host of trusted proxies."`

	// UsePort takes the port of the host from X-Forwarded-Port, for proxies that send the host without it.
	UsePort bool `env:"USE_X_FORWARDED_PORT" doc:"Take the port of the host from X-Forwarded-Port of trusted proxies."`

	// SSLHeader says which header and value mean that the request came by HTTPS. Zero means what Header says:
	// X-Forwarded-Proto with https, or the proto of Forwarded.
	SSLHeader SSLHeader `env:"SECURE_PROXY_SSL_HEADER" doc:"Header and value with which trusted proxies mark HTTPS, such as X-Forwarded-Proto=https."`

	// Identity names headers that only trusted proxies may send because applications take them for a login, in
	// addition to the common ones (Remote-User, X-Auth-Request-*, ...). A name may end in *.
	Identity []string `env:"TRUSTED_PROXY_IDENTITY" doc:"Further headers that only trusted proxies may send, such as X-Company-User or X-Company-*."`

	// Logger gets the security events; nil means slog.Default().
	Logger *slog.Logger
}

// Guard applies a policy. Its methods may be called by any goroutine.
type Guard struct {
	trusted httpx.Networks
	nobody  bool // is trusted
	listed  bool // there is a list; otherwise hops alone decide
	hops    int  // 0 for no bound
	unix    bool
	header  Header
	useHost bool
	usePort bool
	ssl     SSLHeader
	drop    *dropList
	watch   *watch
}

// New compiles cfg. The error holds every mistake, and what to do about each.
func New(cfg Config) (*Guard, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	g := &Guard{
		trusted: httpx.NewNetworks(unmapped(cfg.Trusted)), listed: len(cfg.Trusted) > 0, hops: cfg.Hops, unix: cfg.UnixSocket,
		header: cfg.Header, useHost: cfg.UseHost, usePort: cfg.UsePort, ssl: cfg.SSLHeader,
		drop: newDropList(cfg), watch: newWatch(cfg.Logger),
		nobody: len(cfg.Trusted) == 0 && cfg.Hops == 0 && !cfg.UnixSocket,
	}
	g.ssl.Name = canonical(g.ssl.Name)
	if g.ssl.Name == "" && g.header != Forwarded {
		g.ssl = SSLHeader{Name: "X-Forwarded-Proto", Value: "https"}
	}
	return g, nil
}

// Handler settles scheme, host and client, removes what is not to be believed, and hands on. It refuses nothing.
func (g *Guard) Handler(next http.Handler) http.Handler { return &handler{g, next} }

// handler is a type, not a closure: see internal/httpx.
type handler struct {
	guard *Guard
	next  http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, w, inner := httpx.Begin(w, r)
	listed, twins := h.guard.drop.find(r.Header)
	h.guard.settle(s, inner, listed)
	if twins || listed && !s.Trusted {
		if inner == r { // somebody else's copy: leave it alone
			inner = r.WithContext(r.Context())
		}
		inner.Header = h.guard.drop.without(r.Header, s.Trusted)
		s.Request = inner
	}
	h.next.ServeHTTP(w, inner)
}

// settle writes what is known about r into s; listed is whether r has headers on the drop list, which are all that
// forward. Of a trusted peer whose headers cannot be understood nothing is believed: the request is then treated like
// one of a peer that is not trusted.
func (g *Guard) settle(s *httpx.State, r *http.Request, listed bool) {
	if g.nobody && !listed { // most sites' every request: who connected need not be known
		g.watch.untrusted(r, netip.Addr{}, false)
		return
	}
	peer := s.Peer()
	if !g.trusts(peer, r) {
		if listed {
			s.Disbelieve()
			s.ClaimsHTTPS = !s.HTTPS && claimsHTTPS(r.Header)
		}
		g.watch.untrusted(r, peer, listed)
		return
	}
	o, err := g.read(r.Header, origin{client: peer, host: s.Host, scheme: s.Scheme()})
	if err != nil {
		s.Garbled = true
		g.watch.refused(r, peer, err)
		return
	}
	s.Trusted, s.HTTPS, s.Host, s.Forwarded = true, o.scheme == "https", o.host, o.client
	s.ClaimsHTTPS = !s.HTTPS && claimsHTTPS(r.Header) && g.unsaid(r.Header)
}

// trusts reports whether the peer of r may tell us things.
func (g *Guard) trusts(peer netip.Addr, r *http.Request) bool {
	switch {
	case !peer.IsValid():
		return g.unix && overUnixSocket(r)
	case g.listed:
		return g.trusted.Contains(peer)
	}
	return g.hops > 0 && httpx.IsPrivate(peer)
}

// overUnixSocket reports whether r came by a Unix socket. The listener says so; an address that cannot be parsed does
// not.
func overUnixSocket(r *http.Request) bool {
	_, ok := r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr)
	return ok
}

// Client returns the address of whoever made the request, by the policy of the guard that it passed; without one, the
// address that connected. It is the zero Addr if that is unknown.
func Client(r *http.Request) netip.Addr { return httpx.Client(r) }

// Scheme returns "http" or "https", by the policy of the guard that the request passed; without one, by its connection.
func Scheme(r *http.Request) string {
	if httpx.Secure(r) {
		return "https"
	}
	return "http"
}

// Host returns the host that the request names, by the policy of the guard that it passed; without one, Request.Host.
// The hosts part says whether it is ours.
func Host(r *http.Request) string { return httpx.Host(r) }
