package https

import (
	"context"

	"github.com/airworthy-go/airworthy/check"
)

var tags = []string{"security", "https"}

// Checks returns what can be wrong with c. Of one that is off https.W003 says so, and the others nothing.
func (c Config) Checks() []check.Check {
	on := !c.InsecureOff
	hsts := on && c.HSTS.Seconds() > 0
	when := func(wrong bool, evidence string) func(context.Context) ([]check.Finding, error) {
		return func(context.Context) ([]check.Finding, error) {
			return check.When(wrong, check.Finding{Evidence: evidence})
		}
	}
	rules := []check.Check{{
		ID: "security.W004", Level: check.Warning,
		Title: "HSTS is off: a browser's first request of each visit can be intercepted in the clear.",
		Hint:  "Set SECURE_HSTS_SECONDS, first to 3600 and then in steps up to 31536000.",
		Why: "Whoever sits between a visitor and the site, as in an open wireless network, answers the http " +
			"request before the redirect does, and the visitor never sees https.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secure-hsts-seconds",
		Setting: "SECURE_HSTS_SECONDS",
		Find:    when(on && !hsts, ""),
	}, {
		ID: "security.W005", Level: check.Warning,
		Title: "HSTS leaves subdomains out: one that answers in the clear can be used to attack this one.",
		Hint:  "Set SECURE_HSTS_INCLUDE_SUBDOMAINS once every subdomain answers HTTPS.",
		Why: "Somebody on a visitor's network answers for a subdomain that need not even exist, and from there " +
			"sets cookies that this site reads.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secure-hsts-include-subdomains",
		Setting: "SECURE_HSTS_INCLUDE_SUBDOMAINS",
		Find:    when(hsts && !c.IncludeSubdomains, ""),
	}, {
		ID: "security.W008", Level: check.Warning,
		Title: "Requests in the clear are not redirected to HTTPS.",
		Hint:  "Set SECURE_SSL_REDIRECT, or silence this if the proxy redirects.",
		Why: "Whoever types the name or follows an old link stays on http, where everybody on the way reads " +
			"passwords and sessions and can change the pages.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secure-ssl-redirect",
		Setting: "SECURE_SSL_REDIRECT",
		Find:    when(on && c.InsecureHTTP, ""),
	}, {
		ID: "security.W021", Level: check.Warning,
		Title: "HSTS does not ask for preloading: a browser's first visit ever can be intercepted.",
		Hint: "Set SECURE_HSTS_PRELOAD if the host and all below it will speak HTTPS for good; otherwise silence " +
			"this with that reason, since preloading is all but irrevocable.",
		Why: "Until a browser has seen the site once over https, it does not know that it must. Browsers ship with " +
			"a list of hosts that are never asked over http.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secure-hsts-preload",
		Setting: "SECURE_HSTS_PRELOAD",
		Find:    when(hsts && !c.Preload, ""),
	}, {
		ID: "https.E001", Level: check.Error,
		Title: "Preloading is asked for with HSTS that the preload list refuses.",
		Hint:  "Set SECURE_HSTS_SECONDS to 31536000 and SECURE_HSTS_INCLUDE_SUBDOMAINS, or do not preload.",
		Why: "The host is not put on the list, or is taken off it again, and everybody believes that first visits " +
			"are protected.",
		See:     "https://hstspreload.org/#submission-requirements",
		Setting: "SECURE_HSTS_PRELOAD",
		Find:    when(on && len(c.preloadMistakes()) > 0, c.header()),
	}, {
		ID: "https.I001", Level: check.Info,
		Title: "HSTS holds for less than a year.",
		Hint:  "Raise SECURE_HSTS_SECONDS in steps (86400, 604800, 2592000, 31536000), each after a while without trouble.",
		Why: "A visitor who comes back after that time is as unprotected as on the first visit. A short time is " +
			"right while https is new, since a mistake locks visitors out for as long.",
		See:     "https://hstspreload.org/#deployment-recommendations",
		Setting: "SECURE_HSTS_SECONDS",
		Find:    when(hsts && c.HSTS.Seconds() < Year.Seconds(), c.header()),
	}, {
		ID: "https.W001", Level: check.Warning,
		Title: "SECURE_REDIRECT_EXEMPT exempts every path from the redirect to HTTPS.",
		Hint:  "Anchor the patterns: ^healthz$ exempts /healthz alone.",
		Why: "The redirect is switched on and does nothing: visitors stay on http, where everybody on the way can " +
			"read and change what they see.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secure-redirect-exempt",
		Setting: "SECURE_REDIRECT_EXEMPT",
		Find:    when(on && c.exemptsAll(), ""),
	}, {
		ID: "https.W002", Level: check.Warning,
		Title: "Preloading is asked for while redirects lead to a fixed host: the list wants each host to redirect " +
			"to itself first.",
		Hint: "Leave SECURE_SSL_HOST empty and redirect to the main host over HTTPS.",
		Why: "A browser that asks for example.com and is sent to www.example.com at once never learns that " +
			"example.com has HSTS too; the list refuses such hosts.",
		See:     "https://hstspreload.org/#submission-requirements",
		Setting: "SECURE_SSL_HOST",
		Find:    when(hsts && c.Preload && c.Host != "" && !c.InsecureHTTP, ""),
	}, {
		ID: "https.W003", Level: check.Warning,
		Title: "The https part is switched off: no request is redirected, and no answer has HSTS.",
		Hint: "Remove https.Config.InsecureOff. If something in front redirects, set SECURE_SSL_REDIRECT=false; HSTS is " +
			"still to be sent.",
		Why: "Whatever the settings of https say, they have no effect: visitors stay on http, where everybody on the " +
			"way can read and change what they see.",
		See:  "https://docs.djangoproject.com/en/stable/ref/middleware/#http-strict-transport-security",
		Find: when(c.InsecureOff, ""),
	}}
	for i := range rules {
		rules[i].Tags, rules[i].Deploy, rules[i].Needs = tags, true, check.Settings
	}
	return rules
}

// exemptsAll reports whether some pattern matches paths that nobody meant: it matches anything.
func (c Config) exemptsAll() bool {
	compiled, _ := compileExempt(c.Exempt)
	for _, re := range compiled {
		if re.MatchString("") && re.MatchString("a") && re.MatchString("Zz/9-_~") {
			return true
		}
	}
	return false
}
