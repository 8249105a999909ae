package csrf

import (
	"context"
	"net/http"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/airworthy-go/airworthy/check"
)

// Checks returns the rules for the configuration. Of the package's options, those that weaken it are reported.
func (c Config) Checks() []check.Check {
	tags := []string{"security", "csrf"}
	return []check.Check{{
		ID: "security.W003", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "Requests are not protected from forgery: other sites can make visitors' browsers act in their name.",
		Hint:  "Remove csrf.Config.InsecureOff.",
		Why: "A visitor who is logged in here opens a page elsewhere, and that page posts a form to this site. The " +
			"browser adds the session, and the site does what it says.",
		See: "https://docs.djangoproject.com/en/stable/ref/csrf/",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.InsecureOff, check.Finding{})
		},
	}, {
		ID: "security.W016", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "The CSRF cookie is sent over http too: whoever is on the network can read and replace it.",
		Hint:  "Set CSRF_COOKIE_SECURE=True.",
		Why: "One request over http, such as for an image that somebody put on another page, gives the token away; " +
			"with it, forged requests pass.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#csrf-cookie-secure",
		Setting: "CSRF_COOKIE_SECURE",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.InsecureCookie && !c.UseSessions && !c.InsecureOff, check.Finding{})
		},
	}, {
		ID: "security.E101", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "The handler for refused requests is nil inside, so that a refusal would panic.",
		Hint:  "Set csrf.Config.Failure to a handler, or leave it unset.",
		Why: "The first visitor whose request is refused gets a crash in place of the refusal, and the log a stack " +
			"trace in place of the reason.",
		See: "https://docs.djangoproject.com/en/stable/ref/settings/#csrf-failure-view",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(uncallable(c.Failure), check.Finding{})
		},
	}, {
		ID: "4_0.E001", Level: check.Error, Tags: append(tags, "compatibility"), Needs: check.Settings,
		Title: "A trusted origin has no scheme, so that it matches nothing.",
		Hint:  "Write the origin as browsers do: https://example.com.",
		Why: "Browsers send an origin with its scheme. Forms on the site that was meant are refused, and the entry " +
			"looks as if it did something.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#csrf-trusted-origins",
		Setting: originsSetting,
		Find: func(context.Context) ([]check.Finding, error) {
			return c.eachOrigin(func(entry string) bool { return !strings.Contains(entry, "://") }), nil
		},
	}, {
		ID: "csrf.E001", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "A trusted origin cannot be understood, so that it lets nobody in, or would let everybody in.",
		Hint:  "Write scheme, host and, if it is not the default, port: https://example.com:8443 or https://*.example.com.",
		Why: "Either the site that was meant cannot post here, or, if the mistake is a wide pattern, every site " +
			"can, in the name of any visitor.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#csrf-trusted-origins",
		Setting: originsSetting,
		Find: func(context.Context) ([]check.Finding, error) {
			return c.eachOrigin(func(entry string) bool {
				_, fault := parsePattern(entry, c.Django)
				return fault != "" && strings.Contains(entry, "://")
			}), nil
		},
	}, {
		ID: "csrf.W001", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "An origin is trusted over http: whoever is on the network can post in visitors' names.",
		Hint:  "Serve that site over https and write https:// in " + originsSetting + ".",
		Why: "Whoever sits in a visitor's network can answer for any http site, so also for this one: their page " +
			"is then trusted to post in the visitor's name.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html#using-standard-headers-to-verify-origin",
		Setting: originsSetting,
		Find: func(context.Context) ([]check.Finding, error) {
			return c.eachOrigin(func(entry string) bool {
				return strings.HasPrefix(strings.ToLower(entry), "http://")
			}), nil
		},
	}, {
		ID: "csrf.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "A wildcard trusts names that anybody can register.",
		Hint:  "List the sites that may post here one by one in " + originsSetting + ".",
		Why: "Anybody can have a name below such a suffix for nothing, and put a page there that posts here in " +
			"visitors' names.",
		See:     "https://publicsuffix.org/",
		Setting: originsSetting,
		Find: func(context.Context) ([]check.Finding, error) {
			return c.eachOrigin(func(entry string) bool { return publicWildcard(entry, c.Django) }), nil
		},
	}, {
		ID: "csrf.W003", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "The CSRF cookie goes along with other sites' requests (SameSite=None).",
		Hint:  "Set CSRF_COOKIE_SAMESITE=Lax.",
		Why: "SameSite keeps the cookie out of requests that other sites make. With None one of the two things " +
			"that a forged request needs is sent along for free.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#csrf-cookie-samesite",
		Setting: "CSRF_COOKIE_SAMESITE",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.CookieSameSite == http.SameSiteNoneMode && !c.UseSessions && !c.InsecureOff, check.Finding{})
		},
	}, {
		ID: "csrf.W004", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "Requests are exempt from the protection against forgery.",
		Hint: "Take them out of csrf.Config.InsecureExempt. If something authenticates them that no browser adds by " +
			"itself, such as a signature, silence this and say so.",
		Why: "An exempt path acts on whatever a visitor's browser is made to send. If a session is enough there, " +
			"any site that the visitor opens can use it.",
		See: "https://docs.djangoproject.com/en/stable/howto/csrf/#disabling-csrf-protection-for-just-a-few-views",
		Find: func(context.Context) ([]check.Finding, error) {
			if c.InsecureOff {
				return nil, nil
			}
			var found []check.Finding
			for _, entry := range c.InsecureExempt {
				found = append(found, check.Finding{Evidence: entry})
			}
			return found, nil
		},
	}, {
		ID: "csrf.W005", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "The CSRF cookie is shared with subdomains: any of them can set it and so knows the token.",
		Hint:  "Leave CSRF_COOKIE_DOMAIN unset, or set CSRF_USE_SESSIONS.",
		Why: "A blog or a test server below the same domain that is taken over can set the cookie for this site, " +
			"and then post forms that look right.",
		See:     "https://docs.djangoproject.com/en/stable/ref/csrf/#csrf-limitations",
		Setting: "CSRF_COOKIE_DOMAIN",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.CookieDomain != "" && !c.UseSessions && !c.InsecureOff,
				check.Finding{Evidence: c.CookieDomain})
		},
	}}
}

// eachOrigin returns a finding for every trusted origin that is wrong. A user name or a password in it is left out.
func (c Config) eachOrigin(wrong func(entry string) bool) []check.Finding {
	var found []check.Finding
	for _, entry := range c.TrustedOrigins {
		if c.InsecureOff || !wrong(entry) {
			continue
		}
		if i := strings.LastIndexByte(entry, '@'); i >= 0 {
			entry = "…" + entry[i:]
		}
		found = append(found, check.Finding{Evidence: entry})
	}
	return found
}

// publicWildcard reports whether what is below the wildcard is for strangers to register, as below com or github.io.
func publicWildcard(entry string, django bool) bool {
	p, fault := parsePattern(entry, django)
	if fault != "" || !p.wildcard {
		return false
	}
	suffix, listed := publicsuffix.PublicSuffix(p.host)
	return suffix == p.host && (listed || strings.Contains(suffix, ".")) // not for internal, test and the like
}
