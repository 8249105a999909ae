package admin

import (
	"context"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

// longest is how long a second factor may count before a check says so.
const longest = 8 * time.Hour

// Checks returns what can be wrong with c.
func (c Config) Checks() []check.Check {
	when := func(wrong bool, evidence string) func(context.Context) ([]check.Finding, error) {
		return func(context.Context) ([]check.Finding, error) {
			return check.When(c.Path != "" && wrong, check.Finding{Evidence: evidence})
		}
	}
	rules := []check.Check{{
		ID:    "admin.W001",
		Title: "The console can be seen from any network: a stolen session of the staff is enough anywhere.",
		Hint:  "Set ADMIN_NETWORKS to the networks of the staff, or ADMIN_VPN_ONLY.",
		Why: "A session of the staff that malware or a script has copied works from the thief's own machine. Bound " +
			"to networks, it works from the staff's alone.",
		See:     "https://owasp.org/www-project-web-security-testing-guide/latest/4-Web_Application_Security_Testing/02-Configuration_and_Deployment_Management_Testing/05-Enumerate_Infrastructure_and_Application_Admin_Interfaces",
		Setting: "ADMIN_NETWORKS",
		Find:    when(!c.VPNOnly && c.everywhere(), ""),
	}, {
		ID:    "admin.W002",
		Title: "ADMIN_PATH is a path where scanners look for an admin.",
		Hint:  "Choose one that nobody guesses, such as /ops- and some random letters.",
		Why: "Programs ask every site of the internet for such paths, all day. Those who find a console there try " +
			"stolen passwords on it.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Django_Security_Cheat_Sheet.html#admin-panel-url",
		Setting: "ADMIN_PATH",
		Find:    when(common[firstWord(c.Path)], c.Path),
	}, {
		ID:    "admin.W003",
		Title: "The console demands no second factor: a password that leaks is enough.",
		Hint:  "Unset ADMIN_REQUIRE_FACTOR, and have the staff enrol a second factor.",
		Why: "From the console everybody's sessions can be seen and ended, and locks lifted. One phished or reused " +
			"password of the staff gives that away.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Multifactor_Authentication_Cheat_Sheet.html#when-to-require-mfa",
		Setting: "ADMIN_REQUIRE_FACTOR",
		Find:    when(c.InsecureNoFactor, ""),
	}, {
		ID:    "admin.W004",
		Title: "The console is for private networks, but no proxy is trusted: behind one, everybody has its private address.",
		Hint: "Set TRUSTED_PROXIES to the proxies' addresses; if clients connect to the site without any, silence " +
			"this with that reason.",
		Why: "A proxy connects from a private address. If it is not known as a proxy, each of its visitors counts " +
			"as inside, and the whole internet sees the console.",
		See:     "https://www.rfc-editor.org/rfc/rfc7239#section-5.2",
		Setting: "TRUSTED_PROXIES",
		Find:    when(!c.Proxied && c.private(), ""),
	}, {
		ID:    "admin.W005",
		Title: "ADMIN_FACTOR_AGE lets a second factor count for longer than a working day.",
		Hint:  "Set ADMIN_FACTOR_AGE to 15m, or to 8h at most.",
		Why: "The factor is asked for again so that a laptop left open, or a session copied in the evening, does " +
			"not open the console the next morning.",
		See:     "https://pages.nist.gov/800-63-4/sp800-63b.html#aal2reauth",
		Setting: "ADMIN_FACTOR_AGE",
		Find:    when(!c.InsecureNoFactor && c.FactorAge > longest, c.FactorAge.String()),
	}, {
		ID:    "admin.W006",
		Title: "Staff without a fresh second factor have no page to show it on, so that the console is closed to them.",
		Hint:  "Set admin.Config.StepUp, or connect the account pages, which have one.",
		Why:   "In the hour in which somebody needs the console, to end an attacker's sessions, nobody can enter it.",
		See:   "https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html#require-re-authentication-for-sensitive-features",
		Find:  when(!c.InsecureNoFactor && c.StepUp == nil, ""),
	}}
	for i := range rules {
		rules[i].Level, rules[i].Tags = check.Warning, []string{"security", "admin"}
		rules[i].Deploy, rules[i].Needs = true, check.Settings
	}
	return rules
}

// everywhere reports whether Networks keep hardly anybody out: there are none, or one is larger than anybody's own.
func (c Config) everywhere() bool {
	for _, p := range unmapped(c.Networks) {
		if shortest := map[bool]int{true: 8, false: 16}[p.Addr().Is4()]; p.Bits() < shortest && !p.Addr().IsPrivate() {
			return true
		}
	}
	return len(c.Networks) == 0
}

// private reports whether a private address is enough to be inside.
func (c Config) private() bool {
	if c.VPNOnly {
		return true
	}
	for _, p := range unmapped(c.Networks) {
		if httpx.IsPrivate(p.Addr()) || p.Bits() == 0 {
			return true
		}
	}
	return false
}
