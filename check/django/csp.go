package django

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/csp"
)

const (
	policyMiddleware = "django.middleware.csp.ContentSecurityPolicyMiddleware"
	nonceProcessor   = "django.template.context_processors.csp"
	nonceSentinel    = "<CSP_NONCE_SENTINEL>"

	// constantNonce stands for one that the settings spell out. However long it is, everybody knows it after the first
	// answer; csp.W012 looks for short ones.
	constantNonce = "'nonce-constant'"
)

// addOn are the middleware classes of django-csp, which serve Django before 6.
var addOn = []string{"csp.middleware.CSPMiddleware", "csp.contrib.rate_limiting.RateLimitedCSPMiddleware"}

// policies returns the directives that are enforced and those that are only reported, nil for none.
func (p Project) policies() (enforced, reported map[string]any) {
	if p.middleware(policyMiddleware) {
		enforced, _ = p.get("SECURE_CSP").dict()
		reported, _ = p.get("SECURE_CSP_REPORT_ONLY").dict()
	}
	if slices.ContainsFunc(addOn, p.middleware) {
		enforced = cmpMap(enforced, directives(p.get("CONTENT_SECURITY_POLICY")))
		reported = cmpMap(reported, directives(p.get("CONTENT_SECURITY_POLICY_REPORT_ONLY")))
	}
	return enforced, reported
}

func cmpMap(a, b map[string]any) map[string]any {
	if len(a) > 0 {
		return a
	}
	return b
}

// directives returns the directives of django-csp's setting.
func directives(v value) map[string]any {
	settings, ok := v.dict()
	if !ok {
		return nil
	}
	d, _ := value{settings["DIRECTIVES"], true}.dict()
	if _, ok := d["default-src"]; !ok {
		d = maps.Clone(d)
		if d == nil {
			d = map[string]any{}
		}
		d["default-src"] = "'self'" // which django-csp adds
	}
	return d
}

// csp returns what the policies are in our words, and what is wrong with their words.
func (p Project) csp() (csp.Config, error) {
	enforced, reported := p.policies()
	c := csp.Config{}
	var errs [2]error
	c.Enforce, errs[0] = parsePolicy(enforced)
	c.ReportOnly, errs[1] = parsePolicy(reported)
	if c.Enforce.IsZero() {
		c.Enforce, c.ReportOnly, c.InsecureReportOnly = c.ReportOnly, csp.Policy{}, true
	}
	if c.Enforce.IsZero() {
		c = csp.Config{InsecureOff: true}
	}
	return c, errors.Join(errs[:]...)
}

// parsePolicy reads a policy as Django would send it, the directives in a fixed order.
func parsePolicy(directives map[string]any) (csp.Policy, error) {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(directives)) {
		v := value{directives[name], true}
		words := v.texts()
		if s, ok := v.str(); ok {
			words = []string{s}
		}
		for i, word := range words {
			if word == nonceSentinel || strings.HasPrefix(word, "(csp.") {
				words[i] = string(csp.NonceSource)
			}
			if _, err := csp.Parse("script-src " + word); err == nil && strings.HasPrefix(word, "'nonce-") {
				words[i] = constantNonce
			}
		}
		switch {
		case v.isTrue():
			lines = append(lines, name)
		case len(words) > 0 && v.truthy():
			lines = append(lines, name+" "+strings.Join(words, " "))
		}
	}
	return csp.Parse(strings.Join(lines, "; "))
}

// policyRules are Django's about SECURE_CSP, from 6.0 and 6.1.
func (p Project) policyRules() []check.Check {
	rules := p.policyFaults()
	return slices.Concat(p.since(6, 0, rules[0]), p.since(6, 1, rules[1]), rules[2:])
}

func (p Project) policyFaults() []check.Check {
	return []check.Check{{
		ID: "security.E026", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "A Content-Security-Policy is no dictionary.",
		Hint:  "Write a dictionary of directives, such as {\"default-src\": [CSP.SELF]}, or None.",
		Why: "Django cannot make a header of anything else: pages fail, or go out without the policy that was " +
			"meant to hold back injected scripts.",
		See: "https://docs.djangoproject.com/en/stable/ref/checks/#security",
		Find: func(context.Context) (found []check.Finding, err error) {
			for _, name := range []string{"SECURE_CSP", "SECURE_CSP_REPORT_ONLY"} {
				v := p.get(name)
				if _, dict := v.dict(); !dict && !v.isNone() {
					found = append(found, check.Finding{Setting: name, Evidence: "it is of type " + v.kind()})
				}
			}
			return found, nil
		},
	}, {
		ID: "security.W027", Level: check.Warning, Tags: tags, Needs: check.Settings,
		Title: "The Content-Security-Policy wants a nonce that no template can have.",
		Hint:  "Add " + nonceProcessor + " to the context processors in TEMPLATES.",
		Why: "The policy lets only scripts with the nonce run, and templates have none to write: the site's own " +
			"scripts stop, and the next thing that somebody does is to switch the policy off.",
		See:     "https://docs.djangoproject.com/en/stable/ref/csp/#csp-nonce",
		Setting: "TEMPLATES",
		Find:    when(p.nonceWithoutProcessor()),
	}, {
		ID: "django.E001", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "A Content-Security-Policy says what browsers do not understand, so that they skip it.",
		Hint:  "Correct the policy; Django sends whatever stands there.",
		Why: "A browser ignores a directive that it cannot read and says so in its console only. What was to be " +
			"forbidden is allowed, and nobody is told.",
		See:     "https://www.w3.org/TR/CSP3/#parse-serialized-policy",
		Setting: "SECURE_CSP",
		Find: func(context.Context) ([]check.Finding, error) {
			_, err := p.csp()
			if err == nil {
				return nil, nil
			}
			return []check.Finding{{Evidence: err.Error()}}, nil
		},
	}}
}

func (p Project) nonceWithoutProcessor() bool {
	if !p.middleware(policyMiddleware) {
		return false
	}
	wanted := false
	for _, name := range []string{"SECURE_CSP", "SECURE_CSP_REPORT_ONLY"} {
		d, _ := p.get(name).dict()
		for _, v := range d {
			wanted = wanted || value{v, true}.contains(nonceSentinel)
		}
	}
	for _, template := range p.get("TEMPLATES").items() {
		d, _ := template.dict()
		if (value{d["context_processors"], true}).contains(nonceProcessor) {
			return false
		}
	}
	return wanted
}
