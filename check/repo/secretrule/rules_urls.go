package secretrule

import (
	"bytes"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

const (
	revokeDatabase = "https://cheatsheetseries.owasp.org/cheatsheets/Database_Security_Cheat_Sheet.html"
	revokeAzure    = "https://learn.microsoft.com/en-us/azure/storage/common/storage-account-keys-manage"
	revokeSentry   = "https://docs.sentry.io/concepts/key-terms/dsn-explainer/"
)

// urls are addresses and connection strings with a password.
func urls() []*Rule {
	rules := rulesOf([]token{
		{id: "azure-account-key", name: "Azure storage account key", variable: "AZURE_STORAGE_CONNECTION_STRING",
			pattern:  `(?i:accountkey)=([0-9A-Za-z+/]{86}==)`,
			literals: []string{"accountkey="}, tests: check.Info, revoke: revokeAzure, valid: unpublished},
		{id: "azure-shared-access-key", name: "Azure shared access key", variable: "AZURE_SERVICEBUS_CONNECTION_STRING",
			pattern: `(?i:sharedaccesskey)=([0-9A-Za-z+/]{43}=)`, literals: []string{"sharedaccesskey="}, tests: check.Info,
			revoke: "https://learn.microsoft.com/en-us/azure/service-bus-messaging/service-bus-sas"},
		{id: "azure-sas", name: "Azure shared access signature", variable: "AZURE_STORAGE_SAS_TOKEN",
			pattern:  `[?&]sig=([0-9A-Za-z%+/]{43,80}(?:%3[dD]|=))`,
			literals: []string{"?sig=", "&sig="}, level: check.Warning, tests: check.Info,
			revoke: "https://learn.microsoft.com/en-us/azure/storage/common/storage-sas-overview"},
		{id: "sentry-dsn-secret", name: "Sentry DSN with its secret", variable: "SENTRY_DSN",
			pattern:  `https?://[0-9a-f]{32}:([0-9a-f]{32})@[0-9A-Za-z.:-]+/[0-9]+`,
			literals: []string{"https://", "http://"}, level: check.Warning, tests: check.Info, revoke: revokeSentry},
	})
	return append(rules,
		&Rule{ID: "database-url", Name: "database URL with a password", Variable: "DATABASE_URL", Revoke: revokeDatabase, Tests: check.Info,
			Literals: []string{
				"postgres://", "postgresql://", "postgis://", "postgresql+", "mysql://", "mysql2://", "mysql+", "mariadb://", "mariadb+",
				"mongodb://", "mongodb+srv://", "redis://", "rediss://", "amqp://", "amqps://", "mssql://", "mssql+", "sqlserver://",
				"clickhouse://", "cockroachdb://", "oracle://", "oracle+", "nats://", "elasticsearch://",
			}, Match: withPassword},
		&Rule{ID: "mail-url", Name: "mail server's URL with a password", Variable: "EMAIL_URL", Revoke: revokeDatabase, Tests: check.Info,
			Literals: []string{"smtp://", "smtps://", "smtp+", "submission://", "imap://", "imaps://"}, Match: withPassword},
		&Rule{ID: "url-password", Name: "URL with a password",
			Literals: []string{"https://", "http://", "ftp://", "ftps://", "sftp://", "ldap://", "ldaps://", "cloudinary://"},
			Level:    check.Warning, Tests: check.Info, Revoke: "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1", Match: withPassword},
		&Rule{ID: "connection-string", Name: "connection string with a password", Variable: "CONNECTION_STRING", Revoke: revokeDatabase,
			Tests:    check.Info,
			Literals: []string{"password=", "pwd="}, Match: connectionString()},
	)
}

func unpublished(token []byte) bool {
	_, key, _ := bytes.Cut(token, []byte("="))
	return !Published(key)
}

// withPassword finds the password of a URL: scheme://user:password@host. One of a host that is only this machine's, or of
// no machine at all, is none.
func withPassword(f *File, at int) []Match {
	window := f.Data[at:min(len(f.Data), at+512)]
	i := bytes.Index(window, []byte("://"))
	if i < 0 || i > 24 || !f.begins(at) {
		return nil
	}
	start := i + len("://")
	end := start
	for end < len(window) && bytes.IndexByte([]byte(" \t\r\n\"'`<>\\|/?#,;"), window[end]) < 0 {
		end++
	}
	authority := window[start:end]
	last := bytes.LastIndexByte(authority, '@')
	colon := bytes.IndexByte(authority, ':')
	if last < 0 || colon < 0 || colon > last {
		return nil
	}
	user, password, host := string(authority[:colon]), authority[colon+1:last], string(authority[last+1:])
	if decoded, err := url.PathUnescape(string(password)); err == nil {
		password = []byte(decoded)
	}
	level, ok := passwordAt(password, user, host)
	if !ok {
		return nil
	}
	from := at + start + colon + 1
	return []Match{{Start: from, End: at + start + last, Secret: bytes.Clone(password), Level: level}}
}

// passwordAt reports whether a password counts, by what it is and what it is for, and its level, 0 for its rule's.
func passwordAt(password []byte, user, host string) (check.Level, bool) {
	if Placeholder(password) || weak(password, user) {
		return 0, false
	}
	name, _, _ := strings.Cut(host, ":")
	switch name = strings.ToLower(name); {
	case isNowhere(name):
		return 0, false
	case !strings.Contains(name, "."): // a container's name, or nothing that we know
		return check.Warning, random(password, 12)
	}
	return 0, true
}

// weak reports whether a password is one of those that stand in every example, or the name of its user.
func weak(password []byte, user string) bool {
	low := strings.NewReplacer("@", "a", "0", "o", "$$", "s").Replace(strings.ToLower(string(password)))
	if len(low) < 6 || strings.EqualFold(low, user) || strings.Contains(low, "user") || strings.Contains(low, "pass") ||
		strings.HasPrefix(low, "$") || strings.HasPrefix(low, ":") || strings.HasPrefix(low, "%") || strings.ContainsAny(low, "{}<>()[]") {
		return true
	}
	if strings.Trim(string(password), "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
		return true // the name of what is to be put there
	}
	switch strings.TrimRight(low, "0123456789!") {
	case "", "secret", "postgres", "mysql", "admin", "root", "guest", "redis", "mongo", "rabbitmq", "docker", "django", "foobar", "token",
		"db", "database", "pw", "test", "abc", "qwerty", "foo", "bar", "local", "dev", "default", "server", "credential", "credentials", "apikey",
		"api-key", "api_key", "key", "xxx", "x-oauth-basic", "x-access-token", "oauth":
		return true
	}
	return false
}

// isNowhere reports whether a host is this machine, a private container's or one that exists in texts only (RFC 2606).
func isNowhere(host string) bool {
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return addr.IsLoopback() || addr.IsUnspecified()
	}
	for _, end := range []string{"localhost", "example", "example.com", "example.org", "example.net", "test", "invalid", "host.docker.internal"} {
		if host == end || strings.HasSuffix(host, "."+end) {
			return true
		}
	}
	for _, word := range []string{"host", "hostname", "server", "domain.com", "mydomain.com", "foo.com", "bar.com", "host.com", "proxy.com", "server.com", "site.com"} {
		if host == word || strings.HasSuffix(host, "."+word) {
			return true
		}
	}
	return host == "" || strings.ContainsAny(host, "${}%<>()*[]") || strings.Contains(host, "example") || strings.HasPrefix(host, "your") || strings.HasPrefix(host, "my")
}

// connectionString finds the password in Server=…;Password=…; of .NET and ODBC, host=… password=… of libpq, and jdbc:….
func connectionString() func(f *File, at int) []Match {
	server := regexp.MustCompile(`(?i)(?:\b(?:server|data source|host|addr|address)\s*=\s*(?:tcp:)?|jdbc:[a-z:]+//)\[?([0-9a-z_.:-]+)`)
	return func(f *File, at int) []Match {
		start, end := f.Line(at)
		low := max(start, at-300)
		from := at + bytes.IndexByte(f.Data[at:end], '=') + 1
		if from <= at || !f.begins(at) {
			return nil
		}
		to := from
		for to < end && bytes.IndexByte([]byte(" ;&\"'`<>,\\"), f.Data[to]) < 0 {
			to++
		}
		around := f.Data[low:min(end, to+300)]
		m := server.FindSubmatch(around)
		if m == nil || bytes.Count(around, []byte("=")) < 3 && !bytes.Contains(around, []byte("jdbc:")) {
			return nil
		}
		host, _, _ := strings.Cut(string(m[1]), ",")
		level, ok := passwordAt(f.Data[from:to], "", host)
		if !ok {
			return nil
		}
		return []Match{{Start: from, End: to, Level: level}}
	}
}
