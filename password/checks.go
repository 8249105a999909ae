package password

import (
	"context"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

var tags = []string{"security", "password"}

// Checks returns what can be wrong with c. The rules that look at a hash are those of [Hasher.Checks].
func (c Config) Checks() []check.Check {
	full, err := c.complete()
	rules := []check.Check{{
		ID: "password.E001", Level: check.Error,
		Title: "The settings for passwords cannot work: nobody could log in.",
		Hint:  "Set the variable that the evidence names as it says.",
		Why: "The application does not start with them, since every login would fail, or every new hash would be " +
			"one that nothing can verify.",
		See:  "https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#password-hashing-algorithms",
		Find: found(faults(err)),
	}, {
		ID: "password.W001", Level: check.Warning,
		Title: "New password hashes are cheap to guess: their parameters are below the least that OWASP recommends.",
		Hint:  "Unset password.Config.InsecureCheap, which is for tests, and leave the parameters to the preset.",
		Why: "Whoever steals the table of users, from a backup or by an injection, finds most passwords in days " +
			"instead of years, and tries them elsewhere.",
		See:  "https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#password-hashing-algorithms",
		Find: found(full.tooCheap(err)),
	}, {
		ID: "password.W002", Level: check.Warning,
		Title: "New password hashes are of an algorithm that is there for old ones.",
		Hint:  `Put "argon2" first in PASSWORD_HASHERS, or what the preset has; passwords are upgraded as their owners log in.`,
		Why: "Graphics processors are good at the old algorithms. A stolen table gives away more passwords, and " +
			"sooner, than it has to.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#password-hashing-algorithms",
		Setting: "PASSWORD_HASHERS",
		Find:    found(full.outdated()),
	}, {
		ID: "password.W003", Level: check.Warning,
		Title: "A preset of Django is changed: each side undoes the other's hashes at every login, which ends the " +
			"user's other sessions.",
		Hint: "Leave the parameters to the preset of the Django that shares the users, or take another preset.",
		Why: "Users who move between the two sites are logged out of one by logging in to the other, and each " +
			"login costs two hashes.",
		See:  "https://docs.djangoproject.com/en/stable/topics/auth/passwords/#password-upgrades",
		Find: found(full.differs()),
	}, {
		ID: "password.I001", Level: check.Info,
		Title: "Hashes are accepted that look at the first 72 bytes of a password only.",
		Hint:  `Remove "bcrypt" from PASSWORD_HASHERS when no such hash is left; "bcrypt_sha256" is another algorithm.`,
		Why: "Two long passphrases with the same beginning are the same password. It matters to few, and to them " +
			"without a sign.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#input-limits-of-bcrypt",
		Setting: "PASSWORD_HASHERS",
		Find:    found(full.cutsOff()),
	}}
	for i := range rules {
		rules[i].Tags, rules[i].Deploy, rules[i].Needs = tags, rules[i].ID != "password.E001", check.Settings
	}
	return rules
}

func found(findings []check.Finding) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) ([]check.Finding, error) { return findings, nil }
}

// faults returns a finding for each mistake in err. The second part of each is the variable.
func faults(err error) (found []check.Finding) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			found = append(found, faults(e)...)
		}
		return found
	}
	if err == nil {
		return nil
	}
	_, text, _ := strings.Cut(err.Error(), ": ")
	setting, _, _ := strings.Cut(text, ":")
	return []check.Finding{{Setting: setting, Evidence: text}}
}

// tooCheap looks only where InsecureCheap lets cheap parameters pass: New refuses them elsewhere.
func (c Config) tooCheap(err error) []check.Finding {
	if err != nil || !c.InsecureCheap {
		return nil
	}
	r := c.recipe()
	why := r.cheap()
	if why == "" {
		return nil
	}
	return []check.Finding{{Setting: r.variable(), Evidence: why}}
}

func (c Config) outdated() []check.Finding {
	why := map[string]string{
		namePBKDF2SHA1: "pbkdf2_sha1: graphics processors compute SHA-1 fastest",
		nameBcrypt:     "bcrypt: it looks at the first 72 bytes only, and refuses longer passwords",
	}[c.Hashers[0]]
	if why == "" {
		return nil
	}
	return []check.Finding{{Evidence: why}}
}

// differs compares the parameters that decide about upgrades with those of the preset. Which algorithm comes first is a
// Django project's own choice.
func (c Config) differs() []check.Finding {
	base, _ := preset(c.Preset)
	base.Hashers = c.Hashers
	if c.Preset == OWASP || c.recipe() == base.recipe() {
		return nil
	}
	return []check.Finding{{Setting: c.recipe().variable(), Evidence: "not what " + string(c.Preset) + " has"}}
}

func (c Config) cutsOff() []check.Finding {
	if !slices.Contains(c.Hashers, nameBcrypt) {
		return nil
	}
	return []check.Finding{{Evidence: nameBcrypt}}
}

// Checks returns the rules about the hashes that h makes. They take no more than a moment: what the algorithm does shows at
// its least cost, and the parameters in use are those that h holds.
func (h *Hasher) Checks() []check.Check {
	return []check.Check{{
		ID: "password.E002", Level: check.Error, Tags: tags, Needs: check.Handler,
		Title: "A new password hash is not what the settings promise.",
		Hint:  "Do not serve: look at what the evidence names, and report it.",
		Why: "Users whose password is stored now could not log in later, or somebody else could. Whatever the " +
			"cause, a site that stores such hashes does harm.",
		See:  "https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html",
		Find: func(context.Context) ([]check.Finding, error) { return h.prove(), nil },
	}, {
		ID: "password.W004", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Handler,
		Title: "A new password hash is weak by what OWASP recommends.",
		Hint:  "Leave algorithm and parameters to the preset.",
		Why: "Whoever steals the table of users, from a backup or by an injection, finds most passwords in days " +
			"instead of years.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#password-hashing-algorithms",
		Setting: "PASSWORD_HASHERS",
		Find: func(context.Context) ([]check.Finding, error) {
			weak := h.preferred.cheap()
			return check.When(weak != "", check.Finding{Evidence: weak})
		},
	}}
}

// proof is the password that the checks hash.
const proof = "a password of the checks"

// prove makes two hashes of proof and reads them back.
func (h *Hasher) prove() []check.Finding {
	least := h.preferred.least()
	one, two := least.make([]byte(proof)), least.make([]byte(proof))
	stored, err := parse(one)
	switch {
	case err != nil:
		return failed("it cannot be read back")
	case stored.algorithm() != h.preferred.algorithm():
		return failed("its algorithm is " + stored.algorithm())
	case !least.current(stored):
		return failed("its parameters are " + stored.info().Parameters)
	case one == two:
		return failed("two hashes of one password are equal")
	case !stored.verify([]byte(proof)):
		return failed("its own password does not fit")
	case stored.verify([]byte(proof[1:])):
		return failed("a wrong password fits")
	}
	return nil
}

func failed(evidence string) []check.Finding { return []check.Finding{{Evidence: evidence}} }
