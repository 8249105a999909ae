package probe

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// exposure is a file that nobody should be able to fetch, and how its beginning looks. A status alone shows nothing:
// many applications answer every path with their one page.
type exposure struct {
	path   string
	begins *regexp.Regexp
	level  check.Level // 0 for the rule's
}

var histories = []exposure{
	{path: "/.git/HEAD", begins: regexp.MustCompile(`^(?:ref: refs/|[0-9a-f]{40}\s*$)`)},
	{path: "/.git/config", begins: regexp.MustCompile(`(?m)^\s*\[core\]\s*$`)},
	{path: "/.svn/wc.db", begins: sqlite},
	{path: "/.DS_Store", begins: regexp.MustCompile(`^\x00\x00\x00\x01Bud1`), level: check.Warning},
}

var credentials = []exposure{
	{path: "/.env", begins: assignment},
	{path: "/.env.production", begins: assignment},
	{path: "/.htpasswd", begins: regexp.MustCompile(`^[\w.@-]+:(?:\$apr1\$|\$2[aby]\$|\$[56]\$|\{SHA\})`)},
	{path: "/.aws/credentials", begins: regexp.MustCompile(`(?m)^\s*aws_access_key_id\s*=`)},
	{path: "/docker-compose.yml", begins: regexp.MustCompile(`(?m)^services:\s*(?:#.*)?$`), level: check.Error},
}

var backups = []exposure{
	{path: "/backup.sql", begins: dump},
	{path: "/dump.sql", begins: dump},
	{path: "/backup.zip", begins: regexp.MustCompile(`^PK\x03\x04`)},
	{path: "/db.sqlite3", begins: sqlite},
}

var (
	sqlite     = regexp.MustCompile(`^SQLite format 3\x00`)
	dump       = regexp.MustCompile(`(?m)^-- (?:MySQL|MariaDB|PostgreSQL|SQLite)\b.*|^(?:CREATE TABLE|INSERT INTO|PRAGMA foreign_keys)\b`)
	assignment = regexp.MustCompile(`(?m)^(?:export )?([A-Z][A-Z0-9_]{2,39})[ \t]*=`)
)

func (p *prober) exposureRules() []check.Check {
	return []check.Check{{
		ID: "probe.E056", Level: check.Error,
		Title: "The folder of the version control is public.",
		Hint:  "Serve one folder that holds only what is public, refuse paths that begin with a dot, and change every secret that was ever committed.",
		Why: "With these files anybody puts the whole source together, its history included, and with it every secret " +
			"that once stood there.",
		See:  "https://owasp.org/www-project-web-security-testing-guide/v42/4-Web_Application_Security_Testing/02-Configuration_and_Deployment_Management_Testing/04-Review_Old_Backup_and_Unreferenced_Files_for_Sensitive_Information",
		Find: p.findExposed(histories),
	}, {
		ID: "probe.E057", Level: check.Critical,
		Title: "A file with credentials is public.",
		Hint:  "Move it out of what is served, change every value that it holds, and look into the log for who fetched it.",
		Why:   "Scanners ask every new site for these files within minutes, and use what they find.",
		See:   "https://cwe.mitre.org/data/definitions/538.html",
		Find:  p.findExposed(credentials),
	}, {
		ID: "probe.E058", Level: check.Critical,
		Title: "A backup or a database is public.",
		Hint:  "Move it out of what is served, look into the log for who fetched it, and take what it holds as known.",
		Why:   "It holds what the site holds: its users, their passwords' hashes and their data.",
		See:   "https://cwe.mitre.org/data/definitions/530.html",
		Find:  p.findExposed(backups),
	}}
}

// findExposed makes the Find of a rule that asks for the beginning of each file.
func (p *prober) findExposed(list []exposure) func(context.Context) ([]check.Finding, error) {
	return func(ctx context.Context) ([]check.Finding, error) {
		missing, err := p.get(ctx, p.missing())
		if err != nil {
			return nil, err
		}
		var asks []ask
		for _, e := range list {
			asks = append(asks, p.ask("GET", e.path, "Range: bytes=0-4095"))
		}
		answers, err := p.all(ctx, asks...)
		var out []check.Finding
		for _, a := range answers {
			e := list[slices.IndexFunc(list, func(e exposure) bool { return e.path == a.path })]
			if !e.in(a) || e.in(missing) {
				continue
			}
			f := wrong([]answer{a}, "", func(a answer) (string, bool) { return holds(a), true })[0]
			f.Level, f.Key = e.level, e.path
			out = append(out, f)
		}
		return out, err
	}
}

// in reports whether the answer is the file.
func (e exposure) in(a answer) bool {
	return (a.status == 200 || a.status == 206) && !htmlOf(a) && e.begins.MatchString(a.body)
}

var userinfo = regexp.MustCompile(`://[^/\s@]+@`)

// holds says what of a file is worth knowing, without a value: the names of variables, and whether there is a login.
func holds(a answer) string {
	var names []string
	if strings.HasPrefix(a.path, "/.env") {
		for _, m := range assignment.FindAllStringSubmatch(a.body, -1) {
			if !slices.Contains(names, m[1]) {
				names = append(names, m[1])
			}
		}
	}
	switch {
	case len(names) > 5:
		return "which sets " + strings.Join(names[:5], ", ") + " and more"
	case len(names) > 0:
		return "which sets " + strings.Join(names, ", ")
	case a.path == "/.git/config" && userinfo.MatchString(a.body):
		return "with a login in the address of a remote"
	}
	return ""
}
