// Package redisstore keeps sessions, failed logins and what instances say of their keys in Redis, or in Valkey, for sites
// with CACHE_URL=redis://…. It protects from what a cache may do and a store may not: entries that are thrown out when
// memory is short, a session that comes back after it was ended, a server that hangs and every request with it.
//
//	client, err := redisstore.Open(ctx, cfg.Cache)
//	…
//	cfg.Session.Store = redisstore.NewSessions(client)
//	cfg.KeyLedger = redisstore.NewKeyLedger(client)
//	lockouts := redisstore.NewLockout(client)
//
// [Sessions] keeps a token as its hash, so that a copy of the data opens no session, and finds a user's sessions by an
// index of each user. What has expired goes by itself. [Lockout] is for lockout.Config, [KeyLedger] for
// airworthy.Settings.
//
// # The server
//
// One server of Redis 5 or later, or of Valkey: not a cluster, and not a replica. It must not evict: with a
// maxmemory-policy other than noeviction a full memory logs people out, forgets who is locked, and loses the index by which
// a user's sessions are ended; [Open] refuses such a server unless [Config].InsecureEviction is set. Redis keeps what it has
// through a restart only if it is told to (appendonly yes).
//
// The database should be the site's alone: cache.clear() of Django's own Redis cache empties the whole database that
// it is in, with every session and lock. Give one of the two another number.
//
// # When it fails
//
// An operation takes no longer than [Config].Timeout, a wait for a free connection included, and then is an error: a session
// that cannot be looked up is not one that does not exist. A lost connection is made anew by whoever needs one next.
// Errors say what is wrong in words of their own; they hold neither the password nor anything that the server said.
//
// The package does not encrypt what it stores: the values of a session are readable to whoever reads the database, and
// whoever writes to it is whom they like. Over redis:// the network reads along, the password too: rediss:// is TLS.
package redisstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/airworthy-go/airworthy/secret"
)

// Config says where the server is.
type Config struct {
	// Address is host:port, or the path of a unix socket.
	Address string

	User     string // of Redis's ACL; empty for the default user
	Password secret.Text
	Database int // its number; most servers have 0 to 15

	// TLS speaks TLS 1.2 or later to the server, whose certificate must be signed by one of CA, or of the system's if CA
	// is empty: a file with certificates in PEM.
	TLS bool
	CA  string

	// Prefix is what all keys begin with; "airworthy:" if empty. Two sites in one database have two.
	Prefix string

	// Timeout is how long one operation may take, and one connection to be made; 0 for two seconds.
	Timeout time.Duration

	// Connections is how many there may be at once; 0 for ten for each processor. Who finds none waits.
	Connections int

	// InsecureEviction accepts a server that throws sessions and locks out when its memory is full.
	InsecureEviction bool
}

// The defaults of Config.
const (
	DefaultPrefix  = "airworthy:"
	DefaultTimeout = 2 * time.Second
)

// Client is a pool of connections to one server, for what this package makes of it. It is safe for concurrent use.
type Client struct {
	redis    *redis.Client
	address  string
	prefix   string
	timeout  time.Duration
	eviction bool // is accepted
}

// New returns a client. It reads the file of CA and does not connect: [Client.Check] does, and [Open] both. The error
// holds no password.
func New(cfg Config) (*Client, error) {
	if cfg.Prefix == "" {
		cfg.Prefix = DefaultPrefix
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	conf, tlsErr := cfg.tls()
	if err := errors.Join(cfg.validate(), tlsErr); err != nil {
		return nil, err
	}
	dialing := cfg.Timeout * 3 / 4 // so that why there is no connection is known before nobody waits for it any more
	return &Client{
		address: cfg.Address, prefix: cfg.Prefix, timeout: cfg.Timeout, eviction: cfg.InsecureEviction,
		redis: redis.NewClient(&redis.Options{
			Network: cfg.network(), Addr: cfg.Address, DB: cfg.Database,
			Username: cfg.User, Password: cfg.Password.Reveal(),
			Dialer: func(ctx context.Context, network, address string) (net.Conn, error) {
				ctx, cancel := context.WithTimeout(ctx, dialing)
				defer cancel()
				return dial(ctx, network, address, conf)
			},
			Protocol:              2, // in which a server speaks only when it is asked
			ContextTimeoutEnabled: true,
			DialTimeout:           cfg.Timeout, ReadTimeout: cfg.Timeout, WriteTimeout: cfg.Timeout, PoolTimeout: cfg.Timeout,
			DialerRetries: 1, MaxRetries: 1,
			PoolSize: cfg.Connections, PipelinePoolSize: -1,
			DisableIdentity:          true,
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		}),
	}, nil
}

// network returns what net calls the kind of the address.
func (c Config) network() string {
	if strings.HasPrefix(c.Address, "/") {
		return "unix"
	}
	return "tcp"
}

func (c Config) validate() error {
	var errs []error
	bad := func(rule, remedy string) { errs = append(errs, fmt.Errorf("redisstore: %s: %s", rule, remedy)) }
	if c.network() == "tcp" {
		if host, port, err := net.SplitHostPort(c.Address); err != nil || host == "" || port == "" {
			bad("the address is no host:port", "give one, or the path of a unix socket")
		}
	} else if c.TLS {
		bad("TLS is not spoken over a unix socket", "leave it out: nobody on the network reads along")
	}
	if c.User != "" && c.Password.IsZero() {
		bad("there is a user and no password", "give both, or only the password for the default user")
	}
	if c.Database < 0 {
		bad("the number of the database is negative", "give 0 or more")
	}
	if c.CA != "" && !c.TLS {
		bad("there are certificates to trust and no TLS", "use rediss:// instead of redis://")
	}
	if c.Timeout < 0 {
		bad("the timeout is negative", "leave it out for two seconds")
	}
	if c.Connections < 0 {
		bad("the number of connections is negative", "leave it out for ten for each processor")
	}
	return errors.Join(errs...)
}

// tls returns nil without TLS.
func (c Config) tls() (*tls.Config, error) {
	if !c.TLS || c.network() != "tcp" {
		return nil, nil
	}
	host, _, _ := net.SplitHostPort(c.Address) // validate refuses what is none
	conf := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if c.CA == "" {
		return conf, nil
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, fmt.Errorf("redisstore: the certificates to trust cannot be read: %w", err)
	}
	conf.RootCAs = x509.NewCertPool()
	if !conf.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("redisstore: %s holds no certificate: give a file with those to trust, in PEM", c.CA)
	}
	return conf, nil
}

// Close closes all connections. What is under way fails.
func (c *Client) Close() error { return c.redis.Close() }

// within returns ctx with the time that one operation has.
func (c *Client) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.timeout)
}

// run runs a script. What says which operation it is.
func (c *Client) run(ctx context.Context, what string, s *redis.Script, keys []string, args ...any) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, c.failed(what, err)
	}
	bounded, cancel := c.within(ctx)
	defer cancel()
	answer, err := s.Run(bounded, c.redis, keys, args...).Result()
	if err != nil {
		return nil, c.failedIn(ctx, what, err)
	}
	return answer, nil
}

// number is run for a script that returns a number.
func (c *Client) number(ctx context.Context, what string, s *redis.Script, keys []string, args ...any) (int, error) {
	answer, err := c.run(ctx, what, s, keys, args...)
	if err != nil {
		return 0, err
	}
	n, ok := answer.(int64)
	if !ok {
		return 0, c.failed(what, errGarbage)
	}
	return int(n), nil
}
