package probe

import (
	"context"

	"github.com/airworthy-go/airworthy/check"
)

func (p *prober) csrfRules() []check.Check {
	checks := []check.Check{{
		ID: "probe.E015", Level: check.Error,
		Title: "A form on another site can post to this one.",
		Hint:  "Put the CSRF protection before every route, and list in CSRF_TRUSTED_ORIGINS only sites of your own.",
		Why: "A visitor who is logged in here opens a page elsewhere, and that page pays, posts or deletes in the " +
			"visitor's name: the browser sends the session along.",
		See:  "https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html#fetch-metadata-headers",
		Find: p.findPost(p.crossSite),
	}, {
		ID: "probe.E016", Level: check.Error,
		Title: "A form on another site can post to this one from a browser that sends no Sec-Fetch-Site.",
		Hint:  "Compare Origin with the site's own where Sec-Fetch-Site is missing.",
		Why: "Old browsers (Safari before 16.4) and all browsers on plain http send no Sec-Fetch-Site. Their users " +
			"are open to forged requests, although Origin would have told.",
		See: "https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html#using-standard-headers-to-verify-origin",
		Find: p.findPost(func() ask {
			return p.ask("POST", p.PostPath, "Origin: https://"+evil)
		}),
	}, {
		ID: "probe.W017", Level: check.Warning,
		Title: "A POST that names no origin and carries no CSRF token is accepted.",
		Hint:  "Require a token where a request carries neither Origin nor Sec-Fetch-Site.",
		Why: "Proxies and extensions that take away Origin for privacy make a forged request look like this one. " +
			"Only a token tells it from a form of the site's own.",
		See:  "https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html#token-based-mitigation",
		Find: p.findPost(func() ask { return p.ask("POST", p.PostPath, "") }),
	}}
	if p.InsecureNoCSRF {
		for i := range checks {
			checks[i].Find = nothing
		}
	}
	if !p.Tokens {
		checks[2].Find = nothing
	}
	return checks
}

// findPost makes the Find of a rule whose POST must be answered with 403.
func (p *prober) findPost(post func() ask) func(context.Context) ([]check.Finding, error) {
	return func(ctx context.Context) ([]check.Finding, error) {
		a, err := p.get(ctx, post())
		switch {
		case err != nil:
			return nil, err
		case a.status == 403:
			return nil, nil
		case p.Outside && (a.status >= 400 && a.status < 500 || a.status == 501):
			// It was refused, but who asks from outside does not learn whether for its origin or for what it lacks.
			return []check.Finding{{
				Level: check.Info, Evidence: a.String(),
				Title: "Nothing shows whether posts of other sites are refused.",
				Hint:  "Name a path that takes POST.",
			}}, nil
		}
		return []check.Finding{{Setting: "CSRF_TRUSTED_ORIGINS", Evidence: a.String() + ", want 403"}}, nil
	}
}
