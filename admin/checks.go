package admin

import (
	"context"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

// longest is how long a second factor may count before a check says so.
const longest = 8 * time.Hour

var tags = []string{"security", "admin"}

// Checks returns what can be wrong with c.
func (c Config) Checks() []check.Check {
	on := c.Path != ""
	return []check.Check{
		c.warning("admin.W001", "The console can be seen from any network: a stolen session of the staff is enough anywhere.",
			"Set ADMIN_NETWORKS to the networks of the staff, or ADMIN_VPN_ONLY.",
			"ADMIN_NETWORKS", on && !c.VPNOnly && c.everywhere()),
		c.warning("admin.W002", "ADMIN_PATH is a path where scanners look for an admin.",
			"Choose one that nobody guesses, such as /ops- and some random letters.",
			"ADMIN_PATH", on && common[firstWord(c.Path)]),
		c.warning("admin.W003", "The console demands no second factor: a password that leaks is enough.",
			"Unset ADMIN_REQUIRE_FACTOR, and have the staff enrol a second factor.",
			"ADMIN_REQUIRE_FACTOR", on && c.InsecureNoFactor),
		c.warning("admin.W004", "The console is for private networks, but no proxy is trusted: behind one, everybody has its private"+
			" address.",
			"Set TRUSTED_PROXIES to the proxies' addresses; if clients connect to the site without any, silence this with that reason.",
			"TRUSTED_PROXIES", on && !c.Proxied && c.private()),
		c.warning("admin.W005", "ADMIN_FACTOR_AGE lets a second factor count for longer than a working day.",
			"Set ADMIN_FACTOR_AGE to 15m, or to 8h at most.",
			"ADMIN_FACTOR_AGE", on && !c.InsecureNoFactor && c.FactorAge > longest),
		c.warning("admin.W006", "Staff without a fresh second factor have no page to show it on, so that the console is closed to them.",
			"Set Config.StepUp, or connect the account pages, which have one.",
			"", on && !c.InsecureNoFactor && c.StepUp == nil),
	}
}

func (c Config) warning(id, title, hint, setting string, wrong bool) check.Check {
	return check.Check{
		ID: id, Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings, Title: title, Hint: hint,
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(wrong, check.Finding{Setting: setting, Evidence: c.evidence(setting)})
		},
	}
}

// evidence is a setting's value where it says something.
func (c Config) evidence(setting string) string {
	switch setting {
	case "ADMIN_PATH":
		return c.Path
	case "ADMIN_FACTOR_AGE":
		return c.FactorAge.String()
	}
	return ""
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
