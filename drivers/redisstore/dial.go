package redisstore

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// dial makes a connection. One that cannot be made is returned as a connection that fails when it is used: the pool would
// write each failure to standard error, past the site's log, and fail others without trying.
func dial(ctx context.Context, network, address string, conf *tls.Config) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return dead{undialed{err}}, nil
	}
	if conf == nil {
		return conn, nil
	}
	secured := tls.Client(conn, conf)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return dead{undialed{handshake{err}}}, nil
	}
	return secured, nil
}

// dead is a connection that could not be made.
type dead struct{ err error }

func (d dead) Read([]byte) (int, error)       { return 0, d.err }
func (d dead) Write([]byte) (int, error)      { return 0, d.err }
func (dead) Close() error                     { return nil }
func (dead) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (dead) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (dead) SetDeadline(time.Time) error      { return nil }
func (dead) SetReadDeadline(time.Time) error  { return nil }
func (dead) SetWriteDeadline(time.Time) error { return nil }

// undialed is an error that go-redis may take out of what it is in, as it does once with each.
type undialed struct{ error }

func (u undialed) Unwrap() error { return u.error }

// handshake is the failure of TLS on a connection that was made.
type handshake struct{ error }

func (h handshake) Unwrap() error { return h.error }
