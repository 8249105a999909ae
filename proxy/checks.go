package proxy

import (
	"context"
	"net/netip"

	"github.com/airworthy-go/airworthy/check"
)

var tags = []string{"security", "proxy"}

// Checks returns what can be wrong with c.
func (c Config) Checks() []check.Check {
	nobody := len(c.Trusted) == 0 && c.Hops == 0 && !c.UnixSocket
	return []check.Check{{
		ID: "proxy.W001", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "TRUSTED_PROXIES trusts everybody: any client can choose its address, its scheme and the host.",
		Hint:  "List the proxies' own addresses, such as 10.0.0.5/32.",
		Why: "A client that writes its own address is never locked out or limited, and hides in the logs; one that " +
			"writes the host or the scheme gets links and cookies that it should not.",
		See:     "https://www.rfc-editor.org/rfc/rfc7239#section-8.1",
		Setting: "TRUSTED_PROXIES",
		Find: func(context.Context) (found []check.Finding, err error) {
			for _, p := range c.everybody() {
				found = append(found, check.Finding{Evidence: p.String()})
			}
			return found, nil
		},
	}, {
		ID: "proxy.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "USE_X_FORWARDED_HOST is set, but no proxy is trusted: the header is ignored.",
		Hint:  "Set TRUSTED_PROXIES to the proxies' addresses, or unset USE_X_FORWARDED_HOST.",
		Why: "Links are made with the proxy's internal name instead of the site's, and requests for the site's " +
			"name may be refused.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#use-x-forwarded-host",
		Setting: "USE_X_FORWARDED_HOST",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.UseHost && nobody, check.Finding{})
		},
	}, {
		ID: "proxy.W003", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "USE_X_FORWARDED_PORT is set, but no proxy is trusted: the header is ignored.",
		Hint:  "Set TRUSTED_PROXIES to the proxies' addresses, or unset USE_X_FORWARDED_PORT.",
		Why: "Where the site has a port of its own, links and redirects lead to the proxy's internal one, which " +
			"nobody can reach.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#use-x-forwarded-port",
		Setting: "USE_X_FORWARDED_PORT",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.UsePort && nobody, check.Finding{})
		},
	}, {
		ID: "proxy.W004", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "SECURE_PROXY_SSL_HEADER is set, but no proxy is trusted: the header is ignored and HTTPS redirects loop.",
		Hint:  "Set TRUSTED_PROXIES to the proxies' addresses, or unset SECURE_PROXY_SSL_HEADER.",
		Why: "The proxy speaks http to the application, which sends visitors to https, which is where they already " +
			"were: no page can be opened.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secure-proxy-ssl-header",
		Setting: "SECURE_PROXY_SSL_HEADER",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.SSLHeader != SSLHeader{} && nobody, check.Finding{})
		},
	}, {
		ID: "proxy.W005", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "TRUSTED_PROXY_HOPS is set without TRUSTED_PROXIES: every peer in a private network is trusted.",
		Hint: "Set TRUSTED_PROXIES if the proxies' addresses can be known; otherwise see that nobody else can" +
			" connect, and silence this.",
		Why: "In a cloud or a cluster other people's machines have private addresses too. What they say about who " +
			"the client is would be believed.",
		See:     "https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For#selecting_an_ip_address",
		Setting: "TRUSTED_PROXY_HOPS",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.Hops > 0 && len(c.Trusted) == 0, check.Finding{})
		},
	}}
}

// everybody returns the prefixes that trust the internet at large: those shorter than any network that is given out.
func (c Config) everybody() (found []netip.Prefix) {
	for _, p := range unmapped(c.Trusted) {
		if shortest := map[bool]int{true: 8, false: 16}[p.Addr().Is4()]; p.Bits() < shortest && !p.Addr().IsPrivate() {
			found = append(found, p)
		}
	}
	return found
}
