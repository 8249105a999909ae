package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// anyTLS returns how we speak TLS: every version and cipher that Go knows, so that whatever the server speaks is looked at.
// The certificate is judged by rules of its own, hence not here.
func anyTLS(host string) *tls.Config {
	c := &tls.Config{
		MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS13,
		NextProtos:         []string{"http/1.1"},
		InsecureSkipVerify: true,
	}
	if _, err := netip.ParseAddr(host); err != nil {
		c.ServerName = host
	}
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		c.CipherSuites = append(c.CipherSuites, s.ID)
	}
	return c
}

// handshake speaks TLS on conn, which it closes if that fails.
func (l *Live) handshake(ctx context.Context, conn net.Conn, c *tls.Config) (net.Conn, error) {
	ctx, cancel := l.bounded(ctx)
	defer cancel()
	t := tls.Client(conn, c)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return t, nil
}

// secure returns a connection over TLS and remembers what its server showed.
func (l *Live) secure(ctx context.Context, authority string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(authority)
	if err != nil {
		return nil, err
	}
	conn, err := l.connect(ctx, authority, anyTLS(host))
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.shaken[host]; !ok {
		l.shaken[host] = conn.(*tls.Conn).ConnectionState()
	}
	return conn, nil
}

// state returns what the server of the site showed at the first handshake.
func (l *Live) state(ctx context.Context) (tls.ConnectionState, error) {
	l.mu.Lock()
	state, ok := l.shaken[l.host]
	l.mu.Unlock()
	if ok {
		return state, nil
	}
	if err := l.turn(ctx); err != nil {
		return state, fmt.Errorf("probe: TLS: %w", err)
	}
	conn, err := l.secure(ctx, l.authority())
	if err != nil {
		return state, fmt.Errorf("probe: TLS: %w", l.explain(ctx, err))
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState(), nil
}

// authority is where the site is asked over https, with the port.
func (l *Live) authority() string { return net.JoinHostPort(l.host, strconv.Itoa(int(l.port))) }

// offers reports whether the server goes along with TLS as edit restricts it, by shaking hands once and hanging up. A
// server that breaks off does not; one that stays silent has not said.
func (l *Live) offers(ctx context.Context, edit func(*tls.Config)) (tls.ConnectionState, bool, error) {
	var none tls.ConnectionState
	if err := l.turn(ctx); err != nil {
		return none, false, fmt.Errorf("probe: TLS: %w", err)
	}
	conn, err := l.dial(ctx, l.authority())
	if err != nil {
		return none, false, fmt.Errorf("probe: TLS: %w", l.explain(ctx, err))
	}
	c := anyTLS(l.host)
	edit(c)
	conn, err = l.handshake(ctx, conn, c)
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return none, false, fmt.Errorf("probe: TLS: no answer within %s", min(l.Timeout, l.Total))
	}
	if err != nil {
		return none, false, ctx.Err()
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState(), true, nil
}

func (l *Live) tlsRules() []check.Check {
	const rfc8996, rfc9325 = "https://www.rfc-editor.org/rfc/rfc8996", "https://www.rfc-editor.org/rfc/rfc9325#section-4"
	return []check.Check{{
		ID: "probe.W108", Level: check.Warning,
		Title: "The server accepts TLS 1.0 or 1.1.",
		Hint:  "Allow TLS 1.2 and 1.3 alone (nginx: ssl_protocols TLSv1.2 TLSv1.3).",
		Why:   "Both are withdrawn: they rest on MD5 and SHA-1, and no browser of the last years needs them.",
		See:   rfc8996,
		Find:  l.findOldVersions,
	}, {
		ID: "probe.E109", Level: check.Error,
		Title: "The server speaks neither TLS 1.2 nor 1.3 with us.",
		Hint:  "Bring the server and its TLS library up to date and allow TLS 1.2 and 1.3.",
		Why:   "Browsers no longer connect to such a server.",
		See:   rfc8996,
		Find:  l.version(func(v uint16) bool { return v < tls.VersionTLS12 }),
	}, {
		ID: "probe.I110", Level: check.Info,
		Title: "The server did not offer TLS 1.3 to us.",
		Hint:  "Allow it: it is faster, and encrypts more of the handshake.",
		Why:   "TLS 1.2 is safe when set up with care; with 1.3 there is less to get wrong.",
		See:   rfc9325,
		Find:  l.version(func(v uint16) bool { return v == tls.VersionTLS12 }),
	}, {
		ID: "probe.W111", Level: check.Warning,
		Title: "The server accepts ciphers that are broken, or that give away what was recorded once the key is known.",
		Hint:  "Allow suites with ECDHE and AES-GCM or ChaCha20 alone, as Mozilla's configuration generator writes them.",
		Why:   "RC4 and 3DES leak what is sent often, such as cookies. Without ECDHE whoever gets the server's key reads all that was recorded before.",
		See:   rfc9325,
		Find:  l.findCiphers,
	}}
}

func (l *Live) findOldVersions(ctx context.Context) ([]check.Finding, error) {
	var accepted []string
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		_, ok, err := l.offers(ctx, func(c *tls.Config) { c.MinVersion, c.MaxVersion = v, v })
		if err != nil {
			return nil, err
		}
		if ok {
			accepted = append(accepted, tls.VersionName(v)+" is accepted")
		}
	}
	return evidence(strings.Join(accepted, ", ")), nil
}

// version makes the Find of a rule about the newest version that the server speaks with us.
func (l *Live) version(bad func(uint16) bool) func(context.Context) ([]check.Finding, error) {
	return func(ctx context.Context) ([]check.Finding, error) {
		state, err := l.state(ctx)
		if err != nil || !bad(state.Version) {
			return nil, err
		}
		return evidence("the newest version is " + tls.VersionName(state.Version)), nil
	}
}

// findCiphers offers what nobody should take: broken ciphers first, then those without forward secrecy, which are only
// told of since many servers take them from old clients alone.
func (l *Live) findCiphers(ctx context.Context) ([]check.Finding, error) {
	for _, kind := range []struct {
		level check.Level
		of    func(name string) bool
	}{
		{check.Warning, func(name string) bool { return strings.Contains(name, "RC4") || strings.Contains(name, "3DES") }},
		{check.Info, func(name string) bool { return strings.HasPrefix(name, "TLS_RSA_") }},
	} {
		state, ok, err := l.offers(ctx, func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, nil
			for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
				if kind.of(s.Name) {
					c.CipherSuites = append(c.CipherSuites, s.ID)
				}
			}
		})
		if err != nil {
			return nil, err
		}
		if ok {
			return []check.Finding{{Level: kind.level, Evidence: tls.CipherSuiteName(state.CipherSuite) + " is accepted"}}, nil
		}
	}
	return nil, nil
}
