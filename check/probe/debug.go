package probe

import (
	"context"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// tool is a page for developers: where it is, and what only it says.
type tool struct {
	path, name string
	says       sign
	level      check.Level // 0 for the rule's
}

// debugTools are those that are found open most often, one request each.
var debugTools = []tool{
	{"/debug/pprof/", "Go's profiler", signOf(`(?s)/debug/pprof/.*full goroutine stack dump|Types of profiles available`, `goroutine stack dump`, `Types of profiles`), 0},
	{"/debug/vars", "Go's variables", signOf(`(?s)"cmdline":.*"memstats":`, `memstats`), 0},
	{"/metrics", "metrics for Prometheus", signOf(`(?m)^# (?:HELP|TYPE) [a-z_:]`, `# `), check.Warning},
	{"/actuator", "Spring's actuator", signOf(`(?s)"_links".*"(?:env|heapdump|threaddump|beans|configprops|mappings|loggers|logfile)"`, `_links`), 0},
	{"/_profiler/", "Symfony's profiler", signOf(`Symfony Profiler`, `Symfony Profiler`), 0},
	{"/_ignition/health-check", "Laravel's Ignition", signOf(`"can_execute_commands"`, `can_execute_commands`), 0},
	{"/rails/info/routes", "Rails' list of routes", signOf(`Routes match in priority from top to bottom`, `Routes match`), 0},
	{"/console", "Werkzeug's console", signOf(`(?s)Interactive Console.*(?:Werkzeug|EVALEX)|EVALEX = true`, `Interactive Console`, `EVALEX`), check.Critical},
	{"/phpinfo.php", "phpinfo", signOf(`(?s)<title>.*phpinfo\(\).*PHP Version`, `phpinfo`), 0},
	{"/server-status", "Apache's status", signOf(`Apache Server Status for`, `Apache Server Status`), check.Warning},
}

// toolbars are what debug tools put into the pages themselves.
var toolbars = []tool{
	{"", "Django's debug toolbar", signOf(`id="djDebug"`, `djDebug`), 0},
	{"", "a PHP debug bar", signOf(`phpdebugbar\.|class="phpdebugbar`, `phpdebugbar`), 0},
	{"", "Symfony's debug toolbar", signOf(`id="sfwdt[0-9a-f]|class="sf-toolbar`, `sfwdt`, `sf-toolbar`), 0},
	{"", "Werkzeug's debugger", signOf(`EVALEX = true|<title>[^<]*// Werkzeug Debugger</title>`, `EVALEX`, `Werkzeug`), check.Critical},
	{"", "Laravel's Ignition", signOf(`window\.ignite\(|class="ignition|<!-- Ignition `, `window.ignite(`, `class="ignition`, `<!-- Ignition`), 0},
	{"", "Rails' web console", signOf(`id="console" data-mount-point=|class="console-prompt-box"`, `data-mount-point`, `console-prompt-box`), check.Critical},
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
		if a.status == 200 && t.says.in(a.body) && !t.says.in(missing.body) {
			report(a, t)
		}
	}
	answers, err := p.seen(ctx)
	for _, a := range answers {
		for _, t := range toolbars {
			if htmlOf(a) && t.says.in(a.body) {
				report(a, t)
			}
		}
		if strings.TrimSpace(a.header.Get("X-Debug-Token")) != "" {
			report(a, tool{name: "Symfony's profiler, by the header X-Debug-Token"})
		}
	}
	return out, err
}
