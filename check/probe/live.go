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

	Timeout time.Duration // for one answer; 0 means 10 seconds, which is the most

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

	seen    map[ask]answer // what Look has asked already
	noHTTPS error          // why the site is judged over http, if it was to be https
	circle  string         // the redirect that was one too many
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
		shaken: map[string]tls.ConnectionState{}, seen: map[ask]answer{}}
	if err := l.parse(c.URL); err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	l.Interval = cmp.Or(l.Interval, liveInterval)
	l.Total = cmp.Or(l.Total, liveTotal)
	l.Timeout = cmp.Or(l.Timeout, timeout)
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
	ctx, cancel := l.bounded(r.Context())
	r = r.Clone(ctx)
	r.Header.Set("User-Agent", userAgent())
	if r.Header.Get("Accept-Encoding") == "" {
		r.Header.Set("Accept-Encoding", "identity")
	}
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

// bounded returns a context that ends when one answer must have come, or when all must.
func (l *Live) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	end := time.Now().Add(l.Timeout)
	if !l.ends.IsZero() && l.ends.Before(end) {
		end = l.ends
	}
	return context.WithDeadline(ctx, end)
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

// explain returns an error in words, without what a server wrote.
func (l *Live) explain(ctx context.Context, err error) error {
	text := err.Error()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody listens: %w", syscall.ECONNREFUSED)
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded): // the dial's clock may be ahead
		return fmt.Errorf("no answer within %s", min(l.Timeout, l.Total))
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the server closed the connection without an answer: %w", plain(err))
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
