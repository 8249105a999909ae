package redisstore_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

func TestFromCache(t *testing.T) {
	for url, want := range map[string]redisstore.Config{
		"redis://cache":                           {Address: "cache:6379"},
		"redis://cache:6380/":                     {Address: "cache:6380"},
		"rediscache://10.0.0.7/3":                 {Address: "10.0.0.7:6379", Database: 3},
		"valkey://cache?db=4":                     {Address: "cache:6379", Database: 4},
		"redis://[::1]":                           {Address: "[::1]:6379"},
		"redis://[::1]:1/0":                       {Address: "[::1]:1"},
		"redis://:" + canary + "@cache":           {Address: "cache:6379", Password: password()},
		"redis://app:p%40ss@cache":                {Address: "cache:6379", User: "app", Password: secret.New("p@ss")},
		"rediss://cache?ssl_ca_certs=/etc/ca.pem": {Address: "cache:6379", TLS: true, CA: "/etc/ca.pem"},
		"valkeys://cache":                         {Address: "cache:6379", TLS: true},
		"redis:///run/redis.sock":                 {Address: "/run/redis.sock"},
		"redis:///run/redis.sock?db=2":            {Address: "/run/redis.sock", Database: 2},
		"redis://%2Frun%2Fredis.sock/2":           {Address: "/run/redis.sock", Database: 2},
		"redis://cache?key_prefix=app":            {Address: "cache:6379", Prefix: "app:"},
		"redis://cache?key_prefix=app:":           {Address: "cache:6379", Prefix: "app:"},
		"redis://cache?timeout=300&version=2":     {Address: "cache:6379"},
		"redis://cache?socket_timeout=1.5":        {Address: "cache:6379", Timeout: 1500 * time.Millisecond},
		"redis://cache?SOCKET_TIMEOUT=250ms":      {Address: "cache:6379", Timeout: 250 * time.Millisecond},
		"redis://cache?max_connections=7":         {Address: "cache:6379", Connections: 7},
	} {
		got, err := redisstore.FromCache(cache(t, url))
		if err != nil || got.Password.Reveal() != want.Password.Reveal() {
			t.Errorf("%s: %v, or another password", url, err)
		}
		got.Password, want.Password = secret.Text{}, secret.Text{}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", url, got, want)
		}
	}
}

func TestBadURLsAreRefusedWithoutShowingThem(t *testing.T) {
	const login = "app:" + canary + "@"
	for _, row := range []struct{ url, want string }{
		{"locmemcache://", "is not Redis: write redis://"},
		{"memcache://127.0.0.1:11211", "is not Redis: write redis://"},
		{"redis://" + login + "one,two", "has several servers: give one"},
		{"redis://" + login + "cache/x", "the database is not a number"},
		{"redis://" + login + "cache/-1", "the database is not a number"},
		{"redis://" + login + "cache/1/2", "the database is not a number"},
		{"redis://" + login + "cache/1?db=1", "stands twice"},
		{"redis://" + login + "cache?db=x", "the database is not a number"},
		{"redis://" + login + "cache?socket_timeout=0", "socket_timeout is no number above 0"},
		{"redis://" + login + "cache?socket_timeout=-1s", "socket_timeout is no number above 0"},
		{"redis://" + login + "cache?socket_timeout=nan", "socket_timeout is no number above 0"},
		{"redis://" + login + "cache?socket_timeout=1e300", "socket_timeout is no number above 0"},
		{"redis://" + login + "cache?max_connections=0", "max_connections is no number above 0"},
		{"redis://" + login + "cache?max_connections=many", "max_connections is no number above 0"},
		{"rediss://" + login + "cache?ssl_cert_reqs=none", `"ssl_cert_reqs" is not known: leave it out: there are db,`},
		{"redis://app@cache", "a user and no password"},
		{"redis://" + login + "cache?ssl_ca_certs=/etc/ca.pem", "certificates to trust and no TLS: use rediss://"},
		{"rediss://" + login + "cache?ssl_ca_certs=/nonexistent", "cannot be read"},
		{"rediss://" + login + "cache?ssl_ca_certs=open_test.go", "holds no certificate"},
		{"rediss:///run/redis.sock", "TLS is not spoken over a unix socket"},
		{"redis://" + login + "127.0.0.1:1", "cannot be reached"},
	} {
		c, err := redisstore.Open(t.Context(), cache(t, row.url))
		if err == nil {
			_ = c.Close()
			t.Errorf("%s is accepted", row.url)
			continue
		}
		if !strings.Contains(err.Error(), row.want) || !strings.HasPrefix(err.Error(), "redisstore: ") || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %s, want %q", strings.ReplaceAll(row.url, canary, "…"), safe(err), row.want)
		}
	}
	if _, err := redisstore.Open(t.Context(), settings.Cache{}); err == nil {
		t.Error("no cache at all is accepted")
	}
}

func TestNewRefusesAllMistakesAtOnce(t *testing.T) {
	_, err := redisstore.New(redisstore.Config{Address: "cache", User: "u", Database: -1, Timeout: -1, Connections: -1, CA: "x"})
	for _, want := range []string{"no host:port", "no password", "database is negative", "timeout is negative", "connections is negative", "no TLS"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	for _, address := range []string{"", ":6379", "cache:", "::1:6379"} {
		if _, err := redisstore.New(redisstore.Config{Address: address}); err == nil {
			t.Errorf("the address %q is accepted", address)
		}
	}
}

func TestPasswords(t *testing.T) {
	acl := filepath.Join(t.TempDir(), "acl")
	const rules = "user default on >" + canary + " ~* &* +@all\n" +
		"user app on >" + canary + "-app ~app:* -@all +eval +evalsha +hset +hget +hgetall +hmget +hdel +expireat +zadd +zrem +zrange" +
		" +zrevrange +zrangebyscore +zremrangebyscore +del +get +mget +set +pttl +pexpire +time +hello +auth +select\n" +
		"user reader on >" + canary + "-app ~* +@read\n"
	if err := os.WriteFile(acl, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	s := ended(t, "--aclfile", acl)
	for _, row := range []struct{ name, login, want string }{
		{"the default user", ":" + canary + "@", ""},
		{"a user who may do what docs/redis.md names", "app:" + canary + "-app@", ""},
		{"no password", "", "asks for a password"},
		{"a wrong password", ":" + canary + "x@", "refuses the user name or the password"},
		{"a wrong user", "nobody:" + canary + "@", "refuses the user name or the password"},
		{"a user who may not", "reader:" + canary + "-app@", "does not permit this to the user"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg, err := redisstore.FromCache(cache(t, "redis://"+row.login+s.address+"/1?key_prefix=app"))
			if err != nil {
				t.Fatal(safe(err))
			}
			c := client(t, cfg)
			if row.want != "" {
				fails(t, c, row.want, writes...)
				return
			}
			for name, operation := range operations(c) {
				if err := operation(t.Context()); err != nil && !strings.Contains(err.Error(), "session: not found") {
					t.Errorf("%s: %s", name, safe(err))
				}
			}
			sessions := redisstore.NewSessions(c)
			token, err := sessions.Save(t.Context(), "", record("1"))
			if err != nil {
				t.Fatal(safe(err))
			}
			if entries, err := sessions.ListByUser(t.Context(), "1", time.Now()); err != nil || len(entries) == 0 {
				t.Errorf("%d sessions, %s", len(entries), safe(err))
			}
			if err := sessions.Delete(t.Context(), token); err != nil {
				t.Error(safe(err))
			}
		})
	}
	t.Run("a database that is not there", func(t *testing.T) {
		cfg, err := redisstore.FromCache(cache(t, "redis://:"+canary+"@"+s.address+"/99"))
		if err != nil {
			t.Fatal(safe(err))
		}
		fails(t, client(t, cfg), "has no database of that number")
	})
}

// authority makes a certificate for localhost and 127.0.0.1 that vouches for itself, and returns its files.
func authority(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert", "CERTIFICATE", der), write("key", "PRIVATE KEY", secret)
}

func TestTLS(t *testing.T) {
	certificate, key := authority(t)
	other, _ := authority(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secured := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(secured)
	s := ended(t, "--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no",
		"--requirepass", canary)
	for _, row := range []struct{ name, url, want string }{
		{"trusted", "rediss://:" + canary + "@" + secured + "?ssl_ca_certs=" + certificate, ""},
		{"not trusted by the system", "rediss://:" + canary + "@" + secured, "has a certificate that is not trusted"},
		{"not by this authority", "rediss://:" + canary + "@" + secured + "?ssl_ca_certs=" + other, "has a certificate that is not trusted"},
		{"for another name", "rediss://:" + canary + "@localhost:" + port + "?ssl_ca_certs=" + certificate, "has a certificate for another name"},
		{"a port without TLS", "rediss://:" + canary + "@" + s.address + "?socket_timeout=200ms", "check the port, and whether it speaks TLS there"},
		{"a port with TLS spoken to without", "redis://:" + canary + "@" + secured, "ended the connection: check that it runs, and whether it speaks TLS (rediss://)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := redisstore.Open(t.Context(), cache(t, row.url))
			if err == nil {
				defer func() { _ = c.Close() }()
			}
			if (err == nil) != (row.want == "") || err != nil && (!strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), canary)) {
				t.Errorf("%s, want %q", safe(err), row.want)
			}
		})
	}
}
