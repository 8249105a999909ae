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
		Find:  p.findPost(p.crossSite),
	}, {
		ID: "probe.E016", Level: check.Error,
		Title: "A form on another site can post to this one from a browser that sends no Sec-Fetch-Site.",
		Hint:  "Compare Origin with the site's own where Sec-Fetch-Site is missing.",
		Find: p.findPost(func() ask {
			return p.ask("POST", p.PostPath, "Origin: https://"+evil)
		}),
	}, {
		ID: "probe.W017", Level: check.Warning,
		Title: "A POST that names no origin and carries no CSRF token is accepted.",
		Hint:  "Require a token where a request carries neither Origin nor Sec-Fetch-Site.",
		Find:  p.findPost(func() ask { return p.ask("POST", p.PostPath, "") }),
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
		case p.Outside && (a.status == 404 || a.status == 405 || a.status == 501):
			return []check.Finding{{
				Level: check.Info, Evidence: a.String(),
				Title: "Nothing shows whether posts of other sites are refused.",
				Hint:  "Name a path that takes POST.",
			}}, nil
		}
		return []check.Finding{{Setting: "CSRF_TRUSTED_ORIGINS", Evidence: a.String() + ", want 403"}}, nil
	}
}
