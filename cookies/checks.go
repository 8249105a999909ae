package cookies

import (
	"context"

	"github.com/airworthy-go/airworthy/check"
)

// Checks returns the rules for all cookies of a site.
func (c Config) Checks() []check.Check {
	return []check.Check{{
		ID: "cookies.W001", Level: check.Warning, Tags: []string{"security", "cookies"}, Deploy: true, Needs: check.Settings,
		Title: "Cookies have plain names: a subdomain, or whoever can answer for the site over http, can replace them.",
		Hint: "Leave cookies.Config.InsecurePlainNames unset, which prefixes the names with __Host- on https, unless a " +
			"Django site shares the cookies.",
		Why: "Whoever controls any host of the domain, or the network of one visitor, can put a session of their own " +
			"into the browser; what the visitor then types ends in the attacker's account.",
		See: "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#cookie-name-prefixes",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(c.InsecurePlainNames, check.Finding{})
		},
	}}
}
