package settings

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/secret"
)

// Database says where a database is. As a setting it is a URL in django-environ's form, such as
// postgres://user:password@host:5432/name?conn_max_age=60 or sqlite:///db.sqlite3. A field whose variable ends in
// DATABASE_URL can be given in parts instead: DB_ENGINE, DB_NAME, DB_USER, DB_PASSWORD, DB_HOST, DB_PORT, which need
// no encoding.
type Database struct {
	Engine   string // "postgresql", "sqlite", "mysql", …: the last part of Django's ENGINE
	Name     string // the database; a path or ":memory:" for sqlite
	User     string
	Password secret.Text
	Host     string // several, of a cluster, are separated by commas; a path is the directory of a socket
	Port     string // as many as there are hosts, or none

	ConnMaxAge               time.Duration // how long a connection is used again; ConnMaxAgeForever has no end
	ConnHealthChecks         bool
	AtomicRequests           bool
	ManualCommit             bool // Django's AUTOCOMMIT is false
	DisableServerSideCursors bool

	Options map[string]string // what else the URL says, for the driver
}

// ConnMaxAgeForever is Django's CONN_MAX_AGE of None.
const ConnMaxAgeForever time.Duration = -1

// engines maps the schemes of django-environ to the engines.
var engines = map[string]string{
	"postgres": "postgresql", "postgresql": "postgresql", "psql": "postgresql", "pgsql": "postgresql",
	"postgis": "postgis", "mysql": "mysql", "mysql2": "mysql", "mysql-connector": "mysql-connector",
	"mysqlgis": "mysqlgis", "mssql": "mssql", "oracle": "oracle", "pyodbc": "pyodbc", "redshift": "redshift",
	"spatialite": "spatialite", "sqlite": "sqlite", "ldap": "ldap", "cockroachdb": "cockroachdb",
	"prometheus-postgresql": "prometheus-postgresql", "prometheus-postgis": "prometheus-postgis",
	"prometheus-mysql": "prometheus-mysql", "prometheus-sqlite": "prometheus-sqlite",
	"prometheus-spatialite": "prometheus-spatialite",
}

func schemes(m map[string]string) string { return strings.Join(slices.Sorted(maps.Keys(m)), ", ") }

func unknownScheme(m map[string]string) *Fault {
	return fault("has an unknown scheme", "use "+schemes(m))
}

// ParseDatabase reads a database's URL. Its error is a *Fault that holds nothing of the URL.
func ParseDatabase(text string) (Database, error) {
	var d Database
	if f := d.parse(text); f != nil {
		return Database{}, f
	}
	return d, nil
}

// UnmarshalText is ParseDatabase.
func (d *Database) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDatabase(string(b))
	return err
}

func (d *Database) parse(text string) *Fault {
	a, f := splitURL(text)
	if f != nil {
		return f
	}
	if d.Engine = engines[a.scheme]; d.Engine == "" {
		return unknownScheme(engines)
	}
	d.User, d.Password = a.user, secret.New(a.password)
	d.Name = strings.TrimPrefix(a.path, "/")
	switch {
	case d.isSQLite():
		f = d.setFile(a)
	default:
		f = d.setServer(&a)
	}
	if f != nil {
		return f
	}
	return d.setOptions(&a)
}

func (d *Database) isSQLite() bool {
	return strings.HasSuffix(d.Engine, "sqlite") || strings.HasSuffix(d.Engine, "spatialite")
}

func (d *Database) isPostgres() bool {
	return slices.Contains([]string{"postgresql", "postgis", "cockroachdb", "redshift", "prometheus-postgresql",
		"prometheus-postgis"}, d.Engine)
}

// setFile takes the path of a sqlite database. A host is refused: sqlite://db.sqlite3 lacks a slash.
func (d *Database) setFile(a address) *Fault {
	memory := len(a.hosts) == 1 && a.hosts[0] == ":memory:" && d.Name == ""
	if a.authority && !memory {
		return fault("has a host, which a sqlite database has not", "write sqlite:///relative/path or sqlite:////absolute/path")
	}
	if d.Name == "" {
		d.Name = ":memory:"
	}
	return nil
}

// setServer takes hosts and ports, and the socket of a postgres server, which stands before the name in the path, in
// the option host, or percent-encoded in the host's place.
func (d *Database) setServer(a *address) *Fault {
	if slices.Contains(a.hosts, ":memory:") {
		return fault("has a host that is none", "write host or host:port")
	}
	d.Host, d.Port = strings.Join(a.hosts, ","), strings.Join(a.ports, ",")
	if strings.Trim(d.Port, ",") == "" {
		d.Port = ""
	} else if slices.Contains(a.ports, "") {
		return fault("has a port for some of its hosts only", "give each host a port, or none")
	}
	for _, name := range []string{"user", "dbname", "port"} {
		if _, ok := a.take(name); ok {
			return fault("has "+name+" among its options", "put it in its place in the URL")
		}
	}
	if !d.isPostgres() {
		return nil
	}
	if strings.HasPrefix(d.Name, "/") || strings.HasPrefix(d.Name, "cloudsql/") {
		i := strings.LastIndexByte(d.Name, '/')
		if d.Host != "" {
			return fault("has a host and the path of a socket", "give one of the two")
		}
		d.Host, d.Name = "/"+strings.TrimPrefix(d.Name[:i], "/"), d.Name[i+1:]
		if !isSocket(d.Host) {
			return fault("has a path that is not that of a socket's directory and a name", "write postgres:////directory/name")
		}
	}
	if host, ok := a.take("host"); ok {
		if d.Host != "" {
			return fault("has a host in its place and another among its options", "give one of the two")
		}
		return setHost(d, host)
	}
	return nil
}

func (d *Database) setOptions(a *address) *Fault {
	if v, ok := a.take("conn_max_age"); ok {
		age, f := parseDuration(v)
		switch {
		case strings.EqualFold(v, "none"):
			age = ConnMaxAgeForever
		case f != nil || age < 0:
			return fault("has an option conn_max_age that is not a duration", "write a number of seconds, or none")
		}
		d.ConnMaxAge = age
	}
	autocommit := true
	for name, into := range map[string]*bool{
		"atomic_requests": &d.AtomicRequests, "autocommit": &autocommit, "conn_health_checks": &d.ConnHealthChecks,
		"disable_server_side_cursors": &d.DisableServerSideCursors,
	} {
		if f := a.takeBool(name, into); f != nil {
			return f
		}
	}
	d.ManualCommit = !autocommit
	if len(a.options) > 0 {
		d.Options = a.options
	}
	return nil
}

// address is the way back.
func (d Database) address() address {
	a := address{scheme: d.Engine, user: d.User, password: d.Password.Reveal(), options: map[string]string{}}
	maps.Copy(a.options, d.Options)
	switch {
	case d.isSQLite():
		if d.Name != ":memory:" {
			a.path = "/" + d.Name
		}
	default:
		a.path = "/" + d.Name
		a.hosts = strings.Split(d.Host, ",")
		a.ports = d.ports(len(a.hosts))
		if d.Host == "" {
			a.hosts = nil
		}
	}
	for name, set := range map[string]bool{"atomic_requests": d.AtomicRequests, "conn_health_checks": d.ConnHealthChecks,
		"disable_server_side_cursors": d.DisableServerSideCursors} {
		if set {
			a.options[name] = "true"
		}
	}
	if d.ManualCommit {
		a.options["autocommit"] = "false"
	}
	switch {
	case d.ConnMaxAge < 0:
		a.options["conn_max_age"] = "none"
	case d.ConnMaxAge > 0:
		a.options["conn_max_age"] = d.ConnMaxAge.String()
	}
	return a
}

// ports returns the port of each host; one port is that of all hosts.
func (d Database) ports(hosts int) []string {
	ports := strings.Split(d.Port, ",")
	for len(ports) < hosts {
		ports = append(ports, ports[0])
	}
	return ports
}

// URL returns the database as a URL that ParseDatabase reads.
func (d Database) URL() secret.Text { return secret.New(d.address().text()) }

// String returns the URL with its password redacted; nothing for the zero Database.
func (d Database) String() string {
	if d.Engine == "" {
		return ""
	}
	a := d.address()
	a.mask = secret.Redacted
	return a.text()
}

func (d Database) secrets() []secret.Text { return passwords(d.Password) }
