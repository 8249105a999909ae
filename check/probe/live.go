package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What a live site is asked, at most, and how fast. docs/probe.md tells operators of sites.
const (
	liveInterval = 200 * time.Millisecond // between the beginnings of two requests or handshakes
	liveTotal    = 3 * time.Minute        // for all of one probe
	liveRequests = 150                    // requests and handshakes of one probe
	liveHeader   = 256 << 10              // bytes of one answer's header
	liveLines    = 500                    // lines of one answer's header
	liveBody     = 1 << 20                // bytes of one answer's body that are read
	liveDial     = 5 * time.Second        // to connect
	liveTries    = 2                      // failures to connect in a row, after which nobody tries again
	liveAnswers  = 4                      // addresses of a name that are tried
)

// LiveConfig says which site is asked and within which bounds. Only URL is required.
type LiveConfig struct {
	// URL is the site: https://example.com, with a port if that is not 443, and the path of the page to look at first.
	// Without a scheme https is meant. The host may be an internationalised name or an address.
	URL string

	// HTTPPort is where the site answers to http, only to redirect. 0 means 80 where https is on 443, and otherwise that
	// nobody is asked over http.
	HTTPPort uint16

	// Roots are the certificates that are trusted; nil means the system's.
	Roots *x509.CertPool

	Interval time.Duration // between the beginnings of two requests; 0 means 200 ms
	Total    time.Duration // for the whole probe, from its first request on; 0 means 3 minutes

	// InsecurePrivate lets the site stand on this machine, in a private network or at another address that the internet does
	// not route. Without it a name that somebody else controls cannot lead the probe to what only we can reach.
	InsecurePrivate bool

	// Lookup resolves a name; nil means the system's resolver. Each name is resolved once.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Live sends requests to one live site, politely and within bounds: to the host of its URL and that name's counterpart with
// or without "www.", on the ports that it was told, at the addresses to which the names resolved when they were first
// needed. It names itself, sends neither cookies nor credentials, follows no redirect, decodes no compression, speaks
// HTTP/1.1 alone and takes no proxy from the environment, since a proxy would connect where we cannot look.
//
// It does not verify certificates as it connects, so that a site with a bad one is still looked at: the rules that [Checks]
// adds for a Live do. It is safe for concurrent use. Close it when done.
type Live struct {
	LiveConfig
	url       *url.URL
	host      string // ASCII; an IPv6 address without brackets
	port      uint16
	plainPort uint16 // 0 if nobody is asked over http
	transport *http.Transport

	mu       sync.Mutex
	ends     time.Time // when time is up; zero before the first request
	next     time.Time // when the next request may begin
	sent     int
	resolved map[string][]netip.Addr
	failed   map[target]failure
	shaken   map[string]tls.ConnectionState // the first one with each host

	noHTTPS error  // why the site is judged over http, if it was to be https
	circle  string // the redirect that was one too many
}

// target is what is connected to: an authority, with its port, and whether over TLS.
type target struct {
	authority string
	tls       bool
}

type failure struct {
	times int
	err   error
}

var _ http.RoundTripper = (*Live)(nil)

// NewLive returns a round tripper for the site. Nothing is sent yet. Its error says what is wrong with the URL.
func NewLive(c LiveConfig) (*Live, error) {
	l := &Live{LiveConfig: c, resolved: map[string][]netip.Addr{}, failed: map[target]failure{},
		shaken: map[string]tls.ConnectionState{}}
	if err := l.parse(c.URL); err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	l.Interval = cmp.Or(l.Interval, liveInterval)
	l.Total = cmp.Or(l.Total, liveTotal)
	if l.Lookup == nil {
		l.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	l.transport = &http.Transport{
		Proxy:                  nil,
		DialContext:            func(ctx context.Context, _, addr string) (net.Conn, error) { return l.connect(ctx, addr, nil) },
		DialTLSContext:         func(ctx context.Context, _, addr string) (net.Conn, error) { return l.secure(ctx, addr) },
		MaxResponseHeaderBytes: liveHeader,
		MaxConnsPerHost:        2,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        5 * time.Second,
		DisableCompression:     true,
		Protocols:              new(http.Protocols),
	}
	l.transport.Protocols.SetHTTP1(true)
	return l, nil
}

// parse takes a URL apart and refuses what is none of a site.
func (l *Live) parse(text string) error {
	if text == "" {
		return errors.New("no URL: write it as https://example.com")
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("the URL cannot be read: write it as https://example.com")
	case u.User != nil:
		return errors.New("the URL has a user or a password in it: the probe sends neither, take them out")
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%q is no scheme of a site: use https or http", u.Scheme)
	case u.Host == "":
		return errors.New("the URL has no host: write it as https://example.com")
	case u.Fragment != "":
		return errors.New("the URL has a fragment, which no server sees: take out # and what follows")
	}
	if l.host, err = hostOf(u.Hostname()); err != nil {
		return err
	}
	l.port = map[string]uint16{"https": 443, "http": 80}[u.Scheme]
	if p := u.Port(); p != "" || strings.HasSuffix(u.Host, ":") {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("%q is no port: use 1 to 65535", p)
		}
		l.port = uint16(n)
	}
	switch {
	case u.Scheme == "http":
		l.plainPort = l.port
	case l.HTTPPort == 0 && l.port == 443:
		l.plainPort = 80
	default:
		l.plainPort = l.HTTPPort
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Host = authorityOf(u.Scheme, l.host, l.port)
	l.url = u
	return nil
}

// authorityOf writes host and port as they stand in URLs, without the scheme's own port.
func authorityOf(scheme, host string, port uint16) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if scheme == "https" && port == 443 || scheme == "http" && port == 80 {
		return host
	}
	return host + ":" + strconv.Itoa(int(port))
}

// URL returns the address that was asked for, with its scheme, its host in ASCII and a path.
func (l *Live) URL() string { return l.url.String() }

// Close ends the connections.
func (l *Live) Close() { l.transport.CloseIdleConnections() }

// Same reports whether a URL belongs to the site: its host or the counterpart of that, on a port that may be asked.
func (l *Live) Same(u *url.URL) bool {
	host, err := hostOf(u.Hostname())
	if err != nil || host != l.host && host != counterpart(l.host) || u.User != nil {
		return false
	}
	switch u.Scheme {
	case "https":
		return l.url.Scheme == "https" && portOf(u) == l.port
	case "http":
		return l.plainPort != 0 && portOf(u) == l.plainPort
	}
	return false
}

func portOf(u *url.URL) uint16 {
	if u.Port() == "" {
		return map[string]uint16{"https": 443, "http": 80}[u.Scheme]
	}
	n, _ := strconv.ParseUint(u.Port(), 10, 16)
	return uint16(n)
}

// errElsewhere is for requests that lead away from the site.
var errElsewhere = errors.New("that is not the site that was asked for, and it is not asked")

// RoundTrip sends one request, once it may, and returns an answer whose body ends in time and size. The caller closes it.
func (l *Live) RoundTrip(r *http.Request) (*http.Response, error) {
	if !l.Same(r.URL) {
		return nil, errElsewhere
	}
	if err := l.turn(r.Context()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	r = r.Clone(ctx)
	r.Header.Set("User-Agent", userAgent())
	r.Header.Set("Accept-Encoding", "identity")
	for _, name := range []string{"Cookie", "Authorization", "Proxy-Authorization"} {
		r.Header.Del(name)
	}
	resp, err := l.transport.RoundTrip(r)
	if err != nil {
		err = l.explain(ctx, err)
		cancel()
		return nil, err
	}
	lines := 0
	for _, values := range resp.Header {
		lines += len(values)
	}
	if lines > liveLines {
		cancel()
		_ = resp.Body.Close()
		return nil, fmt.Errorf("the answer's header has more than %d lines", liveLines)
	}
	resp.Body = &liveAnswer{rc: resp.Body, left: liveBody, cancel: cancel}
	return resp, nil
}

// liveAnswer is an answer's body, of which so much is read and no more.
type liveAnswer struct {
	rc     io.ReadCloser
	left   int
	cancel context.CancelFunc
}

func (b *liveAnswer) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("the answer is too long")
	}
	n, err := b.rc.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func (b *liveAnswer) Close() error {
	b.cancel()
	return b.rc.Close()
}

// turn waits until the next request may begin and counts it.
func (l *Live) turn(ctx context.Context) error {
	l.mu.Lock()
	now := time.Now()
	if l.ends.IsZero() {
		l.ends = now.Add(l.Total)
	}
	begin := now
	if begin.Before(l.next) {
		begin = l.next
	}
	switch {
	case begin.After(l.ends):
		l.mu.Unlock()
		return fmt.Errorf("the time for the whole probe, %s, is used up", l.Total)
	case l.sent >= liveRequests:
		l.mu.Unlock()
		return fmt.Errorf("the %d requests of one probe are used up", liveRequests)
	}
	l.sent++
	l.next = begin.Add(l.Interval)
	l.mu.Unlock()
	select {
	case <-time.After(begin.Sub(now)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// connect returns a connection to an authority, over TLS if there is a configuration for that. Where two attempts in a row
// have failed it does not try again.
func (l *Live) connect(ctx context.Context, authority string, c *tls.Config) (net.Conn, error) {
	key := target{authority, c != nil}
	l.mu.Lock()
	before := l.failed[key]
	l.mu.Unlock()
	if before.times >= liveTries {
		return nil, before.err
	}
	conn, err := l.dial(ctx, authority)
	if err == nil && c != nil {
		conn, err = handshake(ctx, conn, c)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed[key] = failure{before.times + 1, err}
		return nil, err
	}
	delete(l.failed, key)
	return conn, nil
}

// dial connects to one of the addresses that the host of an authority has for this probe.
func (l *Live) dial(ctx context.Context, authority string) (conn net.Conn, err error) {
	host, port, err := net.SplitHostPort(authority)
	if err != nil {
		return nil, err
	}
	addresses, err := l.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	// Control sees the address that is really connected to: what was checked before cannot have changed.
	d := net.Dialer{Timeout: liveDial, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return l.allowed(to.Addr())
	}}
	for _, a := range addresses {
		if conn, err = d.DialContext(ctx, "tcp", net.JoinHostPort(a.String(), port)); err == nil {
			break
		}
	}
	return conn, err
}

// allowed refuses addresses that the internet does not route.
func (l *Live) allowed(a netip.Addr) error {
	if what := inside(a); what != "" && !l.InsecurePrivate {
		return fmt.Errorf("%s is %s: allow it with --allow-private if the site is yours", a, what)
	}
	return nil
}

// addresses resolves a host, once. If one of its addresses is not allowed, none is asked: a name that leads both outside and
// inside is a trap, or about to become one.
func (l *Live) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.resolved[host]; ok {
		return known, nil
	}
	var found []netip.Addr
	if a, err := netip.ParseAddr(host); err == nil {
		found = []netip.Addr{a}
	} else if found, err = l.Lookup(ctx, host); err != nil {
		return nil, fmt.Errorf("%s cannot be resolved: %w", host, err)
	}
	for i, a := range found {
		found[i] = a.Unmap()
		if err := l.allowed(found[i]); err != nil {
			return nil, fmt.Errorf("%s leads to an address of the inside: %w", host, err)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no address", host)
	}
	l.resolved[host] = found[:min(len(found), liveAnswers)]
	return l.resolved[host], nil
}

// explain returns an error in words, without what a server wrote.
func (l *Live) explain(ctx context.Context, err error) error {
	text := err.Error()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody listens: %w", syscall.ECONNREFUSED)
	case errors.Is(ctx.Err(), context.DeadlineExceeded), strings.Contains(text, "TLS handshake timeout"):
		return fmt.Errorf("no answer within %s", timeout)
	case ctx.Err() != nil:
		return ctx.Err()
	case strings.Contains(text, "server response headers exceeded"):
		return fmt.Errorf("the answer's header is longer than %d KiB", liveHeader>>10)
	case strings.Contains(text, "malformed"), strings.Contains(text, "invalid header"):
		return errors.New("the answer is not HTTP")
	}
	return plain(err)
}

// userAgent names the program, its version and where to find out about it.
func userAgent() string {
	const path = "github.com/airworthy-go/airworthy"
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range append(info.Deps, &info.Main) {
			if m.Path == path && m.Version != "" && m.Version[0] == 'v' {
				version = m.Version
			}
		}
	}
	return "airworthy-probe/" + version + " (+https://" + path + ")"
}
