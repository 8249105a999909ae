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
	tags := []string{"security", "accounts"}
	on := c.Store != nil
	c = c.complete()
	origin, err := url.Parse(c.Origin)
	plain := err == nil && origin.Scheme == "http" && !loopback(origin.Hostname())
	rule := func(id string, level check.Level, wrong bool, setting, title, hint string) check.Check {
		return check.Check{
			ID: id, Level: level, Tags: tags, Deploy: true, Needs: check.Settings, Title: title, Hint: hint,
			Find: func(context.Context) ([]check.Finding, error) {
				return check.When(on && wrong, check.Finding{Setting: setting})
			},
		}
	}
	return []check.Check{
		rule("accounts.W001", check.Warning, c.Mail == nil, "",
			"No mail can be sent: nobody can reset a password, and nobody hears that theirs was changed.",
			"Set EMAIL_URL where the application sends mail as it says; else set Config.Mail, for which drivers/smtpmail has a mailer."),
		rule("accounts.W002", check.Warning, plain, "SITE_ORIGIN",
			"Links in mails lead to http: whoever is on the network can read the token in them.",
			"Set SITE_ORIGIN to the site's https:// origin."),
		rule("accounts.W003", check.Warning, c.Factors == nil || c.SecondFactor == FactorOptional, "ACCOUNTS_SECOND_FACTOR",
			"The staff may log in with a password alone.",
			"Set ACCOUNTS_SECOND_FACTOR=staff and use a store that keeps second factors."),
		rule("accounts.W004", check.Warning, c.ResetTimeout.Seconds() >= longReset, "PASSWORD_RESET_TIMEOUT",
			"A link that resets a password works for days: whoever reads old mail gets in.",
			"Set PASSWORD_RESET_TIMEOUT to an hour, or a day at most."),
		rule("accounts.W005", check.Warning, c.InsecureCookie, "",
			"The cookie that remembers a known device also goes over plain http.",
			"Leave InsecureCookie unset, and serve the site over https."),
		rule("accounts.W006", check.Warning, memory(c.Store), "",
			"Accounts are kept in the memory of this process, and gone when it stops.",
			"Use a store of drivers/sqlstore."),
	}
}

func memory(s Store) bool { _, is := s.(*Memory); return is }

func loopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}
