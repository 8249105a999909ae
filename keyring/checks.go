package keyring

import (
	"context"
	"fmt"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/secret"
)

const (
	keySetting       = "SECRET_KEY"
	fallbacksSetting = "SECRET_KEY_FALLBACKS"
	remedy           = `Set it to a random value of 50 characters or more, such as the command "key generate" prints.`
)

// Checks returns the rules for the keys. None of the findings holds a key or a part of one.
func (c Config) Checks() []check.Check {
	tags := []string{"security", "keyring"}
	return append([]check.Check{{
		ID: "security.W009", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "The secret key is weak: whoever guesses it can forge everything that is signed, logins included.",
		Hint:  remedy,
		Why: "Sessions, password resets and whatever else is signed are believed by their signature. A short key " +
			"is found by trying, on the attacker's own machine, and then anybody can be anybody.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secret-key",
		Setting: keySetting,
		Find: func(context.Context) ([]check.Finding, error) {
			why := djangoWeakness(c.Key)
			return check.When(why != "", check.Finding{Setting: keySetting, Evidence: why})
		},
	}, {
		ID: "security.W025", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "A fallback key is weak: it still verifies, so whoever guesses it can forge everything that is signed.",
		Hint:  "Remove it from " + fallbacksSetting + ", and accept that what it signed becomes invalid.",
		Why: "A fallback is as good as the key for whoever forges: the site verifies with all of them. A weak one " +
			"makes the strong one worthless.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secret-key-fallbacks",
		Setting: fallbacksSetting,
		Find:    func(context.Context) ([]check.Finding, error) { return c.eachFallback(djangoWeakness), nil },
	}, {
		ID: "keyring.E001", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "A key is a published example: everybody knows it and can forge everything that is signed.",
		Hint:  remedy,
		Why: "Keys from tutorials, templates and documentation stand in lists that attackers try first, within " +
			"seconds. With the key they log in as anybody, the staff included.",
		See: "https://cwe.mitre.org/data/definitions/321.html",
		Find: func(context.Context) ([]check.Finding, error) {
			why := published(c.Key)
			found, _ := check.When(why != "", check.Finding{Setting: keySetting, Evidence: why})
			return append(found, c.eachFallback(published)...), nil
		},
	}, {
		ID: "keyring.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "Weak keys are accepted: the application starts on any key, a published one included.",
		Hint:  "Set keyring.Config.InsecureWeak in development and in tests only.",
		Why: "The refusal of weak keys is what stops a site from going out with the key of a tutorial. Without it " +
			"nobody notices.",
		See:     "https://cwe.mitre.org/data/definitions/1391.html",
		Setting: keySetting,
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.InsecureWeak, check.Finding{Setting: keySetting})
		},
	}, {
		ID: "keyring.W003", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "A fallback repeats another key: what looks like a rotation changed nothing.",
		Hint:  "Set " + keySetting + " to a key of its own, or remove the repeated value from " + fallbacksSetting + ".",
		Why: "A key is changed because it may have leaked. If the old value still signs or verifies, whoever has " +
			"it is still in.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#272-rotation",
		Setting: fallbacksSetting,
		Find:    func(context.Context) ([]check.Finding, error) { return c.repeated(), nil },
	}}, c.ageChecks()...)
}

// eachFallback returns a finding for each fallback that judge finds fault with.
func (c Config) eachFallback(judge func(secret.Text) string) []check.Finding {
	var found []check.Finding
	for i, fallback := range c.Fallbacks {
		if why := judge(fallback); why != "" {
			found = append(found, fallbackFinding(i, why))
		}
	}
	return found
}

// repeated returns a finding for each fallback that equals the key or a fallback before it.
func (c Config) repeated() []check.Finding {
	var found []check.Finding
	seen := keySet{keys: []key{{secret: c.Key}}}
	for i, fallback := range c.Fallbacks {
		if seen.holds(fallback) {
			found = append(found, fallbackFinding(i, "it equals a key before it"))
		}
		seen.keys = append(seen.keys, key{secret: fallback})
	}
	return found
}

func fallbackFinding(i int, why string) check.Finding {
	return check.Finding{
		Setting:  fallbacksSetting,
		Evidence: fmt.Sprintf("%s[%d]: %s", fallbacksSetting, i, why),
	}
}
