package secrets

import (
	"context"
	"fmt"
	"slices"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/settings"
)

// Checks returns what can be wrong with where the secrets of loaded come from. k is the keeper among its sources, or
// nil.
func Checks(k *Keeper, loaded settings.Loaded) []check.Check {
	return []check.Check{{
		ID: "secrets.E001", Level: check.Error, Tags: []string{"secrets", "security"}, Needs: check.Settings,
		Title: "A source of secrets cannot be read.",
		Hint:  "Make it reachable, or correct its URL or the rights of the site; a site that starts now would not.",
		Why: "The site runs on what it has read before. A restart, a new instance or a rotated secret will fail, " +
			"and that is a bad moment to find out.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#21-high-availability",
		Setting: Variable,
		Find: func(ctx context.Context) ([]check.Finding, error) {
			var found []check.Finding
			for _, err := range k.probe(ctx) {
				found = append(found, check.Finding{Evidence: err.Error()})
			}
			return found, nil
		},
	}, {
		ID: "secrets.W002", Level: check.Warning, Tags: []string{"secrets"}, Needs: check.Settings,
		Title: "A secret could not be confirmed for a long time: what is in use may be out of date.",
		Hint:  "Look for airworthy.secrets.Stale and airworthy.secrets.Refused in the log.",
		Why: "The secret may have been rotated or revoked meanwhile. Connections fail when the old value ends, or " +
			"a value that was withdrawn keeps working here.",
		See: "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#272-rotation",
		Find: func(context.Context) ([]check.Finding, error) {
			var found []check.Finding
			if k == nil {
				return nil, nil
			}
			for _, name := range k.stale() {
				found = append(found, check.Finding{Setting: name, Evidence: fmt.Sprintf("older than %v", k.cfg.StaleAfter)})
			}
			return found, nil
		},
	}, {
		ID: "secrets.W003", Level: check.Warning, Tags: []string{"secrets", "security"}, Needs: check.Settings,
		Title: "A secret stands in code: everybody who can read the code has it, and it cannot be rotated.",
		Hint:  "Set it in the environment, in a file or in a secrets manager, and leave it empty in code.",
		Why: "Everybody who ever gets a copy of the code can use it: former staff, contractors, the service that " +
			"builds it.",
		See: "https://cwe.mitre.org/data/definitions/798.html",
		Find: func(context.Context) ([]check.Finding, error) {
			var found []check.Finding
			for _, v := range loaded.Values {
				if v.Default && len(v.Secrets()) > 0 && loaded.Environment != settings.Development {
					found = append(found, check.Finding{Setting: v.Variable, Evidence: v.Field})
				}
			}
			return found, nil
		},
	}, {
		ID: "secrets.W004", Level: check.Warning, Tags: []string{"secrets", "security"}, Needs: check.Settings,
		Title: "The file of a secret can be read by every user of this machine.",
		Hint:  "Take the right from others, as chmod o-r does.",
		Why: "Any other program on the machine that is broken into, such as a mail server or a forgotten test " +
			"site, can read it.",
		See: "https://cwe.mitre.org/data/definitions/732.html",
		Find: func(context.Context) ([]check.Finding, error) {
			var found []check.Finding
			for _, w := range loaded.Warnings {
				if w.Exposed() {
					found = append(found, check.Finding{Setting: w.Variable, Source: w.Origin})
				}
			}
			return found, nil
		},
	}, {
		ID: "secrets.W005", Level: check.Warning, Tags: []string{"secrets", "security"}, Needs: check.Settings,
		Title: "A source of secrets is asked with less protection than there could be.",
		Hint:  "Use TLS, or say in SILENCED_SYSTEM_CHECKS why nobody is on the way.",
		Why: "Whoever sits between the site and the source reads all secrets as they are fetched, or answers with " +
			"others.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#28-transport-layer-security-tls-everywhere",
		Setting: Variable,
		Find: func(context.Context) ([]check.Finding, error) {
			var found []check.Finding
			for _, s := range append(k.opened(), loaded.Sources()...) {
				if w, ok := s.(settings.Weakened); ok && w.Weakness() != "" {
					found = append(found, check.Finding{Source: s.Name(), Evidence: w.Weakness()})
				}
			}
			return found, nil
		},
	}}
}

// opened returns the sources that the URLs name.
func (k *Keeper) opened() []settings.Source {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []settings.Source
	for _, s := range k.sources {
		all = append(all, s.Source)
	}
	return all
}

// probe asks every source now, and changes nothing that is held.
func (k *Keeper) probe(ctx context.Context) []error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	sources, names := k.sources, make([]string, 0, len(k.names))
	for name := range k.names {
		names = append(names, name)
	}
	k.mu.Unlock()
	slices.Sort(names)
	var faults []error
	for _, s := range sources {
		within, cancel := context.WithTimeout(ctx, k.cfg.Timeout)
		values, err := k.ask(within, s, names)
		cancel()
		_, these := k.take(&reading{values: map[string]read{}, failed: map[string]bool{}}, s, names, values, err)
		faults = append(faults, these...)
	}
	return faults
}
