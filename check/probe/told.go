package probe

import (
	"context"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// toldRules are about what the site tells strangers on purpose, and what it repeats.
func (p *prober) toldRules() []check.Check {
	return []check.Check{{
		ID: "probe.I061", Level: check.Info,
		Title: "The page says that it takes methods which change or show more than pages do.",
		Hint:  "Let routes name their methods; if these are meant, they need a login and a token.",
		Why:   "Allow is where those look first who look for a way to write to the site.",
		See:   "https://www.rfc-editor.org/rfc/rfc9110#section-10.2.1",
		Find:  p.findMethods,
	}, {
		ID: "probe.I062", Level: check.Info,
		Title: "People who find a hole do not learn whom to tell: security.txt is missing, faulty or out of date.",
		Hint:  "Serve /.well-known/security.txt as text/plain with Contact: and Expires:, the latter less than a year away.",
		Why:   "People who find holes and cannot reach anybody publish them, or keep them.",
		See:   "https://www.rfc-editor.org/rfc/rfc9116",
		Find:  p.findSecurityText,
	}, {
		ID: "probe.I063", Level: check.Info,
		Title: "robots.txt tells strangers what they should not know of.",
		Hint:  "Do not list it: refuse strangers there, and send X-Robots-Tag: noindex with what search engines should leave out.",
		Why:   "It is the first file that people read who look for an admin, a backup or a test site.",
		See:   "https://www.rfc-editor.org/rfc/rfc9309#section-3",
		Find:  p.findRobots,
	}, {
		ID: "probe.I066", Level: check.Info,
		Title: "A page that repeats what was asked is compressed together with a token.",
		Hint:  "Mask tokens anew for each answer, as Django does, or leave this page uncompressed.",
		Why:   "Whoever sees how long encrypted answers are, and can make a visitor ask, learns the token letter by letter (BREACH).",
		See:   "https://nvd.nist.gov/vuln/detail/CVE-2013-3587",
		Find:  p.findBreach,
	}, {
		ID: "probe.E068", Level: check.Error,
		Title: "A page repeats what stands in its address without escaping it.",
		Hint:  "Escape it (html/template and Django's templates do), or leave it out. A link can run scripts here.",
		Why:   "Whoever makes a visitor open a link runs a script as that visitor: it reads, posts and logs in.",
		See:   "https://cwe.mitre.org/data/definitions/79.html",
		Find:  p.findReflected,
	}, {
		ID: "probe.I069", Level: check.Info,
		Title: "Answers tell of machines behind the site.",
		Hint:  "Have the proxy drop the header, and use names of the site in redirects and pages.",
		Why:   "Addresses and names of the inside help whoever has found a way in, or makes a server ask for him.",
		See:   "https://cwe.mitre.org/data/definitions/200.html",
		Find: p.each("", func(a answer) (string, bool) {
			what := p.inner(a)
			return what, what != ""
		}),
	}, {
		ID: "probe.W070", Level: check.Warning,
		Title: "Addresses of the site hold the session.",
		Hint:  "Keep sessions in cookies alone (PHP: session.use_only_cookies; servlets: tracking-mode COOKIE).",
		Why: "Addresses end up in histories, logs and Referer, and people send them to each other: whoever has one is " +
			"logged in.",
		See: "https://cwe.mitre.org/data/definitions/598.html",
		Find: p.each("", func(a answer) (string, bool) {
			return "", sessionInURL.MatchString(a.header.Get("Location")) || htmlOf(a) && sessionInURL.MatchString(a.body)
		}),
	}}
}

// sessionInURL matches what servers add to links for browsers without cookies.
var sessionInURL = regexp.MustCompile(`(?i)[;?&](?:jsessionid|phpsessid|aspsessionid[a-z]*|cfid)=[\w.-]{6,}`)

// innerAddress matches addresses that the internet does not route (RFC 1918).
var innerAddress = regexp.MustCompile(`(?:^|[^\d.])(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})(?:$|[^\d.])`)

// inner names the headers that tell of the inside. A site that is itself there has nothing to hide of it.
func (p *prober) inner(a answer) string {
	if _, err := netip.ParseAddr(strings.Trim(withoutPort(p.Host), "[]")); err == nil {
		return ""
	}
	var names []string
	for name, values := range a.header {
		switch {
		case slices.Contains([]string{"X-Backend-Server", "X-Chromelogger-Data", "X-Chromephp-Data", "X-Upstream"}, name),
			innerAddress.MatchString(strings.Join(values, " ")):
			names = append(names, name)
		}
	}
	if a.status >= 400 && innerAddress.MatchString(a.body) {
		names = append(names, "an address in the page")
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func (p *prober) findMethods(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.all(ctx, p.wrongMethod())
	return wrong(answers, "", func(a answer) (string, bool) {
		var some []string
		for word := range strings.SplitSeq(strings.Join(a.header["Allow"], ","), ",") {
			word = strings.ToUpper(strings.TrimSpace(word))
			if slices.Contains([]string{"PUT", "DELETE", "PATCH", "TRACE", "TRACK", "CONNECT", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "DEBUG"}, word) {
				some = append(some, word)
			}
		}
		return strings.Join(some, ", "), len(some) > 0
	}), err
}

func (p *prober) findSecurityText(ctx context.Context) ([]check.Finding, error) {
	missing, err := p.get(ctx, p.missing())
	if err != nil {
		return nil, err
	}
	answers, err := p.all(ctx, p.ask("GET", "/.well-known/security.txt", ""))
	return wrong(answers, "", func(a answer) (string, bool) {
		if a.status != 200 || htmlOf(a) || missing.status == 200 && missing.body == a.body {
			return "there is none", p.Outside // our own application may leave it to the proxy
		}
		what := judgeSecurityText(a, time.Now())
		return what, what != ""
	}), err
}

// judgeSecurityText says what is wrong with a security.txt.
func judgeSecurityText(a answer, now time.Time) string {
	contact, expires := false, ""
	for line := range strings.Lines(a.body) {
		name, value, _ := strings.Cut(line, ":")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "contact":
			contact = contact || strings.TrimSpace(value) != ""
		case "expires":
			expires = strings.TrimSpace(value)
		}
	}
	at, err := time.Parse(time.RFC3339, expires)
	switch {
	case !contact:
		return "without Contact"
	case err != nil:
		return "without Expires, or with one that is no date"
	case at.Before(now):
		return "which has expired"
	case at.After(now.AddDate(1, 0, 1)):
		return "which expires in more than a year"
	}
	return ""
}

// telling are parts of paths that are worth a look to strangers.
var telling = regexp.MustCompile(`(?i)admin|backup|\.bak|\.git|\.env|\.sql|dump|secret|private|intern|staging|config|password|credential|phpmyadmin|debug`)

func (p *prober) findRobots(ctx context.Context) ([]check.Finding, error) {
	a, err := p.get(ctx, p.ask("GET", "/robots.txt", ""))
	if err != nil || a.status != 200 || htmlOf(a) {
		return nil, err
	}
	var paths []string
	admin := false
	for line := range strings.Lines(a.body) {
		line, _, _ = strings.Cut(line, "#")
		name, path, _ := strings.Cut(line, ":")
		path = strings.TrimSpace(path)
		if !strings.EqualFold(strings.TrimSpace(name), "disallow") || path == "" {
			continue
		}
		ours := p.AdminPath != "" && strings.HasPrefix(path, strings.TrimSuffix(p.AdminPath, "/"))
		admin = admin || ours
		if path = plainPath(path); (ours || telling.MatchString(path)) && !slices.Contains(paths, path) && len(paths) < 5 {
			paths = append(paths, path)
		}
	}
	found := wrong([]answer{a}, "", func(answer) (string, bool) { return strings.Join(paths, ", "), len(paths) > 0 })
	for i := range found {
		found[i].Key = strings.Join(paths, " ")
		if admin {
			found[i].Level, found[i].Setting = check.Warning, "ADMIN_PATH"
		}
	}
	return found, nil
}

// plainPath returns a path that a server wrote, short and without what is no path.
func plainPath(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return "a path that is none"
	}
	path = u.EscapedPath()
	if len(path) > 60 {
		path = path[:57] + "..."
	}
	return path
}

// echo is the page with a query that must come back escaped, if at all. It may come compressed.
func (p *prober) echo() ask {
	a := p.ask("GET", p.Paths[0], "Accept-Encoding: gzip")
	a.path += map[bool]string{true: "&", false: "?"}[strings.Contains(a.path, "?")] + "airworthy-probe=%22%3E%3Cairworthy%3E"
	return a
}

func (p *prober) findReflected(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.all(ctx, p.echo())
	return wrong(answers, "", func(a answer) (string, bool) {
		return "", htmlOf(a) && strings.Contains(a.body, markup)
	}), err
}

// tokenField matches hidden fields that hold a token. Those of Django and Rails are masked.
var tokenField = regexp.MustCompile(`(?i)csrf|xsrf|token|nonce`)

func (p *prober) findBreach(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.all(ctx, p.echo())
	return wrong(answers, "", func(a answer) (string, bool) {
		i := slices.IndexFunc(p.read(a).hidden, func(name string) bool {
			return tokenField.MatchString(name) && name != "csrfmiddlewaretoken" && name != "authenticity_token"
		})
		repeats := strings.Contains(a.body, "airworthy-probe=") || strings.Contains(a.body, "airworthy&gt;")
		if i < 0 || !repeats || a.header.Get("Content-Encoding") == "" {
			return "", false
		}
		return "compressed, with a hidden field for a token", true
	}), err
}
