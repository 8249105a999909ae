package errorpages

import (
	"context"

	"github.com/airworthy-go/airworthy/check"
)

// Checks returns what can be wrong with c.
func (c Config) Checks() []check.Check {
	return []check.Check{{
		ID: "security.W018", Level: check.Warning, Tags: []string{"security", "errorpages"}, Deploy: true, Needs: check.Settings,
		Title: "DEBUG is on: every error shows code, request and settings to whoever caused it.",
		Hint:  "Unset DEBUG, or set it to false.",
		Why: "Anybody can cause an error, and then reads source, paths, headers and settings: what is needed for the " +
			"next, better attack, and sometimes the database's password.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#debug",
		Setting: "DEBUG",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.Debug, check.Finding{})
		},
	}}
}
