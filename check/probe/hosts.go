package probe

import (
	"context"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// believed are the headers by which a proxy tells who was asked and how. A stranger's must not count.
const (
	forwardedHost  = "X-Forwarded-Host: " + evil + "\nForwarded: for=192.0.2.1;host=" + evil
	forwardedHTTPS = "X-Forwarded-Proto: https\nForwarded: for=192.0.2.1;proto=https"
	forwardedHTTP  = "X-Forwarded-Proto: http\nForwarded: for=192.0.2.1;proto=http"
)

func (p *prober) hostRules() []check.Check {
	return []check.Check{{
		ID: "probe.E001", Level: check.Error,
		Title: "The site answers to host names that are not its own.",
		Hint:  "List the site's names in ALLOWED_HOSTS, without a wildcard, so that links and caches cannot be poisoned by a forged Host header.",
		Find:  p.findForgedHost,
	}, {
		ID: "probe.E002", Level: check.Error,
		Title: "The site believes X-Forwarded-Host or Forwarded from strangers.",
		Hint:  "List your proxies in TRUSTED_PROXIES, by their own addresses only, and let them overwrite the header.",
		Find:  p.findForwardedHost,
	}, {
		ID: "probe.E003", Level: check.Error,
		Title: "The site believes X-Forwarded-Proto or Forwarded from strangers.",
		Hint:  "List your proxies in TRUSTED_PROXIES, by their own addresses only, and let them overwrite the header.",
		Find:  p.findForwardedProto,
	}}
}

func (p *prober) findForgedHost(ctx context.Context) ([]check.Finding, error) {
	// The second name begins like the site's: a comparison of beginnings would accept it.
	answers, err := p.all(ctx, p.forged(evil), p.forged(withoutPort(p.Host)+"."+evil))
	return wrong(answers, "ALLOWED_HOSTS", func(a answer) (string, bool) {
		if p.Outside {
			// Whoever stands before the site may refuse in his own way, but must not serve or repeat the name.
			return "", a.status < 300 || a.status < 400 && strings.Contains(a.header.Get("Location"), evil)
		}
		return "want 400", a.status != 400
	}), err
}

func (p *prober) findForwardedHost(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.all(ctx, p.page(), p.ask("GET", p.Paths[0], forwardedHost))
	if err != nil {
		return nil, err
	}
	return wrong(answers[1:], "TRUSTED_PROXIES", func(a answer) (string, bool) {
		if a.status != answers[0].status {
			return "without the header " + answers[0].String(), true
		}
		return "which repeats the name", mentions(a, evil)
	}), nil
}

// mentions reports whether name stands anywhere in the answer.
func mentions(a answer, name string) bool {
	for _, values := range a.header {
		for _, v := range values {
			if strings.Contains(v, name) {
				return true
			}
		}
	}
	return strings.Contains(a.body, name)
}

func (p *prober) findForwardedProto(ctx context.Context) ([]check.Finding, error) {
	lie := forwardedHTTP
	if p.InsecureHTTP {
		lie = forwardedHTTPS
	}
	found, err := p.compare(ctx, p.page(), p.ask("GET", p.Paths[0], lie))
	if err != nil || p.InsecureHTTP {
		return found, err
	}
	more, err := p.compare(ctx, p.plain(""), p.plain(forwardedHTTPS))
	if refused(err) {
		return found, nil
	}
	return append(found, more...), err
}

// compare finds whether a lie about the scheme changes the answer.
func (p *prober) compare(ctx context.Context, honest, lie ask) ([]check.Finding, error) {
	answers, err := p.all(ctx, honest, lie)
	if err != nil {
		return nil, err
	}
	return wrong(answers[1:], "TRUSTED_PROXIES", func(a answer) (string, bool) {
		return "without the header " + answers[0].String(), !alike(a, answers[0])
	}), nil
}

// alike reports whether two answers took the request for the same scheme.
func alike(a, b answer) bool {
	const hsts = "Strict-Transport-Security"
	return a.status == b.status && a.header.Get("Location") == b.header.Get("Location") &&
		(a.header.Get(hsts) == "") == (b.header.Get(hsts) == "")
}
