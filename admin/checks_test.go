package admin_test

import (
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/admin"
	"github.com/airworthy-go/airworthy/check/checktest"
)

func networks(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func TestChecks(t *testing.T) {
	stepUp := func(http.ResponseWriter, *http.Request) {}
	good := admin.Config{Path: "/ops-7f3k", Networks: networks("198.51.100.0/24"), StepUp: stepUp}
	with := func(edit func(*admin.Config)) admin.Config { c := good; edit(&c); return c }
	off := func(c admin.Config) admin.Config { c.Path = ""; return c }
	anywhere := with(func(c *admin.Config) { c.Networks = nil })
	vpn := with(func(c *admin.Config) { c.VPNOnly = true })
	noFactor := with(func(c *admin.Config) { c.InsecureNoFactor = true })

	type row = checktest.Case[admin.Config]
	checktest.Run(t, admin.Config.Checks, []row{
		{ID: "admin.W001", Raises: anywhere, Clean: good},
		{ID: "admin.W001", Raises: anywhere, Clean: off(anywhere)},
		{ID: "admin.W001", Raises: anywhere, Clean: with(func(c *admin.Config) { c.Networks, c.VPNOnly = nil, true })},
		{ID: "admin.W001", Raises: with(func(c *admin.Config) { c.Networks = networks("192.0.0.0/4") }),
			Clean: with(func(c *admin.Config) { c.Networks = networks("10.0.0.0/8") })},
		{ID: "admin.W001", Raises: with(func(c *admin.Config) { c.Networks = networks("::ffff:0:0/96") }),
			Clean: with(func(c *admin.Config) { c.Networks = networks("2001:db8::/32") })},
		{ID: "admin.W002", Raises: with(func(c *admin.Config) { c.Path = "/Admin" }), Clean: good},
		{ID: "admin.W002", Raises: with(func(c *admin.Config) { c.Path = "/admin/x" }),
			Clean: with(func(c *admin.Config) { c.Path = "/admin-7f3k" })},
		{ID: "admin.W003", Raises: noFactor, Clean: good},
		{ID: "admin.W003", Raises: noFactor, Clean: off(noFactor)},
		{ID: "admin.W004", Raises: vpn, Clean: with(func(c *admin.Config) { c.VPNOnly, c.Proxied = true, true })},
		{ID: "admin.W004", Raises: with(func(c *admin.Config) { c.Networks = networks("100.64.0.0/10") }), Clean: good},
		{ID: "admin.W005", Raises: with(func(c *admin.Config) { c.FactorAge = 8*time.Hour + 1 }),
			Clean: with(func(c *admin.Config) { c.FactorAge = 8 * time.Hour })},
		{ID: "admin.W006", Raises: with(func(c *admin.Config) { c.StepUp = nil }), Clean: good},
		{ID: "admin.W006", Raises: with(func(c *admin.Config) { c.StepUp = nil }),
			Clean: with(func(c *admin.Config) { c.StepUp, c.InsecureNoFactor = nil, true })},
	})
}
