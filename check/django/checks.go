package django

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/csrf"
)

var tags = []string{"security", "django"}

// Checks returns the rules for the project. The list of IDs is the same for every project.
func (p Project) Checks() []check.Check {
	if len(p.open) > 0 {
		return p.located(p.judged())
	}
	return p.located(p.rules())
}

func (p Project) rules() []check.Check {
	return slices.Concat(p.djangoRules(), p.partRules(), p.policyRules(), p.ownRules(), p.frameworkRules(), p.gapRules())
}

// djangoRules are the rules with Django's IDs that the parts have, each asked of its part.
func (p Project) djangoRules() []check.Check {
	trusted := csrf.Config{Django: true, TrustedOrigins: p.csrf().TrustedOrigins} // whatever the middleware
	return slices.Concat(
		pick(p.headers().Checks(), "security.W001", "security.W002", "security.W006", "security.W019", "security.W022",
			"security.E023"),
		p.since(4, 0, pick(p.headers().Checks(), "security.E024")...),
		pick(p.https().Checks(), "security.W004", "security.W005", "security.W008", "security.W021"),
		pick(p.csrf().Checks(), "security.W003", "security.W016"),
		p.since(4, 0, pick(trusted.Checks(), "4_0.E001")...),
		pick(p.session().Checks(), "security.W010", "security.W011", "security.W012", "security.W013", "security.W014",
			"security.W015"),
		pick(p.keyring().Checks(), "security.W009"),
		p.since(4, 1, pick(p.keyring().Checks(), "security.W025")...),
		pick(p.errorpages().Checks(), "security.W018"),
		pick(p.hosts().Checks(), "security.W020"),
	)
}

// partRules are rules that Django lacks and the parts have, as far as a Django project can break them.
func (p Project) partRules() []check.Check {
	policy, _ := p.csp()
	all := policy.Checks()
	grades := slices.DeleteFunc(all, func(c check.Check) bool { return c.ID == "csp.E001" || c.ID == "csp.W014" })
	return slices.Concat(
		pick(p.hosts().Checks(), "hosts.W001", "hosts.W002"),
		pick(p.https().Checks(), "https.E001", "https.I001", "https.W001", "https.W002"),
		pick(p.headers().Checks(), "headers.W001", "headers.W002", "headers.W003"),
		pick(p.csrf().Checks(), "csrf.E001", "csrf.W001", "csrf.W002", "csrf.W003", "csrf.W005"),
		pick(p.session().Checks(), "session.W001", "session.W002", "session.W005"),
		pick(p.keyring().Checks(), "keyring.E001", "keyring.W003"),
		pick(p.proxy().Checks(), "proxy.W002", "proxy.W003", "proxy.W004"),
		pick(grades, ids(grades)...),
	)
}

// pick returns the rules with the IDs, in words for a Django project.
func pick(checks []check.Check, ids ...string) (picked []check.Check) {
	for _, c := range checks {
		if !slices.Contains(ids, c.ID) {
			continue
		}
		if w, ok := wording[c.ID]; ok {
			c.Title, c.Hint, c.Why = w.title, w.hint, cmp.Or(w.why, c.Why)
		}
		if slices.Contains([]string{"security.W001", "security.W002", "security.W003"}, c.ID) {
			c.Setting = "MIDDLEWARE"
		}
		c.Hint = strings.ReplaceAll(c.Hint, "'nonce'", "CSP.NONCE")
		c.Tags = append(slices.Clone(c.Tags), "django")
		picked = append(picked, c)
	}
	return picked
}

func ids(checks []check.Check) (out []string) {
	for _, c := range checks {
		out = append(out, c.ID)
	}
	return out
}

// words are a rule's title and hint, and why, unless the part's own words fit.
type words struct{ title, hint, why string }

// wording is for rules whose part speaks of its own Config.
var wording = map[string]words{
	"security.W001": {
		title: "SecurityMiddleware is not installed, so that none of the SECURE_ settings has an effect.",
		hint:  "Put " + securityMiddleware + " first in MIDDLEWARE.",
		why: "The redirect to https, HSTS, nosniff, the referrer and the opener policy are this middleware's work: the settings " +
			"look safe, and none of it is done.",
	},
	"security.W002": {
		title: "XFrameOptionsMiddleware is not installed, so that other sites can frame pages and steal clicks.",
		hint:  "Add " + frameMiddleware + " to MIDDLEWARE.",
	},
	"security.W003": {
		title: "CsrfViewMiddleware is not installed: other sites can make visitors' browsers act in their name.",
		hint:  "Add " + csrfMiddleware + " to MIDDLEWARE.",
	},
	"security.W022": {
		title: "SECURE_REFERRER_POLICY is None, so addresses of pages leak to other sites.",
		hint:  "Remove the setting, or set same-origin.",
	},
	"security.W009": {
		title: "SECRET_KEY is weak: whoever guesses it can forge everything that is signed, sessions included.",
		hint:  "Set it to a random value of 50 characters or more, from the environment or a secrets manager.",
	},
	"security.W006": {
		title: "Answers have no X-Content-Type-Options: nosniff, so browsers guess what a file is and may run it.",
		hint:  "Remove SECURE_CONTENT_TYPE_NOSNIFF, or set it to True.",
	},
	"security.W018": {
		title: "DEBUG is on: every error shows code, request and settings to whoever caused it.",
		hint:  "Set DEBUG to False, not to a string.",
	},
	"hosts.W002": {
		title: "ALLOWED_HOSTS allows hosts that belong to others.",
		hint:  "Write the names below the public suffix that are yours.",
	},
	"csp.W012": {
		title: "The nonce stands in the settings, so that everybody can read it in any answer.",
		hint:  "Write CSP.NONCE, for which each answer gets a value of its own.",
		why:   "A nonce is a password for scripts. Whoever has read it once writes it on an injected script, which then runs.",
	},
	"hosts.W001": {
		title: "ALLOWED_HOSTS allows every host: links, redirects and caches can be poisoned with a forged one.",
		hint:  "Replace * by the names of the site. For health checks that name an address, answer before host validation.",
	},
	"csp.W001": {
		title: "Answers have no Content-Security-Policy, so every script that gets into a page runs.",
		hint:  "Set SECURE_CSP and its middleware (Django 6), or use django-csp; begin with the report-only policy.",
	},
	"csp.W002": {
		title: "The Content-Security-Policy is report-only: browsers tell of an attack and let it happen.",
		hint:  "When the reports have dried up, enforce the policy (SECURE_CSP).",
	},
	"proxy.W002": {
		title: "USE_X_FORWARDED_HOST is on: Django believes the header whoever sends it.",
		hint:  "If a proxy overwrites X-Forwarded-Host and nobody else can connect, silence this and say so; otherwise turn it off.",
		why: "Any client can send the header. If one reaches Django past the proxy, or the proxy passes the header on, links in " +
			"mails and cached pages lead where an attacker wants.",
	},
	"proxy.W003": {
		title: "USE_X_FORWARDED_PORT is on: Django believes the header whoever sends it.",
		hint:  "If a proxy overwrites X-Forwarded-Port and nobody else can connect, silence this and say so; otherwise turn it off.",
		why: "Any client can send the header. If one reaches Django past the proxy, or the proxy passes the header on, links and " +
			"redirects lead to a port where nobody answers, for everybody if a cache keeps them.",
	},
	"proxy.W004": {
		title: "SECURE_PROXY_SSL_HEADER is set: Django believes the header whoever sends it.",
		hint:  "If a proxy overwrites the header and nobody else can connect, silence this and say so; otherwise remove it.",
		why: "A client that reaches Django past the proxy, or whose header the proxy passes on, makes http look like https: nothing " +
			"is redirected, and the protection of forms compares origins with the wrong scheme.",
	},
	"session.W001": {
		title: "Other sites' requests carry the session cookie (SameSite is None or missing).",
		hint:  "Leave SESSION_COOKIE_SAMESITE at Lax unless the site has to work inside the frames of another.",
	},
	"csrf.W003": {
		title: "Other sites' requests carry the CSRF cookie (SameSite is None or missing).",
		hint:  "Set CSRF_COOKIE_SAMESITE to Lax.",
	},
	"keyring.E001": {
		title: "A key is a published example: everybody knows it and can forge everything that is signed.",
		hint:  "Set it to a random value of 50 characters or more.",
	},
}

// ownRules are rules of Django that no part of ours can break.
func (p Project) ownRules() []check.Check {
	return []check.Check{{
		ID: "security.E101", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "CSRF_FAILURE_VIEW cannot be called with a request and a reason, so that a refusal would fail.",
		Hint:  "Let the view take (request, reason=\"\").",
		Why: "Whoever is refused, which is also a visitor whose cookie has expired, sees an error of the server " +
			"instead of what to do; the log has a crash where it should have a refusal.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#csrf-failure-view",
		Setting: "CSRF_FAILURE_VIEW",
		Find:    known(p.Failure, func(v string) bool { return v == "uncallable" }),
	}, {
		ID: "security.E102", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "CSRF_FAILURE_VIEW cannot be imported, so that a refusal would fail.",
		Hint:  "Correct the dotted path, or remove the setting.",
		Why: "Whoever is refused, which is also a visitor whose cookie has expired, sees an error of the server " +
			"instead of what to do; the log has a crash where it should have a refusal.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#csrf-failure-view",
		Setting: "CSRF_FAILURE_VIEW",
		Find:    known(p.Failure, func(v string) bool { return v == "missing" }),
	}}
}

func when(wrong bool) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) ([]check.Finding, error) { return check.When(wrong, check.Finding{}) }
}
