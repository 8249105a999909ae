package lockout

import (
	"context"
	"fmt"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

var tags = []string{"security", "lockout"}

// Bounds beyond which a budget is reported.
const (
	manyGuesses        = 1_000  // a day at one account: NIST SP 800-63B has 100 in a row, and a short list of common passwords is not much longer
	manyNetworkGuesses = 10_000 // a day at all accounts from one network
	fewFailures        = 3      // of one person
	fewAccountFailures = 10     // of one account, from everywhere: what anybody can use up
	fewNetworkFailures = 20     // of an office
	longLock           = 24 * time.Hour
)

// Checks returns what can be wrong with c.
func (c Config) Checks() []check.Check {
	full := c.judged()
	_, memory := full.Store.(*Memory)
	return []check.Check{
		rule("lockout.W001", c.InsecureOff, check.Finding{},
			"Failed logins are not counted: passwords can be guessed at any rate.",
			"Remove InsecureOff, unless something in front of the application counts them for each account."),
		rule("lockout.W002", memory && !c.InsecureOff, check.Finding{},
			"Failed logins are counted in memory: each process allows as many guesses, and a restart forgets all locks.",
			"Use drivers/sqlstore or drivers/redisstore."),
		each(full, "lockout.W003",
			"A budget of failed logins is so large that it does not stop who guesses.",
			"Lower the failures, or lengthen the window and the longest cool-off; the default is 20/6h/15m/4h for an account.",
			tooLarge),
		each(full, "lockout.W004",
			"A budget of failed logins is so small that people lock themselves out, or each other.",
			"Allow at least 3 failures to one person, 10 to an account and 20 to a network.",
			tooSmall),
		rule("lockout.W005", full.Account.MaxCoolOff > longLock, check.Finding{Setting: "LOCKOUT_ACCOUNT", Evidence: full.Account.String()},
			"An account is locked for longer than a day, and anybody who knows its name can have it locked.",
			"Lower the longest cool-off of LOCKOUT_ACCOUNT; 4h is the default."),
		rule("lockout.W006", full.alone(), check.Finding{Setting: "LOCKOUT_PAIR", Evidence: full.Pair.String() + " within " + full.Account.String()},
			"One network alone can lock an account for everybody else.",
			"Let LOCKOUT_ACCOUNT allow several times the failures of LOCKOUT_PAIR, whose cool-off is as long."),
		c.invalid(),
	}
}

// judged returns c with its defaults. Of one that is off, and of a budget that New refuses, nothing further is said.
func (c Config) judged() Config {
	if c.InsecureOff {
		return Config{}.complete()
	}
	full := c.complete()
	for _, b := range []*Budget{&full.Account, &full.Network, &full.Pair, &full.Device} {
		if b.problem() != nil {
			*b = Budget{}
		}
	}
	return full.complete()
}

func rule(id string, wrong bool, found check.Finding, title, hint string) check.Check {
	return check.Check{
		ID: id, Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings, Title: title, Hint: hint,
		Find: func(context.Context) ([]check.Finding, error) { return check.When(wrong, found) },
	}
}

// each judges every budget.
func each(c Config, id, title, hint string, wrong func(named) string) check.Check {
	return check.Check{
		ID: id, Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings, Title: title, Hint: hint,
		Find: func(context.Context) (found []check.Finding, err error) {
			for _, b := range c.budgets() {
				if why := wrong(b); why != "" {
					found = append(found, check.Finding{Setting: b.variable, Evidence: b.String() + ": " + why})
				}
			}
			return found, nil
		},
	}
}

func (c Config) invalid() check.Check {
	return check.Check{
		ID: "lockout.E001", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "A budget of failed logins cannot be kept.",
		Hint:  "Allow at least one failure, and write times of a second to a year, such as 20/6h/15m/4h.",
		Find: func(context.Context) (found []check.Finding, err error) {
			for _, b := range c.complete().budgets() {
				if err := b.problem(); err != nil {
					found = append(found, check.Finding{Setting: b.variable, Evidence: err.Error()})
				}
			}
			return found, nil
		},
	}
}

func tooLarge(b named) string {
	limit := manyGuesses
	if b.variable == "LOCKOUT_NETWORK" {
		limit = manyNetworkGuesses
	}
	if n := b.most(24 * time.Hour); n > limit {
		return fmt.Sprintf("up to %d guesses a day", n)
	}
	return ""
}

func tooSmall(b named) string {
	least := fewFailures
	switch b.variable {
	case "LOCKOUT_NETWORK":
		least = fewNetworkFailures
	case "LOCKOUT_ACCOUNT":
		least = fewAccountFailures
	}
	if b.Failures < least {
		return fmt.Sprintf("fewer than %d failures", least)
	}
	return ""
}

// alone reports whether who guesses at one account from one network, whenever Pair allows it, uses up Account.
func (c Config) alone() bool {
	var pair, account State
	start := time.Unix(0, 0)
	for now := start; now.Before(start.Add(24 * time.Hour)); now = now.Add(30 * time.Second) {
		for range c.Pair.Failures {
			var result outcome
			if pair, result = c.Pair.count(pair, now, "", ""); result != counted {
				break
			}
			if account, result = c.Account.count(account, now, "", ""); result != counted {
				return true
			}
		}
	}
	return false
}
