package proxy

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// A window of requests of which at least 9 in 10 were forwarded by private peers that nobody trusts is no coincidence.
const (
	window    = 200
	suspicion = window * 9 / 10
	maxPeers  = 8
)

// refusedEvery is how often the log hears of trusted peers that send what cannot be understood.
const refusedEvery = time.Hour

// watch notices that a proxy is missing from the list: then all users seem to share its address, so that one who is
// locked out locks out all, and every request seems to come in the clear.
type watch struct {
	logger *slog.Logger
	total  atomic.Uint32 // requests of untrusted peers
	said   atomic.Bool

	refusals *httpx.Sampler

	mu        sync.Mutex
	forwarded int
	peers     []netip.Addr
}

func newWatch(logger *slog.Logger) *watch {
	return &watch{logger: logger, refusals: httpx.NewSampler(refusedEvery, 1, 1)}
}

// refused logs that a trusted peer was not believed, once an hour: anybody behind the proxy may bring it about.
func (w *watch) refused(r *http.Request, peer netip.Addr, why error) {
	unlogged, ok := w.refusals.Take()
	if !ok {
		return
	}
	httpx.Logger(w.logger).WarnContext(r.Context(), "did not believe a trusted proxy", "event", "airworthy.security.ForwardingRefused",
		"peer", peer, "reason", why.Error(), "unlogged", unlogged)
}

// untrusted counts one request of a peer that is not trusted; listed is whether it can have headers that forward. Once
// the alarm has been raised, nothing is counted.
func (w *watch) untrusted(r *http.Request, peer netip.Addr, listed bool) {
	if w.said.Load() {
		return
	}
	if listed && (r.Header["X-Forwarded-For"] != nil || r.Header["Forwarded"] != nil) && near(r, peer) {
		w.suspect(peer)
	}
	if w.total.Add(1)%window == 0 {
		w.judge(r)
	}
}

// near reports whether the peer may be a proxy of ours.
func near(r *http.Request, peer netip.Addr) bool {
	return httpx.IsPrivate(peer) || !peer.IsValid() && overUnixSocket(r)
}

// suspect remembers a peer that forwards.
func (w *watch) suspect(peer netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forwarded++
	if len(w.peers) < maxPeers && !slices.Contains(w.peers, peer) {
		w.peers = append(w.peers, peer)
	}
}

// judge ends a window.
func (w *watch) judge(r *http.Request) {
	w.mu.Lock()
	forwarded, peers := w.forwarded, w.peers
	w.forwarded, w.peers = 0, nil
	w.mu.Unlock()
	if forwarded < suspicion || !w.said.CompareAndSwap(false, true) {
		return
	}
	httpx.Logger(w.logger).WarnContext(r.Context(), "nearly all requests are forwarded by private addresses that are not"+
		" trusted: is a proxy missing from the list?",
		"event", "airworthy.security.UntrustedProxy", "requests", window, "forwarded", forwarded, "remedy", remedy(peers))
}

// remedy says which setting trusts the peers. The zero Addr stands for a Unix socket.
func remedy(peers []netip.Addr) string {
	var prefixes, settings []string
	slices.SortFunc(peers, netip.Addr.Compare)
	for _, p := range peers {
		if p.IsValid() {
			prefixes = append(prefixes, netip.PrefixFrom(p, p.BitLen()).String())
		} else {
			settings = append(settings, "TRUSTED_PROXY_UNIX_SOCKET=true")
		}
	}
	if len(prefixes) > 0 {
		settings = append(settings, "TRUSTED_PROXIES="+strings.Join(prefixes, ",")+" in addition to what it holds")
	}
	return "set " + strings.Join(settings, " and ")
}
