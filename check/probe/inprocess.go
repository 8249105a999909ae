package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// Local sends requests to a handler in this process, through the real net/http server and its parser, over a pipe
// instead of a network. It is safe for concurrent use once its fields are set.
type Local struct {
	// RemoteAddr is who the handler thinks has connected. InProcess sets 203.0.113.7, an address kept for
	// documentation (RFC 5737), which no list of trusted proxies should contain.
	RemoteAddr netip.AddrPort

	// MaxBody is how many bytes of an answer can be read before an error; 0 means 4 MiB.
	MaxBody int64

	handler http.Handler
}

var _ http.RoundTripper = (*Local)(nil)

// InProcess returns a round tripper whose every request, whatever its URL's host, h answers. For https URLs the
// handler sees a TLS connection. A panic of the handler is an error, and so is an answer that it aborts.
func InProcess(h http.Handler) *Local {
	return &Local{RemoteAddr: netip.MustParseAddrPort("203.0.113.7:49152"), handler: h}
}

// RoundTrip serves one request on a connection of its own. The caller closes the answer's body.
func (l *Local) RoundTrip(r *http.Request) (*http.Response, error) {
	client, server := net.Pipe()
	c := &call{Local: l, tls: r.URL.Scheme == "https", client: client}
	srv := &http.Server{Handler: c, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = srv.Serve(&oneConn{conn: server}) }()

	dial := func(context.Context, string, string) (net.Conn, error) { return client, nil }
	// DialTLSContext hands over a connection on which TLS is done, or, as here, left out.
	transport := &http.Transport{
		DialContext: dial, DialTLSContext: dial, DisableKeepAlives: true, DisableCompression: true,
		MaxResponseHeaderBytes: 1 << 20,
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		c.close()
		return nil, c.explain(err)
	}
	limit := l.MaxBody
	if limit == 0 {
		limit = 4 << 20
	}
	resp.Body = &body{call: c, rc: resp.Body, left: limit}
	return resp, nil
}

// call is one request on its way.
type call struct {
	*Local
	tls    bool
	client net.Conn

	mu       sync.Mutex
	panicked error
}

// ServeHTTP gives the request what a pipe does not have and hands it to the handler.
func (c *call) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.RemoteAddr = c.RemoteAddr.String()
	if c.tls {
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: withoutPort(r.Host)}
	}
	defer func() {
		if v := recover(); v != nil {
			c.note(v)
			panic(http.ErrAbortHandler) // closes the connection without a log entry
		}
	}()
	c.handler.ServeHTTP(w, r)
}

// note remembers that the handler panicked. Of the value only the type is told: it may hold anything.
func (c *call) note(v any) {
	err := fmt.Errorf("probe: the handler panicked (%T)", v)
	if v == http.ErrAbortHandler {
		err = errors.New("probe: the handler aborted the answer")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.panicked = err
}

// explain returns the panic that caused err, if one did.
func (c *call) explain(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.panicked != nil {
		return c.panicked
	}
	return err
}

// close ends the connection, on which the server cancels the request's context and a handler's writes fail.
func (c *call) close() { _ = c.client.Close() }

// body is an answer's body, which has an end even if the handler's output has none.
type body struct {
	call *call
	rc   io.ReadCloser
	left int64
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("probe: the answer is too long")
	}
	n, err := b.rc.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		err = b.call.explain(err)
	}
	return n, err
}

func (b *body) Close() error {
	b.call.close()
	return b.rc.Close()
}

// oneConn is a listener that accepts one connection and then has no more.
type oneConn struct{ conn net.Conn }

func (l *oneConn) Accept() (net.Conn, error) {
	if l.conn == nil {
		return nil, io.EOF
	}
	c := l.conn
	l.conn = nil
	return c, nil
}

func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
