package keyring

import (
	"context"
	"fmt"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/secret"
)

// Grace is how long after a key was made its predecessor may still have signed: a new key is staged first, and the
// instances take it over one by one. The command that rotates keys takes a staged key that is older for a new one, so
// that the date in a label never says that a key stopped signing when it had not.
const Grace = 24 * time.Hour

// DefaultMaxAge is how old a key may become where no MaxAge is set.
const DefaultMaxAge = 365 * 24 * time.Hour

// Until returns until when what a fallback signed may be valid, given when its successor was made and how long what a
// key signs is valid; and false if nobody can know because one of the two is zero.
func Until(successor time.Time, longest time.Duration) (time.Time, bool) {
	if successor.IsZero() || longest <= 0 {
		return time.Time{}, false
	}
	return successor.Add(longest + Grace), true
}

// successors returns for each fallback when the key was made that took its place: the one before it in the list,
// a staged key not counted. It is zero for a staged key, and for a successor without a date.
func (c Config) successors(now time.Time) []time.Time {
	at := make([]time.Time, len(c.Fallbacks))
	before := c.Key
	for i, k := range c.Fallbacks {
		if i == 0 && c.Staged() {
			continue
		}
		at[i] = madeAt(before, now)
		before = k
	}
	return at
}

// ageChecks are the rules that look at labels. Nothing can be said of a key without one but that it has none.
func (c Config) ageChecks() []check.Check {
	tags := []string{"security", "keyring"}
	return []check.Check{{
		ID: "keyring.W004", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "A fallback outlives everything that it signed: it serves nobody but a thief.",
		Hint:  `Remove it with "key retire --expired", or from ` + fallbacksSetting + " by hand.",
		Why: "No session or link that it signed is still valid, so that no visitor loses by its removal; whoever " +
			"has stolen it still forges with it.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#273-revocation",
		Setting: fallbacksSetting,
		Find:    func(context.Context) ([]check.Finding, error) { return c.outlived(time.Now()), nil },
	}, {
		ID: "keyring.W005", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "The key is older than it is to become: the longer one is used, the more places have seen it.",
		Hint:  `Change it with "key rotate", which logs nobody out, or allow more in SECRET_KEY_MAX_AGE.`,
		Why: "Backups, old laptops and people who left have copies of a key. Changing it now and then ends what " +
			"those are good for.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Cryptographic_Storage_Cheat_Sheet.html#key-lifetimes-and-rotation",
		Setting: keySetting,
		Find: func(context.Context) ([]check.Finding, error) {
			now, limit := time.Now(), c.Limit()
			made := madeAt(c.Key, now)
			return check.When(!made.IsZero() && now.Sub(made) > limit, check.Finding{
				Setting:  keySetting,
				Evidence: fmt.Sprintf("made on %s, %d days ago; the limit is %s", day(made), days(now.Sub(made)), limitText(limit)),
			})
		},
	}, {
		ID: "keyring.W006", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "A new key was staged and never promoted: a rotation was interrupted, and the old key still signs.",
		Hint:  `Finish it with "key rotate".`,
		Why: "Whoever began the rotation believes that it is done, while the key that was to go, perhaps since it " +
			"leaked, still signs.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#272-rotation",
		Setting: fallbacksSetting,
		Find: func(context.Context) ([]check.Finding, error) {
			if !c.Staged() {
				return nil, nil
			}
			made := madeAt(c.Fallbacks[0], time.Now())
			return check.When(time.Since(made) > Grace, fallbackFinding(0, "it was made on "+day(made)))
		},
	}, {
		ID: "keyring.E002", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "A key was made for another environment: what is signed there is valid here, logins included.",
		Hint:  "Give each environment a key of its own: \"key generate\" makes them.",
		Why: "Test systems are open to more people and guarded less. Whoever is an administrator there carries the " +
			"session cookie over to this site, and is one here.",
		See: "https://cheatsheetseries.owasp.org/cheatsheets/Key_Management_Cheat_Sheet.html#key-usage",
		Find: func(context.Context) ([]check.Finding, error) {
			judge := func(k secret.Text) string { return foreign(k, c.Environment) }
			why := judge(c.Key)
			found, _ := check.When(why != "", check.Finding{Setting: keySetting, Evidence: why})
			return append(found, c.eachFallback(judge)...), nil
		},
	}, {
		ID: "keyring.I001", Level: check.Info, Tags: tags, Deploy: true, Needs: check.Settings,
		Title: "The key does not say when and for which environment it was made: nobody sees when it gets old or is used twice.",
		Hint:  `Nothing has to be done at once: the next key that "key rotate" or "key generate" makes says so.`,
		Why: "A key without a label may be ten years old or copied from the test system; neither the checks nor " +
			"the commands for rotation can tell.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Key_Management_Cheat_Sheet.html#accountability-and-audit",
		Setting: keySetting,
		Find: func(context.Context) ([]check.Finding, error) {
			_, ok := LabelOf(c.Key)
			return check.When(!ok && Weakness(c.Key) == "", check.Finding{Setting: keySetting})
		},
	}}
}

func (c Config) outlived(now time.Time) []check.Finding {
	var found []check.Finding
	for i, successor := range c.successors(now) {
		if until, ok := Until(successor, c.Longest); ok && until.Before(now) {
			found = append(found, fallbackFinding(i, fmt.Sprintf("its successor was made on %s, and what it signed was valid until %s",
				day(successor), day(until))))
		}
	}
	return found
}

// Limit returns MaxAge, or [DefaultMaxAge] if it is zero.
func (c Config) Limit() time.Duration {
	if c.MaxAge == 0 {
		return DefaultMaxAge
	}
	return c.MaxAge
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

func limitText(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", days(d))
	}
	return d.String()
}
