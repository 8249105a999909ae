package accounts

import (
	"context"
	"net/url"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// longReset is beyond what a mailbox should open an account for.
const longReset = 3 * 24 * 60 * 60

// Checks returns what can be wrong with c. Without a Store there are no accounts, and nothing is wrong with them.
func (c Config) Checks() []check.Check {
	on := c.Store != nil
	c = c.complete()
	origin, err := url.Parse(c.Origin)
	plain := err == nil && origin.Scheme == "http" && !loopback(origin.Hostname())
	when := func(wrong bool) func(context.Context) ([]check.Finding, error) {
		return func(context.Context) ([]check.Finding, error) { return check.When(on && wrong, check.Finding{}) }
	}
	rules := []check.Check{{
		ID:    "accounts.W001",
		Title: "No mail can be sent: nobody can reset a password, and nobody hears that theirs was changed.",
		Hint: "Set EMAIL_URL where the application sends mail as it says; else set accounts.Config.Mail, for which " +
			"drivers/smtpmail has a mailer.",
		Why: "Users who forgot their password are locked out for good. Somebody whose account is being taken over " +
			"does not get the mail that would warn them.",
		See:  "https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html#url-tokens",
		Find: when(c.Mail == nil),
	}, {
		ID:    "accounts.W002",
		Title: "Links in mails lead to http: whoever is on the network can read the token in them.",
		Hint:  "Set SITE_ORIGIN to the site's https:// origin.",
		Why: "The token in a link sets a new password. Over http, whoever shares the reader's network sees it " +
			"first and takes the account.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html#url-tokens",
		Setting: "SITE_ORIGIN",
		Find:    when(plain),
	}, {
		ID:    "accounts.W003",
		Title: "The staff may log in with a password alone.",
		Hint:  "Set ACCOUNTS_SECOND_FACTOR=staff and use a store that keeps second factors.",
		Why: "Passwords of the staff are phished, and are used on other sites, which lose them. One is enough to " +
			"read and change everybody's data.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Multifactor_Authentication_Cheat_Sheet.html#when-to-require-mfa",
		Setting: "ACCOUNTS_SECOND_FACTOR",
		Find:    when(c.Factors == nil || c.SecondFactor == FactorOptional),
	}, {
		ID:    "accounts.W004",
		Title: "A link that resets a password works for days: whoever reads old mail gets in.",
		Hint:  "Set PASSWORD_RESET_TIMEOUT to an hour, or a day at most.",
		Why: "Mailboxes are left open, forwarded and backed up. A link that nobody used is a password for the " +
			"account as long as it works.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#password-reset-timeout",
		Setting: "PASSWORD_RESET_TIMEOUT",
		Find:    when(c.ResetTimeout.Seconds() >= longReset),
	}, {
		ID:    "accounts.W005",
		Title: "The cookie that remembers a known device also goes over plain http.",
		Hint:  "Leave accounts.Config.InsecureCookie unset, and serve the site over https.",
		Why: "Whoever reads the cookie on the network guesses at the account with the owner's own budget of " +
			"failures, and can use it up, so that the owner is locked out.",
		See:  "https://www.rfc-editor.org/rfc/rfc6265#section-8.3",
		Find: when(c.InsecureCookie),
	}, {
		ID:    "accounts.W006",
		Title: "Accounts are kept in the memory of this process, and gone when it stops.",
		Hint:  "Use a store of drivers/sqlstore.",
		Why:   "At the next restart or deployment all users, their passwords and their second factors are lost.",
		See:   "https://12factor.net/processes",
		Find:  when(memory(c.Store)),
	}}
	for i := range rules {
		rules[i].Level, rules[i].Tags = check.Warning, []string{"security", "accounts"}
		rules[i].Deploy, rules[i].Needs = true, check.Settings
	}
	return rules
}

func memory(s Store) bool { _, is := s.(*Memory); return is }

func loopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}
