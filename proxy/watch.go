package proxy

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// A window of requests of which at least 9 in 10 were forwarded by private peers that nobody trusts is no coincidence.
const (
	window    = 200
	suspicion = window * 9 / 10
	maxPeers  = 8
)

// watch notices that a proxy is missing from the list: then all users seem to share its address, so that one who is
// locked out locks out all, and every request seems to come in the clear.
type watch struct {
	logger *slog.Logger
	total  atomic.Uint32
	said   atomic.Bool

	mu        sync.Mutex
	forwarded int
	peers     []netip.Addr
}

// request counts one request. Once the alarm has been raised, nothing is counted any more.
func (w *watch) request(r *http.Request, peer netip.Addr, trusted bool) {
	if w.said.Load() {
		return
	}
	if !trusted && httpx.IsPrivate(peer) && (r.Header["X-Forwarded-For"] != nil || r.Header["Forwarded"] != nil) {
		w.suspect(peer)
	}
	if w.total.Add(1)%window == 0 {
		w.judge(r)
	}
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
	slices.SortFunc(peers, netip.Addr.Compare)
	var prefixes []string
	for _, p := range peers {
		prefixes = append(prefixes, netip.PrefixFrom(p, p.BitLen()).String())
	}
	w.logger.WarnContext(r.Context(), "nearly all requests are forwarded by private addresses that are not trusted: is a proxy missing from the list?",
		"event", "airworthy.security.UntrustedProxy", "requests", window, "forwarded", forwarded,
		"remedy", "set TRUSTED_PROXIES="+strings.Join(prefixes, ","))
}
