package accounts_test

import (
	"context"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
)

// stored is a store that is no Memory.
type stored struct{ *accounts.Memory }

func TestChecks(t *testing.T) {
	good := func(change func(*accounts.Config)) accounts.Config {
		c := accounts.Config{
			Store: stored{accounts.NewMemory()}, Origin: "https://example.com",
			Mail: func(context.Context, accounts.Message) error { return nil },
		}
		change(&c)
		return c
	}
	clean := good(func(*accounts.Config) {})
	checktest.Run(t, func(c accounts.Config) []check.Check { return c.Checks() }, []checktest.Case[accounts.Config]{
		{ID: "accounts.W001", Raises: good(func(c *accounts.Config) { c.Mail = nil }), Clean: clean},
		{ID: "accounts.W001", Raises: good(func(c *accounts.Config) { c.Mail = nil }), Clean: accounts.Config{}}, // no accounts
		{ID: "accounts.W002", Raises: good(func(c *accounts.Config) { c.Origin = "http://example.com" }), Clean: clean},
		{ID: "accounts.W002", Raises: good(func(c *accounts.Config) { c.Origin = "http://example.com" }),
			Clean: good(func(c *accounts.Config) { c.Origin = "http://localhost:8000" })},
		{ID: "accounts.W003", Raises: good(func(c *accounts.Config) { c.SecondFactor = accounts.FactorOptional }), Clean: clean},
		{ID: "accounts.W004", Raises: good(func(c *accounts.Config) { c.ResetTimeout = 72 * time.Hour }),
			Clean: good(func(c *accounts.Config) { c.ResetTimeout = 71 * time.Hour })},
		{ID: "accounts.W005", Raises: good(func(c *accounts.Config) { c.InsecureCookie = true }), Clean: clean},
		{ID: "accounts.W006", Raises: good(func(c *accounts.Config) { c.Store = accounts.NewMemory() }), Clean: clean},
	})
}
