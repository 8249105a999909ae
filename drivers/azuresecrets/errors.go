package azuresecrets

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/airworthy-go/airworthy/drivers/internal/bounded"
	"github.com/airworthy-go/airworthy/settings"
)

// failure is why the vault could not be asked, whatever the secret. It holds nothing of what a server said.
type failure struct {
	origin, rule, remedy string
	cause                error // nil, the context's error or a *bounded.Error
}

// Error returns the failure in one line.
func (f *failure) Error() string { return f.origin + ": " + f.rule + ": " + f.remedy }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.cause }

func (s *Source) fail(secret, rule, remedy string, cause error) error {
	return &failure{s.origin(secret), rule, remedy, cause}
}

func (s *Source) fault(secret, rule, remedy string) error {
	return &settings.Fault{Origin: s.origin(secret), Rule: rule, Remedy: remedy}
}

func (s *Source) disabled(secret string) error {
	return s.fault(secret, "the newest version of the secret is disabled", "enable it, or write a new version")
}

// action is what was to be done, with the permission and the role that it needs.
type action struct{ verb, permission, role string }

var (
	reading = action{"read", "get", "Key Vault Secrets User"}
	writing = action{"written", "set", "Key Vault Secrets Officer"}
)

// codeOf returns the code of the vault's error, empty if it is none or has none.
func codeOf(err error) string {
	if r, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return r.ErrorCode
	}
	return ""
}

// explain makes an error that holds nothing of the SDK's but statuses and codes: a *settings.Fault if it concerns the
// secret alone, or a *failure.
func (s *Source) explain(secret string, err error, a action) error {
	switch {
	case errors.Is(err, context.Canceled):
		return s.fail("", "was not "+a.verb+" before the end of the time", "wait longer", context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return s.fail("", "was not "+a.verb+" before the end of the time", "wait longer, or check that the vault can be reached", context.DeadlineExceeded)
	}
	if t, ok := errors.AsType[*tokenError](err); ok {
		return s.fail("", t.rule, t.remedy, nil)
	}
	if e := bounded.Explain(err); e != nil {
		return s.fail("", e.Rule, e.Remedy, e)
	}
	r, ok := errors.AsType[*azcore.ResponseError](err)
	switch {
	case errors.Is(err, errChallenge):
		return s.fail("", errChallenge.Error(), "check the vault's host: no token was sent", nil)
	case !ok:
		return s.fail(secret, "answers with what the SDK cannot read", "check the address", nil)
	case r.StatusCode == http.StatusUnauthorized:
		return s.fail("", "the identity is not authorized", "check that it belongs to the vault's tenant, and the clock of this machine", nil)
	case r.ErrorCode == codeFirewall, r.ErrorCode == "ForbiddenByConnection":
		return s.fail("", "the vault's firewall refused this machine", "allow its network in the vault's networking", nil)
	case r.ErrorCode == codeDisabled:
		return s.disabled(secret)
	case r.StatusCode == http.StatusForbidden:
		return s.fault(secret, fmt.Sprintf("the identity has no permission to %s the secret", a.permission),
			fmt.Sprintf("give it the role %s on the secret or the vault, or in a vault with access policies the permission %s", a.role, a.permission))
	case r.ErrorCode == codeDeleted:
		return s.fault(secret, "a deleted secret still has the name", "recover or purge it")
	case r.StatusCode == http.StatusConflict:
		return s.fault(secret, "the secret is being deleted or recovered", "try again in a minute")
	case r.StatusCode == http.StatusTooManyRequests:
		return s.fail("", "the vault is asked more often than Azure allows", "ask less often, or give the site a vault of its own", nil)
	case r.StatusCode == http.StatusBadRequest:
		return s.fail(secret, "the vault does not understand the request", "check the address and the option api_version", nil)
	case r.StatusCode == http.StatusNotFound:
		return s.fail(secret, "answers that it is not found, and not as Key Vault does", "check the address", nil)
	}
	return s.fail(secret, fmt.Sprintf("the secret could not be %s: the vault answers %d %s", a.verb, r.StatusCode, http.StatusText(r.StatusCode)), "try again later", nil)
}
