package settings

import (
	"reflect"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// part is a variable that may give a piece of a URL.
type part struct {
	variable string
	set      func(d *Database, text string) *Fault
}

// secret reports whether the piece is the password.
func (p part) secret() bool { return strings.HasSuffix(p.variable, "PASSWORD") }

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
		if v.Exposed && p.secret() {
			l.warnings = append(l.warnings, Warning{p.variable, v.Origin, exposed, "chmod o-r", false})
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
