package probe

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// tool is a page for developers: where it is, and what only it says.
type tool struct {
	path, name string
	says       *regexp.Regexp
	level      check.Level // 0 for the rule's
}

// debugTools are those that are found open most often, one request each.
var debugTools = []tool{
	{"/debug/pprof/", "Go's profiler", regexp.MustCompile(`(?s)/debug/pprof/.*full goroutine stack dump|Types of profiles available`), 0},
	{"/debug/vars", "Go's variables", regexp.MustCompile(`(?s)"cmdline":.*"memstats":`), 0},
	{"/metrics", "metrics for Prometheus", regexp.MustCompile(`(?m)^# (?:HELP|TYPE) [a-z_:]`), check.Warning},
	{"/actuator", "Spring's actuator", regexp.MustCompile(`(?s)"_links".*"(?:env|heapdump|threaddump|beans|configprops|mappings|loggers|logfile)"`), 0},
	{"/_profiler/", "Symfony's profiler", regexp.MustCompile(`Symfony Profiler`), 0},
	{"/_ignition/health-check", "Laravel's Ignition", regexp.MustCompile(`"can_execute_commands"`), 0},
	{"/rails/info/routes", "Rails' list of routes", regexp.MustCompile(`Routes match in priority from top to bottom`), 0},
	{"/console", "Werkzeug's console", regexp.MustCompile(`(?s)Interactive Console.*(?:Werkzeug|EVALEX)|EVALEX = true`), check.Critical},
	{"/phpinfo.php", "phpinfo", regexp.MustCompile(`(?s)<title>.*phpinfo\(\).*PHP Version`), 0},
	{"/server-status", "Apache's status", regexp.MustCompile(`Apache Server Status for`), check.Warning},
}

// toolbars are what debug tools put into the pages themselves.
var toolbars = []tool{
	{"", "Django's debug toolbar", regexp.MustCompile(`id="djDebug"`), 0},
	{"", "a PHP debug bar", regexp.MustCompile(`phpdebugbar\.|class="phpdebugbar`), 0},
	{"", "Symfony's debug toolbar", regexp.MustCompile(`id="sfwdt[0-9a-f]|class="sf-toolbar`), 0},
	{"", "Werkzeug's debugger", regexp.MustCompile(`EVALEX = true|<title>[^<]*// Werkzeug Debugger</title>`), check.Critical},
	{"", "Laravel's Ignition", regexp.MustCompile(`window\.ignite\(|class="ignition|<!-- Ignition `), 0},
	{"", "Rails' web console", regexp.MustCompile(`id="console" data-mount-point=|class="console-prompt-box"`), check.Critical},
}

func (p *prober) debugRules() []check.Check {
	return []check.Check{{
		ID: "probe.E059", Level: check.Error,
		Title: "A tool for developers answers strangers.",
		Hint:  "Switch it off outside development, or serve it on another port that only colleagues reach.",
		Why: "These pages show memory, settings, routes and requests of other people, and some run what they are told: " +
			"scanners ask for them all day.",
		See:     "https://cwe.mitre.org/data/definitions/489.html",
		Setting: "DEBUG",
		Find:    p.findTools,
	}}
}

func (p *prober) findTools(ctx context.Context) ([]check.Finding, error) {
	missing, err := p.get(ctx, p.missing())
	if err != nil {
		return nil, err
	}
	var out []check.Finding
	report := func(a answer, t tool) {
		f := wrong([]answer{a}, "", func(answer) (string, bool) { return t.name, true })[0]
		f.Level, f.Key = t.level, t.name+" "+t.path
		if !slices.ContainsFunc(out, func(g check.Finding) bool { return g.Key == f.Key }) {
			out = append(out, f)
		}
	}
	for _, t := range debugTools {
		a, err := p.get(ctx, p.ask("GET", t.path, ""))
		if err != nil {
			return out, err
		}
		if a.status == 200 && t.says.MatchString(a.body) && !t.says.MatchString(missing.body) {
			report(a, t)
		}
	}
	answers, err := p.seen(ctx)
	for _, a := range answers {
		for _, t := range toolbars {
			if htmlOf(a) && t.says.MatchString(a.body) {
				report(a, t)
			}
		}
		if strings.TrimSpace(a.header.Get("X-Debug-Token")) != "" {
			report(a, tool{name: "Symfony's profiler, by the header X-Debug-Token"})
		}
	}
	return out, err
}
