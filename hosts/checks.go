package hosts

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/net/publicsuffix"

	"github.com/airworthy-go/airworthy/check"
)

var tags = []string{"security", "hosts"}

// Checks returns what can be wrong with c.
func (c Config) Checks() []check.Check {
	return []check.Check{{
		ID: "security.W020", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "ALLOWED_HOSTS is empty: the site answers to no name.",
		Hint:  "Set ALLOWED_HOSTS to the names of the site, such as example.com.",
		Why: "Every request is answered with 400. The usual mend in a hurry is *, which lets anybody put a forged " +
			"name into links and mails.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts",
		Setting: "ALLOWED_HOSTS",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(len(c.Allowed) == 0, check.Finding{})
		},
	}, {
		ID: "hosts.W001", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "ALLOWED_HOSTS allows every host: links, redirects and caches can be poisoned with a forged one.",
		Hint:  "Replace * by the names of the site; health checks that name an address need HEALTH_PATH, not *.",
		Why: "Applications write the host that was asked for into links. Whoever forges it can have a password " +
			"reset mailed whose link leads to a site of theirs.",
		See:     "https://docs.djangoproject.com/en/stable/topics/security/#host-headers-virtual-hosting",
		Setting: "ALLOWED_HOSTS",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(slices.Contains(c.Allowed, "*"), check.Finding{Evidence: "*"})
		},
	}, {
		ID: "hosts.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "ALLOWED_HOSTS allows hosts that belong to others.",
		Hint:  "Write the names below the public suffix that are yours, and the networks that are yours.",
		Why: "Anybody can register a name below a public suffix or rent an address in a network of a cloud, and " +
			"have this site answer to it: links and cookies then follow that name.",
		See:     "https://publicsuffix.org/",
		Setting: "ALLOWED_HOSTS",
		Find: func(context.Context) (found []check.Finding, err error) {
			for _, text := range c.Allowed {
				if e, err := parseEntry(text); err == nil && e.broad() {
					found = append(found, check.Finding{Evidence: text})
				}
			}
			return found, nil
		},
	}, {
		ID: "hosts.E001", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "ALLOWED_HOSTS has an entry that is no host.",
		Hint:  "Write names without scheme, port or path; .example.com for a name and all below it.",
		Why: "The entry matches nothing, and the visitors or the load balancer for whom it was meant get 400. The " +
			"application does not start with it.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts",
		Setting: "ALLOWED_HOSTS",
		Find: func(context.Context) (found []check.Finding, err error) {
			for _, text := range c.Allowed {
				if _, err := parseEntry(text); err != nil {
					found = append(found, check.Finding{Evidence: fmt.Sprintf("%q: %v", text, err)})
				}
			}
			return found, nil
		},
	}}
}

// broad reports whether anybody can get a host that e allows: a public suffix with everything below it, or a network
// larger than anybody owns.
func (e entry) broad() bool {
	if e.prefix.IsValid() {
		return hugeNetwork(e.prefix)
	}
	if !e.below {
		return false
	}
	suffix, icann := publicsuffix.PublicSuffix(e.name)
	return suffix == e.name && (icann || slices.Contains([]byte(e.name), '.'))
}

// hugeNetwork reports whether p is larger than the largest networks that are given out.
func hugeNetwork(p netip.Prefix) bool {
	if p.Addr().Is4() {
		return p.Bits() < 8
	}
	return p.Bits() < 16 && !p.Addr().IsPrivate()
}
