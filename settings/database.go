package settings

import (
	"maps"
	"reflect"
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

// part is a variable that may give a piece of a URL.
type part struct {
	variable string
	set      func(d *Database, text string) *Fault
}

var databaseParts = []part{
	{"DB_ENGINE", setEngine},
	{"DB_NAME", func(d *Database, s string) *Fault { d.Name = s; return nil }},
	{"DB_USER", func(d *Database, s string) *Fault { d.User = s; return nil }},
	{"DB_PASSWORD", func(d *Database, s string) *Fault { d.Password = secret.New(s); return nil }},
	{"DB_HOST", setHost},
	{"DB_PORT", setPort},
}

// partsOf returns the variables that may stand in place of a Database's.
func partsOf(f field) []part {
	prefix, ok := strings.CutSuffix(f.variable, "DATABASE_URL")
	if !ok || f.typ != reflect.TypeFor[Database]() {
		return nil
	}
	parts := slices.Clone(databaseParts)
	for i := range parts {
		parts[i].variable = prefix + parts[i].variable
	}
	return parts
}

func setEngine(d *Database, s string) *Fault {
	s = strings.TrimPrefix(s, "django.db.backends.")
	s = strings.TrimPrefix(s, "django.contrib.gis.db.backends.")
	if s == "sqlite3" {
		s = "sqlite"
	}
	if d.Engine = engines[s]; d.Engine == "" {
		return fault("is an unknown engine", "use "+schemes(engines))
	}
	return nil
}

func setHost(d *Database, s string) *Fault {
	if d.Host = s; s == "" {
		return nil
	}
	hosts := strings.Split(s, ",")
	for i, host := range hosts {
		if isSocket(host) {
			continue
		}
		host, port, f := splitHost(bracketed(host))
		if f != nil || port != "" {
			return fault("is not a host", "give a name or an address; the port is a variable of its own")
		}
		hosts[i] = host
	}
	d.Host = strings.Join(hosts, ",")
	return nil
}

func bracketed(host string) string {
	if strings.Count(host, ":") > 1 && host[0] != '[' {
		return "[" + host + "]"
	}
	return host
}

func setPort(d *Database, s string) *Fault {
	d.Port = s
	for port := range strings.SplitSeq(s, ",") {
		if port != "" && !isPort(port) {
			return fault("is not a port", "give a number from 1 to 65535")
		}
	}
	return nil
}

// givenParts returns the parts of f that a source has.
func (l *load) givenParts(f field) []string {
	var given []string
	for _, p := range f.parts {
		if _, ok := l.values[p.variable]; ok {
			given = append(given, p.variable)
		}
	}
	return given
}

// assemble lays the parts over the base value, so that code can say all but the password.
func (l *load) assemble(f field, given []string, into reflect.Value) (string, *Fault) {
	d := into.Interface().(Database)
	var origins []string
	for _, p := range f.parts {
		v, ok := l.values[p.variable]
		if !ok {
			continue
		}
		if strings.ContainsRune(v.Text, 0) {
			return "", &Fault{p.variable, v.Origin, "holds a NUL byte", "give text"}
		}
		if problem := p.set(&d, v.Text); problem != nil {
			return "", problem.at(p.variable, v.Origin)
		}
		if v.Exposed && strings.HasSuffix(p.variable, "PASSWORD") {
			l.warnings = append(l.warnings, Warning{p.variable, v.Origin, exposed, "chmod o-r"})
		}
		origins = append(origins, p.variable+" ("+v.Origin+")")
	}
	if d.Engine == "" || d.Name == "" {
		return "", &Fault{f.variable, "", "is given in parts, of which the engine or the name is missing",
			"set " + f.parts[0].variable + " and " + f.parts[1].variable}
	}
	if n := strings.Count(d.Port, ","); n > 0 && n != strings.Count(d.Host, ",") || d.Port != "" && d.Host == "" && !d.isSQLite() {
		return "", &Fault{f.variable, "", "is given in parts, with other hosts than ports", "give each host a port, or one port for all"}
	}
	into.Set(reflect.ValueOf(d))
	return strings.Join(origins, ", "), nil
}
