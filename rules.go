package airworthy

import (
	"context"
	"errors"
	"slices"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
	"github.com/airworthy-go/airworthy/check/repo"
)

// Rules returns every rule that `check` can judge an application by, whichever parts the application uses, and one
// check for each: for who lists the rules, or explains one. They are made without an application, so that there is
// nothing to look at: their Find returns an error.
func Rules() []check.Check {
	var s Settings
	s.Accounts.Store = accounts.NewMemory() // without a store there are no rules about users
	nobody := users{accounts: new(accounts.Accounts)}
	rules := slices.Concat([]check.Check{BuildCheck(nil)}, s.partChecks(), nobody.runningChecks(),
		probe.Checks(nil, probe.Claims{}), repo.Config{}.Checks())
	for i := range rules {
		rules[i].Find = listed
	}
	return rules
}

// listed is the Find of a rule that is listed only.
func listed(context.Context) ([]check.Finding, error) {
	return nil, errors.New("airworthy: this is a rule of a list: ask an application for its checks")
}
