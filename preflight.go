package airworthy

import (
	"context"
	"strings"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/preflight"
	"github.com/airworthy-go/airworthy/check/repo"
)

// Preflight folds what [App.Check] finds into the checklist of a site that goes on the internet. It is for the application's own
// tests; the command preflight can look at the live site and the history too.
func (a *App) Preflight(ctx context.Context) *preflight.Result {
	return preflight.Fold(preflight.Options{
		Items: a.settings.Items,
		Commands: map[check.Evidence]string{
			check.Settings:   "APP check --deploy",
			check.Handler:    "APP check --deploy",
			check.Repository: "APP preflight --history",
			check.URL:        "APP preflight --url " + a.settings.Address(),
		},
	}, a.Check(ctx))
}

// Repository says what is known of the repository that the program runs in: which secrets must not be in it.
func (s Settings) Repository() repo.Config { return s.repository() }

// Address returns the address of the site by its first allowed host that is a name, for hints; "https://…" if there is none.
func (s Settings) Address() string {
	for _, host := range s.Hosts.Allowed {
		if strings.Contains(host, ".") && host[0] != '.' && !strings.ContainsAny(host, "*/:[") && strings.Trim(host, "0123456789.") != "" {
			return "https://" + host
		}
	}
	return "https://…"
}
