package csp

import (
	"context"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

var tags = []string{"security", "csp"}

// Checks returns the rules that judge c. One of them belongs to each kind of [Weakness].
func (c Config) Checks() []check.Check {
	checks := []check.Check{
		{
			ID: "csp.W001", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Answers have no Content-Security-Policy, so every script that gets into a page runs.",
			Hint:  "Remove csp.Config.InsecureOff; begin with InsecureReportOnly if the policy is not ready.",
			Why: "One template that forgets to escape is enough for an attacker to act as every visitor of the " +
				"page. A policy is what stops the script after all else has failed.",
			See:     "https://www.w3.org/TR/CSP3/#intro",
			Setting: "SECURE_CSP",
			Find:    when(c.InsecureOff),
		},
		{
			ID: "csp.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "The Content-Security-Policy is report-only: browsers tell of an attack and let it happen.",
			Hint:  "When the reports have dried up, remove csp.Config.InsecureReportOnly.",
			Why: "An attack is reported while it succeeds. A report-only policy is a rehearsal, and rehearsals " +
				"tend to be forgotten.",
			See:     "https://www.w3.org/TR/CSP3/#cspro-header",
			Setting: "SECURE_CSP",
			Find:    when(c.InsecureReportOnly && !c.InsecureOff),
		},
		{
			ID: "csp.W014", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "A report-only policy reports to nobody.",
			Hint:  "Set CSP_REPORT_PATH=/csp-reports, or name a collector in the policy's report-uri.",
			Why: "The policy blocks nothing and tells nobody what it would have blocked, so that it can never be " +
				"switched on with confidence.",
			See:     "https://www.w3.org/TR/CSP3/#directive-report-uri",
			Setting: "CSP_REPORT_PATH",
			Find:    when(c.silent() && !c.InsecureOff),
		},
		{
			ID: "csp.E001", Level: check.Error, Tags: tags, Needs: check.Settings,
			Title: "The Content-Security-Policy is not valid.",
			Hint:  "Correct what the evidence names; the application does not start with it.",
			Why: "Browsers skip what they do not understand and say so in a console that nobody reads. What was to " +
				"be forbidden would be allowed.",
			See:     "https://www.w3.org/TR/CSP3/#parse-serialized-policy",
			Setting: "SECURE_CSP",
			Find: func(context.Context) ([]check.Finding, error) {
				err := c.validate()
				return check.When(err != nil, check.Finding{Evidence: text(err)})
			},
		},
	}
	for _, r := range rules {
		checks = append(checks, c.gradeCheck(r))
	}
	return checks
}

func when(wrong bool) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) ([]check.Finding, error) { return check.When(wrong, check.Finding{}) }
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// silent reports whether a policy is sent whose only use is reporting, and reports nowhere.
func (c Config) silent() bool {
	p := c.ReportOnly
	if c.InsecureReportOnly {
		p = c.enforced()
	}
	return !p.IsZero() && c.ReportPath == "" && len(p.ReportURI)+len(p.ReportTo) == 0
}

// gradeCheck is the check of one kind of weakness. It judges the first policy, enforced or not yet.
func (c Config) gradeCheck(r rule) check.Check {
	level := check.Warning
	if r.info {
		level = check.Info
	}
	return check.Check{
		ID: r.id, Level: level, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: r.title, Hint: r.remedy, Why: r.why, See: r.see, Setting: "SECURE_CSP",
		Find: func(context.Context) ([]check.Finding, error) {
			if c.InsecureOff {
				return nil, nil
			}
			p := c.enforced()
			var found []check.Finding
			for _, w := range r.find(&p, r) {
				evidence := strings.TrimSpace(w.Directive + " " + string(w.Source))
				found = append(found, check.Finding{Evidence: evidence})
			}
			return found, nil
		},
	}
}
