package secretrule

import "slices"

// All returns every rule, the most precise ones first: where two find the same, the first of them has found it.
func All() []*Rule {
	return slices.Concat(
		rulesOf(forges()), rulesOf(clouds()), rulesOf(services()), rulesOf(models()),
		webTokens(), keys(), urls(), logins(), frameworks(), named(), manifests(), guesses(),
	)
}
