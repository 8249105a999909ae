package https

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// maxLoops bounds how many peers are remembered and logged.
const maxLoops = 64

// loops diagnoses redirects that would lead back: a proxy that ends TLS, and is not believed, brings every request in
// the clear. A redirect to HTTPS would come back exactly so, and being permanent it would stay in the browser's cache
// even after the mistake has been mended.
//
// There are two signs. The proxy says X-Forwarded-Proto: https all the same. Or it says nothing, or http because a
// further proxy ended TLS, but a browser sends Sec-Fetch-Site, which it does only where it speaks HTTPS itself. Programs
// that only look like a browser send that in the clear, too; so it counts only until a request has come by HTTPS, for
// then the proxy is set up rightly.
//
// Only peers in private networks, and trusted ones, are taken for such proxies. Others on the internet may send what
// they like and are redirected.
type loops struct {
	logger *slog.Logger
	secure atomic.Bool // a request has come by HTTPS

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
	if peer.IsValid() && !trusted && !httpx.IsPrivate(peer) {
		return nil
	}
	claimed := claimsHTTPS(r)
	if !claimed && (l.secure.Load() || !fromBrowserOverHTTPS(r)) {
		return nil
	}
	remedy := loopRemedy(peer, trusted, claimed)
	err := fmt.Errorf("https: the request came by HTTPS to a proxy that is not believed or does not say so;"+
		" redirecting it would loop: %s", remedy)
	if l.first(peer) {
		httpx.Logger(l.logger).WarnContext(r.Context(), "stopped a redirect loop: the proxy that ends TLS is not believed or does not say so",
			"event", "airworthy.security.RedirectLoop", "peer", peer, "remedy", remedy)
	}
	return err
}

// loopRemedy says which setting, of ours or of the proxy, ends the loop; claimed is whether the proxy says https.
func loopRemedy(peer netip.Addr, trusted, claimed bool) string {
	remedy := "set TRUSTED_PROXIES=" + netip.PrefixFrom(peer, peer.BitLen()).String() + " in addition to what it holds"
	switch {
	case trusted && claimed:
		return "the proxy is trusted, but another header is read than it sends:" +
			" correct TRUSTED_PROXY_HEADER or SECURE_PROXY_SSL_HEADER"
	case trusted:
		return "the proxy is trusted, but does not say https: make the one that ends TLS send X-Forwarded-Proto: https," +
			" or what TRUSTED_PROXY_HEADER and SECURE_PROXY_SSL_HEADER name, and those behind it pass that on"
	case !peer.IsValid():
		remedy = "set TRUSTED_PROXY_UNIX_SOCKET=true if the proxy connects by a Unix socket"
	}
	if !claimed {
		remedy = "make the proxy send X-Forwarded-Proto, and " + remedy
	}
	return remedy
}

// fromBrowserOverHTTPS reports whether a browser sent r, and by HTTPS: Sec-Fetch-Site goes to trustworthy URLs alone
// (Fetch Metadata, section 3), which besides HTTPS are those of the browser's own machine.
func fromBrowserOverHTTPS(r *http.Request) bool {
	if r.Header["Sec-Fetch-Site"] == nil {
		return false
	}
	host := strings.ToLower(httpx.Host(r))
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	own := err == nil && addr.Unmap().IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
	return !own
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
