package probe

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

func (p *prober) pageRules() []check.Check {
	checks := []check.Check{{
		ID: "probe.E024", Level: check.Error,
		Title: "A page of the site does not answer.",
		Hint: "Look into the log for why, and whether the host that was asked for is one of ALLOWED_HOSTS. Other rules " +
			"have looked at an error page instead.",
		Why: "Visitors of the page see an error. And what else this report says of it is said of the error page, " +
			"so that a gate which stays green has looked at nothing.",
		See:  "https://www.rfc-editor.org/rfc/rfc9110#section-15.6",
		Find: p.findBroken,
	}, {
		ID: "probe.E025", Level: check.Error,
		Title: "Error pages tell strangers how the application is built.",
		Hint:  "Turn DEBUG off and answer errors with pages that say nothing but the status.",
		Why: "Stack traces, file paths and queries show an attacker which libraries run, where their files are and " +
			"which input reached them; a debug page shows settings as well.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Error_Handling_Cheat_Sheet.html",
		Setting: "DEBUG",
		Find:    p.findDetail,
	}, {
		ID: "probe.E026", Level: check.Error,
		Title: "An error page repeats what was asked without escaping it.",
		Hint:  "Do not repeat the address in error pages, or escape it, as html/template and Django's templates do.",
		Why: "An attacker sends somebody a link to a page that does not exist. What the link holds runs as a " +
			"script of the site, with the rights of whoever followed it.",
		See: "https://cwe.mitre.org/data/definitions/79.html",
		Find: p.each("", func(a answer) (string, bool) {
			return "", strings.Contains(a.body, markup) && strings.Contains(a.header.Get("Content-Type"), "html")
		}),
	}, {
		ID: "probe.I027", Level: check.Info,
		Title: "Answers name the software that made them.",
		Hint:  "Drop Server and X-Powered-By, or their version numbers.",
		Why: "Those who look for sites with a certain hole find them by name and version. Leaving these out closes " +
			"no hole, but takes the site off the list.",
		See: "https://www.rfc-editor.org/rfc/rfc9110#section-17.12",
		Find: p.each("", func(a answer) (string, bool) {
			names := p.banners(a)
			return names, names != "" && a.ask == p.page()
		}),
	}, {
		ID: "probe.W028", Level: check.Warning,
		Title: "TRACE is answered.",
		Hint:  "Let routes name their methods, and have the server in front refuse TRACE.",
		Why: "The answer to TRACE repeats the request, with cookies and credentials that scripts are not meant to " +
			"read. No visitor needs it.",
		See:  "https://www.rfc-editor.org/rfc/rfc9110#section-9.3.8",
		Find: p.findTrace,
	}, {
		ID: "probe.W029", Level: check.Warning,
		Title: "The health path does not do what load balancers need, or does more.",
		Hint:  "Answer exactly this path with 200, over http and for any Host, with a short body and no cookie.",
		Why: "A load balancer takes instances that answer it with anything but 200 out of service, so that a " +
			"setting can take down the site. What answers for any host must not do more than that.",
		See:     "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#define-a-liveness-http-request",
		Setting: "HEALTH_PATH",
		Find:    p.findHealth,
	}}
	if p.HealthPath == "" || p.Outside {
		checks[5].Find = nothing
	}
	return checks
}

func (p *prober) findBroken(ctx context.Context) ([]check.Finding, error) {
	var asks []ask
	for _, path := range p.Paths {
		asks = append(asks, p.ask("GET", path, ""))
	}
	answers, err := p.all(ctx, asks...)
	found := wrong(answers, "", func(a answer) (string, bool) {
		return "", a.status >= 500 || a.status == 400 || a.status == 421
	})
	if err != nil || len(found) > 0 || !p.Outside || p.Profile == API {
		return found, err
	}
	// A firewall that takes us for an attacker refuses every request alike: no rule has seen the site.
	found = wrong(answers[:1], "", func(a answer) (string, bool) { return "", a.status == 401 || a.status == 403 })
	for i := range found {
		found[i].Level = check.Warning
		found[i].Title = "The page is refused to strangers: nothing has been seen of the site behind it."
		found[i].Hint = "Let the probe through, by its address or its User-Agent, or name a page that strangers may see. If the site is for " +
			"nobody else, waive this."
	}
	return found, nil
}

// details are what frameworks show developers. None of it has a place in an answer with an error status.
var details = []struct {
	what string
	in   sign
}{
	{"a Go stack trace", signOf(`goroutine \d+ \[|runtime/debug\.Stack|(?:^|[\n>])panic: `, "goroutine ", "runtime/debug.Stack", "panic: ")},
	{"a Python stack trace", signOf(`Traceback \(most recent call last\)`, "Traceback (most")},
	// Without DEBUG, Django's refusal of a forged post says "More information is available with DEBUG=True."
	{"Django's debug page", signOf(`because you have (?:<code>)?DEBUG\s*=\s*True|Using the URLconf defined in`, "because you have", "Using the URLconf")},
	{"Rails' debug page", signOf(`<title>Action Controller: Exception caught</title>|Rails\.root: `, "Action Controller: ", "Rails.root: ")},
	{"Laravel's debug page", signOf(`window\.ignite\(|Whoops\\(?:Exception|Run)|<title>Whoops! There was an error|Illuminate\\\w+\\`,
		"window.ignite(", "Whoops", `Illuminate\`)},
	{"Symfony's debug page", signOf(`Symfony\\Component\\|id="sf-resetcontent"|symfony-ghost`, `Symfony\`, "sf-resetcontent", "symfony-ghost")},
	{"Werkzeug's debugger", signOf(`Werkzeug Debugger|EVALEX = `, "Werkzeug", "EVALEX")},
	{"ASP.NET's error page", signOf(`Server Error in '/[^']*' Application|<b>Stack Trace:</b>|Microsoft\.AspNetCore\.`,
		"Server Error in '", "Stack Trace:", "Microsoft.")},
	{"an error of PHP", signOf(`<b>(?:Fatal error|Parse error|Warning|Notice|Deprecated)</b>: .* on line <b>\d+</b>`, " on line <b>")},
	{"a Node.js stack trace", signOf(`(?m)\bat (?:[\w.<>$ \[\]]+ )?\(?(?:file://|node:|/)[^\s)]*:\d+:\d+\)?`, "at ")},
	{"a .NET stack trace", signOf(`\bat System\.[\w.]+\(`, "at System.")},
	{"a Java stack trace", signOf(`\bat [\w$.]+\([\w$]+\.java:\d+\)`, ".java:")},
	{"a stack trace", signOf(`(?i)\bstack ?trace:`, "race:", "RACE:")},
	{"a file path", signOf(`(?:/[\w.@-]+){2,}\.(?:go|py|rb|php|js|ts)\b(?:[:"',\s]|&quot;)|[A-Za-z]:\\[\w\\ .-]+\.\w+`,
		".go", ".py", ".rb", ".php", ".js", ".ts", `:\`)},
	{"a line of source", signOf(`\b[\w-]+\.(?:go|py|rb|php):\d+\b`, ".go:", ".py:", ".rb:", ".php:")},
	{"an error of the database", signOf(`SQLSTATE|SQL syntax|pq: |sqlite3?\.\w*Error`, "SQLSTATE", "SQL syntax", "pq: ", "sqlite")},
}

// debugPage is what this library's own debug page says. Of our own application the settings tell whether DEBUG is on, and the
// page that fails shows the rest.
var debugPage = signOf(`You see this page because DEBUG is on\.`, "because DEBUG is on")

// sign is what a page shows by which it is known.
type sign struct {
	re   *regexp.Regexp
	hint []string // one of these is in whatever matches; to look for them is a hundred times faster
}

func signOf(expression string, hint ...string) sign {
	return sign{regexp.MustCompile(expression), hint}
}

func (s sign) in(body string) bool {
	return slices.ContainsFunc(s.hint, func(h string) bool { return strings.Contains(body, h) }) && s.re.MatchString(body)
}

// odd is a request that no link leads to, with bytes that are no text: what fails on it shows its error page.
func (p *prober) odd() ask { return p.ask("GET", "/airworthy-probe-%FF?airworthy=%FF", "") }

func (p *prober) findDetail(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.seen(ctx)
	if err != nil {
		return nil, err
	}
	odd, err := p.get(ctx, p.odd())
	return wrong(append(answers, odd), "DEBUG", func(a answer) (string, bool) {
		what := detail(a)
		if what == "" && p.Outside && a.status >= 400 && debugPage.in(a.body) {
			what = "this library's debug page"
		}
		return what, what != ""
	}), err
}

// detail says what an error page tells too much of. It never quotes it.
func detail(a answer) string {
	if a.status < 400 {
		return ""
	}
	for _, d := range details {
		if d.in.in(a.body) {
			return d.what
		}
	}
	return ""
}

// banners names what made an answer. The name of a server without a version tells hardly more than its behaviour does.
func (p *prober) banners(a answer) string {
	var names []string
	for _, name := range []string{"Server", "X-Powered-By", "X-Aspnet-Version", "X-Aspnetmvc-Version", "X-Generator", "X-Runtime"} {
		if v := a.header.Get(name); v != "" && (name != "Server" || strings.ContainsAny(v, "0123456789")) {
			names = append(names, name+": "+shortened(v))
		}
	}
	if g := p.read(a).generator; strings.ContainsAny(g, "0123456789") {
		names = append(names, "generator: "+shortened(g))
	}
	return strings.Join(names, ", ")
}

// shortened returns the beginning of what a server says of itself.
func shortened(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}

func (p *prober) findTrace(ctx context.Context) ([]check.Finding, error) {
	const canary = "airworthy-trace-canary"
	headers := "X-Probe: " + canary
	answers, err := p.all(ctx, p.ask("TRACE", p.Paths[0], headers), p.ask("TRACK", p.Paths[0], headers))
	ok := func(a answer) bool { return a.status >= 200 && a.status < 300 }
	repeats := wrong(answers, "", func(a answer) (string, bool) {
		return "which repeats the request's headers", ok(a) && mentions(a, canary)
	})
	if len(repeats) > 0 {
		return repeats, err
	}
	// Of methods that nobody knows some servers make GET.
	answered := wrong(answers, "", func(a answer) (string, bool) { return "", ok(a) && a.method == "TRACE" })
	for i := range answered {
		answered[i].Level = check.Info
	}
	return answered, err
}

func (p *prober) findHealth(ctx context.Context) ([]check.Finding, error) {
	// Load balancers connect to an address and name it as the host.
	healthy := ask{"GET", "http", "192.0.2.1", p.HealthPath, ""}
	below := ask{"GET", p.scheme(), evil, strings.TrimSuffix(p.HealthPath, "/") + "/airworthy-probe", ""}
	answers, err := p.all(ctx, healthy, below)
	return wrong(answers, "HEALTH_PATH", func(a answer) (string, bool) {
		switch {
		case a.path != p.HealthPath:
			return "although only the path itself is meant", a.status < 400
		case a.status != 200:
			return "want 200", true
		case len(a.body) > 1024:
			return "with more than 1024 bytes", true
		}
		return "with a cookie", len(a.header["Set-Cookie"]) > 0
	}), err
}
