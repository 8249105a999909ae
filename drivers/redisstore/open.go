package redisstore

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/airworthy-go/airworthy/settings"
)

// Open returns a client for the server that a site's CACHE_URL names, and makes sure that it will do: see [Client.Check].
func Open(ctx context.Context, cache settings.Cache) (*Client, error) {
	cfg, err := FromCache(cache)
	if err != nil {
		return nil, err
	}
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Check(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// FromCache returns the Config of a URL such as rediss://user:password@host:6379/0?key_prefix=app, or of a unix socket,
// redis:///run/redis/redis.sock?db=1. Its options are db, socket_timeout (in seconds, or 500ms), max_connections and
// ssl_ca_certs, named as those of Django's client. A cache's timeout and version are not a store's and do nothing here.
// The error holds nothing of the URL but the names of options.
func FromCache(cache settings.Cache) (Config, error) {
	bad := func(rule, remedy string) (Config, error) {
		return Config{}, fmt.Errorf("redisstore: %s: %s", rule, remedy)
	}
	if cache.Kind() != "redis" {
		return bad("the cache is not Redis", "write redis://host:6379/0 or rediss://…")
	}
	cfg := Config{User: cache.User, Password: cache.Password, TLS: cache.TLS(), Prefix: cache.KeyPrefix}
	if cfg.Prefix != "" && !strings.HasSuffix(cfg.Prefix, ":") {
		cfg.Prefix += ":"
	}
	number := ""
	switch len(cache.Hosts) {
	case 0:
		cfg.Address = cache.Path
	case 1:
		cfg.Address = cache.Hosts[0]
		if socket, err := url.PathUnescape(cfg.Address); err == nil && strings.HasPrefix(socket, "/") {
			cfg.Address = socket
		}
		number = strings.Trim(cache.Path, "/")
		if !strings.HasPrefix(cfg.Address, "/") && !hasPort(cfg.Address) {
			cfg.Address = net.JoinHostPort(strings.Trim(cfg.Address, "[]"), "6379")
		}
	default:
		return bad("the cache has several servers", "give one")
	}
	for name, value := range cache.Options {
		var err error
		switch name = strings.ToLower(name); name {
		case "db":
			if number != "" {
				return bad("the number of the database stands twice", "leave the option db out")
			}
			number = value
		case "socket_timeout":
			cfg.Timeout, err = seconds(value)
		case "max_connections":
			cfg.Connections, err = strconv.Atoi(value)
			if cfg.Connections <= 0 {
				err = strconv.ErrRange
			}
		case "ssl_ca_certs":
			cfg.CA = value
		default:
			return bad("the option "+strconv.Quote(name)+" is not known", "leave it out: there are "+strings.Join(options, ", "))
		}
		if err != nil {
			return bad("the option "+name+" is no number above 0", "leave it out, or write one")
		}
	}
	if number != "" {
		var err error
		if cfg.Database, err = strconv.Atoi(number); err != nil || cfg.Database < 0 {
			return bad("the database is not a number", "write redis://host:6379/0")
		}
	}
	return cfg, nil
}

// options are those of a URL.
var options = []string{"db", "max_connections", "socket_timeout", "ssl_ca_certs"}

func hasPort(address string) bool {
	_, _, err := net.SplitHostPort(address)
	return err == nil
}

// seconds reads a number of seconds, or a duration.
func seconds(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if n, isNumber := strconv.ParseFloat(s, 64); isNumber == nil && n > 0 && n < 1e6 {
		return time.Duration(n * float64(time.Second)), nil
	}
	if err == nil && d <= 0 {
		err = strconv.ErrRange
	}
	return d, err
}

// probe writes, as all scripts do.
var probe = redis.NewScript(`redis.call('SET', KEYS[1], redis.call('TIME')[1], 'PX', 1000) return 1`)

// Check returns an error unless the server can be reached, lets us in, takes changes, is neither a replica nor part of a
// cluster, and does not evict. What it does not let us ask, as managed ones may not, is taken for right. It is cheap
// enough for hosts.Config.Ready.
func (c *Client) Check(ctx context.Context) error {
	if _, err := c.number(ctx, "check", probe, []string{c.prefix + "check"}); err != nil {
		return err
	}
	info := c.info(ctx, "cluster") + c.info(ctx, "memory")
	says := func(line string) bool { return slices.Contains(strings.Split(info, "\r\n"), line) }
	refuse := func(rule, remedy string) error { return &failure{"check", c.address, rule, remedy, nil} }
	switch {
	case says("cluster_enabled:1"):
		return refuse(spoken("MOVED"))
	case !c.eviction && strings.Contains(info, "maxmemory_policy:") && !says("maxmemory_policy:noeviction") && !says("maxmemory:0"):
		return refuse("throws out what it holds when its memory is full, sessions and locks too",
			"set its maxmemory-policy to noeviction, or use another server than the cache's")
	}
	return nil
}

// info returns a section of what the server says of itself; nothing if it does not.
func (c *Client) info(ctx context.Context, section string) string {
	ctx, cancel := c.within(ctx)
	defer cancel()
	return c.redis.Info(ctx, section).Val()
}
