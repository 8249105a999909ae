package settings

import (
	"errors"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// DSN returns what database/sql's Open takes: for the postgresql engines a URL that pgx and libpq read, for sqlite a file
// URI that modernc.org/sqlite reads. Other engines, and options that the driver would silently ignore, are errors.
//
// As in Django, sqlite enforces foreign keys and waits five seconds for a lock. Django's options timeout (seconds),
// transaction_mode and init_command (PRAGMA statements) are translated. Of ":memory:" each connection has its own:
// call SetMaxOpenConns(1).
func (d Database) DSN() (secret.Text, error) {
	switch {
	case d.isPostgres():
		return d.postgresDSN()
	case d.isSQLite():
		return d.sqliteDSN()
	case d.Engine == "":
		return secret.Text{}, errors.New("settings: no database is set: set DATABASE_URL")
	}
	return secret.Text{}, errors.New("settings: there is no DSN for the engine " + d.Engine + ": make it of the fields")
}

// DriverName returns the name under which database/sql knows the driver that DSN is made for: "pgx" or "sqlite".
func (d Database) DriverName() string {
	switch {
	case d.isPostgres():
		return "pgx"
	case d.isSQLite():
		return "sqlite"
	}
	return ""
}

func (d Database) postgresDSN() (secret.Text, error) {
	a := address{scheme: "postgres", user: d.User, password: d.Password.Reveal(), path: "/" + d.Name, options: map[string]string{}}
	maps.Copy(a.options, d.Options)
	if strings.HasPrefix(d.Host, "/") { // both spell a socket's directory as an option
		a.options["host"] = d.Host
		if d.Port != "" {
			a.options["port"] = d.Port
		}
		return secret.New(a.text()), nil
	}
	if d.Host != "" {
		a.hosts = strings.Split(d.Host, ",")
		a.ports = d.ports(len(a.hosts))
		if len(a.ports) != len(a.hosts) {
			return secret.Text{}, errors.New("settings: the database has more ports than hosts: give each host a port, or one port for all")
		}
	}
	return secret.New(a.text()), nil
}

func (d Database) sqliteDSN() (secret.Text, error) {
	q := url.Values{}
	timeout := 5000 // milliseconds, Python's default
	for name, value := range d.Options {
		switch name {
		case "timeout":
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil || !(seconds >= 0 && seconds <= 3600) {
				return secret.Text{}, errors.New("settings: the database's option timeout is no number of seconds: write it like 20")
			}
			timeout = int(seconds * 1000)
		case "transaction_mode":
			q.Set("_txlock", strings.ToLower(value))
		case "init_command":
			pragmas, ok := readPragmas(value)
			if !ok {
				return secret.Text{}, errors.New("settings: the database's option init_command is no list of PRAGMA name=value: " +
					"write it like PRAGMA journal_mode=WAL;")
			}
			q["_pragma"] = append(q["_pragma"], pragmas...)
		case "mode", "cache", "immutable", "vfs", "_txlock", "_time_format":
			q.Set(name, value)
		default:
			return secret.Text{}, errors.New("settings: the database has an option that the sqlite driver does not know: " +
				"use timeout, transaction_mode, init_command, mode, cache, immutable, vfs, _txlock, _time_format")
		}
	}
	// First what waits, so that the others already do; what init_command says comes last and wins.
	q["_pragma"] = append([]string{"busy_timeout(" + strconv.Itoa(timeout) + ")", "foreign_keys(1)"}, q["_pragma"]...)
	path := strings.ReplaceAll(encode(d.Name), "%2F", "/")
	if d.Name == ":memory:" {
		path = d.Name
	}
	return secret.New("file:" + path + "?" + q.Encode()), nil
}

// readPragmas reads "PRAGMA a=b; PRAGMA c=d" as the driver's a(b), c(d).
func readPragmas(s string) ([]string, bool) {
	var all []string
	for statement := range strings.SplitSeq(s, ";") {
		if statement = strings.TrimSpace(statement); statement == "" {
			continue
		}
		if len(statement) < 7 || !strings.EqualFold(statement[:7], "PRAGMA ") {
			return nil, false
		}
		name, value, ok := strings.Cut(statement[7:], "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !isName(name) || !isName("_"+strings.TrimPrefix(value, "-")) || value == "" {
			return nil, false
		}
		all = append(all, name+"("+value+")")
	}
	return all, true
}
