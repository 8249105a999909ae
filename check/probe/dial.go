package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

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
		conn, err = l.handshake(ctx, conn, c)
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
