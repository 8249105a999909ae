package settings_test

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

type options = map[string]string

// The expectations are django-environ's, documented in its "Tips" and "Supported types", but for what is refused.
func TestDatabaseURL(t *testing.T) {
	pw := secret.New("pw")
	for text, want := range map[string]settings.Database{
		"postgres://user:pw@db.example:5432/name": {Engine: "postgresql", Name: "name", User: "user", Password: pw, Host: "db.example", Port: "5432"},
		"postgresql://user@db/name":               {Engine: "postgresql", Name: "name", User: "user", Host: "db"},
		"psql:///name":                            {Engine: "postgresql", Name: "name"},
		"pgsql://db/a%20b%2Bc":                    {Engine: "postgresql", Name: "a b+c", Host: "db"},
		"POSTGRES://db/name":                      {Engine: "postgresql", Name: "name", Host: "db"},
		"postgis://u%40x:%23%2F%3F%40%25%3A@db/n": {Engine: "postgis", Name: "n", User: "u@x", Password: secret.New("#/?@%:"), Host: "db"},
		"postgres://u:p:w+!$&'()*,;=-._~@db/n":    {Engine: "postgresql", Name: "n", User: "u", Password: secret.New("p:w+!$&'()*,;=-._~"), Host: "db"},
		"postgres://h1:1,h2:2/name":               {Engine: "postgresql", Name: "name", Host: "h1,h2", Port: "1,2"},
		"postgres://[2001:db8::1]:5432,h2:2/name": {Engine: "postgresql", Name: "name", Host: "2001:db8::1,h2", Port: "5432,2"},
		"postgres:////run/pg/name":                {Engine: "postgresql", Name: "name", Host: "/run/pg"},
		"postgres://u:pw@/cloudsql/p:r:i/name":    {Engine: "postgresql", Name: "name", User: "u", Password: pw, Host: "/cloudsql/p:r:i"},
		"postgres://u@%2Frun%2Fpg/name":           {Engine: "postgresql", Name: "name", User: "u", Host: "/run/pg"},
		"postgres:///name?host=/run/pg":           {Engine: "postgresql", Name: "name", Host: "/run/pg"},
		"postgres://db/n?sslmode=verify-full":     {Engine: "postgresql", Name: "n", Host: "db", Options: options{"sslmode": "verify-full"}},
		"postgres://db/n?CONN_MAX_AGE=60":         {Engine: "postgresql", Name: "n", Host: "db", ConnMaxAge: time.Minute},
		"postgres://db/n?conn_max_age=None":       {Engine: "postgresql", Name: "n", Host: "db", ConnMaxAge: settings.ConnMaxAgeForever},
		"postgres://db/n?atomic_requests=True&autocommit=false&conn_health_checks=true&disable_server_side_cursors=1": {
			Engine: "postgresql", Name: "n", Host: "db", AtomicRequests: true, ManualCommit: true, ConnHealthChecks: true, DisableServerSideCursors: true},
		"postgres://db/n?atomic_requests=false":     {Engine: "postgresql", Name: "n", Host: "db"},
		"mysql://user:pw@db:3306/name?charset=utf8": {Engine: "mysql", Name: "name", User: "user", Password: pw, Host: "db", Port: "3306", Options: options{"charset": "utf8"}},
		"mysql2://db/name":                          {Engine: "mysql", Name: "name", Host: "db"},
		"cockroachdb://db/name":                     {Engine: "cockroachdb", Name: "name", Host: "db"},
		"prometheus-postgresql://db/name":           {Engine: "prometheus-postgresql", Name: "name", Host: "db"},
		"sqlite:///db.sqlite3":                      {Engine: "sqlite", Name: "db.sqlite3"},
		"sqlite:////var/lib/db.sqlite3":             {Engine: "sqlite", Name: "/var/lib/db.sqlite3"},
		"sqlite://":                                 {Engine: "sqlite", Name: ":memory:"},
		"sqlite://:memory:":                         {Engine: "sqlite", Name: ":memory:"},
		"sqlite:///x?timeout=20":                    {Engine: "sqlite", Name: "x", Options: options{"timeout": "20"}},
		" spatialite:///x ":                         {Engine: "spatialite", Name: "x"},
	} {
		got, err := settings.ParseDatabase(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v (%v), %v", text, got, got, err)
		}
	}
}

// Demand 23: what is special in a URL and was left as it is in a password never makes another host of it.
func TestURLsRefuse(t *testing.T) {
	const encode = "percent-encode"
	for text, want := range map[string]string{
		"postgres://user:xyz#zyqux@db/name":        encode,
		"postgres://user:xyzzyqux#@db/name":        encode,
		"postgres://user:xyz?zyqux@db/name":        encode,
		"postgres://user:xyz/zyqux@db/name":        encode,
		"postgres://user:/xyzzyqux@db/name":        encode,
		"postgres://user:1/xyzzyqux@db/name":       encode,
		"postgres://user:xyz@zyqux@db/name":        encode,
		"postgres://user:xyzzyqux%@db/name":        encode,
		"postgres://user:%xyzzyqux@db/name":        encode,
		"postgres://user:%00xyzzyqux@db/name":      encode,
		"postgres://user:xyz[zyqux@db/name":        encode,
		"postgres://user:xyz zyqux@db/name":        encode,
		"postgres://user:xyz\\zyqux@db/name":       encode,
		"postgres://user:xyzzyqüx@db/name":         encode,
		"postgres://us/er:xyzzyqux@db/name":        encode,
		"postgres://user:xyzzyqux":                 "port that is no number",
		"postgres://db:99999/xyzzyqux":             "port that is no number",
		"postgres://db:0/xyzzyqux":                 "port that is no number",
		"postgres://db:/xyzzyqux":                  "host that is none",
		"postgres://d b/xyzzyqux":                  "host that is none",
		"postgres://[::1/xyzzyqux":                 "host that is none",
		"postgres://[127.0.0.1]/xyzzyqux":          "host that is none",
		"postgres://db%2Fx/xyzzyqux":               "host that is none",
		"postgres://a,,b/xyzzyqux":                 "host that is none",
		"postgres://a:1,b/xyzzyqux":                "a port for some of its hosts",
		"postgres://db/xyzzy+qux":                  "a plus as %2B",
		"postgres://db/xyzzyqux?a=b c":             "an option with characters",
		"postgres://db/n?a=xyzzyqux&A=1":           "an option twice",
		"postgres://db/n?password=xyzzyqux":        "a secret among its options",
		"postgres://db/n?sslpassword=xyzzyqux":     "a secret among its options",
		"postgres://db/n?user=xyzzyqux":            "user among its options",
		"postgres://db/n?host=xyzzyqux":            "a host in its place and another",
		"postgres://db//run/xyzzyqux/n":            "a host and the path of a socket",
		"postgres://db/n?atomic_requests=xyzzyqux": "neither true nor false",
		"postgres://db/n?conn_max_age=xyzzyqux":    "is not a duration",
		"postgres://:memory:/xyzzyqux":             "a host that is none",
		"sqlite://xyzzyqux.sqlite3":                "write sqlite:///relative/path",
		"sqlite://user:xyzzyqux@/db":               "write sqlite:///relative/path",
		"xyzzyqux://db/name":                       "use cockroachdb, ldap, mssql, mysql",
		"xyzzyqux":                                 "is not a URL",
		"postgres:xyzzyqux":                        "is not a URL",
		"1://xyzzyqux":                             "is not a URL",
		"":                                         "is not a URL",
	} {
		got, err := settings.ParseDatabase(text)
		f, ok := errors.AsType[*settings.Fault](err)
		if !ok || !strings.Contains(f.Error(), want) {
			t.Errorf("%s: got %v, %v, want a fault with %q", text, got, err, want)
			continue
		}
		for _, part := range []string{"xyz", "zyqux", "user:"} {
			if strings.Contains(strings.ReplaceAll(f.Error(), "user:password", ""), part) {
				t.Errorf("%s: the error shows the value: %v", text, f)
			}
		}
	}
}

func TestCacheURL(t *testing.T) {
	pw := secret.New("p/w")
	for text, want := range map[string]struct {
		cache     settings.Cache
		kind      string
		locations []string
	}{
		"redis://user:p%2Fw@h1:6379,h2/1": {settings.Cache{Scheme: "redis", Hosts: []string{"h1:6379", "h2"}, Path: "/1", User: "user", Password: pw},
			"redis", []string{"redis://user:p%2Fw@h1:6379/1", "redis://user:p%2Fw@h2/1"}},
		"rediss://:p%2Fw@h?timeout=300&key_prefix=app&version=2&ssl_cert_reqs=required": {settings.Cache{Scheme: "rediss", Hosts: []string{"h"}, Password: pw,
			Timeout: 5 * time.Minute, KeyPrefix: "app", Version: "2", Options: options{"ssl_cert_reqs": "required"}}, "redis", []string{"rediss://:p%2Fw@h"}},
		"rediscache://[::1]:6379":     {settings.Cache{Scheme: "rediscache", Hosts: []string{"[::1]:6379"}}, "redis", []string{"redis://[::1]:6379"}},
		"valkeys://h":                 {settings.Cache{Scheme: "valkeys", Hosts: []string{"h"}}, "redis", []string{"valkeys://h"}},
		"redis:///run/redis.sock":     {settings.Cache{Scheme: "redis", Path: "/run/redis.sock"}, "redis", []string{"unix:///run/redis.sock"}},
		"memcache://a:11211,b:11211":  {settings.Cache{Scheme: "memcache", Hosts: []string{"a:11211", "b:11211"}}, "memcached", []string{"a:11211", "b:11211"}},
		"pymemcache:///run/mc.sock":   {settings.Cache{Scheme: "pymemcache", Path: "/run/mc.sock"}, "memcached", []string{"unix:/run/mc.sock"}},
		"locmemcache://":              {settings.Cache{Scheme: "locmemcache"}, "memory", []string{""}},
		"locmemcache://?timeout=none": {settings.Cache{Scheme: "locmemcache", Timeout: settings.CacheForever}, "memory", []string{""}},
		"dummycache://":               {settings.Cache{Scheme: "dummycache"}, "dummy", []string{""}},
		"dbcache://my_table":          {settings.Cache{Scheme: "dbcache", Path: "my_table"}, "db", []string{"my_table"}},
		"filecache:///var/cache":      {settings.Cache{Scheme: "filecache", Path: "/var/cache"}, "file", []string{"/var/cache"}},
		"filecache://relative/cache":  {settings.Cache{Scheme: "filecache", Path: "relative/cache"}, "file", []string{"relative/cache"}},
	} {
		got, err := settings.ParseCache(text)
		if err != nil || !reflect.DeepEqual(got, want.cache) || got.Kind() != want.kind {
			t.Errorf("%s: got %+v, %v", text, got, err)
			continue
		}
		var locations []string
		for _, l := range got.Locations() {
			locations = append(locations, l.Reveal())
		}
		if !reflect.DeepEqual(locations, want.locations) {
			t.Errorf("%s: locations %q, want %q", text, locations, want.locations)
		}
		if got.TLS() != (strings.HasPrefix(text, "rediss:") || strings.HasPrefix(text, "valkeys:")) {
			t.Errorf("%s: TLS() = %v", text, got.TLS())
		}
	}
	for _, text := range []string{"", "redis://", "redis:///", "memcache://", "dbcache://", "dbcache:///t", "dbcache://a/b", "filecache:///", "dummycache://h",
		"locmem://", "redis://:a#b@h", "redis://:a/b@h", "redis://h?timeout=soon", "redis://h?timeout=0", "redis://h?password=x", "redis://:memory:", "filecache://u@h/x"} {
		if got, err := settings.ParseCache(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func TestEmailURL(t *testing.T) {
	pw := secret.New("pw")
	for text, want := range map[string]struct {
		email   settings.Email
		kind    string
		address string
	}{
		"smtp://mail":                          {settings.Email{Scheme: "smtp", Host: "mail"}, "smtp", "mail:25"},
		"smtp://me%40example.com:pw@mail:2525": {settings.Email{Scheme: "smtp", Host: "mail", Port: "2525", User: "me@example.com", Password: pw}, "smtp", "mail:2525"},
		"smtps://mail":                         {settings.Email{Scheme: "smtps", Host: "mail", StartTLS: true}, "smtp", "mail:587"},
		"smtp+tls://me:pw@mail:587":            {settings.Email{Scheme: "smtp+tls", Host: "mail", Port: "587", User: "me", Password: pw, StartTLS: true}, "smtp", "mail:587"},
		"smtp+ssl://mail":                      {settings.Email{Scheme: "smtp+ssl", Host: "mail", TLS: true}, "smtp", "mail:465"},
		"smtp://[::1]?email_use_tls=True&a=b":  {settings.Email{Scheme: "smtp", Host: "::1", StartTLS: true, Options: options{"a": "b"}}, "smtp", "[::1]:587"},
		"smtp://mail?EMAIL_USE_SSL=true":       {settings.Email{Scheme: "smtp", Host: "mail", TLS: true}, "smtp", "mail:465"},
		"consolemail://":                       {settings.Email{Scheme: "consolemail"}, "console", ":25"},
		"memorymail://":                        {settings.Email{Scheme: "memorymail"}, "memory", ":25"},
		"dummymail://":                         {settings.Email{Scheme: "dummymail"}, "dummy", ":25"},
		"filemail:///var/mail":                 {settings.Email{Scheme: "filemail", Path: "var/mail"}, "file", ":25"},
		"filemail:////var/mail":                {settings.Email{Scheme: "filemail", Path: "/var/mail"}, "file", ":25"},
	} {
		got, err := settings.ParseEmail(text)
		if err != nil || !reflect.DeepEqual(got, want.email) || got.Kind() != want.kind || got.Address() != want.address {
			t.Errorf("%s: got %+v %s %s, %v", text, got, got.Kind(), got.Address(), err)
		}
	}
	for _, text := range []string{"", "smtp://", "smtp://me@example.com:pw@mail", "smtp://a,b", "smtp://mail/path", "mail://x", "filemail://host/x",
		"smtp+ssl://mail?email_use_tls=true", "smtp://mail?email_use_tls=maybe", "smtp://me:p#w@mail", "smtp://:memory:"} {
		if got, err := settings.ParseEmail(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func TestDSN(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://u:p%23w@db:5432/n?sslmode=require&conn_max_age=60": "postgres://u:p%23w@db:5432/n?sslmode=require",
		"postgis://h1:1,h2:2/n":                             "postgres://h1:1,h2:2/n",
		"postgres://u@%2Frun%2Fpg:5433/n":                   "postgres://u@/n?host=%2Frun%2Fpg&port=5433",
		"sqlite:///db.sqlite3":                              "file:db.sqlite3?_pragma=busy_timeout%285000%29&_pragma=foreign_keys%281%29",
		"sqlite:////var/a%3Fb%23":                           "file:/var/a%3Fb%23?_pragma=busy_timeout%285000%29&_pragma=foreign_keys%281%29",
		"sqlite://":                                         "file::memory:?_pragma=busy_timeout%285000%29&_pragma=foreign_keys%281%29",
		"sqlite:///x?timeout=20&transaction_mode=IMMEDIATE": "file:x?_pragma=busy_timeout%2820000%29&_pragma=foreign_keys%281%29&_txlock=immediate",
		"sqlite:///x?init_command=PRAGMA%20journal_mode=wal;PRAGMA%20cache_size%20=%20-2000;": "file:x?_pragma=busy_timeout%285000%29&_pragma=foreign_keys%281%29&_pragma=journal_mode%28wal%29&_pragma=cache_size%28-2000%29",
	} {
		d, err := settings.ParseDatabase(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := d.DSN()
		if err != nil || got.Reveal() != want {
			t.Errorf("%s: got %s, %v\nwant %s", text, got.Reveal(), err, want)
		}
	}
	for _, text := range []string{"mysql://db/n", "sqlite:///x?unknown=1", "sqlite:///x?timeout=soon", "sqlite:///x?timeout=NaN",
		"sqlite:///x?init_command=DROP%20TABLE%20a", "sqlite:///x?init_command=PRAGMA%20a=b%29"} {
		d, err := settings.ParseDatabase(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := d.DSN(); err == nil {
			t.Errorf("%s: got %s, want an error", text, got.Reveal())
		}
	}
	if _, err := (settings.Database{}).DSN(); err == nil {
		t.Error("the zero Database has a DSN")
	}
	if got := (settings.Database{Engine: "sqlite"}).DriverName() + (settings.Database{Engine: "postgis"}).DriverName(); got != "sqlitepgx" {
		t.Errorf("driver names %s", got)
	}
}

func TestURLsAreRedacted(t *testing.T) {
	d, _ := settings.ParseDatabase("mysql://u:xyzzyqux@h:1/n?a=b")
	c, _ := settings.ParseCache("redis://:xyzzyqux@h/0")
	e, _ := settings.ParseEmail("smtp://u:xyzzyqux@h")
	for got, want := range map[string]string{
		d.String(): "mysql://u:[redacted]@h:1/n?a=b", c.String(): "redis://:[redacted]@h/0", e.String(): "smtp://u:[redacted]@h",
		settings.Database{}.String() + settings.Cache{}.String() + settings.Email{}.String(): "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if out := fmt.Sprintf(format, []any{d, c, e, &d}); strings.Contains(out, "xyzzyqux") || strings.Contains(out, "78797a7a79") {
			t.Errorf("%s prints a password", format)
		}
	}
}

// What is read and written again is read alike.
func FuzzURLs(f *testing.F) {
	for _, seed := range []string{"postgres://u:p@h:1,g:2/n?a=b&conn_max_age=1", "sqlite:////x%3F", "postgres:////run/pg/n", "postgres:///n?host=/x",
		"redis://:p%2F@h,g:1/0?timeout=none", "filecache://a/b", "dbcache://t", "smtp+ssl://u%40:p@h:1?x=y", "filemail:////x", "smtp://h?email_use_tls=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := settings.ParseDatabase(text); err == nil {
			if again, err := settings.ParseDatabase(d.URL().Reveal()); err != nil || !reflect.DeepEqual(again, d) {
				t.Errorf("%q: %#v became %q, %#v, %v", text, d, d.URL().Reveal(), again, err)
			}
		}
		if c, err := settings.ParseCache(text); err == nil {
			if again, err := settings.ParseCache(c.URL().Reveal()); err != nil || !reflect.DeepEqual(again, c) {
				t.Errorf("%q: %#v became %q, %#v, %v", text, c, c.URL().Reveal(), again, err)
			}
		}
		if e, err := settings.ParseEmail(text); err == nil {
			if again, err := settings.ParseEmail(e.URL().Reveal()); err != nil || !reflect.DeepEqual(again, e) {
				t.Errorf("%q: %#v became %q, %#v, %v", text, e, e.URL().Reveal(), again, err)
			}
		}
	})
}

// Whatever stands as a password in a URL, the host is the host that was written, or there is no host.
func FuzzPasswordNeverBecomesHost(f *testing.F) {
	for _, seed := range []string{"plain", "a#b", "a/b", "a?b", "a@b", "1/x@y", "%41", "%", "a:b", "#@h/", "?x=", "\\", "[::1]", "1,b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, password string) {
		const host = "db.example"
		if d, err := settings.ParseDatabase("postgres://user:" + password + "@" + host + ":5432/name"); err == nil {
			decoded, err := url.PathUnescape(password)
			if err != nil || d.Host != host || d.Port != "5432" || d.Name != "name" || d.Password.Reveal() != decoded || d.User != "user" {
				t.Errorf("%q was read as host %q, port %q, name %q", password, d.Host, d.Port, d.Name)
			}
		}
		if u, err := one[*url.URL](t, "https://user:"+password+"@"+host+"/path"); err == nil && u.Hostname() != host {
			t.Errorf("%q was read as host %q of a URL", password, u.Host)
		}
	})
}

func TestSecretNames(t *testing.T) {
	for name, want := range map[string]bool{
		"SECRET_KEY": true, "DB_PASSWORD": true, "PASSWORD": true, "PASSWORD_PRODUCTION": true, "REDIS_PASSWD": true,
		"PASSWORD_FILE": true, "SENTRY_DSN": true, "DATABASE_URL": true,
		"PASSWORD_BREACHED_URL": false, "PASSWORD_HASHERS": false, "PASSWORD_RESET_TIMEOUT": false, "AUTH_PASSWORD_VALIDATORS": false, "PASSWORD_ARGON2_TIME": false,
		"ALLOWED_HOSTS": false,
	} {
		if got := settings.IsSecretName(name); got != want {
			t.Errorf("IsSecretName(%s) = %v, want %v", name, got, want)
		}
	}
}
