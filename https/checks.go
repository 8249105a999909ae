package https

import (
	"context"

	"github.com/airworthy-go/airworthy/check"
)

var tags = []string{"security", "https"}

// Checks returns what can be wrong with c. What is wrong with InsecureOff is the whole chain's to say: it is one half
// of security.W001.
func (c Config) Checks() []check.Check {
	on := !c.InsecureOff
	hsts := on && c.HSTS.Seconds() > 0
	return []check.Check{
		warning("security.W004", "HSTS is off: a browser's first request of each visit can be intercepted in the clear.",
			"Set SECURE_HSTS_SECONDS, first to 3600 and then in steps up to 31536000.",
			"SECURE_HSTS_SECONDS", on && !hsts),
		warning("security.W005", "HSTS leaves subdomains out: one that answers in the clear can be used to attack this one.",
			"Set SECURE_HSTS_INCLUDE_SUBDOMAINS once every subdomain answers HTTPS.",
			"SECURE_HSTS_INCLUDE_SUBDOMAINS", hsts && !c.IncludeSubdomains),
		warning("security.W008", "Requests in the clear are not redirected to HTTPS.",
			"Set SECURE_SSL_REDIRECT, or silence this if the proxy redirects.",
			"SECURE_SSL_REDIRECT", on && c.InsecureHTTP),
		warning("security.W021", "HSTS does not ask for preloading: a browser's first visit ever can be intercepted.",
			"Set SECURE_HSTS_PRELOAD if the host and all below it will speak HTTPS for good; otherwise silence this"+
				" with that reason, since preloading is all but irrevocable.",
			"SECURE_HSTS_PRELOAD", hsts && !c.Preload),
		c.preloadCheck(on),
		c.shortCheck(hsts),
		warning("https.W001", "SECURE_REDIRECT_EXEMPT exempts every path from the redirect to HTTPS.",
			"Anchor the patterns: ^healthz$ exempts /healthz alone.",
			"SECURE_REDIRECT_EXEMPT", on && c.exemptsAll()),
		warning("https.W002", "Preloading is asked for while redirects lead to a fixed host: the list wants each host to"+
			" redirect to itself first.",
			"Leave SECURE_SSL_HOST empty and redirect to the main host over HTTPS.",
			"SECURE_SSL_HOST", hsts && c.Preload && c.Host != "" && !c.InsecureHTTP),
	}
}

func warning(id, title, hint, setting string, wrong bool) check.Check {
	return check.Check{
		ID: id, Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings, Title: title, Hint: hint,
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(wrong, check.Finding{Setting: setting})
		},
	}
}

func (c Config) preloadCheck(on bool) check.Check {
	return check.Check{
		ID: "https.E001", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "Preloading is asked for with HSTS that the preload list refuses.",
		Hint:  "Set SECURE_HSTS_SECONDS to 31536000 and SECURE_HSTS_INCLUDE_SUBDOMAINS, or do not preload.",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(on && len(c.preloadMistakes()) > 0,
				check.Finding{Setting: "SECURE_HSTS_PRELOAD", Evidence: c.header()})
		},
	}
}

func (c Config) shortCheck(hsts bool) check.Check {
	return check.Check{
		ID: "https.I001", Level: check.Info, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "HSTS holds for less than a year.",
		Hint:  "Raise SECURE_HSTS_SECONDS in steps (86400, 604800, 2592000, 31536000), each after a while without trouble.",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(hsts && c.HSTS.Seconds() < Year.Seconds(),
				check.Finding{Setting: "SECURE_HSTS_SECONDS", Evidence: c.header()})
		},
	}
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
