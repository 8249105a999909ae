package errorpages

import (
	"context"

	"github.com/airworthy-go/airworthy/check"
)

// Checks returns what can be wrong with c.
func (c Config) Checks() []check.Check {
	return []check.Check{{
		ID:     "security.W018",
		Level:  check.Warning,
		Tags:   []string{"security", "errorpages"},
		Deploy: true,
		Title:  "DEBUG is on: every error shows code, request and settings to whoever caused it.",
		Hint:   "Unset DEBUG, or set it to false.",
		Needs:  check.Settings,
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.Debug, check.Finding{Setting: "DEBUG"})
		},
	}}
}
