package logs

import (
	"context"

	"github.com/airworthy-go/airworthy/check"
)

// Checks returns what can be wrong with c.
func (c Config) Checks() []check.Check {
	tags := []string{"security", "logs"}
	return []check.Check{{
		ID: "logs.W001", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "The log does not know the secret values of the site, so that an error which quotes one logs it.",
		Hint:  "Set logs.Config.Mask to the secrets that were loaded.",
		Why: "Logs are copied to more places and read by more people than databases. A connection error that " +
			"quotes its URL gives them all the password.",
		See: "https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.Mask == nil, check.Finding{})
		},
	}, {
		ID: "logs.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "The log level leaves out security events, which are warnings.",
		Hint:  "Set LOG_LEVEL to INFO or WARNING.",
		Why: "Guessed passwords, refused forgeries and unknown hosts leave no trace: an attack is not noticed, and " +
			"afterwards nobody can say what happened.",
		See:     "https://cwe.mitre.org/data/definitions/778.html",
		Setting: "LOG_LEVEL",
		Find: func(context.Context) ([]check.Finding, error) {
			wrong := c.Level == Error
			return check.When(wrong, check.Finding{Evidence: string(c.Level)})
		},
	}, {
		ID: "logs.W003", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "The log level is DEBUG: libraries log at it what they send and receive.",
		Hint:  "Set LOG_LEVEL to INFO or WARNING.",
		Why: "Headers, bodies and queries of visitors, passwords and tokens among them, get into files that are " +
			"copied to more places than the database.",
		See:     "https://cwe.mitre.org/data/definitions/532.html",
		Setting: "LOG_LEVEL",
		Find: func(context.Context) ([]check.Finding, error) {
			wrong := c.Level == Debug
			return check.When(wrong, check.Finding{Evidence: string(c.Level)})
		},
	}}
}
