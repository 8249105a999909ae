package probe

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

func (p *prober) adminRules() []check.Check {
	checks := []check.Check{{
		ID: "probe.E031", Level: check.Error,
		Title: "A stranger can tell where the admin is: its path answers otherwise than paths that do not exist.",
		Hint:  "Put the guard (package admin) before the routes, and let no route or file of the application begin with ADMIN_PATH.",
		Why: "Whoever can tell a hidden path from one that does not exist finds the admin by trying names, and then " +
			"has a login to work on.",
		See:     "https://cwe.mitre.org/data/definitions/204.html",
		Setting: "ADMIN_PATH",
		Find:    p.findConsole,
	}, {
		ID: "probe.W032", Level: check.Warning,
		Title: "Something answers where scanners look for an admin.",
		Hint: "Move it to a path that nobody guesses, and show it to known networks alone (ADMIN_PATH does both); if it " +
			"is no admin, set this aside and say so.",
		Why: "Programs that try stolen passwords ask for these paths on every site of the internet, all day. A " +
			"login that they do not find is not attacked by them.",
		See:  "https://owasp.org/www-project-web-security-testing-guide/latest/4-Web_Application_Security_Testing/02-Configuration_and_Deployment_Management_Testing/05-Enumerate_Infrastructure_and_Application_Admin_Interfaces",
		Find: p.findCommon,
	}}
	if p.AdminPath == "" {
		checks[0].Find = nothing
	}
	return checks
}

// stranger is a path of the same length and shape as another, which no site has.
func stranger(like string) string {
	random := strings.ToLower(rand.Text() + rand.Text())
	var b strings.Builder
	for i, c := range []byte(like) {
		if c != '/' {
			c = random[i%len(random)]
		}
		b.WriteByte(c)
	}
	return b.String()
}

// findConsole compares the answers for the admin's path with those for two paths that do not exist, one asked for before
// it and one after. What differs between these two, such as a nonce or the time, tells nothing.
func (p *prober) findConsole(ctx context.Context) ([]check.Finding, error) {
	path := strings.TrimSuffix(p.AdminPath, "/")
	for _, end := range []string{"", "/"} {
		first, second := stranger(path), stranger(path)
		answers, err := p.all(ctx, p.ask("GET", first+end, ""), p.ask("GET", path+end, ""), p.ask("GET", second+end, ""))
		if err != nil {
			return nil, err
		}
		if what := difference(answers[0], answers[1], answers[2]); what != "" {
			return []check.Finding{{Setting: "ADMIN_PATH", Evidence: answers[1].String() + ", " + what}}, nil
		}
	}
	return nil, nil
}

// difference says in what a differs from both b and c, which should be alike.
func difference(b, a, c answer) string {
	if a.status != b.status && a.status != c.status {
		return fmt.Sprintf("another path gets %d", b.status)
	}
	names := slices.Collect(maps.Keys(a.header))
	names = append(names, slices.Collect(maps.Keys(b.header))...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		value := func(a answer) string { return anywhere(a, strings.Join(a.header[name], "\n")) }
		one, other := value(b), value(c)
		switch {
		case value(a) == one || value(a) == other:
		case one == other, (a.header[name] == nil) != (b.header[name] == nil):
			return "another path gets another " + name
		}
	}
	one, other := anywhere(b, b.body), anywhere(c, c.body)
	body := anywhere(a, a.body)
	switch {
	case one == other && body != one:
		return "another path gets another page"
	case one != other && len(one) == len(other) && len(body) != len(one):
		return "another path gets a page of another length"
	}
	return ""
}

// anywhere returns a text of an answer without the path that was asked for.
func anywhere(a answer, text string) string {
	return strings.ReplaceAll(text, strings.Trim(a.path, "/"), "PATH")
}

// commonPaths are where scanners look first.
var commonPaths = []string{"/admin/", "/administrator/", "/wp-admin/", "/wp-login.php", "/phpmyadmin/"}

var passwordField = regexp.MustCompile(`(?i)<input[^>]*\btype\s*=\s*["']?password`)

// findCommon reports what is at common paths and is no refusal. Where every path gets an answer, only a login tells.
func (p *prober) findCommon(ctx context.Context) ([]check.Finding, error) {
	missing, err := p.get(ctx, p.missing())
	if err != nil {
		return nil, err
	}
	asks := make([]ask, len(commonPaths))
	for i, path := range commonPaths {
		asks[i] = p.ask("GET", path, "")
	}
	answers, err := p.all(ctx, asks...)
	logins := wrong(answers, "", func(a answer) (string, bool) { return login(a), login(a) != "" && login(missing) == "" })
	others := wrong(answers, "", func(a answer) (string, bool) {
		return "", login(a) == "" && a.status < 300 && missing.status >= 300
	})
	for i := range others {
		others[i].Level = check.Info
	}
	return append(logins, others...), err
}

// login says how an answer asks to log in, nothing if it does not.
func login(a answer) string {
	switch {
	case a.status == http.StatusUnauthorized && a.header.Get("Www-Authenticate") != "":
		return "which asks for a password"
	case a.status < 300 && passwordField.MatchString(a.body):
		return "which has a field for a password"
	case a.status >= 300 && a.status < 400:
		if to, err := url.Parse(a.header.Get("Location")); err == nil && (to.Host == "" || to.Host == a.host) &&
			strings.HasPrefix(to.Path, "/"+strings.Trim(a.path, "/")+"/") && strings.Trim(to.Path, "/") != strings.Trim(a.path, "/") {
			return "which leads further down"
		}
	}
	return ""
}
