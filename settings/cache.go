package settings

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/secret"
)

// Cache says where a cache is. As a setting it is a URL in django-environ's form, such as
// rediss://user:password@host:6379/0?timeout=300&key_prefix=app or locmemcache://.
type Cache struct {
	Scheme   string   // as in the URL: "redis", "rediss", "memcache", "locmemcache", "filecache", "dbcache", "dummycache", …
	Hosts    []string // host or host:port; none for a cache without servers
	Path     string   // the database's number, the directory, the socket; the table of dbcache
	User     string
	Password secret.Text

	Timeout   time.Duration // how long an entry lives; 0 for the cache's own default, CacheForever for no end
	KeyPrefix string
	Version   string
	Options   map[string]string // what else the URL says
}

// CacheForever is Django's TIMEOUT of None.
const CacheForever time.Duration = -1

var caches = map[string]string{
	"dbcache": "db", "dummycache": "dummy", "filecache": "file", "locmemcache": "memory",
	"memcache": "memcached", "pymemcache": "memcached", "pylibmc": "memcached",
	"rediscache": "redis", "redis": "redis", "rediss": "redis", "valkey": "redis", "valkeys": "redis",
}

// ParseCache reads a cache's URL. Its error is a *Fault that holds nothing of the URL.
func ParseCache(text string) (Cache, error) {
	a, f := splitURL(text)
	if f != nil {
		return Cache{}, f
	}
	c := Cache{Scheme: a.scheme, User: a.user, Password: secret.New(a.password), Path: a.path}
	if c.Kind() == "" {
		return Cache{}, unknownScheme(caches)
	}
	if slices.Contains(a.hosts, ":memory:") {
		return Cache{}, fault("has a host that is none", "write host or host:port")
	}
	for i, host := range a.hosts {
		c.Hosts = append(c.Hosts, hostText(host, a.ports[i]))
	}
	if f := c.check(); f != nil {
		return Cache{}, f
	}
	if v, ok := a.take("timeout"); ok {
		age, f := parseDuration(v)
		switch {
		case strings.EqualFold(v, "none"):
			age = CacheForever
		case f != nil || age <= 0:
			return Cache{}, fault("has an option timeout that is not a duration", "write a number of seconds, or none")
		}
		c.Timeout = age
	}
	c.KeyPrefix, _ = a.take("key_prefix")
	c.Version, _ = a.take("version")
	if len(a.options) > 0 {
		c.Options = a.options
	}
	return c, nil
}

// check refuses what the kind of cache has no use for, and takes the place of dbcache and filecache, which
// django-environ puts where a host would be.
func (c *Cache) check() *Fault {
	switch kind := c.Kind(); kind {
	case "db", "file":
		if len(c.Hosts) > 1 || c.User != "" || !c.Password.IsZero() {
			return fault("has a server, which this cache has not", "write dbcache://table or filecache:///directory")
		}
		bare := len(c.Hosts) == 0
		c.Path = strings.Join(c.Hosts, "") + c.Path
		c.Hosts = nil
		if strings.Trim(c.Path, "/") == "" || kind == "db" && (bare || strings.Contains(c.Path, "/")) {
			return fault("has no place", "write dbcache://table or filecache:///directory")
		}
	case "dummy":
		if len(c.Hosts) > 0 || c.Path != "" {
			return fault("has a place, which this cache has not", "write dummycache://")
		}
	case "redis", "memcached":
		if len(c.Hosts) == 0 && strings.Trim(c.Path, "/") == "" {
			return fault("has no host", "write "+c.Scheme+"://host:port, or the path of a socket")
		}
	}
	return nil
}

// Kind returns what the cache is: "redis", "memcached", "memory", "file", "db" or "dummy"; nothing for the zero Cache.
func (c Cache) Kind() string { return caches[c.Scheme] }

// TLS reports whether the servers are spoken to over TLS.
func (c Cache) TLS() bool { return c.Scheme == "rediss" || c.Scheme == "valkeys" }

// UnmarshalText is ParseCache.
func (c *Cache) UnmarshalText(b []byte) (err error) {
	*c, err = ParseCache(string(b))
	return err
}

// Locations returns Django's LOCATION: for redis one URL for each host, which the clients of redis parse; for the others
// the hosts, the path or the table.
func (c Cache) Locations() []secret.Text {
	var all []secret.Text
	if c.Kind() == "redis" && len(c.Hosts) > 0 {
		scheme := strings.Replace(c.Scheme, "rediscache", "redis", 1)
		for _, host := range c.Hosts {
			a := address{scheme: scheme, user: c.User, password: c.Password.Reveal(), path: c.Path}
			a.hosts, a.ports = []string{host}, []string{""}
			all = append(all, secret.New(a.prefix()+host+a.suffix()))
		}
		return all
	}
	for _, host := range c.Hosts {
		all = append(all, secret.New(host))
	}
	if len(c.Hosts) == 0 {
		path := c.Path
		switch c.Kind() {
		case "redis":
			path = "unix://" + path
		case "memcached":
			path = "unix:" + path
		}
		all = append(all, secret.New(path))
	}
	return all
}

func (c Cache) text(mask string) string {
	a := address{scheme: c.Scheme, user: c.User, password: c.Password.Reveal(), mask: mask, path: c.Path, options: map[string]string{}}
	maps.Copy(a.options, c.Options)
	hosts := strings.Join(c.Hosts, ",")
	if kind := c.Kind(); (kind == "db" || kind == "file") && !strings.HasPrefix(c.Path, "/") {
		hosts, a.path, _ = cutBefore(c.Path, "/")
	}
	for name, v := range map[string]string{"key_prefix": c.KeyPrefix, "version": c.Version} {
		if v != "" {
			a.options[name] = v
		}
	}
	switch {
	case c.Timeout < 0:
		a.options["timeout"] = "none"
	case c.Timeout > 0:
		a.options["timeout"] = c.Timeout.String()
	}
	return a.prefix() + hosts + a.suffix()
}

// cutBefore is strings.Cut that leaves sep with what is after it.
func cutBefore(s, sep string) (before, after string, found bool) {
	if i := strings.Index(s, sep); i >= 0 {
		return s[:i], s[i:], true
	}
	return s, "", false
}

// URL returns the cache as a URL that ParseCache reads.
func (c Cache) URL() secret.Text { return secret.New(c.text("")) }

// String returns the URL with its password redacted; nothing for the zero Cache.
func (c Cache) String() string {
	if c.Scheme == "" {
		return ""
	}
	return c.text(secret.Redacted)
}

func (c Cache) secrets() []secret.Text { return passwords(c.Password) }
