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
	rules := []check.Check{{
		ID:    "lockout.W001",
		Title: "Failed logins are not counted: passwords can be guessed at any rate.",
		Hint:  "Remove lockout.Config.InsecureOff, unless something in front of the application counts them for each account.",
		Why: "A program tries thousands of passwords a second, and lists of stolen names and passwords. Sooner or " +
			"later some of the accounts are open.",
		See:  "https://pages.nist.gov/800-63-4/sp800-63b.html#throttle",
		Find: when(c.InsecureOff, ""),
	}, {
		ID:    "lockout.W002",
		Title: "Failed logins are counted in memory: each process allows as many guesses, and a restart forgets all locks.",
		Hint:  "Use drivers/sqlstore or drivers/redisstore.",
		Why:   "With ten processes an attacker has ten times the guesses, and each deployment gives them all back.",
		See:   "https://pages.nist.gov/800-63-4/sp800-63b.html#throttle",
		Find:  when(memory && !c.InsecureOff, ""),
	}, {
		ID:    "lockout.W003",
		Title: "A budget of failed logins is so large that it does not stop anybody who guesses.",
		Hint:  "Lower the failures, or lengthen the window and the longest cool-off; the default is 20/6h/15m/4h for an account.",
		Why: "The list of the most used passwords is short. An attacker who may try a thousand of them a day gets into " +
			"a good part of the accounts within weeks.",
		See:  "https://pages.nist.gov/800-63-4/sp800-63b.html#throttle",
		Find: each(full, tooLarge),
	}, {
		ID:    "lockout.W004",
		Title: "A budget of failed logins is so small that people lock themselves out, or each other.",
		Hint:  "Allow at least 3 failures to one person, 10 to an account and 20 to a network.",
		Why: "A typing mistake or two closes the account, and an office behind one address closes the site for all " +
			"who work there. The staff then spends its day lifting locks.",
		See:  "https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html#login-throttling",
		Find: each(full, tooSmall),
	}, {
		ID:    "lockout.W005",
		Title: "An account is locked for longer than a day, and anybody who knows its name can have it locked.",
		Hint:  "Lower the longest cool-off of LOCKOUT_ACCOUNT; 4h is the default.",
		Why: "Locking becomes the attack: somebody who wants a competitor or the administrator out of the site " +
			"fails on purpose, once a day.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html#login-throttling",
		Setting: "LOCKOUT_ACCOUNT",
		Find:    when(full.Account.MaxCoolOff > longLock, full.Account.String()),
	}, {
		ID:    "lockout.W006",
		Title: "One network alone can lock an account for everybody else.",
		Hint:  "Let LOCKOUT_ACCOUNT allow several times the failures of LOCKOUT_PAIR, whose cool-off is as long.",
		Why: "A single machine keeps the owner out wherever they are. The two budgets exist so that a machine " +
			"which guesses is stopped before the account is.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html#login-throttling",
		Setting: "LOCKOUT_PAIR",
		Find:    when(full.alone(), full.Pair.String()+" within "+full.Account.String()),
	}}
	for i := range rules {
		rules[i].Level, rules[i].Tags, rules[i].Deploy, rules[i].Needs = check.Warning, tags, true, check.Settings
	}
	return append(rules, c.invalid())
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

func when(wrong bool, evidence string) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) ([]check.Finding, error) {
		return check.When(wrong, check.Finding{Evidence: evidence})
	}
}

// each judges every budget.
func each(c Config, wrong func(named) string) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) (found []check.Finding, err error) {
		for _, b := range c.budgets() {
			if why := wrong(b); why != "" {
				found = append(found, check.Finding{Setting: b.variable, Evidence: b.String() + ": " + why})
			}
		}
		return found, nil
	}
}

func (c Config) invalid() check.Check {
	return check.Check{
		ID: "lockout.E001", Level: check.Error, Tags: tags, Needs: check.Settings,
		Title: "A budget of failed logins cannot be kept.",
		Hint:  "Allow at least one failure, and write times of a second to a year, such as 20/6h/15m/4h.",
		Why: "A budget that allows nothing locks out everybody, and one whose times mean nothing locks out nobody; " +
			"the application does not start with either.",
		See: "https://pages.nist.gov/800-63-4/sp800-63b.html#throttle",
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
