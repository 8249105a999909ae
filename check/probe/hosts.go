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
		Hint:  "Answer to the site's own names alone (ALLOWED_HOSTS, without a wildcard), and let the server in front refuse the rest.",
		Why: "Applications write the host that was asked for into links. Whoever forges it can have a password " +
			"reset mailed whose link leads to a site of theirs, or get such links into a cache that serves " +
			"everybody.",
		See:     "https://owasp.org/www-project-web-security-testing-guide/latest/4-Web_Application_Security_Testing/07-Input_Validation_Testing/17-Testing_for_Host_Header_Injection",
		Setting: "ALLOWED_HOSTS",
		Find:    p.findForgedHost,
	}, {
		ID: "probe.E002", Level: check.Error,
		Title: "The site believes X-Forwarded-Host or Forwarded from strangers.",
		Hint: "Believe the header from your own proxies alone, by their addresses (TRUSTED_PROXIES), and let them " +
			"overwrite what clients send.",
		Why: "The header is a way around ALLOWED_HOSTS: any client can write it. Links in mails and cached pages " +
			"then lead where an attacker wants.",
		See:     "https://www.rfc-editor.org/rfc/rfc7239#section-8.1",
		Setting: "TRUSTED_PROXIES",
		Find:    p.findForwardedHost,
	}, {
		ID: "probe.E003", Level: check.Error,
		Title: "The site believes X-Forwarded-Proto or Forwarded from strangers.",
		Hint: "Believe the header from your own proxies alone, by their addresses (TRUSTED_PROXIES), and let them " +
			"overwrite what clients send.",
		Why: "Any client can write the header. The application then takes plain http for safe and stops " +
			"redirecting, or sends visitors in circles until a cache has stored it for everybody.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secure-proxy-ssl-header",
		Setting: "TRUSTED_PROXIES",
		Find:    p.findForwardedProto,
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
	honest, lies := answers[0], answers[1:]
	if !p.InsecureHTTP { // a redirect tells most readily which host was believed
		redirect, err := p.get(ctx, p.plain(forwardedHost))
		if err == nil {
			lies = append(lies, redirect)
		} else if !refused(err) {
			return nil, err
		}
	}
	return wrong(lies, "TRUSTED_PROXIES", func(a answer) (string, bool) {
		if a.scheme == honest.scheme && a.status != honest.status {
			return "without the header " + honest.String(), true
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
	answers, err := p.all(ctx, p.page(), p.ask("GET", p.Paths[0], lie))
	if err != nil {
		return nil, err
	}
	if !p.InsecureHTTP {
		plain, err := p.all(ctx, p.plain(""), p.plain(forwardedHTTPS))
		switch {
		case err == nil:
			answers = append(answers, plain...)
		case !refused(err):
			return nil, err
		}
	}
	var lies []answer
	honest := map[ask]answer{}
	for i := 0; i < len(answers); i += 2 {
		lies = append(lies, answers[i+1])
		honest[answers[i+1].ask] = answers[i]
	}
	return wrong(lies, "TRUSTED_PROXIES", func(a answer) (string, bool) {
		// From outside a refusal shows that the header was seen, not that it was believed: we may look like a proxy that was
		// forgotten.
		turned := p.Outside && a.status >= 400 && honest[a.ask].status < 400
		return "without the header " + honest[a.ask].String(), !turned && !alike(a, honest[a.ask])
	}), nil
}

// alike reports whether two answers took the request for the same scheme.
func alike(a, b answer) bool {
	const hsts = "Strict-Transport-Security"
	return a.status == b.status && a.header.Get("Location") == b.header.Get("Location") &&
		(a.header.Get(hsts) == "") == (b.header.Get(hsts) == "")
}
