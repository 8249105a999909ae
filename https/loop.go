package https

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// maxLoops bounds how many peers are remembered and logged.
const maxLoops = 64

// loops diagnoses redirects that would lead back: a proxy that ends TLS, and is not believed, brings every request in
// the clear. It says X-Forwarded-Proto: https all the same. A redirect to HTTPS would come back exactly so, and being
// permanent it would stay in the browser's cache even after the mistake has been mended.
//
// Only peers in private networks are taken for such proxies. Others on the internet may send what they like and are
// redirected.
type loops struct {
	logger *slog.Logger

	mu     sync.Mutex
	logged map[netip.Addr]bool
}

func newLoops(logger *slog.Logger) *loops {
	return &loops{logger: logger, logged: map[netip.Addr]bool{}}
}

// check returns an error that names the setting if redirecting r would loop, and logs it once for each peer.
func (l *loops) check(r *http.Request) error {
	s := httpx.From(r.Context())
	peer, trusted := httpx.Peer(r), s != nil && s.Trusted
	if peer.IsValid() && !trusted && !httpx.IsPrivate(peer) || !claimsHTTPS(r) {
		return nil
	}
	remedy := "set TRUSTED_PROXIES=" + netip.PrefixFrom(peer, peer.BitLen()).String() + " in addition to what it holds"
	switch {
	case trusted:
		remedy = "the proxy is trusted, but another header is read than it sends:" +
			" correct TRUSTED_PROXY_HEADER or SECURE_PROXY_SSL_HEADER"
	case !peer.IsValid():
		remedy = "set TRUSTED_PROXY_UNIX_SOCKET=true if the proxy connects by a Unix socket"
	}
	err := fmt.Errorf("https: a proxy that is not believed says the request came by HTTPS;"+
		" redirecting it would loop: %s", remedy)
	if l.first(peer) {
		l.logger.WarnContext(r.Context(), "stopped a redirect loop: the proxy that ends TLS is not believed",
			"event", "airworthy.security.RedirectLoop", "peer", peer, "remedy", remedy)
	}
	return err
}

// first reports whether peer has not been logged yet and there is room to remember it.
func (l *loops) first(peer netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.logged[peer] || len(l.logged) >= maxLoops {
		return false
	}
	l.logged[peer] = true
	return true
}

// claimsHTTPS reports whether the peer says that the request came by HTTPS. The proxy part removes what it does not
// believe and leaves a note; without it the header is still there. The last entry is the one that the peer wrote.
func claimsHTTPS(r *http.Request) bool {
	if s := httpx.From(r.Context()); s != nil && (s.ClaimsHTTPS || s.Trusted) {
		return s.ClaimsHTTPS
	}
	lines := r.Header["X-Forwarded-Proto"]
	if len(lines) == 0 {
		return false
	}
	last := lines[len(lines)-1]
	return strings.EqualFold(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:]), "https")
}
