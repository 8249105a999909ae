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
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(len(c.Allowed) == 0, check.Finding{Setting: "ALLOWED_HOSTS"})
		},
	}, {
		ID: "hosts.W001", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "ALLOWED_HOSTS allows every host: links, redirects and caches can be poisoned with a forged one.",
		Hint:  "Replace * by the names of the site; health checks that name an address need HEALTH_PATH, not *.",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(slices.Contains(c.Allowed, "*"), check.Finding{Setting: "ALLOWED_HOSTS", Evidence: "*"})
		},
	}, {
		ID: "hosts.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "ALLOWED_HOSTS allows hosts that belong to others.",
		Hint:  "Write the names below the public suffix that are yours, and the networks that are yours.",
		Find: func(context.Context) (found []check.Finding, err error) {
			for _, text := range c.Allowed {
				if e, err := parseEntry(text); err == nil && e.broad() {
					found = append(found, check.Finding{Setting: "ALLOWED_HOSTS", Evidence: text})
				}
			}
			return found, nil
		},
	}, {
		ID: "hosts.E001", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "ALLOWED_HOSTS has an entry that is no host.",
		Hint:  "Write names without scheme, port or path; .example.com for a name and all below it.",
		Find: func(context.Context) (found []check.Finding, err error) {
			for _, text := range c.Allowed {
				if _, err := parseEntry(text); err != nil {
					found = append(found, check.Finding{Setting: "ALLOWED_HOSTS", Evidence: fmt.Sprintf("%q: %v", text, err)})
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
